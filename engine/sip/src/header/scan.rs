//! The grammar's small pieces: white space, tokens, quoted strings, parameters.

use std::ops::Range;

/// Tells whether an octet may stand in a token (RFC 3261 §25.1).
pub(crate) fn is_token(octet: u8) -> bool {
    is(octet, TOKEN)
}

/// Tells whether an octet is white space within a value; folds count as such.
pub(crate) fn is_space(octet: u8) -> bool {
    is(octet, SPACE)
}

/// Tells whether an octet ends a parameter's value that is not quoted.
fn ends_value(octet: u8) -> bool {
    is(octet, SPACE | VALUE_END)
}

/// Tells whether an octet may stand nowhere in a URI: white space, controls, brackets and quotes.
pub(crate) fn is_foreign_to_uri(octet: u8) -> bool {
    is(octet, FOREIGN_TO_URI)
}

/// Tells whether an octet may stand in a host's name or in an IPv4 address.
pub(crate) fn is_host_name(octet: u8) -> bool {
    is(octet, HOST_NAME)
}

fn is(octet: u8, classes: u8) -> bool {
    CLASSES
        .get(usize::from(octet))
        .is_some_and(|own| own & classes != 0)
}

const TOKEN: u8 = 1;
const SPACE: u8 = 2;
const VALUE_END: u8 = 4;
const FOREIGN_TO_URI: u8 = 8;
const HOST_NAME: u8 = 16;

/// What each octet is, in one look-up.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut index = 0;
    while index < 256 {
        let octet = index as u8;
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'!' | b'%' | b'*') {
            classes[index] |= TOKEN;
        }
        if matches!(octet, b'_' | b'+' | b'`' | b'\'' | b'~') {
            classes[index] |= TOKEN;
        }
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_') {
            classes[index] |= HOST_NAME;
        }
        if matches!(octet, b' ' | b'\t' | b'\r' | b'\n') {
            classes[index] |= SPACE;
        }
        if matches!(octet, b';' | b',' | b'"' | b'<' | b'>' | b'?') {
            classes[index] |= VALUE_END;
        }
        if octet <= b' ' || matches!(octet, b'<' | b'>' | b'"' | 0x7f) {
            classes[index] |= FOREIGN_TO_URI;
        }
        index += 1;
    }
    classes
};

/// Returns the range without white space at its ends.
pub(crate) fn trim(text: &[u8], range: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = range;
    while start < end && text.get(start).is_some_and(|&octet| is_space(octet)) {
        start += 1;
    }
    while end > start && text.get(end - 1).is_some_and(|&octet| is_space(octet)) {
        end -= 1;
    }
    start..end
}

/// Reads a value from the left; everything it returns is a range of that value.
#[derive(Clone)]
pub(crate) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Steps over one octet.
    pub(crate) fn bump(&mut self) {
        self.at += 1;
    }

    pub(crate) fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Steps over `octet` and the white space around it, if it is next.
    pub(crate) fn eat(&mut self, octet: u8) -> bool {
        let before = self.at;
        self.skip_space();
        if self.peek() == Some(octet) {
            self.at += 1;
            self.skip_space();
            return true;
        }
        self.at = before;
        false
    }

    /// Reads all octets that satisfy `accepts`.
    pub(crate) fn take(&mut self, accepts: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let len = rest.iter().position(|&octet| !accepts(octet));
        self.at = start + len.unwrap_or(rest.len());
        start..self.at
    }

    /// Reads a token, which is at least one octet.
    pub(crate) fn token(&mut self) -> Option<Range<usize>> {
        let token = self.take(is_token);
        (!token.is_empty()).then_some(token)
    }

    /// Reads a quoted string and returns what stands between the quotes.
    pub(crate) fn quoted(&mut self) -> Option<Range<usize>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.text.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(start..at)
    }

    /// Reads one parameter, white space before and after it included; the separator has been read.
    pub(crate) fn parameter(&mut self) -> Option<(Range<usize>, Value)> {
        self.skip_space();
        let name = self.token()?;
        if !self.eat(b'=') {
            self.skip_space();
            return Some((name, Value::None));
        }
        let value = match self.peek() {
            Some(b'"') => Value::Quoted(self.quoted()?),
            _ => {
                let plain = self.take(|octet| !ends_value(octet));
                if plain.is_empty() {
                    return None;
                }
                Value::Plain(plain)
            }
        };
        self.skip_space();
        Some((name, value))
    }

    /// Reads `;name=value` to the end of the value; one `;` too many at the very end is forgiven.
    pub(crate) fn parameters(&mut self) -> Option<Range<usize>> {
        self.skip_space();
        let start = self.at;
        while !self.is_done() {
            if !self.eat(b';') {
                return None;
            }
            if self.is_done() {
                break;
            }
            self.parameter()?;
        }
        Some(start..self.text.len())
    }
}

/// What follows a parameter's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    /// Nothing: the name alone is the message.
    None,
    /// A token, a host or a number.
    Plain(Range<usize>),
    /// What stands between quotes, escapes included.
    Quoted(Range<usize>),
}
