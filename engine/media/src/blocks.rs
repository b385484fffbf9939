//! Sound at 8 kHz, cut into blocks of one length: what the detectors of tones look at.

use crate::level::{FULL_SCALE, mean_square};

/// Fills blocks of `N` samples from packets of any length.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<const N: usize> {
    samples: [i16; N],
    filled: usize,
}

/// A full block.
#[derive(Debug)]
pub(crate) struct Block<const N: usize> {
    pub(crate) samples: [i16; N],
    /// The mean square of its samples.
    power: f32,
}

impl<const N: usize> Blocks<N> {
    /// Has nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            samples: [0; N],
            filled: 0,
        }
    }

    /// Takes samples off the front of `packet` until a block is full; `None` once the packet is used up.
    pub(crate) fn next(&mut self, packet: &mut &[i16]) -> Option<Block<N>> {
        let wanted = (N - self.filled).min(packet.len());
        let (taken, rest) = packet.split_at(wanted);
        *packet = rest;
        self.samples[self.filled..][..wanted].copy_from_slice(taken);
        self.filled += wanted;
        if self.filled < N {
            return None;
        }
        self.filled = 0;
        Some(Block {
            samples: self.samples,
            power: mean_square(&self.samples),
        })
    }
}

impl<const N: usize> Block<N> {
    /// Whether it is quieter than `least`, a mean square.
    pub(crate) fn is_below(&self, least: f32) -> bool {
        self.power < least
    }

    /// Whether tones with this squared amplitude are at least `part` of all its power.
    pub(crate) fn is_mostly(&self, tones: f32, part: f32) -> bool {
        // Power of a sine is half of its squared amplitude.
        tones / 2.0 >= self.power * part
    }
}

/// Samples a second.
pub(crate) const RATE: u32 = 8_000;
/// −42 dBFS, a mean square: no network sends its tones more quietly.
pub(crate) const QUIETEST: f32 = FULL_SCALE * 6.3e-5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_same_however_the_packets_are_cut() {
        let sound: Vec<i16> = (0..1_000).collect();
        for length in [1, 7, 160, 1_000] {
            let mut blocks = Blocks::<102>::new();
            let mut found = Vec::new();
            for mut packet in sound.chunks(length) {
                while let Some(block) = blocks.next(&mut packet) {
                    found.extend(block.samples);
                }
            }
            assert_eq!(found, sound[..918], "{length}");
        }
    }

    #[test]
    fn a_sine_is_all_of_its_blocks_power_and_silence_is_below_everything() {
        let mut blocks = Blocks::<160>::new();
        let sine: Vec<i16> = (0..160)
            .map(|at| ((std::f64::consts::TAU * f64::from(at) / 8.0).sin() * 6_000.0) as i16)
            .collect();

        let loud = blocks.next(&mut &*sine).unwrap();
        let silent = blocks.next(&mut &[0; 160][..]).unwrap();

        assert!(!loud.is_below(QUIETEST) && silent.is_below(QUIETEST));
        let tone = 6_000.0 * 6_000.0;
        assert!(loud.is_mostly(tone, 0.99) && !loud.is_mostly(tone / 2.0, 0.6));
    }
}
