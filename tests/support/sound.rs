//! Tones into WAV files, and WAV files into what can be found in them.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::time::Duration;

use media::level::{Goertzel, rms};
use media::wav::WavHeader;

use super::ear::THRESHOLD;

/// One tone of −14 dBFS, sample by sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oscillator {
    frequency: f64,
    rate: u32,
    at: u64,
}

impl Oscillator {
    /// Begins a tone.
    pub(crate) fn new(frequency: f64, rate: u32) -> Self {
        Self {
            frequency,
            rate,
            at: 0,
        }
    }

    /// The next samples.
    pub(crate) fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let time = self.at as f64 / f64::from(self.rate);
            *sample = ((time * self.frequency * TAU).sin() * 6_500.0) as i16;
            self.at += 1;
        }
    }
}

/// Writes tones one after the other; 0 Hz is silence.
pub(crate) fn tone_wav(path: &Path, tones: &[(f64, Duration)]) {
    tone_wav_at(path, tones, 8_000, 1);
}

/// As [`tone_wav`], at another rate and with the same on every channel.
pub(crate) fn tone_wav_at(path: &Path, tones: &[(f64, Duration)], rate: u32, channels: u16) {
    let mut samples = Vec::new();
    for &(frequency, length) in tones {
        let mut piece = vec![0; (length.as_secs_f64() * f64::from(rate)) as usize];
        Oscillator::new(frequency, rate).fill(&mut piece);
        for sample in piece {
            samples.extend((0..channels).map(|_| sample));
        }
    }
    let shape = WavHeader { channels, rate };
    let mut file = shape.bytes(Some(samples.len() as u64 * 2)).to_vec();
    file.extend(samples.into_iter().flat_map(i16::to_le_bytes));
    fs::write(path, file).unwrap();
}

/// A recording that was read.
#[derive(Clone, Debug)]
pub(crate) struct Wav {
    pub(crate) rate: u32,
    /// Left first.
    pub(crate) channels: Vec<Vec<i16>>,
}

impl Wav {
    /// Reads 16-bit PCM; a file that was never finished is read to its end.
    pub(crate) fn read(path: &Path) -> Self {
        let octets = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (channels, rate, samples) = pcm(&octets).expect("16-bit PCM in a RIFF file");
        let all: Vec<i16> = samples
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let of = |channel| {
            all.iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect()
        };
        Self {
            rate,
            channels: (0..channels).map(of).collect(),
        }
    }

    /// Its length.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.channels[0].len() as f64 / f64::from(self.rate))
    }

    /// For how long in all a tone is on a channel.
    pub(crate) fn time_of(&self, channel: usize, frequency: f64) -> Duration {
        let window = self.rate as usize / 10;
        let tone = Goertzel::new(frequency, self.rate);
        let windows = self.channels[channel]
            .chunks_exact(window)
            .filter(|part| tone.level(part) >= THRESHOLD)
            .count();
        Duration::from_millis(100) * windows as u32
    }

    /// For how long at a stretch a tone is missing from a channel between two moments, both of them
    /// edges; what lies behind the recording's end is missing too. Measured in steps of 20 ms: one
    /// counts as heard when the tone fills half of it.
    pub(crate) fn longest_gap(
        &self,
        channel: usize,
        frequency: f64,
        between: std::ops::Range<Duration>,
    ) -> Duration {
        let window = self.rate as usize / 50;
        let tone = Goertzel::new(frequency, self.rate);
        let mut windows = self.channels[channel].chunks_exact(window);
        let step = |at: Duration| (at.as_millis() / 20) as usize;
        let (mut gap, mut longest) = (0, 0);
        for at in 0..step(between.end) {
            let heard = windows.next().is_some_and(|part| tone.level(part) >= HALF);
            if at >= step(between.start) {
                gap = if heard { 0 } else { gap + 1 };
                longest = longest.max(gap);
            }
        }
        Duration::from_millis(20) * longest
    }

    /// Whom one hears on a channel, in steps of 100 ms: the loudest of these tones where it fills two steps
    /// in a row.
    pub(crate) fn tones(&self, channel: usize, of: &[f64]) -> Vec<f64> {
        let window = self.rate as usize / 10;
        let loudest = |part: &[i16]| {
            let levels = of
                .iter()
                .map(|tone| (Goertzel::new(*tone, self.rate).level(part), *tone));
            let heard = levels.filter(|(level, _)| *level >= THRESHOLD);
            heard
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, tone)| tone)
        };
        let steps: Vec<Option<f64>> = self.channels[channel]
            .chunks_exact(window)
            .map(loudest)
            .collect();
        let pairs = steps.windows(2).filter(|pair| pair[0] == pair[1]);
        pairs.filter_map(|pair| pair[0]).collect()
    }

    /// For how long in all a channel is as loud as speech.
    pub(crate) fn loud_time(&self, channel: usize) -> Duration {
        let window = self.rate as usize / 10;
        let windows = self.channels[channel].chunks_exact(window);
        Duration::from_millis(100) * windows.filter(|part| rms(part) > -40.0).count() as u32
    }

    /// Whether a tone is on a channel for 300 ms.
    pub(crate) fn has(&self, channel: usize, frequency: f64) -> bool {
        self.time_of(channel, frequency) >= Duration::from_millis(300)
    }
}

/// The level of a window that a party's tone of −14 dBFS fills by half, in dBFS.
const HALF: f32 = -20.0;

/// Channels, rate and samples.
fn pcm(octets: &[u8]) -> Option<(usize, u32, &[u8])> {
    let number = |at: usize| Some(u32::from_le_bytes(octets.get(at..at + 4)?.try_into().ok()?));
    let (mut at, mut shape) = (12, None);
    loop {
        let (name, length) = (octets.get(at..at + 4)?, number(at + 4)? as usize);
        match name {
            b"fmt " => {
                let channels = u16::from_le_bytes(octets.get(at + 10..at + 12)?.try_into().ok()?);
                shape = Some((usize::from(channels), number(at + 12)?));
            }
            b"data" => {
                let (channels, rate) = shape?;
                // A length of nothing says that the writer is not done yet.
                let length = if length == 0 { octets.len() } else { length };
                let end = (at + 8).saturating_add(length).min(octets.len());
                return Some((channels, rate, octets.get(at + 8..end)?));
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}
