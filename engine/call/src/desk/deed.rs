//! Everything that is done at a desk: its words, its fields, and what one must be allowed for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Needs, Refused, Right, Terms};
use crate::acd::Act;
use crate::screen::List;
use crate::{CallId, Parting};

/// One thing that is done at a desk.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// 登录: 置忙 afterwards.
    LogIn {},
    /// 登出; refused in a call.
    LogOut {},
    /// 置闲; in a call it applies afterwards.
    Idle {},
    /// 置忙; in a call it applies afterwards.
    Busy {
        /// One of the tenant's names for it (`agents.reasons`), or its number from 1.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Ends 事后 with 置闲.
    EndWrapUp {},
    /// 事后 lasts longer.
    ExtendWrapUp {
        /// By so many minutes, 1 to 60.
        minutes: u32,
    },
    /// 重置: a ringing offer is taken back, a call goes on; 置忙.
    Reset {},
    /// 置忙 once the call that goes on, and its 事后, are over.
    BusyAfterCall {},
    /// Lets an agent have the break that they have asked for.
    Approve {},
    /// Or does not.
    Deny {},
    /// The user's desk is there: whose desk has been heard of once is 掉线 when it is silent for long.
    Heartbeat {},
    /// 自动应答: the user's phone is told to answer customers by itself.
    AutoAnswer {
        /// Whether.
        on: bool,
        /// Whether colleagues who call directly, too; as it was when left out.
        #[serde(default)]
        internal: Option<bool>,
    },
    /// 免打扰: the user's phone is not rung.
    DoNotDisturb {
        /// Whether.
        on: bool,
    },
    /// 自动置闲: 置闲 follows 事后.
    AutoIdle {
        /// Whether.
        on: bool,
        /// The agent's own longest 事后; as it was when left out.
        #[serde(default)]
        seconds: Option<u32>,
    },
    /// 自动置忙: 置忙 follows 事后.
    AutoBusy {
        /// Whether.
        on: bool,
        /// The agent's own longest 事后; as it was when left out.
        #[serde(default)]
        seconds: Option<u32>,
    },
    /// Sits down at a phone: calls for the user ring there, and what is done there is theirs.
    Sit {
        /// The user whose phone it is; the user's own when left out.
        #[serde(default)]
        device: Option<String>,
        /// Also when somebody else sits there, who is logged out then.
        #[serde(default)]
        take_over: bool,
    },
    /// Brings the user's conversation to the phone that asks for it by a star code.
    Pull {},
    /// Takes a caller out of the line: this one, or whoever is next in that queue.
    Pick {
        /// Who.
        #[serde(default)]
        call: Option<CallId>,
        /// Where.
        #[serde(default)]
        queue: Option<String>,
    },
    /// Ends the call that the user talks in or rings for.
    HangUp {},
    /// 监听: hears the user's calls, and is heard by nobody.
    Listen(Terms),
    /// 耳语: the same, and is heard by the user alone.
    Whisper(Terms),
    /// 强插: the same, and is heard by everybody.
    Barge(Terms),
    /// 强取: talks in the user's place, who is out of the call.
    TakeOver {
        /// Who does, where that is not whoever gives the order: they supervise the user already.
        #[serde(default)]
        leader: Option<String>,
    },
    /// 强拆: the user is out of the call.
    Release {
        /// What becomes of the other party.
        #[serde(default)]
        parting: Parting,
        /// Why, for the log.
        #[serde(default)]
        reason: Option<String>,
    },
    /// 强制置忙.
    ForceBusy {
        /// As of `busy`.
        #[serde(default)]
        reason: Option<String>,
    },
    /// 强制置闲.
    ForceIdle {},
    /// 强制签出; in a call it applies afterwards.
    ForceLogOut {},
    /// Text to the user's phones.
    Message {
        /// What it says.
        text: String,
    },
    /// Takes a chat, or whatever else is no call, that is offered to the user.
    TakeItem {
        /// Which.
        item: CallId,
    },
    /// Declines it: it goes to the next.
    DeclineItem {
        /// Which.
        item: CallId,
    },
    /// Has done with it.
    FinishItem {
        /// Which.
        item: CallId,
    },
    /// Supervises the user no more.
    Stop {
        /// Who, where that is not whoever gives the order.
        #[serde(default)]
        leader: Option<String>,
    },
    /// 电话保持: whom the user talks with waits with music.
    Hold {},
    /// 保持接回.
    Retrieve {},
    /// 咨询: asks somebody beside the call, whose other party waits with music.
    Consult {
        /// A colleague's extension, or a number that the user may dial.
        to: String,
        /// Only if that agent is 置闲; they are reserved for it.
        #[serde(default)]
        only_idle: bool,
    },
    /// Talks with the other of the two: who waits, and who is asked.
    Swap {},
    /// Asks no longer, and has the first one back.
    CancelConsult {},
    /// 电话转接: who waits and who is asked talk with each other; while that still rings it rings on for
    /// who waits, and back after the recall time.
    Complete {},
    /// 电话会议: all three talk with each other.
    Conference {},
    /// Blind transfer: whom the user talks with goes there, and comes back after the recall time.
    Transfer {
        /// A number that the user may dial.
        to: String,
    },
    /// Puts whom the user talks with to the tenant's parking number (`park`); the place is said.
    Park {},
    /// Puts whom the user talks with through to the tenant's survey (`survey`).
    Survey {},
    /// Presses keys for whom the user talks with to hear.
    Dtmf {
        /// `0-9 * # A-D`; `,` waits a second.
        digits: String,
    },
    /// Makes the user's phone answer what rings there, where it can be told to (NOTIFY `talk`).
    Answer {},
    /// Begins or ends the recording of the conversation.
    Record {
        /// Turned round when left out.
        #[serde(default)]
        on: Option<bool>,
    },
    /// Leaves what is said out of the recording (证件号, 卡号), whose time goes on.
    Mask {
        /// Turned round when left out.
        #[serde(default)]
        on: Option<bool>,
    },
    /// Marks the call, so that it is found again.
    Tag {
        /// A word; `marked` when left out.
        #[serde(default)]
        tag: Option<String>,
    },
    /// Puts a number of callers on a list: 黑名单, VIP, 白名单.
    ListAdd {
        /// Which.
        list: List,
        /// However it is written; with `prefix` how canonical numbers begin.
        number: String,
        /// All numbers that begin so.
        #[serde(default)]
        prefix: bool,
        /// A word for it.
        #[serde(default)]
        reason: Option<String>,
        /// For so many days; for ever when left out.
        #[serde(default)]
        days: Option<u32>,
    },
    /// Takes one off a list.
    ListRemove {
        /// Which.
        list: List,
        /// As it was put there, or written otherwise.
        number: String,
        /// It is how numbers begin.
        #[serde(default)]
        prefix: bool,
    },
}

impl Deed {
    /// The word that it has everywhere: `extend_wrap_up`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::LogIn {} => "log_in",
            Self::LogOut {} => "log_out",
            Self::Idle {} => "idle",
            Self::Busy { .. } => "busy",
            Self::EndWrapUp {} => "end_wrap_up",
            Self::ExtendWrapUp { .. } => "extend_wrap_up",
            Self::Reset {} => "reset",
            Self::BusyAfterCall {} => "busy_after_call",
            Self::Approve {} => "approve",
            Self::Deny {} => "deny",
            Self::Heartbeat {} => "heartbeat",
            Self::AutoAnswer { .. } => "auto_answer",
            Self::DoNotDisturb { .. } => "do_not_disturb",
            Self::AutoIdle { .. } => "auto_idle",
            Self::AutoBusy { .. } => "auto_busy",
            Self::Sit { .. } => "sit",
            Self::Pull {} => "pull",
            Self::Pick { .. } => "pick",
            Self::HangUp {} => "hang_up",
            Self::Listen(_) => "listen",
            Self::Whisper(_) => "whisper",
            Self::Barge(_) => "barge",
            Self::TakeOver { .. } => "take_over",
            Self::Release { .. } => "release",
            Self::ForceBusy { .. } => "force_busy",
            Self::ForceIdle {} => "force_idle",
            Self::ForceLogOut {} => "force_log_out",
            Self::Message { .. } => "message",
            Self::TakeItem { .. } => "take_item",
            Self::DeclineItem { .. } => "decline_item",
            Self::FinishItem { .. } => "finish_item",
            Self::Stop { .. } => "stop",
            Self::Hold {} => "hold",
            Self::Retrieve {} => "retrieve",
            Self::Consult { .. } => "consult",
            Self::Swap {} => "swap",
            Self::CancelConsult {} => "cancel_consult",
            Self::Complete {} => "complete",
            Self::Conference {} => "conference",
            Self::Transfer { .. } => "transfer",
            Self::Park {} => "park",
            Self::Survey {} => "survey",
            Self::Dtmf { .. } => "dtmf",
            Self::Answer {} => "answer",
            Self::Record { .. } => "record",
            Self::Mask { .. } => "mask",
            Self::Tag { .. } => "tag",
            Self::ListAdd { .. } => "list_add",
            Self::ListRemove { .. } => "list_remove",
        }
    }

    /// The words that a code within a call can stand for.
    pub const TYPED: [&str; 16] = [
        "record",
        "consult",
        "cancel_consult",
        "complete",
        "conference",
        "swap",
        "mask",
        "tag",
        "survey",
        "transfer",
        "park",
        "hold",
        "retrieve",
        "dtmf",
        "hang_up",
        "busy",
    ];

    /// What a code within a call stands for, with the number behind it; `None` when there is no such
    /// deed, or it wants a number and there is none, or has no use for one.
    pub fn typed(word: &str, number: Option<String>) -> Option<Self> {
        Some(match (word, number) {
            ("consult", Some(to)) => Self::Consult {
                to,
                only_idle: false,
            },
            ("transfer", Some(to)) => Self::Transfer { to },
            ("dtmf", Some(digits)) => Self::Dtmf { digits },
            ("record", None) => Self::Record { on: None },
            ("mask", None) => Self::Mask { on: None },
            ("tag", None) => Self::Tag { tag: None },
            ("cancel_consult", None) => Self::CancelConsult {},
            ("complete", None) => Self::Complete {},
            ("conference", None) => Self::Conference {},
            ("swap", None) => Self::Swap {},
            ("survey", None) => Self::Survey {},
            ("park", None) => Self::Park {},
            ("hold", None) => Self::Hold {},
            ("retrieve", None) => Self::Retrieve {},
            ("hang_up", None) => Self::HangUp {},
            ("busy", None) => Self::Busy { reason: None },
            _ => return None,
        })
    }

    /// What one must be allowed for it: about oneself, and about somebody else.
    pub const fn needs(&self) -> Needs {
        match self {
            Self::LogIn {}
            | Self::LogOut {}
            | Self::Idle {}
            | Self::Busy { .. }
            | Self::EndWrapUp {}
            | Self::ExtendWrapUp { .. }
            | Self::Reset {}
            | Self::BusyAfterCall {}
            | Self::Heartbeat {}
            | Self::AutoAnswer { .. }
            | Self::DoNotDisturb { .. }
            | Self::AutoIdle { .. }
            | Self::AutoBusy { .. }
            | Self::Sit { .. } => Needs {
                own: Right::OwnState,
                others: Right::StateOfOthers,
            },
            Self::Approve {} | Self::Deny {} => Needs {
                own: Right::StateOfOthers,
                others: Right::StateOfOthers,
            },
            Self::Pull {} | Self::Pick { .. } => Needs {
                own: Right::OwnCalls,
                others: Right::CallsOfOthers,
            },
            Self::TakeItem { .. } | Self::DeclineItem { .. } | Self::FinishItem { .. } => Needs {
                own: Right::OwnCalls,
                others: Right::CallsOfOthers,
            },
            Self::HangUp {} => Needs {
                own: Right::OwnCalls,
                others: Right::Release,
            },
            Self::Listen(_) | Self::Stop { .. } => Needs {
                own: Right::Listen,
                others: Right::Listen,
            },
            Self::Whisper(_) | Self::Barge(_) | Self::TakeOver { .. } => Needs {
                own: Right::Supervise,
                others: Right::Supervise,
            },
            Self::Release { .. } => Needs {
                own: Right::Release,
                others: Right::Release,
            },
            Self::ForceBusy { .. }
            | Self::ForceIdle {}
            | Self::ForceLogOut {}
            | Self::Message { .. } => Needs {
                own: Right::StateOfOthers,
                others: Right::StateOfOthers,
            },
            Self::Hold {}
            | Self::Retrieve {}
            | Self::Consult { .. }
            | Self::Swap {}
            | Self::CancelConsult {}
            | Self::Complete {}
            | Self::Conference {}
            | Self::Transfer { .. }
            | Self::Park {}
            | Self::Survey {}
            | Self::Dtmf { .. }
            | Self::Answer {}
            | Self::Record { .. }
            | Self::Mask { .. }
            | Self::Tag { .. } => Needs {
                own: Right::OwnCalls,
                others: Right::CallsOfOthers,
            },
            Self::ListAdd { .. } | Self::ListRemove { .. } => Needs {
                own: Right::Lists,
                others: Right::Lists,
            },
        }
    }
}

impl Deed {
    /// What it is to the machine of agents and queues, with the tenant's names for 置忙; `None` when it is
    /// about calls.
    pub fn act(&self, reasons: &[String]) -> Option<Result<Act, Refused>> {
        Some(Ok(match self {
            Self::LogIn {} => Act::LogIn,
            Self::LogOut {} => Act::LogOut,
            Self::Idle {} | Self::ForceIdle {} => Act::Idle,
            Self::Busy { reason: None } | Self::ForceBusy { reason: None } => Act::Busy(0),
            Self::Busy {
                reason: Some(reason),
            }
            | Self::ForceBusy {
                reason: Some(reason),
            } => match code_of(reason, reasons) {
                Some(code) => Act::Busy(code),
                None => return Some(Err(no_such_reason(reason, reasons))),
            },
            Self::EndWrapUp {} => Act::EndWrapUp,
            Self::ExtendWrapUp { minutes } if (1..=60).contains(minutes) => {
                Act::ExtendWrapUp(Duration::from_secs(60 * u64::from(*minutes)))
            }
            Self::ExtendWrapUp { .. } => {
                let sentence = "minutes: 1 to 60 can be added";
                return Some(Err(Refused::new("wrong_minutes", sentence)));
            }
            Self::Reset {} => Act::Reset,
            Self::BusyAfterCall {} => Act::BusyAfterCall,
            Self::Approve {} => Act::Approve,
            Self::Deny {} => Act::Deny,
            Self::Heartbeat {} => Act::Beat,
            _ => return None,
        }))
    }
}

/// The number of a reason, by its name or its number.
fn code_of(reason: &str, reasons: &[String]) -> Option<u8> {
    if let Ok(code) = reason.parse::<u8>() {
        return (usize::from(code) <= reasons.len()).then_some(code);
    }
    let place = reasons.iter().position(|known| known == reason)?;
    u8::try_from(place + 1).ok()
}

fn no_such_reason(reason: &str, reasons: &[String]) -> Refused {
    let known = reasons.join(", ");
    Refused::new(
        "no_such_reason",
        format!("there is no reason '{reason}' (known: {known})"),
    )
}

#[cfg(test)]
mod tests;
