//! SDP, RTP, codecs, prompts, recording and bridging. No sockets, no clock, no tasks.
//!
//! A media thread owns one [`Board`]: it hands in the packets that came and the tick of its
//! clock, and sends what the board writes to its [`Wire`].

mod blocks;
mod board;
pub mod clip;
pub mod codec;
mod command;
mod dtmf;
mod error;
mod event;
pub mod inband;
mod leg;
pub mod level;
pub mod progress;
mod recorder;
mod rtp;
pub mod sdp;
mod sit;
pub mod tone;
pub mod wav;

pub use board::{Board, Counters, MovedLeg, MovedRecording};
pub use clip::Clip;
pub use command::{
    Channel, CodecKind, Command, Direction, HeardBy, Latch, LegConfig, LegKey, Music, Negotiated,
    PlayItem, PlayKey, RecordingKey, RecordingSink, RoomKey, TelephoneEvent, Wire,
};
pub use error::{ClipError, CodecError, SdpError};
pub use event::{Event, Quality};
pub use recorder::{Closed, Recorder, Side};
