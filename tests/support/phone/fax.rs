//! A phone as a fax machine: T.38 in place of sound, datagrams of its own.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sip::SessionId;

use super::super::PATIENCE;
use super::desk::Desk;
use super::line::Line;

/// How it went with a fax.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Where the exchange takes datagrams.
    far: Option<SocketAddr>,
    /// The status that refused it.
    refused: Option<u16>,
    socket: Option<Arc<UdpSocket>>,
    /// The far end's terms.
    terms: String,
}

/// A fax machine that is connected.
#[derive(Debug)]
pub(crate) struct Machine {
    socket: Arc<UdpSocket>,
    far: SocketAddr,
    /// The other machine's terms, as they came.
    pub(crate) terms: String,
}

impl Machine {
    pub(crate) fn sends(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.far).unwrap();
    }

    /// Waits for exactly this.
    pub(crate) fn gets(&self, datagram: &[u8]) {
        let mut octets = [0; 1_500];
        let (length, from) = self.socket.recv_from(&mut octets).unwrap();
        assert_eq!(&octets[..length], datagram);
        assert_eq!(from, self.far);
    }
}

impl Line {
    /// Asks for T.38 in place of the sound.
    pub(crate) fn wants_fax(&self) {
        self.act(|desk, now, session| desk.offer_fax(now, session));
    }

    /// Waits until it faxes.
    pub(crate) fn faxes(&self) -> Machine {
        self.wait("a fax", |state| {
            let (socket, far) = (state.fax.socket.clone()?, state.fax.far?);
            let terms = state.fax.terms.clone();
            Some(Machine { socket, far, terms })
        })
    }

    /// Waits until its wish is refused; the status.
    pub(crate) fn is_refused_a_fax(&self) -> u16 {
        self.wait("a refusal of the fax", |state| state.fax.refused)
    }
}

impl Desk {
    fn offer_fax(&mut self, now: Instant, session: SessionId) {
        let (socket, offer) = self.fax_of_its_own("a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n");
        if let Some(call) = self.calls.get(&session) {
            call.line.note(|state| state.fax.socket = Some(socket));
        }
        self.endpoint.offer(now, session, offer);
    }

    /// Takes a fax that it is offered; false when it is none, or the phone no machine.
    pub(super) fn takes_fax(&mut self, now: Instant, session: SessionId, sdp: &[u8]) -> bool {
        let Some((far, terms)) = read(sdp).filter(|_| self.manner.fax) else {
            return false;
        };
        let (socket, answer) = self.fax_of_its_own("a=T38FaxVersion:0\r\na=T38MaxBitRate:9600\r\n");
        if let Some(call) = self.calls.get_mut(&session) {
            call.voice.falls_silent();
            call.line.note(|state| {
                (state.fax.socket, state.fax.far) = (Some(socket), Some(far));
                state.fax.terms = terms;
            });
        }
        self.endpoint.answer(now, session, answer);
        true
    }

    /// An offer of ours was answered; whether that is a fax.
    pub(super) fn fax_is_answered(&mut self, session: SessionId, sdp: &[u8]) -> bool {
        let (Some((far, terms)), Some(call)) = (read(sdp), self.calls.get_mut(&session)) else {
            return false;
        };
        call.voice.falls_silent();
        call.line.note(|state| {
            state.fax.far = Some(far);
            state.fax.terms = terms;
        });
        true
    }

    pub(super) fn fax_is_refused(&self, session: SessionId, status: u16) {
        if let Some(call) = self.calls.get(&session) {
            call.line.note(|state| state.fax.refused = Some(status));
        }
    }

    fn fax_of_its_own(&self, terms: &str) -> (Arc<UdpSocket>, Bytes) {
        let socket = UdpSocket::bind((self.manner.address.ip(), 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let address = socket.local_addr().unwrap();
        let (host, port) = (address.ip(), address.port());
        let sdp = format!(
            "v=0\r\no=- 1 {port} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=image {port} udptl t38\r\n{terms}"
        );
        (Arc::new(socket), sdp.into())
    }
}

/// Where a description takes datagrams, and its terms.
fn read(sdp: &[u8]) -> Option<(SocketAddr, String)> {
    let text = String::from_utf8_lossy(sdp);
    let field = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix));
    let host: IpAddr = field("c=IN IP4 ")?.trim().parse().ok()?;
    let port: u16 = field("m=image ")?.split(' ').next()?.parse().ok()?;
    let terms: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("a=T38"))
        .collect();
    (port != 0).then(|| (SocketAddr::new(host, port), terms.join(" ")))
}
