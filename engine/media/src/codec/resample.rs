//! Sample rates of one leg to those of another: 8, 16 and 48 kHz, block by block.

use crate::error::CodecError;

/// Converts a stream between two of 8000, 16000 and 48000 samples a second.
///
/// The filter's memory bridges blocks, so a stream sounds the same however it is cut; it delays
/// by about 1 ms (at 8 kHz). Nothing is allocated after [`new`](Self::new).
#[derive(Clone, Debug)]
pub struct Resampler {
    up: usize,
    down: usize,
    /// One row of [`Self::width`] taps for each phase of the output.
    taps: Box<[f32]>,
    width: usize,
    /// The end of the last block, then the present one.
    line: Box<[f32]>,
    /// Where the next output's window begins in the present block.
    offset: usize,
}

impl Resampler {
    /// Makes the filter.
    pub fn new(from: u32, to: u32) -> Result<Self, CodecError> {
        let known = |rate| matches!(rate, 8_000 | 16_000 | 48_000);
        if !known(from) || !known(to) {
            return Err(CodecError::Rates { from, to });
        }
        let (up, down) = ((to / from).max(1) as usize, (from / to).max(1) as usize);
        let width = if up == 1 && down == 1 {
            1
        } else {
            LOBES * down
        };
        Ok(Self {
            up,
            down,
            taps: filter(up, down, width),
            width,
            line: vec![0.0; width - 1 + BLOCK].into(),
            offset: 0,
        })
    }

    /// How many samples at most come out of `input` samples.
    pub fn room_for(&self, input: usize) -> usize {
        (input / self.down + 1) * self.up
    }

    /// Converts a block; returns how many samples it wrote. `out` must have
    /// [`room_for`](Self::room_for) it, or the rest is dropped.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let mut written = 0;
        for block in input.chunks(BLOCK) {
            let history = self.width - 1;
            for (slot, &sample) in self.line[history..].iter_mut().zip(block) {
                *slot = f32::from(sample);
            }
            while self.offset < block.len() {
                let window = &self.line[self.offset..self.offset + self.width];
                for phase in self.taps.chunks_exact(self.width) {
                    let Some(slot) = out.get_mut(written) else {
                        break;
                    };
                    let sum = dot(window, phase);
                    // The cast saturates.
                    *slot = sum.round() as i16;
                    written += 1;
                }
                self.offset += self.down;
            }
            self.offset -= block.len();
            self.line.copy_within(block.len()..block.len() + history, 0);
        }
        written
    }
}

/// A windowed sinc, in rows by phase, each in the order in which it meets the samples.
fn filter(up: usize, down: usize, width: usize) -> Box<[f32]> {
    if width == 1 {
        return Box::new([1.0]);
    }
    let length = up * width;
    let cutoff = PASS_BAND / up.max(down) as f64;
    let middle = (length - 1) as f64 / 2.0;
    let tap = |index: usize| {
        let x = index as f64 - middle;
        let angle = std::f64::consts::PI * x * cutoff;
        let sinc = if angle.abs() < 1e-9 {
            1.0
        } else {
            angle.sin() / angle
        };
        // Kaiser, β = 5.5: side lobes below -55 dB.
        let reach = 2.0 * x / length as f64;
        sinc * bessel(5.5 * (1.0 - reach * reach).max(0.0).sqrt()) / bessel(5.5)
    };
    let mut taps = vec![0.0; length];
    for phase in 0..up {
        let row: Vec<f64> = (0..width)
            .map(|k| tap(phase + (width - 1 - k) * up))
            .collect();
        // Each phase passes a constant unchanged, or the phases would hum.
        let sum: f64 = row.iter().sum();
        for (slot, value) in taps[phase * width..].iter_mut().zip(&row) {
            *slot = (value / sum) as f32;
        }
    }
    taps.into()
}

/// Sums in eight lanes, which the compiler turns into vector instructions; a plain sum has an order
/// that it must keep.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a_lanes, b_lanes) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_lanes
        .remainder()
        .iter()
        .zip(b_lanes.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_lanes.zip(b_lanes) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    rest + lanes.iter().sum::<f32>()
}

/// The modified Bessel function of order zero, by its series.
pub(crate) fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

/// Zero crossings on both sides together: short enough for a millisecond, sharp enough to keep
/// 3.4 kHz whole.
const LOBES: usize = 24;
/// Where the filter begins to cut, of the lower rate's half.
const PASS_BAND: f64 = 0.97;
/// Samples taken at a time: 20 ms at 48 kHz.
const BLOCK: usize = 960;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Goertzel;

    const RATES: [u32; 3] = [8_000, 16_000, 48_000];

    #[test]
    fn a_tone_keeps_its_pitch_and_strength_between_all_rates() {
        for from in RATES {
            for to in RATES {
                let mut resampler = Resampler::new(from, to).unwrap();
                let input = tone(1_000.0, from, from as usize / 5);
                let mut out = vec![0; resampler.room_for(input.len())];

                let samples = resampler.process(&input, &mut out);

                assert_eq!(samples, to as usize / 5, "{from} to {to}");
                let late = &out[to as usize / 20..samples];
                let level = Goertzel::new(1_000.0, to).level(late);
                assert!(
                    (-6.3..-5.8).contains(&level),
                    "{from} to {to}: {level} dBFS"
                );
            }
        }
    }

    #[test]
    fn a_stream_is_the_same_however_it_is_cut() {
        let input = tone(700.0, 48_000, 4_800);
        let (mut whole, mut pieces) = (vec![0; 900], vec![0; 900]);

        let length = Resampler::new(48_000, 8_000)
            .unwrap()
            .process(&input, &mut whole);
        let mut resampler = Resampler::new(48_000, 8_000).unwrap();
        let mut written = 0;
        for piece in input.chunks(77) {
            written += resampler.process(piece, &mut pieces[written..]);
        }

        assert_eq!(length, 800);
        assert_eq!(written, 800);
        assert_eq!(whole, pieces);
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_does_not_fold_back() {
        let mut resampler = Resampler::new(16_000, 8_000).unwrap();
        let input = tone(5_000.0, 16_000, 16_000);
        let mut out = vec![0; 8_001];

        let samples = resampler.process(&input, &mut out);

        // 5 kHz would fold to 3 kHz.
        let level = Goertzel::new(3_000.0, 8_000).level(&out[400..samples]);
        assert!(level < -55.0, "{level} dBFS");
    }

    #[test]
    fn speech_band_is_kept_up_to_3400_hz() {
        let mut resampler = Resampler::new(8_000, 16_000).unwrap();
        let input = tone(3_400.0, 8_000, 8_000);
        let mut out = vec![0; 16_002];

        let samples = resampler.process(&input, &mut out);

        let level = Goertzel::new(3_400.0, 16_000).level(&out[800..samples]);
        let image = Goertzel::new(4_600.0, 16_000).level(&out[800..samples]);
        assert!(level > -7.5, "{level} dBFS");
        assert!(image < -45.0, "{image} dBFS");
    }

    #[test]
    fn full_scale_saturates_and_short_buffers_are_not_overrun() {
        let mut resampler = Resampler::new(8_000, 48_000).unwrap();
        let input: Vec<i16> = (0..800)
            .map(|n| if n / 8 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let mut out = vec![0; 100];

        assert_eq!(resampler.process(&input, &mut out), 100);
        assert!(Resampler::new(8_000, 44_100).is_err());
    }

    fn tone(frequency: f64, rate: u32, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| {
                let time = n as f64 / f64::from(rate);
                ((time * frequency * std::f64::consts::TAU).sin() * 16_384.0) as i16
            })
            .collect()
    }
}
