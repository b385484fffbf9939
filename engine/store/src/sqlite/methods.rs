//! Each method of [`Store`], with the queue that it waits in.

use serde_json::Value;
use uuid::Uuid;

use super::{Sqlite, WRITES, WRITES_THAT_END, watchers};
use super::{
    answers, call_list, calls, figures, floor, jobs, kv, missed, outbox, recordings, tokens, users,
    voicemail,
};
use crate::{
    Answer, AnswerClaim, CallBegin, CallDetails, CallFilter, CallRow, CalledBack, Claimed, DueJobs,
    Figures, FiguresOf, FinishedCall, FloorNotes, FloorRow, Health, JobFilter, JobRow, JobState,
    JournalLine, KvEntry, KvKey, MailboxRow, MessageCounts, MessageFilter, MessageRow,
    MissedFilter, MissedRow, MissedState, NewJob, Pending, QueueLogFilter, QueueLogRow,
    RecordingEnd, RecordingFilter, RecordingRow, RegistrationRow, Secret, Store, Subscriber,
    TokenRow, UserRecord, WatcherRow,
};

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

    fn save_watcher(&self, watcher: WatcherRow) -> Pending<()> {
        self.write(move |records| watchers::save(&records.of(&watcher.tenant), &watcher))
    }

    fn delete_watcher(&self, tenant: &str, name: &str) -> Pending<bool> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.keep(WRITES_THAT_END, move |records| {
            watchers::delete(&records.of(&tenant), &name)
        })
    }

    fn all_watchers(&self, now: i64) -> Pending<Vec<WatcherRow>> {
        self.write(move |records| watchers::all(&records.everyone(), now))
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

    fn newest_call(&self, tenant: &str) -> Pending<Option<CallBegin>> {
        let tenant = tenant.to_owned();
        self.read(move |records| calls::newest(&records.of(&tenant)))
    }

    fn calls(&self, tenant: &str, filter: CallFilter) -> Pending<Vec<CallRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| call_list::list(&records.of(&tenant), &filter))
    }

    fn unfinished_calls(&self, node: &str) -> Pending<Vec<CallBegin>> {
        let node = node.to_owned();
        self.read(move |records| calls::unfinished(&records.everyone(), &node))
    }

    fn close_cut_calls(&self, node: &str, before: i64) -> Pending<Vec<CallBegin>> {
        let node = node.to_owned();
        self.write_end(move |records| calls::close_cut(records, &node, before))
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

    fn figures(&self, tenant: &str, of: FiguresOf) -> Pending<Figures> {
        let tenant = tenant.to_owned();
        self.read(move |records| figures::of(&records.of(&tenant), of.clone()))
    }

    fn missed_calls(&self, tenant: &str, filter: MissedFilter) -> Pending<Vec<MissedRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| missed::list(&records.of(&tenant), &filter))
    }

    fn settle_missed(
        &self,
        tenant: &str,
        call: Uuid,
        state: MissedState,
        (by, at): (&str, i64),
    ) -> Pending<Option<MissedRow>> {
        let [tenant, by] = [tenant, by].map(str::to_owned);
        self.write(move |records| missed::settle(&records.of(&tenant), call, state, (&by, at)))
    }

    fn called_back(&self, tenant: &str, back: CalledBack) -> Pending<u64> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            missed::called_back(&records.of(&tenant), &back)
        })
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

    fn assign_message(&self, tenant: &str, id: Uuid, to: Option<String>) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.write_end(move |records| voicemail::assign(&records.of(&tenant), id, to.as_deref()))
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

    fn set_pin(&self, tenant: &str, mailbox: &str, pin: Option<Secret>) -> Pending<()> {
        let (tenant, mailbox) = (tenant.to_owned(), mailbox.to_owned());
        self.write(move |records| voicemail::set_pin(records, &tenant, &mailbox, pin.as_ref()))
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

    fn put_off_job(&self, tenant: &str, id: Uuid, why: String, due_at: i64) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            jobs::put_off(&records.of(&tenant), id, &why, due_at)
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

    fn list_jobs(&self, tenant: &str, filter: JobFilter) -> Pending<Vec<JobRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| jobs::page_of(&records.of(&tenant), &filter))
    }

    fn job(&self, tenant: &str, id: Uuid) -> Pending<Option<JobRow>> {
        let tenant = tenant.to_owned();
        self.read(move |records| jobs::one(&records.of(&tenant), id))
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

    fn set_subscribers(&self, tenant: &str, subscribers: Vec<Subscriber>) -> Pending<()> {
        let tenant = tenant.to_owned();
        self.keep(WRITES_THAT_END, move |records| {
            outbox::set_subscribers(&records.of(&tenant), &subscribers)
        })
    }

    fn put_grant(&self, tenant: &str, plugin: &str, permissions: Value) -> Pending<()> {
        let (tenant, plugin) = (tenant.to_owned(), plugin.to_owned());
        let permissions = permissions.to_string();
        self.write(move |records| jobs::put_grant(&records.of(&tenant), &plugin, &permissions))
    }

    fn claim_answer(&self, claim: AnswerClaim) -> Pending<Claimed> {
        self.write(move |records| answers::claim(&records.of(&claim.tenant), &claim))
    }

    fn keep_answer(&self, tenant: &str, (token, key): (&str, &str), answer: Answer) -> Pending<()> {
        let [tenant, token, key] = [tenant, token, key].map(str::to_owned);
        self.keep(WRITES_THAT_END, move |records| {
            answers::keep(&records.of(&tenant), (&token, &key), &answer)
        })
    }

    fn forget_answer(&self, tenant: &str, (token, key): (&str, &str)) -> Pending<()> {
        let [tenant, token, key] = [tenant, token, key].map(str::to_owned);
        self.keep(WRITES_THAT_END, move |records| {
            answers::forget(&records.of(&tenant), (&token, &key))
        })
    }

    fn purge_answers(&self, before: i64) -> Pending<u64> {
        self.write_end(move |records| answers::purge(&records.everyone(), before))
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
