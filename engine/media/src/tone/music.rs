//! Music on hold, composed for this product: quiet broken chords that end where they began.

use std::f64::consts::{PI, TAU};

use crate::Clip;

/// Composes the loop at `rate`: 48 s that can follow themselves without a seam.
pub fn compose_music(rate: u32) -> Clip {
    let mut score = Score::new(rate);
    for (bar, chord) in CHORDS.iter().cycle().take(BARS).enumerate() {
        score.play_bar(bar, chord);
    }
    score.finish()
}

/// A chord: its bass, and the four notes that are broken over it, as MIDI numbers.
struct Chord {
    bass: u8,
    notes: [u8; 4],
}

/// D major, eight bars, twice: I iii vi IV ii vi IV V.
const CHORDS: [Chord; 8] = [
    Chord {
        bass: 50,
        notes: [62, 66, 69, 74],
    },
    Chord {
        bass: 54,
        notes: [61, 66, 69, 73],
    },
    Chord {
        bass: 47,
        notes: [62, 66, 71, 74],
    },
    Chord {
        bass: 55,
        notes: [62, 67, 71, 74],
    },
    Chord {
        bass: 52,
        notes: [64, 67, 71, 76],
    },
    Chord {
        bass: 47,
        notes: [62, 66, 71, 78],
    },
    Chord {
        bass: 55,
        notes: [62, 67, 71, 79],
    },
    Chord {
        bass: 57,
        notes: [64, 69, 73, 76],
    },
];

/// Which note of the chord is struck on each eighth; up and down like a harp.
const FIGURE: [usize; 8] = [0, 1, 2, 3, 2, 1, 2, 1];

/// A melody over the second eight bars: bar, eighth, note, length in eighths.
const MELODY: [(usize, usize, u8, usize); 19] = [
    (8, 0, 78, 3),
    (8, 3, 76, 1),
    (8, 4, 74, 4),
    (9, 0, 73, 3),
    (9, 4, 76, 4),
    (10, 0, 74, 6),
    (10, 6, 76, 2),
    (11, 0, 79, 4),
    (11, 4, 78, 2),
    (11, 6, 76, 2),
    (12, 0, 76, 6),
    (12, 6, 74, 2),
    (13, 0, 78, 4),
    (13, 4, 81, 4),
    (14, 0, 79, 3),
    (14, 3, 78, 1),
    (14, 4, 74, 4),
    (15, 0, 76, 4),
    (15, 4, 73, 4),
];

const BARS: usize = 16;
/// Seconds; 80 quarters a minute.
const BAR: f64 = 3.0;
const EIGHTH: f64 = BAR / 8.0;

/// The line on which notes are laid; what rings beyond its end rings at its beginning.
struct Score {
    rate: u32,
    line: Vec<f32>,
}

impl Score {
    fn new(rate: u32) -> Self {
        let samples = (BARS as f64 * BAR * f64::from(rate)) as usize;
        Self {
            rate,
            line: vec![0.0; samples],
        }
    }

    fn play_bar(&mut self, bar: usize, chord: &Chord) {
        let start = bar as f64 * BAR;
        self.pad(start, chord);
        self.pluck(start, chord.bass, 0.30, 2.4);
        self.pluck(start + 4.0 * EIGHTH, chord.bass, 0.18, 2.0);
        for (eighth, &which) in FIGURE.iter().enumerate() {
            // Strict time and strength would sound like a machine.
            let weight = if eighth % 4 == 0 { 0.21 } else { 0.15 };
            let late = [0.0, 0.006, 0.003, 0.009][eighth % 4];
            let at = start + eighth as f64 * EIGHTH + late;
            self.pluck(at, chord.notes[which % 4], weight, 1.5);
        }
        for &(_, eighth, note, length) in MELODY.iter().filter(|note| note.0 == bar) {
            self.sing(start + eighth as f64 * EIGHTH, note, length as f64 * EIGHTH);
        }
    }

    /// A plucked string: partials that die the sooner the higher they are.
    fn pluck(&mut self, start: f64, note: u8, amplitude: f64, seconds: f64) {
        let frequency = pitch(note);
        self.lay(start, seconds, |time| {
            let attack = (time / 0.008).min(1.0);
            let release = ((seconds - time) / 0.05).clamp(0.0, 1.0);
            let partials: f64 = [1.0, 0.42, 0.20, 0.09]
                .iter()
                .zip(1_u32..)
                .map(|(strength, number)| {
                    let number = f64::from(number);
                    let decay = (-time * (1.7 + 1.1 * number)).exp();
                    strength * decay * (TAU * frequency * number * time).sin()
                })
                .sum();
            amplitude * attack * release * partials
        });
    }

    /// A soft chord behind, which swells and fades over its bar and half into the next.
    fn pad(&mut self, start: f64, chord: &Chord) {
        let seconds = BAR * 1.5;
        for &note in &chord.notes[..3] {
            let frequency = pitch(note);
            self.lay(start - BAR * 0.25, seconds, |time| {
                let swell = (PI * time / seconds).sin().powi(2);
                let drift = (TAU * 0.7 * time).sin() * 0.15;
                0.045
                    * swell
                    * ((TAU * frequency * time + drift).sin()
                        + 0.3 * (TAU * frequency * 2.0 * time).sin())
            });
        }
    }

    /// The melody's voice: round, with a little vibrato.
    fn sing(&mut self, start: f64, note: u8, seconds: f64) {
        let frequency = pitch(note);
        let seconds = seconds + 0.12;
        self.lay(start, seconds, |time| {
            let attack = (time / 0.06).min(1.0);
            let release = ((seconds - time) / 0.15).clamp(0.0, 1.0);
            let vibrato = 2.2 * (TAU * 5.0 * time).sin() * (time / 0.5).min(1.0) / 5.0;
            let phase = TAU * frequency * time + vibrato * 0.35;
            0.11 * attack * release * (phase.sin() + 0.22 * (2.0 * phase).sin())
        });
    }

    fn lay(&mut self, start: f64, seconds: f64, sound: impl Fn(f64) -> f64) {
        let rate = f64::from(self.rate);
        let length = self.line.len();
        if length == 0 {
            return;
        }
        // A start before the beginning is the end of the loop's last turn.
        let first = (start * rate).round().rem_euclid(length as f64) as usize;
        for n in 0..(seconds * rate) as usize {
            self.line[(first + n) % length] += sound(n as f64 / rate) as f32;
        }
    }

    fn finish(self) -> Clip {
        let energy: f64 = self
            .line
            .iter()
            .map(|&sample| f64::from(sample).powi(2))
            .sum();
        let rms = (energy / self.line.len().max(1) as f64).sqrt().max(1e-9);
        let gain = LOUDNESS / rms;
        let samples = self
            .line
            .iter()
            .map(|&sample| (f64::from(sample) * gain * 32_767.0).round() as i16)
            .collect();
        Clip::from_samples(self.rate, samples)
    }
}

/// Equal temperament on 440 Hz.
fn pitch(note: u8) -> f64 {
    440.0 * ((f64::from(note) - 69.0) / 12.0).exp2()
}

/// −24 dBFS RMS: the loudness of the prompts, or a little less.
const LOUDNESS: f64 = 0.063;

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::inband::ToneDetector;
    use crate::level::rms;

    static MUSIC: LazyLock<Clip> = LazyLock::new(|| compose_music(8_000));

    #[test]
    fn it_is_as_loud_as_a_prompt_and_never_clips() {
        let loudness = rms(&MUSIC.samples);
        let peak = MUSIC
            .samples
            .iter()
            .map(|sample| sample.unsigned_abs())
            .max()
            .unwrap();

        assert!((-26.0..-22.0).contains(&loudness), "{loudness} dBFS");
        assert!((4_000..24_000).contains(&peak), "{peak}");
        assert_eq!(MUSIC.duration().as_secs(), 48);
        for (second, part) in MUSIC.samples.chunks(8_000).enumerate() {
            let loudness = rms(part);
            assert!(
                (-32.0..-18.0).contains(&loudness),
                "second {second}: {loudness} dBFS"
            );
        }
    }

    #[test]
    fn its_end_flows_into_its_beginning() {
        let steps = |pair: &[i16]| i32::from(pair[1]).abs_diff(i32::from(pair[0]));

        let (first, last) = (MUSIC.samples[0], MUSIC.samples[MUSIC.samples.len() - 1]);
        let seam = steps(&[last, first]);

        let mut all: Vec<u32> = MUSIC.samples.windows(2).map(steps).collect();
        all.sort_unstable();
        assert!(
            seam <= all[all.len() * 95 / 100],
            "a step of {seam} at the seam"
        );
    }

    #[test]
    fn it_is_never_taken_for_a_key() {
        let mut detector = ToneDetector::new();

        let keys: String = MUSIC
            .samples
            .chunks(160)
            .flat_map(|part| detector.push(part))
            .collect();

        assert_eq!(keys, "");
    }
}
