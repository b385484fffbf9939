//! What a media thread's board reports.

use std::time::Duration;

use crate::progress::Progress;
use crate::{LegKey, PlayKey, RecordingKey};

/// Something that was heard or finished.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key, once, however it was sent.
    Digit {
        /// By whom.
        leg: LegKey,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// A key that may be a part of a code: it is held back from those who hear the leg, and so are all
    /// that follow, until [`Command::ReleaseKeys`](crate::Command::ReleaseKeys). Only of legs whose
    /// keys are held ([`Command::HoldKeys`](crate::Command::HoldKeys)) and that somebody hears.
    HeldDigit {
        /// By whom.
        leg: LegKey,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// The network says by tones what becomes of the call.
    Progress {
        /// Whose sound it is.
        leg: LegKey,
        /// What.
        progress: Progress,
    },
    /// A playing came to its end.
    Played {
        /// To whom.
        leg: LegKey,
        /// Which.
        play: PlayKey,
    },
    /// The first packet of a leg was accepted.
    Heard {
        /// Whose.
        leg: LegKey,
    },
    /// No packet for the leg's time-out.
    Lost {
        /// Whose.
        leg: LegKey,
    },
    /// The left party of a recording has been silent for the time asked for.
    Silent {
        /// Which.
        recording: RecordingKey,
    },
    /// A recording is complete; its sink has been closed.
    RecordingClosed {
        /// Which.
        recording: RecordingKey,
        /// How long it is.
        duration: Duration,
        /// How much of the left channel was speech.
        speech: Duration,
        /// Samples that its sink could not take.
        lost_samples: u64,
    },
    /// A leg is gone.
    Left {
        /// Whose.
        leg: LegKey,
        /// How it was.
        quality: Quality,
    },
}

/// How a leg's sound travelled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// Packets received.
    pub received: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets refused because their source was a stranger.
    pub refused: u64,
    /// Interarrival jitter at the end, RFC 3550 §6.4.1.
    pub jitter: Duration,
    /// The greatest jitter seen.
    pub max_jitter: Duration,
    /// Round trip from RTCP, when the peer reports.
    pub round_trip: Option<Duration>,
    /// Loss that the peer reported of our stream, in parts of 256, the last report.
    pub reported_loss: Option<u8>,
    /// Mean opinion score by the E-model (ITU-T G.107), 1.0 to 4.5; `None` without packets.
    pub mos: Option<f32>,
    /// The lowest over intervals of 5 s.
    pub mos_min: Option<f32>,
}
