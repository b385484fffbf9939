//! Our answers to the peer's offers.

use super::payload::{Format, write_format};
use super::{Agreed, Description, Negotiator, Shape};
use crate::{CodecKind, Direction, Negotiated, SdpError, TelephoneEvent};

impl Negotiator {
    /// Answers with one codec, the first of `codecs` that the offer has, and with telephone-event
    /// where it was offered; other streams are refused. `direction` is what we would like.
    pub fn answer(
        &mut self,
        offer: &Description,
        codecs: &[CodecKind],
        direction: Direction,
    ) -> Result<(Vec<u8>, Agreed), SdpError> {
        let (index, audio) = offer.audio_place().ok_or(SdpError::NoAudio)?;
        let (kind, number) = codecs
            .iter()
            .find_map(|&kind| Some((kind, audio.payload_type(kind)?)))
            .ok_or_else(|| SdpError::NoCodec {
                theirs: names(offer),
            })?;
        let event = audio.event_for(kind).filter(|_| self.has_events);
        for codec in &audio.codecs {
            self.payload_types
                .adopt(Format::Codec(codec.kind), codec.payload_type);
        }
        for &(number, clock) in &audio.telephone_event {
            self.payload_types.adopt(Format::Event(clock), number);
        }
        // The peer's numbers are good for both ways (RFC 3264 §6.1).
        let codec = Negotiated {
            kind,
            send: number,
            receive: number,
        };
        let keys = event.map(|(number, clock_rate)| TelephoneEvent {
            send: number,
            receive: number,
            clock_rate,
        });
        let agreed = self.agree(&audio, codec, keys, direction, audio.rtcp_mux);

        self.shape = shape(offer, index);
        self.offered = vec![kind];
        self.offered_direction = direction;
        let protocol = self.shape.protocol.as_deref().unwrap_or(b"RTP/AVP");
        let mut text = format!(
            "m=audio {} {} {number}",
            self.local.address.port(),
            String::from_utf8_lossy(protocol)
        );
        if let Some((number, _)) = event {
            text.push_str(&format!(" {number}"));
        }
        text.push_str("\r\n");
        write_format(&mut text, Format::Codec(kind), number);
        if let Some((number, clock)) = event {
            write_format(&mut text, Format::Event(clock), number);
        }
        self.write_transport(&mut text, agreed.rtcp_mux, agreed.direction);
        let media = self.write_media(&text);
        Ok((self.publish(&media), agreed))
    }
}

/// The m-lines of a session after this offer: all but the audio are refused.
pub(super) fn shape(offer: &Description, audio: usize) -> Shape {
    let mut shape = Shape::default();
    for (index, media) in offer.media().enumerate() {
        if index == audio {
            shape.protocol = Some(media.protocol().to_vec());
            continue;
        }
        let line = [
            media.kind(),
            b" 0 ",
            media.protocol(),
            b" ",
            media.formats(),
        ]
        .concat();
        if index < audio {
            shape.before.push(line);
        } else {
            shape.after.push(line);
        }
    }
    shape
}

/// What a description offers, for an error message: short, whatever it holds.
pub(super) fn names(description: &Description) -> String {
    let names: Vec<String> = description
        .media()
        .filter(|media| media.kind() == b"audio")
        .flat_map(|media| {
            let maps = media.lines().filter_map(|line| line.attribute("rtpmap"));
            std::iter::once(media.formats()).chain(maps)
        })
        .map(|name| name.iter().take(40).copied().collect::<Vec<u8>>())
        .map(|name| String::from_utf8_lossy(&name).escape_default().to_string())
        .take(10)
        .collect();
    names.join(", ")
}
