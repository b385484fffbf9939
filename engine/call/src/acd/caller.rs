//! A caller who waits, and the line in which they stand.

use std::time::{Duration, Instant};

use super::announcing::Announced;
use super::callbacks::Away;
use super::demand::Widened;
use super::episode::Episode;
use super::estimate::Estimate;
use super::name::{AgentIx, QueueIx};
use super::plan::{QueuePlan, When};
use super::sort::{Before, Mark};
use super::widening::Wants;
use super::{AskId, LeaseId};
use crate::CallId;

/// The place in all lines: who came first, less the head start, of those of the same rank; then the
/// order of arrival.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) rank: Rank,
    /// Microseconds since the machine began.
    pub(super) came: i64,
    pub(super) number: u64,
}

/// Whom nobody of a later rank overtakes, whatever their head start.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Rank {
    /// Has waited for so long that it must not get worse.
    Overdue,
    Vip,
    Usual,
}

/// One caller in one queue.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) call: CallId,
    pub(super) queue: QueueIx,
    pub(super) place: Place,
    /// When they came, without a head start: microseconds since the machine began.
    pub(super) came: i64,
    /// In this queue since then.
    pub(super) arrived: Instant,
    /// In the first of the queues since then.
    pub(super) first: Instant,
    /// The choice of agents widens since then: as `arrived`, but for who is called back.
    pub(super) widens_from: Instant,
    /// Instead of the queue's.
    pub(super) max_wait: Option<Duration>,
    /// What they ask of agents.
    pub(super) wants: Wants,
    /// How that has widened.
    pub(super) widened: Widened,
    pub(super) offers: Offers,
    pub(super) announced: Announced,
    /// The next of the queue's overflow steps.
    pub(super) step: usize,
    /// All queues that the caller has been in.
    pub(super) visited: Vec<QueueIx>,
    pub(super) episode: Episode,
    /// The number that they call from, as `+E.164` or internal number.
    pub(super) from: Option<String>,
    /// They are not on the line, and are called when it is their turn.
    pub(super) away: Option<Away>,
}

/// What is going on for a caller.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Those that live.
    pub(super) leases: Vec<LeaseId>,
    /// The one whose agent has answered.
    pub(super) connecting: Option<LeaseId>,
    /// Whom the last offer went to, for `linear`.
    pub(super) last: Option<AgentIx>,
    /// Who has been rung since nobody was, where several ring.
    pub(super) round: Vec<AgentIx>,
    /// When one more is to ring, for `ring_progressive`.
    pub(super) one_more: Option<Instant>,
    /// The script named nobody: ask again then, or when the queue's count of those who came free is
    /// another.
    pub(super) passed: Option<(Instant, u64)>,
}

impl Caller {
    /// Nobody rings for them, and nobody has answered.
    pub(super) fn is_unoffered(&self) -> bool {
        self.offers.leases.is_empty()
    }

    /// Whether an offer could be made now.
    pub(super) fn wants_offer(&self, now: Instant, came_free: u64) -> bool {
        let passed = self.offers.passed;
        let away = self.away.as_ref();
        self.is_unoffered()
            && away.is_none_or(|away| away.may_be_called(now))
            && passed.is_none_or(|(until, count)| until <= now || count != came_free)
    }

    /// From when on nobody overtakes them.
    pub(super) fn overdue_at(&self, plan: &QueuePlan) -> Option<Instant> {
        match self.place.rank {
            Rank::Overdue => None,
            Rank::Vip | Rank::Usual => self.first.checked_add(plan.guard?),
        }
    }

    pub(super) fn be_overdue(&mut self) {
        self.place.rank = Rank::Overdue;
        self.place.came = self.came;
    }

    pub(super) fn waits_until(&self, plan: &QueuePlan) -> Option<Instant> {
        let most = self.max_wait.or(plan.limits.max_wait)?;
        self.arrived.checked_add(most)
    }

    /// The next step that waiting brings, by its number in the plan.
    pub(super) fn next_step(&self, plan: &QueuePlan) -> Option<(usize, Instant)> {
        let steps = plan.overflow.iter().enumerate().skip(self.step);
        steps
            .filter_map(|(index, overflow)| match overflow.when {
                When::Waited(after) => Some((index, self.arrived.checked_add(after)?)),
                When::Full | When::Empty => None,
            })
            .next()
    }
}

/// One queue as it lives.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) plan: QueuePlan,
    /// The members' places in the machine's list, in the plan's order.
    pub(super) members: Vec<AgentIx>,
    /// The members' levels, each once, the lowest first.
    pub(super) levels: Vec<u32>,
    /// Gone from the plan: takes no new callers, and serves those who wait.
    pub(super) closing: bool,
    /// That it is gone while callers wait has been told, and its end has not.
    pub(super) told_gone: bool,
    /// Who waits, the next first.
    pub(super) line: Vec<(Place, CallId)>,
    /// Whom offers went to last, at most one of each level, the last of all at the end: for round robin.
    pub(super) last: Vec<AgentIx>,
    pub(super) asking: Option<Asking>,
    /// How often a member has come free.
    pub(super) came_free: u64,
    /// Since when no member counts, while somebody waits.
    pub(super) empty_since: Option<Instant>,
    /// How long calls have taken.
    pub(super) estimate: Estimate,
    /// So many of those in the line are not on the line themselves.
    pub(super) away: usize,
    /// Who waits on the line has waited for a call to somebody else that came to nothing: they go first.
    pub(super) line_first: bool,
    /// Who was answered last, and when.
    pub(super) answered: Option<(CallId, Instant)>,
}

/// A script is thinking.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) id: AskId,
    pub(super) call: CallId,
}

impl Queue {
    pub(super) fn new(plan: QueuePlan) -> Self {
        Self {
            plan,
            members: Vec::new(),
            levels: Vec::new(),
            closing: false,
            told_gone: false,
            line: Vec::new(),
            last: Vec::new(),
            asking: None,
            came_free: 0,
            empty_since: None,
            estimate: Estimate::default(),
            away: 0,
            line_first: false,
            answered: None,
        }
    }

    pub(super) fn insert(&mut self, place: Place, call: CallId) -> usize {
        let at = self.line.partition_point(|(other, _)| *other < place);
        self.line.insert(at, (place, call));
        at
    }

    pub(super) fn remove(&mut self, place: Place) {
        if let Ok(at) = self.find(place) {
            self.line.remove(at);
        }
    }

    /// How many are ahead.
    pub(super) fn ahead(&self, place: Place) -> usize {
        self.find(place).unwrap_or_else(|at| at)
    }

    pub(super) fn is_full(&self) -> bool {
        let most = self.plan.limits.max_callers;
        most.is_some_and(|most| self.line.len().saturating_sub(self.away) >= most)
    }

    /// The place in the list of a member, if they still are one.
    pub(super) fn place_of(&self, agent: Option<AgentIx>) -> Option<usize> {
        let agent = agent?;
        self.members.iter().position(|member| *member == agent)
    }

    /// How much this agent is the queue's.
    pub(super) fn priority_of(&self, agent: AgentIx) -> u32 {
        let member = self
            .place_of(Some(agent))
            .and_then(|place| self.plan.members.get(place));
        member.map_or(0, |member| member.priority)
    }

    /// An agent is offered a call.
    pub(super) fn note_offer(&mut self, agent: AgentIx) {
        let level = self.mark_of(agent).map(|mark| mark.level);
        let mut last = std::mem::take(&mut self.last);
        last.retain(|other| {
            *other != agent
                && self
                    .mark_of(*other)
                    .is_some_and(|it| Some(it.level) != level)
        });
        last.push(agent);
        self.last = last;
    }

    /// Whom offers went to before, in the terms of strategies.
    pub(super) fn before(&self, agents: &[AgentIx]) -> Before {
        let places = agents.iter().filter_map(|agent| {
            let place = self.place_of(Some(*agent))?;
            Some((self.plan.members.get(place)?.level, place))
        });
        Before {
            places: places.collect(),
            last: agents.last().and_then(|agent| self.mark_of(*agent)),
        }
    }

    fn mark_of(&self, agent: AgentIx) -> Option<Mark> {
        let place = self.place_of(Some(agent))?;
        let member = self.plan.members.get(place)?;
        Some(Mark {
            level: member.level,
            position: member.position(place),
        })
    }

    fn find(&self, place: Place) -> Result<usize, usize> {
        self.line.binary_search_by(|(other, _)| other.cmp(&place))
    }
}
