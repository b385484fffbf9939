//! Reads descriptions as octets, within bounds, and keeps every line.

use std::ops::Range;

use super::{MAX_BYTES, MAX_MEDIA};
use crate::SdpError;

/// A session description as it came. Lines that nobody knows are kept.
#[derive(Clone, Debug)]
pub struct Description {
    text: Vec<u8>,
    session: Vec<LinePlace>,
    media: Vec<MediaPlace>,
}

/// One line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line<'a> {
    /// The letter before the `=`.
    pub kind: u8,
    /// What follows it, without the line's end.
    pub value: &'a [u8],
}

/// An m-line and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Media<'a> {
    description: &'a Description,
    place: &'a MediaPlace,
}

#[derive(Clone, Debug)]
struct LinePlace {
    kind: u8,
    value: Range<usize>,
}

#[derive(Clone, Debug)]
struct MediaPlace {
    kind: Range<usize>,
    port: u16,
    protocol: Range<usize>,
    formats: Range<usize>,
    head: Range<usize>,
    lines: Vec<LinePlace>,
}

impl Description {
    /// Reads a description. Line ends may be CRLF or LF; empty lines are skipped.
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError::TooLong(text.len()));
        }
        let mut description = Self {
            text: text.to_vec(),
            session: Vec::new(),
            media: Vec::new(),
        };
        let mut start = 0;
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let end = start + line.strip_suffix(b"\r").unwrap_or(line).len();
            if end > start {
                description.add(index + 1, start..end)?;
            }
            start += line.len() + 1;
        }
        if description
            .session
            .first()
            .is_none_or(|line| line.kind != b'v')
        {
            return Err(SdpError::Missing("v="));
        }
        if description.session_value(b'o').is_none() {
            return Err(SdpError::Missing("o="));
        }
        Ok(description)
    }

    /// The description with CRLF line ends, every line in its place.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len() + 16);
        let mut write = |kind: u8, value: &[u8]| {
            out.extend_from_slice(&[kind, b'=']);
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        for line in self.session() {
            write(line.kind, line.value);
        }
        for media in self.media() {
            write(b'm', self.slice(&media.place.head));
            for line in media.lines() {
                write(line.kind, line.value);
            }
        }
        out
    }

    /// The lines before the first m-line.
    pub fn session(&self) -> impl Iterator<Item = Line<'_>> {
        self.session.iter().map(|place| self.line(place))
    }

    /// The m-lines.
    pub fn media(&self) -> impl Iterator<Item = Media<'_>> {
        self.media.iter().map(|place| Media {
            description: self,
            place,
        })
    }

    /// The value of the first session line of a kind.
    pub fn session_value(&self, kind: u8) -> Option<&[u8]> {
        self.session()
            .find(|line| line.kind == kind)
            .map(|line| line.value)
    }

    /// The value of a session attribute; empty for one without a value.
    pub fn session_attribute(&self, name: &str) -> Option<&[u8]> {
        self.session().find_map(|line| line.attribute(name))
    }

    fn add(&mut self, number: usize, place: Range<usize>) -> Result<(), SdpError> {
        let wrong = |why| SdpError::Line { line: number, why };
        let line = self.slice(&place);
        let [kind, b'=', ..] = *line else {
            return Err(wrong("a letter and '=' were expected"));
        };
        if !kind.is_ascii_alphabetic() {
            return Err(wrong("a letter and '=' were expected"));
        }
        let value = place.start + 2..place.end;
        if kind == b'm' {
            if self.media.len() == MAX_MEDIA {
                return Err(SdpError::TooManyMedia);
            }
            let media = self
                .media_line(value)
                .ok_or_else(|| wrong("media, port, protocol and formats were expected"))?;
            self.media.push(media);
            return Ok(());
        }
        if kind == b'v' && self.slice(&value) != b"0" {
            return Err(wrong("version 0 was expected"));
        }
        let line = LinePlace { kind, value };
        match self.media.last_mut() {
            Some(media) => media.lines.push(line),
            None => self.session.push(line),
        }
        Ok(())
    }

    fn media_line(&self, head: Range<usize>) -> Option<MediaPlace> {
        let value = self.slice(&head);
        let mut words = Words { text: value, at: 0 };
        let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
        let formats = words.next()?.start..value.len();
        // `49170/2` means several ports; the first is the stream's.
        let port = value.get(port)?.split(|&byte| byte == b'/').next()?;
        let at = |range: Range<usize>| head.start + range.start..head.start + range.end;
        Some(MediaPlace {
            kind: at(kind),
            port: number(port)?,
            protocol: at(protocol),
            formats: at(formats),
            head: head.clone(),
            lines: Vec::new(),
        })
    }

    fn line(&self, place: &LinePlace) -> Line<'_> {
        Line {
            kind: place.kind,
            value: self.slice(&place.value),
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl<'a> Line<'a> {
    /// The value of an attribute line of that name; empty for one without a value.
    pub fn attribute(self, name: &str) -> Option<&'a [u8]> {
        if self.kind != b'a' {
            return None;
        }
        let rest = self.value.strip_prefix(name.as_bytes())?;
        match rest {
            [] => Some(rest),
            [b':', value @ ..] => Some(value),
            _ => None,
        }
    }
}

impl<'a> Media<'a> {
    /// `audio`, `video` …
    pub fn kind(self) -> &'a [u8] {
        self.description.slice(&self.place.kind)
    }

    /// The port; 0 refuses the stream.
    pub fn port(self) -> u16 {
        self.place.port
    }

    /// `RTP/AVP` …
    pub fn protocol(self) -> &'a [u8] {
        self.description.slice(&self.place.protocol)
    }

    /// The payload types as they were written, divided by spaces.
    pub fn formats(self) -> &'a [u8] {
        self.description.slice(&self.place.formats)
    }

    /// The lines that belong to it.
    pub fn lines(self) -> impl Iterator<Item = Line<'a>> {
        self.place
            .lines
            .iter()
            .map(|place| self.description.line(place))
    }

    /// The value of its first line of a kind.
    pub fn value(self, kind: u8) -> Option<&'a [u8]> {
        self.lines()
            .find(|line| line.kind == kind)
            .map(|line| line.value)
    }

    /// The value of an attribute of its own; empty for one without a value.
    pub fn attribute(self, name: &str) -> Option<&'a [u8]> {
        self.lines().find_map(|line| line.attribute(name))
    }
}

/// Parts of a line between blanks.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.iter().position(|byte| *byte != b' ')?;
        let word = self.text.get(start..)?;
        let end = start
            + word
                .iter()
                .position(|byte| *byte == b' ')
                .unwrap_or(word.len());
        self.at = end;
        Some(start..end)
    }
}

/// The parts of a value between blanks.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty())
}

/// A decimal number that fills its text.
pub(super) fn number<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    // `parse` alone would take a plus sign.
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=\xb2\xe2\xca\xd4\r\n\
        c=IN IP4 192.0.2.1\r\nt=0 0\r\na=tool:x\r\nm=audio 4000/2 RTP/AVP 8 0\r\ny=1\r\n\
        a=x-vendor:\xff\r\nm=image 0 udptl t38\r\n";

    #[test]
    fn every_line_survives_a_round_trip_known_or_not() {
        let description = Description::parse(OFFER).unwrap();

        assert_eq!(description.to_bytes(), OFFER);
        assert_eq!(description.session_attribute("tool"), Some(&b"x"[..]));
        let audio = description.media().next().unwrap();
        assert_eq!((audio.kind(), audio.port()), (&b"audio"[..], 4000));
        assert_eq!(
            (audio.protocol(), audio.formats()),
            (&b"RTP/AVP"[..], &b"8 0"[..])
        );
        assert_eq!(audio.attribute("x-vendor"), Some(&b"\xff"[..]));
        assert_eq!(audio.attribute("x-vend"), None);
    }

    #[test]
    fn lf_line_ends_and_empty_lines_are_tolerated() {
        let text: Vec<u8> = OFFER
            .iter()
            .copied()
            .filter(|&byte| byte != b'\r')
            .collect();
        let description = Description::parse(&[&text[..], b"\n\r\n"].concat()).unwrap();

        assert_eq!(description.to_bytes(), OFFER);
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_line() {
        let error = |text: &str| Description::parse(text.as_bytes()).err();

        assert_eq!(error("s=-\r\n"), Some(SdpError::Missing("v=")));
        assert_eq!(error("v=0\r\n"), Some(SdpError::Missing("o=")));
        assert_eq!(error(""), Some(SdpError::Missing("v=")));
        for (text, line) in [
            ("v=1\r\n", 1),
            ("v=0\r\nhello\r\n", 2),
            ("v=0\r\no=x\r\nm=audio x RTP/AVP 0\r\n", 3),
            ("v=0\r\no=x\r\nm=audio 70000 RTP/AVP 0\r\n", 3),
            ("v=0\r\no=x\r\nm=audio 1 RTP/AVP\r\n", 3),
        ] {
            let found = error(text);
            assert!(
                matches!(found, Some(SdpError::Line { line: at, .. }) if at == line),
                "{text}"
            );
        }
    }

    #[test]
    fn too_much_is_refused() {
        let many = "m=audio 1 RTP/AVP 0\r\n".repeat(MAX_MEDIA + 1);
        let long = vec![b'a'; MAX_BYTES + 1];

        let refused = Description::parse(format!("v=0\r\no=x\r\n{many}").as_bytes());
        assert_eq!(refused.err(), Some(SdpError::TooManyMedia));
        assert_eq!(
            Description::parse(&long).err(),
            Some(SdpError::TooLong(MAX_BYTES + 1))
        );
    }

    proptest! {
        #[test]
        fn no_octets_panic(text: Vec<u8>) {
            let _ = Description::parse(&text);
        }

        #[test]
        fn no_mutation_panics_and_what_is_read_is_read_again_alike(
            changes in proptest::collection::vec((0..OFFER.len(), any::<u8>()), 0..8),
            cut in 0..OFFER.len(),
        ) {
            let mut text = OFFER.to_vec();
            for (at, byte) in changes {
                text[at] = byte;
            }
            text.truncate(OFFER.len() - cut / 4);
            if let Ok(description) = Description::parse(&text) {
                let _ = description.audio();
                let bytes = description.to_bytes();
                prop_assert_eq!(Description::parse(&bytes).unwrap().to_bytes(), bytes);
            }
        }
    }
}
