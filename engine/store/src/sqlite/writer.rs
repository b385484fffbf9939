//! The one thread that writes: everything that waits goes into one transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::job::Work;
use super::queue::Queue;
use super::records::Records;
use crate::Error;
use crate::secret::Seal;

/// What the writer tells the others.
#[derive(Default)]
pub(super) struct Condition {
    trouble: Mutex<Option<Error>>,
    commits: AtomicU64,
}

impl Condition {
    /// Why the last transaction failed, if it did.
    pub(super) fn trouble(&self) -> Option<Error> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Transactions that went well since the start.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn note(&self, fate: &Result<(), Error>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match fate {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                if trouble.take().is_some() {
                    tracing::info!("the database can be written again");
                }
            }
            Err(error) => {
                if trouble.as_ref() != Some(error) {
                    tracing::error!(%error, "the database cannot be written");
                }
                *trouble = Some(error.clone());
            }
        }
    }
}

/// Writes until the queue is closed and empty. While the disk is in trouble it tries again every
/// second, so that a healthy disk is noticed without anybody writing.
pub(super) fn run(
    connection: &Connection,
    seal: &Seal,
    jobs: &Queue<Box<dyn Work>>,
    condition: &Arc<Condition>,
) {
    loop {
        let patience = condition.trouble().map(|_| Duration::from_secs(1));
        let Some(group) = jobs.take(GROUP, patience) else {
            return;
        };
        if group.is_empty() {
            condition.note(&probe(connection));
            continue;
        }
        let records = Records::new(connection, seal);
        commit(connection, &records, group, condition);
    }
}

/// As many writes share a transaction at most.
const GROUP: usize = 1_000;

fn commit(
    connection: &Connection,
    records: &Records<'_>,
    mut group: Vec<Box<dyn Work>>,
    condition: &Condition,
) {
    let written = in_transaction(connection, || {
        for job in &mut group {
            one(connection, job.as_mut(), records)?;
        }
        Ok(())
    });
    condition.note(&written);
    for job in group {
        job.acknowledge(written.clone());
    }
}

/// Runs one job. A refusal undoes that job alone; trouble with the disk ends the whole group.
fn one(connection: &Connection, job: &mut dyn Work, records: &Records<'_>) -> Result<(), Error> {
    let now = |sql| {
        connection
            .prepare_cached(sql)
            .and_then(|mut step| step.execute([]))
    };
    now("SAVEPOINT job")?;
    match job.run(records) {
        Ok(()) => {}
        Err(error) if is_trouble(&error) || connection.is_autocommit() => return Err(error),
        Err(_) => {
            now("ROLLBACK TO job")?;
        }
    }
    now("RELEASE job")?;
    Ok(())
}

fn in_transaction(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = work().and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    // SQLite itself has ended the transaction after some errors.
    if outcome.is_err()
        && !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction cannot be undone");
    }
    outcome
}

/// A write that changes nothing that matters.
fn probe(connection: &Connection) -> Result<(), Error> {
    in_transaction(connection, || {
        connection.execute_batch(
            "INSERT INTO meta (key, value) VALUES ('probe', 0)
             ON CONFLICT (key) DO UPDATE SET value = meta.value + 1",
        )?;
        Ok(())
    })
}

/// Not the record's fault.
fn is_trouble(error: &Error) -> bool {
    matches!(
        error,
        Error::DiskFull | Error::ReadOnly | Error::Locked | Error::Disk(_)
    )
}
