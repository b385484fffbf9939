//! The decoded peer: samples for recordings, for the search for keys, for legs of other codecs.

use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::mouth::samples_in;
use crate::CodecKind;
use crate::codec::{Decoder, MAX_PAYLOAD, Resampler, g711};
use crate::inband::ToneDetector;
use crate::progress::{Progress, ProgressDetector};
use crate::rtp::jitter::{JitterBuffer, Next};
use crate::rtp::receive::Arrival;

/// Decodes a leg's stream, packet by packet as they come or at a steady pace.
#[derive(Debug)]
pub(crate) struct Ear {
    kind: CodecKind,
    decoder: Option<Decoder>,
    detector: Option<Detector>,
    /// Only where somebody needs a steady pace.
    steady: Option<Box<Steady>>,
    /// The last packet that was decoded as it came.
    last: u64,
}

/// What a steady pace takes.
#[derive(Debug)]
struct Steady {
    buffer: JitterBuffer,
    /// What is given out at a time.
    frame: Duration,
    /// Decoded and not yet given out.
    queue: Vec<i16>,
    /// The beginning of a packet that was one too many: the next one is blended from it.
    blend: Vec<i16>,
}

/// What was found in the sound.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Keys that have just been pressed.
    pub(crate) keys: SmallVec<[char; 4]>,
    /// The key whose tones sound at the end of it.
    pub(crate) sounding: Option<char>,
    /// What the network says.
    pub(crate) progress: Option<Progress>,
}

#[derive(Debug)]
struct Detector {
    tones: Option<ToneDetector>,
    progress: Option<ProgressDetector>,
    resampler: Option<Resampler>,
    samples: Box<[i16]>,
}

impl Ear {
    pub(crate) fn new(kind: CodecKind) -> Self {
        Self {
            kind,
            decoder: None,
            detector: None,
            steady: None,
            last: 0,
        }
    }

    /// Sets what is wanted: keys, tones of networks, and frames of a length at a steady pace.
    pub(crate) fn serve(&mut self, tones: bool, progress: bool, frame: Option<Duration>) {
        if !tones && !progress {
            self.detector = None;
        } else {
            let rate = self.kind.clip_rate();
            let detector = self.detector.get_or_insert_with(|| Detector::new(rate));
            detector.serve(tones, progress);
        }
        let rate = self.kind.clip_rate();
        match (frame, &mut self.steady) {
            (None, _) => self.steady = None,
            (Some(frame), Some(steady)) => steady.frame = frame,
            (Some(frame), None) => {
                self.steady = Some(Box::new(Steady {
                    buffer: JitterBuffer::new(self.kind.clock_rate()),
                    frame,
                    queue: Vec::with_capacity(samples_in(LONGEST_QUEUE, rate)),
                    blend: Vec::with_capacity(samples_in(BLEND, rate)),
                }));
            }
        }
    }

    /// Samples a second of what it gives out.
    pub(crate) fn rate(&self) -> u32 {
        self.kind.clip_rate()
    }

    /// What is given out at a time, if it is given out at a steady pace.
    pub(crate) fn frame(&self) -> Option<Duration> {
        self.steady.as_ref().map(|steady| steady.frame)
    }

    /// Puts a packet aside for its time, if there is a steady pace; true when it did.
    pub(crate) fn store(
        &mut self,
        now: Instant,
        arrival: Arrival,
        timestamp: u32,
        payload: &[u8],
    ) -> bool {
        let Some(steady) = &mut self.steady else {
            return false;
        };
        if payload.len() > MAX_PAYLOAD {
            // No codec makes such packets; they are not kept.
            return true;
        }
        match arrival {
            Arrival::First(extended) => {
                steady.buffer.restart();
                steady.buffer.insert(now, extended, timestamp, payload);
            }
            Arrival::InOrder(extended) | Arrival::Late(extended) => {
                steady.buffer.insert(now, extended, timestamp, payload);
            }
            Arrival::Useless => {}
        }
        true
    }

    /// Decodes a packet as it comes; how many samples there are, 0 when it came too late for a
    /// codec with memory.
    pub(crate) fn decode(&mut self, arrival: Arrival, payload: &[u8], out: &mut [i16]) -> usize {
        let (extended, in_order) = match arrival {
            Arrival::First(extended) | Arrival::InOrder(extended) => (extended, true),
            Arrival::Late(extended) => (extended, false),
            Arrival::Useless => return 0,
        };
        let kind = self.kind;
        match kind {
            CodecKind::Pcma => return g711::decode_alaw(payload, out),
            CodecKind::Pcmu => return g711::decode_ulaw(payload, out),
            _ if !in_order => return 0,
            _ => {}
        }
        self.last = extended;
        decoder(&mut self.decoder, kind).map_or(0, |decoder| decoder.decode(payload, out))
    }

    /// Decodes the next frame; how many samples there are, 0 while nobody speaks.
    pub(crate) fn pull(&mut self, now: Instant, room: &mut [i16]) -> usize {
        let Some(steady) = &mut self.steady else {
            return 0;
        };
        let rate = self.kind.clip_rate();
        let want = samples_in(steady.frame, rate);
        let Some(decoder) = decoder(&mut self.decoder, self.kind) else {
            return 0;
        };
        while steady.queue.len() < want {
            if !steady.fetch(now, rate, decoder, room) {
                break;
            }
        }
        if steady.queue.is_empty() {
            return 0;
        }
        if steady.queue.len() < want {
            steady.queue.resize(want, 0);
        }
        want
    }

    /// The frame that [`pull`](Self::pull) has decoded.
    pub(crate) fn pulled(&self, samples: usize) -> &[i16] {
        let queue = self.steady.as_ref().map_or(&[][..], |steady| &steady.queue);
        queue.get(..samples).unwrap_or_default()
    }

    /// Nobody is to hear the frame that was pulled.
    pub(crate) fn silence_pulled(&mut self, samples: usize) {
        let frame = self
            .steady
            .as_mut()
            .and_then(|it| it.queue.get_mut(..samples));
        if let Some(frame) = frame {
            frame.fill(0);
        }
    }

    /// Forgets the frame that was pulled.
    pub(crate) fn drop_pulled(&mut self, samples: usize) {
        if let Some(steady) = &mut self.steady {
            steady.queue.drain(..samples.min(steady.queue.len()));
        }
    }

    /// What was found in a frame that was pulled.
    pub(crate) fn found_in_pulled(&mut self, samples: usize) -> Found {
        match (&mut self.detector, &self.steady) {
            (Some(detector), Some(steady)) => {
                detector.push(steady.queue.get(..samples).unwrap_or_default())
            }
            _ => Found::default(),
        }
    }

    /// What was found in `samples`.
    pub(crate) fn found_in(&mut self, samples: &[i16]) -> Found {
        let detector = self.detector.as_mut();
        detector.map_or_else(Found::default, |detector| detector.push(samples))
    }
}

impl Steady {
    /// Gets one more packet's sound into the queue; false when there is none.
    fn fetch(&mut self, now: Instant, rate: u32, decoder: &mut Decoder, room: &mut [i16]) -> bool {
        let queued = Duration::from_micros(self.queue.len() as u64 * 1_000_000 / u64::from(rate));
        let length = samples_in(self.buffer.packet_length(), rate).min(room.len());
        match self.buffer.next(now, queued) {
            Next::Packet(payload) => {
                let samples = decoder.decode(payload, room);
                self.blend_into(samples, room);
                self.queue.extend_from_slice(&room[..samples]);
            }
            Next::Surplus(payload) => {
                let samples = decoder.decode(payload, room);
                let blend = samples.min(samples_in(BLEND, rate));
                self.blend.clear();
                self.blend.extend_from_slice(&room[..blend]);
            }
            Next::Missing(following) => {
                match following {
                    Some(following) => decoder.recover(following, &mut room[..length]),
                    None => decoder.conceal(&mut room[..length]),
                }
                self.queue.extend_from_slice(&room[..length]);
            }
            Next::Late => {
                decoder.conceal(&mut room[..length]);
                self.queue.extend_from_slice(&room[..length]);
            }
            Next::Idle => return false,
        }
        true
    }

    /// What was cut out must not click: its beginning flows into what follows.
    fn blend_into(&mut self, samples: usize, room: &mut [i16]) {
        let length = self.blend.len() as i32;
        let fresh = room.iter_mut().take(samples);
        for (index, (sample, &old)) in fresh.zip(&self.blend).enumerate() {
            let weight = index as i32;
            let mixed = i32::from(*sample) * weight + i32::from(old) * (length - weight);
            *sample = (mixed / length.max(1)) as i16;
        }
        self.blend.clear();
    }
}

impl Detector {
    fn new(rate: u32) -> Self {
        Self {
            tones: None,
            progress: None,
            resampler: Resampler::new(rate, TONES_RATE)
                .ok()
                .filter(|_| rate != TONES_RATE),
            samples: vec![0; samples_in(LONGEST_QUEUE, TONES_RATE)].into(),
        }
    }

    fn serve(&mut self, tones: bool, progress: bool) {
        if tones != self.tones.is_some() {
            self.tones = tones.then(ToneDetector::new);
        }
        if progress != self.progress.is_some() {
            self.progress = progress.then(ProgressDetector::new);
        }
    }

    fn push(&mut self, samples: &[i16]) -> Found {
        let samples = match &mut self.resampler {
            None => samples,
            Some(resampler) => {
                let converted = resampler.process(samples, &mut self.samples);
                &self.samples[..converted]
            }
        };
        let tones = self.tones.as_mut();
        Found {
            keys: tones.map_or_else(SmallVec::new, |tones| tones.push(samples)),
            sounding: self.tones.as_ref().and_then(ToneDetector::sounding),
            progress: self.progress.as_mut().and_then(|it| it.push(samples)),
        }
    }
}

/// The decoder, set up at its first use; none for what only passes through.
fn decoder(slot: &mut Option<Decoder>, kind: CodecKind) -> Option<&mut Decoder> {
    if slot.is_none() {
        *slot = Decoder::new(kind).ok();
    }
    slot.as_mut()
}

const TONES_RATE: u32 = 8_000;
const BLEND: Duration = Duration::from_millis(5);
/// The longest packet, and a frame that it finds waiting.
const LONGEST_QUEUE: Duration = Duration::from_millis(150);
