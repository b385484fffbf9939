//! URIs of SIP and of telephones: RFC 3261 §19.1, RFC 3966.

mod compare;
mod host;

use std::fmt;
use std::ops::Range;

use bytes::BytesMut;
use memchr::memchr;

use crate::header::scan::is_foreign_to_uri;
use crate::header::{Params, params};
use crate::text::number;
use crate::{Encode, Error, Text};

pub use host::Host;

/// A URI as it came, and where its parts are.
///
/// Two URIs are equal when RFC 3261 §19.1.4 says so; compare [`text`](Self::text) to compare octets.
#[derive(Clone)]
pub struct Uri {
    text: Text,
    scheme: Scheme,
    /// Without the password; the number of a `tel:` URI.
    user: Option<Range<usize>>,
    password: Option<Range<usize>>,
    host: Option<Host>,
    port: Option<u16>,
    params: Range<usize>,
    headers: Range<usize>,
}

/// What a URI leads to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// SIP on any transport.
    Sip,
    /// SIP over TLS on every hop.
    Sips,
    /// A telephone number.
    Tel,
    /// Anything else; only its text is known.
    Other,
}

impl Uri {
    /// Reads a URI, without angle brackets or white space around it.
    pub fn parse(text: impl Into<Text>) -> Result<Self, Error> {
        let text = text.into();
        let octets = text.as_bytes();
        let colon = find(b':', octets, 0).ok_or(Error::Uri)?;
        let scheme = Scheme::of(octets.get(..colon).unwrap_or_default()).ok_or(Error::Uri)?;
        if octets.iter().any(|&octet| is_foreign_to_uri(octet)) {
            return Err(Error::Uri);
        }
        let start = colon + 1;
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::sip(text, scheme, start),
            Scheme::Tel => Self::tel(text, start),
            Scheme::Other => Ok(Self::bare(text, scheme)),
        }
    }

    /// Builds `sip:user@host:port`; what the user part cannot hold is escaped.
    pub fn for_user(user: &str, host: &Host, port: Option<u16>) -> Self {
        let mut text = BytesMut::from(&b"sip:"[..]);
        if !user.is_empty() {
            escape_user(user.as_bytes(), &mut text);
            text.extend_from_slice(b"@");
        }
        host.encode(&mut text);
        if let Some(port) = port {
            text.extend_from_slice(b":");
            port.encode(&mut text);
        }
        let text = Text::from(text);
        Self::parse(text.clone()).unwrap_or_else(|_| Self::bare(text, Scheme::Other))
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the user part as it came, or the number of a `tel:` URI.
    pub fn user(&self) -> Option<Text> {
        self.user.clone().map(|range| self.text.part(range))
    }

    /// Returns the user part with its `%41` escapes resolved.
    pub fn user_unescaped(&self) -> Option<Text> {
        let user = self.user()?;
        if memchr(b'%', user.as_bytes()).is_none() {
            return Some(user);
        }
        Some(Text::from(bytes::Bytes::from(unescape(user.as_bytes()))))
    }

    /// Returns the password in the user part; nobody should use one.
    pub fn password(&self) -> Option<Text> {
        self.password.clone().map(|range| self.text.part(range))
    }

    /// Returns the host; `None` for schemes that have none.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// Returns the port, if one is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the parameters.
    pub fn params(&self) -> Params {
        Params::new(&self.text, self.params.clone())
    }

    /// Returns a parameter's value; `None` if it is not there or has none.
    pub fn param(&self, name: &str) -> Option<Text> {
        params::value(&self.text, self.params.clone(), name)
    }

    /// Returns the octets after the question mark, without it.
    pub fn headers(&self) -> Option<Text> {
        (!self.headers.is_empty()).then(|| self.text.part(self.headers.start + 1..self.headers.end))
    }

    /// Returns the octets as they came.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Returns the URI with a buffer of its own, which keeps no message alive.
    pub fn detach(&self) -> Self {
        Self {
            text: self.text.detach(),
            host: self.host.clone().map(|host| match host {
                Host::Name(name) => Host::Name(name.detach()),
                address => address,
            }),
            ..self.clone()
        }
    }

    /// Returns the URI with a parameter added at the end, or itself if it has it already.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Self {
        if self.params().has(name) {
            return self.clone();
        }
        let octets = self.text.as_bytes();
        let (head, tail) = octets
            .split_at_checked(self.headers.start)
            .unwrap_or((octets, b""));
        let mut text = BytesMut::from(head);
        text.extend_from_slice(b";");
        text.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            text.extend_from_slice(b"=");
            text.extend_from_slice(value.as_bytes());
        }
        text.extend_from_slice(tail);
        Self::parse(Text::from(text)).unwrap_or_else(|_| self.clone())
    }

    /// Returns the URI without its headers, as a request line wants it (RFC 3261 §19.1.5).
    pub fn without_headers(&self) -> Self {
        Self {
            text: self.text.part(0..self.headers.start),
            headers: self.headers.start..self.headers.start,
            ..self.clone()
        }
    }

    fn sip(text: Text, scheme: Scheme, start: usize) -> Result<Self, Error> {
        let octets = text.as_bytes();
        // An `@` is escaped everywhere but here; the user part may hold `;`, `?` and `/` bare.
        let at = find(b'@', octets, start);
        let (user, password) = match at {
            None => (None, None),
            Some(at) if at == start => return Err(Error::Uri),
            Some(at) => {
                let colon = find(b':', octets, start).filter(|&colon| colon < at);
                (
                    Some(start..colon.unwrap_or(at)),
                    colon.map(|colon| colon + 1..at),
                )
            }
        };
        let host_start = at.map_or(start, |at| at + 1);
        let (host_end, port_end) = host_and_port(octets, host_start).ok_or(Error::Uri)?;
        let host = Host::parse(&text.part(host_start..host_end)).ok_or(Error::Uri)?;
        let port = match octets.get(host_end + 1..port_end) {
            Some(digits) => Some(number(digits).ok_or(Error::Uri)?),
            None => None,
        };
        let question = find(b'?', octets, port_end).unwrap_or(octets.len());
        Ok(Self {
            scheme,
            user,
            password,
            host: Some(host),
            port,
            params: port_end..question,
            headers: question..octets.len(),
            text,
        })
    }

    fn tel(text: Text, start: usize) -> Result<Self, Error> {
        let octets = text.as_bytes();
        let rest = octets.get(start..).unwrap_or_default();
        let end = memchr(b';', rest).map_or(octets.len(), |offset| start + offset);
        let number = octets.get(start..end).unwrap_or_default();
        let is_dialled = |octet: &u8| {
            octet.is_ascii_hexdigit()
                || matches!(octet, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#')
        };
        if number.is_empty() || !number.iter().all(is_dialled) {
            return Err(Error::Uri);
        }
        let end_of_text = octets.len();
        Ok(Self {
            user: Some(start..end),
            params: end..end_of_text,
            ..Self::bare(text, Scheme::Tel)
        })
    }

    fn bare(text: Text, scheme: Scheme) -> Self {
        let end = text.len();
        Self {
            text,
            scheme,
            user: None,
            password: None,
            host: None,
            port: None,
            params: end..end,
            headers: end..end,
        }
    }
}

impl Scheme {
    fn of(octets: &[u8]) -> Option<Self> {
        if octets.eq_ignore_ascii_case(b"sip") {
            return Some(Self::Sip);
        }
        if octets.eq_ignore_ascii_case(b"sips") {
            return Some(Self::Sips);
        }
        if octets.eq_ignore_ascii_case(b"tel") {
            return Some(Self::Tel);
        }
        let (first, rest) = octets.split_first()?;
        let is_scheme =
            |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
        (first.is_ascii_alphabetic() && rest.iter().all(is_scheme)).then_some(Self::Other)
    }
}

/// Returns where the host ends and where the port ends; equal when there is no port.
fn host_and_port(octets: &[u8], start: usize) -> Option<(usize, usize)> {
    let is_end = |octet: &u8| matches!(octet, b';' | b'?');
    let host_start = match octets.get(start) {
        Some(b'[') => find(b']', octets, start)?,
        _ => start,
    };
    let rest = octets.get(host_start..)?;
    let host_len = rest
        .iter()
        .position(|octet| is_end(octet) || *octet == b':');
    let host_end = host_start + host_len.unwrap_or(rest.len());
    if octets.get(host_end) != Some(&b':') {
        return Some((host_end, host_end));
    }
    let rest = octets.get(host_end..)?;
    let port_len = rest.iter().position(is_end).unwrap_or(rest.len());
    Some((host_end, host_end + port_len))
}

/// Finds an octet at or behind `start`. URIs are short: a plain loop is the quickest.
fn find(octet: u8, octets: &[u8], start: usize) -> Option<usize> {
    let mut rest = octets.get(start..)?.iter();
    rest.position(|&found| found == octet)
        .map(|offset| start + offset)
}

/// Resolves `%41` escapes; a broken one stays as it is.
pub(crate) fn unescape(octets: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        match after {
            [high, low, tail @ ..] if octet == b'%' => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    plain.push((high * 16 + low) as u8);
                    rest = tail;
                }
                _ => plain.push(octet),
            },
            _ => plain.push(octet),
        }
    }
    plain
}

fn escape_user(user: &[u8], out: &mut BytesMut) {
    for &octet in user {
        let plain = octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet);
        if plain {
            out.extend_from_slice(&[octet]);
        } else {
            out.extend_from_slice(format!("%{octet:02X}").as_bytes());
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Encode for Uri {
    fn encode(&self, out: &mut BytesMut) {
        self.text.encode(out);
    }
}

#[cfg(test)]
mod tests;
