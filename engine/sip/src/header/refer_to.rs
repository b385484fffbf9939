//! Where a call is to go: RFC 3515 §2.1, with the header fields that its URI brings along.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::header::{Name, NameAddr, Replaces};
use crate::uri::unescape;
use crate::{Encode, Error, Method, Text, Uri};

/// `<sip:carol@example.com?Replaces=…>`: whom to call, and what the INVITE is to say.
#[derive(Clone)]
pub struct ReferTo {
    address: NameAddr,
    uri: Uri,
}

impl ReferTo {
    /// Reads a value. A URI with header fields but without brackets is forgiven: some phones
    /// write that.
    pub fn parse(text: impl Into<Text>) -> Result<Self, Error> {
        let text = text.into();
        let malformed = Error::Malformed(Name::ReferTo);
        let address = match NameAddr::parse(text.clone()) {
            Some(address) => address,
            None => {
                let trimmed = text.as_bytes().trim_ascii();
                let uri = Uri::parse(Text::from(Bytes::copy_from_slice(trimmed)));
                NameAddr::of(&uri.map_err(|_| malformed.clone())?)
            }
        };
        let uri = address.uri().map_err(|_| malformed)?;
        Ok(Self { address, uri })
    }

    /// Sends a call to somebody: a blind transfer.
    pub fn to(uri: &Uri) -> Self {
        let uri = uri.without_headers();
        let address = NameAddr::of(&uri);
        Self { address, uri }
    }

    /// Sends a call into the place of another one: an attended transfer.
    pub fn replacing(uri: &Uri, replaces: &Replaces) -> Self {
        let mut value = BytesMut::new();
        replaces.encode(&mut value);
        let mut text = BytesMut::new();
        uri.without_headers().encode(&mut text);
        text.extend_from_slice(b"?Replaces=");
        escape(&value, &mut text);
        match Uri::parse(Text::from(text)) {
            Ok(uri) => Self {
                address: NameAddr::of(&uri),
                uri,
            },
            // Nothing but a scheme without header fields fails to be read again.
            Err(_) => Self::to(uri),
        }
    }

    /// Returns whom to call, without the header fields.
    pub fn uri(&self) -> Uri {
        self.uri.without_headers()
    }

    /// Returns the name that is shown to people; empty if there is none.
    pub fn display(&self) -> Text {
        self.address.display()
    }

    /// Returns the method that is asked for where it is not INVITE.
    pub fn method(&self) -> Option<Method> {
        Method::of(&self.uri.param("method")?)
    }

    /// Returns the call to take the place of, if one is named; an error if it is named badly.
    pub fn replaces(&self) -> Result<Option<Replaces>, Error> {
        let mut values = self
            .headers()
            .filter(|(name, _)| name.eq_ignore_case(Name::Replaces.as_str()));
        let Some((_, value)) = values.next() else {
            return Ok(None);
        };
        match values.next() {
            None => Replaces::parse(&value).map(Some),
            Some(_) => Err(Error::Repeated(Name::Replaces)),
        }
    }

    /// Returns the header fields that the URI brings along, unescaped. They come from whoever asked
    /// for the transfer: take over none unseen.
    pub fn headers(&self) -> impl Iterator<Item = (Text, Text)> {
        let headers = self.uri.headers().unwrap_or_default();
        let plain = |octets: &[u8]| Text::from(Bytes::from(unescape(octets)));
        let fields: Vec<_> = (headers.as_bytes().split(|octet| *octet == b'&'))
            .filter_map(|field| {
                let at = memchr::memchr(b'=', field)?;
                let (name, value) = field.split_at(at);
                Some((plain(name), plain(value.get(1..)?)))
            })
            .take(MOST_HEADERS)
            .collect();
        fields.into_iter()
    }
}

/// Writes what may stand in the value of a URI's header field (RFC 3261 §25.1), and escapes the rest.
fn escape(value: &[u8], out: &mut BytesMut) {
    for &octet in value {
        if octet.is_ascii_alphanumeric() || b"-_.!~*'()[]/?:+$".contains(&octet) {
            out.extend_from_slice(&[octet]);
        } else {
            out.extend_from_slice(format!("%{octet:02X}").as_bytes());
        }
    }
}

impl fmt::Debug for ReferTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address, f)
    }
}

impl Encode for ReferTo {
    fn encode(&self, out: &mut BytesMut) {
        self.address.encode(out);
    }
}

/// Header fields of one URI that are looked at.
const MOST_HEADERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_to_replace_is_read_out_of_the_uri() {
        let text = "\"Carol\" <sip:carol@example.com;method=INVITE?Subject=a%20b&\
                    replaces=c%40h%3Bto-tag%3Dt%3Bfrom-tag%3Df>";

        let refer_to = ReferTo::parse(text).unwrap();

        assert_eq!(
            refer_to.uri().to_string(),
            "sip:carol@example.com;method=INVITE"
        );
        assert_eq!(refer_to.method(), Some(Method::Invite));
        assert_eq!(refer_to.display(), "Carol");
        let replaces = refer_to.replaces().unwrap().unwrap();
        assert_eq!(replaces.call_id, "c@h");
        assert_eq!(
            (replaces.to_tag, replaces.from_tag),
            ("t".into(), "f".into())
        );
        let headers: Vec<_> = refer_to.headers().collect();
        assert_eq!(headers[0], ("Subject".into(), "a b".into()));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let uri = Uri::parse("sip:1049@192.0.2.9:5062;transport=tcp").unwrap();
        let replaces = Replaces {
            call_id: "a=b&c@[::1]".into(),
            to_tag: "t".into(),
            from_tag: "f".into(),
            early_only: true,
        };

        let written = ReferTo::replacing(&uri, &replaces);
        let mut out = BytesMut::new();
        written.encode(&mut out);
        let read = ReferTo::parse(Text::from(out)).unwrap();

        assert_eq!(read.replaces(), Ok(Some(replaces)));
        assert_eq!(read.uri(), uri);
        assert_eq!(ReferTo::to(&read.uri).replaces(), Ok(None));
    }

    #[test]
    fn missing_brackets_are_forgiven_and_nonsense_is_not() {
        let bare = ReferTo::parse("sip:c@d?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2").unwrap();
        assert_eq!(bare.replaces().unwrap().unwrap().call_id, "x");

        for text in ["", "carol", "<carol>", "<sip:c@d", "<sip:@>"] {
            assert!(ReferTo::parse(text).is_err(), "{text}");
        }
        for headers in [
            "Replaces=x",
            "Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=x",
        ] {
            let refer_to = ReferTo::parse(format!("<sip:c@d?{headers}>")).unwrap();
            assert!(refer_to.replaces().is_err(), "{headers}");
        }
    }
}
