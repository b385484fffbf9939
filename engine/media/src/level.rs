//! How loud it is: of a tone, of anything, and whether somebody speaks.

use std::time::Duration;

/// Measures one frequency (Goertzel's algorithm).
#[derive(Clone, Copy, Debug)]
pub struct Goertzel {
    coefficient: f32,
}

impl Goertzel {
    /// For `frequency` in Hz at `rate` samples a second.
    pub fn new(frequency: f64, rate: u32) -> Self {
        let turn = std::f64::consts::TAU * frequency / f64::from(rate);
        Self {
            coefficient: (2.0 * turn.cos()) as f32,
        }
    }

    /// The squared amplitude of the frequency in `samples`; full scale is 32768².
    ///
    /// Two frequencies are told apart when they differ by more than `rate / samples.len()`.
    pub fn power(&self, samples: &[i16]) -> f32 {
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for &sample in samples {
            (last, before) = (f32::from(sample) + self.coefficient * last - before, last);
        }
        let energy = last * last + before * before - self.coefficient * last * before;
        let half = samples.len().max(1) as f32 / 2.0;
        energy.max(0.0) / (half * half)
    }

    /// The level of the frequency in `samples`, in dB below a sine of full scale.
    pub fn level(&self, samples: &[i16]) -> f32 {
        10.0 * (self.power(samples) / FULL_SCALE).max(1e-12).log10()
    }
}

/// Follows one tone through a stream, window by window: is it heard now, and for how long?
///
/// The engine's tests tell by it who hears whom; each party sends a tone of its own.
#[derive(Clone, Debug)]
pub struct ToneLevel {
    goertzel: Goertzel,
    rate: u32,
    window: Box<[i16]>,
    filled: usize,
    level: f32,
    threshold: f32,
    present: u64,
    absent: u64,
}

impl ToneLevel {
    /// Looks for `frequency` in Hz at `rate`, in windows of `window`; `threshold` in dBFS divides
    /// heard from not heard.
    pub fn new(frequency: f64, rate: u32, window: Duration, threshold: f32) -> Self {
        let samples = (window.as_secs_f64() * f64::from(rate)) as usize;
        Self {
            goertzel: Goertzel::new(frequency, rate),
            rate,
            window: vec![0; samples.max(1)].into(),
            filled: 0,
            level: -120.0,
            threshold,
            present: 0,
            absent: 0,
        }
    }

    /// Takes samples of any number.
    pub fn push(&mut self, samples: &[i16]) {
        for &sample in samples {
            if let Some(slot) = self.window.get_mut(self.filled) {
                *slot = sample;
            }
            self.filled += 1;
            if self.filled >= self.window.len() {
                self.finish_window();
            }
        }
    }

    /// The level in the last full window, in dBFS.
    pub fn level(&self) -> f32 {
        self.level
    }

    /// How long it has been heard without a break.
    pub fn heard_for(&self) -> Duration {
        self.duration(self.present)
    }

    /// How long it has not been heard.
    pub fn silent_for(&self) -> Duration {
        self.duration(self.absent)
    }

    fn finish_window(&mut self) {
        self.filled = 0;
        self.level = self.goertzel.level(&self.window);
        let samples = self.window.len() as u64;
        if self.level >= self.threshold {
            self.present += samples;
            self.absent = 0;
        } else {
            self.absent += samples;
            self.present = 0;
        }
    }

    fn duration(&self, samples: u64) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.rate.max(1)))
    }
}

/// The RMS level in dB below full scale: a sine of full scale has −3.0, silence −100.
pub fn rms(samples: &[i16]) -> f32 {
    10.0 * (mean_square(samples) / FULL_SCALE).max(1e-10).log10()
}

/// Tells speech from silence by its energy above the background's.
///
/// Cheap and hard to fool by steady noise: the background is followed down at once and up slowly.
#[derive(Clone, Debug)]
pub struct VoiceActivity {
    /// The background's mean square.
    background: f32,
    /// Frames that still count as speech after the last loud one.
    hangover: u8,
    /// Consecutive loud frames: a click is not speech.
    loud: u8,
}

impl VoiceActivity {
    /// Before anything was heard.
    pub fn new() -> Self {
        Self {
            background: START,
            hangover: 0,
            loud: 0,
        }
    }

    /// Takes a frame of 10 to 30 ms, at any rate; tells whether somebody speaks in it.
    pub fn is_speech(&mut self, frame: &[i16]) -> bool {
        let energy = mean_square(frame);
        if energy < self.background {
            self.background = energy.max(FLOOR);
        } else {
            self.background = (self.background * RISE).min(CEILING);
        }
        let is_loud = energy > self.background * MARGIN && energy > QUIET;
        self.loud = if is_loud {
            self.loud.saturating_add(1)
        } else {
            0
        };
        if self.loud >= ONSET {
            self.hangover = HANGOVER;
            return true;
        }
        self.hangover = self.hangover.saturating_sub(1);
        self.hangover > 0
    }
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

/// The mean of the squared samples; 0 of none.
pub(crate) fn mean_square(samples: &[i16]) -> f32 {
    let sum: f32 = samples
        .iter()
        .map(|&sample| f32::from(sample) * f32::from(sample))
        .sum();
    sum / samples.len().max(1) as f32
}

/// The squared amplitude of the loudest sine.
pub(crate) const FULL_SCALE: f32 = 32_768.0 * 32_768.0;
/// −45 dBFS: what is quieter is not speech on any telephone.
const QUIET: f32 = FULL_SCALE * 3.2e-5;
/// −80 dBFS: digital silence must not make the margin meaningless.
const FLOOR: f32 = FULL_SCALE * 1e-8;
/// −55 dBFS, the background before it is known.
const START: f32 = FULL_SCALE * 3.2e-6;
/// −35 dBFS: a louder background is not believed, or steady speech would become one.
const CEILING: f32 = FULL_SCALE * 3.2e-4;
/// 9 dB above the background is speech.
const MARGIN: f32 = 8.0;
/// Up by 3 dB in a second of frames of 20 ms.
const RISE: f32 = 1.014;
/// Frames until loudness is believed.
const ONSET: u8 = 2;
/// Frames after it: the pauses inside words, and a little more.
const HANGOVER: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_of_full_scale_is_at_zero_and_others_are_not_heard() {
        let samples = tone(1_020.0, 32_767.0, 800);

        let own = Goertzel::new(1_020.0, 8_000).level(&samples);
        let other = Goertzel::new(1_120.0, 8_000).level(&samples);

        assert!(own.abs() < 0.1, "{own}");
        assert!(other < -30.0, "{other}");
        assert!((rms(&samples) + 3.0).abs() < 0.1);
        assert_eq!(rms(&[0; 80]), -100.0);
        assert_eq!(rms(&[]), -100.0);
    }

    #[test]
    fn a_followed_tone_tells_how_long_it_has_been_there() {
        let mut tone_level = ToneLevel::new(500.0, 8_000, Duration::from_millis(50), -30.0);

        tone_level.push(&tone(500.0, 8_000.0, 4_000));
        assert_eq!(tone_level.heard_for(), Duration::from_millis(500));
        assert!((tone_level.level() + 12.2).abs() < 0.3);

        tone_level.push(&tone(560.0, 8_000.0, 8_000));
        assert_eq!(tone_level.heard_for(), Duration::ZERO);
        assert_eq!(tone_level.silent_for(), Duration::from_secs(1));
    }

    #[test]
    fn speech_over_noise_is_found_and_steady_noise_is_not() {
        let mut voice = VoiceActivity::new();
        let noise: Vec<i16> = noise(200.0, 160 * 150);
        let mut in_noise = 0;
        for frame in noise.chunks(160) {
            in_noise += u32::from(voice.is_speech(frame));
        }
        let mut in_speech = 0;
        for _ in 0..50 {
            in_speech += u32::from(voice.is_speech(&tone(220.0, 4_000.0, 160)));
        }
        let mut after = 0;
        for frame in noise.chunks(160).take(50) {
            after += u32::from(voice.is_speech(frame));
        }

        assert_eq!(in_noise, 0);
        assert!(in_speech >= 48, "{in_speech} of 50");
        assert!(after <= 10, "{after} of 50");
    }

    #[test]
    fn a_single_click_is_not_speech() {
        let mut voice = VoiceActivity::new();
        let mut click = [0; 160];
        click[80] = 30_000;

        assert!(!voice.is_speech(&[0; 160]));
        assert!(!voice.is_speech(&click));
        assert!(!voice.is_speech(&[0; 160]));
    }

    fn tone(frequency: f64, amplitude: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| {
                let time = n as f64 / 8_000.0;
                ((time * frequency * std::f64::consts::TAU).sin() * amplitude) as i16
            })
            .collect()
    }

    fn noise(amplitude: f64, samples: usize) -> Vec<i16> {
        let mut state = 1_u32;
        (0..samples)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((f64::from(state >> 8) / f64::from(1 << 23) - 1.0) * amplitude) as i16
            })
            .collect()
    }
}
