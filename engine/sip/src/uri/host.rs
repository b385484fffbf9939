//! A host: an address or a name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::BytesMut;

use crate::header::scan::is_host_name;
use crate::{Encode, Text};

/// The host of a URI or of a Via.
#[derive(Clone, Debug)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, in brackets when written.
    V6(Ipv6Addr),
    /// A name to be resolved; case does not matter.
    Name(Text),
}

impl Host {
    /// Reads a host; an IPv6 address may stand in brackets or without (`received` does both).
    pub fn parse(text: &Text) -> Option<Self> {
        let octets = text.as_bytes();
        if let Some(inner) = octets.strip_prefix(b"[") {
            return v6(inner.strip_suffix(b"]")?).map(Self::V6);
        }
        if !octets.iter().all(|&octet| is_host_name(octet)) {
            return v6(octets).map(Self::V6);
        }
        let first = octets.first()?;
        if first.is_ascii_digit()
            && let Some(address) = str::from_utf8(octets)
                .ok()
                .and_then(|text| text.parse().ok())
        {
            return Some(Self::V4(address));
        }
        Some(Self::Name(text.clone()))
    }

    /// Returns the address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
            Self::Name(_) => None,
        }
    }
}

/// Reads an IPv6 address; the third colon that the grammar of RFC 3261 allowed by mistake before
/// an IPv4 part is forgiven (RFC 5118 §4.10).
fn v6(octets: &[u8]) -> Option<Ipv6Addr> {
    let text = str::from_utf8(octets).ok()?;
    text.parse().ok().or_else(|| {
        let (before, after) = text.split_once(":::")?;
        after.parse::<Ipv4Addr>().ok()?;
        format!("{before}::{after}").parse().ok()
    })
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_case(b),
            _ => self.ip().is_some() && self.ip() == other.ip(),
        }
    }
}

impl Eq for Host {}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Encode for Host {
    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Name(name) => name.encode(out),
            address => address.to_string().encode(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_names() {
        let parse = |text: &str| Host::parse(&Text::from(text)).map(|host| host.to_string());

        assert_eq!(parse("192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(parse("[2001:DB8::1]").as_deref(), Some("[2001:db8::1]"));
        assert_eq!(parse("2001:db8::1").as_deref(), Some("[2001:db8::1]"));
        assert_eq!(
            parse("[2001:db8:::192.0.2.1]"),
            parse("[2001:db8::192.0.2.1]")
        );
        assert_eq!(
            parse("3com.example.com").as_deref(),
            Some("3com.example.com")
        );
        assert_eq!(parse("[2001:db8:::1]"), None);
        assert_eq!(parse("[2001:db8::1"), None);
        assert_eq!(parse("[]"), None);
        assert_eq!(parse("a b"), None);
        assert_eq!(parse(""), None);
    }
}
