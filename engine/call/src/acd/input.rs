//! What comes in: who is to wait, what agents do, what became of legs; and why some of it is refused.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Doing, QueueName, Wants};
use crate::{CallId, Cause};

/// A caller who is to wait in a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    /// Who.
    pub call: CallId,
    /// Where.
    pub queue: QueueName,
    /// A head start in seconds: the caller is served as if they had come so much earlier. More
    /// than [`MOST_PRIORITY`] is cut to it, so that nobody is overtaken for ever.
    pub priority: u32,
    /// Instead of the queue's longest wait.
    pub max_wait: Option<Duration>,
    /// What they ask of agents.
    pub wants: Wants,
    /// They stood in this line before, in a machine that is no more: nobody is turned away, begins anew
    /// or is sent where they have been sent already.
    pub again: Option<Waited>,
    /// The number that they call from, as `+E.164` or internal number, where it is known.
    pub from: Option<String>,
    /// They were called back for this.
    pub callback: Option<CallId>,
}

impl Enter {
    /// Whoever comes to a queue, with nothing else to be said of them.
    pub fn new(call: CallId, queue: QueueName) -> Self {
        Self {
            call,
            queue,
            priority: 0,
            max_wait: None,
            wants: Wants::default(),
            again: None,
            from: None,
            callback: None,
        }
    }
}

/// How long a caller had waited when a machine was made anew.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Waited {
    /// In this queue.
    pub here: Duration,
    /// In the queues that they came from.
    pub before: Duration,
}

/// The greatest head start, in seconds.
pub const MOST_PRIORITY: u32 = 3600;

/// Why a caller cannot be taken in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnterError {
    /// No queue has this name, or it is being closed.
    #[error("no queue '{name}'{}", .suggestion.as_ref().map_or_else(String::new, |word| format!(" (did you mean '{word}'?)")))]
    UnknownQueue {
        /// The name.
        name: QueueName,
        /// What was likely meant.
        suggestion: Option<String>,
    },
    /// A call waits in one queue at a time.
    #[error("the call waits in queue '{0}' already")]
    Waiting(QueueName),
}

/// What an agent does, or somebody does for them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Act {
    /// *22: 登录.
    LogIn,
    /// *20: 登出. Refused in a call; an offer is taken back.
    LogOut,
    /// *23: 置闲. In a call or an offer it applies afterwards.
    Idle,
    /// *24: 置忙 with one of the tenant's codes; 0 is none. In a call or an offer it applies
    /// afterwards.
    Busy(u8),
    /// *25: ends 事后 with 置闲.
    EndWrapUp,
    /// *25 with minutes: 事后 lasts longer by this.
    ExtendWrapUp(Duration),
    /// 置忙 once the call that goes on, and its 事后, are over.
    BusyAfterCall,
    /// A leader lets the agent have the break that they have asked for.
    Approve,
    /// Or does not.
    Deny,
    /// The agent's desk is there. Whose desk has been heard of once is 掉线 when it is heard no longer.
    Beat,
    /// *29: 重置. An offer is taken back, a call goes on; 置忙.
    Reset,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The user is a member of no queue.
    #[error("is a member of no queue")]
    NotAnAgent,
    /// *22 comes first.
    #[error("is not logged in")]
    LoggedOut,
    /// Not before the call ends.
    #[error("is in a call")]
    InCall,
    /// There is no 事后 to end.
    #[error("is not in wrap-up")]
    NotInWrapUp,
    /// There is no call after which it could be.
    #[error("is in no call")]
    NotInCall,
    /// The tenant wants a reason for 置忙.
    #[error("must give a reason")]
    ReasonRequired,
    /// A leader must approve this reason, and has been asked to.
    #[error("needs a leader's approval for this reason, which has been asked for")]
    ApprovalNeeded,
    /// Agents of this tenant dial in 置忙 and 事后 only.
    #[error("must be busy to dial")]
    NotBusy,
    /// A call of a queue rings for them.
    #[error("is being offered a call")]
    Offered,
    /// The agent has asked for no break.
    #[error("has asked for nothing")]
    NothingAsked,
    /// 自动置闲 and 自动置忙.
    #[error("can follow wrap-up with one of auto idle and auto busy only")]
    Exclusive,
}

impl Refusal {
    /// The word that scripts and programs see as `why`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAnAgent => "not_an_agent",
            Self::LoggedOut => "logged_out",
            Self::InCall => "in_call",
            Self::NotInWrapUp => "not_in_wrap_up",
            Self::NotInCall => "not_in_call",
            Self::ReasonRequired => "reason_required",
            Self::ApprovalNeeded => "approval_needed",
            Self::NotBusy => "not_busy",
            Self::Offered => "offered",
            Self::NothingAsked => "nothing_asked",
            Self::Exclusive => "exclusive",
        }
    }
}

/// Who caused a change of state.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum By {
    /// The agent.
    Agent,
    /// Somebody with the right to, as the records name them: `user:1001`, `api:tour`,
    /// `plugin:tickets`, `script`.
    Leader(String),
    /// The exchange: a time-out, a call, a lost phone.
    Engine,
}

impl fmt::Display for By {
    /// The word in records: `agent`, `user:1001`, `api:tour`, `engine`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("agent"),
            Self::Leader(who) => f.write_str(who),
            Self::Engine => f.write_str("engine"),
        }
    }
}

/// What became of the leg that rings an agent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum News {
    /// The agent has answered.
    Answered,
    /// Agent and caller hear each other.
    Connected,
    /// The leg ended unanswered, or could not be made, for this cause.
    Refused(Cause),
    /// The leg is no more: the answer to [`Output::Withdraw`], or an end between answer and
    /// connection.
    Gone,
}

/// Something that a leg of an agent does which no offer made: a call of their own, a transfer to
/// them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DialogNews {
    /// It rings, in or out. From now on the agent is offered nothing. Told again when the other
    /// side turns out to be a customer.
    Began {
        /// The other side is a customer.
        customer: bool,
        /// The queue whose 事后 applies, if the call came from one.
        queue: Option<QueueName>,
    },
    /// Whether the agent talks with the exchange alone in it: a menu, a star code. They are offered
    /// nothing meanwhile, and are otherwise as if they were in no call, so that what they do by
    /// star code applies at once.
    Alone(bool),
    /// What the agent does in it now.
    Does(Doing),
    /// It is answered.
    Confirmed,
    /// It is over.
    Ended,
}
