//! What the switch asks of a media thread's board.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use crate::Clip;

/// One leg's audio; unique in the process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LegKey(pub u64);

/// One playing; unique in the process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PlayKey(pub u64);

/// One recording; unique in the process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordingKey(pub u64);

/// One room; unique in the process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomKey(pub u64);

/// What the switch asks for. Unknown keys are ignored: the leg may have just left.
#[derive(Debug)]
pub enum Command {
    /// A new leg; its sockets are the thread's business.
    AddLeg {
        /// Its key.
        leg: LegKey,
        /// How it sends and receives.
        config: LegConfig,
    },
    /// A new offer or answer: codecs, address, direction. Streams go on: same SSRC, continuous
    /// sequence and time stamps.
    UpdateLeg {
        /// Its key.
        leg: LegKey,
        /// How it sends and receives from now on.
        config: LegConfig,
    },
    /// The leg is over. Its good-bye is sent with the next tick, then
    /// [`Event::Left`](crate::Event::Left) tells its quality; until then its sockets stay open.
    RemoveLeg {
        /// Its key.
        leg: LegKey,
    },
    /// Play to a leg, in place of what it heard from us before; a playing that was going on is
    /// replaced without an event. Music and a bridge are covered while it lasts.
    ///
    /// From the first source on, a leg that has none is sent silence: peers hang up on streams
    /// that stop.
    Play {
        /// To whom.
        leg: LegKey,
        /// The playing.
        play: PlayKey,
        /// Gapless, in order.
        items: Vec<PlayItem>,
        /// How often; 0 means until stopped.
        times: u32,
    },
    /// The same, once, over the music or the bridge that the leg hears: that goes on beneath, the music
    /// quieter. Where what is beneath only passes through (G.729) it is covered.
    PlayOver {
        /// To whom.
        leg: LegKey,
        /// The playing.
        play: PlayKey,
        /// Gapless, in order.
        items: Vec<PlayItem>,
    },
    /// Stop it, without an event.
    StopPlay {
        /// On which leg.
        leg: LegKey,
        /// The playing.
        play: PlayKey,
    },
    /// Music on the shared timeline: everybody hears the same bar. It covers a bridge; `None`
    /// lets the bridge be heard again.
    Music {
        /// To whom.
        leg: LegKey,
        /// What, or silence.
        music: Option<Music>,
    },
    /// The music of a leg begins anew, for this leg alone.
    RestartMusic {
        /// Whose.
        leg: LegKey,
    },
    /// The two hear each other, and nobody whom they heard before; their music ends.
    Connect {
        /// One.
        a: LegKey,
        /// The other.
        b: LegKey,
    },
    /// `to` hears `from`, and nobody whom it heard before; its music ends. Whom `from` hears does
    /// not change (early media). Who hears itself hears an echo.
    Listen {
        /// Who is heard.
        from: LegKey,
        /// Who hears.
        to: LegKey,
    },
    /// They no longer hear each other.
    Disconnect {
        /// One.
        a: LegKey,
        /// The other.
        b: LegKey,
    },
    /// The leg is in this room from now on, and in no other: it hears everybody else there, and
    /// everybody hears it; nobody whom it heard before, and its music ends. Two are connected as by
    /// [`Connect`](Self::Connect); from three on they are mixed, and what only passes through
    /// (G.729) is not heard. What is played covers it.
    EnterRoom {
        /// Which room; it is made where it is not there.
        room: RoomKey,
        /// Who comes.
        leg: LegKey,
    },
    /// The leg leaves its room.
    LeaveRoom {
        /// Who goes.
        leg: LegKey,
    },
    /// A leg supervises another from now on: it hears what the agent's says, and all that the agent's
    /// hears, music and prompts too, and nobody whom it heard before. Who hears it is told by
    /// `heard_by`, and may be told anew at any time. It follows the agent's leg through holds,
    /// bridges and rooms; several may supervise one leg. What is played to it covers what it hears,
    /// and what only passes through (G.729) is not heard.
    Supervise {
        /// Who supervises.
        leader: LegKey,
        /// Who is supervised.
        agent: LegKey,
        /// Who hears the one who supervises.
        heard_by: HeardBy,
    },
    /// It supervises nobody any more; the others' conversation is what it was without it.
    StopSupervising {
        /// Who supervised.
        leader: LegKey,
    },
    /// Send keys by RFC 4733, or as tones where the leg has no telephone-event. Nothing else is
    /// heard by the leg until they are sent, but in the pause of a comma.
    SendDigits {
        /// To whom.
        leg: LegKey,
        /// `0-9 * # A-D`, `,` waits a second.
        digits: String,
    },
    /// The leg's peer has pressed a key and says so outside of its RTP (INFO). It is reported as
    /// [`Event::Digit`](crate::Event::Digit) and sent to those who hear the leg, unless the peer's
    /// RTP brings its keys too.
    Press {
        /// Who pressed it.
        leg: LegKey,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// Hold back what the leg's peer types from `*` or `#` on, while somebody hears the leg, or no
    /// longer. Of keys that come as sound some 25 ms are heard, until they are known for what they are; after
    /// that silence is sent in their place.
    HoldKeys {
        /// Whose.
        leg: LegKey,
        /// From now on.
        hold: bool,
    },
    /// Of the keys that are held back, do away with the first `drop`, and send `pass` that follow to
    /// those who hear the leg.
    ReleaseKeys {
        /// Whose.
        leg: LegKey,
        /// So many.
        drop: usize,
        /// So many after them.
        pass: usize,
    },
    /// Begin a recording of whatever is on its channels.
    StartRecording {
        /// Its key.
        recording: RecordingKey,
        /// Two channels or one.
        stereo: bool,
        /// 8000 or 16000.
        rate: u32,
        /// Where blocks go.
        sink: Box<dyn RecordingSink>,
        /// Report `Silent` after so long without speech on the left; zero never.
        silence: Duration,
    },
    /// Put legs on its channels; silence where there is none. What a leg says is recorded, not
    /// what it hears.
    RecordLegs {
        /// Which.
        recording: RecordingKey,
        /// Left channel.
        left: Option<LegKey>,
        /// Right channel.
        right: Option<LegKey>,
    },
    /// Put on the right channel what a leg hears in its room, whoever is there, until legs are put
    /// there again.
    RecordRoom {
        /// Which.
        recording: RecordingKey,
        /// Whose room.
        leg: LegKey,
    },
    /// Close it.
    StopRecording {
        /// Which.
        recording: RecordingKey,
    },
}

impl Command {
    /// The legs that it is about.
    pub fn legs(&self) -> SmallVec<[LegKey; 2]> {
        let mut legs = SmallVec::new();
        match self {
            Self::AddLeg { leg, .. }
            | Self::UpdateLeg { leg, .. }
            | Self::RemoveLeg { leg }
            | Self::Play { leg, .. }
            | Self::PlayOver { leg, .. }
            | Self::RestartMusic { leg }
            | Self::StopPlay { leg, .. }
            | Self::Music { leg, .. }
            | Self::EnterRoom { leg, .. }
            | Self::LeaveRoom { leg }
            | Self::StopSupervising { leader: leg }
            | Self::RecordRoom { leg, .. }
            | Self::SendDigits { leg, .. }
            | Self::HoldKeys { leg, .. }
            | Self::ReleaseKeys { leg, .. }
            | Self::Press { leg, .. } => legs.push(*leg),
            Self::Connect { a, b } | Self::Disconnect { a, b } => legs.extend([*a, *b]),
            Self::Listen { from, to } => legs.extend([*from, *to]),
            Self::Supervise { leader, agent, .. } => legs.extend([*leader, *agent]),
            Self::RecordLegs { left, right, .. } => {
                legs.extend([*left, *right].into_iter().flatten())
            }
            Self::StartRecording { .. } | Self::StopRecording { .. } => {}
        }
        legs
    }

    /// The recording that it is about.
    pub fn recording(&self) -> Option<RecordingKey> {
        match self {
            Self::StartRecording { recording, .. }
            | Self::RecordLegs { recording, .. }
            | Self::RecordRoom { recording, .. }
            | Self::StopRecording { recording } => Some(*recording),
            _ => None,
        }
    }
}

/// Who hears a leg that supervises another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeardBy {
    /// It listens, and nobody hears it.
    Nobody,
    /// The leg that it supervises, and nobody who hears that leg: it whispers.
    Agent,
    /// The leg that it supervises, whoever hears that leg, and whoever else supervises it.
    Everybody,
}

/// One piece of a playing.
#[derive(Clone, Debug)]
pub enum PlayItem {
    /// A clip, from its beginning to its end, at the leg's rate or another (the board resamples
    /// nothing: the switch hands in the right rate, see [`CodecKind::clip_rate`]).
    Clip(Arc<Clip>),
    /// So long of nothing.
    Silence(Duration),
}

/// Music that all listeners hear at the same place.
#[derive(Clone, Debug)]
pub struct Music {
    /// Played in a loop since the board's epoch.
    pub clip: Arc<Clip>,
}

/// How a leg sends and receives.
#[derive(Clone, Debug)]
pub struct LegConfig {
    /// Where its sound goes; `None` until an SDP says so.
    pub remote: Option<SocketAddr>,
    /// Where its reports go; `None` without RTCP.
    pub remote_rtcp: Option<SocketAddr>,
    /// Reports share the port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec in use.
    pub codec: Negotiated,
    /// Keys as events, if agreed.
    pub telephone_event: Option<TelephoneEvent>,
    /// The peer is told keys by signalling: none are sent as events or tones.
    pub keys_elsewhere: bool,
    /// Its datagrams are no RTP (T.38's UDPTL): they go on as they are to those who hear it, where
    /// these are the same, and nothing else is sent to it.
    pub passes_datagrams: bool,
    /// Milliseconds of sound in a packet that we send.
    pub ptime: u8,
    /// Who may speak.
    pub direction: Direction,
    /// What sources are believed.
    pub latch: Latch,
    /// Listen for keys in the sound itself; only where telephone-event was not agreed.
    pub detect_tones: bool,
    /// Listen for the tones of networks that say what becomes of a call: before it is answered.
    pub detect_progress: bool,
    /// Report `Lost` after so long without a packet while the peer should be sending; zero never.
    pub rtp_timeout: Duration,
    /// Randomness for SSRC, first sequence number and time stamp.
    pub seed: u64,
    /// The RTCP CNAME.
    pub cname: Arc<str>,
}

/// A codec and its payload types, one for each way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Negotiated {
    /// Which.
    pub kind: CodecKind,
    /// The payload type that we send.
    pub send: u8,
    /// The payload type that we receive.
    pub receive: u8,
}

/// How telephone-events travel (RFC 4733): payload types, one for each way, and their clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TelephoneEvent {
    /// The payload type that we send.
    pub send: u8,
    /// The payload type that we receive.
    pub receive: u8,
    /// Units of their time stamps and durations in a second.
    pub clock_rate: u32,
}

/// The codecs that we know.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CodecKind {
    /// G.711 A-law.
    Pcma,
    /// G.711 μ-law.
    Pcmu,
    /// G.722; its RTP clock says 8000 and means 16000 (RFC 3551 §4.5.2).
    G722,
    /// Opus (RFC 7587), 48 kHz clock.
    Opus,
    /// G.729: passed through, never decoded.
    G729,
}

impl CodecKind {
    /// The clock rate of its RTP time stamps.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            _ => 8_000,
        }
    }

    /// The sample rate at which we decode, encode and play clips.
    pub fn clip_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::G722 => 16_000,
            _ => 8_000,
        }
    }

    /// Whether we can turn it into samples.
    pub fn decodes(self) -> bool {
        self != Self::G729
    }
}

/// Who may speak, from our side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// Both.
    SendRecv,
    /// We only.
    SendOnly,
    /// The peer only.
    RecvOnly,
    /// Nobody.
    Inactive,
}

/// Which sources of RTP are believed (security: nothing from strangers).
#[derive(Clone, Debug, Default)]
pub struct Latch {
    /// Addresses whose packets may be the first: the signalled host, and the host that signalled.
    pub hosts: SmallVec<[std::net::IpAddr; 2]>,
    /// Follow the source's port where it differs from the SDP (NAT).
    pub symmetric: bool,
}

/// Which of a leg's two sockets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// Sound.
    Rtp,
    /// Reports.
    Rtcp,
}

/// Where a board writes packets. It copies what it is given.
pub trait Wire {
    /// Sends one packet from a leg's socket.
    fn send(&mut self, leg: LegKey, channel: Channel, to: SocketAddr, packet: &[u8]);
}

/// Where a recording's blocks go: another thread, which writes them to disk.
pub trait RecordingSink: std::fmt::Debug + Send {
    /// Takes interleaved samples (left, right, left …; or one channel), all or none. Must not
    /// block; returns false when it took none, and the recorder keeps the timeline by counting
    /// them as lost.
    fn write(&mut self, samples: &[i16]) -> bool;
    /// The recording is complete. Must not block; returns false when that could not be told now,
    /// and is called again with the next tick.
    fn close(&mut self) -> bool;
}
