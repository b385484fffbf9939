//! A new generation's queues: what is written changes, who lives goes on.

use std::collections::BTreeSet;
use std::time::Instant;

use super::agent::Agent;
use super::caller::Queue;
use super::name::{AgentIx, QueueIx};
use super::timers::Timer;
use super::{Acd, AgentId, By, Output, Plan, QueuePlan, Strategy};
use crate::CallId;

impl Acd {
    /// Takes a new plan. Queues and agents are known by their names: states, wrap-ups, counters,
    /// waiting callers and offers go on. A queue that is gone takes no new callers and serves those
    /// who wait; an agent who is in no queue any more is logged out when their call is over.
    pub fn handle_plan(&mut self, now: Instant, plan: Plan) {
        self.begin(now);
        self.rules = plan.rules;
        let mut listed = BTreeSet::new();
        for queue in plan.queues {
            listed.insert(self.apply(queue));
        }
        for (index, queue) in self.queues.iter_mut().enumerate() {
            let was_gone = queue.closing;
            queue.closing = !listed.contains(&QueueIx(index));
            queue.told_gone &= queue.closing;
            if queue.closing && !was_gone && !queue.line.is_empty() {
                queue.told_gone = true;
                self.outputs.push_back(Output::QueueGone {
                    queue: queue.plan.name.clone(),
                    waiting: queue.line.len(),
                });
            }
        }
        for queue in (0..self.queues.len()).map(QueueIx) {
            self.close_if_done(queue);
        }
        self.list_queues();
        for queue in (0..self.queues.len()).map(QueueIx) {
            self.work.dirty.insert(queue);
            self.look_anew_whether_empty(queue);
            self.turn_out(queue);
        }
        self.settle_all();
        self.finish();
    }

    fn apply(&mut self, mut plan: QueuePlan) -> QueueIx {
        let mut seen = BTreeSet::new();
        plan.members
            .retain(|member| seen.insert(member.agent.clone()));
        let mut members: Vec<_> = std::mem::take(&mut plan.members)
            .into_iter()
            .enumerate()
            .collect();
        members.sort_by_key(|(place, member)| (member.position(*place), *place));
        plan.members = members.into_iter().map(|(_, member)| member).collect();
        let mut levels: Vec<u32> = plan.members.iter().map(|member| member.level).collect();
        levels.sort_unstable();
        levels.dedup();
        let members: Vec<AgentIx> = plan
            .members
            .iter()
            .map(|member| self.agent_named(&member.agent))
            .collect();
        let known = self.names.queues.get(&plan.name).copied();
        let ix = known.unwrap_or_else(|| {
            let ix = QueueIx(self.queues.len());
            self.names.queues.insert(plan.name.clone(), ix);
            self.queues.push(Queue::new(plan.clone()));
            ix
        });
        let asks = plan.offering.strategy == Strategy::Choose;
        let queue = &mut self.queues[ix.0];
        queue.plan = plan;
        queue.members = members;
        queue.levels = levels;
        let line: Vec<CallId> = queue.line.iter().map(|(_, call)| *call).collect();
        for call in line {
            self.look_anew_at(call);
        }
        if !asks {
            self.ask_no_more(ix);
        }
        ix
    }

    /// By what the new plan says of levels, penalties and skills.
    fn look_anew_at(&mut self, call: CallId) {
        let widened = self.callers.get(&call).map(|caller| self.widened(caller));
        if let Some(widened) = &widened {
            self.keep_skills(widened);
        }
        if let (Some(caller), Some(widened)) = (self.callers.get_mut(&call), widened) {
            caller.widened = widened;
        }
        self.expect_guest(call);
    }

    /// By what the new plan says of presence and grace; but who has waited for nobody up to now has
    /// waited for nobody for as long as before.
    fn look_anew_whether_empty(&mut self, ix: QueueIx) {
        let before = self.queues[ix.0].empty_since.take();
        self.timers.set(Timer::Empty(ix), None);
        self.watch_presence(ix);
        let queue = &mut self.queues[ix.0];
        if let (Some(before), Some(since)) = (before, &mut queue.empty_since) {
            *since = before;
            let until = before + queue.plan.limits.grace;
            self.timers.set(Timer::Empty(ix), Some(until));
        }
    }

    pub(super) fn agent_named(&mut self, name: &AgentId) -> AgentIx {
        if let Some(ix) = self.names.agents.get(name) {
            return *ix;
        }
        let ix = AgentIx(self.agents.len());
        self.names.agents.insert(name.clone(), ix);
        self.agents.push(Agent::new(name.clone(), self.clock.now));
        ix
    }

    /// Nobody waits any longer in a queue that is gone: it has no members from now on.
    pub(super) fn close_if_done(&mut self, ix: QueueIx) {
        let queue = &mut self.queues[ix.0];
        if !queue.closing || !queue.line.is_empty() {
            return;
        }
        if std::mem::take(&mut queue.told_gone) {
            let queue = queue.plan.name.clone();
            self.outputs.push_back(Output::QueueClosed { queue });
        }
        let queue = &mut self.queues[ix.0];
        let members = std::mem::take(&mut queue.members);
        queue.plan.members.clear();
        for agent in members {
            self.agents[agent.0].queues.retain(|queue| *queue != ix);
            self.settle_agent(agent, &By::Engine);
        }
    }

    fn list_queues(&mut self) {
        for agent in &mut self.agents {
            agent.queues.clear();
        }
        for (index, queue) in self.queues.iter().enumerate() {
            for member in &queue.members {
                self.agents[member.0].queues.push(QueueIx(index));
            }
        }
        for (ix, agent) in self.agents.iter_mut().enumerate() {
            let own = self.rules.capacities.get(&agent.id).copied();
            agent.capacity = own.unwrap_or(self.rules.capacity);
            let mut levels = agent
                .queues
                .iter()
                .map(|queue| self.queues[queue.0].priority_of(AgentIx(ix)));
            let first = levels.next();
            agent.has_preferences = levels.any(|level| Some(level) != first);
        }
        self.work.preferences = self.agents.iter().any(|agent| agent.has_preferences);
    }

    pub(super) fn settle_all(&mut self) {
        for agent in (0..self.agents.len()).map(AgentIx) {
            self.settle_agent(agent, &By::Engine);
        }
    }
}
