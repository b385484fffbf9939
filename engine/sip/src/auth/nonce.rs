//! Nonces that prove themselves, so that a stranger's challenge costs no memory.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::digest::to_hex;

/// How long a nonce is good for.
pub(super) const LIFETIME: Duration = Duration::from_secs(60);
/// How many used nonces are remembered; one is 16 octets and its share of a tree.
const CAPACITY: usize = 200_000;

/// Makes nonces, and remembers the counts of those that were used well.
///
/// A nonce holds its time and number under a keyed hash with its source and realm. Only a nonce
/// that came back with the right password is remembered, until it is too old to be used anyway.
#[derive(Debug)]
pub(super) struct Nonces {
    key: [u8; 32],
    epoch: Instant,
    counter: u64,
    /// The highest `nc` of each used nonce, by its time and number.
    used: BTreeMap<(u64, u64), u32>,
    /// Nonces up to here are forgotten, and so refused.
    floor: (u64, u64),
    capacity: usize,
}

/// A nonce of ours that has come back to its source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    /// Milliseconds since the epoch.
    issued: u64,
    number: u64,
}

impl Nonces {
    pub(super) fn new(now: Instant, key: [u8; 32]) -> Self {
        Self {
            key,
            epoch: now,
            counter: 0,
            used: BTreeMap::new(),
            floor: (0, 0),
            capacity: CAPACITY,
        }
    }

    /// Makes a nonce for this source and realm.
    pub(super) fn issue(&mut self, now: Instant, source: IpAddr, realm: &str) -> String {
        self.counter += 1;
        let issued = self.millis(now);
        let number = self.counter;
        let mac = self.mac(issued, number, source, realm.as_bytes());
        format!("{issued:016x}{number:016x}{mac}")
    }

    /// Recognises a nonce that was made for this source and realm, however old.
    pub(super) fn recognise(&self, nonce: &[u8], source: IpAddr, realm: &[u8]) -> Option<Stamp> {
        let text = str::from_utf8(nonce).ok()?;
        let hex = |range| u64::from_str_radix(text.get(range)?, 16).ok();
        let stamp = Stamp {
            issued: hex(0..16)?,
            number: hex(16..32)?,
        };
        let mac = self.mac(stamp.issued, stamp.number, source, realm);
        (text.get(32..)? == mac).then_some(stamp)
    }

    /// Uses a nonce once more, if it is young enough and `nc` has never been this high.
    pub(super) fn spend(&mut self, now: Instant, stamp: Stamp, nc: u32) -> bool {
        self.forget_old(now);
        let age = self.millis(now).saturating_sub(stamp.issued);
        let key = (stamp.issued, stamp.number);
        if u128::from(age) > LIFETIME.as_millis() || key <= self.floor {
            return false;
        }
        let highest = self.used.entry(key).or_insert(0);
        if nc <= *highest {
            return false;
        }
        *highest = nc;
        // A full table forgets the oldest and refuses all that is as old: their phones are asked
        // again, and nothing is replayed.
        if self.used.len() > self.capacity
            && let Some((oldest, _)) = self.used.pop_first()
        {
            self.floor = oldest;
        }
        true
    }

    fn forget_old(&mut self, now: Instant) {
        let oldest = self.millis(now).saturating_sub(LIFETIME.as_millis() as u64);
        while self
            .used
            .first_key_value()
            .is_some_and(|(key, _)| key.0 < oldest)
        {
            self.used.pop_first();
        }
    }

    fn mac(&self, issued: u64, number: u64, source: IpAddr, realm: &[u8]) -> String {
        let mut inner = Sha256::new();
        inner.update(self.key);
        inner.update(issued.to_be_bytes());
        inner.update(number.to_be_bytes());
        match source.to_canonical() {
            IpAddr::V4(address) => inner.update(address.octets()),
            IpAddr::V6(address) => inner.update(address.octets()),
        }
        inner.update(realm);
        let mut outer = Sha256::new();
        outer.update(self.key);
        outer.update(inner.finalize());
        to_hex(&outer.finalize())
            .as_str()
            .get(..32)
            .unwrap_or_default()
            .to_owned()
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_millis() as u64
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_nonce_is_recognised_only_at_its_source_and_in_its_realm() {
        let now = Instant::now();
        let mut nonces = Nonces::new(now, [7; 32]);

        let nonce = nonces.issue(now, HERE, "8001");

        assert!(nonces.recognise(nonce.as_bytes(), HERE, b"8001").is_some());
        assert!(nonces.recognise(nonce.as_bytes(), THERE, b"8001").is_none());
        assert!(nonces.recognise(nonce.as_bytes(), HERE, b"8002").is_none());
        assert!(
            Nonces::new(now, [8; 32])
                .recognise(nonce.as_bytes(), HERE, b"8001")
                .is_none()
        );
        assert!(nonces.recognise(b"made up", HERE, b"8001").is_none());
    }

    #[test]
    fn a_count_is_good_once_and_only_rises() {
        let now = Instant::now();
        let mut nonces = Nonces::new(now, [7; 32]);
        let nonce = nonces.issue(now, HERE, "8001");
        let stamp = nonces.recognise(nonce.as_bytes(), HERE, b"8001").unwrap();

        let results = [1, 1, 3, 2, 3, 4, 0].map(|nc| nonces.spend(now, stamp, nc));

        assert_eq!(results, [true, false, true, false, false, true, false]);
    }

    #[test]
    fn a_nonce_dies_after_sixty_seconds_and_is_forgotten() {
        let start = Instant::now();
        let mut nonces = Nonces::new(start, [7; 32]);
        let nonce = nonces.issue(start, HERE, "8001");
        let stamp = nonces.recognise(nonce.as_bytes(), HERE, b"8001").unwrap();

        assert!(nonces.spend(start + LIFETIME, stamp, 1));
        let later = start + LIFETIME + Duration::from_millis(1);
        assert!(!nonces.spend(later, stamp, 2));
        assert!(nonces.used.is_empty());
    }

    #[test]
    fn a_full_table_forgets_the_oldest_and_never_accepts_it_again() {
        let now = Instant::now();
        let mut nonces = Nonces::new(now, [7; 32]);
        nonces.capacity = 10;
        let mut stamps = Vec::new();
        for _ in 0..=10 {
            let nonce = nonces.issue(now, HERE, "8001");
            stamps.extend(nonces.recognise(nonce.as_bytes(), HERE, b"8001"));
        }

        assert!(stamps.iter().all(|&stamp| nonces.spend(now, stamp, 1)));

        assert_eq!(nonces.used.len(), 10);
        assert!(!nonces.spend(now, stamps[0], 2));
        assert!(nonces.spend(now, stamps[1], 2));
    }
}
