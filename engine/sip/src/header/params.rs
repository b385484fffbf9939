//! Parameters behind a value: `;branch=z9hG4bK1;rport`.

use std::borrow::Cow;
use std::ops::Range;

use crate::Text;
use crate::header::scan::{Scan, Value, trim};

/// The parameters of a Via, a Contact, a URI: names in any case, values plain or quoted.
#[derive(Clone, Debug, Default)]
pub struct Params {
    text: Text,
    range: Range<usize>,
}

impl Params {
    /// Wraps the part of a value that begins with the first semicolon.
    pub(crate) fn new(text: &Text, range: Range<usize>) -> Self {
        Self {
            text: text.clone(),
            range,
        }
    }

    /// Tells whether the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(found, _)| found.eq_ignore_case(name))
    }

    /// Returns a parameter's value without quotes; `None` if it is not there or has none.
    pub fn value(&self, name: &str) -> Option<Text> {
        value(&self.text, self.range.clone(), name)
    }

    /// Returns names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (Text, Option<Text>)> + '_ {
        let octets = inside(self.text.as_bytes(), &self.range);
        let offset = self.range.start;
        let mut scan = Scan::new(octets, 0);
        std::iter::from_fn(move || {
            if !scan.eat(b';') {
                return None;
            }
            let (name, value) = scan.parameter()?;
            let name = self.text.part(shift(&name, offset));
            Some((name, unquote(&self.text, value, offset)))
        })
    }

    /// Returns names, and each parameter as written, for copying.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (Text, Text)> + '_ {
        let octets = inside(self.text.as_bytes(), &self.range);
        let offset = self.range.start;
        let mut scan = Scan::new(octets, 0);
        std::iter::from_fn(move || {
            if !scan.eat(b';') {
                return None;
            }
            let start = scan.at();
            let (name, _) = scan.parameter()?;
            let piece = trim(octets, start..scan.at());
            let name = self.text.part(shift(&name, offset));
            Some((name, self.text.part(shift(&piece, offset))))
        })
    }

    /// Returns the octets, first semicolon included.
    pub fn text(&self) -> Text {
        self.text.part(self.range.clone())
    }
}

/// Finds a parameter's value without making a [`Params`].
pub(crate) fn value(text: &Text, range: Range<usize>, wanted: &str) -> Option<Text> {
    let octets = inside(text.as_bytes(), &range);
    let mut scan = Scan::new(octets, 0);
    while scan.eat(b';') {
        let (name, value) = scan.parameter()?;
        let name = octets.get(name)?;
        if name.eq_ignore_ascii_case(wanted.as_bytes()) {
            return unquote(text, value, range.start);
        }
    }
    None
}

/// Resolves the escapes of a quoted string's inside.
pub(crate) fn unescape(octets: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', octets).is_none() {
        return Cow::Borrowed(octets);
    }
    let mut plain = Vec::with_capacity(octets.len());
    let mut rest = octets.iter();
    while let Some(&octet) = rest.next() {
        match octet {
            b'\\' => plain.extend(rest.next()),
            _ => plain.push(octet),
        }
    }
    Cow::Owned(plain)
}

fn unquote(text: &Text, value: Value, offset: usize) -> Option<Text> {
    match value {
        Value::None => None,
        Value::Plain(range) => Some(text.part(shift(&range, offset))),
        Value::Quoted(range) => {
            let quoted = text.part(shift(&range, offset));
            match unescape(quoted.as_bytes()) {
                Cow::Borrowed(_) => Some(quoted),
                Cow::Owned(plain) => Some(Text::from(bytes::Bytes::from(plain))),
            }
        }
    }
}

fn inside<'a>(octets: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    octets.get(range.clone()).unwrap_or_default()
}

fn shift(range: &Range<usize>, offset: usize) -> Range<usize> {
    range.start + offset..range.end + offset
}
