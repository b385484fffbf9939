//! What a script may ask of its call.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Cause, Conference, Fetch, MessageId, Park, Queue, RecordingId, Supervise};

/// One thing that a script asks of its call. Each is answered by exactly one [`Reply`], unless the
/// caller hangs up first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Sends 180, once.
    Ring,
    /// Opens early media (183), so that sounds are heard before the call is answered.
    Progress,
    /// Answers; a second time does nothing.
    Answer,
    /// Refuses a call that is not yet answered.
    Reject {
        /// What the caller is told.
        cause: Cause,
    },
    /// Ends the call.
    Hangup {
        /// What the record says.
        cause: Cause,
    },
    /// Plays sounds in order, `times` times; replies with the key that interrupted.
    Play {
        /// What is played.
        sounds: Vec<Sound>,
        /// Keys that end it.
        interrupt_on: Keys,
        /// How often; 0 means until interrupted.
        times: u32,
    },
    /// Plays and collects digits.
    Gather(Gather),
    /// Records the caller alone and replies with the recording.
    Record(Record),
    /// Starts recording the conversation in stereo.
    StartRecording(StartRecording),
    /// Stops it.
    StopRecording,
    /// Rings targets, connects the first that answers, and replies when they part.
    Bridge(Bridge),
    /// Waits for an agent, and replies when the two have parted.
    Queue(Queue),
    /// Waits in a place until somebody fetches the call, and replies when the two have parted.
    Park(Park),
    /// Takes a call that waits elsewhere. Replied to only where there is none: else this call becomes
    /// a part of that one.
    Fetch(Fetch),
    /// Goes into a room with others, and replies when it has left it.
    Conference(Conference),
    /// Supervises an agent, and replies when it no longer does.
    Supervise(Supervise),
    /// Takes a message.
    Voicemail(Voicemail),
    /// The listening menu of a mailbox (*97).
    VoicemailMenu {
        /// Whose; `None` asks for the number.
        mailbox: Option<String>,
    },
    /// Asks for the PIN of a mailbox, so that the script knows who is at the phone.
    AskPin {
        /// Whose.
        mailbox: String,
        /// Whoever has none yet may choose one.
        choose: bool,
        /// Whoever knows it chooses a new one.
        #[serde(default)]
        change: bool,
    },
    /// Hands the call to another handler. Never replied to, unless it has been handed on too
    /// often: a forward loop is a [`Reply::Mistake`].
    Transfer {
        /// The number to look up.
        to: String,
        /// Where to look it up; the call's own context when `None`.
        context: Option<String>,
    },
    /// Sends keys to the caller.
    SendDtmf {
        /// `0-9 * # A-D`, `,` waits a second.
        digits: String,
    },
    /// Starts or stops music behind the script; replies at once.
    Music(Music),
    /// What the caller is asked from here on is how satisfied they were, in the record: until they
    /// talk with somebody, or wait for them.
    AsSurvey {
        /// The user whom it is about.
        agent: Option<String>,
    },
    /// Lets the caller hear itself, until `#`.
    Echo,
    /// Waits, while keys are still noticed.
    Sleep {
        /// How long.
        duration: Duration,
    },
}

impl Command {
    /// The name of the script's method.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Progress => "progress",
            Self::Answer => "answer",
            Self::Reject { .. } => "reject",
            Self::Hangup { .. } => "hangup",
            Self::Play { sounds, .. } => match sounds.as_slice() {
                [Sound::Say(_)] => "say",
                _ => "play",
            },
            Self::Gather(_) => "gather",
            Self::Record(_) => "record",
            Self::StartRecording(_) => "start_recording",
            Self::StopRecording => "stop_recording",
            Self::Bridge(_) => "bridge",
            Self::Queue(_) => "queue",
            Self::Park(_) => "park",
            Self::Fetch(Fetch::Slot(_)) => "retrieve",
            Self::Fetch(Fetch::Ringing(_) | Fetch::Waiting(_)) => "pickup",
            Self::Conference(_) => "conference",
            Self::Supervise(_) => "supervise",
            Self::Voicemail(_) => "voicemail",
            Self::VoicemailMenu { .. } => "voicemail_menu",
            Self::AskPin { .. } => "ask_pin",
            Self::Transfer { .. } => "transfer",
            Self::SendDtmf { .. } => "send_dtmf",
            Self::Music(_) => "music",
            Self::AsSurvey { .. } => "as_survey",
            Self::Echo => "echo",
            Self::Sleep { .. } => "sleep",
        }
    }
}

/// How a call's script ended.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Ended {
    /// It returned: a call that is still up is hung up, one never answered is refused.
    Returned,
    /// It failed: the caller gets the fallback.
    Failed {
        /// The sentence for the record.
        message: String,
    },
    /// No handler stands behind the number in the context: the caller is told so.
    NoRoute {
        /// The number.
        to: String,
    },
    /// The caller is not let in at all, and no script was asked.
    Screened {
        /// Why.
        why: Screened,
        /// What they hear before they are refused; nothing when `None`.
        sound: Option<Sound>,
    },
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screened {
    /// They are on the blacklist.
    Blacklist,
    /// They call too often, or with too many calls at once.
    TooMany,
}

/// Something to be heard.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub enum Sound {
    /// A name under `sounds/`, without language and extension: `menu/main`.
    Named(String),
    /// A built-in tone.
    Tone(Tone),
    /// What was recorded.
    Recording(RecordingId),
    /// A voicemail message.
    Message(MessageId),
    /// So long of nothing.
    Silence(Duration),
    /// A number, date or digits to be said in the call's language.
    Say(Say),
}

/// Tones that need no file. Frequencies are those of the Chinese network (450 Hz).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub enum Tone {
    /// 回铃音: 1 s on, 4 s off.
    Ringback,
    /// 忙音: 0.35 s on, 0.35 s off.
    Busy,
    /// 拥塞音: 0.7 s on, 0.7 s off.
    Congestion,
    /// One second that says "speak now".
    Beep,
    /// What a caller hears when nothing else can be played.
    Apology,
    /// A short confirmation.
    Confirm,
}

/// Something to be said from recorded pieces.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub enum Say {
    /// A whole number, read as a quantity: 两百零三.
    Number(i64),
    /// Digits one by one; Chinese reads 1 as 幺.
    Digits(String),
    /// Seconds since 1970, UTC; read in the tenant's zone.
    Date(i64),
    /// Seconds since 1970, UTC; read with hours and minutes.
    Time(i64),
}

/// Which keys count.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum Keys {
    /// None do.
    #[default]
    None,
    /// Every key does.
    Any,
    /// These do.
    Of(String),
}

impl Keys {
    /// Whether this key counts.
    pub fn contains(&self, key: char) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Of(keys) => keys.contains(key),
        }
    }
}

/// Collects digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gather {
    /// Played first; a key cuts it (barge-in).
    pub prompt: Vec<Sound>,
    /// Fewer are `timeout`.
    pub min_digits: usize,
    /// Ends at once when reached.
    pub max_digits: usize,
    /// For the first digit, after the prompt.
    pub timeout: Duration,
    /// Between digits.
    pub digit_timeout: Duration,
    /// Keys that end the input and are not part of it.
    pub finish_on: Keys,
    /// A dialplan pattern that the digits must match.
    pub pattern: Option<String>,
    /// Whether a key cuts the prompt.
    pub barge_in: bool,
}

/// Records the caller alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Ends it.
    pub max_duration: Duration,
    /// So long of silence ends it; zero never.
    pub silence: Duration,
    /// Plays a beep first.
    pub beep: bool,
    /// Keys that end it.
    pub finish_on: Keys,
}

/// Records the conversation: customer left, agent right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StartRecording {
    /// Plays a beep to both.
    pub beep: bool,
}

/// Rings targets and connects the first that answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bridge {
    /// Who rings.
    pub targets: Vec<Target>,
    /// How long one target (in order) or all of them (at once) may ring.
    pub timeout: Duration,
    /// The number shown to the called; the caller's own when `None`.
    pub caller_id: Option<String>,
    /// How several ring.
    pub strategy: Strategy,
    /// What the caller hears while it rings; the far end's early media or the ring-back tone
    /// when `None`.
    pub ringback: Option<Sound>,
    /// Records the conversation in stereo.
    pub record: bool,
}

/// How several targets ring.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum Strategy {
    /// All at once.
    #[default]
    All,
    /// One after the other.
    InOrder,
}

/// Somebody who can be rung.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
pub enum Target {
    /// `user:1049`: every phone registered for that user.
    User(String),
    /// `trunk:carrier/13800138000`.
    Trunk {
        /// The trunk's name.
        trunk: String,
        /// The number to dial there.
        number: String,
    },
    /// `sip:a@b`.
    Uri(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Trunk { trunk, number } => write!(f, "trunk:{trunk}/{number}"),
            Self::Uri(uri) => f.write_str(uri),
        }
    }
}

/// Takes a message into a mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Voicemail {
    /// Where it goes.
    pub mailbox: String,
    /// What is played first.
    pub greeting: Greeting,
    /// The longest message.
    pub max_duration: Duration,
    /// A shorter one is asked for again.
    pub min_duration: Duration,
    /// So long of silence ends it.
    pub silence: Duration,
    /// Whether a beep follows the greeting.
    pub beep: bool,
    /// Offers to listen, save, record again, or mark as urgent after `#`.
    pub review: bool,
}

/// What a caller hears before the beep. The mailbox's temporary greeting wins over all of these but
/// [`None`](Self::None) while it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Greeting {
    /// The mailbox's own, or else the standard one for "does not answer", with the owner's name
    /// where that is recorded.
    Unavailable,
    /// The mailbox's own, or else its own for "does not answer", or else the standard one for "is
    /// busy", with the owner's name where that is recorded.
    Busy,
    /// This one.
    Sound(Sound),
    /// Nothing.
    None,
}

/// Music behind a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Music {
    /// The tenant's default class.
    Default,
    /// A name under `sounds/music`.
    Named(String),
    /// Silence again.
    Off,
}
