//! Which number means what, for as long as a session lasts (RFC 3264 §8.3.2).

use crate::CodecKind;

/// Something that has a payload type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// Sound.
    Codec(CodecKind),
    /// Keys, with their clock rate.
    Event(u32),
}

/// The numbers that have been used in a session.
#[derive(Clone, Debug, Default)]
pub(super) struct PayloadTypes(Vec<(Format, u8)>);

impl PayloadTypes {
    /// The number of a format: as it was, or its usual one, or the first that is free.
    pub(super) fn number(&mut self, format: Format) -> u8 {
        if let Some(number) = self.known(format) {
            return number;
        }
        let free = |number: &u8| !self.0.iter().any(|(_, used)| used == number);
        let number = Some(usual(format))
            .filter(free)
            .or_else(|| (96..=127).find(free))
            // Seven formats cannot use 32 numbers up.
            .unwrap_or_else(|| usual(format));
        self.0.push((format, number));
        number
    }

    /// The number that a format has in this session already.
    pub(super) fn known(&self, format: Format) -> Option<u8> {
        self.0
            .iter()
            .find(|(known, _)| *known == format)
            .map(|(_, number)| *number)
    }

    /// Takes the peer's number over.
    pub(super) fn adopt(&mut self, format: Format, number: u8) {
        self.0
            .retain(|&(known, used)| known != format && used != number);
        self.0.push((format, number));
    }
}

fn usual(format: Format) -> u8 {
    match format {
        Format::Codec(CodecKind::Pcmu) => 0,
        Format::Codec(CodecKind::Pcma) => 8,
        Format::Codec(CodecKind::G722) => 9,
        Format::Codec(CodecKind::G729) => 18,
        Format::Codec(CodecKind::Opus) => 111,
        Format::Event(8_000) => 101,
        Format::Event(_) => 110,
    }
}

/// The lines that say what a number means.
pub(super) fn write_format(out: &mut String, format: Format, number: u8) {
    let (name, parameters) = match format {
        Format::Codec(CodecKind::Pcmu) => ("PCMU/8000", None),
        Format::Codec(CodecKind::Pcma) => ("PCMA/8000", None),
        Format::Codec(CodecKind::G722) => ("G722/8000", None),
        // Passed through to a peer that may not know Annex B's silence frames: neither side sends
        // them (RFC 7261 §3).
        Format::Codec(CodecKind::G729) => ("G729/8000", Some("annexb=no")),
        Format::Codec(CodecKind::Opus) => ("opus/48000/2", Some("minptime=10;useinbandfec=1")),
        Format::Event(8_000) => ("telephone-event/8000", Some("0-15")),
        Format::Event(16_000) => ("telephone-event/16000", Some("0-15")),
        Format::Event(_) => ("telephone-event/48000", Some("0-15")),
    };
    out.push_str(&format!("a=rtpmap:{number} {name}\r\n"));
    if let Some(parameters) = parameters {
        out.push_str(&format!("a=fmtp:{number} {parameters}\r\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_meaning_and_a_taken_one_is_avoided() {
        let mut types = PayloadTypes::default();
        types.adopt(Format::Event(8_000), 111);

        assert_eq!(types.number(Format::Codec(CodecKind::Opus)), 96);
        assert_eq!(types.number(Format::Codec(CodecKind::Opus)), 96);
        assert_eq!(types.number(Format::Event(8_000)), 111);
        assert_eq!(types.number(Format::Codec(CodecKind::Pcma)), 8);
    }
}
