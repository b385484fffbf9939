//! Who of a queue's members may be offered a caller now, and why the others may not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caller::{Caller, Place, Queue};
use super::name::{AgentIx, QueueIx};
use super::returning::Welcome;
use super::widening::{PenaltyRange, Skills, Wants, lacking};
use super::{Acd, Because, Decided, Medium};
use crate::CallId;

/// What a caller asks of agents at this moment. Callers who ask the same are served by the same agents.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub(super) medium: Medium,
    /// Nobody but this agent, of whom nothing else is asked.
    only: Option<AgentIx>,
    /// The highest level that is open.
    level: u32,
    pub(super) range: PenaltyRange,
    required: Arc<Skills>,
    welcome: Welcome,
}

/// Who asks the same, for the length of one look: skills that stand at the same place are the same.
type Alike = (Medium, Option<AgentIx>, u32, PenaltyRange, usize, Welcome);

impl Demand {
    fn alike(&self) -> Alike {
        let skills = Arc::as_ptr(&self.required).addr();
        let welcome = self.welcome.clone();
        (
            self.medium,
            self.only,
            self.level,
            self.range,
            skills,
            welcome,
        )
    }
}

/// How the choice has widened for a caller, and when it does again. Levels and whether the agent who
/// knows them is there depend on agents, too; they are looked at when it matters.
#[derive(Debug, Default)]
pub(super) struct Widened {
    /// What is still required.
    pub(super) required: Arc<Skills>,
    pub(super) range: PenaltyRange,
    /// So many rings are passed.
    pub(super) rings: usize,
    /// The agent who is meant or knows the caller.
    pub(super) kept_for: Option<Kept>,
    pub(super) next: Option<Instant>,
}

/// For whom a caller is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    agent: AgentIx,
    most: Duration,
    /// They do not serve the queue.
    is_guest: bool,
}

/// What those who wait in queues ask, looked at once for all agents who serve several: for the length of
/// one look.
#[derive(Debug, Default)]
pub(super) struct Wishes(BTreeMap<QueueIx, Vec<Demand>>);

/// Levels of a queue, the lowest first, each with whether anybody there is at work.
type Levels = Vec<(u32, bool)>;

impl Acd {
    /// The first in the line for whom nobody rings and whom a free agent may be offered; nobody while a
    /// script thinks.
    pub(super) fn next_to_offer(&self, ix: QueueIx) -> Option<(Place, CallId)> {
        let queue = &self.queues[ix.0];
        if queue.asking.is_some() || queue.line.is_empty() {
            return None;
        }
        let mut wishes = Wishes::default();
        let for_calls = self.free_members(ix, Medium::Voice, &mut wishes);
        let for_chats = self.free_members(ix, Medium::Chat, &mut wishes);
        if for_calls.is_empty() && for_chats.is_empty() && !self.has_guests(ix) {
            return None;
        }
        let levels = self.levels(queue);
        let mut in_vain = BTreeSet::new();
        let mut line = queue.line.iter();
        let found = line.find(|(_, call)| {
            let Some(caller) = self.callers.get(call) else {
                return false;
            };
            if !caller.wants_offer(self.clock.now, queue.came_free) {
                return false;
            }
            let demand = self.demand(queue, caller, &levels);
            if in_vain.contains(&demand.alike()) {
                return false;
            }
            let free = match demand.medium {
                Medium::Voice => &for_calls,
                Medium::Chat => &for_chats,
            };
            let finds = match demand.only {
                Some(agent) => self.is_open_to(agent, ix, demand.medium, &mut wishes),
                None => free.iter().any(|place| self.suits(queue, &demand, *place)),
            };
            if !finds {
                in_vain.insert(demand.alike());
            }
            finds
        });
        found.copied()
    }

    /// What a caller asks for now.
    pub(super) fn demand_of(&self, caller: &Caller) -> Demand {
        let queue = &self.queues[caller.queue.0];
        self.demand(queue, caller, &self.levels(queue))
    }

    fn demand(&self, queue: &Queue, caller: &Caller, levels: &Levels) -> Demand {
        let waited = self.waited_here(caller);
        let only = self.kept_for(caller).map(|(agent, _)| agent);
        let tiers = queue.plan.widening.tiers.filter(|_| !levels.is_empty());
        Demand {
            medium: caller.wants.medium,
            only,
            level: tiers.map_or(u32::MAX, |tiers| tiers.open(waited, levels)),
            range: caller.widened.range,
            required: Arc::clone(&caller.widened.required),
            welcome: self.welcome(&caller.wants),
        }
    }

    /// The agent who goes before all others for this caller, and for how long still. One who is not at
    /// work, or does not take them, is not waited for.
    fn kept_for(&self, caller: &Caller) -> Option<(AgentIx, Duration)> {
        let kept = caller.widened.kept_for?;
        let left = kept.most.checked_sub(self.waited_here(caller))?;
        if left.is_zero() {
            return None;
        }
        let agent = &self.agents[kept.agent.0];
        let can_be_had = agent.is_reachable(self.clock.now) || caller.wants.medium == Medium::Chat;
        let takes = self.takes(kept.agent, &self.welcome(&caller.wants));
        (agent.is_at_work() && can_be_had && takes).then_some((kept.agent, left))
    }

    fn waited_here(&self, caller: &Caller) -> Duration {
        self.clock.now.saturating_duration_since(caller.widens_from)
    }

    /// Nothing where all levels are open at once.
    fn levels(&self, queue: &Queue) -> Levels {
        if queue.plan.widening.tiers.is_none() || queue.levels.len() < 2 {
            return Levels::new();
        }
        let mut levels: Levels = queue.levels.iter().map(|level| (*level, false)).collect();
        for (ix, member) in queue.members.iter().zip(&queue.plan.members) {
            if self.agents[ix.0].is_at_work()
                && let Ok(at) = levels.binary_search_by_key(&member.level, |(level, _)| *level)
            {
                levels[at].1 = true;
            }
        }
        levels
    }

    /// Whether this member may be offered a caller who asks for that.
    pub(super) fn suits(&self, queue: &Queue, demand: &Demand, place: usize) -> bool {
        if let Some(only) = demand.only {
            return queue.members.get(place) == Some(&only);
        }
        let Some(member) = queue.plan.members.get(place) else {
            return false;
        };
        let takes = |agent: &AgentIx| self.takes(*agent, &demand.welcome);
        member.level <= demand.level
            && queue.members.get(place).is_some_and(takes)
            && self.penalty(queue, demand, place).is_some()
            && lacking(&member.skills, &demand.required).is_none()
    }

    /// A member's penalty as it counts for this caller; `None` when it is out of range.
    pub(super) fn penalty(&self, queue: &Queue, demand: &Demand, place: usize) -> Option<u32> {
        let few = queue.members.len() <= queue.plan.widening.few_members;
        match queue.plan.members.get(place) {
            Some(member) if !few => demand.range.of(member.penalty),
            _ => Some(0),
        }
    }

    /// Why this free member may not be offered this caller; `None` when they may.
    pub(super) fn bar(
        &self,
        queue: &Queue,
        caller: &Caller,
        demand: &Demand,
        place: usize,
    ) -> Option<Because> {
        if self.suits(queue, demand, place) {
            return None;
        }
        if let Some((agent, left)) = self.kept_for(caller) {
            let agent = self.agents[agent.0].id.clone();
            return Some(Because::Kept { agent, left });
        }
        if !self.takes(*queue.members.get(place)?, &demand.welcome) {
            return Some(Because::NoNewItems);
        }
        let member = queue.plan.members.get(place)?;
        if member.level > demand.level {
            let tiers = queue.plan.widening.tiers?;
            let opens = tiers.opens_after(member.level);
            return Some(Because::TierClosed {
                level: member.level,
                left: opens.saturating_sub(self.waited_here(caller)),
            });
        }
        if self.penalty(queue, demand, place).is_none() {
            let penalty = member.penalty;
            return Some(Because::PenaltyOutOfRange { penalty });
        }
        let (skill, wanted, has) = lacking(&member.skills, &demand.required)?;
        Some(Because::Lacks {
            skill: Arc::clone(skill),
            wanted,
            has,
        })
    }

    /// The places of members who could be offered a call, or a chat, of this queue now.
    pub(super) fn free_members(
        &self,
        ix: QueueIx,
        medium: Medium,
        wishes: &mut Wishes,
    ) -> Vec<usize> {
        let members = self.queues[ix.0].members.iter().enumerate();
        let open = members.filter(|(_, agent)| self.is_open_to(**agent, ix, medium, wishes));
        open.map(|(place, _)| place).collect()
    }

    /// Whether an agent can take a call, and nobody waits for them in a queue that they serve before
    /// this one.
    pub(super) fn is_open_to(
        &self,
        agent: AgentIx,
        queue: QueueIx,
        medium: Medium,
        wishes: &mut Wishes,
    ) -> bool {
        let obstacle = self.agents[agent.0].obstacle_to(self.clock.now, medium);
        obstacle.is_none() && self.other_queue_first(agent, queue, wishes).is_none()
    }

    /// The queue that a free agent serves before this one, where somebody waits whom they may be
    /// offered.
    pub(super) fn other_queue_first(
        &self,
        agent: AgentIx,
        queue: QueueIx,
        wishes: &mut Wishes,
    ) -> Option<QueueIx> {
        if !self.agents[agent.0].has_preferences {
            return None;
        }
        let here = self.queues[queue.0].priority_of(agent);
        let others = self.agents[agent.0].queues.iter().copied();
        let mut before = others
            .filter(|other| *other != queue && self.queues[other.0].priority_of(agent) > here);
        before.find(|other| self.is_wanted_in(agent, *other, wishes))
    }

    fn is_wanted_in(&self, agent: AgentIx, ix: QueueIx, wishes: &mut Wishes) -> bool {
        let queue = &self.queues[ix.0];
        let Some(place) = queue.place_of(Some(agent)) else {
            return false;
        };
        let wishes = wishes.0.entry(ix).or_insert_with(|| self.wishes_in(queue));
        wishes.iter().any(|demand| {
            let obstacle = self.agents[agent.0].obstacle_to(self.clock.now, demand.medium);
            obstacle.is_none() && self.suits(queue, demand, place)
        })
    }

    /// What those ask who could be offered now, each kind once.
    fn wishes_in(&self, queue: &Queue) -> Vec<Demand> {
        if queue.asking.is_some() {
            return Vec::new();
        }
        let levels = self.levels(queue);
        let (mut kinds, mut seen) = (Vec::new(), BTreeSet::new());
        let callers = queue
            .line
            .iter()
            .filter_map(|(_, call)| self.callers.get(call));
        for caller in callers.filter(|it| it.wants_offer(self.clock.now, queue.came_free)) {
            let demand = self.demand(queue, caller, &levels);
            if seen.insert(demand.alike()) {
                kinds.push(demand);
            }
        }
        kinds
    }

    /// Whether callers of this queue are kept for agents who do not serve it.
    fn has_guests(&self, ix: QueueIx) -> bool {
        self.work.guests.iter().any(|(_, queue)| *queue == ix)
    }

    /// An agent who does not serve the queue, and whom this caller is kept for.
    pub(super) fn guest_of(&self, caller: &Caller) -> Option<AgentIx> {
        caller.widened.kept_for.filter(|kept| kept.is_guest)?;
        self.kept_for(caller).map(|(agent, _)| agent)
    }

    /// Notes whom a caller is kept for, so that the queue is looked at when that agent comes free.
    pub(super) fn expect_guest(&mut self, call: CallId) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        if let Some(kept) = caller.widened.kept_for.filter(|kept| kept.is_guest) {
            self.work.guests.insert((kept.agent, caller.queue));
        }
    }

    /// Whom a caller is kept for in this queue.
    fn keeper(&self, queue: &Queue, wants: &Wants) -> Option<Kept> {
        let most = wants.agent_for.or(queue.plan.widening.familiar)?;
        let known = |name| self.names.agents.get(name).copied();
        let serves = |agent: &AgentIx| queue.place_of(Some(*agent)).is_some();
        let agent = match (&wants.agent, &wants.last_agent) {
            (Some(meant), _) => known(meant)?,
            (None, last) => last.as_ref().and_then(known).filter(serves)?,
        };
        Some(Kept {
            agent,
            most,
            is_guest: !serves(&agent),
        })
    }

    /// Nobody waits in this queue any more, for whomever.
    pub(super) fn expect_no_guests(&mut self, ix: QueueIx) {
        if self.queues[ix.0].line.is_empty() {
            self.work.guests.retain(|(_, queue)| *queue != ix);
        }
    }

    /// How the choice has widened for a caller up to now; the queue is looked at when it has.
    pub(super) fn widen(&mut self, call: CallId) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        if caller.widened.next.is_none_or(|next| next > now) {
            return;
        }
        let (ix, before) = (caller.queue, caller.widened.rings);
        let widened = self.widened(caller);
        let rings = widened.rings;
        self.keep_skills(&widened);
        let required = Arc::clone(&widened.required);
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.widened = widened;
        }
        self.expect_guest(call);
        self.work.dirty.insert(ix);
        if rings > before {
            let required: Vec<String> = required
                .iter()
                .map(|(skill, much)| format!("{skill} {much}"))
                .collect();
            let required = required.join(", ");
            let what = Decided::Widen { rings, required };
            self.decide(
                ix,
                call,
                what,
                "the caller has waited for so long".into(),
                Vec::new(),
            );
        }
    }

    /// For who comes with the same. There are seldom many; were there, others would be looked at one by
    /// one.
    pub(super) fn keep_skills(&mut self, widened: &Widened) {
        if self.work.skills.len() >= MOST_KINDS {
            self.work.skills.clear();
        }
        self.work.skills.insert(Arc::clone(&widened.required));
    }

    /// The same skills as somebody else in that line requires already, if anybody does: callers who ask
    /// the same are looked at once.
    fn one_of_a_kind(&self, required: &Arc<Skills>) -> Arc<Skills> {
        let known = self.work.skills.get(required);
        Arc::clone(known.unwrap_or(required))
    }

    /// How the choice has widened for a caller who has waited in their queue for as long as now.
    pub(super) fn widened(&self, caller: &Caller) -> Widened {
        let waited = self.waited_here(caller);
        let queue = &self.queues[caller.queue.0];
        let (widening, wants) = (&queue.plan.widening, &caller.wants);
        let rules = wants.penalty_rules.as_ref().unwrap_or(&widening.penalties);
        let rings = match wants.required.is_empty() {
            true => 0,
            false => widening.rings_passed(waited),
        };
        let tiers = widening.tiers.filter(|_| queue.levels.len() > 1);
        let opening = tiers.iter().flat_map(|tiers| {
            let levels = queue.levels.iter();
            levels.map(|level| tiers.opens_after(*level))
        });
        let kept_for = self.keeper(queue, wants);
        let changes = rules
            .iter()
            .map(|rule| rule.after)
            .chain(widening.rings.iter().map(|ring| ring.after))
            .chain(opening)
            .chain(kept_for.map(|kept| kept.most));
        let next = changes.filter(|after| *after > waited).min();
        Widened {
            required: self.one_of_a_kind(&widening.required(&wants.required, rings)),
            range: wants.penalty.after(waited, rules),
            rings,
            kept_for,
            next: next.and_then(|after| caller.widens_from.checked_add(after)),
        }
    }
}

/// So many different requirements are told apart at a glance.
const MOST_KINDS: usize = 1000;
