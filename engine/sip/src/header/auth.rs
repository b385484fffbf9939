//! Challenges and credentials: the header fields of HTTP authentication as SIP uses them.

use std::ops::Range;

use crate::Text;
use crate::header::params;
use crate::header::scan::{Scan, Value};

/// What a server asks for, the value of WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug)]
pub struct Challenge(Auth);

/// What a client knows, the value of Authorization or Proxy-Authorization.
#[derive(Clone, Debug)]
pub struct Credentials(Auth);

/// A scheme, then `name=value` parted by commas.
#[derive(Clone, Debug)]
struct Auth {
    text: Text,
    scheme: Range<usize>,
    params: Range<usize>,
}

impl Challenge {
    /// Reads a value; `None` if it is malformed.
    pub fn parse(text: impl Into<Text>) -> Option<Self> {
        Auth::read(text.into()).map(Self)
    }

    /// Tells whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.0.is_digest()
    }

    /// Returns a parameter without its quotes, for example `realm`.
    pub fn param(&self, name: &str) -> Option<Text> {
        self.0.param(name)
    }
}

impl Credentials {
    /// Reads a value; `None` if it is malformed.
    pub fn parse(text: impl Into<Text>) -> Option<Self> {
        Auth::read(text.into()).map(Self)
    }

    /// Tells whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.0.is_digest()
    }

    /// Returns a parameter without its quotes, for example `nonce`.
    pub fn param(&self, name: &str) -> Option<Text> {
        self.0.param(name)
    }
}

impl Auth {
    fn read(text: Text) -> Option<Self> {
        let octets = text.as_bytes();
        let mut scan = Scan::new(octets, 0);
        scan.skip_space();
        let scheme = scan.token()?;
        scan.skip_space();
        let start = scan.at();
        // Other schemes carry what they like; only Digest's parameters are checked.
        if octets.get(scheme.clone())?.eq_ignore_ascii_case(b"Digest") {
            loop {
                scan.parameter()?;
                if scan.is_done() {
                    break;
                }
                if !scan.eat(b',') {
                    return None;
                }
            }
        }
        let params = start..octets.len();
        Some(Self {
            text,
            scheme,
            params,
        })
    }

    fn is_digest(&self) -> bool {
        self.text.part(self.scheme.clone()).eq_ignore_case("Digest")
    }

    fn param(&self, wanted: &str) -> Option<Text> {
        let octets = self.text.as_bytes();
        let mut scan = Scan::new(octets, self.params.start);
        loop {
            let (name, value) = scan.parameter()?;
            if octets.get(name)?.eq_ignore_ascii_case(wanted.as_bytes()) {
                let range = match value {
                    Value::None => return None,
                    Value::Plain(range) => return Some(self.text.part(range)),
                    Value::Quoted(range) => range,
                };
                let plain = params::unescape(octets.get(range)?).into_owned();
                return Some(Text::from(bytes::Bytes::from(plain)));
            }
            if !scan.eat(b',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_quoted_or_not() {
        let text =
            "Digest realm=\"a \\\"b\\\", c\" , nonce=\"x\",algorithm=SHA-256,qop=\"auth,auth-int\"";

        let challenge = Challenge::parse(text).unwrap();

        assert!(challenge.is_digest());
        assert_eq!(challenge.param("Realm").unwrap(), "a \"b\", c");
        assert_eq!(challenge.param("algorithm").unwrap(), "SHA-256");
        assert_eq!(challenge.param("qop").unwrap(), "auth,auth-int");
        assert_eq!(challenge.param("stale"), None);
    }

    #[test]
    fn another_scheme_is_read_and_is_not_digest() {
        let credentials = Credentials::parse("NoOneKnowsThisScheme opaque-data=here").unwrap();

        assert!(!credentials.is_digest());
    }

    #[test]
    fn malformed_digests_are_refused() {
        for text in [
            "",
            "Digest",
            "Digest realm=\"a",
            "Digest a=b c=d",
            "Digest =x",
        ] {
            assert!(Credentials::parse(text).is_none(), "{text}");
        }
    }
}
