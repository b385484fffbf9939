//! Our offers, and what answers to them come to.

use super::payload::{Format, write_format};
use super::{Agreed, Description, Negotiator};
use crate::{CodecKind, Direction, Negotiated, SdpError, TelephoneEvent};

impl Negotiator {
    /// Offers these codecs, the liked ones first, with telephone-event for them. Also the way to
    /// hold and to resume: the same codecs with another direction.
    pub fn offer(&mut self, codecs: &[CodecKind], direction: Direction) -> Vec<u8> {
        self.offered.clear();
        for &kind in codecs {
            if !self.offered.contains(&kind) {
                self.offered.push(kind);
            }
        }
        self.offered_direction = direction;

        let events = self.event_clocks().map(Format::Event);
        let events = events.filter(|_| self.has_events);
        let formats: Vec<Format> = self
            .offered
            .iter()
            .copied()
            .map(Format::Codec)
            .chain(events)
            .collect();
        let protocol = self.shape.protocol.as_deref().unwrap_or(b"RTP/AVP");
        let protocol = String::from_utf8_lossy(protocol).into_owned();
        let mut audio = format!("m=audio {} {protocol}", self.local.address.port());
        let numbered: Vec<(Format, u8)> = formats
            .into_iter()
            .map(|format| (format, self.payload_types.number(format)))
            .collect();
        for (_, number) in &numbered {
            audio.push_str(&format!(" {number}"));
        }
        audio.push_str("\r\n");
        for (format, number) in numbered {
            write_format(&mut audio, format, number);
        }
        self.write_transport(&mut audio, self.local.rtcp_mux, direction);
        let media = self.write_media(&audio);
        self.publish(&media)
    }

    /// Reads an answer to the last offer. A forked call may answer it several times; so may a
    /// 183 and a 200.
    pub fn accept(&mut self, answer: &Description) -> Result<Agreed, SdpError> {
        let expected = self.shape.before.len() + 1 + self.shape.after.len();
        if answer.media().count() != expected {
            return Err(SdpError::Mismatch("it has not as many m-lines"));
        }
        let (index, audio) = answer.audio_place().ok_or(SdpError::NoAudio)?;
        if index != self.shape.before.len() {
            return Err(SdpError::Mismatch("its audio is not where ours is"));
        }
        let chosen = audio
            .codecs
            .iter()
            .find(|codec| self.offered.contains(&codec.kind))
            .ok_or_else(|| SdpError::NoCodec {
                theirs: super::answer::names(answer),
            })?;
        let codec = Negotiated {
            kind: chosen.kind,
            send: chosen.payload_type,
            receive: self.payload_types.number(Format::Codec(chosen.kind)),
        };
        let telephone_event = audio.event_for(chosen.kind).and_then(|(send, clock_rate)| {
            Some(TelephoneEvent {
                send,
                receive: self.payload_types.known(Format::Event(clock_rate))?,
                clock_rate,
            })
        });
        let mux = self.local.rtcp_mux && audio.rtcp_mux;
        Ok(self.agree(&audio, codec, telephone_event, self.offered_direction, mux))
    }

    /// The clock rates for which telephone-event is offered: those of the codecs.
    fn event_clocks(&self) -> impl Iterator<Item = u32> + use<> {
        let narrow = self.offered.iter().any(|kind| kind.clock_rate() == 8_000);
        let wide = self.offered.iter().any(|kind| kind.clock_rate() == 48_000);
        narrow
            .then_some(8_000)
            .into_iter()
            .chain(wide.then_some(48_000))
    }
}
