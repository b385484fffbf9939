//! From, To, Contact, Route and all others that hold an address with parameters (RFC 3261 §20.10).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::BytesMut;
use memchr::memchr;

use crate::header::params::{self, Params};
use crate::header::scan::{Scan, Value, is_space, trim};
use crate::{Encode, Error, Text, Uri};

/// `"Alice" <sip:alice@example.com>;tag=1`, or the same without name and brackets.
#[derive(Clone)]
pub struct NameAddr {
    text: Text,
    display: Range<usize>,
    uri: Range<usize>,
    params: Range<usize>,
    tag: Option<Range<usize>>,
}

impl NameAddr {
    /// Reads one value; its URI is read when it is asked for.
    ///
    /// `None` means that quotes or brackets do not close, that a URI without brackets holds what
    /// needs them, or that the parameters are malformed.
    pub fn parse(text: impl Into<Text>) -> Option<Self> {
        let text = text.into();
        let octets = text.as_bytes();
        let mut scan = Scan::new(octets, 0);
        scan.skip_space();
        let start = scan.at();
        let (display, uri) = if scan.peek() == Some(b'"') {
            scan.quoted()?;
            let display = start..scan.at();
            scan.skip_space();
            (display, bracketed(&mut scan)?)
        } else if let Some(offset) = memchr(b'<', octets.get(start..)?) {
            let display = trim(octets, start..start + offset);
            // A semicolon or a quote before the bracket belongs to no name, quoted or not.
            if octets
                .get(display.clone())?
                .iter()
                .any(|octet| matches!(octet, b';' | b'"'))
            {
                return None;
            }
            scan = Scan::new(octets, start + offset);
            (display, bracketed(&mut scan)?)
        } else {
            let uri = scan.take(|octet| !is_space(octet) && !matches!(octet, b';' | b'"' | b'>'));
            if memchr(b'?', octets.get(uri.clone())?).is_some() {
                return None;
            }
            (start..start, uri)
        };
        if uri.is_empty() {
            return None;
        }
        scan.skip_space();
        let params = scan.at()..octets.len();
        let tag = read_tag(&mut scan, octets)?;
        Some(Self {
            text,
            display,
            uri,
            params,
            tag,
        })
    }

    /// Builds `<uri>`.
    pub fn of(uri: &Uri) -> Self {
        Self::named("", uri)
    }

    /// Builds `"name" <uri>`; an empty name is left out.
    pub fn named(name: &str, uri: &Uri) -> Self {
        let mut text = BytesMut::new();
        if !name.is_empty() {
            super::quote(name.as_bytes(), &mut text);
            text.extend_from_slice(b" ");
        }
        let display = 0..text.len().saturating_sub(1);
        text.extend_from_slice(b"<");
        let start = text.len();
        uri.encode(&mut text);
        let end = text.len();
        text.extend_from_slice(b">");
        let params = text.len()..text.len();
        Self {
            text: Text::from(text),
            display,
            uri: start..end,
            params,
            tag: None,
        }
    }

    /// Returns the name that is shown to people, unquoted; empty if there is none.
    pub fn display(&self) -> Text {
        let shown = self.text.part(self.display.clone());
        let inner = shown.as_bytes();
        let Some(quoted) = inner
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
        else {
            return shown;
        };
        match params::unescape(quoted) {
            Cow::Borrowed(_) => shown.part(1..shown.len() - 1),
            Cow::Owned(plain) => Text::from(bytes::Bytes::from(plain)),
        }
    }

    /// Reads the URI.
    pub fn uri(&self) -> Result<Uri, Error> {
        Uri::parse(self.uri_text())
    }

    /// Returns the URI's octets.
    pub fn uri_text(&self) -> Text {
        self.text.part(self.uri.clone())
    }

    /// Returns the tag, one end's part of the dialog's name.
    pub fn tag(&self) -> Option<Text> {
        self.tag.clone().map(|range| self.text.part(range))
    }

    /// Returns a parameter's value without quotes; `None` if it is not there or has none.
    pub fn param(&self, name: &str) -> Option<Text> {
        params::value(&self.text, self.params.clone(), name)
    }

    /// Returns the parameters behind the address.
    pub fn params(&self) -> Params {
        Params::new(&self.text, self.params.clone())
    }

    /// Returns `;expires=`, in seconds; too large a number is the largest.
    pub fn expires(&self) -> Option<u32> {
        let value = self.param("expires")?;
        let digits = value.as_bytes();
        let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        all_digits.then(|| value.number().unwrap_or(u32::MAX))
    }

    /// Returns `;q=` in thousandths, 0 to 1000.
    pub fn q(&self) -> Option<u16> {
        thousandths(self.param("q")?.as_bytes())
    }

    /// Returns the octets as they came.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Returns the address with one more parameter at its end.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Self {
        let mut text = BytesMut::new();
        // Without brackets the parameter would still belong to the header, but is easily misread.
        if self.display.is_empty() && self.uri.start == 0 {
            text.extend_from_slice(b"<");
            self.uri_text().encode(&mut text);
            text.extend_from_slice(b">");
            self.text.part(self.params.clone()).encode(&mut text);
        } else {
            self.text.encode(&mut text);
        }
        // One semicolon at the end was forgiven; two in a row would not be.
        let kept = trim(&text, 0..text.len()).end;
        let ends_with_semicolon = text.get(..kept).is_some_and(|kept| kept.ends_with(b";"));
        text.truncate(kept - usize::from(ends_with_semicolon));
        text.extend_from_slice(b";");
        text.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            text.extend_from_slice(b"=");
            super::encode_param_value(&Text::from(value), &mut text);
        }
        Self::parse(Text::from(text)).unwrap_or_else(|| self.clone())
    }

    /// Returns the address with this tag, in place of any other.
    pub fn with_tag(&self, tag: &str) -> Self {
        if self.tag.is_none() {
            return self.with_param("tag", Some(tag));
        }
        let mut text = BytesMut::new();
        self.without_params().text.encode(&mut text);
        for (name, piece) in self.params().pieces() {
            if !name.eq_ignore_case("tag") {
                text.extend_from_slice(b";");
                piece.encode(&mut text);
            }
        }
        let others = Self::parse(Text::from(text)).unwrap_or_else(|| self.without_params());
        others.with_param("tag", Some(tag))
    }

    /// Returns the address without its parameters.
    pub fn without_params(&self) -> Self {
        Self {
            text: self.text.part(0..self.params.start),
            params: self.params.start..self.params.start,
            tag: None,
            ..self.clone()
        }
    }

    /// Returns the address with a buffer of its own, which keeps no message alive.
    pub fn detach(&self) -> Self {
        Self {
            text: self.text.detach(),
            ..self.clone()
        }
    }
}

/// Reads `<uri>`; the brackets hold no white space (RFC 4475 §3.1.2.14).
fn bracketed(scan: &mut Scan<'_>) -> Option<Range<usize>> {
    if scan.peek() != Some(b'<') {
        return None;
    }
    scan.bump();
    let uri = scan.take(|octet| octet != b'>' && octet != b'<' && !is_space(octet));
    if scan.peek() != Some(b'>') {
        return None;
    }
    scan.bump();
    Some(uri)
}

/// Checks the parameters and finds the tag among them.
fn read_tag(scan: &mut Scan<'_>, octets: &[u8]) -> Option<Option<Range<usize>>> {
    let mut tag = None;
    while !scan.is_done() {
        if !scan.eat(b';') {
            return None;
        }
        if scan.is_done() {
            break;
        }
        if let (name, Value::Plain(value)) = scan.parameter()?
            && tag.is_none()
            && octets.get(name)?.eq_ignore_ascii_case(b"tag")
        {
            tag = Some(value);
        }
    }
    Some(tag)
}

fn thousandths(q: &[u8]) -> Option<u16> {
    let (whole, fraction) = match memchr(b'.', q) {
        Some(point) => (q.get(..point)?, q.get(point + 1..)?),
        None => (q, &b""[..]),
    };
    if whole.len() > 1 || fraction.len() > 3 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let mut value: u16 = 0;
    for place in 0..4 {
        let digit = match place {
            0 => whole.first(),
            _ => fraction.get(place - 1),
        };
        let digit = digit.copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u16::from(digit - b'0');
    }
    (value <= 1000).then_some(value)
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Encode for NameAddr {
    fn encode(&self, out: &mut BytesMut) {
        self.text.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_address_and_parameters_are_found_in_every_form() {
        for (text, display, uri, tag) in [
            ("sip:a@b", "", "sip:a@b", None),
            ("sip:a@b;tag=1", "", "sip:a@b", Some("1")),
            ("<sip:a@b;lr>;x;tag = 2", "", "sip:a@b;lr", Some("2")),
            (
                "\"A \\\"B\\\" <\" <sip:a@b> ; tag=3",
                "A \"B\" <",
                "sip:a@b",
                Some("3"),
            ),
            ("caller<sip:a@b>;tag=4", "caller", "sip:a@b", Some("4")),
            (
                "Bell, Alexander <sip:a@b>;TAG=5",
                "Bell, Alexander",
                "sip:a@b",
                Some("5"),
            ),
            (
                "tel:+861065531234;tag=6",
                "",
                "tel:+861065531234",
                Some("6"),
            ),
        ] {
            let address = NameAddr::parse(text).expect(text);

            assert_eq!(address.display(), display);
            assert_eq!(address.uri_text(), uri);
            assert_eq!(address.tag(), tag.map(Text::from));
        }
    }

    #[test]
    fn a_quoted_instance_and_q_and_expires_are_read() {
        let contact =
            "<sip:a@192.0.2.1>;+sip.instance=\"<urn:uuid:0-1>\";q=0.35;expires=99999999999";

        let contact = NameAddr::parse(contact).unwrap();

        assert_eq!(contact.param("+sip.instance").unwrap(), "<urn:uuid:0-1>");
        assert_eq!(contact.q(), Some(350));
        assert_eq!(contact.expires(), Some(u32::MAX));
    }

    #[test]
    fn malformed_values_are_refused() {
        for text in [
            "",
            "\"A <sip:a@b>",
            "<sip:a@b",
            "< sip:a@b >",
            "<sip:a@b>;;;;",
            "<sip:a@b> x",
            "sip:a@b?Route=x",
            "<>",
            "\"A\" sip:a@b",
        ] {
            assert!(NameAddr::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_tag_replaces_another_and_keeps_the_rest() {
        let address = NameAddr::parse("Bob <sip:b@c>;x=\"1;2\";tag=old;y").unwrap();

        let address = address.with_tag("new");

        assert_eq!(
            address.text(),
            &Text::from("Bob <sip:b@c>;x=\"1;2\";y;tag=new")
        );
        assert_eq!(address.tag().unwrap(), "new");
    }

    #[test]
    fn a_semicolon_at_the_end_is_no_obstacle_to_a_tag() {
        for text in ["<sip:b@c>;x; ", "sip:b@c;x;", "<sip:b@c>;"] {
            let address = NameAddr::parse(text).unwrap().with_tag("new");

            assert_eq!(address.tag().unwrap(), "new", "{text}");
        }
    }

    #[test]
    fn a_name_is_quoted_when_built() {
        let uri = Uri::parse("sip:a@b").unwrap();

        let address = NameAddr::named("A \"B\"\r\n", &uri).with_tag("1");

        assert_eq!(
            address.text(),
            &Text::from("\"A \\\"B\\\"  \" <sip:a@b>;tag=1")
        );
        assert_eq!(address.uri().unwrap(), uri);
    }
}
