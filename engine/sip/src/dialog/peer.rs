//! Where the far end of a dialog is: who may speak for it, and where requests to it go.

use std::net::SocketAddr;

use crate::Uri;
use crate::transport::{Route, Source, Transport};

/// How surely a message comes from the far end of a dialog whose tags it names. Tags can be read
/// off the wire, and an address is shared by all behind one NAT and all programs of one machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// From the connection, or from the very address and port, that the far end has.
    Known,
    /// From its host, by another port or connection: itself after its NAT or its connection was
    /// made anew, or a neighbour.
    Near,
    /// From anywhere else.
    Far,
}

/// The far end's place in the network, as it was last heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    source: Source,
    /// The address that it named itself (Contact, or the nearest Route), where that is one.
    named: Option<SocketAddr>,
    /// Whether requests over 1,300 bytes may go by TCP.
    pub(crate) allows_tcp: bool,
}

impl Peer {
    pub(crate) fn new(source: Source, allows_tcp: bool) -> Self {
        Self {
            source,
            named: None,
            allows_tcp,
        }
    }

    /// How surely a message from there is the far end's: whether it comes from where we hear it, or
    /// from where it told us to send to.
    pub(crate) fn standing(&self, source: &Source) -> Standing {
        let is_datagram = |of: &Source| of.transport == Transport::Udp;
        let is_known = match self.source.flow {
            Some(_) => self.source.flow == source.flow,
            // Whoever can send datagrams from a port of the far end's host has opened that port, but
            // connections have ports of their own choice.
            None => {
                let from = SocketAddr::new(source.ip(), source.remote.port());
                let heard = SocketAddr::new(self.source.ip(), self.source.remote.port());
                let is_there = from == heard || self.named == Some(from);
                is_there && is_datagram(source) == is_datagram(&self.source)
            }
        };
        let is_near = self.source.ip() == source.ip()
            || self.named.is_some_and(|named| named.ip() == source.ip());
        match (is_known, is_near) {
            (true, _) => Standing::Known,
            (false, true) => Standing::Near,
            (false, false) => Standing::Far,
        }
    }

    /// Where it was last heard.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// Something that belongs to the dialog came from `source`: a phone behind NAT may have moved.
    pub(crate) fn heard_from(&mut self, source: Source) {
        self.source = source;
    }

    /// The far end named where it wants its requests: in its Contact, or by a proxy's Record-Route.
    pub(crate) fn named(&mut self, hop: Option<&Uri>) {
        self.named = hop.and_then(|uri| {
            let ip = uri.host()?.ip()?.to_canonical();
            let port = uri.port().unwrap_or(match self.source.transport {
                Transport::Tls => 5061,
                _ => 5060,
            });
            Some(SocketAddr::new(ip, port))
        });
    }

    /// Where requests go: the connection that we hear it on; else the address that it named, if that
    /// is on the host that we hear from; else, behind NAT or a name, where we hear it from.
    pub(crate) fn route(&self) -> Route {
        let mut route = self.source.reply_route();
        if route.flow.is_none()
            && let Some(named) = self.named
            && named.ip() == self.source.ip()
        {
            route.remote.set_port(named.port());
        }
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::FlowId;

    #[test]
    fn a_contact_on_the_same_host_is_used_with_its_port() {
        let mut peer = peer("192.0.2.1:40000", None);

        peer.named(Some(&uri("sip:a@192.0.2.1:5070")));

        assert_eq!(peer.route().remote, address("192.0.2.1:5070"));
    }

    #[test]
    fn a_private_contact_behind_nat_is_passed_over_for_the_source() {
        let mut peer = peer("192.0.2.1:40000", None);

        peer.named(Some(&uri("sip:a@10.0.0.1:5060")));

        assert_eq!(peer.route().remote, address("192.0.2.1:40000"));
    }

    #[test]
    fn a_connection_is_kept() {
        let mut peer = peer("192.0.2.1:40000", Some(FlowId(3)));

        peer.named(Some(&uri("sip:a@192.0.2.1:5070;transport=tcp")));

        assert_eq!(peer.route().remote, address("192.0.2.1:40000"));
        assert_eq!(peer.route().flow, Some(FlowId(3)));
    }

    #[test]
    fn the_far_end_is_known_by_its_port_and_not_by_its_host_alone() {
        let mut peer = peer("192.0.2.1:40000", None);
        peer.named(Some(&uri("sip:a@192.0.2.7")));

        for (from, flow, standing) in [
            ("192.0.2.1:40000", None, Standing::Known),
            ("[::ffff:192.0.2.1]:40000", None, Standing::Known),
            ("192.0.2.7:5060", None, Standing::Known),
            ("192.0.2.1:40001", None, Standing::Near),
            ("192.0.2.7:9", None, Standing::Near),
            ("192.0.2.1:40000", Some(FlowId(3)), Standing::Near),
            ("192.0.2.66:40000", None, Standing::Far),
        ] {
            assert_eq!(peer.standing(&source(from, flow)), standing, "{from}");
        }
    }

    #[test]
    fn one_connection_is_the_far_end_and_the_next_one_from_its_host_may_not_be() {
        let mut peer = peer("192.0.2.1:40000", Some(FlowId(3)));
        peer.named(Some(&uri("sip:a@192.0.2.1:5070;transport=tcp")));

        for (from, flow, standing) in [
            ("192.0.2.1:40000", Some(FlowId(3)), Standing::Known),
            ("192.0.2.1:40000", Some(FlowId(4)), Standing::Near),
            ("192.0.2.1:40000", None, Standing::Near),
            ("192.0.2.1:5070", None, Standing::Near),
            ("192.0.2.66:40000", Some(FlowId(4)), Standing::Far),
        ] {
            assert_eq!(peer.standing(&source(from, flow)), standing, "{from}");
        }
    }

    fn peer(remote: &str, flow: Option<FlowId>) -> Peer {
        Peer::new(source(remote, flow), false)
    }

    fn source(remote: &str, flow: Option<FlowId>) -> Source {
        Source {
            transport: if flow.is_some() {
                Transport::Tcp
            } else {
                Transport::Udp
            },
            local: address("192.0.2.9:5060"),
            remote: address(remote),
            flow,
        }
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }
}
