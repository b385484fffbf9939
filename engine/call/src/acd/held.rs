//! Agents who are held free for somebody who is called back, until that somebody is on the line.

use std::time::Duration;

use super::lease::{Lease, LeaseState};
use super::name::QueueIx;
use super::strategy::Strategy;
use super::timers::Timer;
use super::{Acd, CallbackState, Decided, Decision, Enter, LeaseId, OfferEnd, Output};
use crate::CallId;

impl Acd {
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
        let caller = self.callers.get_mut(&call);
        let waited = caller.map(|it| {
            if let Strategy::RingProgressive { every } = plan.offering.strategy {
                it.offers.one_more = Some(now + every);
            }
            now.saturating_duration_since(it.first)
        });
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
        self.settle_caller(call);
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
}

/// From the answer of somebody who was called until they have confirmed it.
const TO_CONFIRM: Duration = Duration::from_secs(45);
