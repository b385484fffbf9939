//! Everything that is done at a desk: its words, its fields, and what one must be allowed for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Needs, Refused, Right, SwitchState, Terms};
use crate::acd::Act;
use crate::screen::{Change, List};
use crate::{CallId, Parting, RecordingId};

/// The one table of deeds: each with its fields, its word, whose right it wants, and what a code within a call
/// makes of it: `alone`, or `with` the number that is typed behind the code.
macro_rules! deeds {
    ($(
        $(#[$doc:meta])*
        $deed:ident $fields:tt $word:literal $needs:ident $(, $how:ident $typed:expr)?;
    )+) => {
        /// One thing that is done at a desk.
        #[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "command", deny_unknown_fields)]
        pub enum Deed {
            $( $(#[$doc])* #[serde(rename = $word)] $deed $fields, )+
        }

        impl Deed {
            /// All the words that there are.
            pub const WORDS: &[&str] = &[$( $word ),+];

            /// The words that a code within a call can stand for.
            pub const TYPED: &[&str] = &[$( $( typed!($how word $word), )? )+];

            /// The word that it has everywhere: `extend_wrap_up`.
            pub const fn word(&self) -> &'static str {
                match self { $( Self::$deed { .. } => $word, )+ }
            }

            /// What a code within a call stands for, with the number behind it; `None` when there is no such
            /// deed, or it wants a number and there is none, or has no use for one.
            pub fn typed(word: &str, number: Option<String>) -> Option<Self> {
                match word {
                    $( $( $word => typed!($how number $typed), )? )+
                    _ => None,
                }
            }

            /// What one must be allowed for it: about oneself, and about somebody else.
            pub const fn needs(&self) -> Needs {
                match self { $( Self::$deed { .. } => $needs, )+ }
            }
        }
    };
}

/// How a code becomes a deed.
macro_rules! typed {
    ($how:ident word $word:literal) => {
        $word
    };
    (alone $number:ident $deed:expr) => {
        $number.is_none().then_some($deed)
    };
    (with $number:ident $deed:expr) => {
        $number.map($deed)
    };
}

const fn needs(own: Right, others: Right) -> Needs {
    Needs { own, others }
}

/// One's own state, or another's.
const STATE: Needs = needs(Right::OwnState, Right::StateOfOthers);
/// States of people, as their leader has them.
const PEOPLE: Needs = needs(Right::StateOfOthers, Right::StateOfOthers);
/// One's own phone and calls, or another's.
const CALLS: Needs = needs(Right::OwnCalls, Right::CallsOfOthers);
/// To end one's own call, or another's.
const ENDING: Needs = needs(Right::OwnCalls, Right::Release);
const RELEASE: Needs = needs(Right::Release, Right::Release);
const LISTENING: Needs = needs(Right::Listen, Right::Listen);
const SPEAKING: Needs = needs(Right::Supervise, Right::Supervise);
const LISTS: Needs = needs(Right::Lists, Right::Lists);
const PROMPTS: Needs = needs(Right::Prompts, Right::Prompts);
const SWITCHES: Needs = needs(Right::QueueSwitch, Right::QueueSwitch);

deeds! {
    /// 登录: 置忙 afterwards.
    LogIn {} "log_in" STATE;
    /// 登出; refused in a call.
    LogOut {} "log_out" STATE;
    /// 置闲; in a call it applies afterwards.
    Idle {} "idle" STATE;
    /// 置忙; in a call it applies afterwards.
    Busy {
        /// One of the tenant's names for it (`agents.reasons`), or its number from 1.
        #[serde(default)]
        reason: Option<String>,
    } "busy" STATE, alone Deed::Busy { reason: None };
    /// Ends 事后 with 置闲.
    EndWrapUp {} "end_wrap_up" STATE;
    /// 事后 lasts longer.
    ExtendWrapUp {
        /// By so many minutes, 1 to 60.
        minutes: u32,
    } "extend_wrap_up" STATE;
    /// 重置: a ringing offer is taken back, a call goes on; 置忙.
    Reset {} "reset" STATE;
    /// 置忙 once the call that goes on, and its 事后, are over.
    BusyAfterCall {} "busy_after_call" STATE;
    /// Lets an agent have the break that they have asked for.
    Approve {} "approve" PEOPLE;
    /// Or does not.
    Deny {} "deny" PEOPLE;
    /// The user's desk is there: whose desk has been heard of once is 掉线 when it is silent for long.
    Heartbeat {} "heartbeat" STATE;
    /// 自动应答: the user's phone is told to answer customers by itself.
    AutoAnswer {
        /// Whether.
        on: bool,
        /// Whether colleagues who call directly, too; as it was when left out.
        #[serde(default)]
        internal: Option<bool>,
    } "auto_answer" STATE;
    /// 免打扰: the user's phone is not rung.
    DoNotDisturb {
        /// Whether.
        on: bool,
    } "do_not_disturb" STATE;
    /// 接受新客户, 是 or 否: whether somebody new is offered to the user by chat.
    AcceptItems {
        /// Whether.
        on: bool,
    } "accept_items" STATE;
    /// 自动置闲: 置闲 follows 事后.
    AutoIdle {
        /// Whether.
        on: bool,
        /// The agent's own longest 事后; as it was when left out.
        #[serde(default)]
        seconds: Option<u32>,
    } "auto_idle" STATE;
    /// 自动置忙: 置忙 follows 事后.
    AutoBusy {
        /// Whether.
        on: bool,
        /// The agent's own longest 事后; as it was when left out.
        #[serde(default)]
        seconds: Option<u32>,
    } "auto_busy" STATE;
    /// Sits down at a phone: calls for the user ring there, and what is done there is theirs.
    Sit {
        /// The user whose phone it is; the user's own when left out.
        #[serde(default)]
        device: Option<String>,
        /// Also when somebody else sits there, who is logged out then.
        #[serde(default)]
        take_over: bool,
    } "sit" STATE;
    /// Brings the user's conversation to the phone that asks for it by a star code.
    Pull {} "pull" CALLS;
    /// Takes a caller out of the line: this one, or whoever is next in that queue.
    Pick {
        /// Who.
        #[serde(default)]
        call: Option<CallId>,
        /// Where.
        #[serde(default)]
        queue: Option<String>,
    } "pick" CALLS;
    /// Ends the call that the user talks in or rings for.
    HangUp {} "hang_up" ENDING, alone Deed::HangUp {};
    /// 监听: hears the user's calls, and is heard by nobody.
    Listen(Terms) "listen" LISTENING;
    /// 耳语: the same, and is heard by the user alone.
    Whisper(Terms) "whisper" SPEAKING;
    /// 强插: the same, and is heard by everybody.
    Barge(Terms) "barge" SPEAKING;
    /// 强取: talks in the user's place, who is out of the call.
    TakeOver {
        /// Who does, where that is not whoever gives the order: they supervise the user already.
        #[serde(default)]
        leader: Option<String>,
    } "take_over" SPEAKING;
    /// 强拆: the user is out of the call.
    Release {
        /// What becomes of the other party.
        #[serde(default)]
        parting: Parting,
        /// Why, for the log.
        #[serde(default)]
        reason: Option<String>,
    } "release" RELEASE;
    /// 强制置忙.
    ForceBusy {
        /// As of `busy`.
        #[serde(default)]
        reason: Option<String>,
    } "force_busy" PEOPLE;
    /// 强制置闲.
    ForceIdle {} "force_idle" PEOPLE;
    /// 强制签出; in a call it applies afterwards.
    ForceLogOut {} "force_log_out" PEOPLE;
    /// Text to the user's phones.
    Message {
        /// What it says.
        text: String,
    } "message" PEOPLE;
    /// Takes a chat, or whatever else is no call, that is offered to the user.
    TakeItem {
        /// Which.
        item: CallId,
    } "take_item" CALLS;
    /// Declines it: it goes to the next.
    DeclineItem {
        /// Which.
        item: CallId,
    } "decline_item" CALLS;
    /// Has done with it.
    FinishItem {
        /// Which.
        item: CallId,
    } "finish_item" CALLS;
    /// Supervises the user no more.
    Stop {
        /// Who, where that is not whoever gives the order.
        #[serde(default)]
        leader: Option<String>,
    } "stop" LISTENING;
    /// 电话保持: whom the user talks with waits with music.
    Hold {} "hold" CALLS, alone Deed::Hold {};
    /// 保持接回.
    Retrieve {} "retrieve" CALLS, alone Deed::Retrieve {};
    /// 咨询: asks somebody beside the call, whose other party waits with music.
    Consult {
        /// A colleague's extension, or a number that the user may dial.
        to: String,
        /// Only if that agent is 置闲; they are reserved for it.
        #[serde(default)]
        only_idle: bool,
    } "consult" CALLS, with |to| Deed::Consult { to, only_idle: false };
    /// Talks with the other of the two: who waits, and who is asked.
    Swap {} "swap" CALLS, alone Deed::Swap {};
    /// Asks no longer, and has the first one back.
    CancelConsult {} "cancel_consult" CALLS, alone Deed::CancelConsult {};
    /// 电话转接: who waits and who is asked talk with each other; while that still rings it rings on for
    /// who waits, and back after the recall time.
    Complete {} "complete" CALLS, alone Deed::Complete {};
    /// 电话会议: all three talk with each other.
    Conference {} "conference" CALLS, alone Deed::Conference {};
    /// Blind transfer: whom the user talks with goes there, and comes back after the recall time.
    Transfer {
        /// A number that the user may dial.
        to: String,
    } "transfer" CALLS, with |to| Deed::Transfer { to };
    /// Puts whom the user talks with to the tenant's parking number (`park`); the place is said.
    Park {} "park" CALLS, alone Deed::Park {};
    /// Puts whom the user talks with through to the tenant's survey (`survey`).
    Survey {} "survey" CALLS, alone Deed::Survey {};
    /// Presses keys for whom the user talks with to hear.
    Dtmf {
        /// `0-9 * # A-D`; `,` waits a second.
        digits: String,
    } "dtmf" CALLS, with |digits| Deed::Dtmf { digits };
    /// Makes the user's phone answer what rings there, where it can be told to (NOTIFY `talk`).
    Answer {} "answer" CALLS;
    /// Begins or ends the recording of the conversation.
    Record {
        /// Turned round when left out.
        #[serde(default)]
        on: Option<bool>,
    } "record" CALLS, alone Deed::Record { on: None };
    /// Leaves what is said out of the recording (证件号, 卡号), whose time goes on.
    Mask {
        /// Turned round when left out.
        #[serde(default)]
        on: Option<bool>,
    } "mask" CALLS, alone Deed::Mask { on: None };
    /// Marks the call, so that it is found again.
    Tag {
        /// A word; `marked` when left out.
        #[serde(default)]
        tag: Option<String>,
    } "tag" CALLS, alone Deed::Tag { tag: None };
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
    } "list_add" LISTS;
    /// A recording becomes the tenant's own prompt, in place of the one of that name.
    SavePrompt {
        /// A sound's name: `greet/welcome`.
        prompt: String,
        /// What a script has recorded, in a call of whoever wants it or of somebody whom they reach.
        recording: RecordingId,
        /// The tenant's when left out.
        #[serde(default)]
        language: Option<String>,
    } "save_prompt" PROMPTS;
    /// Takes one off a list.
    ListRemove {
        /// Which.
        list: List,
        /// As it was put there, or written otherwise.
        number: String,
        /// It is how numbers begin.
        #[serde(default)]
        prefix: bool,
    } "list_remove" LISTS;
    /// Opens or closes what stands behind a switch, until somebody does otherwise.
    QueueSwitch {
        /// Which: one of the tenant's `switches`.
        switch: String,
        /// How it is to stand.
        state: SwitchState,
    } "queue_switch" SWITCHES;
}

impl Deed {
    /// What changes a list of callers so. Until when an entry stands there is the change's to say.
    pub fn change(change: &Change) -> Self {
        match change {
            Change::Add(listed) => Self::ListAdd {
                list: listed.list,
                number: listed.number.clone(),
                prefix: listed.is_prefix,
                reason: listed.reason.clone(),
                days: None,
            },
            Change::Remove {
                list,
                number,
                is_prefix,
            } => Self::ListRemove {
                list: *list,
                number: number.clone(),
                prefix: *is_prefix,
            },
        }
    }

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
