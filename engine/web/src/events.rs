//! What happens in the exchange, kept for a while so that who was away can catch up.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::figures::{Alert, BoardAgent, BoardQueue};

/// The events of all tenants, each tenant's in a ring of its own: who listens hears one tenant, and
/// a busy tenant pushes nobody else's history out.
///
/// Publishing takes a short lock and never waits for readers; a reader that falls out of the ring
/// is told how much it has missed. Events are in the order in which they were published, and one
/// thread publishes all that is of a call.
#[derive(Debug)]
pub struct Events {
    /// Tells this run of the exchange from others in cursors.
    run: String,
    kept: usize,
    rings: Mutex<HashMap<String, Arc<Ring>>>,
}

/// One thing that has happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// From 1, without gaps within a tenant.
    pub(crate) number: u64,
    /// Wall time, microseconds since 1970 UTC.
    pub(crate) at: i64,
    /// The call that it is of.
    pub(crate) call: Option<Uuid>,
    pub(crate) news: News,
}

/// What has happened. Version 1 of these: fields may be added, none changes its meaning.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "data")]
pub enum News {
    /// A call has come in.
    #[serde(rename = "call.started")]
    CallStarted {
        /// `inbound`, `outbound`, `internal`.
        direction: &'static str,
        /// The caller's number as it came.
        from: String,
        /// Its canonical form.
        from_number: Option<String>,
        /// The number that was dialled.
        to: String,
        /// The user who calls.
        user: Option<String>,
    },
    /// It does something else now.
    #[serde(rename = "call.changed")]
    CallChanged {
        /// As of [`LiveCall`](crate::LiveCall).
        state: &'static str,
        /// The user or number that the caller talks with.
        talks_with: Option<String>,
    },
    /// It is over and its record is written.
    #[serde(rename = "call.ended")]
    CallEnded {
        /// `answered`, `rang_out` …
        result: String,
        /// `normal`, `busy` …
        cause: String,
        /// `customer`, `agent:1049`, `system:no_answer` …
        ended_by: String,
        /// Whether it was answered at all.
        answered: bool,
        /// From its beginning to its end.
        duration_ms: i64,
    },
    /// A conversation's recording is closed and can be fetched.
    #[serde(rename = "recording.finished")]
    RecordingFinished {
        /// The recording.
        id: Uuid,
        /// Its length.
        duration_ms: i64,
        /// Whether a part of it is missing.
        lost: bool,
    },
    /// A caller waits in a queue.
    #[serde(rename = "queue.entered")]
    QueueEntered {
        /// Which.
        queue: String,
        /// The place; 1 is the next.
        position: usize,
    },
    /// A caller waits no longer.
    #[serde(rename = "queue.left")]
    QueueLeft {
        /// Which.
        queue: String,
        /// `answered`, `abandoned`, `timeout` …
        outcome: &'static str,
        /// Who answered.
        agent: Option<String>,
        /// In this queue.
        waited_ms: i64,
    },
    /// An agent's state has changed, or whether a phone of theirs answers.
    #[serde(rename = "agent.changed")]
    AgentChanged {
        /// Who.
        agent: String,
        /// As of [`Agent`](crate::Agent).
        state: &'static str,
        /// Why they are busy.
        reason: Option<String>,
        /// The state before.
        before: &'static str,
        /// For how long that was.
        lasted_ms: i64,
        /// Whether a phone of theirs answers.
        reachable: bool,
        /// `agent`, `user:1001`, `api:NAME`, `engine` …
        by: String,
    },
    /// An agent asks for a break that a leader must approve.
    #[serde(rename = "agent.asks")]
    AgentAsks {
        /// Who.
        agent: String,
        /// Which, by the tenant's name.
        reason: Option<String>,
    },
    /// An agent is busy for longer than the reason allows.
    #[serde(rename = "agent.overrun")]
    AgentOverrun {
        /// Who.
        agent: String,
        /// Why they are.
        reason: Option<String>,
        /// For so long already.
        lasted_ms: i64,
    },
    /// An agent was reset, which should never be needed.
    #[serde(rename = "agent.reset")]
    AgentReset {
        /// Who.
        agent: String,
        /// What was believed of them, for whoever looks for the defect.
        trace: String,
    },
    /// An agent sits at another phone now; who sat with their name at the old one reads on only.
    #[serde(rename = "agent.moved")]
    AgentMoved {
        /// Who.
        agent: String,
        /// The user whose phone it was.
        from: String,
        /// And is.
        to: String,
        /// Who wanted it.
        by: String,
    },
    /// So many offers in a row failed that an agent is busy until they say otherwise: their leader should
    /// look.
    #[serde(rename = "agent.paused")]
    AgentPaused {
        /// Who.
        agent: String,
        /// The queue of the last of these offers.
        queue: String,
        /// `no_answer`, `rejected`, `phone_busy`, `unreachable`.
        reason: &'static str,
        /// So many.
        after: u32,
    },
    /// Somebody has waited for long on hold, and whoever holds was reminded: by a beep, or by a text where
    /// their phone wants to hear nothing while it holds.
    #[serde(rename = "call.hold_reminded")]
    CallHoldReminded {
        /// Who holds.
        user: String,
        /// For how long, until now.
        waited_ms: i64,
    },
    /// Something that is no call, a chat, was offered to an agent, or what became of that.
    #[serde(rename = "item.changed")]
    ItemChanged {
        /// Its id.
        item: Uuid,
        /// Where it waits or waited.
        queue: String,
        /// Which agent.
        agent: String,
        /// `offered`, `withdrawn`, `taken`, `returned`, `finished`.
        step: &'static str,
    },
    /// Somebody has done something at a desk, by whatever way, or was refused.
    #[serde(rename = "desk.command")]
    DeskCommand {
        /// `user:1001`, `api:NAME`, `plugin:NAME`, `script`.
        by: String,
        /// The user whom it was about.
        user: String,
        /// What: `busy`, `hang_up` …
        command: &'static str,
        /// `done`, or the word of why not: `not_allowed`, `in_call` …
        outcome: &'static str,
    },
    /// Somebody has logged in at another desk: the one before may look, and do nothing.
    #[serde(rename = "session.taken_over")]
    SessionTakenOver {
        /// Who.
        user: String,
    },
    /// Figures of today, or how queues and agents stand, are others than a second ago.
    #[serde(rename = "wallboard.changed")]
    WallboardChanged {
        /// Those that have changed.
        queues: Vec<BoardQueue>,
        /// Those that have changed.
        agents: Vec<BoardAgent>,
    },
    /// Somebody should look.
    #[serde(rename = "alert.raised")]
    AlertRaised(Alert),
    /// Nobody needs to look any longer.
    #[serde(rename = "alert.cleared")]
    AlertCleared(Alert),
    /// A phone has registered, or answers or no longer answers.
    #[serde(rename = "registration.changed")]
    RegistrationChanged {
        /// The extension.
        user: String,
        /// The Contact URI.
        contact: String,
        /// Whether it answers OPTIONS.
        reachable: bool,
    },
    /// A phone is no longer registered.
    #[serde(rename = "registration.removed")]
    RegistrationRemoved {
        /// The extension.
        user: String,
        /// The Contact URI.
        contact: String,
    },
    /// A message was left and is on disk.
    #[serde(rename = "voicemail.left")]
    VoicemailLeft {
        /// The message.
        id: Uuid,
        /// Whose mailbox.
        mailbox: String,
        /// The caller's number, if known.
        from: Option<String>,
        /// Its length.
        duration_ms: i64,
        /// The caller has marked it as urgent.
        urgent: bool,
    },
    /// A message was listened to, deleted or restored, by phone or by API.
    #[serde(rename = "voicemail.changed")]
    VoicemailChanged {
        /// The message.
        id: Uuid,
        /// Whose mailbox.
        mailbox: String,
        /// `heard`, `deleted`, `restored`, `assigned`.
        change: &'static str,
        /// The user who is to see to it.
        assigned_to: Option<String>,
    },
    /// A recording was deleted.
    #[serde(rename = "recording.deleted")]
    RecordingDeleted {
        /// The recording.
        id: Uuid,
    },
    /// New calls get another generation of the scripts.
    #[serde(rename = "generation.published")]
    GenerationPublished {
        /// Its number.
        generation: u64,
        /// Of its sources.
        hash: String,
        /// So many things are amiss in it all the same.
        warnings: usize,
    },
    /// Changed scripts are wrong and change nothing.
    #[serde(rename = "generation.refused")]
    GenerationRefused {
        /// The number that they would have got.
        generation: u64,
        /// The generation that goes on.
        stays: Option<u64>,
        /// All that is wrong.
        errors: Vec<String>,
    },
    /// A handler, timer or job of the scripts failed.
    #[serde(rename = "script.failed")]
    ScriptFailed {
        /// The generation that it ran on.
        generation: u64,
        /// With file and line, where known.
        message: String,
    },
    /// A plugin has failed too often and is left out.
    #[serde(rename = "plugin.left_out")]
    PluginLeftOut {
        /// Its name.
        plugin: String,
        /// The fault that was one too many.
        why: String,
    },
    /// A host of a trunk no longer answers.
    #[serde(rename = "trunk.down")]
    TrunkDown {
        /// The trunk.
        trunk: String,
        /// The host.
        address: String,
    },
    /// A host of a trunk answers again.
    #[serde(rename = "trunk.up")]
    TrunkUp {
        /// The trunk.
        trunk: String,
        /// The host.
        address: String,
    },
    /// Our registration at a trunk stands otherwise.
    #[serde(rename = "trunk.registration_changed")]
    TrunkRegistrationChanged {
        /// The trunk.
        trunk: String,
        /// Whether we are registered there.
        registered: bool,
        /// Why not.
        why: Option<String>,
    },
    /// A list of callers has changed.
    #[serde(rename = "list.changed")]
    ListChanged {
        /// `blacklist`, `vip`, `whitelist`.
        list: &'static str,
        /// The number, or how numbers begin.
        number: String,
        /// Whether it is how numbers begin.
        prefix: bool,
        /// `added` or `removed`.
        change: &'static str,
        /// `user:1049`, `api:NAME`, `script` …
        by: String,
    },
    /// The toll fence has let somebody not out.
    #[serde(rename = "toll.refused")]
    TollRefused {
        /// Whose rights were looked at; nobody's are those of a trunk's calls and of programs.
        user: Option<String>,
        /// The trunk.
        trunk: String,
        /// The number that was not called.
        number: String,
        /// `international`, `premium` …, `blocked`, `country`, `after_hours`, `calls_a_day`, `minutes_a_day`,
        /// `calls_an_hour`, `at_once`, `cost_a_call`, `cost_a_day`, `tenant_cost_a_day`.
        why: &'static str,
    },
    /// A user's day is nearly or wholly used up.
    #[serde(rename = "toll.alarm")]
    TollAlarm {
        /// Who; nobody where it is the whole tenant's limit.
        user: Option<String>,
        /// `calls_a_day`, `minutes_a_day`, `cost_a_day`, `tenant_cost_a_day`.
        limit: &'static str,
        /// Calls, minutes, or whole units of money.
        used: u32,
        /// Of so many.
        of: u32,
    },
    /// A call has cost what it may, and was ended.
    #[serde(rename = "toll.cut")]
    TollCut {
        /// Who pays.
        user: Option<String>,
        /// The trunk.
        trunk: String,
        /// Who was called.
        number: String,
        /// `cost_a_call`, `cost_a_day`, `tenant_cost_a_day`.
        why: &'static str,
    },
    /// Somebody calls a country that nobody of the tenant has called before.
    #[serde(rename = "toll.country")]
    TollCountry {
        /// Who pays.
        user: Option<String>,
        /// Who is called.
        number: String,
        /// As `+852`.
        country: String,
    },
    /// Somebody calls for help.
    #[serde(rename = "emergency.called")]
    EmergencyCalled {
        /// Who.
        user: Option<String>,
        /// By this trunk.
        trunk: String,
        /// `110`, `119`, `120`, `122`.
        number: String,
    },
}

#[derive(Debug)]
struct Ring {
    kept: usize,
    last: Mutex<Last>,
    /// The number of the newest.
    newest: watch::Sender<u64>,
    /// How many may listen at once.
    seats: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Last {
    events: VecDeque<Arc<Event>>,
    newest: u64,
}

impl Events {
    /// Makes empty rings; `run` names this run of the exchange, a time will do.
    pub fn new(run: i64) -> Self {
        Self::keeping(run, KEPT)
    }

    pub(crate) fn keeping(run: i64, kept: usize) -> Self {
        Self {
            run: format!("{run:x}"),
            kept,
            rings: Mutex::default(),
        }
    }

    /// Puts something in; never waits for a reader.
    pub fn publish(&self, tenant: &str, at: i64, call: Option<Uuid>, news: News) {
        let ring = self.ring(tenant);
        let mut last = locked(&ring.last);
        last.newest += 1;
        let number = last.newest;
        last.events.push_back(Arc::new(Event {
            number,
            at,
            call,
            news,
        }));
        if last.events.len() > ring.kept {
            last.events.pop_front();
        }
        // Still under the lock: readers must not be told of a later one first.
        ring.newest.send_replace(number);
    }

    /// Begins to listen: after the event of this cursor, or from now on. `None` when all seats are
    /// taken.
    pub(crate) fn listen(&self, tenant: &str, after: Option<&str>) -> Option<Listening> {
        let ring = self.ring(tenant);
        let seat = ring.seats.clone().try_acquire_owned().ok()?;
        let changed = ring.newest.subscribe();
        let (newest, oldest) = {
            let last = locked(&ring.last);
            let oldest = last.events.front().map_or(last.newest + 1, |it| it.number);
            (last.newest, oldest)
        };
        let known = after.map(|cursor| self.number(cursor));
        let (next, is_whole) = match known {
            None => (newest + 1, true),
            Some(Some(number)) if number < oldest.saturating_sub(1) => (oldest, false),
            Some(Some(number)) if number <= newest => (number + 1, true),
            // Of another run of the exchange, or nobody's.
            Some(_) => (oldest, false),
        };
        Some(Listening {
            run: self.run.clone(),
            ring,
            changed,
            next,
            is_whole,
            _seat: seat,
        })
    }

    /// The number in a cursor of this run.
    fn number(&self, cursor: &str) -> Option<u64> {
        let (run, number) = cursor.split_once('.')?;
        (run == self.run).then(|| number.parse().ok()).flatten()
    }

    fn ring(&self, tenant: &str) -> Arc<Ring> {
        let mut rings = locked(&self.rings);
        if let Some(ring) = rings.get(tenant) {
            return ring.clone();
        }
        let ring = Arc::new(Ring {
            kept: self.kept,
            last: Mutex::default(),
            newest: watch::Sender::new(0),
            seats: Arc::new(Semaphore::new(SEATS)),
        });
        rings.insert(tenant.to_owned(), ring.clone());
        ring
    }
}

/// One reader's place in its tenant's ring.
#[derive(Debug)]
pub(crate) struct Listening {
    run: String,
    ring: Arc<Ring>,
    changed: watch::Receiver<u64>,
    next: u64,
    is_whole: bool,
    _seat: OwnedSemaphorePermit,
}

impl Listening {
    /// Whether nothing is missing between the cursor that was given and what comes now.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The cursor of the place before what comes next.
    pub(crate) fn cursor(&self) -> String {
        self.cursor_of(self.next - 1)
    }

    /// The cursor of an event.
    pub(crate) fn cursor_of(&self, number: u64) -> String {
        format!("{}.{number}", self.run)
    }

    /// The next events, a few at a time; empty when there are none yet.
    ///
    /// # Errors
    /// How many have been pushed out before they were read.
    pub(crate) fn take(&mut self) -> Result<Vec<Arc<Event>>, u64> {
        self.changed.mark_unchanged();
        let last = locked(&self.ring.last);
        let Some(oldest) = last.events.front().map(|event| event.number) else {
            return Ok(Vec::new());
        };
        if self.next < oldest {
            return Err(oldest - self.next);
        }
        let skip = usize::try_from(self.next - oldest).unwrap_or(usize::MAX);
        let taken: Vec<_> = last.events.iter().skip(skip).take(FEW).cloned().collect();
        self.next += taken.len() as u64;
        Ok(taken)
    }

    /// Waits until there may be more.
    pub(crate) async fn changed(&mut self) {
        // The ring holds the sender, and we hold the ring.
        let _ = self.changed.changed().await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events of a tenant that are kept: an hour's worth of a call a second, and 1 MB.
const KEPT: usize = 8_192;
/// Readers of a tenant at once.
const SEATS: usize = 32;
/// Events that are taken under one lock.
const FEW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(user: &str) -> News {
        News::RegistrationRemoved {
            user: user.to_owned(),
            contact: String::new(),
        }
    }

    fn users(listening: &mut Listening) -> Vec<String> {
        let events = listening.take().unwrap();
        let users = events.iter().map(|event| match &event.news {
            News::RegistrationRemoved { user, .. } => user.clone(),
            other => panic!("{other:?}"),
        });
        users.collect()
    }

    #[test]
    fn a_reader_hears_its_own_tenant_in_order_from_where_it_was() {
        let events = Events::keeping(1, 8);
        events.publish("8001", 0, None, gone("before"));
        let mut reader = events.listen("8001", None).unwrap();
        events.publish("8001", 0, None, gone("a"));
        events.publish("8002", 0, None, gone("theirs"));
        events.publish("8001", 0, None, gone("b"));

        assert_eq!(users(&mut reader), ["a", "b"]);
        assert!(users(&mut reader).is_empty());
        let cursor = reader.cursor();
        drop(reader);
        events.publish("8001", 0, None, gone("c"));

        let mut again = events.listen("8001", Some(&cursor)).unwrap();
        assert!(again.is_whole());
        assert_eq!(users(&mut again), ["c"]);
    }

    #[test]
    fn a_cursor_that_is_too_old_or_of_another_run_begins_at_the_oldest_and_says_so() {
        let events = Events::keeping(2, 3);
        let start = events.listen("8001", None).unwrap().cursor();
        for user in ["a", "b", "c", "d"] {
            events.publish("8001", 0, None, gone(user));
        }
        for cursor in [&*start, "1.4", "2.99", "2.x", "nonsense", ""] {
            let mut reader = events.listen("8001", Some(cursor)).unwrap();
            assert!(!reader.is_whole(), "{cursor}");
            assert_eq!(users(&mut reader), ["b", "c", "d"], "{cursor}");
        }
        let mut whole = events.listen("8001", Some("2.1")).unwrap();
        assert!(whole.is_whole());
        assert_eq!(users(&mut whole), ["b", "c", "d"]);
    }

    #[test]
    fn a_reader_that_falls_out_of_the_ring_is_told_how_much_it_missed() {
        let events = Events::keeping(1, 2);
        let mut reader = events.listen("8001", None).unwrap();
        for user in ["a", "b", "c", "d", "e"] {
            events.publish("8001", 0, None, gone(user));
        }

        assert_eq!(reader.take(), Err(3));
    }

    #[test]
    fn so_many_may_listen_and_one_who_goes_makes_room() {
        let events = Events::new(1);
        let mut readers: Vec<_> = (0..SEATS)
            .map(|_| events.listen("8001", None).unwrap())
            .collect();

        assert!(events.listen("8001", None).is_none());
        assert!(events.listen("8002", None).is_some());
        readers.pop();
        assert!(events.listen("8001", None).is_some());
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let events = Arc::new(Events::new(1));
        let mut reader = events.listen("8001", None).unwrap();
        let publisher = events.clone();
        let task = tokio::spawn(async move { publisher.publish("8001", 7, None, gone("a")) });

        reader.changed().await;

        assert_eq!(users(&mut reader), ["a"]);
        task.await.unwrap();
    }
}
