//! Sounds that need no file: the tones of the Chinese network, keys, and the built-in apology.

mod music;

pub use music::compose_music;

use std::f64::consts::TAU;

use crate::Clip;
use crate::inband;

/// 回铃音: 450 Hz, 1 s on and 4 s off. One period, to be repeated.
pub fn ringback(rate: u32) -> Clip {
    cadence(rate, 1_000, 4_000)
}

/// 忙音: 450 Hz, 0.35 s on and 0.35 s off. One period, to be repeated.
pub fn busy(rate: u32) -> Clip {
    cadence(rate, 350, 350)
}

/// 拥塞音: 450 Hz, 0.7 s on and 0.7 s off. One period, to be repeated.
pub fn congestion(rate: u32) -> Clip {
    cadence(rate, 700, 700)
}

/// "Speak now": 1 s of 1 kHz.
pub fn beep(rate: u32) -> Clip {
    let mut sketch = Sketch::new(rate);
    sketch.add(0, 1_000, &[1_000.0], LEVEL);
    sketch.finish(1_000)
}

/// A short, rising confirmation.
pub fn confirm(rate: u32) -> Clip {
    let mut sketch = Sketch::new(rate);
    sketch.add(0, 90, &[880.0], LEVEL);
    sketch.add(110, 140, &[1_320.0], LEVEL);
    sketch.finish(300)
}

/// What a caller hears when nothing else can be played: the three rising tones that say "this
/// call cannot go on" everywhere (ITU-T E.180), then a pause. To be repeated a few times.
pub fn apology(rate: u32) -> Clip {
    let mut sketch = Sketch::new(rate);
    for (index, frequency) in [950.0, 1_400.0, 1_800.0].into_iter().enumerate() {
        sketch.add(index as u32 * 330, 330, &[frequency], LEVEL);
    }
    sketch.finish(2_000)
}

/// A key as a tone of `milliseconds`, followed by as much silence; `None` for what is not a key.
pub fn key(key: char, milliseconds: u32, rate: u32) -> Option<Clip> {
    let (low, high) = inband::frequencies(key)?;
    let milliseconds = milliseconds.clamp(40, 1_000);
    let mut sketch = Sketch::new(rate);
    sketch.add(0, milliseconds, &[low, high], KEY_LEVEL);
    Some(sketch.finish(milliseconds * 2))
}

fn cadence(rate: u32, on: u32, off: u32) -> Clip {
    let mut sketch = Sketch::new(rate);
    sketch.add(0, on, &[450.0], LEVEL);
    sketch.finish(on + off)
}

/// Tones laid on a line of samples; −1 to 1.
struct Sketch {
    rate: u32,
    line: Vec<f64>,
}

impl Sketch {
    fn new(rate: u32) -> Self {
        Self {
            rate,
            line: Vec::new(),
        }
    }

    /// Adds a chord of equally loud tones; times in milliseconds.
    fn add(&mut self, from: u32, length: u32, frequencies: &[f64], amplitude: f64) {
        let (start, samples) = (self.samples(from), self.samples(length));
        if self.line.len() < start + samples {
            self.line.resize(start + samples, 0.0);
        }
        let ramp = self.samples(RAMP).max(1) as f64;
        for (n, sample) in self.line.iter_mut().skip(start).take(samples).enumerate() {
            let time = n as f64 / f64::from(self.rate);
            // Tones that begin or end at once click.
            let edge = (n as f64).min((samples - n) as f64) / ramp;
            let sum: f64 = frequencies
                .iter()
                .map(|each| (TAU * each * time).sin())
                .sum();
            *sample += amplitude * sum * edge.min(1.0);
        }
    }

    /// The clip, so long in all.
    fn finish(mut self, length: u32) -> Clip {
        self.line.resize(self.samples(length), 0.0);
        let samples = self
            .line
            .iter()
            .map(|sample| (sample * 32_767.0).round() as i16)
            .collect();
        Clip::from_samples(self.rate, samples)
    }

    fn samples(&self, milliseconds: u32) -> usize {
        (u64::from(milliseconds) * u64::from(self.rate) / 1_000) as usize
    }
}

/// −14 dBFS, about −10 dBm0: what exchanges send.
const LEVEL: f64 = 0.2;
/// Each of a key's two tones; −13 dBFS.
const KEY_LEVEL: f64 = 0.22;
/// Milliseconds in which a tone rises and falls.
const RAMP: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Goertzel, rms};

    #[test]
    fn the_networks_tones_have_their_frequency_and_cadence() {
        for rate in [8_000, 16_000, 48_000] {
            for (clip, on, off) in [
                (ringback(rate), 1_000, 4_000),
                (busy(rate), 350, 350),
                (congestion(rate), 700, 700),
            ] {
                let divide = (rate * on / 1_000) as usize;
                let (tone, pause) = clip.samples.split_at(divide);

                assert_eq!(clip.duration().as_millis(), u128::from(on + off));
                let level = Goertzel::new(450.0, rate).level(tone);
                assert!((-15.0..-13.5).contains(&level), "{level} dBFS");
                assert!(pause.iter().all(|&sample| sample == 0));
            }
        }
    }

    #[test]
    fn the_apology_rises_in_three_steps_and_then_pauses() {
        let clip = apology(8_000);

        for (index, frequency) in [950.0, 1_400.0, 1_800.0].into_iter().enumerate() {
            let tone = &clip.samples[index * 2_640..(index + 1) * 2_640];
            assert!(Goertzel::new(frequency, 8_000).level(tone) > -15.0);
        }
        assert_eq!(rms(&clip.samples[7_920..]), -100.0);
        assert_eq!(clip.duration().as_secs(), 2);
    }

    #[test]
    fn tones_begin_and_end_softly() {
        for clip in [beep(8_000), confirm(8_000), apology(8_000), ringback(8_000)] {
            assert_eq!(clip.samples[0], 0);
            assert!(clip.samples[clip.samples.len() - 1].abs() < 300);
            let loudest = clip
                .samples
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max();
            assert!((6_000..8_000).contains(&loudest.unwrap()), "{loudest:?}");
        }
    }

    #[test]
    fn every_key_that_is_made_is_recognised() {
        for name in "1234567890*#ABCD".chars() {
            let clip = key(name, 60, 8_000).unwrap();
            let mut detector = inband::ToneDetector::new();

            let found: String = clip
                .samples
                .chunks(160)
                .flat_map(|part| detector.push(part))
                .collect();

            assert_eq!(found, name.to_string());
        }
        assert!(key('x', 60, 8_000).is_none());
    }
}
