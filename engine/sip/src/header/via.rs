//! Via: one hop of the way that a request came (RFC 3261 §20.42, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use bytes::BytesMut;

use crate::header::params::{self, Params};
use crate::header::scan::{Scan, Value, is_space};
use crate::text::number;
use crate::uri::Host;
use crate::{Encode, Error, Text, header::Name};

/// One value of Via.
#[derive(Clone)]
pub struct Via {
    text: Text,
    transport: Range<usize>,
    sent_by: Range<usize>,
    host: Host,
    port: Option<u16>,
    branch: Option<Range<usize>>,
    params: Range<usize>,
}

impl Via {
    /// Reads one value.
    pub fn parse(text: impl Into<Text>) -> Result<Self, Error> {
        Self::read(text.into()).ok_or(Error::Malformed(Name::Via))
    }

    /// Builds the value of a request that we send: `SIP/2.0/UDP host:port;branch=...;rport`.
    pub fn build(
        transport: &str,
        host: &Host,
        port: Option<u16>,
        branch: &str,
    ) -> Result<Self, Error> {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Self::parse(format!(
            "SIP/2.0/{transport} {host}{port};branch={branch};rport"
        ))
    }

    /// Returns the transport as written, for example `UDP`.
    pub fn transport(&self) -> Text {
        self.text.part(self.transport.clone())
    }

    /// Returns the host that the sender believes to be.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the port behind the host, if one is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns host and port as written, for matching transactions.
    pub fn sent_by(&self) -> Text {
        self.text.part(self.sent_by.clone())
    }

    /// Returns the branch, which names the transaction.
    pub fn branch(&self) -> Option<Text> {
        self.branch.clone().map(|range| self.text.part(range))
    }

    /// Tells whether the branch is one of RFC 3261, unique over space and time.
    pub fn has_unique_branch(&self) -> bool {
        let branch = self.branch().unwrap_or_default();
        branch.len() > MAGIC.len()
            && branch
                .as_bytes()
                .get(..MAGIC.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(MAGIC))
    }

    /// Tells whether the sender wants its answer at the port that it sent from (RFC 3581).
    pub fn wants_rport(&self) -> bool {
        self.params().has("rport")
    }

    /// Returns the port that a server has seen, if one has filled it in.
    pub fn rport(&self) -> Option<u16> {
        self.param("rport")?.number()
    }

    /// Returns the address that a server has seen, if one has filled it in.
    pub fn received(&self) -> Option<IpAddr> {
        Host::parse(&self.param("received")?)?.ip()
    }

    /// Returns the multicast or maintained address, which only others use.
    pub fn maddr(&self) -> Option<Host> {
        Host::parse(&self.param("maddr")?)
    }

    /// Returns a parameter's value; `None` if it is not there or has none.
    pub fn param(&self, name: &str) -> Option<Text> {
        params::value(&self.text, self.params.clone(), name)
    }

    /// Returns all parameters.
    pub fn params(&self) -> Params {
        Params::new(&self.text, self.params.clone())
    }

    /// Returns the octets as they came.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Returns the value with `received` and `rport` filled in, as a server does on arrival.
    ///
    /// What the sender wrote into them is overwritten: it is never believed.
    pub fn with_source(&self, source: SocketAddr) -> Self {
        let head = self.text.part(0..self.params.start);
        let mut text = BytesMut::from(head.as_bytes());
        for (name, piece) in self.params().pieces() {
            if name.eq_ignore_case("received") || name.eq_ignore_case("rport") {
                continue;
            }
            text.extend_from_slice(b";");
            piece.encode(&mut text);
        }
        let wants_rport = self.wants_rport();
        if wants_rport || self.host.ip() != Some(source.ip()) {
            text.extend_from_slice(b";received=");
            source.ip().to_string().encode(&mut text);
        }
        if wants_rport {
            text.extend_from_slice(b";rport=");
            source.port().encode(&mut text);
        }
        Self::read(Text::from(text)).unwrap_or_else(|| self.clone())
    }

    fn read(text: Text) -> Option<Self> {
        let octets = text.as_bytes();
        let mut scan = Scan::new(octets, 0);
        scan.skip_space();
        let protocol = scan.token()?;
        if !octets.get(protocol)?.eq_ignore_ascii_case(b"SIP") || !scan.eat(b'/') {
            return None;
        }
        let version = scan.token()?;
        if octets.get(version)? != b"2.0" || !scan.eat(b'/') {
            return None;
        }
        let transport = scan.token()?;
        if !scan.peek().is_some_and(is_space) {
            return None;
        }
        scan.skip_space();
        let start = scan.at();
        let host = if scan.peek() == Some(b'[') {
            let inner = scan.take(|octet| octet != b']');
            scan.bump();
            inner.start..inner.end + 1
        } else {
            scan.take(|octet| !is_space(octet) && !matches!(octet, b':' | b';' | b','))
        };
        let host = Host::parse(&text.part(host))?;
        let mut end = scan.at();
        let mut port = None;
        if scan.eat(b':') {
            let digits = scan.take(|octet| octet.is_ascii_digit());
            port = Some(number(octets.get(digits)?)?);
            end = scan.at();
        }
        scan.skip_space();
        let params_start = scan.at();
        let mut branch = None;
        while !scan.is_done() {
            if !scan.eat(b';') {
                return None;
            }
            if scan.is_done() {
                break;
            }
            if let (name, Value::Plain(value)) = scan.parameter()?
                && branch.is_none()
                && octets.get(name)?.eq_ignore_ascii_case(b"branch")
            {
                branch = Some(value);
            }
        }
        Some(Self {
            transport,
            sent_by: start..end,
            host,
            port,
            branch,
            params: params_start..octets.len(),
            text,
        })
    }
}

/// What every branch of RFC 3261 begins with.
const MAGIC: &[u8] = b"z9hG4bK";

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Encode for Via {
    fn encode(&self, out: &mut BytesMut) {
        self.text.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_unknown_parameters_do_no_harm() {
        let via = Via::parse(
            "SIP  / 2.0 \t/ UDP   192.0.2.2 : 5070 ;rport; branch = z9hG4bKx ;x=\"a;b\"",
        )
        .unwrap();

        assert_eq!(via.transport(), "UDP");
        assert_eq!(via.host().to_string(), "192.0.2.2");
        assert_eq!(via.port(), Some(5070));
        assert_eq!(via.branch().unwrap(), "z9hG4bKx");
        assert!(via.has_unique_branch() && via.wants_rport());
        assert_eq!(via.rport(), None);
        assert_eq!(via.param("x").unwrap(), "a;b");
    }

    #[test]
    fn ipv6_stands_in_brackets_and_received_also_without() {
        for received in ["2001:db8::9:255", "[2001:db8::9:255]"] {
            let via = Via::parse(format!(
                "SIP/2.0/UDP [2001:db8::9:1]:5060;received={received}"
            ))
            .unwrap();

            assert_eq!(via.host().to_string(), "[2001:db8::9:1]");
            assert_eq!(via.port(), Some(5060));
            assert_eq!(via.received(), "2001:db8::9:255".parse().ok());
        }
    }

    #[test]
    fn a_server_fills_in_what_it_has_seen_and_believes_nothing() {
        let via =
            Via::parse("SIP/2.0/UDP 10.0.0.1;rport=9;received=192.0.2.66;branch=z9hG4bKa").unwrap();

        let seen = via.with_source("192.0.2.1:1024".parse().unwrap());

        assert_eq!(
            seen.text(),
            &Text::from("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;received=192.0.2.1;rport=1024")
        );
    }

    #[test]
    fn an_odd_branch_goes_back_as_it_came() {
        let via = Via::parse("SIP/2.0/UDP h;branch=z9hG4bKb64==;x=\"a\\\"b\"").unwrap();

        let seen = via.with_source("192.0.2.1:1024".parse().unwrap());

        assert_eq!(seen.branch(), via.branch());
        assert!(
            seen.text()
                .to_str()
                .contains(";branch=z9hG4bKb64==;x=\"a\\\"b\";received=")
        );
    }

    #[test]
    fn malformed_values_are_refused() {
        for value in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ",
            "SIP/7.0/UDP a",
            "SIP/2.0 a",
            "SIP/2.0/UDP a:b",
            "SIP/2.0/UDP a:",
            "SIP/2.0/UDP [::1",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/2.0/UDP a;branch=",
            "SIP/2.0/UDP a b",
        ] {
            assert!(Via::parse(value).is_err(), "{value}");
        }
    }
}
