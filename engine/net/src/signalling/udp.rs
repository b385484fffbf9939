//! SIP datagrams.

use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use sip::{Source, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use super::Received;
use super::near::Near;
use crate::Error;

/// One UDP listener.
#[derive(Debug)]
pub(super) struct Udp {
    socket: UdpSocket,
    local: SocketAddr,
    near: Near,
    datagram: Box<[u8]>,
}

impl Udp {
    pub(super) fn bind(address: SocketAddr) -> Result<Self, Error> {
        let listen = |source| Error::Listen {
            transport: "udp",
            address,
            source,
        };
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )
        .map_err(listen)?;
        // Bursts of registrations wait here instead of being lost; the kernel may give less.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
        if address.is_ipv6() {
            socket.set_only_v6(true).map_err(listen)?;
        }
        socket.set_nonblocking(true).map_err(listen)?;
        socket.bind(&address.into()).map_err(listen)?;
        let socket = UdpSocket::from_std(socket.into()).map_err(listen)?;
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            local,
            near: Near::new(local),
            datagram: vec![0; 65_536].into_boxed_slice(),
        })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether what was said to have reached us at `near` has come through this socket.
    pub(super) fn is_seen_at(&self, near: SocketAddr) -> bool {
        let is_any = self.local.ip().is_unspecified() && self.local.is_ipv4() == near.is_ipv4();
        self.local == near || (is_any && self.local.port() == near.port())
    }

    /// `None` for what is no message: keep-alives, and errors of earlier sends.
    pub(super) fn poll_receive(&mut self, task: &mut Context<'_>) -> Poll<Option<Received>> {
        let mut buffer = ReadBuf::new(&mut self.datagram);
        let Ok(remote) = ready!(self.socket.poll_recv_from(task, &mut buffer)) else {
            return Poll::Ready(None);
        };
        let octets = buffer.filled();
        if octets
            .iter()
            .all(|octet| matches!(octet, b'\r' | b'\n' | 0 | b' '))
        {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Received::Message {
            source: Source {
                transport: Transport::Udp,
                local: self.near.towards(remote),
                remote,
                flow: None,
            },
            octets: Bytes::copy_from_slice(octets),
        }))
    }

    pub(super) fn send(&self, payload: &Bytes, to: SocketAddr) -> bool {
        // The first send after an ICMP error reports that error and sends nothing.
        self.socket.try_send_to(payload, to).is_ok() || self.socket.try_send_to(payload, to).is_ok()
    }
}

/// 4 MiB: two seconds of 2,000 messages of 1 KB.
const SOCKET_BUFFER: usize = 4 << 20;
