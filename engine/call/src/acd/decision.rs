//! What was decided about a caller, and why, for every agent of the queue.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{AgentId, QueueName, Reason};
use crate::CallId;
use crate::journal::What;

/// One decision, with the reason for every candidate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// About whom.
    pub call: CallId,
    /// In which queue.
    pub queue: QueueName,
    /// What.
    pub what: Decided,
    /// By which rule.
    pub because: Cow<'static, str>,
    /// Every member of the queue as it stood at that moment, in the order of the list. Empty
    /// where the agents had no part in it.
    pub candidates: Vec<Verdict>,
}

/// What was decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decided {
    /// The call is offered to these.
    Offer(Vec<AgentId>),
    /// The caller waits.
    Wait,
    /// A script is asked.
    Ask,
    /// A step of the overflow chain is taken, or left out.
    Overflow(String),
    /// The choice of agents widens: so many rings of the ladder are passed, and this is required
    /// still.
    Widen {
        /// How many.
        rings: usize,
        /// What: `english 3, billing 1`, or nothing.
        required: String,
    },
}

/// One candidate, and why they get the call or not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Who.
    pub agent: AgentId,
    /// Why.
    pub because: Because,
}

/// How an agent stood when the decision was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Because {
    /// Could take the call, and stood here in the strategy's order; 1 is first.
    Free {
        /// The place in the order.
        place: usize,
        /// Idle for so long.
        idle: Duration,
        /// Calls answered within the strategy's window.
        calls: usize,
        /// The penalty in this queue, as it counts for this caller.
        penalty: u32,
        /// The level in this queue.
        level: u32,
        /// They take no new customers by chat, and why they may be offered this one.
        despite: Option<Despite>,
    },
    /// Could take the call, but a script did not name them.
    NotNamed,
    /// Could take the call, but has been rung for it in this round.
    RungAlready,
    /// Could take a call, but this caller is kept for an agent who knows them.
    Kept {
        /// For whom.
        agent: AgentId,
        /// For so long.
        left: Duration,
    },
    /// Could take a call, but their level is not open to this caller yet.
    TierClosed {
        /// Which.
        level: u32,
        /// It opens in so long at the latest.
        left: Duration,
    },
    /// Could take a call, but their penalty is not among those that this caller is offered to.
    PenaltyOutOfRange {
        /// What it is.
        penalty: u32,
    },
    /// Could take a call, but cannot what this one needs.
    Lacks {
        /// Which skill.
        skill: Arc<str>,
        /// How much of it is wanted.
        wanted: u8,
        /// How much of it they have.
        has: u8,
    },
    /// Could take the call, but somebody waits for them in a queue that they serve before this one.
    OtherQueueFirst(QueueName),
    /// 未登录.
    LoggedOut,
    /// No phone that answers.
    Unreachable,
    /// 免打扰.
    DoNotDisturb,
    /// They take no new customers by chat.
    NoNewItems,
    /// 置忙.
    Busy(Reason),
    /// 准备接听 for a call.
    Offered,
    /// The leg of an offer that is over is not gone yet.
    Releasing,
    /// Has as many chats as fit in, or may have no call beside them.
    NoRoom {
        /// So many.
        items: usize,
    },
    /// 通话中.
    Talking,
    /// A call of their own rings, in or out.
    OwnCallRings,
    /// In a menu or at a star code.
    WithExchange,
    /// 事后.
    WrapUp {
        /// For so long; until the agent ends it when `None`.
        left: Option<Duration>,
    },
    /// Offered nothing for a while, since an offer failed.
    Delayed {
        /// For so long.
        left: Duration,
    },
}

/// Why an agent who takes no new customers by chat may be offered one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Despite {
    /// The customer has had a chat with them in the last 24 hours, and is not new.
    Returning,
    /// It is a VIP.
    Vip,
}

impl From<&Decision> for What {
    fn from(decision: &Decision) -> Self {
        let mut because = decision.because.to_string();
        for verdict in &decision.candidates {
            because.push_str(&format!("; {}: {}", verdict.agent, verdict.because));
        }
        Self::Decision {
            what: format!("queue {}: {}", decision.queue, decision.what),
            because,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.queue, self.what, self.because)?;
        for (index, verdict) in self.candidates.iter().enumerate() {
            let mark = if index == 0 { "; " } else { ", " };
            write!(f, "{mark}{}: {}", verdict.agent, verdict.because)?;
        }
        Ok(())
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offer(agents) => {
                f.write_str("offer to ")?;
                for (index, agent) in agents.iter().enumerate() {
                    let mark = if index == 0 { "" } else { ", " };
                    write!(f, "{mark}{agent}")?;
                }
                Ok(())
            }
            Self::Wait => f.write_str("wait"),
            Self::Ask => f.write_str("ask the script"),
            Self::Overflow(step) => write!(f, "overflow to {step}"),
            Self::Widen { rings, required } if required.is_empty() => {
                write!(f, "ring {rings}: no skill is required any more")
            }
            Self::Widen { rings, required } => {
                write!(f, "ring {rings}: {required} is required still")
            }
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free {
                place,
                idle,
                calls,
                penalty,
                level,
                despite,
            } => {
                write!(f, "no. {place}, idle {} s, {calls} calls", idle.as_secs())?;
                match level {
                    0 | 1 => {}
                    level => write!(f, ", level {level}")?,
                }
                match penalty {
                    0 => {}
                    penalty => write!(f, ", penalty {penalty}")?,
                }
                match despite {
                    None => Ok(()),
                    Some(Despite::Returning) => {
                        f.write_str(", takes no new customers, and this one comes back")
                    }
                    Some(Despite::Vip) => f.write_str(", takes no new customers but VIPs"),
                }
            }
            Self::NotNamed => f.write_str("free, not named by the script"),
            Self::RungAlready => f.write_str("free, rung for this call already"),
            Self::Kept { agent, left } => {
                write!(
                    f,
                    "free, the caller is kept for {agent} for {} s more",
                    whole(*left)
                )
            }
            Self::TierClosed { level, left } => {
                write!(f, "free, level {level} opens in {} s", whole(*left))
            }
            Self::PenaltyOutOfRange { penalty } => {
                write!(f, "free, penalty {penalty} is out of range")
            }
            Self::Lacks {
                skill,
                wanted,
                has: 0,
            } => write!(f, "free, lacks {skill} {wanted}"),
            Self::Lacks { skill, wanted, has } => {
                write!(f, "free, lacks {skill} {wanted} (has {has})")
            }
            Self::OtherQueueFirst(queue) => write!(f, "free, serves {queue} first"),
            Self::LoggedOut => f.write_str("logged out"),
            Self::Unreachable => f.write_str("phone not reachable"),
            Self::DoNotDisturb => f.write_str("does not want to be disturbed"),
            Self::NoNewItems => f.write_str("takes no new customers by chat"),
            Self::Busy(reason) => write!(f, "busy ({reason})"),
            Self::Offered => f.write_str("offered a call"),
            Self::Releasing => f.write_str("the last offer is being taken back"),
            Self::NoRoom { items } => write!(f, "no room beside {items} chats"),
            Self::Talking => f.write_str("talking"),
            Self::OwnCallRings => f.write_str("a call of their own rings"),
            Self::WithExchange => f.write_str("in a menu of the exchange"),
            Self::WrapUp { left: None } => f.write_str("wrap-up"),
            Self::WrapUp { left: Some(left) } => {
                write!(f, "wrap-up for {} s more", left.as_secs())
            }
            Self::Delayed { left } => {
                write!(f, "rests for {} s after a failed offer", left.as_secs())
            }
        }
    }
}

/// Seconds, begun ones included: what is a moment off does not show as none.
fn whole(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
