//! The overflow chain: what becomes of callers where a queue is full or empty, or they have waited so long.

use super::announcing::Announced;
use super::caller::{Caller, Offers};
use super::name::QueueIx;
use super::plan::{Step, When};
use super::{Acd, Decided, Decision, Leave, Outcome, Output, PlaceState, QueueName};
use crate::CallId;

impl Acd {
    /// Takes the steps for a queue that is full or empty. The caller stands in no line. Returns
    /// them when they are to go to another queue.
    pub(super) fn divert(&mut self, mut caller: Caller, when: When) -> Option<Caller> {
        let chain = &self.queues[caller.queue.0].plan.overflow;
        let steps: Vec<Step> = chain
            .iter()
            .filter(|overflow| overflow.when == when)
            .map(|overflow| overflow.step.clone())
            .collect();
        let because = match when {
            When::Full => "the queue is full",
            When::Empty | When::Waited(_) => "no agent is present",
        };
        for step in steps {
            match step {
                Step::Aside(what) => self.aside(caller.call, caller.queue, what, because),
                Step::Leave(target) => {
                    self.decide_step(caller.call, caller.queue, target.clone(), because);
                    self.part(caller, Leave::Overflow(target));
                    return None;
                }
                Step::Callback => {
                    if let Some(number) = self.number_to_call(&caller, because) {
                        self.go_away(caller, number);
                        return None;
                    }
                }
                Step::Queue(name) => {
                    let visited = &caller.visited;
                    let to = self.open_queue(caller.call, caller.queue, &name, visited, because);
                    if let Some(to) = to {
                        self.rehome(&mut caller, to);
                        return Some(caller);
                    }
                }
            }
        }
        let why = match when {
            When::Full => Leave::Full,
            When::Empty | When::Waited(_) => Leave::Empty,
        };
        self.part(caller, why);
        None
    }

    pub(super) fn take_step(&mut self, call: CallId, index: usize) {
        let because = "the caller has waited for so long";
        let Some(caller) = self.callers.get_mut(&call) else {
            return;
        };
        caller.step = index + 1;
        let ix = caller.queue;
        let plan = &self.queues[ix.0].plan;
        match plan.overflow.get(index).map(|it| it.step.clone()) {
            Some(Step::Leave(target)) => {
                self.decide_step(call, ix, target.clone(), because);
                return self.leave(call, Leave::Overflow(target));
            }
            Some(Step::Aside(what)) => self.aside(call, ix, what, because),
            Some(Step::Callback) => {
                let number = self.callers.remove(&call).and_then(|caller| {
                    let number = self.number_to_call(&caller, because);
                    self.callers.insert(call, caller);
                    number
                });
                if let Some(number) = number
                    && let Some(caller) = self.detach(call)
                {
                    return self.go_away(caller, number);
                }
            }
            Some(Step::Queue(name)) => {
                let visited = caller.visited.clone();
                if let Some(to) = self.open_queue(call, ix, &name, &visited, because)
                    && let Some(mut caller) = self.detach(call)
                {
                    self.rehome(&mut caller, to);
                    return self.admit(caller);
                }
            }
            None => {}
        }
        self.settle_caller(call);
    }

    /// The caller goes to another queue and keeps the time waited. They stand in no line yet.
    pub(super) fn rehome(&mut self, caller: &mut Caller, to: QueueIx) {
        let now = self.clock.now;
        let mut next = self.new_episode(caller.call, to, caller.episode.priority);
        let waited = now.saturating_duration_since(caller.first);
        next.waited_before_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.note_place(caller, PlaceState::Over);
        let episode = std::mem::replace(&mut caller.episode, next);
        self.close_episode(episode, caller.arrived, Outcome::Overflow);
        self.close_if_done(caller.queue);
        caller.queue = to;
        // Those that the call's generation has for the queue before.
        caller.wants.penalty_rules = None;
        caller.visited.push(to);
        caller.arrived = now;
        caller.widens_from = now;
        caller.step = 0;
        caller.offers = Offers::default();
        caller.announced = Announced::default();
    }

    /// The queue that a step names, if the caller may go there; tells either way.
    pub(super) fn open_queue(
        &mut self,
        call: CallId,
        from: QueueIx,
        name: &QueueName,
        visited: &[QueueIx],
        because: &str,
    ) -> Option<QueueIx> {
        let known = self.names.queues.get(name).copied();
        let open = known.filter(|queue| !self.queues[queue.0].closing);
        let because = match open {
            None => format!("left out: there is no queue '{name}'"),
            Some(queue) if visited.contains(&queue) => {
                "left out: the caller has been there".to_owned()
            }
            Some(_) => because.to_owned(),
        };
        self.decide_step(call, from, format!("queue:{name}"), &because);
        open.filter(|queue| !visited.contains(queue))
    }

    pub(super) fn aside(&mut self, call: CallId, ix: QueueIx, what: String, because: &str) {
        self.decide_step(call, ix, what.clone(), because);
        let queue = self.queue_name(ix);
        self.outputs.push_back(Output::Aside { call, queue, what });
    }

    pub(super) fn decide_step(&mut self, call: CallId, ix: QueueIx, step: String, because: &str) {
        let queue = self.queue_name(ix);
        self.outputs.push_back(Output::Decision(Decision {
            call,
            queue,
            what: Decided::Overflow(step),
            because: because.to_owned().into(),
            candidates: Vec::new(),
        }));
    }
}
