//! A recording's timeline: what two parties said, side by side, with silence where nothing came.

mod listening;
mod ring;
mod side;

use std::time::{Duration, Instant};

use self::listening::Listening;
use self::side::SideState;
use crate::{CodecError, RecordingSink};

/// One recording. It belongs to the conversation: legs may come and go on both sides.
///
/// Hand in sound with [`take`](Self::take) or [`place`](Self::place) as it comes, and call
/// [`advance`](Self::advance) once a tick. What is older than 200 ms goes to the sink, in blocks of
/// 200 ms; until then late packets still find their place. Nothing is allocated per packet.
#[derive(Debug)]
pub struct Recorder {
    stereo: bool,
    rate: u32,
    sink: Box<dyn RecordingSink>,
    start: Instant,
    /// Frames (samples of one channel) that went to the sink.
    flushed: u64,
    sides: [SideState; 2],
    /// The block that is handed to the sink.
    block: Box<[i16]>,
    /// Samples that the sink refused and that are still to be replaced by silence.
    owed: u64,
    lost_samples: u64,
    listening: Listening,
}

/// A side of a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The customer, or the only party.
    Left,
    /// The agent.
    Right,
}

/// How a recording ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closed {
    /// How long it is.
    pub duration: Duration,
    /// How much of the left side was speech.
    pub speech: Duration,
    /// Samples that the sink could not take; silence stands for them where it later could.
    pub lost_samples: u64,
}

impl Recorder {
    /// Begins a recording at `rate` (8000 or 16000), with a channel for each side, or one for the
    /// sum of both. [`advance`](Self::advance) reports when the left side has been without speech
    /// for `silence`; zero never does.
    pub fn new(
        stereo: bool,
        rate: u32,
        sink: Box<dyn RecordingSink>,
        silence: Duration,
        now: Instant,
    ) -> Self {
        let rate = if rate == 16_000 { 16_000 } else { 8_000 };
        let channels = if stereo { 2 } else { 1 };
        Self {
            stereo,
            rate,
            sink,
            start: now,
            flushed: 0,
            sides: [SideState::new(rate), SideState::new(rate)],
            block: vec![0; frames(BLOCK, rate) * channels].into(),
            owed: 0,
            lost_samples: 0,
            listening: Listening::new(silence, rate),
        }
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Another leg speaks on this side from now on, or none: the alignment starts anew.
    pub fn change_source(&mut self, side: Side) {
        self.sides[side as usize].forget_source();
    }

    /// Takes sound of a steady source (a jitter buffer, a player, a mixer) at `rate`: it follows
    /// what that side said before, or stands at `now` after a pause.
    pub fn take(
        &mut self,
        side: Side,
        rate: u32,
        samples: &[i16],
        now: Instant,
    ) -> Result<(), CodecError> {
        let present = self.position(now);
        let (early, late) = (
            frames(AHEAD, self.rate) as u64,
            frames(BEHIND, self.rate) as u64,
        );
        let at = self.sides[side as usize]
            .next
            .filter(|&next| next <= present + early && next + late >= present)
            .unwrap_or(present);
        self.write(side, rate, at, samples, now)
    }

    /// Takes a decoded packet at `rate` that says itself where it belongs: `timestamp` is its RTP
    /// time stamp in samples of `rate` (G.722's is to be doubled). Packets may come out of order,
    /// up to 200 ms late.
    pub fn place(
        &mut self,
        side: Side,
        rate: u32,
        timestamp: u32,
        samples: &[i16],
        now: Instant,
    ) -> Result<(), CodecError> {
        let present = self.position(now);
        match self.sides[side as usize].locate(rate, timestamp, present) {
            Some(at) => self.write(side, rate, at, samples, now),
            None => Ok(()),
        }
    }

    /// Hands what is old enough to the sink; true, once, when the left side has been without
    /// speech for the time asked for. Speech arms it again.
    pub fn advance(&mut self, now: Instant) -> bool {
        let old = self
            .position(now)
            .saturating_sub(frames(WINDOW, self.rate) as u64);
        self.flush(old);
        std::mem::take(&mut self.listening.due)
    }

    /// Hands the rest to the sink, and gives the sink back, to be closed.
    pub fn close(mut self, now: Instant) -> (Closed, Box<dyn RecordingSink>) {
        let end = self.position(now);
        self.flush(end);
        let rest = end.saturating_sub(self.flushed) as usize;
        self.emit(rest);
        self.pay_back();
        let closed = Closed {
            duration: duration(self.flushed, self.rate),
            speech: duration(self.listening.speech, self.rate),
            lost_samples: self.lost_samples,
        };
        (closed, self.sink)
    }

    /// Frames since the beginning.
    fn position(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start).as_micros();
        (since * u128::from(self.rate) / 1_000_000) as u64
    }

    fn write(
        &mut self,
        side: Side,
        rate: u32,
        at: u64,
        samples: &[i16],
        now: Instant,
    ) -> Result<(), CodecError> {
        // Room for it, should nobody have called `advance` for long.
        let old = self
            .position(now)
            .saturating_sub(frames(WINDOW, self.rate) as u64);
        self.flush(old);
        self.sides[side as usize].write(rate, at, self.flushed, samples)
    }

    fn flush(&mut self, until: u64) {
        let block = frames(BLOCK, self.rate);
        while self.flushed + block as u64 <= until {
            self.emit(block);
        }
    }

    /// Emits so many frames, at most a block.
    fn emit(&mut self, frames: usize) {
        if frames == 0 {
            return;
        }
        let channels = if self.stereo { 2 } else { 1 };
        let [left, right] = &mut self.sides;
        self.listening.listen(left.ring.first(frames));
        let out = self.block.chunks_exact_mut(channels);
        let both = left.ring.first(frames).zip(right.ring.first(frames));
        for (out, (left, right)) in out.zip(both) {
            match out {
                [one] => *one = left.saturating_add(right),
                [first, second] => (*first, *second) = (left, right),
                _ => {}
            }
        }
        left.ring.forward(frames);
        right.ring.forward(frames);
        self.flushed += frames as u64;
        self.pay_back();
        let samples = (frames * channels).min(self.block.len());
        if self.owed > 0 || !self.sink.write(&self.block[..samples]) {
            self.owed += samples as u64;
            self.lost_samples += samples as u64;
        }
    }

    /// Replaces what the sink refused by as much silence, so that both sides and the clock stay
    /// together.
    fn pay_back(&mut self) {
        while self.owed > 0 {
            let samples = self.owed.min(SILENCE.len() as u64) as usize;
            if !self.sink.write(&SILENCE[..samples]) {
                return;
            }
            self.owed -= samples as u64;
        }
    }
}

fn frames(duration: Duration, rate: u32) -> usize {
    duration.as_millis() as usize * rate as usize / 1_000
}

fn duration(frames: u64, rate: u32) -> Duration {
    Duration::from_micros(frames * 1_000_000 / u64::from(rate.max(1)))
}

/// How late a packet may be.
const WINDOW: Duration = Duration::from_millis(200);
/// How early by its time stamp.
const AHEAD: Duration = Duration::from_millis(100);
/// A steady source that stopped for longer has paused.
const BEHIND: Duration = Duration::from_millis(60);
/// How far a packet is moved to follow a sender's clock.
const SLIP: Duration = Duration::from_millis(20);
/// What is handed to the sink at a time.
const BLOCK: Duration = Duration::from_millis(200);
/// Window, block, earliness and a packet of 140 ms.
const RING: Duration = Duration::from_millis(640);
/// The longest packet, converted.
const LONGEST: Duration = Duration::from_millis(140);
static SILENCE: [i16; 3_200] = [0; 3_200];

#[cfg(test)]
mod tests;
