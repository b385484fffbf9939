//! Call progress tones in the sound before the answer, as Chinese networks have them (GF 002): 450 Hz in the rhythm
//! of busy, congestion or number unobtainable; and the three tones that stand before an announcement elsewhere. What
//! announcements (空号, 关机) say in words is speech, and no rhythm tells them apart.

use crate::blocks::{Block, Blocks, QUIETEST, RATE};
use crate::level::Goertzel;
use crate::sit::SitDetector;

/// What the network says by tones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// 忙音: 0.35 s on, 0.35 s off.
    Busy,
    /// 拥塞音: 0.7 s on, 0.7 s off.
    Congestion,
    /// 空号音: three of 0.1 s on and off, then 0.4 s on and off.
    Unobtainable,
}

/// Finds such a tone in a stream at 8 kHz, once. Speech or music between begins the search anew.
#[derive(Clone, Debug)]
pub struct ProgressDetector {
    sit: SitDetector,
    tone: Goertzel,
    blocks: Blocks<BLOCK>,
    is_on: bool,
    /// Blocks since it came or went.
    lasted: u32,
    /// How long the tone was that went before this silence.
    on: u32,
    /// Blocks in a row that hold something else.
    others: u32,
    rhythm: Option<Rhythm>,
    /// Rounds of it in a row.
    rounds: u32,
    found: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rhythm {
    Busy,
    Congestion,
    /// The short ones of 空号音.
    Short,
    /// The long one that ends its round.
    Long,
}

impl ProgressDetector {
    /// Before anything was heard.
    pub fn new() -> Self {
        Self {
            sit: SitDetector::new(),
            tone: Goertzel::new(FREQUENCY, RATE),
            blocks: Blocks::new(),
            is_on: false,
            lasted: 0,
            on: 0,
            others: 0,
            rhythm: None,
            rounds: 0,
            found: false,
        }
    }

    /// Takes samples at 8 kHz, of any number; what the network says, as soon as that is certain.
    pub fn push(&mut self, samples: &[i16]) -> Option<Progress> {
        let mut said = self.sit.push(samples);
        let mut packet = samples;
        while let Some(block) = self.blocks.next(&mut packet) {
            let now = self.listen(&block);
            said = said.or(now);
        }
        said.filter(|_| !std::mem::replace(&mut self.found, true))
    }

    fn listen(&mut self, block: &Block<BLOCK>) -> Option<Progress> {
        let is_on = self.is_tone(block);
        if is_on == self.is_on {
            self.lasted = self.lasted.saturating_add(1);
            return None;
        }
        let lasted = std::mem::replace(&mut self.lasted, 1);
        self.is_on = is_on;
        if is_on {
            return self.round(lasted);
        }
        self.on = lasted;
        None
    }

    /// A tone and the silence after it are over.
    fn round(&mut self, off: u32) -> Option<Progress> {
        let Some(rhythm) = rhythm(self.on, off) else {
            (self.rhythm, self.rounds) = (None, 0);
            return None;
        };
        let shorts = match self.rhythm {
            Some(Rhythm::Short) => self.rounds,
            _ => 0,
        };
        self.rounds = match self.rhythm == Some(rhythm) {
            true => self.rounds + 1,
            false => 1,
        };
        self.rhythm = Some(rhythm);
        match rhythm {
            Rhythm::Busy if self.rounds >= ROUNDS => Some(Progress::Busy),
            Rhythm::Congestion if self.rounds >= ROUNDS => Some(Progress::Congestion),
            Rhythm::Long if shorts >= SHORTS => Some(Progress::Unobtainable),
            _ => None,
        }
    }

    fn is_tone(&mut self, block: &Block<BLOCK>) -> bool {
        let is_quiet = block.is_below(QUIETEST);
        if is_quiet || block.is_mostly(self.tone.power(&block.samples), PURITY) {
            self.others = 0;
            return !is_quiet;
        }
        // The edge of a tone is in one block; what is longer is something else.
        self.others += 1;
        if self.others >= OTHERS {
            (self.rhythm, self.rounds, self.on) = (None, 0, 0);
        }
        false
    }
}

impl Default for ProgressDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// What a tone of so many blocks and a silence of so many are. Networks are ten percent off, edges a block.
fn rhythm(on: u32, off: u32) -> Option<Rhythm> {
    let like = |blocks: u32, wanted: u32| blocks.abs_diff(wanted) <= wanted / 8 + 2;
    [
        (Rhythm::Busy, 35, 35),
        (Rhythm::Congestion, 70, 70),
        (Rhythm::Short, 10, 10),
        (Rhythm::Long, 40, 40),
    ]
    .into_iter()
    .filter(|(_, wanted_on, wanted_off)| like(on, *wanted_on) && like(off, *wanted_off))
    // 0.35 s and 0.4 s are near each other: the nearest.
    .min_by_key(|(_, wanted_on, wanted_off)| on.abs_diff(*wanted_on) + off.abs_diff(*wanted_off))
    .map(|(rhythm, _, _)| rhythm)
}

const FREQUENCY: f64 = 450.0;
/// 10 ms.
const BLOCK: usize = 80;
/// The part of all power that must be in the tone.
const PURITY: f32 = 0.6;
/// Blocks of something else that begin the search anew.
const OTHERS: u32 = 3;
/// Rounds of busy or congestion that make it certain.
const ROUNDS: u32 = 3;
/// Short tones before the long one.
const SHORTS: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Tones and silences of so many milliseconds, over and over, for so many seconds.
    fn rhythm_of(frequency: f64, pattern: &[(u32, bool)], seconds: u32) -> Vec<i16> {
        let mut samples = Vec::new();
        let mut parts = pattern.iter().cycle();
        while samples.len() < (seconds * RATE) as usize {
            let Some(&(ms, is_on)) = parts.next() else {
                break;
            };
            for _ in 0..ms * RATE / 1_000 {
                let at = samples.len() as f64 / f64::from(RATE);
                let sample = (std::f64::consts::TAU * frequency * at).sin() * 6_000.0;
                samples.push(if is_on { sample as i16 } else { 0 });
            }
        }
        samples
    }

    fn heard(samples: &[i16]) -> Vec<(usize, Progress)> {
        let mut detector = ProgressDetector::new();
        let packets = samples.chunks(160).enumerate();
        packets
            .filter_map(|(number, packet)| Some((number, detector.push(packet)?)))
            .collect()
    }

    #[test]
    fn each_rhythm_is_found_once_and_within_a_few_rounds() {
        let unobtainable = [
            (100, true),
            (100, false),
            (100, true),
            (100, false),
            (100, true),
            (100, false),
            (400, true),
            (400, false),
        ];
        for (pattern, wanted, within) in [
            (&[(350, true), (350, false)][..], Progress::Busy, 2_500),
            (&[(330, true), (370, false)], Progress::Busy, 2_500),
            (&[(700, true), (700, false)], Progress::Congestion, 4_500),
            (&unobtainable, Progress::Unobtainable, 3_500),
        ] {
            let found = heard(&rhythm_of(FREQUENCY, pattern, 12));
            let [(packet, progress)] = found[..] else {
                panic!("{pattern:?}: {found:?}");
            };
            assert_eq!(progress, wanted, "{pattern:?}");
            assert!(packet * 20 <= within, "{pattern:?}: {packet}");
        }
    }

    #[test]
    fn ringback_other_tones_and_speech_between_are_none() {
        for (frequency, pattern) in [
            (FREQUENCY, &[(1_000, true), (4_000, false)][..]),
            (FREQUENCY, &[(1_000, true)]),
            (400.0, &[(350, true), (350, false)]),
            (1_000.0, &[(350, true), (350, false)]),
            (FREQUENCY, &[(500, true), (500, false)]),
        ] {
            assert_eq!(heard(&rhythm_of(frequency, pattern, 20)), [], "{pattern:?}");
        }
        // Two rounds of busy, a word, two rounds.
        let two = rhythm_of(FREQUENCY, &[(350, true), (350, false)], 1);
        let word: Vec<i16> = (0..4_000)
            .map(|at: i32| ((at * 7_919) % 9_000 - 4_500) as i16)
            .collect();
        let broken = [&two[..], &word, &two, &word, &two].concat();
        assert_eq!(heard(&broken), []);
    }
}
