//! SDP, RTP, codecs, prompts, recording and bridging. No sockets, no clock, no tasks.
//!
//! A media thread owns one [`Board`]: it hands in the packets that came and the tick of its
//! clock, and sends what the board writes to its [`Wire`].

mod clip;
mod command;
mod event;

pub use clip::Clip;
pub use command::{
    Channel, CodecKind, Command, Direction, Latch, LegConfig, LegKey, Music, Negotiated, PlayItem,
    PlayKey, RecordingKey, RecordingSink, Wire,
};
pub use event::{Event, Quality};
