//! The session description in a message: the whole body, or one part of a multipart one (RFC 5621).

use bytes::Bytes;
use memchr::memmem;

use crate::{Head, Name, Text};

/// The media type of session descriptions.
pub(crate) const SDP: &str = "application/sdp";

/// Returns the session description that a message carries, alone or as a part of a multipart body.
pub fn session_description(message: &Head) -> Option<Bytes> {
    let body = message.body();
    if body.is_empty() {
        return None;
    }
    if message.is_content_type(SDP) {
        return Some(body.clone());
    }
    if !is_multipart(message) {
        return None;
    }
    let boundary = message.header_param(Name::ContentType, "boundary")?;
    sdp_part(body, boundary.as_bytes())
}

/// Whether the body is of a kind that can be read, or need not be read (RFC 3261 §8.2.3).
pub(crate) fn is_understood(message: &Head) -> bool {
    let handling = message.header_param(Name::ContentDisposition, "handling");
    message.body().is_empty()
        || handling.is_some_and(|handling| handling.eq_ignore_case("optional"))
        || (!message.has(Name::ContentEncoding)
            && (message.is_content_type(SDP) || is_multipart(message)))
}

/// Whether a session description may come in the response; who says nothing takes one (RFC 3261
/// §20.1).
pub(crate) fn accepts_descriptions(message: &Head) -> bool {
    let mut ranges = message.header_all(Name::Accept).peekable();
    let takes = |range: Text| {
        let octets = range.as_bytes();
        let end = memchr::memchr(b';', octets).unwrap_or(octets.len());
        let range = octets.get(..end).unwrap_or_default().trim_ascii();
        ["application/sdp", "application/*", "*/*"]
            .iter()
            .any(|known| range.eq_ignore_ascii_case(known.as_bytes()))
    };
    ranges.peek().is_none() || ranges.any(takes)
}

fn is_multipart(message: &Head) -> bool {
    let content_type = message.content_type().unwrap_or_default();
    let start = content_type.as_bytes().get(..MULTIPART.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(MULTIPART))
}

/// The content of the first part that is a session description. Parts are not looked into further.
fn sdp_part(body: &Bytes, boundary: &[u8]) -> Option<Bytes> {
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return None;
    }
    let delimiter = [b"--", boundary].concat();
    let borders: Vec<usize> = memmem::find_iter(body, &delimiter)
        .take(MOST_PARTS + 1)
        .collect();
    borders.windows(2).find_map(|pair| {
        let [start, end] = pair else { return None };
        let part = body.get(start + delimiter.len()..*end)?;
        let (head, blank) = match memmem::find(part, b"\r\n\r\n") {
            Some(at) => (part.get(..at)?, 4),
            None => (part.get(..memmem::find(part, b"\n\n")?)?, 2),
        };
        if !is_sdp_head(head) {
            return None;
        }
        let from = start + delimiter.len() + head.len() + blank;
        // The line end before the next border belongs to the border.
        let content = body.get(from..*end)?;
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        Some(body.slice(from..from + content.len()))
    })
}

fn is_sdp_head(head: &[u8]) -> bool {
    head.split(|octet| *octet == b'\n').any(|line| {
        let Some(colon) = memchr::memchr(b':', line) else {
            return false;
        };
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii();
        let is_type = name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"c");
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let media_type = value.get(..end).unwrap_or_default().trim_ascii();
        is_type && media_type.eq_ignore_ascii_case(SDP.as_bytes())
    })
}

const MULTIPART: &[u8] = b"multipart/";
/// RFC 2046 §5.1.1.
const LONGEST_BOUNDARY: usize = 70;
/// Parts of one body that are looked at.
const MOST_PARTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn a_body_of_its_own_is_the_description() {
        let message = message("application/sdp;charset=x", "v=0\r\n");

        assert_eq!(
            session_description(&message),
            Some(Bytes::from_static(b"v=0\r\n"))
        );
    }

    #[test]
    fn a_part_among_others_is_found() {
        let body = "--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n\
                    --b1\r\ncontent-type: Application/SDP\r\n\r\nv=0\r\ns=x\r\n\r\n--b1--\r\n";

        for quoted in ["b1", "\"b1\""] {
            let message = message(&format!("multipart/mixed;boundary={quoted}"), body);

            let found = session_description(&message);

            assert_eq!(found, Some(Bytes::from_static(b"v=0\r\ns=x\r\n")));
            assert!(is_understood(&message));
        }
    }

    #[test]
    fn broken_multiparts_have_no_description() {
        for (content_type, body) in [
            (
                "multipart/mixed",
                "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--",
            ),
            (
                "multipart/mixed;boundary=b",
                "--b\r\nContent-Type: application/sdp\r\n",
            ),
            ("multipart/mixed;boundary=b", "--b--b--b\n\n--b"),
            ("multipart/mixed;boundary=b", "--b"),
            ("text/plain", "v=0"),
        ] {
            assert_eq!(
                session_description(&message(content_type, body)),
                None,
                "{body}"
            );
        }
    }

    #[test]
    fn other_bodies_are_understood_only_where_they_are_optional() {
        let plain = message("text/plain", "hi");
        assert!(!is_understood(&plain));

        let optional = message(
            "text/plain\r\nContent-Disposition: render;handling=optional",
            "hi",
        );
        assert!(is_understood(&optional));
        assert!(is_understood(&message("text/plain", "")));
    }

    fn message(content_type: &str, body: &str) -> Message {
        let text = format!(
            "INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INFO\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Message::parse(text.into()).unwrap()
    }
}
