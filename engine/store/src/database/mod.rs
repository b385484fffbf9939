//! A SQLite file of somebody else's: a plugin's own tables, on a thread of their own, with bounds on
//! time and size, and no way out of the file.

mod fence;
mod migrate;
mod statement;
#[cfg(test)]
mod tests;
mod thread;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

pub use migrate::Migration;
pub use statement::{Outcome, Parameters, Statement, Value};

use thread::{Request, Step};

/// One such file. Statements are done one after the other, each in a transaction of its own, unless
/// they are part of a [`Transaction`].
///
/// So many statements wait: 256; one more is refused at once. Dropping it finishes what waits.
pub struct Database {
    requests: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// Statements that are done together or not at all. Dropping it undoes them.
#[derive(Debug)]
pub struct Transaction {
    steps: SyncSender<Step>,
}

/// An answer on its way.
pub type Answer<T> = oneshot::Receiver<Result<T, DatabaseError>>;

/// Why a statement was not done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite says so.
    #[error("{0}")]
    Refused(String),
    /// It is not one statement, or not one that is done this way.
    #[error("{0}")]
    Misused(String),
    /// It took too long and was stopped; nothing of it is left.
    #[error("took longer than {} s and was undone", .0.as_secs())]
    TooSlow(Duration),
    /// Its result is too large.
    #[error("gives more than {0}: ask for less at a time")]
    TooMuch(&'static str),
    /// Too many wait.
    #[error("{WAITING} statements wait already; try again later")]
    Busy,
    /// The transaction was undone, because it took too long.
    #[error("the transaction took longer than {} s and was undone", TRANSACTION.as_secs())]
    Undone,
    /// The file, or its thread.
    #[error("{0}")]
    Unusable(String),
    /// A migration.
    #[error("{file}: {why}")]
    Migration {
        /// Its file's name.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Database {
    /// Opens the file, or makes it (readable by its owner only), and does the migrations that were
    /// not done yet, all of them or none. Blocks.
    ///
    /// # Errors
    /// When the file cannot be used, or a migration is wrong or was changed after it was done.
    pub fn open(path: &Path, migrations: &[Migration]) -> Result<Arc<Self>, DatabaseError> {
        crate::sqlite::make(path).map_err(|error| DatabaseError::Unusable(error.to_string()))?;
        let connection = crate::sqlite::connect(path)
            .map_err(|error| DatabaseError::Unusable(error.to_string()))?;
        Self::begin(connection, migrations)
    }

    /// Does the migrations to an empty database that is nowhere, to see whether they can be done.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn try_migrations(migrations: &[Migration]) -> Result<(), DatabaseError> {
        let connection = Connection::open_in_memory().map_err(statement::refused)?;
        prepare(&connection)?;
        migrate::migrate(&connection, migrations)
    }

    fn begin(connection: Connection, migrations: &[Migration]) -> Result<Arc<Self>, DatabaseError> {
        prepare(&connection)?;
        migrate::migrate(&connection, migrations)?;
        let (requests, coming) = sync_channel(WAITING);
        let thread = Builder::new()
            .name("plugin-db".to_owned())
            .spawn(move || thread::serve(&connection, &coming))
            .map_err(|error| DatabaseError::Unusable(format!("no thread: {error}")))?;
        Ok(Arc::new(Self {
            requests: Some(requests),
            thread: Some(thread),
        }))
    }

    /// Does a statement.
    pub fn run(&self, statement: Statement) -> Answer<Outcome> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Run(statement, reply));
        answer
    }

    /// Begins a transaction; everything else waits until it is over, at most five seconds.
    pub fn transaction(&self) -> (Transaction, Answer<()>) {
        let (steps, coming) = sync_channel(STEPS);
        let (reply, answer) = oneshot::channel();
        self.send(Request::Begin(coming, reply));
        (Transaction { steps }, answer)
    }

    fn send(&self, request: Request) {
        let Some(requests) = &self.requests else {
            return;
        };
        match requests.try_send(request) {
            Ok(()) => {}
            Err(TrySendError::Full(request)) => request.refuse(DatabaseError::Busy),
            Err(TrySendError::Disconnected(request)) => {
                request.refuse(DatabaseError::Unusable("its thread has ended".to_owned()));
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of a plugin's database failed");
        }
    }
}

impl Transaction {
    /// Does a statement in it.
    pub fn run(&self, statement: Statement) -> Answer<Outcome> {
        let (reply, answer) = oneshot::channel();
        self.send(Step::Run(statement, reply));
        answer
    }

    /// Ends it: from now on, what was done in it counts.
    pub fn commit(self) -> Answer<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Step::Commit(reply));
        answer
    }

    fn send(&self, step: Step) {
        if let Err(TrySendError::Full(step) | TrySendError::Disconnected(step)) =
            self.steps.try_send(step)
        {
            step.refuse(DatabaseError::Undone);
        }
    }
}

/// What holds for every connection.
fn prepare(connection: &Connection) -> Result<(), DatabaseError> {
    let set = || {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "max_page_count", LARGEST_FILE / 4_096)?;
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        connection.set_prepared_statement_cache_capacity(64);
        fence::close(connection)
    };
    set().map_err(statement::refused)
}

/// Statements that may wait.
const WAITING: usize = 256;
/// Statements of one transaction that may wait: whoever makes them waits for each.
const STEPS: usize = 16;
/// How long a transaction may take, from its beginning.
const TRANSACTION: Duration = Duration::from_secs(5);
/// Octets of a file: 1 GB.
const LARGEST_FILE: u32 = 1 << 30;
