//! Session descriptions (RFC 8866) and what two sides agree on by them (RFC 3264).
//!
//! [`Description::parse`] reads what came; a [`Negotiator`] is one leg's side: it writes offers
//! and answers, and tells what was agreed.

mod answer;
mod audio;
mod image;
mod offer;
mod parse;
mod payload;

use std::net::SocketAddr;

pub use audio::{Audio, CodecOffer};
pub use image::Image;
pub use parse::{Description, Line, Media};

use self::payload::PayloadTypes;
use crate::{CodecKind, Direction, Negotiated, TelephoneEvent};

/// Longer descriptions are refused.
pub const MAX_BYTES: usize = 65_536;

/// Descriptions with more m-lines are refused.
pub const MAX_MEDIA: usize = 32;

/// Where and how one leg's sound reaches us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LocalSide {
    /// Our RTP address as the peer sees it.
    pub address: SocketAddr,
    /// Our RTCP port; said only where it is not the RTP port plus one (RFC 3605).
    pub rtcp_port: u16,
    /// Offer RTCP on the RTP port (RFC 5761). Where the peer offers it, it is always taken.
    pub rtcp_mux: bool,
    /// Milliseconds of sound in a packet that we like.
    pub ptime: u8,
    /// The session id of the o= line, random.
    pub session_id: u64,
}

/// One leg's side of offer and answer, for the life of its dialog.
///
/// It keeps what RFC 3264 §8 wants kept: the version of the o= line rises when the description
/// changes, and a payload type never changes its meaning.
#[derive(Clone, Debug)]
pub struct Negotiator {
    local: LocalSide,
    version: u64,
    /// The last description without its version, to see whether the next differs.
    last: Vec<u8>,
    payload_types: PayloadTypes,
    /// What the last offer of ours had, in its order.
    offered: Vec<CodecKind>,
    offered_direction: Direction,
    /// Whether keys are agreed on as telephone-events.
    has_events: bool,
    /// How many m-lines the session has, and where the audio is among them. They never go away.
    shape: Shape,
}

/// The m-lines of a session.
#[derive(Clone, Debug, Default)]
struct Shape {
    /// Refused m-lines before the audio, as `video 0 RTP/AVP 96`.
    before: Vec<Vec<u8>>,
    /// Refused m-lines after it.
    after: Vec<Vec<u8>>,
    /// The protocol of the audio m-line.
    protocol: Option<Vec<u8>>,
}

/// What a leg is set up with after offer and answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreed {
    /// The codec, with the payload types for both ways.
    pub codec: Negotiated,
    /// telephone-event's payload types for both ways, and its clock rate.
    pub telephone_event: Option<TelephoneEvent>,
    /// Where our sound goes; `None` while the peer holds with 0.0.0.0.
    pub remote: Option<SocketAddr>,
    /// Where our reports go.
    pub remote_rtcp: Option<SocketAddr>,
    /// Reports share the port.
    pub rtcp_mux: bool,
    /// Who may speak, from our side.
    pub direction: Direction,
    /// Milliseconds of sound in a packet that we send.
    pub ptime: u8,
    /// The peer does not want to hear us although we would speak: it holds the call.
    pub held_by_peer: bool,
}

impl Negotiator {
    /// Before the first offer.
    pub fn new(local: LocalSide) -> Self {
        Self {
            local,
            version: local.session_id,
            last: Vec::new(),
            payload_types: PayloadTypes::default(),
            offered: Vec::new(),
            offered_direction: Direction::SendRecv,
            has_events: true,
            shape: Shape::default(),
        }
    }

    /// Keys are agreed on as telephone-events no longer: they come as tones, or by signalling.
    pub fn without_events(&mut self) {
        self.has_events = false;
    }

    /// Our side.
    pub fn local(&self) -> LocalSide {
        self.local
    }

    /// Another address of ours from now on: the next offer or answer says it.
    pub fn move_to(&mut self, address: SocketAddr, rtcp_port: u16) {
        self.local.address = address;
        self.local.rtcp_port = rtcp_port;
    }

    /// Writes a description of ours with its session part; the version rises when it differs from
    /// the one before.
    fn publish(&mut self, media: &[u8]) -> Vec<u8> {
        let (family, host) = family_and_host(self.local.address);
        let mut body = format!("s=-\r\nc=IN {family} {host}\r\nt=0 0\r\n").into_bytes();
        body.extend_from_slice(media);
        if body != self.last {
            if !self.last.is_empty() {
                self.version = self.version.wrapping_add(1);
            }
            self.last.clone_from(&body);
        }
        let id = self.local.session_id;
        let version = self.version;
        let mut text = format!("v=0\r\no=- {id} {version} IN {family} {host}\r\n").into_bytes();
        text.append(&mut body);
        text
    }

    /// The rest of an audio section: what follows its formats.
    fn write_transport(&self, out: &mut String, mux: bool, direction: Direction) {
        let local = self.local;
        out.push_str(&format!("a=ptime:{}\r\n", local.ptime));
        if mux {
            out.push_str("a=rtcp-mux\r\n");
        } else if Some(local.rtcp_port) != local.address.port().checked_add(1) {
            out.push_str(&format!("a=rtcp:{}\r\n", local.rtcp_port));
        }
        out.push_str("a=");
        out.push_str(direction_word(direction));
        out.push_str("\r\n");
    }

    /// The m-lines in the session's order, the audio among the refused.
    fn write_media(&self, audio: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for refused in &self.shape.before {
            write_refused(&mut out, refused);
        }
        out.extend_from_slice(audio.as_bytes());
        for refused in &self.shape.after {
            write_refused(&mut out, refused);
        }
        out
    }

    /// What both sides' wishes come to.
    fn agree(
        &self,
        audio: &Audio,
        codec: Negotiated,
        telephone_event: Option<TelephoneEvent>,
        wanted: Direction,
        rtcp_mux: bool,
    ) -> Agreed {
        let held = audio.is_zero();
        let peer_hears = !held && receives(audio.direction);
        let direction = direction(
            sends(wanted) && peer_hears,
            receives(wanted) && sends(audio.direction),
        );
        Agreed {
            codec,
            telephone_event,
            remote: (!held).then_some(audio.remote),
            remote_rtcp: (!held).then_some(if rtcp_mux { audio.remote } else { audio.rtcp }),
            rtcp_mux,
            direction,
            ptime: ptime(codec.kind, audio, self.local.ptime),
            held_by_peer: sends(wanted) && !peer_hears,
        }
    }
}

fn write_refused(out: &mut Vec<u8>, refused: &[u8]) {
    out.extend_from_slice(b"m=");
    out.extend_from_slice(refused);
    out.extend_from_slice(b"\r\n");
}

/// What the peer asked to be sent, within what the codec can be cut into.
fn ptime(kind: CodecKind, audio: &Audio, ours: u8) -> u8 {
    let allowed: &[u8] = match kind {
        CodecKind::Opus => &[10, 20, 40, 60],
        _ => &[10, 20, 30, 40, 50, 60],
    };
    let wanted = audio.ptime.unwrap_or_else(|| u16::from(ours));
    let most = audio.max_ptime.unwrap_or(u16::MAX).min(wanted);
    allowed
        .iter()
        .copied()
        .rev()
        .find(|&each| u16::from(each) <= most)
        .unwrap_or(10)
}

fn family_and_host(address: SocketAddr) -> (&'static str, String) {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    (family, address.ip().to_string())
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    }
}

fn direction(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn sends(direction: Direction) -> bool {
    matches!(direction, Direction::SendRecv | Direction::SendOnly)
}

fn receives(direction: Direction) -> bool {
    matches!(direction, Direction::SendRecv | Direction::RecvOnly)
}

#[cfg(test)]
mod tests;
