//! Session descriptions as a phone writes and reads them; on purpose not the exchange's own.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use media::CodecKind;

use super::Hold;

/// What a far end has said of its sound.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) address: SocketAddr,
    /// Payload types in their order, with what they mean.
    pub(super) codecs: Vec<(u8, CodecKind)>,
    pub(super) telephone_event: Option<u8>,
    /// Whether it wants to hear us.
    pub(super) listens: bool,
}

impl Description {
    pub(super) fn parse(sdp: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(sdp);
        let field = |prefix: &str| {
            text.lines()
                .filter_map(move |line| line.strip_prefix(prefix.to_owned().as_str()))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let host: IpAddr = field("c=IN IP4 ").last()?.trim().parse().ok()?;
        let audio = field("m=audio ").into_iter().next()?;
        let mut words = audio.split_whitespace();
        let port = words.next()?.parse().ok()?;
        let types: Vec<u8> = words.skip(1).filter_map(|word| word.parse().ok()).collect();
        let names: Vec<(u8, String)> = field("a=rtpmap:")
            .into_iter()
            .filter_map(|map| {
                let (number, name) = map.split_once(' ')?;
                Some((number.parse().ok()?, name.trim().to_ascii_lowercase()))
            })
            .collect();
        let kind = |number: u8| {
            let name = names.iter().find(|(mapped, _)| *mapped == number);
            match name.map(|(_, name)| name.as_str()) {
                Some(name) if name.starts_with("opus/48000") => Some(CodecKind::Opus),
                Some(name) if name.starts_with("g722/8000") => Some(CodecKind::G722),
                Some(name) if name.starts_with("pcma/8000") => Some(CodecKind::Pcma),
                Some(name) if name.starts_with("pcmu/8000") => Some(CodecKind::Pcmu),
                Some(_) => None,
                None => [
                    (0, CodecKind::Pcmu),
                    (8, CodecKind::Pcma),
                    (9, CodecKind::G722),
                ]
                .into_iter()
                .find(|(fixed, _)| *fixed == number)
                .map(|(_, kind)| kind),
            }
        };
        let silent = text.contains("a=sendonly") || text.contains("a=inactive");
        Some(Self {
            address: SocketAddr::new(host, port),
            codecs: types
                .iter()
                .filter_map(|&number| Some((number, kind(number)?)))
                .collect(),
            telephone_event: names
                .iter()
                .find(|(_, name)| name.starts_with("telephone-event/8000"))
                .map(|(number, _)| *number),
            listens: !silent && !host.is_unspecified() && port != 0,
        })
    }
}

/// What we say of ours.
#[derive(Clone, Debug)]
pub(super) struct Own<'a> {
    pub(super) address: SocketAddr,
    pub(super) version: u32,
    pub(super) codecs: &'a [(u8, CodecKind)],
    pub(super) telephone_event: Option<u8>,
    pub(super) hold: Option<Hold>,
}

impl Own<'_> {
    pub(super) fn text(&self) -> String {
        let host = self.address.ip();
        let said = match self.hold {
            Some(Hold::Zero) => "0.0.0.0".to_owned(),
            _ => host.to_string(),
        };
        let mut types: Vec<String> = self
            .codecs
            .iter()
            .map(|(number, _)| number.to_string())
            .collect();
        types.extend(self.telephone_event.map(|number| number.to_string()));
        let mut text = format!(
            "v=0\r\no=- 1 {} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {said}\r\nt=0 0\r\nm=audio {} RTP/AVP {}\r\n",
            self.version,
            self.address.port(),
            types.join(" ")
        );
        for (number, kind) in self.codecs {
            let name = match kind {
                CodecKind::Pcma => "PCMA/8000",
                CodecKind::Pcmu => "PCMU/8000",
                CodecKind::G722 => "G722/8000",
                CodecKind::Opus => "opus/48000/2",
                CodecKind::G729 => "G729/8000",
            };
            let _ = write!(text, "a=rtpmap:{number} {name}\r\n");
        }
        if let Some(number) = self.telephone_event {
            let _ = write!(
                text,
                "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n"
            );
        }
        text.push_str("a=ptime:20\r\n");
        text.push_str(match self.hold {
            Some(Hold::SendOnly) => "a=sendonly\r\n",
            _ => "a=sendrecv\r\n",
        });
        text
    }
}

/// The payload type that our own offers give a codec; not those that the exchange likes.
pub(super) fn payload_type(kind: CodecKind) -> u8 {
    match kind {
        CodecKind::Pcmu => 0,
        CodecKind::Pcma => 8,
        CodecKind::G722 => 9,
        CodecKind::G729 => 18,
        CodecKind::Opus => 109,
    }
}

/// The payload type that our own offers give keys.
pub(super) const TELEPHONE_EVENT: u8 = 98;
