//! Messages that we send: new ones, answers, and others' with a change.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::header::list::end_of_element;
use crate::header::scan::is_token;
use crate::header::{Name, NameAddr};
use crate::message::head::{FieldIndex, Fields, Head, Read};
use crate::message::{Method, Request, Response, reason_phrase};
use crate::text::part;
use crate::{Encode, Text, Uri};

/// A message in the making; `S` is its first line.
#[derive(Clone, Debug)]
pub struct Builder<S> {
    start: S,
    draft: Draft,
}

/// A request in the making.
pub type RequestBuilder = Builder<RequestLine>;
/// A response in the making.
pub type ResponseBuilder = Builder<StatusLine>;

/// The first line of a request.
#[derive(Clone, Debug)]
pub struct RequestLine {
    method: Method,
    uri: Text,
}

/// The first line of a response.
#[derive(Clone, Debug)]
pub struct StatusLine {
    status: u16,
    reason: Text,
}

/// Header fields in order, in one buffer, and the body.
#[derive(Clone, Debug, Default)]
struct Draft {
    octets: BytesMut,
    fields: Vec<DraftField>,
    body: Bytes,
}

#[derive(Clone, Debug)]
struct DraftField {
    name: Name,
    /// As written; empty for a known name that is to be spelled as usual.
    spelling: Range<usize>,
    value: Range<usize>,
}

impl<S> Builder<S> {
    /// Adds a field at the end. Line ends within a value become spaces, so that a value
    /// can never begin another field.
    pub fn header(mut self, name: Name, value: impl Encode) -> Self {
        let at = self.draft.fields.len();
        self.draft.insert(at, name, "", value);
        self
    }

    /// Adds a field with any name at the end; what is no token in the name is left out.
    pub fn header_named(mut self, name: &str, value: impl Encode) -> Self {
        let at = self.draft.fields.len();
        self.draft
            .insert(at, Name::of(name.as_bytes()), name, value);
        self
    }

    /// Adds a field before the first of its name, or before all others.
    pub fn prepend(mut self, name: Name, value: impl Encode) -> Self {
        let at = self.draft.position(name).unwrap_or(0);
        self.draft.insert(at, name, "", value);
        self
    }

    /// Puts one field in place of all of its name, where the first of them was.
    pub fn replace(mut self, name: Name, value: impl Encode) -> Self {
        let at = self.draft.position(name).unwrap_or(self.draft.fields.len());
        self.draft.fields.retain(|field| field.name != name);
        self.draft.insert(at, name, "", value);
        self
    }

    /// Puts one value in place of the first of its name, and leaves the others.
    pub fn replace_first(mut self, name: Name, value: impl Encode) -> Self {
        self.draft.replace_first(name, value);
        self
    }

    /// Removes all fields of this name.
    pub fn remove(mut self, name: Name) -> Self {
        self.draft.fields.retain(|field| field.name != name);
        self
    }

    /// Removes all fields of this name, known or not.
    pub fn remove_named(mut self, name: &str) -> Self {
        self.draft.remove_named(name);
        self
    }

    /// Sets the body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.draft.body = body.into();
        self.replace(Name::ContentType, content_type)
    }
}

impl RequestBuilder {
    pub(super) fn new(method: Method, uri: &Uri) -> Self {
        let uri = target(uri);
        Self {
            start: RequestLine { method, uri },
            draft: Draft::default(),
        }
    }

    pub(super) fn from_request(request: &Request) -> Self {
        let method = request.method().clone();
        let uri = request.uri_text();
        Self {
            start: RequestLine { method, uri },
            draft: Draft::of(request),
        }
    }

    /// Sends it elsewhere.
    pub fn uri(mut self, uri: &Uri) -> Self {
        self.start.uri = target(uri);
        self
    }

    /// Ends the building; Content-Length is what it must be.
    pub fn finish(self) -> Request {
        let mut out = self.draft.buffer(64 + self.start.uri.len());
        push_token(self.start.method.as_bytes(), &mut out);
        out.extend_from_slice(b" ");
        let start = out.len();
        self.start.uri.encode(&mut out);
        let uri = start..out.len();
        out.extend_from_slice(b" SIP/2.0\r\n");
        Request {
            method: self.start.method,
            uri,
            head: self.draft.finish(out),
        }
    }
}

/// What stands in a request line: a Contact's headers are not for there (RFC 3261 §19.1.5), and would
/// let a phone write into our requests.
fn target(uri: &Uri) -> Text {
    uri.without_headers().text().clone()
}

impl ResponseBuilder {
    pub(super) fn new(status: u16) -> Self {
        let status = status.clamp(100, 699);
        let reason = Text::from_static(reason_phrase(status));
        Self {
            start: StatusLine { status, reason },
            draft: Draft::default(),
        }
    }

    pub(super) fn from_response(response: &Response) -> Self {
        let status = response.status();
        let reason = response.reason();
        Self {
            start: StatusLine { status, reason },
            draft: Draft::of(response),
        }
    }

    pub(super) fn reply_to(request: &Request, status: u16) -> Self {
        let mut reply = Self::new(status);
        for field in request.headers() {
            let copied = match field.name() {
                Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq => true,
                // Lets the client measure the round trip (RFC 3261 §8.2.6.1).
                Name::Timestamp => status == 100,
                // Dialogs are made of it (RFC 3261 §12.1.1).
                Name::RecordRoute => (101..300).contains(&status),
                _ => false,
            };
            if copied {
                reply = reply.header(field.name(), field.value());
            }
        }
        reply
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.start.status
    }

    /// Says it in other words.
    pub fn reason(mut self, reason: &str) -> Self {
        self.start.reason = Text::from(reason.replace(['\r', '\n'], " "));
        self
    }

    /// Gives the To header a tag, if it has none (RFC 3261 §8.2.6.2).
    pub fn to_tag(mut self, tag: &str) -> Self {
        let to = self.draft.value(Name::To).and_then(NameAddr::parse);
        if let Some(to) = to.filter(|to| to.tag().is_none()) {
            self = self.replace(Name::To, to.with_tag(tag));
        }
        self
    }

    /// Ends the building; Content-Length is what it must be.
    pub fn finish(self) -> Response {
        let mut out = self.draft.buffer(32 + self.start.reason.len());
        out.extend_from_slice(b"SIP/2.0 ");
        self.start.status.encode(&mut out);
        out.extend_from_slice(b" ");
        let start = out.len();
        self.start.reason.encode(&mut out);
        let reason = start..out.len();
        out.extend_from_slice(b"\r\n");
        Response {
            status: self.start.status,
            reason,
            head: self.draft.finish(out),
        }
    }
}

impl Draft {
    /// Takes over all fields of a message, with their own spelling.
    fn of(head: &Head) -> Self {
        let mut draft = Self {
            octets: BytesMut::with_capacity(head.bytes.len() + 256),
            fields: Vec::with_capacity(head.fields.len() + 4),
            body: head.body.clone(),
        };
        for field in head.headers() {
            let at = draft.fields.len();
            draft.insert_spelled(at, field.name(), field.name_bytes(), field.value());
        }
        draft
    }

    fn insert(&mut self, at: usize, name: Name, spelling: &str, value: impl Encode) {
        // Known names are spelled as usual, others as given.
        let spelling = match name {
            Name::Other => spelling.as_bytes(),
            _ => b"",
        };
        self.insert_spelled(at, name, spelling, value);
    }

    fn insert_spelled(&mut self, at: usize, name: Name, spelling: &[u8], value: impl Encode) {
        let start = self.octets.len();
        push_token(spelling, &mut self.octets);
        let spelling = start..self.octets.len();
        if name == Name::Other && spelling.is_empty() {
            return;
        }
        let value = self.encode(value);
        let field = DraftField {
            name,
            spelling,
            value,
        };
        self.fields.insert(at.min(self.fields.len()), field);
    }

    fn encode(&mut self, value: impl Encode) -> Range<usize> {
        let start = self.octets.len();
        value.encode(&mut self.octets);
        let range = start..self.octets.len();
        for octet in self.octets.get_mut(range.clone()).unwrap_or_default() {
            if matches!(octet, b'\r' | b'\n') {
                *octet = b' ';
            }
        }
        range
    }

    fn replace_first(&mut self, name: Name, value: impl Encode) {
        let Some(at) = self.position(name) else {
            return self.insert(0, name, "", value);
        };
        let old = self.value(name).unwrap_or_default();
        let rest = match name.is_list() {
            true => old.part(end_of_element(old.as_bytes(), 0)..old.len()),
            false => Text::default(),
        };
        let start = self.encode(value).start;
        let end = self.encode(rest).end;
        if let Some(field) = self.fields.get_mut(at) {
            field.value = start..end;
        }
    }

    fn remove_named(&mut self, name: &str) {
        let known = Name::of(name.as_bytes());
        let octets = &self.octets;
        self.fields.retain(|field| {
            let spelling = octets.get(field.spelling.clone()).unwrap_or_default();
            field.name != known
                || (known == Name::Other && !spelling.eq_ignore_ascii_case(name.as_bytes()))
        });
    }

    fn position(&self, name: Name) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    fn value(&self, name: Name) -> Option<Text> {
        let field = self.fields.get(self.position(name)?)?;
        let octets = self.octets.get(field.value.clone())?;
        Some(Text::from(Bytes::copy_from_slice(octets)))
    }

    /// Returns a buffer large enough for the message.
    fn buffer(&self, start_line: usize) -> BytesMut {
        let spellings = self.fields.len() * 24;
        BytesMut::with_capacity(start_line + self.octets.len() + spellings + self.body.len() + 32)
    }

    /// Writes fields and body behind the start line.
    fn finish(self, mut out: BytesMut) -> Arc<Head> {
        let mut fields = Fields::new();
        for field in self
            .fields
            .iter()
            .filter(|field| field.name != Name::ContentLength)
        {
            let spelling = self.octets.get(field.spelling.clone()).unwrap_or_default();
            let spelling = match spelling.is_empty() {
                true => field.name.as_str().as_bytes(),
                false => spelling,
            };
            let value = self.octets.get(field.value.clone()).unwrap_or_default();
            fields.push(push_field(field.name, spelling, value, &mut out));
        }
        let mut length = BytesMut::new();
        (self.body.len() as u64).encode(&mut length);
        let name = Name::ContentLength;
        fields.push(push_field(
            name,
            name.as_str().as_bytes(),
            &length,
            &mut out,
        ));
        out.extend_from_slice(b"\r\n");
        let start = out.len();
        out.extend_from_slice(&self.body);
        let bytes = out.freeze();
        Arc::new(Head {
            body: part(&bytes, start..bytes.len()),
            bytes,
            fields,
            read: Read::default(),
        })
    }
}

fn push_field(name: Name, spelling: &[u8], value: &[u8], out: &mut BytesMut) -> FieldIndex {
    let name_at = out.len();
    out.extend_from_slice(spelling);
    out.extend_from_slice(b": ");
    let value_at = out.len();
    out.extend_from_slice(value);
    let index = FieldIndex {
        name_at: name_at as u32,
        value_at: value_at as u32,
        value_len: value.len() as u32,
        name_len: spelling.len() as u16,
        name,
        is_folded: false,
    };
    out.extend_from_slice(b"\r\n");
    index
}

/// Writes only what may stand in a token.
fn push_token(octets: &[u8], out: &mut BytesMut) {
    out.extend(octets.iter().filter(|&&octet| is_token(octet)));
}
