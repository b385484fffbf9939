//! Header fields that are numbers first: CSeq, RAck, Session-Expires, Retry-After.

use std::fmt;
use std::time::Duration;

use bytes::BytesMut;

use crate::header::Name;
use crate::header::scan::Scan;
use crate::text::number;
use crate::{Encode, Error, Method, Text};

/// The place of a request in its dialog (RFC 3261 §20.16).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CSeq {
    /// Below 2³¹.
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

impl CSeq {
    /// Reads a value.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::Malformed(Name::CSeq))
    }

    fn read(text: &Text) -> Option<Self> {
        let mut scan = Scan::new(text.as_bytes(), 0);
        scan.skip_space();
        let number = sequence(&mut scan, text)?;
        let method = method(&mut scan, text)?;
        Some(Self { number, method })
    }
}

/// Which reliable provisional response a PRACK is for (RFC 3262 §7.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RAck {
    /// The response's RSeq.
    pub rseq: u32,
    /// The request's CSeq number.
    pub cseq: u32,
    /// The request's method.
    pub method: Method,
}

impl RAck {
    /// Reads a value.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::Malformed(Name::RAck))
    }

    fn read(text: &Text) -> Option<Self> {
        let mut scan = Scan::new(text.as_bytes(), 0);
        scan.skip_space();
        let digits = scan.take(|octet| octet.is_ascii_digit());
        let rseq = number(text.as_bytes().get(digits)?)?;
        scan.skip_space();
        let cseq = sequence(&mut scan, text)?;
        let method = method(&mut scan, text)?;
        Some(Self { rseq, cseq, method })
    }
}

/// How long a session lives without a refresh, and who refreshes (RFC 4028 §4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionExpires {
    /// In whole seconds.
    pub interval: Duration,
    /// Who refreshes; `None` if it is left open.
    pub refresher: Option<Refresher>,
}

/// The side that refreshes a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refresher {
    /// The one who sent the request.
    Uac,
    /// The one who answered it.
    Uas,
}

impl SessionExpires {
    /// Reads a value.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::Malformed(Name::SessionExpires))
    }

    fn read(text: &Text) -> Option<Self> {
        let (seconds, params) = seconds_and_rest(text)?;
        let refresher = match params.value("refresher") {
            None => None,
            Some(side) if side.eq_ignore_case("uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_case("uas") => Some(Refresher::Uas),
            Some(_) => return None,
        };
        Some(Self {
            interval: Duration::from_secs(seconds.into()),
            refresher,
        })
    }
}

/// Reads `seconds`, a comment, and parameters, as Retry-After and Min-SE have them.
pub(crate) fn seconds(text: &Text, name: Name) -> Result<u32, Error> {
    let (seconds, _) = seconds_and_rest(text).ok_or(Error::Malformed(name))?;
    Ok(seconds)
}

fn seconds_and_rest(text: &Text) -> Option<(u32, super::Params)> {
    let octets = text.as_bytes();
    let mut scan = Scan::new(octets, 0);
    scan.skip_space();
    let digits = octets.get(scan.take(|octet| octet.is_ascii_digit()))?;
    if digits.is_empty() {
        return None;
    }
    // A number that does not fit is as good as the largest that does.
    let seconds = number(digits).unwrap_or(u32::MAX);
    scan.skip_space();
    if scan.peek() == Some(b'(') {
        scan.take(|octet| octet != b')');
        scan.bump();
        scan.skip_space();
    }
    let params = scan.parameters()?;
    Some((seconds, super::Params::new(text, params)))
}

/// Reads a CSeq number, which is below 2³¹ (RFC 3261 §8.1.1.5), and the white space behind it.
fn sequence(scan: &mut Scan<'_>, text: &Text) -> Option<u32> {
    let digits = scan.take(|octet| octet.is_ascii_digit());
    let value: u32 = number(text.as_bytes().get(digits)?)?;
    let end = scan.at();
    scan.skip_space();
    (scan.at() > end && value < 1 << 31).then_some(value)
}

/// Reads a method that ends the value.
fn method(scan: &mut Scan<'_>, text: &Text) -> Option<Method> {
    let name = scan.token()?;
    scan.skip_space();
    if !scan.is_done() {
        return None;
    }
    Method::of(&text.part(name))
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

impl Encode for CSeq {
    fn encode(&self, out: &mut BytesMut) {
        self.number.encode(out);
        out.extend_from_slice(b" ");
        self.method.encode(out);
    }
}

impl Encode for RAck {
    fn encode(&self, out: &mut BytesMut) {
        self.rseq.encode(out);
        out.extend_from_slice(b" ");
        self.cseq.encode(out);
        out.extend_from_slice(b" ");
        self.method.encode(out);
    }
}

impl Encode for SessionExpires {
    fn encode(&self, out: &mut BytesMut) {
        self.interval.as_secs().encode(out);
        match self.refresher {
            None => {}
            Some(Refresher::Uac) => out.extend_from_slice(b";refresher=uac"),
            Some(Refresher::Uas) => out.extend_from_slice(b";refresher=uas"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cseq_has_a_number_below_two_to_the_31_and_a_method() {
        let parse = |text: &str| {
            CSeq::parse(&Text::from(text))
                .map(|cseq| cseq.to_string())
                .ok()
        };

        assert_eq!(parse("0009 \t INVITE").as_deref(), Some("9 INVITE"));
        assert_eq!(parse("2147483647 X").as_deref(), Some("2147483647 X"));
        for text in [
            "",
            "1",
            "1INVITE",
            "INVITE",
            "2147483648 INVITE",
            "1 INVITE x",
            "-1 ACK",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_rack_names_response_and_request() {
        let rack = RAck::parse(&Text::from("776656 1 INVITE")).unwrap();

        let expected = RAck {
            rseq: 776_656,
            cseq: 1,
            method: Method::Invite,
        };
        assert_eq!(rack, expected);
        assert!(RAck::parse(&Text::from("1 INVITE")).is_err());
    }

    #[test]
    fn session_time_and_refresher_are_read() {
        let parse = |text: &str| SessionExpires::parse(&Text::from(text));

        let session = parse("1800 ; refresher=UAS").unwrap();

        assert_eq!(session.interval, Duration::from_secs(1800));
        assert_eq!(session.refresher, Some(Refresher::Uas));
        assert_eq!(parse("90").unwrap().refresher, None);
        assert!(parse("90;refresher=me").is_err());
        assert!(parse("soon").is_err());
    }

    #[test]
    fn retry_after_may_carry_a_comment() {
        let text = Text::from("120 (I'm in a meeting);duration=3600");

        assert_eq!(seconds(&text, Name::RetryAfter), Ok(120));
    }
}
