//! The members of a queue in the order in which a caller is offered to them, and how each stands.

use super::caller::Caller;
use super::demand::{Demand, Wishes};
use super::name::AgentIx;
use super::sort::{Before, Free};
use super::strategy::Strategy;
use super::widening::Skills;
use super::{Acd, Because, Verdict};
use crate::call::random::Random;

impl Acd {
    /// Those who may be offered this caller now, in the order of the queue's own strategy.
    pub(super) fn order_for(&self, caller: &Caller) -> Vec<Free> {
        let strategy = self.queues[caller.queue.0].plan.offering.strategy;
        self.sorted(caller, strategy)
    }

    /// Those who may be offered this caller now, in that order.
    pub(super) fn sorted(&self, caller: &Caller, by: Strategy) -> Vec<Free> {
        let queue = &self.queues[caller.queue.0];
        let demand = self.demand_of(caller);
        let mut wishes = Wishes::default();
        let members = self.free_members(caller.queue, demand.medium, &mut wishes);
        let members = members.into_iter();
        let mut free: Vec<Free> = members
            .filter(|place| self.suits(queue, &demand, *place))
            .map(|place| self.free_at(caller, &demand, queue.members[place], place, by))
            .collect();
        if let Some(guest) = self.guest_of(caller)
            && self.is_open_to(guest, caller.queue, demand.medium, &mut wishes)
        {
            let place = queue.members.len();
            free.push(self.free_at(caller, &demand, guest, place, by));
        }
        let before = match by {
            Strategy::RoundRobin | Strategy::RoundRobinOfLevel => queue.before(&queue.last),
            Strategy::Linear | Strategy::TopDown => queue.before(caller.offers.last.as_slice()),
            _ => Before::default(),
        };
        by.sort(&mut free, &before);
        free
    }

    fn free_at(
        &self,
        caller: &Caller,
        demand: &Demand,
        ix: AgentIx,
        place: usize,
        by: Strategy,
    ) -> Free {
        let queue = &self.queues[caller.queue.0];
        let member = queue.plan.members.get(place);
        let agent = &self.agents[ix.0];
        let (now, window) = (self.clock.now, by.window());
        let skills = member.map(|member| &member.skills);
        let (required, preferred) = (&caller.wants.required, &caller.wants.preferred);
        Free {
            agent: ix,
            place,
            position: member.map_or(0, |member| member.position(place)),
            level: member.map_or(0, |member| member.level),
            penalty: self.penalty(queue, demand, place).unwrap_or_default(),
            weight: member.map_or(1, |member| member.weight),
            idle_since: agent.record.idle_since,
            last_call: agent.record.last_call,
            last_offered: agent.record.last_offered,
            calls: agent.calls_within(now, window),
            talk: agent.talk_within(now, window),
            lacks: skills.map_or(0, |skills| lacks(skills, preferred)),
            skill: skills.map_or(0, |skills| {
                much(skills, required, None) + much(skills, preferred, Some(required))
            }),
            drawn: self.drawn(ix),
        }
    }

    /// A number for this agent, another for each decision.
    fn drawn(&self, agent: AgentIx) -> u64 {
        let agent = u64::try_from(agent.0).unwrap_or_default();
        let of_decision = self.work.seed ^ self.work.draws.wrapping_mul(FAR_APART);
        let mut random = Random::new(of_decision.wrapping_add(agent.wrapping_mul(AS_FAR)));
        let [a, b, c, d, e, f, g, h, ..] = random.ten_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// How every member stands, given the order of those who may be offered this caller.
    pub(super) fn verdicts(&self, caller: &Caller, order: &[Free]) -> Vec<Verdict> {
        let queue = &self.queues[caller.queue.0];
        let demand = self.demand_of(caller);
        let members = queue.members.iter().enumerate();
        let mut wishes = Wishes::default();
        let mut verdicts: Vec<Verdict> = members
            .map(|(place, agent)| Verdict {
                agent: self.agents[agent.0].id.clone(),
                because: self.stands(caller, &demand, (*agent, place), &mut wishes),
            })
            .collect();
        if let Some(guest) = self.guest_of(caller) {
            verdicts.push(Verdict {
                agent: self.agents[guest.0].id.clone(),
                because: self.stands(caller, &demand, (guest, queue.members.len()), &mut wishes),
            });
        }
        for (index, free) in order.iter().enumerate() {
            let idle = self.clock.now.saturating_duration_since(free.idle_since);
            if let Some(verdict) = verdicts.get_mut(free.place) {
                verdict.because = Because::Free {
                    place: index + 1,
                    idle,
                    calls: free.calls,
                    penalty: free.penalty,
                    level: free.level,
                    despite: self.despite(caller, &demand, free.agent),
                };
            }
        }
        verdicts
    }

    fn stands(
        &self,
        caller: &Caller,
        demand: &Demand,
        (agent, place): (AgentIx, usize),
        wishes: &mut Wishes,
    ) -> Because {
        let queue = &self.queues[caller.queue.0];
        let obstacle = self.agents[agent.0].obstacle_to(self.clock.now, demand.medium);
        if let Some(obstacle) = obstacle {
            return obstacle;
        }
        if place < queue.members.len()
            && let Some(bar) = self.bar(queue, caller, demand, place)
        {
            return bar;
        }
        match self.other_queue_first(agent, caller.queue, wishes) {
            Some(other) => Because::OtherQueueFirst(self.queue_name(other)),
            None => Because::NotNamed,
        }
    }
}

/// How many of the skills that a call would like somebody lacks.
fn lacks(has: &Skills, liked: &Skills) -> usize {
    let short = |(skill, liked): &(&_, &u8)| has.get(*skill).is_none_or(|has| has < *liked);
    liked.iter().filter(short).count()
}

/// The proficiencies in these skills, added up; those that stand in `without` apart.
fn much(has: &Skills, skills: &Skills, without: Option<&Skills>) -> u32 {
    let counted = |skill: &&_| without.is_none_or(|without| !without.contains_key(*skill));
    let skills = skills.keys().filter(counted);
    skills
        .filter_map(|skill| has.get(skill))
        .map(|much| u32::from(*much))
        .sum()
}

const FAR_APART: u64 = 0xd1b5_4a32_d192_ed03;
const AS_FAR: u64 = 0xaef1_7502_108e_f2d9;
