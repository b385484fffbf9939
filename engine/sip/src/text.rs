//! A piece of a message, as the octets that came.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

/// Octets that are text nearly always: UTF-8, or Latin-1 from those who never heard of it.
///
/// It shares the message's buffer, so a clone costs a counter; [`detach`](Self::detach) it before
/// keeping it for longer than a call.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(Bytes);

impl Text {
    /// Wraps a constant without copying.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Returns the octets as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the shared octets.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Returns the text, read as UTF-8 if it is that and as Latin-1 if not.
    pub fn to_str(&self) -> Cow<'_, str> {
        decode(&self.0)
    }

    /// Returns the length in octets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares without regard to the case of ASCII letters.
    pub fn eq_ignore_case(&self, other: impl AsRef<[u8]>) -> bool {
        self.0.eq_ignore_ascii_case(other.as_ref())
    }

    /// Returns a copy with a buffer of its own, which keeps no message alive.
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Returns the decimal number that this is, if it is one and fits.
    pub fn number<T: TryFrom<u64>>(&self) -> Option<T> {
        number(&self.0)
    }

    /// Returns the part in `range`, cut to what is there.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        Self(part(&self.0, range))
    }
}

/// Reads a decimal number of digits only.
pub(crate) fn number<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    if digits.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    T::try_from(value).ok()
}

/// Returns the part of a shared buffer in `range`, cut to what is there.
pub(crate) fn part(bytes: &Bytes, range: Range<usize>) -> Bytes {
    let end = range.end.min(bytes.len());
    bytes.slice(range.start.min(end)..end)
}

/// Reads octets as UTF-8 if they are that, as Latin-1 if not.
pub(crate) fn decode(octets: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(octets.iter().map(|&octet| char::from(octet)).collect()),
    }
}

/// What can stand as the value of a header field in a message that we build.
pub trait Encode {
    /// Appends the value's octets.
    fn encode(&self, out: &mut BytesMut);
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut BytesMut) {
        (**self).encode(out);
    }
}

impl Encode for str {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
    }
}

impl Encode for String {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
    }
}

impl Encode for Cow<'_, str> {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
    }
}

impl Encode for [u8] {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self);
    }
}

impl Encode for Bytes {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self);
    }
}

impl Encode for Text {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&self.0);
    }
}

impl Encode for u16 {
    fn encode(&self, out: &mut BytesMut) {
        u64::from(*self).encode(out);
    }
}

impl Encode for u32 {
    fn encode(&self, out: &mut BytesMut) {
        u64::from(*self).encode(out);
    }
}

impl Encode for u64 {
    fn encode(&self, out: &mut BytesMut) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = *self;
        loop {
            at = at.saturating_sub(1);
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        out.put_slice(digits.get(at..).unwrap_or_default());
    }
}

impl Encode for fmt::Arguments<'_> {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(self.to_string().as_bytes());
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_str(), f)
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<Bytes> for Text {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<BytesMut> for Text {
    fn from(bytes: BytesMut) -> Self {
        Self(bytes.freeze())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<[u8]> for Text {
    fn eq(&self, other: &[u8]) -> bool {
        *self.0 == *other
    }
}
