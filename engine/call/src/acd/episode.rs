//! What is written of a caller's stay in a queue (B.3 `queue_episode`).

use serde::{Deserialize, Serialize};

use super::{AgentId, QueueName};
use crate::CallId;

/// One stay of one caller in one queue, written when it is over. Times are in microseconds since
/// 1970, UTC.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Whose.
    pub call: CallId,
    /// Where.
    pub queue: QueueName,
    /// When the caller came into this queue.
    pub entered: i64,
    /// The place at that moment; 1 is the next.
    pub position0: usize,
    /// The head start that the script gave, in seconds.
    pub priority: u32,
    /// Whom the call was offered to, in order.
    pub offers: Vec<EpisodeOffer>,
    /// How it ended.
    pub outcome: Outcome,
    /// The wait in this queue.
    pub wait_ms: u64,
    /// The wait in the queues that the caller came from.
    pub waited_before_ms: u64,
    /// Who answered.
    pub agent: Option<AgentId>,
}

/// One offer to one agent.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct EpisodeOffer {
    /// To whom.
    pub agent: AgentId,
    /// When.
    pub at: i64,
    /// When it ended.
    pub ended: i64,
    /// How it ended.
    pub why: OfferEnd,
}

macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident $word:literal ),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $( $(#[$doc])* $variant ),+ }

        impl $name {
            /// The word in records and reports.
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }
    };
}

words! {
    /// How a stay ended.
    Outcome {
        /// An agent has the caller.
        Answered "answered",
        /// The caller hung up, or their line was lost.
        Abandoned "abandoned",
        /// Waited for as long as a caller may.
        Timeout "timeout",
        /// No agent counted as present.
        NoAgent "no_agent",
        /// The caller pressed a key, or the script took the caller back.
        Key "key",
        /// A step of the overflow chain took the caller elsewhere.
        Overflow "overflow",
        /// The caller will be called back, and keeps the place.
        Callback "callback",
        /// There was no room; the caller never waited.
        Full "full",
    }
}

words! {
    /// How an offer ended.
    OfferEnd {
        /// The agent has the caller.
        Connected "connected",
        /// Another agent has the caller.
        Elsewhere "elsewhere",
        /// It rang and nobody came.
        NoAnswer "no_answer",
        /// Declined: also by a "busy" after it had rung, which many phones' reject keys say.
        Rejected "rejected",
        /// The phone was in a call, or on do-not-disturb: it said so without ringing.
        Busy "busy",
        /// The phone could not be reached.
        Unreachable "unreachable",
        /// The caller left while it rang; not counted against the agent.
        CallerGone "caller_gone",
        /// The agent logged out or was reset while it rang.
        AgentGone "agent_gone",
        /// The agent hung up, or the exchange failed, between the answer and the connection.
        NotConnected "not_connected",
    }
}
