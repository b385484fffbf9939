//! What a script gets for an answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Cause, LegId, MessageId, RecordingId, Target};

/// Why the network did not give what was asked. The words are those of the Lua surface.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub enum Why {
    /// No key, or too few.
    Timeout,
    /// Keys that do not fit the pattern.
    NoMatch,
    /// The far end is in another call.
    Busy,
    /// It rang and nobody came.
    NoAnswer,
    /// Declined.
    Rejected,
    /// Nobody is registered, or the far end does not want to say more.
    Unavailable,
    /// There is no such number.
    Unallocated,
    /// The number exists, and its phone is switched off or out of reach.
    SwitchedOff,
    /// No line or no capacity.
    Congestion,
    /// Stopped before an answer.
    Cancelled,
    /// Nothing was said.
    Silence,
    /// As many wait as may.
    Full,
    /// There is no agent to wait for.
    Empty,
    /// The queue has sent the caller elsewhere, and that is done.
    Overflow,
    /// No call waits there.
    Nobody,
    /// The caller who was to be taken out of the line has been taken by somebody quicker.
    Taken,
    /// The toll fence: whoever has chosen the number has no right to it.
    NotAllowed,
    /// The toll fence: today's calls or minutes are used up.
    LimitReached,
}

impl Why {
    /// The word that scripts see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NoMatch => "no_match",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::Unallocated => "unallocated",
            Self::SwitchedOff => "switched_off",
            Self::Congestion => "congestion",
            Self::Cancelled => "cancelled",
            Self::Silence => "silence",
            Self::Full => "full",
            Self::Empty => "empty",
            Self::Overflow => "overflow",
            Self::Nobody => "nobody",
            Self::Taken => "taken",
            Self::NotAllowed => "not_allowed",
            Self::LimitReached => "limit_reached",
        }
    }
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Done; there is nothing to tell.
    Done,
    /// Playing ended, or this key ended it.
    Key(Option<char>),
    /// Digits, or why none.
    Digits(Result<String, Why>),
    /// A recording, or why none.
    Recording(Result<Recorded, Why>),
    /// They have parted; or nobody came.
    Leg(Result<Parted, Why>),
    /// This key took the caller out of the queue.
    TakenOut(Option<char>),
    /// How long it was in a room, or why not at all.
    Room(Result<Duration, Why>),
    /// How long it has supervised, or the word that says why not at all: `not_allowed`.
    Supervised(Result<Duration, String>),
    /// A message was left, or not.
    Message(Option<Left>),
    /// The PIN was right, or why nobody was let in.
    Right(Result<(), Why>),
    /// The script asked for something that is not there; a Lua error with this sentence, which the
    /// method's name goes before.
    Mistake(String),
}

/// A finished recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: RecordingId,
    /// How long it is.
    pub duration: Duration,
}

/// A leg that was bridged and has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parted {
    /// Which leg.
    pub leg: LegId,
    /// Who it was.
    pub target: Target,
    /// The user who answered, if it was one.
    pub user: Option<String>,
    /// How long they talked.
    pub talked: Duration,
    /// Why they parted.
    pub cause: Cause,
}

/// A message that was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// Its id.
    pub id: MessageId,
    /// The mailbox it is in.
    pub mailbox: String,
    /// How long it is.
    pub duration: Duration,
    /// The caller has marked it as urgent.
    pub urgent: bool,
}
