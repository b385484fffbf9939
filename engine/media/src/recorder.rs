//! A recording's timeline: what two parties said, side by side, with silence where nothing came.

use std::time::{Duration, Instant};

use crate::codec::Resampler;
use crate::level::VoiceActivity;
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
        let side = &mut self.sides[side as usize];
        side.anchor = None;
        side.next = None;
        side.resampler = None;
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
        let own_rate = self.rate;
        let at = self.sides[side as usize].locate(own_rate, rate, timestamp, present);
        self.write(side, rate, at, samples, now)
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

    /// Hands the rest to the sink and closes it.
    pub fn close(mut self, now: Instant) -> Closed {
        let end = self.position(now);
        self.flush(end);
        let rest = end.saturating_sub(self.flushed) as usize;
        self.emit(rest);
        self.pay_back();
        self.sink.close();
        Closed {
            duration: duration(self.flushed, self.rate),
            speech: duration(self.listening.speech, self.rate),
            lost_samples: self.lost_samples,
        }
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
        let (own_rate, flushed) = (self.rate, self.flushed);
        self.sides[side as usize].write(own_rate, rate, at, flushed, samples)
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
        self.listening.listen(&self.sides[0], self.flushed, frames);
        let channels = if self.stereo { 2 } else { 1 };
        let [left, right] = &mut self.sides;
        for (index, out) in self
            .block
            .chunks_exact_mut(channels)
            .take(frames)
            .enumerate()
        {
            let at = self.flushed + index as u64;
            match (out, left.remove(at), right.remove(at)) {
                ([one], left, right) => *one = left.saturating_add(right),
                ([first, second], left, right) => (*first, *second) = (left, right),
                _ => {}
            }
        }
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

/// One side's sound that has not gone to the sink yet.
#[derive(Debug)]
struct SideState {
    /// A ring over positions, silence where nothing is; its length is a power of two.
    ring: Box<[i16]>,
    /// Where the first packet of the source stands.
    anchor: Option<Anchor>,
    /// Where a steady source goes on.
    next: Option<u64>,
    resampler: Option<(u32, Resampler)>,
    converted: Box<[i16]>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    rate: u32,
    timestamp: u32,
    position: u64,
}

impl SideState {
    fn new(rate: u32) -> Self {
        Self {
            ring: vec![0; frames(RING, rate).next_power_of_two()].into(),
            anchor: None,
            next: None,
            resampler: None,
            converted: vec![0; frames(LONGEST, rate)].into(),
        }
    }

    /// Where a packet belongs, by its time stamp; by the clock when that makes no sense.
    fn locate(&mut self, own_rate: u32, rate: u32, timestamp: u32, present: u64) -> u64 {
        let fresh = Anchor {
            rate,
            timestamp,
            position: present,
        };
        let anchor = self
            .anchor
            .filter(|anchor| anchor.rate == rate)
            .unwrap_or(fresh);
        let distance = i64::from(timestamp.wrapping_sub(anchor.timestamp) as i32);
        let distance = distance * i64::from(own_rate) / i64::from(rate.max(1));
        let at = anchor.position.saturating_add_signed(distance);

        let slip = frames(SLIP, own_rate) as u64;
        let earliest = present.saturating_sub(frames(WINDOW, own_rate) as u64);
        let latest = present + frames(AHEAD, own_rate) as u64;
        // A sender whose clock is slow or fast moves by small steps; a new stream starts anew.
        let at = if at < earliest && at + slip >= earliest {
            at + slip
        } else if at > latest && at <= latest + slip {
            at - slip
        } else if at < earliest || at > latest {
            present
        } else {
            // Only forward, or a late packet would become the measure.
            if distance > i64::from(own_rate) || self.anchor.is_none_or(|old| old.rate != rate) {
                self.anchor = Some(Anchor {
                    rate,
                    timestamp,
                    position: at,
                });
            }
            return at;
        };
        self.anchor = Some(Anchor {
            rate,
            timestamp,
            position: at,
        });
        at
    }

    fn write(
        &mut self,
        own_rate: u32,
        rate: u32,
        at: u64,
        flushed: u64,
        samples: &[i16],
    ) -> Result<(), CodecError> {
        if rate == own_rate {
            self.next = Some(at + samples.len() as u64);
            put(&mut self.ring, at, flushed, samples);
            return Ok(());
        }
        if self
            .resampler
            .as_ref()
            .is_none_or(|(from, _)| *from != rate)
        {
            self.resampler = Some((rate, Resampler::new(rate, own_rate)?));
        }
        let Some((_, resampler)) = &mut self.resampler else {
            return Ok(());
        };
        let converted = resampler.process(samples, &mut self.converted);
        self.next = Some(at + converted as u64);
        put(&mut self.ring, at, flushed, &self.converted[..converted]);
        Ok(())
    }

    fn get(&self, at: u64) -> i16 {
        self.ring[self.index(at)]
    }

    fn remove(&mut self, at: u64) -> i16 {
        let index = self.index(at);
        std::mem::take(&mut self.ring[index])
    }

    fn index(&self, at: u64) -> usize {
        at as usize & (self.ring.len() - 1)
    }
}

/// Writes samples to their places, as far as those are neither gone nor beyond the ring, whose
/// length is a power of two.
fn put(ring: &mut [i16], at: u64, flushed: u64, samples: &[i16]) {
    let gone = flushed.saturating_sub(at).min(samples.len() as u64);
    let beyond = (at + samples.len() as u64).saturating_sub(flushed + ring.len() as u64);
    let end = samples.len().saturating_sub(beyond as usize);
    let Some(samples) = samples.get(gone as usize..end) else {
        return;
    };
    let start = (at + gone) as usize & (ring.len() - 1);
    let (first, wrapped) = samples.split_at(samples.len().min(ring.len() - start));
    ring[start..start + first.len()].copy_from_slice(first);
    ring[..wrapped.len()].copy_from_slice(wrapped);
}

/// Who listens to the left side for speech.
#[derive(Debug)]
struct Listening {
    voice: VoiceActivity,
    /// Report after so many frames without speech; 0 never.
    silence: u64,
    /// Frames of speech.
    speech: u64,
    /// Frames since the last speech.
    quiet: u64,
    /// The report has been made for this silence.
    reported: bool,
    /// The report is to be made.
    due: bool,
    frame: usize,
}

impl Listening {
    fn new(silence: Duration, rate: u32) -> Self {
        Self {
            voice: VoiceActivity::new(),
            silence: (silence.as_micros() * u128::from(rate) / 1_000_000) as u64,
            speech: 0,
            quiet: 0,
            reported: false,
            due: false,
            frame: frames(FRAME, rate),
        }
    }

    fn listen(&mut self, side: &SideState, from: u64, frames: usize) {
        let mut frame = [0; MAX_FRAME];
        let mut done = 0;
        while done < frames {
            let length = self.frame.min(frames - done).min(MAX_FRAME);
            for (offset, sample) in frame[..length].iter_mut().enumerate() {
                *sample = side.get(from + (done + offset) as u64);
            }
            if self.voice.is_speech(&frame[..length]) {
                self.speech += length as u64;
                self.quiet = 0;
                self.reported = false;
            } else {
                self.quiet += length as u64;
            }
            if self.silence > 0 && self.quiet >= self.silence && !self.reported {
                self.reported = true;
                self.due = true;
            }
            done += length;
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
/// Window, block, earliness and a packet of 120 ms, and more.
const RING: Duration = Duration::from_millis(1_000);
/// The longest packet, converted.
const LONGEST: Duration = Duration::from_millis(140);
/// What is judged at a time to be speech or not.
const FRAME: Duration = Duration::from_millis(20);
/// The same at the highest rate, in samples.
const MAX_FRAME: usize = 320;
static SILENCE: [i16; 3_200] = [0; 3_200];

#[cfg(test)]
mod tests;
