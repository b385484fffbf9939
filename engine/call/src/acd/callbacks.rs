//! Callers who do not want to wait on the line: their place waits for them, and they are called when it
//! is their turn.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::announcing::Announced;
use super::caller::{Caller, Offers, Place, Rank};
use super::demand::Widened;
use super::name::QueueIx;
use super::timers::Timer;
use super::{Acd, EnterError, Leave, MOST_PRIORITY, Medium, OfferEnd, Output, QueueName, Wants};
use crate::CallId;
use crate::toll::Barred;

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
    /// What they ask of agents, for who waits in none.
    pub wants: Wants,
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
    /// It is no number of a customer's.
    #[error("a customer's number is wanted: no number for help, no extension, none that is hidden")]
    NoNumber,
    /// The toll fence would let no call to it out.
    #[error(transparent)]
    Barred(#[from] Barred),
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
            Self::NoNumber => "no_number",
            Self::Barred(_) => "not_allowed",
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
    pub(super) held_back: bool,
}

/// How somebody stood in the line before they went away.
struct Stood {
    place: Place,
    first: Instant,
    widens_from: Instant,
    wants: Wants,
}

impl Stood {
    /// Somebody for whom the choice of agents begins to widen where they came.
    fn anew(mut place: Place, first: Instant, wants: Wants) -> Self {
        if wants.vip {
            place.rank = place.rank.min(Rank::Vip);
        }
        Self {
            place,
            first,
            widens_from: first,
            wants,
        }
    }
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
    /// What they ask of agents.
    #[serde(default)]
    pub wants: Wants,
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
    /// place that they have. Returns by what id they are, and the place; 1 is the next.
    ///
    /// # Errors
    /// When the queue does not call back, or there is no such queue.
    pub fn handle_callback(
        &mut self,
        now: Instant,
        wanted: Callback,
    ) -> Result<(CallId, usize), CallbackError> {
        self.begin(now);
        let done = self.call_back(wanted);
        self.finish();
        done
    }

    /// The trunk by which a call is called back: that of the queue in which it waits, else of the one that is named.
    pub fn calls_back_by(&self, call: CallId, named: &QueueName) -> Option<&str> {
        let waits = self.callers.get(&call).map(|caller| caller.queue);
        let queue = waits.or_else(|| self.names.queues.get(named).copied())?;
        let callbacks = &self.queues[queue.0].plan.care.callbacks;
        callbacks.trunk.as_deref()
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
            let stood = Stood::anew(place, first, kept.wants);
            let mut away = Away::new(kept.number);
            away.tried = kept.tried;
            away.not_before = kept.not_before.map(|at| now + micros(at, wall));
            self.wait_away(kept.id, queue, stood, away);
        }
        self.finish();
    }

    fn call_back(&mut self, wanted: Callback) -> Result<(CallId, usize), CallbackError> {
        let Callback {
            call,
            queue,
            number,
            priority,
            wants,
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
                Some(left) => Stood::anew(left.place, left.first, wants),
                None => {
                    let came = self.came(Duration::ZERO, priority.min(MOST_PRIORITY));
                    Stood::anew(self.place_at(came), now, wants)
                }
            };
            self.wait_away(call, queue, kept, Away::new(number.clone()));
        }
        let id = self.waits_for_call(&number).unwrap_or(call);
        Ok((id, self.position(id).unwrap_or(1)))
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
        let stood = Stood {
            place: caller.place,
            first: caller.first,
            widens_from: caller.widens_from,
            wants: Wants {
                // Whatever it was before: who is called is on the line.
                medium: Medium::Voice,
                ..caller.wants.clone()
            },
        };
        self.part(caller, Leave::Callback);
        if self.waits_for_call(&number).is_none() {
            self.wait_away(call, queue, stood, Away::new(number));
        }
    }

    /// Who is to be called at this number.
    pub(super) fn waits_for_call(&self, number: &str) -> Option<CallId> {
        let mut callers = self.callers.values();
        let found = callers.find(|it| it.away.as_ref().is_some_and(|away| away.number == number));
        found.map(|caller| caller.call)
    }

    fn wait_away(&mut self, id: CallId, queue: QueueIx, stood: Stood, away: Away) {
        let now = self.clock.now;
        let Stood { place, first, .. } = stood;
        let mut caller = Caller {
            call: id,
            queue,
            place,
            came: self.came(now.saturating_duration_since(first), 0),
            arrived: now,
            first,
            widens_from: stood.widens_from,
            max_wait: None,
            wants: stood.wants,
            widened: Widened::default(),
            offers: Offers::default(),
            announced: Announced::default(),
            step: 0,
            visited: vec![queue],
            episode: self.new_episode(id, queue, 0),
            from: Some(away.number.clone()),
            away: Some(away),
        };
        caller.widened = self.widened(&caller);
        self.keep_skills(&caller.widened);
        self.queues[queue.0].insert(place, id);
        self.queues[queue.0].away += 1;
        self.callers.insert(id, caller);
        self.expect_guest(id);
        self.work.dirty.insert(queue);
        self.hold_back(queue);
        self.note_callback(id, CallbackState::Waits);
        self.settle_away(id);
    }

    /// Widens whom somebody is called for, and sets when they may be called again.
    pub(super) fn settle_away(&mut self, id: CallId) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get(&id) else {
            return;
        };
        let overdue = caller.overdue_at(&self.queues[caller.queue.0].plan);
        if overdue.is_some_and(|at| at <= now) {
            self.move_up(id);
        }
        self.widen(id);
        let Some(caller) = self.callers.get(&id) else {
            return;
        };
        let again = caller.away.as_ref().and_then(|away| away.not_before);
        // A script that has named nobody is asked once more.
        let passed = caller.offers.passed.map(|(until, _)| until);
        let next = [again, passed, overdue, caller.widened.next];
        let next = next.into_iter().flatten().filter(|at| *at > now).min();
        let queue = caller.queue;
        self.timers.set(Timer::Caller(id), next);
        self.work.dirty.insert(queue);
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

    pub(super) fn note_callback(&mut self, id: CallId, state: CallbackState) {
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
            wants: caller.wants.clone(),
            tried: away.tried,
            not_before: away.not_before.map(|at| self.clock.wall(at)),
            state,
            at: self.clock.wall(self.clock.now),
        };
        self.outputs.push_back(Output::Callback(change));
    }
}
/// So many may wait to be called.
const MOST: usize = 10_000;
