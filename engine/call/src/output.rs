//! What a call wants done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Cause, Fetch, GreetingKind, LegId, MessageId, Pin, PlayId, RecordingId, Reply, RequestId,
    Sound, Target, ToFloor, TransferId, TransferNews, Wanted,
};

/// Something for the switch to do. Drain after every input.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every output is a line of the journal, the largest"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// Send 180 to the caller, or 183 with SDP.
    Ring {
        /// Open the audio path before the answer.
        early_media: bool,
    },
    /// Send 200 to the caller.
    Answer,
    /// Refuse the caller's INVITE.
    Reject {
        /// Why.
        cause: Cause,
    },
    /// Ring a target as this new leg.
    Invite {
        /// The new leg.
        leg: LegId,
        /// Who.
        target: Target,
        /// The number to show.
        caller_id: Option<String>,
        /// The name to show.
        caller_name: Option<String>,
    },
    /// End a leg: CANCEL while it rings, BYE after. `elsewhere` adds the Reason that keeps
    /// phones from showing a missed call.
    Release {
        /// Which.
        leg: LegId,
        /// Why.
        cause: Cause,
        /// Another leg took the call.
        elsewhere: bool,
    },
    /// Play to a leg. What played before on that leg stops without an event.
    Play {
        /// To whom.
        leg: LegId,
        /// The playing.
        play: PlayId,
        /// What.
        sounds: Vec<Sound>,
        /// How often; 0 means until stopped.
        times: u32,
    },
    /// The same, once, over what the leg hears, which goes on beneath.
    PlayOver {
        /// To whom.
        leg: LegId,
        /// The playing.
        play: PlayId,
        /// What.
        sounds: Vec<Sound>,
    },
    /// Stop it; no `Played` follows.
    StopPlay {
        /// On which leg.
        leg: LegId,
        /// The playing.
        play: PlayId,
    },
    /// Music on the shared timeline to a leg, until something else is played or bridged.
    Music {
        /// To whom.
        leg: LegId,
        /// The class; the tenant's default when `None`.
        name: Option<String>,
    },
    /// The music of a leg begins anew, for this leg alone.
    RestartMusic {
        /// Whose.
        leg: LegId,
    },
    /// Silence to a leg: ends music.
    Quiet {
        /// To whom.
        leg: LegId,
    },
    /// Two legs hear each other from now on.
    Connect {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// The caller hears the ringing leg's early media, one way; or itself, as an echo.
    PassEarlyMedia {
        /// The ringing leg, or the caller.
        from: LegId,
        /// Who hears it.
        to: LegId,
    },
    /// They no longer do.
    Disconnect {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Send keys to a leg.
    SendDigits {
        /// To whom.
        leg: LegId,
        /// Which.
        digits: String,
    },
    /// Begin a recording. It lives on while legs come and go.
    StartRecording {
        /// Its id.
        recording: RecordingId,
        /// Heard left.
        left: Option<LegId>,
        /// Heard right; `None` with `stereo = false` records one party.
        right: Option<LegId>,
        /// Two channels.
        stereo: bool,
        /// Report `Silent` after so long without speech of the left party; zero never.
        silence: Duration,
        /// A voicemail message or greeting and not a call recording.
        purpose: Purpose,
    },
    /// Put another leg on a channel of a running recording.
    MoveRecording {
        /// Which.
        recording: RecordingId,
        /// Heard left.
        left: Option<LegId>,
        /// Heard right.
        right: Option<LegId>,
    },
    /// Close it; `RecordingClosed` follows. With `discard` the call waits for no answer, and the
    /// recording may be closed already: then its audio is deleted.
    StopRecording {
        /// Which.
        recording: RecordingId,
        /// Throw it away.
        discard: bool,
    },
    /// Answer with [`Event::Mailbox`](crate::Event::Mailbox).
    OpenMailbox {
        /// Whose.
        mailbox: String,
    },
    /// Compare with the mailbox's PIN and answer with [`Event::Pin`](crate::Event). Tries are
    /// counted over all calls, of mailboxes that do not exist too, and lock it
    /// ([`PinVerdict::Locked`](crate::PinVerdict)).
    CheckPin {
        /// Of which mailbox.
        mailbox: String,
        /// What was typed.
        pin: Pin,
    },
    /// Make it the mailbox's PIN if [`Pin::judge_new`] is for it, and answer with
    /// [`Event::Pin`](crate::Event).
    ChoosePin {
        /// Of which mailbox.
        mailbox: String,
        /// What was typed.
        pin: Pin,
        /// What was typed the second time.
        again: Pin,
    },
    /// Change the store's view of a mailbox.
    Mailbox(MailboxChange),
    /// Ask the floor, or tell it; it answers with [`Event::Floor`](crate::Event).
    Floor(ToFloor),
    /// Answer the script.
    Reply {
        /// Which method.
        request: RequestId,
        /// With what.
        reply: Reply,
    },
    /// Run the handler of another number in place of the running script, which gets no reply: drop
    /// it first, without reporting its end. It serves [`Call::setup`](crate::Call::setup) as that is
    /// now. Where there is no such number, report [`Ended::NoRoute`](crate::Ended).
    Route {
        /// Where to look.
        context: String,
        /// What for.
        to: String,
    },
    /// Give the call a place to be parked at, and answer with [`Event::Parked`](crate::Event).
    Park {
        /// The place; the first that is free when `None`.
        slot: Option<String>,
    },
    /// The place is free again.
    Unpark {
        /// Which.
        slot: String,
    },
    /// Look for a call to take: the leg that the script serves goes there, or answer with
    /// [`Event::NothingFetched`](crate::Event) or [`Event::FetchedByOther`](crate::Event).
    Fetch(Fetch),
    /// Bring the leg that the script serves into a room, and answer with
    /// [`Event::Room`](crate::Event), then and whenever somebody comes, goes, holds or takes back.
    EnterRoom {
        /// Which of the tenant's.
        room: String,
        /// More do not fit.
        most: u32,
    },
    /// Take it out of its room.
    LeaveRoom,
    /// It has come in the place of the one who was served before, who was in a room: now it is.
    StandInRoom,
    /// What the leader wants whom the script serves; answered with
    /// [`Event::Supervision`](crate::Event::Supervision), then and whenever that changes.
    Supervision(Wanted),
    /// Put what a leg hears in its room, or as one of three, on the right channel of a running
    /// recording, until [`MoveRecording`](Self::MoveRecording).
    RecordRoom {
        /// Which.
        recording: RecordingId,
        /// What this leg hears.
        leg: LegId,
    },
    /// This leg is one of three from now on who all hear each other.
    EnterTrio {
        /// Which.
        leg: LegId,
    },
    /// Whoever holds on this leg was reminded by a beep that somebody waits for them: a phone that hears none
    /// is to be told in another way.
    HoldReminded {
        /// Whose phone holds.
        leg: LegId,
        /// For how long it has, until now.
        waited: Duration,
    },
    /// It no longer is.
    LeaveTrio {
        /// Which.
        leg: LegId,
    },
    /// Of the keys that a leg has typed and that are held back, do away with the first so many, which
    /// were a code, and send those that follow to whoever hears it.
    Keys {
        /// Whose.
        leg: LegId,
        /// So many were a code.
        drop: usize,
        /// So many after them were none.
        pass: usize,
    },
    /// A leg has typed a code.
    Code {
        /// Which.
        leg: LegId,
        /// The word that the code stands for.
        word: String,
        /// The number behind it, as it was typed.
        number: Option<String>,
    },
    /// Stop the script: the call is over, or goes on without it.
    StopScript,
    /// Tell how a transfer goes to whoever asked for it.
    Transfer {
        /// Which.
        transfer: TransferId,
        /// How it goes.
        news: TransferNews,
    },
    /// A transfer has come about: tell scripts (`call.transferred`).
    Transferred {
        /// The user who asked for it.
        by: String,
        /// The number, or the party whom the transferred talks with now.
        to: String,
        /// By way of another call of theirs, in which they had asked first.
        attended: bool,
        /// The queue that had brought the caller to whom they talked with.
        queue: Option<String>,
    },
    /// A line for the journal: an input or a decision, with its reason.
    Journal(crate::journal::Entry),
    /// The call is over; nothing follows.
    Ended(Box<crate::record::CallRecord>),
}

/// What a recording is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Purpose {
    /// A conversation.
    Call,
    /// `call:record`.
    Script,
    /// A voicemail message.
    Message,
    /// A mailbox's greeting.
    Greeting,
    /// What somebody says who supervises a call that is recorded.
    Whisper,
}

/// What a call changes in a mailbox. Each is answered when it is on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MailboxChange {
    /// A message was left; its audio is the recording. Answer with
    /// [`Event::MessageKept`](crate::Event) when it is on disk.
    Leave {
        /// The new message.
        message: MessageId,
        /// Whose.
        mailbox: String,
        /// Its audio.
        recording: RecordingId,
        /// Who left it.
        from: Option<String>,
        /// How long it is.
        duration: Duration,
        /// The caller has marked it as urgent.
        urgent: bool,
    },
    /// A message was listened to. Answer this, and those that follow, with
    /// [`Event::MailboxChanged`](crate::Event).
    Heard {
        /// Which.
        message: MessageId,
    },
    /// A message was deleted (清除); it can be restored for 30 days.
    Delete {
        /// Which.
        message: MessageId,
    },
    /// A user is to see to a message: whoever listens has taken it.
    Assign {
        /// Which.
        message: MessageId,
        /// The user.
        to: String,
    },
    /// A new greeting, or none any more; the audio of the one before can go.
    Greeting {
        /// Whose.
        mailbox: String,
        /// Which.
        kind: GreetingKind,
        /// Its audio; `None` takes it away.
        recording: Option<RecordingId>,
    },
}
