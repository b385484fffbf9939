//! Somebody takes a caller out of the line whose turn it need not be.

use std::time::Instant;

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
    /// Nobody waits there, the call does not wait any more, or a colleague has picked it.
    #[error("nobody waits there")]
    Nobody,
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
            Self::NotAnAgent => "not_an_agent",
            Self::LoggedOut => "logged_out",
            Self::InCall => "in_call",
            Self::NoPhone => "unavailable",
        }
    }
}

impl Acd {
    /// Who waits that could be picked.
    pub fn pickable(&self, pick: &Pick) -> Option<CallId> {
        let can_be = |call: &CallId| {
            let caller = self.callers.get(call)?;
            let is_on_the_line = caller.away.is_none() && caller.wants.medium == Medium::Voice;
            let is_taken = caller.offers.connecting.is_some() || self.is_picked(caller);
            (is_on_the_line && !is_taken).then_some(*call)
        };
        match pick {
            Pick::Call(call) => can_be(call),
            Pick::NextOf(queue) => {
                let queue = &self.queues[self.names.queues.get(queue)?.0];
                let mut line = queue.line.iter().map(|(_, call)| call);
                line.find_map(can_be)
            }
        }
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
        let call = self.pickable(pick).ok_or(PickError::Nobody)?;
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
