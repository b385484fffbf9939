//! A reservation of one agent for one call, with an end whatever dies.

use std::time::{Duration, Instant};

use super::Medium;
use super::name::{AgentIx, QueueIx};
use crate::CallId;

/// One agent, held for one call.
///
/// It is taken by compare-and-set: only an agent whom nothing holds can be reserved, and only what
/// carries the lease that stands can change it. Each of its states has a deadline, and the sum of
/// them is the ring time-out and one second.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) call: CallId,
    pub(super) agent: AgentIx,
    pub(super) queue: QueueIx,
    pub(super) medium: Medium,
    pub(super) offered_at: Instant,
    pub(super) state: LeaseState,
    /// Nobody rings yet: the agent is held free for somebody who is being called back.
    pub(super) is_held: bool,
    /// The agent has chosen the caller, who is nobody else's while it stands.
    pub(super) is_picked: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LeaseState {
    /// The phone is to ring or rings, until then.
    Offered { until: Instant },
    /// The agent has answered; the two must be connected by then.
    Answered { until: Instant },
    /// Nobody wants the leg any longer; it must be gone by then, and is taken for gone after.
    Withdrawn { until: Instant },
}

impl Lease {
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, LeaseState::Withdrawn { .. })
    }

    pub(super) fn deadline(&self) -> Instant {
        match self.state {
            LeaseState::Offered { until }
            | LeaseState::Answered { until }
            | LeaseState::Withdrawn { until } => until,
        }
    }
}

/// From an agent's answer to the connection; the switch does it at once.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_millis(500);
/// The same where the agent hears of the caller first (`before_bridge`).
pub(super) const HEAR_WITHIN: Duration = Duration::from_secs(15);
/// From a withdrawal until the leg is gone: a CANCEL and its answer.
pub(super) const RELEASE_WITHIN: Duration = Duration::from_millis(500);
