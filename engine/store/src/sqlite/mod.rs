//! SQLite behind [`Store`](crate::Store): one writer with group commit, and readers beside it.

mod answers;
mod call_list;
mod calls;
mod desks;
mod figures;
mod floor;
mod job;
mod jobs;
mod kv;
mod methods;
mod migrate;
mod missed;
mod newest;
mod outbox;
#[cfg(test)]
mod plans_tests;
mod queue;
mod recordings;
mod records;
mod shifts;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod voicemail;
mod watchers;
mod writer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use self::job::{Work, job};
use self::queue::Queue;
use self::records::Records;
use self::writer::Condition;
use crate::secret::Seal;
use crate::{Error, Pending};

/// Records in one SQLite file (WAL, `synchronous = FULL`).
///
/// One thread writes: it takes everything that waits, at most 1,000 writes, puts it into one
/// transaction, and acknowledges when that is on disk. Two threads read, each with a connection of
/// its own. Dropping the store finishes what waits.
///
/// Queues are bounded: 8,192 waiting writes refuse another beginning, 32,768 another end; 1,024
/// waiting reads refuse another read. The refusal is [`Error::Busy`], at once. While the disk is in
/// trouble, 32,768 writes are kept for it beside those.
pub struct Sqlite {
    writes: Arc<Queue<Box<dyn Work>>>,
    reads: Arc<Queue<Box<dyn Work>>>,
    condition: Arc<Condition>,
    threads: Vec<JoinHandle<()>>,
}

impl Sqlite {
    /// Opens the file, or makes it (readable by its owner only), and brings it to this version's
    /// schema. `key` seals HA1s and PINs: see [`load_or_create_key`](crate::load_or_create_key).
    ///
    /// # Errors
    /// When the file cannot be used, is of a newer version, or was sealed with another key.
    pub fn open(path: &Path, key: [u8; 32]) -> Result<Arc<Self>, Error> {
        make(path)?;
        let seal = Arc::new(Seal::new(&key));
        let mut connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        migrate::migrate(&mut connection)?;
        migrate::check_key(&connection, &seal)?;

        let mut store = Self {
            writes: Arc::new(Queue::new()),
            reads: Arc::new(Queue::new()),
            condition: Arc::default(),
            threads: Vec::new(),
        };
        for number in 1..=READERS {
            let connection = connect(path)?;
            connection.pragma_update(None, "query_only", true)?;
            let (seal, jobs) = (seal.clone(), store.reads.clone());
            store.start(&format!("store-read-{number}"), move || {
                read(&connection, &seal, &jobs)
            })?;
        }
        let (jobs, condition) = (store.writes.clone(), store.condition.clone());
        store.start("store-write", move || {
            writer::run(&connection, &seal, &jobs, &condition)
        })?;
        Ok(Arc::new(store))
    }

    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(run)
            .map_err(|error| Error::Refused(format!("no thread for the store: {error}")))?;
        self.threads.push(thread);
        Ok(())
    }

    /// A write that begins something: refused first.
    fn write<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
    {
        queued(&self.writes, WRITES, false, work)
    }

    /// A write that ends something: accepted for longer.
    fn write_end<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
    {
        queued(&self.writes, WRITES_THAT_END, false, work)
    }

    /// What the exchange notes of a call: nobody can say it again, so it waits for a disk in
    /// trouble.
    fn keep<T, F>(&self, limit: usize, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
    {
        queued(&self.writes, limit, true, work)
    }

    fn read<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
    {
        queued(&self.reads, READS, false, work)
    }
}

const READERS: usize = 2;
const WRITES: usize = 8_192;
const WRITES_THAT_END: usize = 32_768;
const READS: usize = 1_024;

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store failed");
            }
        }
    }
}

fn queued<T, F>(queue: &Queue<Box<dyn Work>>, limit: usize, is_kept: bool, work: F) -> Pending<T>
where
    T: Send + 'static,
    F: Fn(&Records<'_>) -> Result<T, Error> + Send + 'static,
{
    let (job, pending) = job(is_kept, work);
    match queue.push(job, limit) {
        Ok(()) => pending,
        Err(error) => Pending::ready(Err(error)),
    }
}

/// Makes the file if it is not there. One that is there is not even looked at: to close it again would
/// take away the locks of every other connection of this process to it (POSIX), and the next process
/// to come would think itself alone and remove the log that they write.
pub(crate) fn make(path: &Path) -> Result<(), Error> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::Disk(
            format!("{} cannot be opened: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn connect(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn read(connection: &Connection, seal: &Seal, jobs: &Queue<Box<dyn Work>>) {
    let records = Records::new(connection, seal);
    while let Some(taken) = jobs.take(1, None) {
        for mut job in taken {
            let fate = one_view(connection, || job.run(&records));
            job.acknowledge(fate);
        }
    }
}

/// Several statements see one state of the database.
fn one_view(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    connection.execute_batch("BEGIN")?;
    let outcome = work();
    // After some errors SQLite has ended the view itself; and one that stays open would keep every
    // later read from beginning.
    if !connection.is_autocommit() && connection.execute_batch("COMMIT").is_err() {
        connection.execute_batch("ROLLBACK")?;
    }
    outcome
}

/// An empty folder for one test.
#[cfg(test)]
pub(crate) fn scratch(name: &str) -> std::path::PathBuf {
    let name = format!("moonswitch-store-{name}-{}", uuid::Uuid::now_v7());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
