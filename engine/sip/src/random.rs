//! Unguessable numbers from a seed: tags, branches and Call-IDs that no stranger can foretell.

use sha2::{Digest, Sha256};

/// A stream of SHA-256 blocks over a secret seed and a counter. What has been seen of it says
/// nothing about what comes.
#[derive(Debug)]
pub(crate) struct Random {
    seed: u64,
    counter: u64,
    block: [u8; 32],
    left: usize,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: 0,
            block: [0; 32],
            left: 0,
        }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        if self.left == 0 {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.left = self.block.len() / 8;
        }
        self.left -= 1;
        self.block
            .chunks_exact(8)
            .nth(self.left)
            .into_iter()
            .flatten()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number below `end`, which is small enough for the bias not to matter.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// 64 bits in hexadecimal: a tag.
    pub(crate) fn token(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_another_seed_another() {
        let stream = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.next()).collect::<Vec<_>>()
        };

        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
        assert_eq!(stream(1).into_iter().collect::<HashSet<_>>().len(), 100);
    }

    #[test]
    fn a_token_is_sixteen_hexadecimal_digits() {
        let mut random = Random::new(7);

        for _ in 0..100 {
            let token = random.token();
            assert_eq!(token.len(), 16);
            assert!(token.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }
}
