//! Who is offered to whom, next.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::caller::{Asking, Caller, Place};
use super::name::{AgentIx, QueueIx};
use super::strategy::{Ask, Candidate, Chosen, Free, Strategy};
use super::timers::Timer;
use super::{Acd, AgentId, AskId, Because, Decided, Decision, Output, Verdict};
use crate::CallId;

impl Acd {
    /// A script's answer to [`Output::Choose`]. One that comes too late is ignored.
    pub fn handle_chosen(&mut self, now: Instant, ask: AskId, chosen: Chosen) {
        self.begin(now);
        let asked = |it: &super::Queue| it.asking.as_ref().is_some_and(|it| it.id == ask);
        if let Some(at) = self.queues.iter().position(asked) {
            let queue = QueueIx(at);
            self.timers.set(Timer::Ask(queue), None);
            self.work.dirty.insert(queue);
            if let Some(asking) = self.queues[at].asking.take() {
                match chosen {
                    Chosen::Order(order) => self.follow(queue, asking.call, &order),
                    Chosen::Failed(message) => {
                        let because = format!("choose failed: {message}; by longest_idle");
                        self.offer_without_script(queue, because);
                    }
                }
            }
        }
        self.finish();
    }

    /// Offers until nobody waits beside a free agent, the one first who came first, of whichever
    /// queue.
    pub(super) fn dispatch(&mut self) {
        loop {
            let mut best: Option<(Place, QueueIx, CallId)> = None;
            for queue in self.work.dirty.clone() {
                match self.next_to_offer(queue) {
                    Some((place, call)) if self.anybody_free(queue) => {
                        if best.is_none_or(|(other, ..)| place < other) {
                            best = Some((place, queue, call));
                        }
                    }
                    Some(_) => {
                        self.work.dirty.remove(&queue);
                    }
                    None => {
                        self.work.dirty.remove(&queue);
                        self.join_ringing(queue);
                    }
                }
            }
            let Some((_, queue, call)) = best else {
                return;
            };
            let strategy = self.queues[queue.0].plan.offering.strategy;
            match strategy {
                Strategy::Choose => self.ask(queue, call),
                strategy => self.offer_by(queue, call, strategy, strategy.word().into()),
            }
        }
    }

    /// The first in the line for whom nobody rings; nobody while a script thinks.
    pub(super) fn next_to_offer(&self, ix: QueueIx) -> Option<(Place, CallId)> {
        let queue = &self.queues[ix.0];
        if queue.asking.is_some() {
            return None;
        }
        let wants = |(_, call): &&(Place, CallId)| {
            self.callers
                .get(call)
                .is_some_and(|caller| caller.wants_offer(self.clock.now, queue.came_free))
        };
        queue.line.iter().find(wants).copied()
    }

    pub(super) fn anybody_free(&self, queue: QueueIx) -> bool {
        let members = &self.queues[queue.0].members;
        members
            .iter()
            .any(|agent| self.agents[agent.0].obstacle(self.clock.now).is_none())
    }

    /// Offers the call in a strategy's order.
    fn offer_by(&mut self, ix: QueueIx, call: CallId, by: Strategy, because: Cow<'static, str>) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let free = self.sorted(ix, caller, by);
        let Some(first) = free.first() else {
            return;
        };
        let count = match by {
            Strategy::RingAll => free.partition_point(|it| it.penalty == first.penalty),
            _ => 1,
        };
        let candidates = self.verdicts(ix, &free);
        let agents: Vec<AgentIx> = free.iter().take(count).map(|it| it.agent).collect();
        self.offer(ix, call, &agents, because, candidates);
    }

    fn offer(
        &mut self,
        ix: QueueIx,
        call: CallId,
        agents: &[AgentIx],
        because: Cow<'static, str>,
        candidates: Vec<Verdict>,
    ) {
        let names = agents.iter().map(|agent| self.agents[agent.0].id.clone());
        let what = Decided::Offer(names.collect());
        self.decide(ix, call, what, because, candidates);
        for agent in agents {
            self.reserve(call, *agent);
        }
    }

    /// `ring_all`: whoever comes free, and has nobody else to serve, rings with the others for the
    /// first who is being offered.
    fn join_ringing(&mut self, ix: QueueIx) {
        let queue = &self.queues[ix.0];
        if queue.plan.offering.strategy != Strategy::RingAll || !self.anybody_free(ix) {
            return;
        }
        let rung = |(_, call): &(Place, CallId)| {
            let caller = self.callers.get(call)?;
            (caller.offers.connecting.is_none() && !caller.is_unoffered()).then_some(caller)
        };
        let Some(caller) = queue.line.iter().find_map(rung) else {
            return;
        };
        let leases = caller.offers.leases.iter();
        let penalty = leases
            .filter_map(|lease| self.leases.get(lease))
            .map(|lease| queue.penalty_of(lease))
            .max();
        let free = self.sorted(ix, caller, Strategy::RingAll);
        let joins: Vec<AgentIx> = free
            .iter()
            .filter(|it| Some(it.penalty) <= penalty && !caller.offers.round.contains(&it.agent))
            .map(|it| it.agent)
            .collect();
        if joins.is_empty() {
            return;
        }
        let call = caller.call;
        let round = caller.offers.round.clone();
        let mut candidates = self.verdicts(ix, &free);
        for (agent, verdict) in self.queues[ix.0].members.iter().zip(&mut candidates) {
            if matches!(verdict.because, Because::Free { .. }) && round.contains(agent) {
                verdict.because = Because::RungAlready;
            }
        }
        self.offer(
            ix,
            call,
            &joins,
            "ring_all, and come free".into(),
            candidates,
        );
    }

    fn ask(&mut self, ix: QueueIx, call: CallId) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let now = self.clock.now;
        let free = self.sorted(ix, caller, Strategy::Choose);
        let candidates = free.iter().map(|it| Candidate {
            agent: self.agents[it.agent.0].id.clone(),
            idle: now.saturating_duration_since(it.idle_since),
            calls: it.calls,
            penalty: it.penalty,
        });
        let candidates: Vec<Candidate> = candidates.collect();
        let verdicts = self.verdicts(ix, &free);
        self.decide(ix, call, Decided::Ask, "choose".into(), verdicts);
        let id = AskId(self.number());
        let queue = &mut self.queues[ix.0];
        let until = now + queue.plan.offering.choose_budget;
        queue.asking = Some(Asking { id, call });
        let name = queue.plan.name.clone();
        self.timers.set(Timer::Ask(ix), Some(until));
        self.outputs.push_back(Output::Choose {
            call,
            queue: name,
            ask: Ask {
                id,
                candidates,
                until,
            },
        });
    }

    /// The script has named some: the first of them who is still free gets the call.
    fn follow(&mut self, ix: QueueIx, call: CallId, order: &[AgentId]) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let mut free = self.sorted(ix, caller, Strategy::Choose);
        let named = |agent: AgentIx| {
            let id = &self.agents[agent.0].id;
            order.iter().position(|other| other == id)
        };
        free.retain(|it| named(it.agent).is_some());
        free.sort_by_key(|it| named(it.agent));
        let candidates = self.verdicts(ix, &free);
        if let Some(first) = free.first() {
            let agent = first.agent;
            return self.offer(ix, call, &[agent], "choose".into(), candidates);
        }
        let because = match order.is_empty() {
            true => "choose named nobody",
            false => "choose named nobody who is free",
        };
        let passed = self.clock.now + ASK_AGAIN_AFTER;
        let came_free = self.queues[ix.0].came_free;
        self.decide(ix, call, Decided::Wait, because.into(), candidates);
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.offers.passed = Some((passed, came_free));
        }
        self.settle_caller(call);
    }

    /// The script has thought for too long.
    pub(super) fn answer_is_late(&mut self, ix: QueueIx) {
        let queue = &mut self.queues[ix.0];
        let Some(asking) = queue.asking.take() else {
            return;
        };
        let budget = queue.plan.offering.choose_budget.as_millis();
        let ask = asking.id;
        self.outputs.push_back(Output::ForgetChoose { ask });
        self.work.dirty.insert(ix);
        let because = format!("choose took longer than {budget} ms; by longest_idle");
        self.offer_without_script(ix, because);
    }

    /// The script has failed whoever it was asked about, and somebody with a head start may have come
    /// before them meanwhile: who is first by now is offered.
    fn offer_without_script(&mut self, ix: QueueIx, because: String) {
        if let Some((_, call)) = self.next_to_offer(ix) {
            self.offer_by(ix, call, Strategy::LongestIdle, because.into());
        }
    }

    /// The plan asks no script any longer: what one thinks, or has said, counts no more.
    pub(super) fn ask_no_more(&mut self, ix: QueueIx) {
        let queue = &mut self.queues[ix.0];
        if let Some(asking) = queue.asking.take() {
            let ask = asking.id;
            self.outputs.push_back(Output::ForgetChoose { ask });
            self.timers.set(Timer::Ask(ix), None);
        }
        for (_, call) in &queue.line {
            if let Some(caller) = self.callers.get_mut(call) {
                caller.offers.passed = None;
            }
        }
    }

    /// Who waits beside a free agent has been forgotten: that is a fault of ours, mended and told.
    pub(super) fn look_for_forgotten(&mut self) {
        for ix in (0..self.queues.len()).map(QueueIx) {
            let known = self.work.dirty.contains(&ix);
            if !known && self.next_to_offer(ix).is_some() && self.anybody_free(ix) {
                let queue = self.queue_name(ix);
                let what = "a caller waited beside a free agent".to_owned();
                self.outputs.push_back(Output::Alert { queue, what });
                self.work.dirty.insert(ix);
            }
        }
    }

    /// Why somebody who has just lined up must wait.
    pub(super) fn explain_first_wait(&mut self, call: CallId) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let asking = self.queues[caller.queue.0].asking.as_ref();
        if !caller.is_unoffered() || asking.is_some_and(|asking| asking.call == call) {
            return;
        }
        self.outputs
            .extend(self.explain(call).map(Output::Decision));
    }

    /// The free members in the order of the queue's own strategy.
    pub(super) fn order_for(&self, ix: QueueIx, caller: &Caller) -> Vec<Free> {
        self.sorted(ix, caller, self.queues[ix.0].plan.offering.strategy)
    }

    fn sorted(&self, ix: QueueIx, caller: &Caller, by: Strategy) -> Vec<Free> {
        let queue = &self.queues[ix.0];
        let now = self.clock.now;
        let window = by.window();
        let members = queue.members.iter().zip(&queue.plan.members).enumerate();
        let mut free: Vec<Free> = members
            .filter(|(_, (agent, _))| self.agents[agent.0].obstacle(now).is_none())
            .map(|(place, (ix, member))| {
                let agent = &self.agents[ix.0];
                Free {
                    agent: *ix,
                    place,
                    penalty: member.penalty,
                    idle_since: agent.record.idle_since,
                    calls: agent.calls_within(now, window),
                }
            })
            .collect();
        let after = match by {
            Strategy::RoundRobin => queue.place_of(queue.last),
            Strategy::Linear => queue.place_of(caller.offers.last),
            _ => None,
        };
        by.sort(&mut free, after);
        free
    }

    /// How every member stands, given the order of those who are free.
    pub(super) fn verdicts(&self, ix: QueueIx, order: &[Free]) -> Vec<Verdict> {
        let now = self.clock.now;
        let queue = &self.queues[ix.0];
        let mut verdicts: Vec<Verdict> = queue
            .members
            .iter()
            .map(|agent| {
                let agent = &self.agents[agent.0];
                Verdict {
                    agent: agent.id.clone(),
                    because: agent.obstacle(now).unwrap_or(Because::NotNamed),
                }
            })
            .collect();
        for (index, free) in order.iter().enumerate() {
            verdicts[free.place].because = Because::Free {
                place: index + 1,
                idle: since(now, free.idle_since),
                calls: free.calls,
                penalty: free.penalty,
            };
        }
        verdicts
    }

    fn decide(
        &mut self,
        ix: QueueIx,
        call: CallId,
        what: Decided,
        because: Cow<'static, str>,
        candidates: Vec<Verdict>,
    ) {
        self.outputs.push_back(Output::Decision(Decision {
            call,
            queue: self.queues[ix.0].plan.name.clone(),
            what,
            because,
            candidates,
        }));
    }
}

fn since(now: Instant, then: Instant) -> Duration {
    now.saturating_duration_since(then)
}

/// A script that named nobody is asked again after this, or when somebody comes free.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);
