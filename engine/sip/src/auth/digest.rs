//! The arithmetic of digests: RFC 7616 §3.4.

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

/// The hash of a digest.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// Offered first (RFC 8760 §2.4).
    Sha256,
    /// Offered because phones still know nothing else.
    Md5,
}

impl Algorithm {
    /// Returns the name in challenges and credentials.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// Finds the algorithm of this name; without a name it is MD5.
    pub(super) fn of(name: Option<&[u8]>) -> Option<Self> {
        let Some(name) = name else {
            return Some(Self::Md5);
        };
        [Self::Sha256, Self::Md5]
            .into_iter()
            .find(|algorithm| algorithm.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Hashes the parts with colons between them, to hexadecimal digits.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Hex {
        match self {
            Self::Sha256 => hash::<Sha256>(parts),
            Self::Md5 => hash::<Md5>(parts),
        }
    }
}

/// What a password is worth in one realm: the hash of `user:realm:password`, for each algorithm.
///
/// Whoever has it can log in there; it is kept encrypted and never shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Ha1 {
    sha256: Hex,
    md5: Hex,
}

impl Ha1 {
    /// Computes it from a password.
    pub fn compute(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Self {
            sha256: Algorithm::Sha256.hash(&parts),
            md5: Algorithm::Md5.hash(&parts),
        }
    }

    /// Takes it from a record: 64 and 32 hexadecimal digits; `None` if they are something else.
    pub fn from_hex(sha256: &str, md5: &str) -> Option<Self> {
        let is_hex =
            |text: &str, len| text.len() == len && text.bytes().all(|c| c.is_ascii_hexdigit());
        (is_hex(sha256, 64) && is_hex(md5, 32)).then(|| Self {
            sha256: Hex::of(sha256.to_ascii_lowercase().as_bytes()),
            md5: Hex::of(md5.to_ascii_lowercase().as_bytes()),
        })
    }

    /// Returns the hexadecimal digits, for the record.
    pub fn to_hex(&self, algorithm: Algorithm) -> String {
        self.of(algorithm).as_str().to_owned()
    }

    pub(super) fn of(&self, algorithm: Algorithm) -> &Hex {
        match algorithm {
            Algorithm::Sha256 => &self.sha256,
            Algorithm::Md5 => &self.md5,
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// What goes into a response besides the password.
pub(super) struct Ingredients<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) nonce: &'a [u8],
    /// Count and client's nonce of `qop=auth`; `None` is the old way of RFC 2069.
    pub(super) counted: Option<Counted<'a>>,
    pub(super) method: &'a [u8],
    pub(super) uri: &'a [u8],
}

/// What `qop=auth` adds.
pub(super) struct Counted<'a> {
    /// Eight hexadecimal digits, as sent.
    pub(super) nc: &'a [u8],
    pub(super) cnonce: &'a [u8],
}

impl Ingredients<'_> {
    /// Computes the response to a challenge.
    pub(super) fn response(&self, ha1: &Ha1) -> Hex {
        let ha2 = self.algorithm.hash(&[self.method, self.uri]);
        let ha1 = ha1.of(self.algorithm).as_bytes();
        let ha2 = ha2.as_bytes();
        match &self.counted {
            None => self.algorithm.hash(&[ha1, self.nonce, ha2]),
            Some(Counted { nc, cnonce }) => self
                .algorithm
                .hash(&[ha1, self.nonce, nc, cnonce, b"auth", ha2]),
        }
    }
}

/// Hexadecimal digits of a hash, lower case.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Hex {
    digits: [u8; 64],
    len: u8,
}

impl Hex {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Compares in a time that does not depend on where the two differ.
    pub(super) fn is_same(&self, other: &[u8]) -> bool {
        let own = self.as_bytes();
        if own.len() != other.len() {
            return false;
        }
        let differences = own
            .iter()
            .zip(other)
            .fold(0, |all, (a, b)| all | (a ^ b.to_ascii_lowercase()));
        std::hint::black_box(differences) == 0
    }

    /// Keeps digits that are known to be such, 64 at most.
    fn of(text: &[u8]) -> Self {
        let mut digits = [0; 64];
        let mut len = 0;
        for (place, digit) in digits.iter_mut().zip(text) {
            *place = *digit;
            len += 1;
        }
        Self { digits, len }
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> Hex {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    to_hex(&hash.finalize())
}

/// Writes octets as hexadecimal digits, 32 octets at most.
pub(super) fn to_hex(octets: &[u8]) -> Hex {
    let mut text = [0; 64];
    let mut len = 0;
    for (pair, octet) in text.chunks_exact_mut(2).zip(octets) {
        for (place, digit) in pair.iter_mut().zip([octet >> 4, octet & 15]) {
            *place = match digit {
                0..=9 => b'0' + digit,
                _ => b'a' + digit - 10,
            };
        }
        len += 2;
    }
    Hex { digits: text, len }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617 §3.5.
    #[test]
    fn the_example_of_rfc_2617_comes_out() {
        let ha1 = Ha1::compute("Mufasa", "testrealm@host.com", "Circle Of Life");
        let ingredients = Ingredients {
            algorithm: Algorithm::Md5,
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            counted: Some(Counted {
                nc: b"00000001",
                cnonce: b"0a4f113b",
            }),
            method: b"GET",
            uri: b"/dir/index.html",
        };

        let response = ingredients.response(&ha1);

        assert_eq!(response.as_str(), "6629fae49393a05397450978507c4ef1");
    }

    /// RFC 2617 §3.5 without qop, as RFC 2069 clients compute it.
    #[test]
    fn a_challenge_without_qop_is_answered_in_the_old_way() {
        let ha1 = Ha1::compute("Mufasa", "testrealm@host.com", "Circle Of Life");
        let ingredients = Ingredients {
            algorithm: Algorithm::Md5,
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            counted: None,
            method: b"GET",
            uri: b"/dir/index.html",
        };

        let response = ingredients.response(&ha1);

        assert_eq!(response.as_str(), "670fd8c2df070c60b045671b8b24ff02");
    }

    /// RFC 7616 §3.9.1, which RFC 8760 takes over for SIP.
    #[test]
    fn both_examples_of_rfc_7616_come_out() {
        let ha1 = Ha1::compute("Mufasa", "http-auth@example.org", "Circle of Life");
        for (algorithm, expected) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                Algorithm::Sha256,
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let ingredients = Ingredients {
                algorithm,
                nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                counted: Some(Counted {
                    nc: b"00000001",
                    cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                }),
                method: b"GET",
                uri: b"/dir/index.html",
            };

            assert_eq!(ingredients.response(&ha1).as_str(), expected);
        }
    }

    #[test]
    fn a_recorded_ha1_is_the_computed_one_and_is_never_printed() {
        let ha1 = Ha1::compute("1049", "8001", "secret");

        let read = Ha1::from_hex(&ha1.to_hex(Algorithm::Sha256), &ha1.to_hex(Algorithm::Md5));

        assert_eq!(read, Some(ha1.clone()));
        assert_eq!(Ha1::from_hex("ab", "cd"), None);
        assert_eq!(format!("{ha1:?}"), "Ha1(…)");
    }
}
