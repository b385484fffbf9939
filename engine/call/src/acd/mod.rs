//! Automatic call distribution: agents and queues of one tenant as one machine.
//!
//! **How the switch drives it.** There is one [`Acd`] for each tenant, beside its calls. After every
//! `handle_*` drain [`Acd::poll_output`] until it returns `None`; then wait for input or for
//! [`Acd::poll_timeout`], and call [`Acd::handle_timeout`] when that is due.
//!
//! *Callers.* When a script says `call:queue`, answer the call if need be and call
//! [`Acd::handle_enter`]; the script's request waits. [`Output::Waits`] says which music to play and
//! [`Output::Announce`] what to say over it. [`Output::Leave`] ends the wait: with
//! [`Leave::Answered`] the two are connected already and the request is answered when they part;
//! otherwise it is answered with the word of [`Leave::word`], or the switch performs the target of
//! [`Leave::Overflow`]. A caller who hangs up is reported by [`Acd::handle_gone`] *at once*, whatever
//! else is going on; one whom a key or the script takes out, by [`Acd::handle_leave`].
//!
//! *Offers.* [`Output::Offer`] is a reservation with a lease. Ring the agent's phones as one new leg
//! and remember which lease it is of; report what becomes of it by [`Acd::handle_offer`]. On
//! [`Output::Withdraw`] send CANCEL or BYE (with `Reason: SIP;cause=200` for
//! [`Withdrawn::Elsewhere`] and [`Withdrawn::Stale`]), or do not make the leg at all, and report
//! [`News::Gone`] when it is no more. On [`News::Answered`] the machine compares the lease: if it
//! stands, [`Output::Hush`] and [`Output::Connect`] follow at once, and the switch reports
//! [`News::Connected`] when the two hear each other; if not, [`Output::Withdraw`] follows and nobody
//! is put through to silence. Others who ring for the same caller go on ringing until `Connected`.
//!
//! *Legs.* Show every call to [`Acd::handle_legs`] whenever it has changed. From `Connected` on the
//! agent has a dialog in that call, until
//! [`DialogNews::Ended`] is reported for it. All other legs of agents (calls of their own, transfers
//! to them, conferences) are reported too, from their first INVITE: whoever has one is offered
//! nothing, and 事后 follows the last one that was with a customer. A lost BYE is found by session
//! timers and silence (RTP); as a net below that, call [`Acd::handle_audit`] once a second with the
//! calls and legs that live, and whatever the machine believes beyond them is ended.
//!
//! *Agents.* Star codes, the desk and the API all come in by [`Acd::handle_agent`], whose refusal is
//! what is spoken; [`Output::State`] is what lamps, screens and records show. Registration and
//! OPTIONS come in by [`Acd::handle_reach`].
//!
//! *Scripts.* [`Output::Choose`] asks a queue's `choose`; the answer comes by
//! [`Acd::handle_chosen`]. After [`Output::ForgetChoose`] it is too late.
//!
//! *Records.* [`Output::Decision`] belongs into the journal of its call, [`Output::Episode`] and
//! [`Output::State`] into the store. A new generation of scripts comes in by [`Acd::handle_plan`].
//! [`Acd::snapshot`] and [`Acd::restore`] carry agents over a restart.

mod acts;
mod agent;
mod announcing;
mod callbacks;
mod caller;
mod callers;
mod candidates;
mod capacity;
mod care;
mod choosing;
mod decision;
mod demand;
mod dispatch;
mod doing;
mod episode;
mod estimate;
mod habits;
mod held;
mod input;
mod items;
mod joining;
mod lease;
mod legs;
mod name;
mod offers;
mod output;
mod overdue;
mod picking;
mod plan;
mod presence;
mod reload;
mod resume;
mod returning;
mod snapshot;
mod sort;
mod state;
mod steps;
mod stored;
mod strategy;
mod timers;
mod totals;
mod view;
mod widening;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::CallId;
use crate::call::random::Random;

use agent::Agent;
use caller::{Caller, Queue};
use estimate::Handling;
use lease::Lease;
use resume::KeptPlaces;
use returning::Returning;
use timers::{Timer, Timers};

pub use callbacks::{Callback, CallbackChange, CallbackError, CallbackState};
pub use capacity::{Capacity, Medium};
pub use care::{Callbacks, Care, Greet};
pub use decision::{Because, Decided, Decision, Despite, Verdict};
pub use doing::Doing;
pub use episode::{Episode, EpisodeOffer, OfferEnd, Outcome};
pub use habits::{Habit, Habits};
pub use input::{Act, By, DialogNews, Enter, EnterError, MOST_PRIORITY, News, Refusal, Waited};
pub use items::{ItemError, ItemNews, ItemStep};
pub use legs::Seen;
pub use name::{AgentId, AskId, LeaseId, QueueName};
use name::{AgentIx, QueueIx};
pub use output::{Announcement, Leave, Output, StateChange, Status, Withdrawn};
pub use picking::{Pick, PickError};
pub use plan::{
    Across, AfterWrapUp, AgentRules, Announce, Limits, Member, Offering, Overflow, Plan, QueuePlan,
    ReasonRule, Setbacks, Step, When,
};
pub use presence::{Fact, Presence, PresenceError};
pub use resume::{PlaceChange, PlaceState};
pub use snapshot::{AgentSnapshot, Snapshot};
pub use state::{Reason, State};
pub use stored::Unreadable;
pub use strategy::{Ask, Candidate, Chosen, Strategy, Ties, UnknownStrategy};
pub use view::{QueueStatus, Waiting};
pub use widening::{
    Change, MOST_RINGS, PenaltyRange, PenaltyRule, Ring, Skills, Tiers, Wants, Widening, Without,
};

/// The agents and queues of one tenant.
///
/// It does no I/O and reads no clock. Its methods are of four kinds: `handle_*` for what comes in,
/// [`poll_output`](Self::poll_output) for what is to be done, [`poll_timeout`](Self::poll_timeout)
/// for when to come back, and getters. After every `handle_*` drain `poll_output` until it returns
/// `None`. The module's page says how the switch is to drive it.
///
/// **Promises.** An agent has at most one reservation. A call is connected to at most one agent.
/// Every reservation ends at the ring time-out and one second more at the latest, whatever dies.
/// 通话中 stands only while a confirmed dialog does. Nobody waits beside an agent who may take the
/// call: who is free and reached by it, has what it requires by now, in a level and with a penalty
/// that are open to it. Of two who wait in one queue, the one who came first, head start included, is
/// offered first whoever may take both; VIPs go before others, and nobody overtakes a caller who has
/// waited for as long as the queue's `guard`.
#[derive(Debug)]
pub struct Acd {
    clock: Clock,
    rules: AgentRules,
    day: totals::Day,
    agents: Vec<Agent>,
    queues: Vec<Queue>,
    names: Names,
    callers: BTreeMap<CallId, Caller>,
    leases: BTreeMap<LeaseId, Lease>,
    /// Whom agents are busy with.
    handling: Handling,
    /// Places of callers who have left the line.
    left_places: KeptPlaces,
    /// Customers of agents' chats.
    returning: Returning,
    timers: Timers,
    work: Work,
    outputs: VecDeque<Output>,
}

/// Monotonic time, and what it is on the wall.
#[derive(Clone, Copy, Debug)]
struct Clock {
    now: Instant,
    began: Instant,
    /// At this instant the wall showed so many microseconds since 1970, UTC.
    wall: (Instant, i64),
}

/// Who stands where in the lists.
#[derive(Debug, Default)]
struct Names {
    agents: BTreeMap<AgentId, AgentIx>,
    queues: BTreeMap<QueueName, QueueIx>,
}

/// What is left to be done before an input is dealt with, and the numbers not yet given.
#[derive(Debug)]
struct Work {
    /// Queues where somebody may have come free or begun to wait.
    dirty: BTreeSet<QueueIx>,
    /// Callers who have just lined up.
    newcomers: Vec<CallId>,
    next_number: u64,
    arrivals: u64,
    /// Decisions, for those that are drawn by lot, and what makes lots unlike those of other lives.
    draws: u64,
    seed: u64,
    /// Agents for whom callers are kept in queues that they do not serve.
    guests: BTreeSet<(AgentIx, QueueIx)>,
    /// Some agents serve some of their queues before others.
    preferences: bool,
    /// What callers required lately, each once.
    skills: BTreeSet<Arc<Skills>>,
}

impl Acd {
    /// A machine with this plan; all agents are logged out. `wall` is in microseconds since 1970,
    /// UTC. The seed keeps leases apart from those of an earlier life.
    pub fn new(now: Instant, wall: i64, seed: u64, plan: Plan) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&Random::new(seed).ten_bytes()[..8]);
        let mut acd = Self {
            clock: Clock {
                now,
                began: now,
                wall: (now, wall),
            },
            rules: plan.rules.clone(),
            day: totals::Day::unknown(now),
            agents: Vec::new(),
            queues: Vec::new(),
            names: Names::default(),
            callers: BTreeMap::new(),
            leases: BTreeMap::new(),
            handling: Handling::default(),
            left_places: KeptPlaces::default(),
            returning: Returning::default(),
            timers: Timers::default(),
            work: Work {
                dirty: BTreeSet::new(),
                newcomers: Vec::new(),
                next_number: u64::from_le_bytes(bytes),
                arrivals: 0,
                draws: 0,
                seed,
                guests: BTreeSet::new(),
                preferences: false,
                skills: BTreeSet::new(),
            },
            outputs: VecDeque::new(),
        };
        acd.handle_plan(now, plan);
        acd
    }

    /// A time-out is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        self.finish();
    }

    /// The wall clock shows this now: it was set, or time has passed. In microseconds since 1970,
    /// UTC.
    pub fn handle_clock(&mut self, now: Instant, wall: i64) {
        self.begin(now);
        self.clock.wall = (now, wall);
        self.finish();
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something comes in before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Takes the time, and does what was due before it.
    fn begin(&mut self, now: Instant) {
        self.clock.now = self.clock.now.max(now);
        self.do_what_is_due();
    }

    fn do_what_is_due(&mut self) {
        let mut watch = false;
        while let Some(timer) = self.timers.pop(self.clock.now) {
            match timer {
                Timer::Lease(lease) => self.lease_is_due(lease),
                Timer::Caller(call) => self.settle_caller(call),
                Timer::Agent(agent) => self.settle_agent(agent, &By::Engine),
                Timer::Ask(queue) => self.answer_is_late(queue),
                Timer::Empty(queue) => self.turn_out(queue),
                Timer::Watchdog => watch = true,
            }
        }
        // After the others: what they have found is not forgotten.
        if watch {
            self.look_for_forgotten();
        }
    }

    /// Offers what can be offered, and does what is due at once because of the input.
    fn finish(&mut self) {
        self.dispatch();
        while self.timers.next().is_some_and(|at| at <= self.clock.now) {
            self.do_what_is_due();
            self.dispatch();
        }
        for call in std::mem::take(&mut self.work.newcomers) {
            self.explain_first_wait(call);
        }
        let watch = !self.callers.is_empty();
        if watch != self.timers.is_set(Timer::Watchdog) {
            let at = watch.then(|| self.clock.now + FORGOTTEN_AFTER);
            self.timers.set(Timer::Watchdog, at);
        }
    }

    fn number(&mut self) -> u64 {
        let number = self.work.next_number;
        self.work.next_number = number.wrapping_add(1);
        number
    }

    fn queue_name(&self, queue: QueueIx) -> QueueName {
        self.queues[queue.0].plan.name.clone()
    }
}

impl Clock {
    /// An instant on the wall, in microseconds since 1970, UTC.
    fn wall(&self, at: Instant) -> i64 {
        let (anchor, wall) = self.wall;
        match at.checked_duration_since(anchor) {
            Some(after) => wall.saturating_add(micros(after)),
            None => wall.saturating_sub(micros(anchor - at)),
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Nobody waits beside a free agent for longer, even if the machine has a fault (D1).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);
