//! What a description says of its sound.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::parse::{Description, Media, number, words};
use crate::{CodecKind, Direction};

/// The first audio stream of a description that we could take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audio {
    /// Where its sound is to go; 0.0.0.0 in the old form of hold.
    pub remote: SocketAddr,
    /// Where its reports are to go.
    pub rtcp: SocketAddr,
    /// Reports may share the port.
    pub rtcp_mux: bool,
    /// The codecs that we know, in its order.
    pub codecs: Vec<CodecOffer>,
    /// telephone-event's payload types and clock rates.
    pub telephone_event: Vec<(u8, u32)>,
    /// Who may speak, from the peer's side, as it was written.
    pub direction: Direction,
    /// Milliseconds in a packet that the peer would like to get.
    pub ptime: Option<u16>,
    /// Milliseconds that it can take at the most.
    pub max_ptime: Option<u16>,
}

/// A codec in an offer or answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodecOffer {
    /// Which.
    pub kind: CodecKind,
    /// Its number there.
    pub payload_type: u8,
    /// Its format parameters, as they were written.
    pub fmtp: Option<Vec<u8>>,
}

impl Audio {
    /// Whether the address is 0.0.0.0 or ::, which is hold as it was before RFC 3264.
    pub fn is_zero(&self) -> bool {
        self.remote.ip().is_unspecified()
    }

    /// Whether the peer wants to hear nothing: hold by direction or by address.
    pub fn is_hold(&self) -> bool {
        self.is_zero() || !super::receives(self.direction)
    }

    /// The payload type of a codec, where the description has it.
    pub fn payload_type(&self, kind: CodecKind) -> Option<u8> {
        self.codecs
            .iter()
            .find(|codec| codec.kind == kind)
            .map(|codec| codec.payload_type)
    }

    /// The codecs, in the peer's order.
    pub fn kinds(&self) -> impl Iterator<Item = CodecKind> {
        self.codecs.iter().map(|codec| codec.kind)
    }

    /// telephone-event for a codec: at the codec's clock rate (RFC 4733 §2.1), or else at 8000,
    /// which many phones offer beside Opus.
    pub(super) fn event_for(&self, kind: CodecKind) -> Option<(u8, u32)> {
        let at = |clock| {
            self.telephone_event
                .iter()
                .copied()
                .find(|event| event.1 == clock)
        };
        at(kind.clock_rate()).or_else(|| at(8_000))
    }
}

impl Description {
    /// The first audio stream over plain RTP that is not refused and has a numeric address.
    pub fn audio(&self) -> Option<Audio> {
        self.audio_place().map(|(_, audio)| audio)
    }

    /// The same, with the number of its m-line, from 0.
    pub(super) fn audio_place(&self) -> Option<(usize, Audio)> {
        self.media()
            .enumerate()
            .find_map(|(index, media)| Some((index, read(self, media)?)))
    }
}

fn read(description: &Description, media: Media<'_>) -> Option<Audio> {
    // Secured profiles are not plain RTP, and their sound would be noise to us.
    let plain = matches!(media.protocol(), b"RTP/AVP" | b"RTP/AVPF");
    if media.kind() != b"audio" || media.port() == 0 || !plain {
        return None;
    }
    let connection = media
        .value(b'c')
        .or_else(|| description.session_value(b'c'))?;
    let remote = SocketAddr::new(address(connection)?, media.port());
    let formats = Formats::read(media);
    Some(Audio {
        remote,
        rtcp: rtcp(media, remote),
        rtcp_mux: media.attribute("rtcp-mux").is_some(),
        codecs: formats.codecs,
        telephone_event: formats.events,
        direction: direction(description, media),
        ptime: media.attribute("ptime").and_then(milliseconds),
        max_ptime: media.attribute("maxptime").and_then(milliseconds),
    })
}

/// `IN IP4 192.0.2.1`, with or without a time to live.
pub(super) fn address(connection: &[u8]) -> Option<IpAddr> {
    let mut words = words(connection);
    if words.next()? != b"IN" {
        return None;
    }
    let family = words.next()?;
    let host = words.next()?.split(|&byte| byte == b'/').next()?;
    let address: IpAddr = std::str::from_utf8(host).ok()?.parse().ok()?;
    let expected: &[u8] = if address.is_ipv4() { b"IP4" } else { b"IP6" };
    // Sound for one is never sent to many.
    let many = address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST);
    (family == expected && !many).then_some(address)
}

/// RFC 3605: `a=rtcp:53020 IN IP4 192.0.2.1`, the address optional; else the next port.
fn rtcp(media: Media<'_>, remote: SocketAddr) -> SocketAddr {
    let next = SocketAddr::new(remote.ip(), remote.port().saturating_add(1));
    let Some(value) = media.attribute("rtcp") else {
        return next;
    };
    let Some(port) = words(value)
        .next()
        .and_then(number)
        .filter(|&port: &u16| port != 0)
    else {
        return next;
    };
    let rest = value
        .iter()
        .position(|&byte| byte == b' ')
        .and_then(|at| value.get(at..));
    let host = rest.and_then(address).unwrap_or_else(|| remote.ip());
    SocketAddr::new(host, port)
}

/// The stream's own direction, else the session's, else both ways.
fn direction(description: &Description, media: Media<'_>) -> Direction {
    let of = |name: &[u8]| match name {
        b"sendrecv" => Some(Direction::SendRecv),
        b"sendonly" => Some(Direction::SendOnly),
        b"recvonly" => Some(Direction::RecvOnly),
        b"inactive" => Some(Direction::Inactive),
        _ => None,
    };
    let own = media
        .lines()
        .filter(|line| line.kind == b'a')
        .find_map(|line| of(line.value));
    own.or_else(|| {
        description
            .session()
            .filter(|line| line.kind == b'a')
            .find_map(|line| of(line.value))
    })
    .unwrap_or(Direction::SendRecv)
}

/// Some write `20.0`.
fn milliseconds(value: &[u8]) -> Option<u16> {
    let whole = value.trim_ascii().split(|&byte| byte == b'.').next()?;
    number(whole).filter(|&milliseconds| milliseconds > 0)
}

/// The payload types that we know, in the order of the m-line.
struct Formats {
    codecs: Vec<CodecOffer>,
    events: Vec<(u8, u32)>,
}

impl Formats {
    fn read(media: Media<'_>) -> Self {
        let mut formats = Self {
            codecs: Vec::new(),
            events: Vec::new(),
        };
        for payload_type in words(media.formats())
            .filter_map(number::<u8>)
            .take(MAX_FORMATS)
        {
            if payload_type > 127 {
                continue;
            }
            match meaning(media, payload_type) {
                Some(Meaning::Codec(kind)) => formats.codecs.push(CodecOffer {
                    kind,
                    payload_type,
                    fmtp: for_type(media, "fmtp", payload_type).map(<[u8]>::to_vec),
                }),
                Some(Meaning::Event(clock)) => formats.events.push((payload_type, clock)),
                None => {}
            }
        }
        formats
    }
}

enum Meaning {
    Codec(CodecKind),
    Event(u32),
}

fn meaning(media: Media<'_>, payload_type: u8) -> Option<Meaning> {
    let Some(map) = for_type(media, "rtpmap", payload_type) else {
        // RFC 3551 §6: numbers that need no rtpmap.
        return Some(Meaning::Codec(match payload_type {
            0 => CodecKind::Pcmu,
            8 => CodecKind::Pcma,
            9 => CodecKind::G722,
            18 => CodecKind::G729,
            _ => return None,
        }));
    };
    let mut parts = map.trim_ascii().split(|&byte| byte == b'/');
    let name = parts.next()?;
    let clock: u32 = number(parts.next()?)?;
    let channels = parts.next().unwrap_or(b"1");
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
    if is("opus") && clock == 48_000 {
        return Some(Meaning::Codec(CodecKind::Opus));
    }
    if channels != b"1" {
        return None;
    }
    match clock {
        8_000 if is("PCMA") => Some(Meaning::Codec(CodecKind::Pcma)),
        8_000 if is("PCMU") => Some(Meaning::Codec(CodecKind::Pcmu)),
        8_000 if is("G729") => Some(Meaning::Codec(CodecKind::G729)),
        // The clock rate of G.722 is 8000 by an old mistake that some phones correct.
        8_000 | 16_000 if is("G722") => Some(Meaning::Codec(CodecKind::G722)),
        8_000 | 16_000 | 48_000 if is("telephone-event") => Some(Meaning::Event(clock)),
        _ => None,
    }
}

/// The rest of `a=name:96 …` for a payload type.
fn for_type<'a>(media: Media<'a>, name: &str, payload_type: u8) -> Option<&'a [u8]> {
    media.lines().find_map(|line| {
        let value = line.attribute(name)?;
        let blank = value.iter().position(|&byte| byte == b' ')?;
        let (number_text, rest) = value.split_at(blank);
        (number::<u8>(number_text) == Some(payload_type)).then(|| rest.trim_ascii())
    })
}

/// An m-line with more is not looked at further.
const MAX_FORMATS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phones_offer_is_understood() {
        let audio = audio(
            "m=audio 49170 RTP/AVP 111 9 8 0 18 3 101 110\r\na=rtpmap:111 OPUS/48000/2\r\n\
             a=fmtp:111 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\n\
             a=rtpmap:110 telephone-event/48000\r\na=rtpmap:8 PCMA/8000/1\r\na=ptime:30\r\n\
             a=maxptime:60\r\na=rtcp-mux\r\n",
        );

        let kinds: Vec<_> = audio.kinds().collect();
        assert_eq!(
            kinds,
            [
                CodecKind::Opus,
                CodecKind::G722,
                CodecKind::Pcma,
                CodecKind::Pcmu,
                CodecKind::G729
            ]
        );
        assert_eq!(
            audio.codecs[0].fmtp.as_deref(),
            Some(&b"useinbandfec=1"[..])
        );
        assert_eq!(audio.telephone_event, [(101, 8_000), (110, 48_000)]);
        assert_eq!(audio.remote, "192.0.2.1:49170".parse().unwrap());
        assert_eq!(audio.rtcp, "192.0.2.1:49171".parse().unwrap());
        assert_eq!((audio.ptime, audio.max_ptime), (Some(30), Some(60)));
        assert!(audio.rtcp_mux);
        assert_eq!(audio.direction, Direction::SendRecv);
    }

    #[test]
    fn the_streams_address_and_direction_go_before_the_sessions() {
        let audio =
            audio("a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\na=recvonly\r\n");

        assert_eq!(audio.remote, "[2001:db8::1]:4000".parse().unwrap());
        assert_eq!(audio.direction, Direction::RecvOnly);
    }

    #[test]
    fn reports_may_have_a_place_of_their_own() {
        for (line, expected) in [
            ("a=rtcp:5000", "192.0.2.1:5000"),
            ("a=rtcp:5000 IN IP4 192.0.2.9", "192.0.2.9:5000"),
            ("a=rtcp:5000 IN IP4 nonsense", "192.0.2.1:5000"),
            ("a=rtcp:x", "192.0.2.1:4001"),
            ("a=rtcp:0", "192.0.2.1:4001"),
        ] {
            let audio = audio(&format!("m=audio 4000 RTP/AVP 0\r\n{line}\r\n"));
            assert_eq!(audio.rtcp, expected.parse().unwrap(), "{line}");
        }
    }

    #[test]
    fn every_form_of_hold_is_seen() {
        for (lines, held) in [
            ("a=sendrecv\r\n", false),
            ("a=recvonly\r\n", false),
            ("a=sendonly\r\n", true),
            ("a=inactive\r\n", true),
            ("c=IN IP4 0.0.0.0\r\n", true),
            ("c=IN IP6 ::\r\n", true),
        ] {
            let audio = audio(&format!("m=audio 4000 RTP/AVP 0\r\n{lines}"));
            assert_eq!(audio.is_hold(), held, "{lines}");
        }
    }

    #[test]
    fn what_is_not_plain_audio_with_an_address_is_passed_over() {
        for media in [
            "m=audio 0 RTP/AVP 0\r\n",
            "m=audio 4000 RTP/SAVP 0\r\n",
            "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n",
            "m=video 4000 RTP/AVP 0\r\n",
            "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n",
            "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n",
            "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 255.255.255.255\r\n",
            "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 192.0.2.1\r\n",
        ] {
            assert_eq!(description(media).audio(), None, "{media}");
        }
        let second = description("m=video 1 RTP/AVP 31\r\nm=audio 2 RTP/AVP 0\r\n");
        assert_eq!(second.audio_place().unwrap().0, 1);
    }

    #[test]
    fn numbers_that_mean_something_else_are_not_taken_for_codecs() {
        let audio = audio(
            "m=audio 4000 RTP/AVP 0 96 97 98 300 x\r\na=rtpmap:0 DVI4/8000\r\n\
             a=rtpmap:96 PCMA/8000/2\r\na=rtpmap:97 opus/16000\r\n",
        );

        assert_eq!(audio.codecs, []);
    }

    fn audio(media: &str) -> Audio {
        description(media).audio().unwrap()
    }

    fn description(media: &str) -> Description {
        let text = format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n{media}");
        Description::parse(text.as_bytes()).unwrap()
    }
}
