//! The call that another one takes the place of: RFC 3891 §6.1.

use bytes::BytesMut;

use crate::header::scan::{Scan, is_space, trim};
use crate::header::{Name, Params};
use crate::{Encode, Error, Text};

/// A dialog, named from the end that gets to read this.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: Text,
    /// The reader's own tag.
    pub to_tag: Text,
    /// The tag of the reader's far end.
    pub from_tag: Text,
    /// Only if nobody has answered it.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a value.
    pub fn parse(text: &Text) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::Malformed(Name::Replaces))
    }

    /// Returns the value with buffers of its own, which keep no message alive.
    pub fn detach(&self) -> Self {
        Self {
            call_id: self.call_id.detach(),
            to_tag: self.to_tag.detach(),
            from_tag: self.from_tag.detach(),
            early_only: self.early_only,
        }
    }

    fn read(text: &Text) -> Option<Self> {
        let octets = text.as_bytes();
        let mut scan = Scan::new(octets, 0);
        let call_id = trim(octets, scan.take(|octet| octet != b';'));
        let is_whole = octets.get(call_id.clone())?.iter().all(|o| !is_space(*o));
        if call_id.is_empty() || !is_whole {
            return None;
        }
        let params = Params::new(text, scan.parameters()?);
        // Each tag stands exactly once, or nobody knows which dialog is meant.
        let only = |wanted: &str| {
            let mut named = params
                .iter()
                .filter(|(name, _)| name.eq_ignore_case(wanted));
            let (_, value) = named.next()?;
            value.filter(|_| named.next().is_none())
        };
        Some(Self {
            call_id: text.part(call_id),
            to_tag: only("to-tag")?,
            from_tag: only("from-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

impl Encode for Replaces {
    fn encode(&self, out: &mut BytesMut) {
        self.call_id.encode(out);
        out.extend_from_slice(b";to-tag=");
        super::encode_param_value(&self.to_tag, out);
        out.extend_from_slice(b";from-tag=");
        super::encode_param_value(&self.from_tag, out);
        if self.early_only {
            out.extend_from_slice(b";early-only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_and_tags_are_read_in_any_order() {
        let text = "98asjd8@test ;from-tag=f; To-Tag=t ;early-only";

        let replaces = Replaces::parse(&text.into()).unwrap();

        assert_eq!(replaces.call_id, "98asjd8@test");
        assert_eq!(replaces.to_tag, "t");
        assert_eq!(replaces.from_tag, "f");
        assert!(replaces.early_only);
        let mut out = BytesMut::new();
        replaces.encode(&mut out);
        assert_eq!(Replaces::parse(&Text::from(out)), Ok(replaces));
    }

    #[test]
    fn a_dialog_that_is_not_named_clearly_is_none() {
        for text in [
            "",
            "c",
            "c;to-tag=t",
            "c;from-tag=f",
            "c;to-tag;from-tag=f",
            "c;to-tag=t;to-tag=u;from-tag=f",
            ";to-tag=t;from-tag=f",
            "a b;to-tag=t;from-tag=f",
            "c;to-tag=t;from-tag=f x",
        ] {
            assert!(Replaces::parse(&text.into()).is_err(), "{text}");
        }
    }
}
