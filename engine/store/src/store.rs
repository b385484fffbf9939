//! The records as domain methods; one trait, so that PostgreSQL can stand where SQLite stands.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    Answer, AnswerClaim, CallBegin, CallDetails, CallFilter, CallRow, CalledBack, Claimed, Desks,
    DueJobs, Figures, FiguresOf, FinishedCall, FloorNotes, FloorRow, JobFilter, JobRow, JobState,
    JournalLine, KvEntry, KvKey, MailboxRow, MessageCounts, MessageFilter, MessageRow,
    MissedFilter, MissedRow, MissedState, NewJob, Pending, QueueLogFilter, QueueLogRow,
    RecordingEnd, RecordingFilter, RecordingRow, RegistrationRow, Secret, Shifts, Subscriber,
    TokenRow, UserRecord, WatcherRow,
};

/// Where records live.
///
/// Every method returns at once and may be called from any thread, inside a runtime or outside.
/// A [`Pending`] that resolves to `Ok` means: on disk, and it survives `kill -9` and power loss.
/// Writes of one caller are applied in the order of the calls; a read that begins after a write
/// was acknowledged sees it. When too much waits, the answer is
/// [`Error::Busy`](crate::Error::Busy) at once; what ends something (`finish_*`, `delete_*`,
/// `leave_message`, `append_journal`) is accepted for longer than what begins something.
///
/// A disk that is full, locked or read-only is told at once, too, to those who can say it again:
/// `put_*`, `set_pin`, `save_registration`, `save_watcher`, `kv_*`, `add_job`, `retry_job`. What the exchange itself notes of calls,
/// recordings, messages, agents and queues is kept in memory instead and acknowledged when the disk
/// has healed and has it; [`health`](Self::health) tells of the trouble meanwhile.
///
/// Methods that take a tenant see and change that tenant's rows only. The few without one are for
/// the exchange itself, at its start and in its nightly cleaning. Times are microseconds since
/// 1970, UTC; the store reads no clock.
pub trait Store: Desks + Shifts + Send + Sync + 'static {
    /// Puts a user in, or replaces the one with this extension.
    fn put_user(&self, user: UserRecord) -> Pending<()>;

    /// One user.
    fn user(&self, tenant: &str, extension: &str) -> Pending<Option<UserRecord>>;

    /// A tenant's users, by extension.
    fn users(&self, tenant: &str) -> Pending<Vec<UserRecord>>;

    /// Takes a user out; false when there was none.
    fn delete_user(&self, tenant: &str, extension: &str) -> Pending<bool>;

    /// Puts a new token in; one that is there already is an error.
    fn put_token(&self, token: TokenRow) -> Pending<()>;

    /// A token by its id, whatever its tenant: it is what says whose a request is.
    fn token(&self, id: &str) -> Pending<Option<TokenRow>>;

    /// A tenant's tokens, in the order in which they were made.
    fn tokens(&self, tenant: &str) -> Pending<Vec<TokenRow>>;

    /// Takes a token back for ever; false when there was none that worked.
    fn revoke_token(&self, tenant: &str, id: &str, at: i64) -> Pending<bool>;

    /// Puts a contact in, or replaces the one with this tenant, user and contact.
    fn save_registration(&self, registration: RegistrationRow) -> Pending<()>;

    /// Takes a contact out; false when there was none.
    fn delete_registration(&self, tenant: &str, user: &str, contact: &str) -> Pending<bool>;

    /// All tenants' contacts that have not expired at `now`; those that have are removed.
    fn all_registrations(&self, now: i64) -> Pending<Vec<RegistrationRow>>;

    /// Puts a watcher in, or replaces the one with this tenant and name.
    fn save_watcher(&self, watcher: WatcherRow) -> Pending<()>;

    /// Takes a watcher out; false when there was none.
    fn delete_watcher(&self, tenant: &str, name: &str) -> Pending<bool>;

    /// All tenants' watchers that have not expired at `now`; those that have are removed.
    fn all_watchers(&self, now: i64) -> Pending<Vec<WatcherRow>>;

    /// Notes that a call began.
    fn begin_call(&self, call: CallBegin) -> Pending<()>;

    /// Stores a call's record with its legs and segments, whole or not at all. A second time
    /// replaces the first.
    fn finish_call(&self, call: FinishedCall) -> Pending<()>;

    /// One call with everything that belongs to it.
    fn call(&self, tenant: &str, id: Uuid) -> Pending<Option<CallDetails>>;

    /// The call of a tenant that began last, by its id: a clock that was set to another day does not
    /// count.
    fn newest_call(&self, tenant: &str) -> Pending<Option<CallBegin>>;

    /// A tenant's calls, newest first.
    fn calls(&self, tenant: &str, filter: CallFilter) -> Pending<Vec<CallRow>>;

    /// All tenants' calls of this node that began and have no end, oldest first.
    fn unfinished_calls(&self, node: &str) -> Pending<Vec<CallBegin>>;

    /// Gives every unfinished call of this node that began before `before` a record that says it
    /// was cut: result `failed`, cause `failure`, ended by `system:cut`, at the time of its last
    /// journal line. For the start of the exchange, before it takes calls. Returns those calls.
    fn close_cut_calls(&self, node: &str, before: i64) -> Pending<Vec<CallBegin>>;

    /// Adds lines to a call's journal. A line whose number is there already stays as it is.
    fn append_journal(&self, tenant: &str, call: Uuid, lines: Vec<JournalLine>) -> Pending<()>;

    /// A call's journal, in order.
    fn journal(&self, tenant: &str, call: Uuid) -> Pending<Vec<JournalLine>>;

    /// The sums of everything of a tenant that began within some intervals. It reads all that there is of
    /// them: who asks for a year waits.
    fn figures(&self, tenant: &str, of: FiguresOf) -> Pending<Figures>;

    /// A tenant's calls that nobody took, newest first.
    fn missed_calls(&self, tenant: &str, filter: MissedFilter) -> Pending<Vec<MissedRow>>;

    /// Somebody says that a missed call is settled, or is open again; it as it is then, `None` when there
    /// is none. `by` and when.
    fn settle_missed(
        &self,
        tenant: &str,
        call: Uuid,
        state: MissedState,
        by: (&str, i64),
    ) -> Pending<Option<MissedRow>>;

    /// A customer's number was called: what was missed of it before is called back, if it was answered.
    /// Returns how many were missed.
    fn called_back(&self, tenant: &str, back: CalledBack) -> Pending<u64>;

    /// Notes that a recording began.
    fn begin_recording(&self, recording: RecordingRow) -> Pending<()>;

    /// Notes that a recording is closed.
    fn finish_recording(&self, tenant: &str, id: Uuid, end: RecordingEnd) -> Pending<()>;

    /// Takes a recording out, because its file was thrown away; false when there was none.
    fn delete_recording(&self, tenant: &str, id: Uuid) -> Pending<bool>;

    /// One recording.
    fn recording(&self, tenant: &str, id: Uuid) -> Pending<Option<RecordingRow>>;

    /// A call's recordings, oldest first.
    fn recordings(&self, tenant: &str, call: Uuid) -> Pending<Vec<RecordingRow>>;

    /// A tenant's recordings, newest first.
    fn list_recordings(&self, tenant: &str, filter: RecordingFilter) -> Pending<Vec<RecordingRow>>;

    /// All tenants' recordings of this node that were never closed.
    fn unfinished_recordings(&self, node: &str) -> Pending<Vec<RecordingRow>>;

    /// Makes a mailbox if it is not there, and gives it a first PIN if it has none.
    fn put_mailbox(&self, tenant: &str, mailbox: &str, first_pin: Option<Secret>) -> Pending<()>;

    /// A mailbox with its messages.
    fn mailbox(&self, tenant: &str, mailbox: &str) -> Pending<Option<MailboxRow>>;

    /// A tenant's mailboxes, by number, without their messages.
    fn mailboxes(&self, tenant: &str) -> Pending<Vec<MailboxRow>>;

    /// How many messages wait in a mailbox; none in one that is not there.
    fn count_messages(&self, tenant: &str, mailbox: &str) -> Pending<MessageCounts>;

    /// Puts a message in; makes the mailbox if it is not there, so that no message is lost.
    fn leave_message(&self, message: MessageRow) -> Pending<()>;

    /// One message, deleted or not.
    fn message(&self, tenant: &str, id: Uuid) -> Pending<Option<MessageRow>>;

    /// A mailbox's deleted messages that can still be restored, oldest first.
    fn deleted_messages(&self, tenant: &str, mailbox: &str) -> Pending<Vec<MessageRow>>;

    /// A tenant's messages of all mailboxes, newest first.
    fn list_messages(&self, tenant: &str, filter: MessageFilter) -> Pending<Vec<MessageRow>>;

    /// Notes that a message was listened to; the first time counts.
    fn mark_heard(&self, tenant: &str, id: Uuid, at: i64) -> Pending<()>;

    /// Deletes a message so that it can be restored.
    fn delete_message(&self, tenant: &str, id: Uuid, at: i64) -> Pending<()>;

    /// Takes a deleted message back.
    fn restore_message(&self, tenant: &str, id: Uuid) -> Pending<()>;

    /// Notes who is to see to a message; `None` is nobody in particular.
    fn assign_message(&self, tenant: &str, id: Uuid, to: Option<String>) -> Pending<()>;

    /// Sets one of a mailbox's own greetings (`unavailable`, `busy`, `temporary`, `name`), or takes
    /// it away. Returns the recording that greeted before, whose row is gone, so that its file can
    /// go too.
    fn set_greeting(
        &self,
        tenant: &str,
        mailbox: &str,
        kind: &str,
        recording: Option<Uuid>,
    ) -> Pending<Option<RecordingRow>>;

    /// Sets a mailbox's PIN; without one the next who is asked for it chooses it.
    fn set_pin(&self, tenant: &str, mailbox: &str, pin: Option<Secret>) -> Pending<()>;

    /// Removes all tenants' messages that were deleted before `before`, with their recordings'
    /// rows, and returns those recordings so that their files can go too.
    fn purge_deleted(&self, before: i64) -> Pending<Vec<RecordingRow>>;

    /// Notes what has happened to a tenant's agents and queues: in one piece, so that the log tells
    /// of every state that a restart finds.
    fn note_floor(&self, tenant: &str, notes: FloorNotes) -> Pending<()>;

    /// What was noted last of a tenant's agents and queues, for the start.
    fn floor(&self, tenant: &str) -> Pending<FloorRow>;

    /// A tenant's queue log, newest first.
    fn queue_log(&self, tenant: &str, filter: QueueLogFilter) -> Pending<Vec<QueueLogRow>>;

    /// A value that has not expired at `now`.
    fn kv_get(&self, key: KvKey, now: i64) -> Pending<Option<Value>>;

    /// Sets a value (at most 64 KB as JSON); it goes at `expires_at`.
    fn kv_set(&self, key: KvKey, value: Value, expires_at: Option<i64>) -> Pending<()>;

    /// Sets a value if there is none at `now`; true when it was set. Compare-and-set: of many
    /// callers one gets true.
    fn kv_add(&self, key: KvKey, value: Value, expires_at: Option<i64>, now: i64) -> Pending<bool>;

    /// Takes a value out; false when there was none at `now`.
    fn kv_delete(&self, key: KvKey, now: i64) -> Pending<bool>;

    /// Adds to a whole number and returns the sum; what is not there counts as 0 and gets
    /// `expires_at`, what is there keeps its own.
    fn kv_incr(&self, key: KvKey, by: i64, expires_at: Option<i64>, now: i64) -> Pending<i64>;

    /// The values whose keys begin with `prefix.key`, by key, at most 1,000 of them, from the
    /// first key after `after`.
    fn kv_each(&self, prefix: KvKey, after: Option<String>, now: i64) -> Pending<Vec<KvEntry>>;

    /// Removes all tenants' values that have expired at `now`; returns how many.
    fn kv_purge(&self, now: i64) -> Pending<u64>;

    /// Adds a job; false when there is one with its key already, or was until it was purged.
    fn add_job(&self, job: NewJob) -> Pending<bool>;

    /// Which of all tenants' handlers have something to do at `now`.
    fn due_jobs(&self, now: i64) -> Pending<Vec<DueJobs>>;

    /// Takes up to `most` jobs that are due at `now` for a handler (owner and name), oldest first:
    /// they are running from now on, and nobody else gets them. Each counts as an attempt.
    fn claim_jobs(
        &self,
        tenant: &str,
        handler: (&str, &str),
        node: &str,
        now: i64,
        most: u32,
    ) -> Pending<Vec<JobRow>>;

    /// A running job is done. It is forgotten; one with a key is kept until it is purged.
    fn finish_job(&self, tenant: &str, id: Uuid, now: i64) -> Pending<()>;

    /// A running job has failed: it runs again at `retry_at`, or waits for a person.
    fn fail_job(
        &self,
        tenant: &str,
        id: Uuid,
        error: String,
        retry_at: Option<i64>,
        now: i64,
    ) -> Pending<()>;

    /// A claimed job could not begin: it waits again as if it had not been claimed.
    fn put_back_job(&self, tenant: &str, id: Uuid) -> Pending<()>;

    /// A running job is not to be done now: it waits until `due_at`, and its attempt does not count.
    fn put_off_job(&self, tenant: &str, id: Uuid, why: String, due_at: i64) -> Pending<()>;

    /// All tenants' jobs that this node was running wait again; for the start of the exchange.
    /// Returns how many.
    fn release_jobs(&self, node: &str) -> Pending<u64>;

    /// A tenant's jobs in a state, or all that are not done, oldest first, at most 1,000.
    fn jobs(&self, tenant: &str, state: Option<JobState>) -> Pending<Vec<JobRow>>;

    /// A tenant's jobs, newest first, a page at a time.
    fn list_jobs(&self, tenant: &str, filter: JobFilter) -> Pending<Vec<JobRow>>;

    /// One job.
    fn job(&self, tenant: &str, id: Uuid) -> Pending<Option<JobRow>>;

    /// Lets a failed job run again, with all its attempts; false when there is no such one.
    fn retry_job(&self, tenant: &str, id: Uuid, now: i64) -> Pending<bool>;

    /// Forgets all tenants' jobs that were done before `before`, and their keys, and what has waited
    /// since then for subscribers that there are no more; returns how many.
    fn purge_jobs(&self, before: i64) -> Pending<u64>;

    /// Says who is told of a tenant's records in any case, in place of whoever was: from now on each
    /// of [`EVENTS`](crate::EVENTS) is stored as a job ([`event_job`](crate::event_job)) of each of
    /// its subscribers, in the transaction of its record. However often that record is stored, the
    /// job has one id and is added once.
    fn set_subscribers(&self, tenant: &str, subscribers: Vec<Subscriber>) -> Pending<()>;

    /// What an administrator has allowed a plugin.
    fn grant(&self, tenant: &str, plugin: &str) -> Pending<Option<Value>>;

    /// Notes what an administrator has allowed a plugin.
    fn put_grant(&self, tenant: &str, plugin: &str, permissions: Value) -> Pending<()>;

    /// Begins a request that may be repeated: of several with one tenant, token and key, one is told
    /// to do it, and the others what became of it.
    fn claim_answer(&self, claim: AnswerClaim) -> Pending<Claimed>;

    /// Notes the answer of a request that was claimed (token and key).
    fn keep_answer(&self, tenant: &str, key: (&str, &str), answer: Answer) -> Pending<()>;

    /// A request that was claimed changed nothing: the next with its key is done.
    fn forget_answer(&self, tenant: &str, key: (&str, &str)) -> Pending<()>;

    /// Forgets all tenants' answers of before `before`; returns how many.
    fn purge_answers(&self, before: i64) -> Pending<u64>;

    /// How the store is, without asking the disk.
    fn health(&self) -> Health;
}

/// How a store is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Health {
    /// Whether the last write went well.
    pub writable: bool,
    /// Why not.
    pub trouble: Option<crate::Error>,
    /// Writes that wait.
    pub writes_waiting: usize,
    /// Reads that wait.
    pub reads_waiting: usize,
    /// Transactions since the start; several writes share one.
    pub commits: u64,
}
