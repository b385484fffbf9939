//! Somebody takes a caller out of the line whose turn it need not be.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::agent::Duty;
use super::caller::Caller;
use super::name::AgentIx;
use super::{
    Acd, AgentId, Because, Decided, Decision, Leave, Medium, OfferEnd, Output, QueueName, Withdrawn,
};
use crate::CallId;

/// Which caller somebody wants.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Pick {
    /// This one.
    Call(CallId),
    /// Whoever is next in this queue.
    NextOf(QueueName),
}

/// Why nobody is picked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PickError {
    /// Nobody waits there, or the call does not wait any more.
    #[error("nobody waits there")]
    Nobody,
    /// A colleague was quicker: is rung for the caller whom they have picked, or is being put through.
    #[error("a colleague was quicker and has the caller")]
    Taken,
    /// The user is a member of no queue.
    #[error("is a member of no queue")]
    NotAnAgent,
    /// *22 comes first.
    #[error("is not logged in")]
    LoggedOut,
    /// In a call, or offered one.
    #[error("is in a call")]
    InCall,
    /// No phone answers.
    #[error("has no phone that answers")]
    NoPhone,
}

impl PickError {
    /// The word that scripts and programs see as `why`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Taken => "taken",
            Self::NotAnAgent => "not_an_agent",
            Self::LoggedOut => "logged_out",
            Self::InCall => "in_call",
            Self::NoPhone => "unavailable",
        }
    }
}

impl Acd {
    /// Who waits that could be picked.
    ///
    /// # Errors
    /// [`PickError::Nobody`], or [`PickError::Taken`] where there was somebody.
    pub fn pickable(&self, pick: &Pick) -> Result<CallId, PickError> {
        match pick {
            Pick::Call(call) => self.can_be_picked(*call),
            Pick::NextOf(queue) => {
                let ix = self.names.queues.get(queue).ok_or(PickError::Nobody)?;
                let mut why = PickError::Nobody;
                for (_, call) in &self.queues[ix.0].line {
                    match self.can_be_picked(*call) {
                        Err(PickError::Taken) => why = PickError::Taken,
                        Err(_) => {}
                        found => return found,
                    }
                }
                Err(why)
            }
        }
    }

    fn can_be_picked(&self, call: CallId) -> Result<CallId, PickError> {
        let caller = self.callers.get(&call).ok_or(PickError::Nobody)?;
        if caller.away.is_some() || caller.wants.medium != Medium::Voice {
            return Err(PickError::Nobody);
        }
        let is_taken = caller.offers.connecting.is_some() || self.is_picked(caller);
        match is_taken {
            true => Err(PickError::Taken),
            false => Ok(call),
        }
    }

    /// Who was the last to be answered in a queue, for a few seconds: whoever wanted to pick them then was too late.
    pub fn just_answered(&self, now: Instant, queue: &QueueName) -> Option<CallId> {
        let ix = self.names.queues.get(queue)?;
        let (call, at) = self.queues[ix.0].answered?;
        (now.saturating_duration_since(at) <= JUST_NOW).then_some(call)
    }

    /// Whether somebody has chosen this caller, and is rung for them.
    pub(super) fn is_picked(&self, caller: &Caller) -> bool {
        let mut leases = caller.offers.leases.iter();
        leases.any(|lease| self.leases.get(lease).is_some_and(|lease| lease.is_picked))
    }

    /// An agent who is logged in, 置忙 or not, is offered this caller now, and nobody else is.
    ///
    /// # Errors
    /// With what to tell the agent.
    pub fn handle_pick(
        &mut self,
        now: Instant,
        agent: &AgentId,
        pick: &Pick,
    ) -> Result<CallId, PickError> {
        self.begin(now);
        let done = self.pick(agent, pick);
        self.finish();
        done
    }

    /// Somebody talks with a caller already whom they have taken out of the line themselves.
    pub fn handle_picked(&mut self, now: Instant, call: CallId, by: &str) {
        self.begin(now);
        self.stop_ringing_for(call);
        self.leave(call, Leave::Answered(by.into()));
        self.finish();
    }

    fn pick(&mut self, name: &AgentId, pick: &Pick) -> Result<CallId, PickError> {
        let ix = *self.names.agents.get(name).ok_or(PickError::NotAnAgent)?;
        let agent = &self.agents[ix.0];
        if agent.duty == Duty::LoggedOut {
            return Err(match agent.queues.is_empty() {
                true => PickError::NotAnAgent,
                false => PickError::LoggedOut,
            });
        }
        // 置忙, 事后, chats and a rest are no obstacle to what the agent wants themselves.
        match agent.obstacle(self.clock.now) {
            None
            | Some(
                Because::Busy(_)
                | Because::WrapUp { .. }
                | Because::Delayed { .. }
                | Because::NoRoom { .. },
            ) => {}
            Some(Because::Unreachable) => return Err(PickError::NoPhone),
            Some(_) => return Err(PickError::InCall),
        }
        let call = self.pickable(pick)?;
        self.stop_ringing_for(call);
        let queue = self.callers.get(&call).map(|caller| caller.queue);
        self.outputs.extend(queue.map(|queue| {
            Output::Decision(Decision {
                call,
                queue: self.queues[queue.0].plan.name.clone(),
                what: Decided::Offer(vec![name.clone()]),
                because: "picked out of the line".into(),
                candidates: Vec::new(),
            })
        }));
        self.reserve_whatever(call, ix);
        Ok(call)
    }

    /// Nobody is to ring for this caller any longer.
    fn stop_ringing_for(&mut self, call: CallId) {
        let leases = self.callers.get(&call).map(|it| it.offers.leases.clone());
        for lease in leases.into_iter().flatten() {
            self.withdraw(lease, Withdrawn::Elsewhere, OfferEnd::Elsewhere);
        }
    }

    /// Reserves an agent who would not be offered a call by themselves.
    fn reserve_whatever(&mut self, call: CallId, ix: AgentIx) {
        let lease = self.lease_for(call, ix);
        if let Some(lease) = lease.and_then(|lease| self.leases.get_mut(&lease)) {
            lease.is_picked = true;
        }
    }
}

/// Whoever sees somebody wait and dials a code for them comes within that time.
const JUST_NOW: Duration = Duration::from_secs(5);
