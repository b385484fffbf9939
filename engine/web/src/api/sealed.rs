//! Places in a list as they are given out: sealed, for what a list is sorted by may be a number that whoever reads it must
//! not see.

use std::sync::LazyLock;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};

/// Made anew with every start: a list is read on from its beginning then.
static SEAL: LazyLock<Aes256Gcm> = LazyLock::new(|| {
    let key: [u8; 32] = rand::random();
    Aes256Gcm::new(&key.into())
});

/// A text that says nothing to anybody but [`open`]: hex digits, never twice the same.
pub(super) fn close(place: &str) -> String {
    let nonce: [u8; NONCE] = rand::random();
    // It fails beyond 64 GiB only; then there is no place to go on from, and who asks for it is told so.
    let sealed = SEAL.encrypt(Nonce::from_slice(&nonce), place.as_bytes());
    let octets = [nonce.as_slice(), &sealed.unwrap_or_default()].concat();
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What was closed; `None` of what was not given out since the start.
pub(super) fn open(text: &str) -> Option<String> {
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|it| it.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let octets = digits.collect::<Option<Vec<u8>>>()?;
    let (nonce, sealed) = octets.split_at_checked(NONCE)?;
    let place = SEAL.decrypt(Nonce::from_slice(nonce), sealed).ok()?;
    String::from_utf8(place).ok()
}

/// Octets of an AES-GCM nonce (NIST SP 800-38D §8.2).
const NONCE: usize = 12;
