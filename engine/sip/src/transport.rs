//! Where messages come from and go to. Sockets live elsewhere; these are their names.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

/// How a message travels.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Datagrams, may be lost.
    Udp,
    /// A stream.
    Tcp,
    /// A stream over TLS.
    Tls,
    /// WebSocket, RFC 7118.
    Ws,
}

impl Transport {
    /// Whether the transport itself repeats what is lost, so that the transactions do not.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// The word in a Via header.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
        }
    }

    /// The `;transport=` parameter of a Contact; `None` for UDP, the default.
    pub fn uri_parameter(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws => Some("ws"),
        }
    }
}

/// One connection, as the sockets number them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct FlowId(pub u64);

/// Where a message came from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Source {
    /// How it came.
    pub transport: Transport,
    /// The address of ours that it reached.
    pub local: SocketAddr,
    /// The address that it was sent from.
    pub remote: SocketAddr,
    /// The connection, on connected transports.
    pub flow: Option<FlowId>,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Route {
    /// How it goes.
    pub transport: Transport,
    /// The address of ours to send from; `None` lets the sockets choose.
    pub local: Option<SocketAddr>,
    /// The address to send to.
    pub remote: SocketAddr,
    /// The connection to use; when it is gone, a new one to `remote` is opened.
    pub flow: Option<FlowId>,
}

/// Bytes to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transmit {
    /// Where to.
    pub route: Route,
    /// One whole message.
    pub payload: Bytes,
}

impl Source {
    /// The way back to where the message came from, port and connection alike (RFC 3581 §4).
    pub fn reply_route(&self) -> Route {
        Route {
            transport: self.transport,
            local: Some(self.local),
            remote: self.remote,
            flow: self.flow,
        }
    }

    /// The sender's address, with IPv4 in its own form where it was mapped into IPv6.
    pub fn ip(&self) -> IpAddr {
        self.remote.ip().to_canonical()
    }
}
