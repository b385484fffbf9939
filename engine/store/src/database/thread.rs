//! The thread of one database: requests in their order, transactions one at a time.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::statement::refused;
use super::{DatabaseError, Outcome, Statement, TRANSACTION, fence};

type Reply<T> = oneshot::Sender<Result<T, DatabaseError>>;

/// What the thread is asked.
pub(super) enum Request {
    Run(Statement, Reply<Outcome>),
    Begin(Receiver<Step>, Reply<()>),
}

/// What it is asked within a transaction.
pub(super) enum Step {
    Run(Statement, Reply<Outcome>),
    Commit(Reply<()>),
}

impl Request {
    /// Who has asked may be gone, here and below.
    pub(super) fn refuse(self, why: DatabaseError) {
        let _ = match self {
            Self::Run(_, reply) => reply.send(Err(why)).is_ok(),
            Self::Begin(_, reply) => reply.send(Err(why)).is_ok(),
        };
    }
}

impl Step {
    pub(super) fn refuse(self, why: DatabaseError) {
        let _ = match self {
            Self::Run(_, reply) => reply.send(Err(why)).is_ok(),
            Self::Commit(reply) => reply.send(Err(why)).is_ok(),
        };
    }
}

/// Serves until nobody asks any more.
pub(super) fn serve(connection: &Connection, requests: &Receiver<Request>) {
    while let Ok(request) = requests.recv() {
        match request {
            Request::Run(_, reply) if reply.is_closed() => {}
            Request::Run(statement, reply) => {
                let deadline = Instant::now() + TRANSACTION;
                let _ = reply.send(statement.run(connection, deadline));
            }
            Request::Begin(_, reply) if reply.is_closed() => {}
            Request::Begin(steps, reply) => {
                let begun = order(connection, "BEGIN IMMEDIATE");
                let is_begun = begun.is_ok();
                let _ = reply.send(begun);
                if is_begun {
                    transaction(connection, &steps);
                }
            }
        }
    }
}

/// Serves a transaction to its end, whatever that is.
fn transaction(connection: &Connection, steps: &Receiver<Step>) {
    let deadline = Instant::now() + TRANSACTION;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match steps.recv_timeout(left) {
            Ok(Step::Run(statement, reply)) => {
                let _ = reply.send(statement.run(connection, deadline));
                // After some errors SQLite has undone the whole by itself.
                if connection.is_autocommit() {
                    return;
                }
            }
            Ok(Step::Commit(reply)) => {
                let committed = order(connection, "COMMIT");
                if committed.is_err() {
                    roll_back(connection);
                }
                let _ = reply.send(committed);
                return;
            }
            // Too late, or given up.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return roll_back(connection);
            }
        }
    }
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = order(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a plugin's transaction could not be undone");
    }
}

/// An order of ours.
fn order(connection: &Connection, sql: &str) -> Result<(), DatabaseError> {
    fence::outside(connection, |connection| connection.execute_batch(sql)).map_err(refused)
}
