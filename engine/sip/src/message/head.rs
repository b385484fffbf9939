//! A message's octets and the index of its header fields.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::header::list::Elements;
use crate::header::{CSeq, Name, NameAddr, Via};
use crate::text::part;
use crate::{Error, Text};

/// What requests and responses share: header fields and a body.
///
/// The octets are kept as they came, and only where each field stands is noted; typed values are
/// read when they are asked for.
pub struct Head {
    pub(super) bytes: Bytes,
    pub(super) fields: Fields,
    pub(super) body: Bytes,
    pub(super) read: Read,
}

/// The values that everybody asks for more than once, once they have been read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) via: OnceLock<Result<Via, Error>>,
    pub(super) from: OnceLock<Result<NameAddr, Error>>,
    pub(super) to: OnceLock<Result<NameAddr, Error>>,
    pub(super) cseq: OnceLock<Result<CSeq, Error>>,
}

/// The index; a message of ordinary length needs no allocation of its own for it.
pub(super) type Fields = SmallVec<[FieldIndex; 24]>;

/// Where one field stands in the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldIndex {
    pub(super) name_at: u32,
    pub(super) value_at: u32,
    pub(super) value_len: u32,
    pub(super) name_len: u16,
    pub(super) name: Name,
    pub(super) is_folded: bool,
}

/// One header field as it came.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    head: &'a Head,
    index: FieldIndex,
}

impl Head {
    /// Returns the fields in the order of the message.
    pub fn headers(&self) -> impl DoubleEndedIterator<Item = Field<'_>> {
        self.fields.iter().map(|&index| Field { head: self, index })
    }

    /// Returns the value of the first field of this name, whole.
    pub fn header(&self, name: Name) -> Option<Text> {
        self.fields_of(name).next().map(|field| field.value())
    }

    /// Returns the value of the first field of this name, known or not, in either form.
    pub fn header_named(&self, name: &str) -> Option<Text> {
        self.headers_named(name).next()
    }

    /// Returns the values of all fields of this name, known or not, each whole.
    pub fn headers_named(&self, name: &str) -> impl Iterator<Item = Text> {
        let known = Name::of(name.as_bytes());
        self.fields_of(known)
            .filter(move |field| {
                known != Name::Other || field.name_bytes().eq_ignore_ascii_case(name.as_bytes())
            })
            .map(|field| field.value())
    }

    /// Returns all values of this name, lists cut at their commas where the field is a list.
    ///
    /// An empty element of a list is returned as an empty text; an empty field has no values.
    pub fn header_all(&self, name: Name) -> impl Iterator<Item = Text> {
        self.fields_of(name)
            .flat_map(move |field| values(name, field.value()))
    }

    /// Tells whether there is a field of this name.
    pub fn has(&self, name: Name) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Returns the body, empty if there is none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the message as it goes over the wire; as it came, if it came.
    pub fn to_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    pub(super) fn fields_of(&self, name: Name) -> impl Iterator<Item = Field<'_>> {
        let of_name = self.fields.iter().filter(move |field| field.name == name);
        of_name.map(|&index| Field { head: self, index })
    }
}

impl<'a> Field<'a> {
    /// Returns the name if it is known.
    pub fn name(&self) -> Name {
        self.index.name
    }

    /// Returns the name as written.
    pub fn name_text(&self) -> Text {
        let start = self.index.name_at as usize;
        Text::from(part(
            &self.head.bytes,
            start..start + usize::from(self.index.name_len),
        ))
    }

    /// Returns the value without white space around it; folds are one space each.
    pub fn value(&self) -> Text {
        let start = self.index.value_at as usize;
        let raw = part(
            &self.head.bytes,
            start..start + self.index.value_len as usize,
        );
        match self.index.is_folded {
            true => Text::from(Bytes::from(unfold(&raw))),
            false => Text::from(raw),
        }
    }

    /// Returns the name's octets as written.
    pub fn name_bytes(&self) -> &'a [u8] {
        let start = self.index.name_at as usize;
        let range = start..start + usize::from(self.index.name_len);
        self.head.bytes.get(range).unwrap_or_default()
    }
}

/// Cuts a value at its commas if fields of this name are lists.
fn values(name: Name, value: Text) -> impl Iterator<Item = Text> {
    let mut cuts: SmallVec<[_; 4]> = SmallVec::new();
    if !name.is_list() {
        cuts.push(0..value.len());
    } else if !value.is_empty() {
        cuts.extend(Elements::new(value.as_bytes()));
    }
    cuts.into_iter().map(move |range| value.part(range))
}

/// Replaces each line end and the white space after it by one space (RFC 3261 §7.3.1).
fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&octet) = raw.get(at) {
        at += 1;
        if octet != b'\r' && octet != b'\n' {
            plain.push(octet);
            continue;
        }
        while raw
            .get(at)
            .is_some_and(|&next| crate::header::scan::is_space(next))
        {
            at += 1;
        }
        plain.push(b' ');
    }
    plain
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'_, str> = crate::text::decode(&self.bytes);
        fmt::Debug::fmt(&*text, f)
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name_text(), self.value())
    }
}
