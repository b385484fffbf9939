//! The one thread that writes: everything that waits goes into one transaction.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    kept: AtomicUsize,
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

    /// Writes that wait for a disk in trouble.
    pub(super) fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
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
    let mut writer = Writer {
        connection,
        records: Records::new(connection, seal),
        condition,
        waiting: VecDeque::new(),
    };
    loop {
        let patience = condition.trouble().map(|_| AGAIN);
        let Some(group) = jobs.take(GROUP, patience) else {
            break;
        };
        writer.waiting.extend(group);
        if writer.waiting.is_empty() {
            condition.note(&probe(connection));
        }
        writer.write();
    }
    // The last try is over; what waits still is told so.
    writer.write();
    writer.refuse(|_| false, &condition.trouble().unwrap_or(Error::Closed));
}

struct Writer<'c> {
    connection: &'c Connection,
    records: Records<'c>,
    condition: &'c Condition,
    /// In the order in which it came; while the disk is in trouble, what is kept for later.
    waiting: VecDeque<Box<dyn Work>>,
}

impl Writer<'_> {
    /// Writes what waits, one transaction after the other, until one fails. Then what is kept
    /// waits on, and all else is told.
    fn write(&mut self) {
        while !self.waiting.is_empty() {
            // One that is likely to fail need not be large.
            let most = match self.condition.trouble() {
                Some(_) => SCOUTS,
                None => GROUP,
            };
            let mut group: Vec<_> = self.waiting.drain(..most.min(self.waiting.len())).collect();
            let written = in_transaction(self.connection, || {
                for job in &mut group {
                    one(self.connection, job.as_mut(), &self.records)?;
                }
                Ok(())
            });
            self.condition.note(&written);
            let Err(error) = written else {
                self.count();
                for job in group {
                    job.acknowledge(Ok(()));
                }
                continue;
            };
            for job in group.into_iter().rev() {
                self.waiting.push_front(job);
            }
            if is_trouble(&error) {
                self.refuse(|job| job.is_kept(), &error);
            } else {
                self.refuse(|_| false, &error);
            }
            break;
        }
    }

    /// Tells those who wait why their record was not written, but for what is to be kept.
    fn refuse(&mut self, keep: impl Fn(&dyn Work) -> bool, error: &Error) {
        let mut refused = Vec::new();
        for job in std::mem::take(&mut self.waiting) {
            if keep(job.as_ref()) && self.waiting.len() < KEPT {
                self.waiting.push_back(job);
            } else {
                refused.push(job);
            }
        }
        self.count();
        for job in refused {
            job.acknowledge(Err(error.clone()));
        }
    }

    fn count(&self) {
        self.condition
            .kept
            .store(self.waiting.len(), Ordering::Relaxed);
    }
}

/// As many writes share a transaction at most.
const GROUP: usize = 1_000;
/// As many try whether the disk is well again.
const SCOUTS: usize = 100;
/// As many are kept for a disk in trouble; more are refused.
const KEPT: usize = 32_768;
/// How long a disk in trouble is left alone when nobody writes.
const AGAIN: Duration = Duration::from_secs(1);

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
