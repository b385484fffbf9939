//! Which transaction a message belongs to: RFC 3261 §17.1.3 and §17.2.3, as a number.

use std::hash::{BuildHasher, Hasher};

/// A transaction's name: 128 bits of keyed hash over what the RFC compares. Two transactions share
/// one by accident in 2^64, and nobody outside can aim at it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key(u128);

impl Key {
    /// 64 of its bits, in hexadecimal: a tag that the same request gets again.
    pub(crate) fn token(self) -> String {
        format!("{:016x}", self.0 as u64)
    }
}

/// Makes keys, with a secret of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    secrets: [u64; 2],
}

impl Keys {
    pub(crate) fn new(secrets: [u64; 2]) -> Self {
        Self { secrets }
    }

    /// A transaction of RFC 3261: branch, the sender that is named beside it, and the method, which
    /// is INVITE for an ACK.
    pub(crate) fn transaction(&self, branch: &[u8], sent_by: &[u8], method: &[u8]) -> Key {
        self.of(&[b"3261", branch, sent_by, method])
    }

    /// Hashes parts whose borders count.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> Key {
        let half = |secret: u64| {
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write_u64(secret);
            for part in parts {
                hasher.write_usize(part.len());
                hasher.write(part);
            }
            u128::from(hasher.finish())
        };
        let [first, second] = self.secrets;
        Key(half(first) << 64 | half(second))
    }
}

/// A hasher for maps by [`Key`], which is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AlreadyHashed;

impl BuildHasher for AlreadyHashed {
    type Hasher = Fold;

    fn build_hasher(&self) -> Fold {
        Fold(0)
    }
}

/// Folds what is written into 64 bits.
pub(crate) struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 ^= (number >> 64) as u64 ^ number as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_branch_and_sender_and_method() {
        let keys = Keys::new([1, 2]);
        let invite = keys.transaction(b"z9hG4bK1", b"192.0.2.1:5060", b"INVITE");

        assert_eq!(
            invite,
            keys.transaction(b"z9hG4bK1", b"192.0.2.1:5060", b"INVITE")
        );
        for other in [
            keys.transaction(b"z9hG4bK2", b"192.0.2.1:5060", b"INVITE"),
            keys.transaction(b"z9hG4bK1", b"192.0.2.2:5060", b"INVITE"),
            keys.transaction(b"z9hG4bK1", b"192.0.2.1:5060", b"CANCEL"),
            Keys::new([3, 4]).transaction(b"z9hG4bK1", b"192.0.2.1:5060", b"INVITE"),
        ] {
            assert_ne!(invite, other);
        }
    }

    #[test]
    fn borders_between_parts_count() {
        let keys = Keys::new([1, 2]);

        assert_ne!(keys.of(&[b"ab", b"c"]), keys.of(&[b"a", b"bc"]));
    }
}
