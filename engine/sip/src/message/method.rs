//! What a request asks for.

use std::fmt;

use bytes::BytesMut;

use crate::header::scan::is_token;
use crate::{Encode, Text};

/// A request's method; names are case-sensitive (RFC 3261 §7.1).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// Begin or change a session.
    Invite,
    /// The final response to an INVITE has arrived.
    Ack,
    /// End the session.
    Bye,
    /// Give up a pending request.
    Cancel,
    /// What can you do, and are you there.
    Options,
    /// I can be reached here.
    Register,
    /// Something within a session, RFC 6086.
    Info,
    /// A provisional response has arrived, RFC 3262.
    Prack,
    /// Change a session before it stands, RFC 3311.
    Update,
    /// Tell me about an event, RFC 6665.
    Subscribe,
    /// The event happened, RFC 6665.
    Notify,
    /// Call somebody for me, RFC 3515.
    Refer,
    /// A text message, RFC 3428.
    Message,
    /// Here is my state, RFC 3903.
    Publish,
    /// Anything else that is a token.
    Other(Text),
}

impl Method {
    /// Returns the name.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Other(name) => name.as_bytes(),
            known => KNOWN
                .iter()
                .find(|(method, _)| method == known)
                .map_or(b"", |(_, name)| name.as_bytes()),
        }
    }

    /// Reads a method's name.
    pub(crate) fn of(name: &Text) -> Option<Self> {
        let octets = name.as_bytes();
        if let Some(known) = Self::known(octets) {
            return Some(known);
        }
        let valid = !octets.is_empty() && octets.iter().all(|&octet| is_token(octet));
        valid.then(|| Self::Other(name.clone()))
    }

    /// Reads one of the methods that have a name here.
    pub(crate) fn known(octets: &[u8]) -> Option<Self> {
        Some(match octets {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"OPTIONS" => Self::Options,
            b"REGISTER" => Self::Register,
            b"INFO" => Self::Info,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"REFER" => Self::Refer,
            b"MESSAGE" => Self::Message,
            b"PUBLISH" => Self::Publish,
            _ => return None,
        })
    }
}

impl From<&str> for Method {
    fn from(name: &str) -> Self {
        Self::known(name.as_bytes()).unwrap_or_else(|| Self::Other(Text::from(name)))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&crate::text::decode(self.as_bytes()))
    }
}

impl Encode for Method {
    fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.as_bytes());
    }
}

const KNOWN: [(Method, &str); 14] = [
    (Method::Invite, "INVITE"),
    (Method::Ack, "ACK"),
    (Method::Bye, "BYE"),
    (Method::Cancel, "CANCEL"),
    (Method::Options, "OPTIONS"),
    (Method::Register, "REGISTER"),
    (Method::Info, "INFO"),
    (Method::Prack, "PRACK"),
    (Method::Update, "UPDATE"),
    (Method::Subscribe, "SUBSCRIBE"),
    (Method::Notify, "NOTIFY"),
    (Method::Refer, "REFER"),
    (Method::Message, "MESSAGE"),
    (Method::Publish, "PUBLISH"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_method_survives_its_spelling() {
        for (method, name) in KNOWN {
            assert_eq!(Method::from(name), method);
            assert_eq!(method.as_bytes(), name.as_bytes());
        }
        assert_eq!(Method::from("invite"), Method::Other(Text::from("invite")));
    }
}
