//! Callers who do not want to wait on the line: their place waits for them, and they are called when it
//! is their turn.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::announcing::Announced;
use super::caller::{Caller, Offers, Place};
use super::lease::{Lease, LeaseState};
use super::name::QueueIx;
use super::timers::Timer;
use super::{
    Acd, Decided, Decision, Enter, EnterError, LeaseId, Leave, MOST_PRIORITY, OfferEnd, Output,
    QueueName,
};
use crate::CallId;

/// Somebody wants to be called back.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    /// The call that asks: if it waits in a queue its place is kept, and it waits no longer. Else a new id.
    pub call: CallId,
    /// In which queue, for who waits in none.
    pub queue: QueueName,
    /// The number to call.
    pub number: String,
    /// A head start in seconds, for who waits in none.
    pub priority: u32,
}

/// Why somebody cannot be called back.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallbackError {
    /// There is no such queue.
    #[error(transparent)]
    Queue(#[from] EnterError),
    /// The queue names no trunk for it.
    #[error("queue '{0}' calls nobody back: write callback = {{ trunk = \"…\" }}")]
    NotOffered(QueueName),
    /// Too many wait for theirs.
    #[error("{MOST} wait to be called back already")]
    Full,
}

impl CallbackError {
    /// The word that scripts and programs see as `why`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queue(_) => "no_queue",
            Self::NotOffered(_) => "not_offered",
            Self::Full => "full",
        }
    }
}

/// A caller who is not on the line.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) number: String,
    /// Calls that came to nothing.
    pub(super) tried: u32,
    not_before: Option<Instant>,
    /// They are being called, or have answered and not confirmed it yet.
    pub(super) dials: bool,
    /// Somebody else goes first: others are being called, or who waits on the line has waited for a call
    /// that came to nothing.
    held_back: bool,
}

impl Away {
    fn new(number: String) -> Self {
        Self {
            number,
            tried: 0,
            not_before: None,
            dials: false,
            held_back: false,
        }
    }

    /// Whether they could be called now.
    pub(super) fn may_be_called(&self, now: Instant) -> bool {
        let rested = self.not_before.is_none_or(|at| at <= now);
        !self.dials && !self.held_back && rested
    }
}

/// What has become of somebody who is to be called back, for the records.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct CallbackChange {
    /// By the id of the call that asked for it.
    pub id: CallId,
    /// In which queue.
    pub queue: QueueName,
    /// The number.
    pub number: String,
    /// When they came, less a head start, in microseconds since 1970, UTC.
    pub came: i64,
    /// When they came to the first of their queues, likewise.
    pub first: i64,
    /// Calls that came to nothing.
    pub tried: u32,
    /// Not called before, likewise.
    pub not_before: Option<i64>,
    /// What has become of it.
    pub state: CallbackState,
    /// When, likewise.
    pub at: i64,
}

/// What has become of somebody who is to be called back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackState {
    /// Waits to be called, for the first time or again.
    Waits,
    /// Is being called.
    Called,
    /// Is on the line again.
    Back,
    /// Has called again, and waits on the line.
    Came,
    /// Was called so often as is allowed, in vain.
    GivenUp,
    /// Somebody took it out.
    Cancelled,
}

impl CallbackState {
    /// The word in records and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Called => "called",
            Self::Back => "back",
            Self::Came => "came",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether that is the end of it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waits | Self::Called)
    }
}

impl Acd {
    /// Somebody is to be called back when it is their turn. Who is to be already, by this number, keeps the
    /// place that they have. Returns the place; 1 is the next.
    ///
    /// # Errors
    /// When the queue does not call back, or there is no such queue.
    pub fn handle_callback(
        &mut self,
        now: Instant,
        wanted: Callback,
    ) -> Result<usize, CallbackError> {
        self.begin(now);
        let done = self.call_back(wanted);
        self.finish();
        done
    }

    /// The call to somebody came to nothing: nobody answered, or nobody confirmed it. A second word of the
    /// same call counts for nothing.
    pub fn handle_not_back(&mut self, now: Instant, id: CallId) {
        self.begin(now);
        self.not_back(id);
        self.finish();
    }

    /// Nobody is to be called back for this any more; false when nobody was.
    pub fn handle_callback_cancelled(&mut self, now: Instant, id: CallId) -> bool {
        self.begin(now);
        let known = self.callers.get(&id).is_some_and(|it| it.away.is_some());
        if known {
            self.forget_callback(id, CallbackState::Cancelled);
        }
        self.finish();
        known
    }

    /// Takes over what an earlier life has noted last of those who are to be called back.
    pub fn restore_callbacks(
        &mut self,
        now: Instant,
        kept: impl IntoIterator<Item = CallbackChange>,
    ) {
        self.begin(now);
        let (now, wall) = (self.clock.now, self.clock.wall(self.clock.now));
        let began = self.clock.wall(self.clock.began);
        for kept in kept.into_iter().filter(|kept| !kept.state.is_over()) {
            let Some(&queue) = self.names.queues.get(&kept.queue) else {
                continue;
            };
            let micros = |later: i64, sooner: i64| {
                let between = u64::try_from(later.saturating_sub(sooner)).unwrap_or_default();
                Duration::from_micros(between)
            };
            let first = now.checked_sub(micros(wall, kept.first)).unwrap_or(now);
            let place = self.place_at(kept.came.saturating_sub(began));
            let mut away = Away::new(kept.number);
            away.tried = kept.tried;
            away.not_before = kept.not_before.map(|at| now + micros(at, wall));
            self.wait_away(kept.id, queue, (place, first), away);
        }
        self.finish();
    }

    fn call_back(&mut self, wanted: Callback) -> Result<usize, CallbackError> {
        let Callback {
            call,
            queue,
            number,
            priority,
        } = wanted;
        let waits = self.callers.get(&call);
        let queue = match waits {
            Some(caller) => caller.queue,
            None => self.open_named(&queue)?,
        };
        let plan = &self.queues[queue.0].plan;
        if plan.care.callbacks.trunk.is_none() {
            return Err(CallbackError::NotOffered(plan.name.clone()));
        }
        if self.callers.values().filter(|it| it.away.is_some()).count() >= MOST {
            return Err(CallbackError::Full);
        }
        let now = self.clock.now;
        let is_known = self.callers.get(&call).is_some_and(|it| it.away.is_some());
        let waits = if is_known { None } else { self.detach(call) };
        if let Some(caller) = waits {
            self.go_away(caller, number.clone());
        } else if self.waits_for_call(&number).is_none() {
            let kept = match self.kept_place(queue, call, Some(&number)) {
                Some(left) => (left.place, left.first),
                None => {
                    let came = self.came(Duration::ZERO, priority.min(MOST_PRIORITY));
                    (self.place_at(came), now)
                }
            };
            self.wait_away(call, queue, kept, Away::new(number.clone()));
        }
        let id = self.waits_for_call(&number);
        Ok(id.and_then(|id| self.position(id)).unwrap_or(1))
    }

    /// The number of a caller whom a step of the overflow chain would have called back; tells either way.
    pub(super) fn number_to_call(&mut self, caller: &Caller, because: &str) -> Option<String> {
        let plan = &self.queues[caller.queue.0].plan.care.callbacks;
        let number = caller.from.clone().filter(|_| plan.trunk.is_some());
        let because = match (&number, &plan.trunk) {
            (Some(_), _) => because,
            (None, None) => "left out: the queue calls nobody back",
            (None, Some(_)) => "left out: the caller's number is not known",
        };
        let because = because.to_owned();
        self.decide_step(caller.call, caller.queue, "callback".to_owned(), &because);
        number
    }

    /// A caller leaves the line, and their place waits for them.
    pub(super) fn go_away(&mut self, caller: Caller, number: String) {
        let (call, queue) = (caller.call, caller.queue);
        let kept = (caller.place, caller.first);
        self.part(caller, Leave::Callback);
        if self.waits_for_call(&number).is_none() {
            self.wait_away(call, queue, kept, Away::new(number));
        }
    }

    /// Who is to be called at this number.
    pub(super) fn waits_for_call(&self, number: &str) -> Option<CallId> {
        let mut callers = self.callers.values();
        let found = callers.find(|it| it.away.as_ref().is_some_and(|away| away.number == number));
        found.map(|caller| caller.call)
    }

    fn wait_away(
        &mut self,
        id: CallId,
        queue: QueueIx,
        (place, first): (Place, Instant),
        away: Away,
    ) {
        let caller = Caller {
            call: id,
            queue,
            place,
            arrived: self.clock.now,
            first,
            max_wait: None,
            offers: Offers::default(),
            announced: Announced::default(),
            step: 0,
            visited: vec![queue],
            episode: self.new_episode(id, queue, 0),
            from: Some(away.number.clone()),
            away: Some(away),
        };
        self.queues[queue.0].insert(place, id);
        self.queues[queue.0].away += 1;
        self.callers.insert(id, caller);
        self.work.dirty.insert(queue);
        self.hold_back(queue);
        self.note_callback(id, CallbackState::Waits);
        self.settle_away(id);
    }

    /// Sets when somebody may be called again.
    pub(super) fn settle_away(&mut self, id: CallId) {
        let Some(caller) = self.callers.get(&id) else {
            return;
        };
        let now = self.clock.now;
        let again = caller.away.as_ref().and_then(|away| away.not_before);
        // A script that has named nobody is asked once more.
        let passed = caller.offers.passed.map(|(until, _)| until);
        let next = [again, passed].into_iter().flatten();
        let next = next.filter(|at| *at > now).min();
        let queue = caller.queue;
        self.timers.set(Timer::Caller(id), next);
        self.work.dirty.insert(queue);
    }

    /// An agent is held free for somebody who is not on the line: they are called.
    pub(super) fn call_away(&mut self, id: CallId, lease: LeaseId) {
        let Some(caller) = self.callers.get_mut(&id) else {
            return;
        };
        let Some(away) = &mut caller.away else {
            return;
        };
        away.dials = true;
        let (queue, number) = (caller.queue, away.number.clone());
        let plan = &self.queues[queue.0].plan;
        self.outputs.push_back(Output::CallBack {
            lease,
            id,
            queue: plan.name.clone(),
            number,
            by: plan.care.callbacks.clone(),
        });
        self.hold_back(queue);
        self.note_callback(id, CallbackState::Called);
    }

    /// How long an agent is held for somebody who is being called.
    pub(super) fn held_for(&self, queue: QueueIx) -> Duration {
        self.queues[queue.0].plan.care.callbacks.ring + TO_CONFIRM
    }

    fn not_back(&mut self, id: CallId) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get_mut(&id) else {
            return;
        };
        let queue = caller.queue;
        let Some(away) = caller.away.as_mut().filter(|away| away.dials) else {
            return;
        };
        let plan = &self.queues[queue.0].plan.care.callbacks;
        away.dials = false;
        away.tried += 1;
        away.not_before = Some(now + plan.retry);
        let gives_up = away.tried >= plan.tries;
        for lease in caller.offers.leases.clone() {
            self.drop_lease(lease, OfferEnd::CallerGone);
        }
        let others = &mut self.queues[queue.0];
        others.line_first = others.line.len() > others.away;
        if gives_up {
            return self.forget_callback(id, CallbackState::GivenUp);
        }
        self.hold_back(queue);
        self.note_callback(id, CallbackState::Waits);
        self.settle_away(id);
    }

    /// Who is to be called back comes by themselves: their place is the caller's now.
    pub(super) fn takes_over_callback(
        &mut self,
        queue: QueueIx,
        from: &str,
    ) -> Option<(Place, Instant)> {
        let id = self.waits_for_call(from)?;
        let caller = self.callers.get(&id).filter(|it| it.queue == queue)?;
        let kept = (caller.place, caller.first);
        self.forget_callback(id, CallbackState::Came);
        Some(kept)
    }

    fn forget_callback(&mut self, id: CallId, state: CallbackState) {
        self.note_callback(id, state);
        self.detach(id);
    }

    /// Who was called is on the line: they wait in their own place, and the agent who was held for them is
    /// offered the call. Gives the request back where nobody is to be called any more.
    pub(super) fn come_back(&mut self, enter: Enter) -> Option<Enter> {
        let Some(id) = enter.callback else {
            return Some(enter);
        };
        if self.callers.get(&id).is_none_or(|it| it.away.is_none()) {
            return Some(enter);
        }
        self.note_callback(id, CallbackState::Back);
        let Some(mut caller) = self.callers.remove(&id) else {
            return Some(enter);
        };
        let (now, queue) = (self.clock.now, caller.queue);
        self.timers.set(Timer::Caller(id), None);
        caller.call = enter.call;
        caller.away = None;
        caller.arrived = now;
        caller.max_wait = enter.max_wait;
        caller.episode = self.new_episode(enter.call, queue, 0);
        let before = now.saturating_duration_since(caller.first);
        caller.episode.waited_before_ms = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
        let line = &mut self.queues[queue.0];
        line.away = line.away.saturating_sub(1);
        line.remove(caller.place);
        let held = caller.offers.leases.clone();
        self.line_up(caller);
        for lease in held {
            self.offer_held(lease, enter.call);
        }
        self.hold_back(queue);
        None
    }

    /// The agent who was held is rung.
    fn offer_held(&mut self, id: LeaseId, call: CallId) {
        let now = self.clock.now;
        let Some(lease) = self.leases.get_mut(&id) else {
            return;
        };
        lease.call = call;
        let agent = lease.agent;
        if self.agents[agent.0].is_in_call() {
            // They have begun a call of their own meanwhile: somebody else is found.
            return self.drop_lease(id, OfferEnd::CallerGone);
        }
        let Some(lease) = self.leases.get_mut(&id) else {
            return;
        };
        let Lease { agent, queue, .. } = *lease;
        let plan = &self.queues[queue.0].plan;
        let ring = plan.offering.ring_timeout;
        lease.is_held = false;
        lease.offered_at = now;
        lease.state = LeaseState::Offered { until: now + ring };
        let waited = self
            .callers
            .get(&call)
            .map(|it| now.saturating_duration_since(it.first));
        self.timers.set(Timer::Lease(id), Some(now + ring));
        let offered = vec![self.agents[agent.0].id.clone()];
        self.outputs.push_back(Output::Offer {
            lease: id,
            call,
            queue: plan.name.clone(),
            agent: self.agents[agent.0].id.clone(),
            ring,
            waited: waited.unwrap_or_default(),
        });
        self.outputs.push_back(Output::Decision(Decision {
            call,
            queue: self.queue_name(queue),
            what: Decided::Offer(offered),
            because: "held free for who was called back".into(),
            candidates: Vec::new(),
        }));
    }

    /// Says of those who are not on the line whether somebody else goes first.
    pub(super) fn hold_back(&mut self, ix: QueueIx) {
        let queue = &self.queues[ix.0];
        if queue.away == 0 {
            return;
        }
        let line = queue
            .line
            .iter()
            .filter_map(|(_, call)| self.callers.get(call));
        let mut called = 0;
        let mut others_wait = false;
        for caller in line {
            match &caller.away {
                Some(away) => called += usize::from(away.dials),
                None => others_wait |= caller.is_unoffered(),
            }
        }
        let enough = called >= queue.plan.care.callbacks.at_once as usize;
        let held_back = enough || queue.line_first && others_wait;
        for (_, call) in &self.queues[ix.0].line {
            if let Some(away) = self.callers.get_mut(call).and_then(|it| it.away.as_mut()) {
                away.held_back = held_back;
            }
        }
        if !held_back {
            self.work.dirty.insert(ix);
        }
    }

    /// An agent has been offered to somebody who waits on the line.
    pub(super) fn line_was_served(&mut self, queue: QueueIx) {
        self.queues[queue.0].line_first = false;
        self.hold_back(queue);
    }

    fn note_callback(&mut self, id: CallId, state: CallbackState) {
        let Some(caller) = self.callers.get(&id) else {
            return;
        };
        let Some(away) = &caller.away else {
            return;
        };
        let began = self.clock.wall(self.clock.began);
        let change = CallbackChange {
            id,
            queue: self.queue_name(caller.queue),
            number: away.number.clone(),
            came: began.saturating_add(caller.place.came),
            first: self.clock.wall(caller.first),
            tried: away.tried,
            not_before: away.not_before.map(|at| self.clock.wall(at)),
            state,
            at: self.clock.wall(self.clock.now),
        };
        self.outputs.push_back(Output::Callback(change));
    }
}

/// From the answer of somebody who was called until they have confirmed it.
const TO_CONFIRM: Duration = Duration::from_secs(45);
/// So many may wait to be called.
const MOST: usize = 10_000;
