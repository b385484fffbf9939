//! The states of an agent: their words, and what agents are shown of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an agent is doing. Whether their phone can be reached is another fact, and never mixed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 未登录.
    LoggedOut,
    /// 置忙.
    Busy(Reason),
    /// 置闲.
    Idle,
    /// 准备接听: a call is offered, the phone is to ring or rings.
    Offered,
    /// 外呼振铃: their own phone rings first, and a number is dialled for them when they answer.
    Dialling,
    /// 呼叫对方: the far end is called or rings.
    Calling,
    /// 通话中: they talk with a customer.
    Talking,
    /// 保持中: they have put the customer on hold.
    Holding,
    /// 咨询中: the customer waits while they call somebody else, or talk with them.
    Consulting,
    /// 会议中: three or more talk.
    Conference,
    /// 内部通话: they talk with colleagues, and no customer is there.
    Internal,
    /// 监听中: they listen to a colleague's call, or speak to the colleague alone.
    Monitoring,
    /// 强插中: they take part in a colleague's call.
    Barging,
    /// 事后.
    WrapUp,
}

/// Why an agent is 置忙.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The agent chose it, with one of the tenant's codes (小休, 会议 …); 0 is none.
    Code(u8),
    /// Just logged in.
    Login,
    /// 自动置忙 after a call.
    AfterCall,
    /// Did not answer several calls in a row (未应答).
    NoAnswer,
    /// Declined several calls in a row.
    Rejected,
    /// The phone was busy for several calls in a row.
    PhoneBusy,
    /// The phone could not be rung for several calls in a row.
    Unreachable,
    /// The phone was lost for too long (掉线).
    Lost,
    /// 重置.
    Reset,
}

impl State {
    /// All of them, in the order in which a day brings them.
    pub const ALL: [Self; 14] = [
        Self::LoggedOut,
        Self::Busy(Reason::Login),
        Self::Idle,
        Self::Offered,
        Self::Dialling,
        Self::Calling,
        Self::Talking,
        Self::Holding,
        Self::Consulting,
        Self::Conference,
        Self::Internal,
        Self::Monitoring,
        Self::Barging,
        Self::WrapUp,
    ];

    /// Whether they are in a conversation, held ones included.
    pub const fn is_conversation(self) -> bool {
        matches!(
            self,
            Self::Talking
                | Self::Holding
                | Self::Consulting
                | Self::Conference
                | Self::Internal
                | Self::Monitoring
                | Self::Barging
        )
    }

    /// The word that scripts and records use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Busy(_) => "busy",
            Self::Idle => "idle",
            Self::Offered => "offered",
            Self::Dialling => "dialling",
            Self::Calling => "calling",
            Self::Talking => "talking",
            Self::Holding => "holding",
            Self::Consulting => "consulting",
            Self::Conference => "conference",
            Self::Internal => "internal",
            Self::Monitoring => "monitoring",
            Self::Barging => "barging",
            Self::WrapUp => "wrap_up",
        }
    }

    /// What agents are shown and told.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::LoggedOut => "未登录",
            Self::Busy(_) => "置忙",
            Self::Idle => "置闲",
            Self::Offered => "准备接听",
            Self::Dialling => "外呼振铃",
            Self::Calling => "呼叫对方",
            Self::Talking => "通话中",
            Self::Holding => "保持中",
            Self::Consulting => "咨询中",
            Self::Conference => "会议中",
            Self::Internal => "内部通话",
            Self::Monitoring => "监听中",
            Self::Barging => "强插中",
            Self::WrapUp => "事后",
        }
    }
}

impl State {
    /// Why a 置忙 is one, if there is more to say than that the agent chose it: the tenant's name
    /// of the code (`codes` are those of 1, 2 …), or the machine's own word.
    pub fn reason(self, codes: &[String]) -> Option<&str> {
        match self {
            Self::Busy(Reason::Code(code)) => {
                let index = usize::from(code).checked_sub(1)?;
                codes.get(index).map(String::as_str)
            }
            Self::Busy(reason) => Some(reason.word()),
            _ => None,
        }
    }
}

impl Reason {
    /// The word that scripts and records use; the tenant names the codes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Login => "login",
            Self::AfterCall => "after_call",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::PhoneBusy => "phone_busy",
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "code {code}"),
            other => f.write_str(other.word()),
        }
    }
}
