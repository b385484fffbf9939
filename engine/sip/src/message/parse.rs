//! Octets to messages: one scan for the index, then the checks that every message must pass.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

use crate::header::Name;
use crate::header::scan::{is_space, is_token, trim};
use crate::message::head::{FieldIndex, Fields, Head, Read};
use crate::message::{Message, Method, ParseError, Request, Response};
use crate::text::{number, part};
use crate::{Error, Scheme, Text, Uri, limits};

/// Reads one message; what follows the body is left out. `is_cut` says that there was more of it than
/// a message may have.
pub(super) fn parse(bytes: Bytes, is_cut: bool) -> Result<Message, ParseError> {
    let start = bytes
        .iter()
        .take_while(|octet| matches!(octet, b'\r' | b'\n'))
        .count();
    let bytes = part(&bytes, start..bytes.len());
    if bytes.is_empty() {
        return Err(ParseError::new(Error::Empty, None));
    }
    // The head of a message that is too long is still read, for its sender to be told.
    let too_long = is_cut || bytes.len() > limits::MESSAGE;
    let bytes = part(&bytes, 0..limits::MESSAGE);
    let (line, after_line) = first_line(&bytes);
    let index = Index::scan(&bytes, after_line);
    let start_line = start_line(&bytes, line);
    let fault = match too_long {
        true => Some(Error::MessageTooLong),
        false => start_line.fault.clone().or_else(|| index.fault.clone()),
    };
    let body = body(&bytes, &index);
    let (body, fault) = match (body, fault) {
        (Ok(body), fault) => (body, fault),
        (Err(_), Some(fault)) => (0..0, Some(fault)),
        (Err(fault), None) => (0..0, Some(fault)),
    };
    let head = Arc::new(Head {
        body: part(&bytes, body.clone()),
        bytes: part(&bytes, 0..body.end.max(index.end)),
        fields: index.fields,
        read: Read::default(),
    });
    match start_line.kind {
        Kind::Unknown => Err(ParseError::new(fault.unwrap_or(Error::StartLine), None)),
        Kind::Request { method, uri } => {
            let request = Request { method, uri, head };
            let fault = fault.or_else(|| check(&request.head, Some(&request.method)).err());
            match fault {
                None => Ok(Message::Request(request)),
                Some(fault) => Err(ParseError::new(fault, Some(request))),
            }
        }
        Kind::Response { status, reason } => {
            let fault = fault.or_else(|| check(&head, None).err());
            match fault {
                None => Ok(Message::Response(Response {
                    status,
                    reason,
                    head,
                })),
                Some(fault) => Err(ParseError::new(fault, None)),
            }
        }
    }
}

/// What the first line says, as far as it can be understood.
struct StartLine {
    kind: Kind,
    fault: Option<Error>,
}

enum Kind {
    Request { method: Method, uri: Range<usize> },
    Response { status: u16, reason: Range<usize> },
    Unknown,
}

/// Returns the first line without its end, and where the next begins.
fn first_line(bytes: &[u8]) -> (Range<usize>, usize) {
    match memchr(b'\n', bytes) {
        Some(end) => (0..without_return(bytes, 0..end), end + 1),
        None => (0..bytes.len(), bytes.len()),
    }
}

fn start_line(bytes: &Bytes, line: Range<usize>) -> StartLine {
    let end = line.end;
    let octets = bytes.get(line).unwrap_or_default();
    if octets.len() > limits::START_LINE {
        return StartLine::unknown(Error::HeaderTooLong);
    }
    if octets
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
    {
        return status_line(octets);
    }
    let Some(space) = memchr(b' ', octets) else {
        return StartLine::unknown(Error::StartLine);
    };
    let Some(method) = Method::of(&Text::from(part(bytes, 0..space))) else {
        return StartLine::unknown(Error::StartLine);
    };
    let uri_start = space + 1;
    let rest = octets.get(uri_start..).unwrap_or_default();
    let uri_end = memchr(b' ', rest).map_or(end, |offset| uri_start + offset);
    let version = octets.get(uri_end + 1..).unwrap_or_default();
    let uri = uri_start..uri_end;
    let names_version = version
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"));
    let fault = if uri.is_empty() || version.contains(&b' ') || !names_version {
        Some(Error::StartLine)
    } else if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        Some(Error::Version)
    } else {
        // Headers in a request URI are nobody's business (RFC 3261 §19.1.1), least of all a Route.
        match Uri::parse(part(bytes, uri.clone())) {
            Ok(uri) if uri.scheme() == Scheme::Other => Some(Error::Scheme),
            Ok(uri) if uri.headers().is_none() => None,
            _ => Some(Error::Uri),
        }
    };
    StartLine {
        kind: Kind::Request { method, uri },
        fault,
    }
}

fn status_line(octets: &[u8]) -> StartLine {
    if !octets
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/2.0 "))
    {
        return StartLine::unknown(Error::Version);
    }
    let status_end = memchr(b' ', octets.get(8..).unwrap_or_default());
    let status_end = status_end.map_or(octets.len(), |offset| 8 + offset);
    let status = octets.get(8..status_end).and_then(number);
    match status {
        Some(status @ 100..=699) => StartLine {
            kind: Kind::Response {
                status,
                reason: (status_end + 1).min(octets.len())..octets.len(),
            },
            fault: None,
        },
        _ => StartLine::unknown(Error::Status),
    }
}

impl StartLine {
    fn unknown(fault: Error) -> Self {
        Self {
            kind: Kind::Unknown,
            fault: Some(fault),
        }
    }
}

/// The header fields, the first fault among them, and where the head ends.
struct Index {
    fields: Fields,
    fault: Option<Error>,
    end: usize,
    hops: Hops,
}

/// Values that loops make grow.
#[derive(Default)]
struct Hops {
    vias: usize,
    routes: usize,
    record_routes: usize,
}

impl Index {
    /// Goes through the lines once; a bad line is noted and skipped.
    fn scan(bytes: &[u8], start: usize) -> Self {
        let mut index = Self {
            fields: Fields::new(),
            fault: None,
            end: bytes.len(),
            hops: Hops::default(),
        };
        let mut seen: u128 = 0;
        let mut at = start;
        loop {
            let Some(mut end) = line_end(bytes, at) else {
                index.blame(Error::Unfinished);
                break;
            };
            if without_return(bytes, at..end) == at {
                index.end = end + 1;
                break;
            }
            let mut is_folded = false;
            while bytes
                .get(end + 1)
                .is_some_and(|&next| next == b' ' || next == b'\t')
            {
                is_folded = true;
                let Some(next) = line_end(bytes, end + 1) else {
                    break;
                };
                end = next;
            }
            index.field(bytes, at..end, is_folded, &mut seen);
            at = end + 1;
        }
        index
    }

    fn field(&mut self, bytes: &[u8], line: Range<usize>, is_folded: bool, seen: &mut u128) {
        if line.len() > limits::HEADER {
            return self.blame(Error::HeaderTooLong);
        }
        if self.fields.len() >= limits::HEADERS {
            return self.blame(Error::TooManyHeaders);
        }
        let octets = bytes.get(line.clone()).unwrap_or_default();
        let name_len = octets
            .iter()
            .position(|&octet| !is_token(octet))
            .unwrap_or(octets.len());
        let after_name = octets.get(name_len..).unwrap_or_default();
        let colon = after_name.iter().position(|&octet| !is_space(octet));
        let colon = match colon {
            Some(offset) if after_name.get(offset) == Some(&b':') && name_len > 0 => {
                name_len + offset
            }
            _ => return self.blame(Error::HeaderLine),
        };
        let name = Name::of(octets.get(..name_len).unwrap_or_default());
        let bit = 1_u128 << (name as u8);
        if name.is_single() && *seen & bit != 0 {
            self.blame(Error::Repeated(name));
        }
        *seen |= bit;
        let value = trim(bytes, line.start + colon + 1..line.end);
        self.count_hops(name, bytes.get(value.clone()).unwrap_or_default());
        // A message is at most 64 KiB, and a name at most 8.
        self.fields.push(FieldIndex {
            name_at: line.start as u32,
            value_at: value.start as u32,
            value_len: value.len() as u32,
            name_len: name_len as u16,
            name,
            is_folded,
        });
    }

    fn count_hops(&mut self, name: Name, value: &[u8]) {
        let count = match name {
            Name::Via => &mut self.hops.vias,
            Name::Route => &mut self.hops.routes,
            Name::RecordRoute => &mut self.hops.record_routes,
            _ => return,
        };
        *count += 1 + memchr_iter(b',', value).count();
        if *count > limits::HOPS {
            self.blame(Error::TooManyHops(name));
        }
    }

    fn blame(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }
}

/// Returns where the body is: as long as Content-Length says, or the rest.
fn body(bytes: &[u8], index: &Index) -> Result<Range<usize>, Error> {
    let rest = index.end..bytes.len();
    let Some(field) = index
        .fields
        .iter()
        .find(|field| field.name == Name::ContentLength)
    else {
        return Ok(rest);
    };
    let start = field.value_at as usize;
    let digits = bytes
        .get(start..start + field.value_len as usize)
        .unwrap_or_default();
    let length: usize = number(digits).ok_or(Error::Malformed(Name::ContentLength))?;
    match length <= rest.len() {
        true => Ok(rest.start..rest.start + length),
        false => Err(Error::BodyTooShort),
    }
}

/// Checks what RFC 3261 §8.1.1 wants in every message, and that it can be read.
fn check(head: &Head, method: Option<&Method>) -> Result<(), Error> {
    head.via()?;
    head.from()?;
    head.to()?;
    if head.call_id().is_empty() {
        return Err(Error::Missing(Name::CallId));
    }
    let cseq = head.cseq()?;
    if method.is_some_and(|method| *method != cseq.method) {
        return Err(Error::MethodMismatch);
    }
    head.max_forwards()?;
    Ok(())
}

fn line_end(bytes: &[u8], start: usize) -> Option<usize> {
    memchr(b'\n', bytes.get(start..)?).map(|offset| start + offset)
}

/// Returns the line's end without a carriage return.
fn without_return(bytes: &[u8], line: Range<usize>) -> usize {
    match line.end > line.start && bytes.get(line.end - 1) == Some(&b'\r') {
        true => line.end - 1,
        false => line.end,
    }
}
