//! When two URIs are the same: RFC 3261 §19.1.4.

use crate::Text;
use crate::header::Params;
use crate::uri::{Scheme, Uri, unescape};

impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Other => self.text == other.text,
            Scheme::Tel => {
                dialled(self.user()) == dialled(other.user())
                    && same_params(&self.params(), &other.params(), |_| true)
            }
            Scheme::Sip | Scheme::Sips => {
                same_octets(self.user(), other.user())
                    && same_octets(self.password(), other.password())
                    && self.host == other.host
                    && self.port == other.port
                    && same_params(&self.params(), &other.params(), must_be_in_both)
                    && same_headers(self, other)
            }
        }
    }
}

/// These parameters matter even when only one side has them.
fn must_be_in_both(name: &Text) -> bool {
    ["user", "ttl", "method", "maddr", "transport"]
        .iter()
        .any(|known| name.eq_ignore_case(known))
}

fn same_octets(a: Option<Text>, b: Option<Text>) -> bool {
    let plain = |text: Option<Text>| text.map(|text| unescape(text.as_bytes()));
    plain(a) == plain(b)
}

/// A telephone number without what is only there for the eye (RFC 3966 §5.1.1).
fn dialled(number: Option<Text>) -> Option<Vec<u8>> {
    let number = number?;
    let digits = number.as_bytes().iter();
    let digits = digits.filter(|octet| !matches!(octet, b'-' | b'.' | b'(' | b')'));
    Some(digits.map(u8::to_ascii_lowercase).collect())
}

fn same_params(a: &Params, b: &Params, matters: fn(&Text) -> bool) -> bool {
    // A parameter must not stand twice; if one does, its first value counts.
    let first = |params: &Params, name: &Text| {
        let found = params.iter().find(|(found, _)| found.eq_ignore_case(name));
        found.map(|(_, value)| value)
    };
    let agrees = |mine: &Params, theirs: &Params| {
        mine.iter().all(|(name, _)| {
            let Some(other) = first(theirs, &name) else {
                return !matters(&name);
            };
            match (first(mine, &name).flatten(), other) {
                (None, None) => true,
                (Some(value), Some(other)) => {
                    unescape(value.as_bytes()).eq_ignore_ascii_case(&unescape(other.as_bytes()))
                }
                _ => false,
            }
        })
    };
    agrees(a, b) && agrees(b, a)
}

/// Headers are compared as a set; the order does not matter, every one of them does.
fn same_headers(a: &Uri, b: &Uri) -> bool {
    let sorted = |uri: &Uri| {
        let headers = uri.headers().unwrap_or_default();
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = headers
            .as_bytes()
            .split(|&octet| octet == b'&')
            .map(|field| {
                let at = memchr::memchr(b'=', field).unwrap_or(field.len());
                let (name, value) = field.split_at_checked(at).unwrap_or((field, b""));
                (unescape(name).to_ascii_lowercase(), unescape(value))
            })
            .collect();
        fields.sort();
        fields
    };
    sorted(a) == sorted(b)
}
