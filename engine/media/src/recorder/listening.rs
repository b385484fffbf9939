//! Whether somebody speaks on a recording, and since when nobody does.

use std::time::Duration;

use super::frames;
use crate::level::VoiceActivity;

/// Listens to the left side, frame by frame.
#[derive(Debug)]
pub(super) struct Listening {
    voice: VoiceActivity,
    /// Report after so many frames without speech; 0 never.
    silence: u64,
    /// Frames of speech.
    pub(super) speech: u64,
    /// Frames since the last speech.
    quiet: u64,
    /// The report has been made for this silence.
    reported: bool,
    /// The report is to be made.
    pub(super) due: bool,
    /// Frames that are judged at a time.
    length: usize,
}

impl Listening {
    pub(super) fn new(silence: Duration, rate: u32) -> Self {
        Self {
            voice: VoiceActivity::new(),
            silence: (silence.as_micros() * u128::from(rate) / 1_000_000) as u64,
            speech: 0,
            quiet: 0,
            reported: false,
            due: false,
            length: frames(FRAME, rate).min(MAX_FRAME),
        }
    }

    pub(super) fn listen(&mut self, samples: impl Iterator<Item = i16>) {
        let mut frame = [0; MAX_FRAME];
        let mut filled = 0;
        for sample in samples {
            frame[filled] = sample;
            filled += 1;
            if filled == self.length {
                self.judge(&frame[..filled]);
                filled = 0;
            }
        }
        if filled > 0 {
            self.judge(&frame[..filled]);
        }
    }

    fn judge(&mut self, frame: &[i16]) {
        if self.voice.is_speech(frame) {
            self.speech += frame.len() as u64;
            self.quiet = 0;
            self.reported = false;
            return;
        }
        self.quiet += frame.len() as u64;
        if self.silence > 0 && self.quiet >= self.silence && !self.reported {
            self.reported = true;
            self.due = true;
        }
    }
}

const FRAME: Duration = Duration::from_millis(20);
/// The same at the highest rate.
const MAX_FRAME: usize = 320;
