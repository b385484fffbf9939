//! Special information tones before an announcement, ITU-T E.180: three tones one after the other, low, middle, high. Some
//! networks say by their pitch and length why nobody is reached (Telcordia GR-1162); elsewhere they come before
//! "the number you have dialled".

use crate::blocks::{Block, Blocks, QUIETEST, RATE};
use crate::level::Goertzel;
use crate::progress::Progress;

/// Finds the three tones in a stream at 8 kHz.
#[derive(Clone, Debug)]
pub(crate) struct SitDetector {
    pitches: [[Goertzel; 3]; 3],
    blocks: Blocks<BLOCK>,
    /// Which of the three is heard, or was heard last.
    stage: usize,
    /// Blocks of each of the three.
    lasted: [u32; 3],
    /// The power of each pitch in its stage: the greatest is the one that was meant.
    powers: [[f32; 3]; 3],
    /// Blocks without any of the tones since the last.
    between: u32,
}

impl SitDetector {
    pub(crate) fn new() -> Self {
        Self {
            pitches: PITCHES.map(|three| three.map(|pitch| Goertzel::new(pitch, RATE))),
            blocks: Blocks::new(),
            stage: 0,
            lasted: [0; 3],
            powers: [[0.0; 3]; 3],
            between: 0,
        }
    }

    /// Takes samples at 8 kHz; what the tones say, as soon as the third is certain.
    pub(crate) fn push(&mut self, samples: &[i16]) -> Option<Progress> {
        let mut said = None;
        let mut packet = samples;
        while let Some(block) = self.blocks.next(&mut packet) {
            let now = self.listen(&block);
            said = said.or(now);
        }
        said
    }

    fn listen(&mut self, block: &Block<BLOCK>) -> Option<Progress> {
        let Some((stage, powers)) = self.tone(block) else {
            self.between += 1;
            if self.between > GAP {
                self.begin();
            }
            return None;
        };
        self.between = 0;
        let goes_on = stage == self.stage;
        let was_right = (SHORTEST..=LONGEST).contains(&self.lasted[self.stage]);
        let is_next = stage == self.stage + 1 && was_right;
        if !goes_on && !is_next {
            self.begin();
            if stage > 0 {
                return None;
            }
        }
        self.stage = stage;
        self.lasted[stage] = self.lasted[stage].saturating_add(1);
        for (sum, power) in self.powers[stage].iter_mut().zip(powers) {
            *sum += power;
        }
        (stage == 2 && self.lasted[2] == SHORTEST).then(|| self.meaning())
    }

    /// Which of the three this block is.
    fn tone(&self, block: &Block<BLOCK>) -> Option<(usize, [f32; 3])> {
        if block.is_below(QUIETEST) {
            return None;
        }
        let pitches = self.pitches.iter();
        let powers = pitches.map(|three| three.map(|pitch| pitch.power(&block.samples)));
        let is_pure = |powers: &[f32; 3]| powers.iter().any(|it| block.is_mostly(*it, PURITY));
        powers.enumerate().find(|(_, powers)| is_pure(powers))
    }

    /// The middle tone is high where lines are full, and low where the number is not in use.
    fn meaning(&self) -> Progress {
        let [_, middle, _] = self.powers;
        match middle[2] > middle[0] && middle[2] > middle[1] {
            true => Progress::Congestion,
            false => Progress::Unobtainable,
        }
    }

    fn begin(&mut self) {
        self.stage = 0;
        self.lasted = [0; 3];
        self.powers = [[0.0; 3]; 3];
        self.between = 0;
    }
}

/// Low, as it is, high of each tone: E.180 has the one in the middle, Telcordia the outer ones.
const PITCHES: [[f64; 3]; 3] = [
    [913.8, 950.0, 985.2],
    [1_370.6, 1_400.0, 1_428.5],
    [1_776.7, 1_800.0, 1_820.0],
];
/// 20 ms: pitches 50 Hz apart are told from each other.
const BLOCK: usize = 160;
/// The part of all power that must be in one tone.
const PURITY: f32 = 0.5;
/// Blocks: tones of 276 ms and of 380 ms, and what is lost at their edges.
const SHORTEST: u32 = 10;
const LONGEST: u32 = 22;
/// Blocks between two tones: 30 ms, and the edges.
const GAP: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Tones of so many milliseconds, one after the other; 0 Hz is silence.
    fn tones(parts: &[(u32, f64)]) -> Vec<i16> {
        let mut samples = Vec::new();
        for &(ms, pitch) in parts {
            for at in 0..ms * RATE / 1_000 {
                let at = f64::from(at) / f64::from(RATE);
                samples.push(((std::f64::consts::TAU * pitch * at).sin() * 6_000.0) as i16);
            }
        }
        samples
    }

    fn heard(parts: &[(u32, f64)]) -> Option<Progress> {
        let mut detector = SitDetector::new();
        // They begin anywhere in a block.
        let samples = [vec![0; 77], tones(parts)].concat();
        let packets = samples.chunks(160);
        packets.filter_map(|packet| detector.push(packet)).next()
    }

    #[test]
    fn three_rising_tones_say_that_the_number_is_not_in_use_or_that_lines_are_full() {
        for (parts, wanted) in [
            (
                [(330, 950.0), (330, 1_400.0), (330, 1_800.0)],
                Progress::Unobtainable,
            ),
            (
                [(276, 913.8), (276, 1_370.6), (380, 1_776.7)],
                Progress::Unobtainable,
            ),
            (
                [(380, 985.2), (276, 1_370.6), (380, 1_776.7)],
                Progress::Unobtainable,
            ),
            (
                [(380, 985.2), (380, 1_428.5), (380, 1_776.7)],
                Progress::Congestion,
            ),
            (
                [(276, 913.8), (380, 1_428.5), (380, 1_776.7)],
                Progress::Congestion,
            ),
        ] {
            assert_eq!(heard(&parts), Some(wanted), "{parts:?}");
            let [low, middle, high] = parts;
            let gaps = [low, (30, 0.0), middle, (30, 0.0), high];
            assert_eq!(heard(&gaps), Some(wanted), "{gaps:?}");
        }
    }

    #[test]
    fn other_orders_other_lengths_and_other_pitches_are_none() {
        for parts in [
            &[(330, 1_800.0), (330, 1_400.0), (330, 950.0)][..],
            &[(330, 950.0), (330, 1_800.0)],
            &[(330, 950.0), (330, 0.0), (330, 1_400.0), (330, 1_800.0)],
            &[(330, 950.0), (330, 1_400.0), (100, 1_800.0)],
            &[(2_000, 950.0), (330, 1_400.0), (330, 1_800.0)],
            &[(1_000, 450.0), (330, 1_100.0), (330, 1_600.0)],
        ] {
            assert_eq!(heard(parts), None, "{parts:?}");
        }
    }
}
