//! What reaches a call from the network, the audio and the store.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    CallId, Cause, FromFloor, LegId, MailboxChange, MessageId, Newcomer, Parting, PinVerdict,
    PlayId, RecordingId, RoomNews, Steer, SupervisionNews, TransferId, Why,
};

/// Something that happened to a call. The switch translates SIP and media into these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A called leg rings; `early_media` when its own sound is to be passed on (183 with SDP).
    Ringing {
        /// Which.
        leg: LegId,
        /// Whether it sends sound already.
        early_media: bool,
    },
    /// A called leg answered and its media is set up. For the caller's leg: the ACK has come.
    Answered {
        /// Which.
        leg: LegId,
        /// The user who answered, where the target rings several.
        user: Option<String>,
    },
    /// A called leg refused or could not be reached.
    Refused {
        /// Which.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// A leg is gone: BYE, CANCEL, no RTP, no refresh, transport broken.
    HungUp {
        /// Which.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// A phone put the conversation on hold, or took it back (re-INVITE).
    Held {
        /// Which.
        leg: LegId,
        /// On hold now.
        held: bool,
    },
    /// A party asks that whom it talks with be put through to somebody else (REFER). Answered by
    /// [`Output::Transfer`](crate::Output::Transfer).
    Referred {
        /// The transfer.
        transfer: TransferId,
        /// Who asks.
        leg: LegId,
        /// The user who asks, who is rung when nobody else comes.
        by: String,
        /// The number to look up.
        to: String,
        /// Where that user may look.
        context: String,
    },
    /// A leg of another call has become one of this ([`Call::takes`](crate::Call::takes) has said
    /// that it can).
    Joined {
        /// Who comes.
        newcomer: Newcomer,
        /// Whose place it takes: a party of the conversation, or a leg that rings; `None` fetches a
        /// parked call, or makes one call of two who are left in a room.
        instead_of: Option<LegId>,
        /// The user who has put it there, where that was a transfer.
        by: Option<String>,
        /// It comes in beside the two who talk ([`Call::takes_third`](crate::Call::takes_third) has
        /// said that it can): the three hear each other.
        #[serde(default)]
        beside: bool,
    },
    /// Something is done for a party of the conversation, by other means than its phone.
    Steered {
        /// For whom.
        leg: LegId,
        /// What.
        what: Steer,
    },
    /// Where the call is parked, or why it is not: busy or full. Answers
    /// [`Output::Park`](crate::Output::Park).
    Parked {
        /// The place.
        slot: Result<String, Why>,
    },
    /// No call waits where one was to be taken; answers [`Output::Fetch`](crate::Output::Fetch),
    /// where [`Moved`](Self::Moved) does not.
    NothingFetched,
    /// The same: there was one, and somebody else was quicker.
    FetchedByOther,
    /// Who is in the call's room has changed; also answers
    /// [`Output::EnterRoom`](crate::Output::EnterRoom).
    Room(RoomNews),
    /// What becomes of the supervision that this call is for; answers
    /// [`Output::Supervision`](crate::Output::Supervision).
    Supervision(SupervisionNews),
    /// A supervisor listens from now on, and the agent is told by a tone.
    Supervised {
        /// The agent's leg.
        leg: LegId,
    },
    /// A supervisor takes an agent out of the conversation (强拆).
    TakenOut {
        /// The agent's leg.
        leg: LegId,
        /// Who: `supervisor:1001`.
        by: String,
        /// What becomes of the other party.
        parting: Parting,
    },
    /// Whoever has put the call through had asked somebody first, by another call of theirs which had begun then: what was a
    /// hold since is a consultation.
    Consulted {
        /// Microseconds since 1970.
        since: i64,
    },
    /// What this call was for goes on in another, and this one is over.
    Moved {
        /// The leg that goes there; `None` when none does.
        leg: Option<LegId>,
        /// Where.
        to: CallId,
    },
    /// A key was pressed; reported once, whichever way it came.
    Digit {
        /// By whom.
        leg: LegId,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// A key that may begin a code or is a part of one was pressed, and is held back from whoever hears
    /// the party. Answered by [`Output::Keys`](crate::Output::Keys), be it later.
    HeldKey {
        /// By whom.
        leg: LegId,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// Everything was played.
    Played {
        /// Which playing.
        play: PlayId,
    },
    /// A sound is not there or cannot be read.
    PlayFailed {
        /// Which playing.
        play: PlayId,
        /// The sentence for the script: "sound 'menu/mian' not found (did you mean 'menu/main'?)".
        why: String,
    },
    /// The recorded party has said nothing for the time asked for.
    Silent {
        /// The recording.
        recording: RecordingId,
    },
    /// A recording is closed and on disk.
    RecordingClosed {
        /// Which.
        recording: RecordingId,
        /// How much was recorded.
        duration: Duration,
        /// How much of that was speech, where it was looked for.
        speech: Duration,
    },
    /// What the store knows of a mailbox; answers [`Output::OpenMailbox`](crate::Output).
    Mailbox {
        /// Whose.
        mailbox: String,
        /// `None` when there is no such mailbox.
        found: Option<Mailbox>,
    },
    /// A PIN was judged; answers [`Output::CheckPin`](crate::Output) and
    /// [`Output::ChoosePin`](crate::Output).
    Pin {
        /// Of which mailbox.
        mailbox: String,
        /// What became of it.
        verdict: PinVerdict,
    },
    /// A message that was left is on disk, or could not be put there; answers
    /// [`MailboxChange::Leave`](crate::MailboxChange).
    MessageKept {
        /// Which.
        message: MessageId,
        /// Whether it is.
        kept: bool,
    },
    /// The floor tells the call that waits in a queue; answers [`Output::Floor`](crate::Output).
    Floor(FromFloor),
    /// Another change of a mailbox is on disk, or could not be put there; answers all
    /// [`MailboxChange`]s but [`MailboxChange::Leave`].
    MailboxChanged {
        /// What was to change.
        change: MailboxChange,
        /// Whether it has.
        kept: bool,
    },
}

/// A mailbox as the call needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Whether a PIN has been set. The PIN itself stays where it is.
    pub has_pin: bool,
    /// Its own greetings.
    pub greetings: BTreeMap<GreetingKind, RecordingId>,
    /// Messages, oldest first, deleted ones left out.
    pub messages: Vec<MailboxMessage>,
}

/// What a recording of a mailbox's owner is for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum GreetingKind {
    /// Who does not answer.
    Unavailable,
    /// Who is in another call.
    Busy,
    /// Wins over all others while it is there.
    Temporary,
    /// The owner's name, for the standard greetings.
    Name,
}

impl GreetingKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unavailable, Self::Busy, Self::Temporary, Self::Name];

    /// The word that records use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::Temporary => "temporary",
            Self::Name => "name",
        }
    }

    /// Finds one by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A message as the listening menu needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailboxMessage {
    /// Its id.
    pub id: MessageId,
    /// The caller's number, if known.
    pub from: Option<String>,
    /// Seconds since 1970, UTC.
    pub at: i64,
    /// How long it is.
    pub duration: Duration,
    /// Whether its caller has marked it as urgent.
    pub urgent: bool,
    /// Whether it has been listened to.
    pub heard: bool,
}
