//! Cutting a stream into messages: RFC 3261 §18.3, keep-alives of RFC 5626 §3.5.1.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

use crate::header::Name;
use crate::header::scan::{is_space, trim};
use crate::text::number;
use crate::{Error, limits};

/// Collects what a stream brings and hands out whole messages.
///
/// Feed it with [`push`](Self::push), then call [`next_frame`](Self::next_frame) until it returns
/// `Ok(None)`. After an error the stream has no readable boundaries any more: close it. Of a message
/// that is too long, [`rest`](Self::rest) has what its sender can be told by.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// How far the end of the head has been looked for in vain.
    searched: usize,
}

/// What stands in a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// One message, for [`Message::parse`](crate::Message::parse).
    Message(Bytes),
    /// A double line end: the far end asks whether we are there, and is owed [`PONG`].
    Ping,
}

/// The answer to a [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";

impl Framer {
    /// Begins with an empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what has come.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Tells whether a message has begun and not ended; a stream that stays so for long is dripping.
    pub fn is_amid_message(&self) -> bool {
        self.buffer
            .iter()
            .any(|octet| !matches!(octet, b'\r' | b'\n'))
    }

    /// Takes out what has come and was not handed out.
    pub fn rest(&mut self) -> Bytes {
        self.searched = 0;
        self.buffer.split().freeze()
    }

    /// Returns the next message or keep-alive; `None` if more octets are needed.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            match self.buffer.first() {
                None => return Ok(None),
                Some(b'\r' | b'\n') => {}
                Some(_) => break,
            }
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.advance(4);
                return Ok(Some(Frame::Ping));
            }
            // The first half of a ping, and no message yet that it could be a stray end of.
            if b"\r\n\r\n".starts_with(&self.buffer) {
                return Ok(None);
            }
            self.buffer.advance(1);
        }
        let Some(head) = self.end_of_head()? else {
            return Ok(None);
        };
        let length = content_length(self.buffer.get(..head).unwrap_or_default())?;
        let total = head
            .checked_add(length)
            .filter(|&total| total <= limits::MESSAGE);
        let total = total.ok_or(Error::MessageTooLong)?;
        if self.buffer.len() < total {
            return Ok(None);
        }
        self.searched = 0;
        Ok(Some(Frame::Message(self.buffer.split_to(total).freeze())))
    }

    /// Returns where the body begins, behind the first empty line.
    fn end_of_head(&mut self) -> Result<Option<usize>, Error> {
        let start = self.searched;
        let rest = self.buffer.get(start..).unwrap_or_default();
        let crlf = memmem::find(rest, b"\n\r\n").map(|at| start + at + 3);
        let lf = memmem::find(rest, b"\n\n").map(|at| start + at + 2);
        let end = match (crlf, lf) {
            (Some(crlf), Some(lf)) => Some(crlf.min(lf)),
            (crlf, lf) => crlf.or(lf),
        };
        if end.unwrap_or(self.buffer.len()) > limits::MESSAGE {
            return Err(Error::MessageTooLong);
        }
        if end.is_none() {
            self.searched = self.buffer.len().saturating_sub(2);
        }
        Ok(end)
    }
}

/// Reads Content-Length; without one there is no body, for a stream has no other way to say it.
fn content_length(head: &[u8]) -> Result<usize, Error> {
    let mut found = None;
    for line in head.split(|&octet| octet == b'\n').skip(1) {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        if line.first().is_none_or(|&octet| is_space(octet)) {
            continue;
        }
        let name = line.get(trim(line, 0..colon)).unwrap_or_default();
        if Name::of(name) != Name::ContentLength {
            continue;
        }
        let value = line
            .get(trim(line, colon + 1..line.len()))
            .unwrap_or_default();
        let length = number(value).ok_or(Error::Malformed(Name::ContentLength))?;
        if found.replace(length).is_some() {
            return Err(Error::Repeated(Name::ContentLength));
        }
    }
    Ok(found.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &str = "BYE sip:a@b SIP/2.0\r\nl: 4\r\n\r\nbody";

    #[test]
    fn messages_and_pings_are_told_apart_octet_by_octet() {
        let stream = format!("\r\n\r\n{BYE}{BYE}\r\n\r\n{BYE}");
        let mut framer = Framer::new();
        let mut frames = Vec::new();

        for octet in stream.bytes() {
            framer.push(&[octet]);
            while let Some(frame) = framer.next_frame().unwrap() {
                frames.push(frame);
            }
        }

        let message = Frame::Message(Bytes::from_static(BYE.as_bytes()));
        let ping = Frame::Ping;
        assert_eq!(
            frames,
            [
                ping.clone(),
                message.clone(),
                message.clone(),
                ping,
                message
            ]
        );
        assert!(!framer.is_amid_message());
    }

    #[test]
    fn a_single_line_end_between_messages_is_passed_over() {
        let mut framer = Framer::new();

        framer.push(format!("\r\n{BYE}\n{BYE}").as_bytes());

        for _ in 0..2 {
            let frame = framer.next_frame().unwrap();
            assert_eq!(
                frame,
                Some(Frame::Message(Bytes::from_static(BYE.as_bytes())))
            );
        }
    }

    #[test]
    fn bare_line_feeds_end_lines_too() {
        let text = "BYE sip:a@b SIP/2.0\nContent-Length : 2\n\nab";
        let mut framer = Framer::new();

        framer.push(text.as_bytes());

        let frame = framer.next_frame().unwrap();
        assert_eq!(
            frame,
            Some(Frame::Message(Bytes::from_static(text.as_bytes())))
        );
    }

    #[test]
    fn a_message_without_content_length_has_no_body() {
        let mut framer = Framer::new();

        framer.push(b"BYE sip:a@b SIP/2.0\r\nX: 1\r\n\r\nBYE");

        assert!(matches!(framer.next_frame(), Ok(Some(Frame::Message(head))) if head.len() == 29));
        assert!(framer.is_amid_message());
    }

    #[test]
    fn what_has_no_boundary_ends_the_stream() {
        for (head, fault) in [
            ("l: x", Error::Malformed(Name::ContentLength)),
            ("l: -1", Error::Malformed(Name::ContentLength)),
            (
                "l: 1\r\nContent-Length: 1",
                Error::Repeated(Name::ContentLength),
            ),
            ("l: 65536", Error::MessageTooLong),
            ("l: 18446744073709551615", Error::MessageTooLong),
            (
                "l: 99999999999999999999",
                Error::Malformed(Name::ContentLength),
            ),
        ] {
            let mut framer = Framer::new();

            framer.push(format!("BYE sip:a@b SIP/2.0\r\n{head}\r\n\r\n").as_bytes());

            assert_eq!(framer.next_frame(), Err(fault), "{head}");
        }
    }

    #[test]
    fn a_head_without_end_is_too_long_at_64_kib() {
        let mut framer = Framer::new();
        let line = [b'x'; 1024];

        for _ in 0..64 {
            framer.push(&line);
            assert_eq!(framer.next_frame(), Ok(None));
        }
        framer.push(b"x");

        assert_eq!(framer.next_frame(), Err(Error::MessageTooLong));
        assert_eq!(framer.rest().len(), 64 * 1024 + 1);
        assert!(!framer.is_amid_message());
    }
}
