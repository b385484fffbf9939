//! A script says whom a call is offered to: it is asked, and its answer is followed or replaced.

use std::time::{Duration, Instant};

use super::caller::Asking;
use super::name::{AgentIx, QueueIx};
use super::strategy::{Ask, Candidate, Chosen, Strategy};
use super::timers::Timer;
use super::{Acd, AgentId, AskId, Decided, Output};
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

    pub(super) fn ask(&mut self, ix: QueueIx, call: CallId) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let now = self.clock.now;
        let free = self.sorted(caller, Strategy::Choose);
        let candidates = free.iter().map(|it| Candidate {
            agent: self.agents[it.agent.0].id.clone(),
            idle: now.saturating_duration_since(it.idle_since),
            calls: it.calls,
            penalty: it.penalty,
            level: it.level,
            skill: it.skill,
        });
        let candidates: Vec<Candidate> = candidates.collect();
        let verdicts = self.verdicts(caller, &free);
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
        let mut free = self.sorted(caller, Strategy::Choose);
        let named = |agent: AgentIx| {
            let id = &self.agents[agent.0].id;
            order.iter().position(|other| other == id)
        };
        free.retain(|it| named(it.agent).is_some());
        free.sort_by_key(|it| named(it.agent));
        let candidates = self.verdicts(caller, &free);
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
}

/// A script that named nobody is asked again after this, or when somebody comes free.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);
