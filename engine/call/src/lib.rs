//! What a switchboard does: calls, legs, hunting, digits, voicemail, routes and opening hours.
//!
//! Pure: no SIP, no audio, no Lua, no clock of its own. Inputs are [`Event`]s from the network and
//! [`Command`]s from the script, each with its time; what is to be done comes out as [`Output`]s.

pub mod calendar;
mod cause;
mod command;
mod event;
mod id;
pub mod journal;
mod nearest;
mod output;
pub mod record;
pub mod route;
pub mod schedule;

pub use cause::Cause;
pub use command::{
    Bridge, Command, Gather, Greeting, Keys, Left, Music, Parted, Record, Recorded, Reply, Say,
    Sound, StartRecording, Strategy, Target, Tone, Voicemail, Why,
};
pub use event::{Event, Mailbox, MailboxMessage};
pub use id::{CallId, LegId, MessageId, PlayId, RecordingId, RequestId, TenantId};
pub use output::{MailboxChange, Output, Purpose, Setup};
