//! Keys pressed as tones in the sound itself (ITU-T Q.23, Q.24), at 8 kHz.

use smallvec::SmallVec;

use crate::blocks::{Block, Blocks, RATE};
use crate::level::{FULL_SCALE, Goertzel};

/// Finds DTMF in a stream, each key once, when it has lasted for some 26 ms.
///
/// Keys of 40 ms and pauses of 40 ms are always found; a hole of 20 ms in a key (a lost packet)
/// does not make it two.
#[derive(Clone, Debug)]
pub struct ToneDetector {
    rows: [Goertzel; 4],
    columns: [Goertzel; 4],
    blocks: Blocks<BLOCK>,
    /// What the last block held.
    last: Option<char>,
    /// The key that is down.
    down: Option<char>,
    /// Consecutive blocks without it.
    misses: u8,
}

impl ToneDetector {
    /// Before anything was heard.
    pub fn new() -> Self {
        Self {
            rows: ROWS.map(|frequency| Goertzel::new(frequency, RATE)),
            columns: COLUMNS.map(|frequency| Goertzel::new(frequency, RATE)),
            blocks: Blocks::new(),
            last: None,
            down: None,
            misses: 0,
        }
    }

    /// Takes samples at 8 kHz, of any number; returns the keys that have just been pressed,
    /// `0-9 * # A-D`. A packet of 20 ms holds one at most.
    pub fn push(&mut self, samples: &[i16]) -> SmallVec<[char; 4]> {
        let mut keys = SmallVec::new();
        let mut packet = samples;
        while let Some(block) = self.blocks.next(&mut packet) {
            keys.extend(self.listen(&block));
        }
        keys
    }

    /// The key that sounds as far as can be told: the one that is down until three blocks are without it, or
    /// what the last block held, some 13 ms after it began. That may still turn out to be a voice.
    pub fn sounding(&self) -> Option<char> {
        self.down.or(self.last)
    }

    fn listen(&mut self, block: &Block<BLOCK>) -> Option<char> {
        let heard = self.key_in(block);
        let before = std::mem::replace(&mut self.last, heard);
        if self.down.is_some() {
            self.misses = if heard == self.down {
                0
            } else {
                self.misses + 1
            };
            if self.misses >= MISSES_TO_END {
                self.down = None;
            }
        }
        // Twice the same, and not the one that is still down.
        let new = heard.filter(|_| heard == before && heard != self.down)?;
        self.down = Some(new);
        self.misses = 0;
        Some(new)
    }

    fn key_in(&self, block: &Block<BLOCK>) -> Option<char> {
        if block.is_below(QUIETEST) {
            return None;
        }
        let (row, low) = strongest(block, &self.rows)?;
        let (column, high) = strongest(block, &self.columns)?;
        if low < QUIETEST || high < QUIETEST {
            return None;
        }
        // Twist: the upper tone may be 8 dB stronger, the lower one 5 dB.
        if high > low * 6.3 || low > high * 3.2 {
            return None;
        }
        // Speech has much besides two tones.
        block
            .is_mostly(low + high, PURITY)
            .then(|| KEYS[row][column])
    }
}

/// The strongest of a group, when no other comes near it.
fn strongest(block: &Block<BLOCK>, group: &[Goertzel; 4]) -> Option<(usize, f32)> {
    let power = group.map(|tone| tone.power(&block.samples));
    let mut best = 0;
    for index in 1..4 {
        if power[index] > power[best] {
            best = index;
        }
    }
    let lone = (0..4).all(|index| index == best || power[index] * 6.3 < power[best]);
    lone.then_some((best, power[best]))
}

impl Default for ToneDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// The two frequencies of a key, in Hz; `None` for what is not a key.
pub fn frequencies(key: char) -> Option<(f64, f64)> {
    let key = key.to_ascii_uppercase();
    KEYS.iter().zip(ROWS).find_map(|(keys, row)| {
        let column = keys.iter().position(|&known| known == key)?;
        Some((row, COLUMNS[column]))
    })
}

/// 12.75 ms: two of them always fit into the shortest key of 40 ms.
const BLOCK: usize = 102;
/// Three blocks: no pause of 40 ms has fewer, no hole of 20 ms has more than two.
const MISSES_TO_END: u8 = 3;
/// Each tone at −36 dBFS, squared amplitude.
const QUIETEST: f32 = FULL_SCALE * 2.5e-4;
/// The part of all power that must be in the two tones.
const PURITY: f32 = 0.7;

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

#[cfg(test)]
mod tests;
