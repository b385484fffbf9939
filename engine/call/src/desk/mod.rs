//! What people do with agents and calls from their desks, in one form for all ways of doing it: keys of a phone,
//! star codes, the API, scripts.
//!
//! Whatever the way, an [`Order`] comes out of it, is looked at by [`allowed`] and nowhere else, and is carried out by
//! the switch's `desk`. A new deed is a variant of [`Deed`] with its rights in [`Deed::needs`], and an arm there;
//! all ways have it then. Words are the same everywhere: `{"command": "busy", "reason": "meeting"}` is what the API
//! takes, what `desk.order` in Lua takes, and what the audit log shows.

mod role;
mod supervise;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::acd::{self, Act, Refusal, Status};
use crate::{CallId, Parting};

pub use role::{Needs, Person, Right, Role, allowed};
pub use supervise::Terms;

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
    /// Supervises the user no more.
    Stop {
        /// Who, where that is not whoever gives the order.
        #[serde(default)]
        leader: Option<String>,
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
            Self::Stop { .. } => "stop",
        }
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
            | Self::Reset {} => Needs {
                own: Right::OwnState,
                others: Right::StateOfOthers,
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
            Self::HangUp {}
            | Self::Listen(_)
            | Self::Whisper(_)
            | Self::Barge(_)
            | Self::TakeOver { .. }
            | Self::Release { .. }
            | Self::ForceLogOut {}
            | Self::Message { .. }
            | Self::Stop { .. } => return None,
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

/// Who wants something done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum By {
    /// A user of the exchange, from a phone or a desk: what their role allows.
    User(String),
    /// A program with a token, as the records name it: `api:tour`. Its scope was looked at.
    Program(String),
    /// A script or plugin of the tenant's own: `script`, `plugin:tickets`. Its permission was looked at.
    Script(String),
}

impl By {
    /// Whom agents' records name when it is about this user.
    pub fn about(&self, user: &str) -> acd::By {
        match self {
            Self::User(by) if by == user => acd::By::Agent,
            by => acd::By::Leader(by.to_string()),
        }
    }
}

impl fmt::Display for By {
    /// The word in records: `user:1001`, `api:tour`, `plugin:tickets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Program(word) | Self::Script(word) => f.write_str(word),
        }
    }
}

/// Something that is to be done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Who wants it.
    pub by: By,
    /// The user whose state, phone or call it is about: `1049`.
    pub user: String,
    /// What.
    pub deed: Deed,
}

/// It was done, or has begun.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Done {
    /// How the agent stands then; `None` when the user is a member of no queue.
    pub agent: Option<Status>,
    /// The call that it was done in.
    pub call: Option<CallId>,
}

/// It was not done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// The word that scripts and programs see: `not_allowed`, `in_call`.
    pub word: &'static str,
    /// A sentence that says what is the matter, and what to do about it where that is known.
    pub sentence: Cow<'static, str>,
}

impl Refused {
    /// With this word and sentence.
    pub fn new(word: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self {
            word,
            sentence: sentence.into(),
        }
    }

    /// The machine of agents and queues does not do it.
    pub fn by_floor(agent: &str, refusal: Refusal) -> Self {
        Self::new(refusal.word(), format!("{agent} {refusal}"))
    }

    /// The user does not talk with anybody.
    pub fn not_in_call(user: &str) -> Self {
        Self::new("not_in_call", format!("{user} is in no call"))
    }

    /// Nobody has this extension.
    pub fn no_such_user(user: &str) -> Self {
        Self::new("no_such_user", format!("there is no user {user}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_has_the_same_word_in_json_and_in_records() {
        let deeds = [
            Deed::LogIn {},
            Deed::LogOut {},
            Deed::Idle {},
            Deed::Busy { reason: None },
            Deed::EndWrapUp {},
            Deed::ExtendWrapUp { minutes: 5 },
            Deed::Reset {},
            Deed::HangUp {},
            Deed::Listen(Terms::default()),
            Deed::Whisper(Terms::default()),
            Deed::Barge(Terms {
                leader: Some("1001".into()),
                follow: crate::Follow::Customer,
                notice: true,
            }),
            Deed::TakeOver { leader: None },
            Deed::Release {
                parting: Parting::Requeue,
                reason: None,
            },
            Deed::ForceBusy { reason: None },
            Deed::ForceIdle {},
            Deed::ForceLogOut {},
            Deed::Message { text: "来".into() },
            Deed::Stop { leader: None },
        ];
        for deed in deeds {
            let json = serde_json::to_value(&deed).unwrap();
            assert_eq!(json["command"], deed.word());
            assert_eq!(serde_json::from_value::<Deed>(json).unwrap(), deed);
        }
    }

    #[test]
    fn what_a_deed_does_not_know_is_refused() {
        let slip = serde_json::json!({ "command": "idle", "reason": "meeting" });
        assert!(serde_json::from_value::<Deed>(slip).is_err());
        let slip = serde_json::json!({ "command": "listen", "mode": "barge" });
        assert!(serde_json::from_value::<Deed>(slip).is_err());
    }
}
