//! Reservations: taken by compare-and-set, ended by an answer, a refusal, or time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::agent::{Answered, Dialog, Duty, Hold};
use super::items::{Item, ItemStep};
use super::lease::{CONNECT_WITHIN, HEAR_WITHIN, Lease, LeaseState, RELEASE_WITHIN};
use super::name::AgentIx;
use super::plan::Offering;
use super::strategy::{DAY, Strategy};
use super::timers::Timer;
use super::{
    Acd, By, Doing, Episode, EpisodeOffer, LeaseId, Leave, Medium, News, OfferEnd, Output, Reason,
    Setbacks, Withdrawn,
};
use crate::{CallId, Cause};

impl Acd {
    /// What became of the leg of an offer.
    pub fn handle_offer(&mut self, now: Instant, lease: LeaseId, news: News) {
        self.begin(now);
        match (self.leases.get(&lease).map(|it| it.state), news) {
            (Some(LeaseState::Offered { .. }), News::Answered) => self.answered(lease),
            (Some(LeaseState::Offered { .. }), News::Refused(cause)) => {
                self.drop_lease(lease, end_of(cause));
            }
            (Some(LeaseState::Offered { .. }), News::Gone) => {
                self.drop_lease(lease, OfferEnd::Unreachable);
            }
            (Some(LeaseState::Answered { .. }), News::Connected) => self.connected(lease),
            (Some(LeaseState::Answered { .. }), News::Refused(_) | News::Gone) => {
                self.drop_lease(lease, OfferEnd::NotConnected);
            }
            (Some(LeaseState::Withdrawn { .. }), News::Refused(_) | News::Gone) => {
                self.free(lease);
            }
            // An answer that crossed the withdrawal, or one to a lease long gone.
            (Some(LeaseState::Withdrawn { .. }) | None, News::Answered | News::Connected) => {
                let why = Withdrawn::Stale;
                self.outputs.push_back(Output::Withdraw { lease, why });
            }
            // Told twice.
            (Some(LeaseState::Answered { .. }), News::Answered)
            | (Some(LeaseState::Offered { .. }), News::Connected)
            | (None, News::Refused(_) | News::Gone) => {}
        }
        self.finish();
    }

    /// Reserves an agent for a caller, if nothing holds either: the compare-and-set.
    pub(super) fn reserve(&mut self, call: CallId, ix: AgentIx) -> Option<LeaseId> {
        let now = self.clock.now;
        let caller = self.callers.get(&call)?;
        let medium = caller.wants.medium;
        if self.agents[ix.0].obstacle_to(now, medium).is_some() {
            return None;
        }
        #[cfg(test)]
        self.look_whose_turn_it_is(call, ix);
        self.lease_for(call, ix)
    }

    /// The same, whatever else keeps the agent from being offered calls; the caller is not to be with
    /// somebody, nor to be called back already.
    pub(super) fn lease_for(&mut self, call: CallId, ix: AgentIx) -> Option<LeaseId> {
        let now = self.clock.now;
        let caller = self.callers.get(&call)?;
        let medium = caller.wants.medium;
        let is_called = caller.away.as_ref().is_some_and(|away| away.dials);
        if caller.offers.connecting.is_some() || is_called {
            return None;
        }
        let is_held = caller.away.is_some();
        let (queue, waited) = (caller.queue, now.saturating_duration_since(caller.first));
        let id = LeaseId(self.number());
        let offering = &self.queues[queue.0].plan.offering;
        let ring = match is_held {
            true => self.held_for(queue),
            false => offering.ring_timeout,
        };
        let caller = self.callers.get_mut(&call)?;
        caller.offers.leases.push(id);
        caller.offers.last = Some(ix);
        caller.offers.round.push(ix);
        if let Strategy::RingProgressive { every } = offering.strategy
            && !is_held
        {
            caller.offers.one_more = Some(now + every);
        }
        self.queues[queue.0].note_offer(ix);
        let agent = &mut self.agents[ix.0];
        agent.hold = Hold::Offered(id);
        agent.record.last_offered = Some(now);
        let lease = Lease {
            call,
            agent: ix,
            queue,
            medium,
            offered_at: now,
            state: LeaseState::Offered { until: now + ring },
            is_held,
            is_picked: false,
        };
        let offer = Output::Offer {
            lease: id,
            call,
            queue: self.queues[queue.0].plan.name.clone(),
            agent: agent.id.clone(),
            ring,
            waited,
        };
        self.timers.set(Timer::Lease(id), Some(lease.deadline()));
        self.leases.insert(id, lease);
        match medium {
            Medium::Voice if is_held => self.call_away(call, id),
            Medium::Voice => {
                self.outputs.push_back(offer);
                self.line_was_served(queue);
            }
            Medium::Chat => {
                self.tell_of_item(call, queue, ix, ItemStep::Offered(ring));
                self.line_was_served(queue);
            }
        }
        self.settle_agent(ix, &By::Engine);
        self.settle_caller(call);
        Some(id)
    }

    /// A deadline of a lease has come.
    pub(super) fn lease_is_due(&mut self, id: LeaseId) {
        let Some(lease) = self.leases.get(&id) else {
            return;
        };
        match lease.state {
            LeaseState::Offered { .. } if lease.is_held => {
                self.drop_lease(id, OfferEnd::CallerGone);
            }
            LeaseState::Offered { .. } => {
                let caller = self.callers.get(&lease.call);
                let taken = caller.is_some_and(|it| it.offers.connecting.is_some());
                match taken {
                    true => self.withdraw(id, Withdrawn::Elsewhere, OfferEnd::Elsewhere),
                    false => self.withdraw(id, Withdrawn::RangOut, OfferEnd::NoAnswer),
                }
            }
            LeaseState::Answered { .. } => {
                self.withdraw(id, Withdrawn::NotConnected, OfferEnd::NotConnected);
            }
            LeaseState::Withdrawn { .. } => self.free(id),
        }
    }

    fn answered(&mut self, id: LeaseId) {
        let now = self.clock.now;
        let Some(lease) = self.leases.get_mut(&id) else {
            return;
        };
        let (call, ix) = (lease.call, lease.agent);
        let plan = &self.queues[lease.queue.0].plan;
        let (record, greet) = (plan.record, plan.care.greet.clone());
        let until = match greet.before_bridge && greet.whispers() {
            true => now + HEAR_WITHIN,
            false => now + CONNECT_WITHIN,
        };
        let Some(caller) = self.callers.get_mut(&call) else {
            return;
        };
        if caller.offers.connecting.is_some() {
            return self.withdraw(id, Withdrawn::Elsewhere, OfferEnd::Elsewhere);
        }
        lease.state = LeaseState::Answered { until };
        caller.offers.connecting = Some(id);
        self.timers.set(Timer::Lease(id), Some(until));
        self.timers.set(Timer::Caller(call), None);
        self.outputs.push_back(Output::Hush { call });
        self.outputs.push_back(Output::Connect {
            lease: id,
            call,
            agent: self.agents[ix.0].id.clone(),
            record,
            greet,
        });
    }

    pub(super) fn connected(&mut self, id: LeaseId) {
        let now = self.clock.now;
        let Some(lease) = self.leases.get(&id).cloned() else {
            return;
        };
        let Some(mut caller) = self.callers.remove(&lease.call) else {
            return;
        };
        self.log_offer(&mut caller.episode, id, OfferEnd::Connected);
        self.leases.remove(&id);
        self.timers.set(Timer::Lease(id), None);
        if lease.medium == Medium::Voice {
            self.handling_begins(
                lease.agent,
                lease.queue,
                now.saturating_duration_since(caller.first),
            );
        }
        let queue = &mut self.queues[lease.queue.0];
        queue.remove(caller.place);
        let wrap_up = queue.plan.offering.wrap_up;
        self.note_customer(lease.agent, &caller.wants);
        let agent = &mut self.agents[lease.agent.0];
        agent.hold = Hold::Nobody;
        match lease.medium {
            Medium::Chat => {
                agent.items.insert(lease.call, Item::from(&caller));
            }
            Medium::Voice => {
                let dialog = Dialog {
                    confirmed: true,
                    customer: true,
                    alone: false,
                    doing: Doing::Plain,
                    wrap_up,
                    of_queue: Some(now),
                };
                agent.dialogs.insert(lease.call, dialog);
                remember(&mut agent.record.answered, now);
            }
        }
        agent.record.setbacks = Setbacks::default();
        let name = agent.id.clone();
        for other in std::mem::take(&mut caller.offers).leases {
            if other != id {
                self.log_offer(&mut caller.episode, other, OfferEnd::Elsewhere);
                self.withdraw(other, Withdrawn::Elsewhere, OfferEnd::Elsewhere);
            }
        }
        if lease.medium == Medium::Chat {
            // First: whoever is logged out by now gives it back.
            self.part(caller, Leave::Answered(name));
            self.settle_agent(lease.agent, &By::Engine);
        } else {
            self.settle_agent(lease.agent, &By::Engine);
            self.part(caller, Leave::Answered(name));
        }
        self.expect_no_guests(lease.queue);
        self.watch_presence(lease.queue);
    }

    /// The offer is over and its leg is not: it must go.
    pub(super) fn withdraw(&mut self, id: LeaseId, why: Withdrawn, end: OfferEnd) {
        let until = self.clock.now + RELEASE_WITHIN;
        let Some(lease) = self.leases.get_mut(&id).filter(|lease| lease.is_live()) else {
            return;
        };
        if lease.medium == Medium::Chat {
            return self.drop_item(id, Some(why), end);
        }
        lease.state = LeaseState::Withdrawn { until };
        let (ix, call) = (lease.agent, lease.call);
        self.timers.set(Timer::Lease(id), Some(until));
        self.outputs.push_back(Output::Withdraw { lease: id, why });
        self.agents[ix.0].hold = Hold::Releasing(id);
        self.offer_over(id, end, ix, call);
    }

    /// The offer is over and its leg is gone.
    pub(super) fn drop_lease(&mut self, id: LeaseId, end: OfferEnd) {
        let Some(lease) = self.leases.get(&id) else {
            return;
        };
        let (ix, call) = (lease.agent, lease.call);
        self.agents[ix.0].hold = Hold::Nobody;
        self.offer_over(id, end, ix, call);
        self.leases.remove(&id);
        self.timers.set(Timer::Lease(id), None);
    }

    /// The leg of an offer that is over is gone, or taken for gone.
    fn free(&mut self, id: LeaseId) {
        let Some(lease) = self.leases.remove(&id) else {
            return;
        };
        self.timers.set(Timer::Lease(id), None);
        let agent = &mut self.agents[lease.agent.0];
        if agent.hold == Hold::Releasing(id) {
            agent.hold = Hold::Nobody;
        }
        self.settle_agent(lease.agent, &By::Engine);
    }

    /// What an offer's end means for the agent and for the caller, if they still wait.
    fn offer_over(&mut self, id: LeaseId, end: OfferEnd, ix: AgentIx, call: CallId) {
        let now = self.clock.now;
        if let Some(lease) = self.leases.get(&id) {
            let plan = &self.queues[lease.queue.0].plan;
            let (offering, agent) = (&plan.offering, &mut self.agents[ix.0]);
            let standing = &mut agent.record;
            if let Some((delay, reason)) = setback(&mut standing.setbacks, end, offering) {
                standing.not_before = standing.not_before.max(Some(now + delay));
                if let Some((reason, after)) = reason {
                    agent.wish = None;
                    agent.duty = Duty::Busy(reason);
                    self.outputs.push_back(Output::Paused {
                        agent: agent.id.clone(),
                        queue: plan.name.clone(),
                        reason,
                        after,
                    });
                }
            }
        }
        if let Some(mut caller) = self.callers.remove(&call) {
            self.log_offer(&mut caller.episode, id, end);
            let offers = &mut caller.offers;
            offers.leases.retain(|lease| *lease != id);
            if offers.connecting == Some(id) {
                offers.connecting = None;
            }
            if offers.leases.is_empty() {
                offers.round.clear();
                offers.one_more = None;
            }
            self.work.dirty.insert(caller.queue);
            self.callers.insert(call, caller);
        }
        self.settle_agent(ix, &By::Engine);
        self.settle_caller(call);
    }

    pub(super) fn log_offer(&mut self, episode: &mut Episode, id: LeaseId, why: OfferEnd) {
        let Some(lease) = self.leases.get(&id).filter(|lease| !lease.is_held) else {
            return;
        };
        let offer = EpisodeOffer {
            agent: self.agents[lease.agent.0].id.clone(),
            at: self.clock.wall(lease.offered_at),
            ended: self.clock.wall(self.clock.now),
            why,
        };
        self.outputs.push_back(Output::OfferEnded {
            call: lease.call,
            queue: self.queues[lease.queue.0].plan.name.clone(),
            offer: offer.clone(),
        });
        episode.offers.push(offer);
    }
}

/// Counts a failed offer: for how long the agent rests, and why they are 置忙 after how many if that was
/// one too many. `None` when it was not the agent's doing.
fn setback(
    counts: &mut Setbacks<u32>,
    end: OfferEnd,
    offering: &Offering,
) -> Option<(Duration, Option<(Reason, u32)>)> {
    let (delays, limits) = (&offering.delays, &offering.pause_after);
    let (count, delay, limit, reason) = match end {
        OfferEnd::NoAnswer => (
            &mut counts.no_answer,
            delays.no_answer,
            limits.no_answer,
            Reason::NoAnswer,
        ),
        OfferEnd::Rejected => (
            &mut counts.rejected,
            delays.rejected,
            limits.rejected,
            Reason::Rejected,
        ),
        OfferEnd::Busy => (
            &mut counts.busy,
            delays.busy,
            limits.busy,
            Reason::PhoneBusy,
        ),
        OfferEnd::Unreachable => (
            &mut counts.unreachable,
            delays.unreachable,
            limits.unreachable,
            Reason::Unreachable,
        ),
        OfferEnd::NotConnected => return Some((LEAST_DELAY, None)),
        OfferEnd::Connected | OfferEnd::Elsewhere | OfferEnd::CallerGone | OfferEnd::AgentGone => {
            return None;
        }
    };
    *count += 1;
    let after = *count;
    let paused = limit.is_some_and(|limit| after >= limit);
    if paused {
        *count = 0;
    }
    Some((delay.max(LEAST_DELAY), paused.then_some((reason, after))))
}

fn end_of(cause: Cause) -> OfferEnd {
    match cause {
        Cause::Busy => OfferEnd::Busy,
        Cause::Rejected => OfferEnd::Rejected,
        Cause::NoAnswer | Cause::Normal | Cause::Cancelled => OfferEnd::NoAnswer,
        Cause::Unallocated
        | Cause::Unavailable
        | Cause::SwitchedOff
        | Cause::Forbidden
        | Cause::NotAllowed
        | Cause::LimitReached
        | Cause::Incompatible
        | Cause::Lost
        | Cause::Congestion
        | Cause::Failure => OfferEnd::Unreachable,
    }
}

/// Notes an answered call, and forgets what no window reaches.
fn remember(answered: &mut VecDeque<Answered>, now: Instant) {
    answered.push_back(Answered {
        at: now,
        talked: Duration::ZERO,
    });
    while answered.len() > MOST_REMEMBERED
        || answered
            .front()
            .is_some_and(|it| now.saturating_duration_since(it.at) > DAY)
    {
        answered.pop_front();
    }
}

/// A phone that refuses at once must not be rung in a circle.
const LEAST_DELAY: Duration = Duration::from_secs(1);
const MOST_REMEMBERED: usize = 2000;
