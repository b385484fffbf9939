//! SQLite behind [`Store`]: one writer with group commit, and readers beside it.

mod calls;
mod floor;
mod job;
mod jobs;
mod kv;
mod migrate;
mod queue;
mod recordings;
mod records;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod voicemail;
mod writer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use uuid::Uuid;

use self::job::{Work, job};
use self::queue::Queue;
use self::records::Records;
use self::writer::Condition;
use crate::secret::Seal;
use crate::{
    CallBegin, CallDetails, CallFilter, CallRow, DueJobs, Error, FinishedCall, FloorNotes,
    FloorRow, Health, JobRow, JobState, JournalLine, KvEntry, KvKey, MailboxRow, MessageCounts,
    MessageFilter, MessageRow, NewJob, Pending, QueueLogFilter, QueueLogRow, RecordingEnd,
    RecordingFilter, RecordingRow, RegistrationRow, Secret, Store, TokenRow, UserRecord,
};

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

impl Store for Sqlite {
    fn put_user(&self, user: UserRecord) -> Pending<()> {
        self.write(move |records| users::put(records, &user))
    }

    fn user(&self, tenant: &str, extension: &str) -> Pending<Option<UserRecord>> {
        let (tenant, extension) = (tenant.to_owned(), extension.to_owned());
        self.read(move |records| users::one(records, &tenant, &extension))
    }

    fn users(&self, tenant: &str) -> Pending<Vec<UserRecord>> {
        let tenant = tenant.to_owned();
        self.read(move |records| users::all(records, &tenant))
    }

    fn delete_user(&self, tenant: &str, extension: &str) -> Pending<bool> {
        let (tenant, extension) = (tenant.to_owned(), extension.to_owned());
        self.write_end(move |records| users::delete(&records.of(&tenant), &extension))
    }

    fn put_token(&self, token: TokenRow) -> Pending<()> {
        self.write(move |records| tokens::put(&records.of(&token.tenant), &token))
    }

    fn token(&self, id: &str) -> Pending<Option<TokenRow>> {
        let id = id.to_owned();
        self.read(move |records| tokens::by_id(&records.everyone(), &id))
    }

    fn tokens(&self, tenant: &str) -> Pending<Vec<TokenRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| tokens::all(&records.of(&tenant)))
    }

    fn revoke_token(&self, tenant: &str, id: &str, at: i64) -> Pending<bool> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        self.write_end(move |records| tokens::revoke(&records.of(&tenant), &id, at))
    }

    fn save_registration(&self, registration: RegistrationRow) -> Pending<()> {
        self.write(move |records| {
            users::save_registration(&records.of(&registration.tenant), &registration)
        })
    }

    fn delete_registration(&self, tenant: &str, user: &str, contact: &str) -> Pending<bool> {
        let (tenant, user, contact) = (tenant.to_owned(), user.to_owned(), contact.to_owned());
        self.keep(WRITES_THAT_END, move |records| {
            users::delete_registration(&records.of(&tenant), &user, &contact)
        })
    }

    fn all_registrations(&self, now: i64) -> Pending<Vec<RegistrationRow>> {
        self.write(move |records| users::all_registrations(&records.everyone(), now))
    }

    fn begin_call(&self, call: CallBegin) -> Pending<()> {
        self.keep(WRITES, move |records| {
            calls::begin(&records.of(&call.tenant), &call)
        })
    }

    fn finish_call(&self, call: FinishedCall) -> Pending<()> {
        self.keep(WRITES_THAT_END, move |records| {
            calls::finish(&records.of(&call.begin.tenant), &call)
        })
    }

    fn call(&self, tenant: &str, id: Uuid) -> Pending<Option<CallDetails>> {
        let tenant = tenant.to_owned();
        self.read(move |records| calls::one(&records.of(&tenant), id))
    }

    fn calls(&self, tenant: &str, filter: CallFilter) -> Pending<Vec<CallRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| calls::list(&records.of(&tenant), &filter))
    }

    fn unfinished_calls(&self, node: &str) -> Pending<Vec<CallBegin>> {
        let node = node.to_owned();
        self.read(move |records| calls::unfinished(&records.everyone(), &node))
    }

    fn close_cut_calls(&self, node: &str, before: i64) -> Pending<Vec<CallBegin>> {
        let node = node.to_owned();
        self.write_end(move |records| calls::close_cut(&records.everyone(), &node, before))
    }

    fn append_journal(&self, tenant: &str, call: Uuid, lines: Vec<JournalLine>) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            calls::append_journal(&records.of(&tenant), call, &lines)
        })
    }

    fn journal(&self, tenant: &str, call: Uuid) -> Pending<Vec<JournalLine>> {
        let tenant = tenant.to_owned();
        self.read(move |records| calls::journal(&records.of(&tenant), call))
    }

    fn begin_recording(&self, recording: RecordingRow) -> Pending<()> {
        self.keep(WRITES, move |records| {
            recordings::begin(&records.of(&recording.tenant), &recording)
        })
    }

    fn finish_recording(&self, tenant: &str, id: Uuid, end: RecordingEnd) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            recordings::finish(&records.of(&tenant), id, &end)
        })
    }

    fn delete_recording(&self, tenant: &str, id: Uuid) -> Pending<bool> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            recordings::delete(&records.of(&tenant), id)
        })
    }

    fn recording(&self, tenant: &str, id: Uuid) -> Pending<Option<RecordingRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| recordings::one(&records.of(&tenant), id))
    }

    fn recordings(&self, tenant: &str, call: Uuid) -> Pending<Vec<RecordingRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| recordings::of_call(&records.of(&tenant), call))
    }

    fn list_recordings(&self, tenant: &str, filter: RecordingFilter) -> Pending<Vec<RecordingRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| recordings::list(&records.of(&tenant), &filter))
    }

    fn unfinished_recordings(&self, node: &str) -> Pending<Vec<RecordingRow>> {
        let node = node.to_owned();
        self.read(move |records| recordings::unfinished(&records.everyone(), &node))
    }

    fn put_mailbox(&self, tenant: &str, mailbox: &str, first_pin: Option<Secret>) -> Pending<()> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.write(move |records| voicemail::put(records, &tenant, &mailbox, first_pin.as_ref()))
    }

    fn mailbox(&self, tenant: &str, mailbox: &str) -> Pending<Option<MailboxRow>> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.read(move |records| voicemail::one(records, &tenant, &mailbox))
    }

    fn mailboxes(&self, tenant: &str) -> Pending<Vec<MailboxRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| voicemail::all(records, &tenant))
    }

    fn count_messages(&self, tenant: &str, mailbox: &str) -> Pending<MessageCounts> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.read(move |records| voicemail::count(&records.of(&tenant), &mailbox))
    }

    fn leave_message(&self, message: MessageRow) -> Pending<()> {
        self.keep(WRITES_THAT_END, move |records| {
            voicemail::leave(&records.of(&message.tenant), &message)
        })
    }

    fn message(&self, tenant: &str, id: Uuid) -> Pending<Option<MessageRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| voicemail::message(&records.of(&tenant), id))
    }

    fn deleted_messages(&self, tenant: &str, mailbox: &str) -> Pending<Vec<MessageRow>> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.read(move |records| voicemail::deleted(&records.of(&tenant), &mailbox))
    }

    fn list_messages(&self, tenant: &str, filter: MessageFilter) -> Pending<Vec<MessageRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| voicemail::list(&records.of(&tenant), &filter))
    }

    fn mark_heard(&self, tenant: &str, id: Uuid, at: i64) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            voicemail::mark_heard(&records.of(&tenant), id, at)
        })
    }

    fn delete_message(&self, tenant: &str, id: Uuid, at: i64) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            voicemail::delete(&records.of(&tenant), id, at)
        })
    }

    fn restore_message(&self, tenant: &str, id: Uuid) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.write(move |records| voicemail::restore(&records.of(&tenant), id))
    }

    fn set_greeting(
        &self,
        tenant: &str,
        mailbox: &str,
        kind: &str,
        recording: Option<Uuid>,
    ) -> Pending<Option<RecordingRow>> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        let kind = kind.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            voicemail::set_greeting(&records.of(&tenant), &mailbox, &kind, recording)
        })
    }

    fn set_pin(&self, tenant: &str, mailbox: &str, pin: Secret) -> Pending<()> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.write(move |records| voicemail::set_pin(records, &tenant, &mailbox, &pin))
    }

    fn purge_deleted(&self, before: i64) -> Pending<Vec<RecordingRow>> {
        self.write_end(move |records| voicemail::purge(&records.everyone(), before))
    }

    fn note_floor(&self, tenant: &str, notes: FloorNotes) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            floor::note(&records.of(&tenant), &notes)
        })
    }

    fn floor(&self, tenant: &str) -> Pending<FloorRow> {
        let tenant = tenant.to_owned();
        self.read(move |records| floor::kept(&records.of(&tenant)))
    }

    fn queue_log(&self, tenant: &str, filter: QueueLogFilter) -> Pending<Vec<QueueLogRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| floor::log(&records.of(&tenant), &filter))
    }

    fn kv_get(&self, key: KvKey, now: i64) -> Pending<Option<Value>> {
        self.read(move |records| kv::get(records, &key, now))
    }

    fn kv_set(&self, key: KvKey, value: Value, expires_at: Option<i64>) -> Pending<()> {
        match kv::checked(&key, &value) {
            Ok(text) => self.write(move |records| kv::set(records, &key, &text, expires_at)),
            Err(error) => Pending::ready(Err(error)),
        }
    }

    fn kv_add(&self, key: KvKey, value: Value, expires_at: Option<i64>, now: i64) -> Pending<bool> {
        match kv::checked(&key, &value) {
            Ok(text) => self.write(move |records| kv::add(records, &key, &text, expires_at, now)),
            Err(error) => Pending::ready(Err(error)),
        }
    }

    fn kv_delete(&self, key: KvKey, now: i64) -> Pending<bool> {
        self.write_end(move |records| kv::delete(records, &key, now))
    }

    fn kv_incr(&self, key: KvKey, by: i64, expires_at: Option<i64>, now: i64) -> Pending<i64> {
        match kv::check_key(&key) {
            Ok(()) => self.write(move |records| kv::incr(records, &key, by, expires_at, now)),
            Err(error) => Pending::ready(Err(error)),
        }
    }

    fn kv_each(&self, prefix: KvKey, after: Option<String>, now: i64) -> Pending<Vec<KvEntry>> {
        self.read(move |records| kv::each(records, &prefix, after.as_deref(), now))
    }

    fn kv_purge(&self, now: i64) -> Pending<u64> {
        self.write_end(move |records| kv::purge(&records.everyone(), now))
    }

    fn add_job(&self, job: NewJob) -> Pending<bool> {
        match jobs::checked(&job) {
            Ok(data) => self.write(move |records| jobs::add(&records.of(&job.tenant), &job, &data)),
            Err(error) => Pending::ready(Err(error)),
        }
    }

    fn due_jobs(&self, now: i64) -> Pending<Vec<DueJobs>> {
        self.read(move |records| jobs::due(&records.everyone(), now))
    }

    fn claim_jobs(
        &self,
        tenant: &str,
        (owner, name): (&str, &str),
        node: &str,
        now: i64,
        most: u32,
    ) -> Pending<Vec<JobRow>> {
        let [tenant, owner, name, node] = [tenant, owner, name, node].map(str::to_owned);
        self.write(move |records| {
            jobs::claim(&records.of(&tenant), (&owner, &name), &node, now, most)
        })
    }

    fn finish_job(&self, tenant: &str, id: Uuid, now: i64) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            jobs::finish(&records.of(&tenant), id, now)
        })
    }

    fn fail_job(
        &self,
        tenant: &str,
        id: Uuid,
        error: String,
        retry_at: Option<i64>,
        now: i64,
    ) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            jobs::fail(&records.of(&tenant), id, &error, retry_at, now)
        })
    }

    fn put_back_job(&self, tenant: &str, id: Uuid) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            jobs::put_back(&records.of(&tenant), id)
        })
    }

    fn release_jobs(&self, node: &str) -> Pending<u64> {
        let node = node.to_owned();
        self.write_end(move |records| jobs::release(&records.everyone(), &node))
    }

    fn jobs(&self, tenant: &str, state: Option<JobState>) -> Pending<Vec<JobRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| jobs::list(&records.of(&tenant), state))
    }

    fn retry_job(&self, tenant: &str, id: Uuid, now: i64) -> Pending<bool> {
        let tenant = tenant.to_owned();
        self.write(move |records| jobs::retry(&records.of(&tenant), id, now))
    }

    fn purge_jobs(&self, before: i64) -> Pending<u64> {
        self.write_end(move |records| jobs::purge(&records.everyone(), before))
    }

    fn grant(&self, tenant: &str, plugin: &str) -> Pending<Option<Value>> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        self.read(move |records| jobs::grant(&records.of(&tenant), &plugin))
    }

    fn put_grant(&self, tenant: &str, plugin: &str, permissions: Value) -> Pending<()> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        let permissions = permissions.to_string();
        self.write(move |records| jobs::put_grant(&records.of(&tenant), &plugin, &permissions))
    }

    fn health(&self) -> Health {
        let trouble = self.condition.trouble();
        Health {
            writable: trouble.is_none(),
            trouble,
            writes_waiting: self.writes.len() + self.condition.kept(),
            reads_waiting: self.reads.len(),
            commits: self.condition.commits(),
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
fn make(path: &Path) -> Result<(), Error> {
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

fn connect(path: &Path) -> Result<Connection, Error> {
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
    let name = format!("moonswitch-store-{name}-{}", Uuid::now_v7());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
