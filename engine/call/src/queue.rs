//! A call and the queue that it waits in: what the script asks for, what the call asks of the floor
//! (agents and queues, [`crate::acd`]), and what the floor tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::acd::{AgentId, Announcement, LeaseId, Leave, News, Output, QueueName, Withdrawn};
use crate::{CallId, Keys};

/// Waits in a queue until an agent has the call; replies when the two have parted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Which.
    pub name: QueueName,
    /// A head start in seconds.
    pub priority: u32,
    /// Instead of the queue's longest wait.
    pub max_wait: Option<Duration>,
    /// Records the conversation in stereo, also where the queue does not.
    pub record: bool,
    /// Keys that take the caller out of the queue.
    pub exit_keys: Keys,
}

/// What a call asks of the floor, or reports to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToFloor {
    /// The caller is to wait.
    Enter {
        /// In which queue.
        queue: QueueName,
        /// A head start in seconds.
        priority: u32,
        /// Instead of the queue's longest wait.
        max_wait: Option<Duration>,
    },
    /// A key takes the caller out.
    Leave,
    /// The caller is gone.
    Gone,
    /// What became of the leg of an offer.
    Offer {
        /// The reservation.
        lease: LeaseId,
        /// What.
        news: News,
    },
}

/// What the floor tells a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromFloor {
    /// The caller waits from now on.
    Waits {
        /// In which queue.
        queue: QueueName,
        /// What is heard meanwhile; the tenant's music when `None`.
        music: Option<String>,
        /// The place; 1 is the next.
        position: usize,
    },
    /// Say this to the caller.
    Announce(Announcement),
    /// Ring an agent.
    Ring {
        /// The reservation.
        lease: LeaseId,
        /// Whom.
        agent: AgentId,
        /// From which queue.
        queue: QueueName,
        /// The caller has waited for so long.
        waited: Duration,
    },
    /// End that leg.
    Withdraw {
        /// The reservation.
        lease: LeaseId,
        /// Why.
        why: Withdrawn,
    },
    /// Stop music and announcements now.
    Hush,
    /// Let caller and agent hear each other now.
    Connect {
        /// The reservation.
        lease: LeaseId,
        /// The queue's conversations are recorded.
        record: bool,
    },
    /// The caller waits no longer.
    Left(Leave),
    /// The caller cannot wait there; the sentence for the script.
    Refused {
        /// `no queue 'suport' (did you mean 'support'?)`.
        why: String,
    },
}

/// Turns what the floor's machine wants into what calls are told; knows for whom each offer is.
#[derive(Debug, Default)]
pub struct Relay {
    leases: BTreeMap<LeaseId, CallId>,
}

impl Relay {
    /// The offers that live, each with the call that it is for.
    pub fn into_offers(self) -> impl Iterator<Item = (LeaseId, CallId)> {
        self.leases.into_iter()
    }

    /// Which call is to be told what, if this is about one. To be shown every output, in order.
    pub fn news(&mut self, output: &Output) -> Option<(CallId, FromFloor)> {
        Some(match output.clone() {
            Output::Offer {
                lease,
                call,
                queue,
                agent,
                waited,
                ..
            } => {
                self.leases.insert(lease, call);
                let ring = FromFloor::Ring {
                    lease,
                    agent,
                    queue,
                    waited,
                };
                (call, ring)
            }
            Output::Withdraw { lease, why } => {
                let call = self.leases.remove(&lease)?;
                (call, FromFloor::Withdraw { lease, why })
            }
            Output::Hush { call } => (call, FromFloor::Hush),
            Output::Connect {
                lease,
                call,
                record,
                ..
            } => {
                self.leases.remove(&lease);
                (call, FromFloor::Connect { lease, record })
            }
            Output::Announce { call, what } => (call, FromFloor::Announce(what)),
            Output::Waits {
                call,
                queue,
                music,
                position,
            } => {
                let waits = FromFloor::Waits {
                    queue,
                    music,
                    position,
                };
                (call, waits)
            }
            Output::Leave { call, why, .. } => {
                self.leases.retain(|_, of| *of != call);
                (call, FromFloor::Left(why))
            }
            _ => return None,
        })
    }
}
