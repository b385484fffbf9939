//! What a switchboard does: calls, legs, hunting, digits, voicemail, routes and opening hours.
//!
//! Pure: no SIP, no audio, no Lua, no clock of its own. Inputs are [`Event`]s from the network and
//! [`Command`]s from the script, each with its time; what is to be done comes out as [`Output`]s.

pub mod acd;
mod apology;
mod bridge;
pub mod calendar;
mod call;
mod cause;
mod codes;
mod command;
mod conference;
pub mod desk;
mod dictation;
mod event;
mod fetching;
mod gather;
mod hunt;
mod id;
pub mod journal;
mod leg;
mod light;
mod nearest;
pub mod number;
mod options;
mod output;
mod parking;
mod play;
mod queue;
mod queueing;
pub mod record;
mod reply;
mod returning;
pub mod route;
pub mod say;
pub mod schedule;
pub mod screen;
mod setup;
mod steer;
mod supervision;
mod talk;
pub mod toll;
mod transfer;
mod trio;
mod voicemail;

pub use call::Call;
pub use cause::Cause;
pub use codes::{Codes, CodesError};
pub use command::{
    Bridge, Command, Ended, Gather, Greeting, Keys, Music, Record, Say, Screened, Sound,
    StartRecording, Strategy, Target, Tone, Voicemail,
};
pub use conference::{Conference, Guest, RoomNews};
pub use event::{Event, GreetingKind, Mailbox, MailboxMessage};
pub use fetching::Fetch;
pub use id::{CallId, LegId, MessageId, PlayId, RecordingId, RequestId, TenantId};
pub use leg::{Leg, LegState};
pub use light::Light;
pub use options::{Fallback, Options, Origin};
pub use output::{MailboxChange, Output, Purpose};
pub use parking::Park;
pub use queue::{Choice, FromFloor, KeyChoice, Queue, Relay, ToFloor};
pub use record::SegmentKind;
pub use reply::{Left, Parted, Recorded, Reply, Why};
pub use setup::{CallingUser, Payer, Setup};
pub use steer::Steer;
pub use supervision::{Follow, Mode, Parting, Supervise, SupervisionNews, Wanted};
pub use transfer::{Newcomer, TransferId, TransferNews};
pub use voicemail::pin::{LOCKED_FOR, MOST_WRONG_PINS, MOST_WRONG_PINS_OF_ALL, Pin, PinVerdict};
