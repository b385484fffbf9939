//! A call and the queue that it waits in: what the script asks for, what the call asks of the floor
//! (agents and queues, [`crate::acd`]), and what the floor tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::acd::{
    AgentId, Announcement, Greet, LeaseId, Leave, News, Output, QueueName, Wants, Withdrawn,
};
use crate::{CallId, Keys, Sound};

/// Waits in a queue until an agent has the call; replies when the two have parted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Which.
    pub name: QueueName,
    /// A head start in seconds.
    pub priority: u32,
    /// Instead of the queue's longest wait.
    pub max_wait: Option<Duration>,
    /// What the caller asks of agents.
    #[serde(default)]
    pub wants: Wants,
    /// Records the conversation in stereo, also where the queue does not.
    pub record: bool,
    /// Keys that take the caller out of the queue.
    pub exit_keys: Keys,
    /// Keys that lead elsewhere.
    pub keys: Vec<KeyChoice>,
    /// Whom agents' phones show in place of the caller's name.
    pub display: Option<String>,
    /// What the agent alone hears when they are put through, in place of what the queue says.
    pub whisper: Vec<Sound>,
    /// The caller was called back for this.
    pub callback: Option<CallId>,
}

impl Queue {
    /// Waits in this queue as anybody does.
    pub fn new(name: QueueName) -> Self {
        Self {
            name,
            priority: 0,
            max_wait: None,
            wants: Wants::default(),
            record: false,
            exit_keys: Keys::None,
            keys: Vec::new(),
            display: None,
            whisper: Vec::new(),
            callback: None,
        }
    }
}

/// A key that leads elsewhere while its caller waits. Until it was pressed a second time the place is kept,
/// and an agent who answers has the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyChoice {
    /// Which.
    pub key: char,
    /// Where to.
    pub choice: Choice,
    /// What asks for it once more; at once when `None`.
    pub confirm: Option<Sound>,
}

/// Where a key leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Choice {
    /// Back to the script.
    Leave,
    /// To another queue, with the time waited.
    Queue(QueueName),
    /// Home: the caller is called back when it is their turn.
    Callback,
    /// There: `voicemail:8000`, `user:1001`, `trunk:carrier/10086`, `play:bye/thanks`.
    Go(String),
    /// Nowhere: scripts are told of it, once for each wait, and the caller waits on.
    Tell {
        /// The event.
        event: String,
        /// What the caller hears then.
        say: Option<Sound>,
    },
}

impl Choice {
    /// The sound that asks for the key once more, where nothing else is said of it.
    pub fn confirmation(&self) -> Option<Sound> {
        crate::queueing::confirmation(self)
    }
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
        /// What the caller asks of agents.
        #[serde(default)]
        wants: Wants,
        /// They were called back for this.
        #[serde(default)]
        callback: Option<CallId>,
    },
    /// A key takes the caller out.
    Leave,
    /// A key takes the caller to another queue.
    Move {
        /// Which.
        queue: QueueName,
    },
    /// By a key the caller wants to be called back.
    Callback,
    /// By a key the caller wants something that is done in passing.
    Aside {
        /// The event that scripts are told.
        event: String,
    },
    /// Somebody has taken the caller out of the line, and talks with them.
    Picked {
        /// The user.
        by: String,
    },
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
        /// It begins anew for this caller.
        #[serde(default)]
        from_start: bool,
        /// The place; 1 is the next.
        position: usize,
    },
    /// Say this to the caller, in this order.
    Announce(Vec<Announcement>),
    /// The caller cannot be called back, and waits on.
    NotCalledBack,
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
        /// What the two hear first.
        #[serde(default)]
        greet: Greet,
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
                greet,
                ..
            } => {
                // Until they are put through the offer can still be taken back.
                let connect = FromFloor::Connect {
                    lease,
                    record,
                    greet,
                };
                (call, connect)
            }
            Output::Announce { call, what } => (call, FromFloor::Announce(what)),
            Output::Waits {
                call,
                queue,
                music,
                from_start,
                position,
            } => {
                let waits = FromFloor::Waits {
                    queue,
                    music,
                    from_start,
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
