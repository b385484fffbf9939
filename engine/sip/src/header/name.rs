//! The names of header fields, their compact forms, and which may hold a list.

use std::fmt;

/// A header field's name that is known here; everything else is [`Name::Other`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Name {
    /// Media types that the sender understands.
    Accept,
    /// Codings that the sender understands.
    AcceptEncoding,
    /// Languages that the sender understands.
    AcceptLanguage,
    /// Reference to a ring tone.
    AlertInfo,
    /// Methods that the sender understands.
    Allow,
    /// Event packages that the sender understands (RFC 6665), compact `u`.
    AllowEvents,
    /// Proof of the far end's own knowledge of the secret, and the next nonce.
    AuthenticationInfo,
    /// Credentials for the one who answers.
    Authorization,
    /// The call's identity, compact `i`.
    CallId,
    /// More about the caller or callee.
    CallInfo,
    /// Where the sender can be reached directly, compact `m`.
    Contact,
    /// What the body is for.
    ContentDisposition,
    /// Codings of the body, compact `e`.
    ContentEncoding,
    /// Language of the body.
    ContentLanguage,
    /// Octets of the body, compact `l`.
    ContentLength,
    /// Media type of the body, compact `c`.
    ContentType,
    /// Sequence number and method.
    CSeq,
    /// When it was sent.
    Date,
    /// From whom the call was turned here (RFC 5806).
    Diversion,
    /// More about an error.
    ErrorInfo,
    /// Event package (RFC 6665), compact `o`.
    Event,
    /// Seconds of validity.
    Expires,
    /// Who asks, compact `f`.
    From,
    /// Where the call has been (RFC 7044).
    HistoryInfo,
    /// Signed identity (RFC 8224), compact `y`.
    Identity,
    /// The call that this one continues.
    InReplyTo,
    /// The call to join (RFC 3911).
    Join,
    /// Hops left.
    MaxForwards,
    /// Version of MIME.
    MimeVersion,
    /// Shortest acceptable time of validity, in seconds.
    MinExpires,
    /// Shortest acceptable session time, in seconds (RFC 4028).
    MinSe,
    /// Sender's organisation.
    Organization,
    /// Who asks, as asserted by a trusted network (RFC 3325).
    PAssertedIdentity,
    /// Whom the sender wishes to be taken for (RFC 3325).
    PPreferredIdentity,
    /// Hops between registrar and phone (RFC 3327).
    Path,
    /// Urgency.
    Priority,
    /// What of the sender is to be hidden (RFC 3323).
    Privacy,
    /// Challenge of one on the way.
    ProxyAuthenticate,
    /// Credentials for one on the way.
    ProxyAuthorization,
    /// Extensions that those on the way must understand.
    ProxyRequire,
    /// Which reliable response is acknowledged (RFC 3262).
    RAck,
    /// Why the call ended (RFC 3326).
    Reason,
    /// Hops that stay on the way.
    RecordRoute,
    /// Whether a transfer is to be reported on (RFC 4488).
    ReferSub,
    /// Where to send a call (RFC 3515), compact `r`.
    ReferTo,
    /// Who asked for the transfer (RFC 3892), compact `b`.
    ReferredBy,
    /// Who asks, as a network asserts it in the old way.
    RemotePartyId,
    /// The call to take over (RFC 3891).
    Replaces,
    /// Where to answer.
    ReplyTo,
    /// Extensions that the answering side must understand.
    Require,
    /// Seconds to wait before asking again.
    RetryAfter,
    /// Hops still to pass.
    Route,
    /// Number of a reliable response (RFC 3262).
    RSeq,
    /// Software that answers.
    Server,
    /// Hops to use for new requests (RFC 3608).
    ServiceRoute,
    /// Session time and who refreshes it (RFC 4028), compact `x`.
    SessionExpires,
    /// What the call is about, compact `s`.
    Subject,
    /// State of a subscription (RFC 6665).
    SubscriptionState,
    /// Extensions that the sender understands, compact `k`.
    Supported,
    /// Moment of sending, for round-trip times.
    Timestamp,
    /// Who is asked, compact `t`.
    To,
    /// Extensions that the answering side does not understand.
    Unsupported,
    /// Software that asks.
    UserAgent,
    /// The way that the request came, compact `v`.
    Via,
    /// Something odd, in words.
    Warning,
    /// Challenge of the one who answers.
    WwwAuthenticate,
    /// Any other name; the field keeps its own.
    Other,
}

impl Name {
    /// Returns the name in its usual spelling; empty for [`Name::Other`].
    pub fn as_str(self) -> &'static str {
        KNOWN.get(self as usize).map_or("", |known| known.1)
    }

    /// Finds the name that these octets spell, in any case and in either form.
    pub fn of(octets: &[u8]) -> Self {
        if let [letter] = octets {
            let letter = letter.to_ascii_lowercase();
            let known = KNOWN
                .iter()
                .find(|known| known.2 == letter && letter != NONE);
            return known.map_or(Self::Other, |known| known.0);
        }
        let slot = SLOTS.get(slot(octets)).copied().unwrap_or(u8::MAX);
        match KNOWN.get(usize::from(slot)) {
            // Nearly everybody writes names as usual, and that is the cheaper comparison.
            Some(known) if known.1.as_bytes() == octets => known.0,
            Some(known) if known.1.as_bytes().eq_ignore_ascii_case(octets) => known.0,
            _ => Self::Other,
        }
    }

    /// Tells whether one field may hold several values, parted by commas (RFC 3261 §7.3.1).
    pub fn is_list(self) -> bool {
        KNOWN
            .get(self as usize)
            .is_some_and(|known| known.3 == MANY)
    }

    /// Tells whether a message may hold this field only once.
    pub fn is_single(self) -> bool {
        KNOWN.get(self as usize).is_some_and(|known| known.3 == ONE)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No compact form.
const NONE: u8 = 0;

/// How often a field may stand, and whether it is a list.
type Count = u8;
/// Once in a message.
const ONE: Count = 0;
/// Any number of fields, each with values parted by commas.
const MANY: Count = 1;
/// Any number of fields, each with one value in which commas mean something else.
const WHOLE: Count = 2;

/// Every known name in the order of the enum.
const KNOWN: [(Name, &str, u8, Count); Name::Other as usize] = [
    (Name::Accept, "Accept", NONE, MANY),
    (Name::AcceptEncoding, "Accept-Encoding", NONE, MANY),
    (Name::AcceptLanguage, "Accept-Language", NONE, MANY),
    (Name::AlertInfo, "Alert-Info", NONE, MANY),
    (Name::Allow, "Allow", NONE, MANY),
    (Name::AllowEvents, "Allow-Events", b'u', MANY),
    (Name::AuthenticationInfo, "Authentication-Info", NONE, WHOLE),
    (Name::Authorization, "Authorization", NONE, WHOLE),
    (Name::CallId, "Call-ID", b'i', ONE),
    (Name::CallInfo, "Call-Info", NONE, MANY),
    (Name::Contact, "Contact", b'm', MANY),
    (Name::ContentDisposition, "Content-Disposition", NONE, ONE),
    (Name::ContentEncoding, "Content-Encoding", b'e', MANY),
    (Name::ContentLanguage, "Content-Language", NONE, MANY),
    (Name::ContentLength, "Content-Length", b'l', ONE),
    (Name::ContentType, "Content-Type", b'c', ONE),
    (Name::CSeq, "CSeq", NONE, ONE),
    (Name::Date, "Date", NONE, ONE),
    (Name::Diversion, "Diversion", NONE, MANY),
    (Name::ErrorInfo, "Error-Info", NONE, MANY),
    (Name::Event, "Event", b'o', ONE),
    (Name::Expires, "Expires", NONE, ONE),
    (Name::From, "From", b'f', ONE),
    (Name::HistoryInfo, "History-Info", NONE, MANY),
    (Name::Identity, "Identity", b'y', WHOLE),
    (Name::InReplyTo, "In-Reply-To", NONE, MANY),
    (Name::Join, "Join", NONE, ONE),
    (Name::MaxForwards, "Max-Forwards", NONE, ONE),
    (Name::MimeVersion, "MIME-Version", NONE, ONE),
    (Name::MinExpires, "Min-Expires", NONE, ONE),
    (Name::MinSe, "Min-SE", NONE, ONE),
    (Name::Organization, "Organization", NONE, ONE),
    (Name::PAssertedIdentity, "P-Asserted-Identity", NONE, MANY),
    (Name::PPreferredIdentity, "P-Preferred-Identity", NONE, MANY),
    (Name::Path, "Path", NONE, MANY),
    (Name::Priority, "Priority", NONE, ONE),
    (Name::Privacy, "Privacy", NONE, WHOLE),
    (Name::ProxyAuthenticate, "Proxy-Authenticate", NONE, WHOLE),
    (Name::ProxyAuthorization, "Proxy-Authorization", NONE, WHOLE),
    (Name::ProxyRequire, "Proxy-Require", NONE, MANY),
    (Name::RAck, "RAck", NONE, ONE),
    (Name::Reason, "Reason", NONE, MANY),
    (Name::RecordRoute, "Record-Route", NONE, MANY),
    (Name::ReferSub, "Refer-Sub", NONE, ONE),
    (Name::ReferTo, "Refer-To", b'r', ONE),
    (Name::ReferredBy, "Referred-By", b'b', ONE),
    (Name::RemotePartyId, "Remote-Party-ID", NONE, MANY),
    (Name::Replaces, "Replaces", NONE, ONE),
    (Name::ReplyTo, "Reply-To", NONE, ONE),
    (Name::Require, "Require", NONE, MANY),
    (Name::RetryAfter, "Retry-After", NONE, ONE),
    (Name::Route, "Route", NONE, MANY),
    (Name::RSeq, "RSeq", NONE, ONE),
    (Name::Server, "Server", NONE, ONE),
    (Name::ServiceRoute, "Service-Route", NONE, MANY),
    (Name::SessionExpires, "Session-Expires", b'x', ONE),
    (Name::Subject, "Subject", b's', ONE),
    (Name::SubscriptionState, "Subscription-State", NONE, ONE),
    (Name::Supported, "Supported", b'k', MANY),
    (Name::Timestamp, "Timestamp", NONE, ONE),
    (Name::To, "To", b't', ONE),
    (Name::Unsupported, "Unsupported", NONE, MANY),
    (Name::UserAgent, "User-Agent", NONE, ONE),
    (Name::Via, "Via", b'v', MANY),
    (Name::Warning, "Warning", NONE, MANY),
    (Name::WwwAuthenticate, "WWW-Authenticate", NONE, WHOLE),
];

const SLOT_COUNT: usize = 256;

/// Where each known name is found by [`slot`]; the compiler refuses a collision.
const SLOTS: [u8; SLOT_COUNT] = {
    let mut slots = [u8::MAX; SLOT_COUNT];
    let mut index = 0;
    while index < KNOWN.len() {
        let at = slot(KNOWN[index].1.as_bytes());
        assert!(
            slots[at] == u8::MAX,
            "two names share a slot: change the factors"
        );
        slots[at] = index as u8;
        index += 1;
    }
    slots
};

/// Mixes length and three letters into an index that differs for every known name.
const fn slot(name: &[u8]) -> usize {
    if name.is_empty() {
        return 0;
    }
    let first = (name[0] | 0x20) as usize;
    let middle = (name[name.len() / 2] | 0x20) as usize;
    let last = (name[name.len() - 1] | 0x20) as usize;
    (name.len() * 13 + first * 12 + middle * 186 + last * 166) % SLOT_COUNT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_case_and_by_its_letter() {
        for (index, (name, spelling, letter, _)) in KNOWN.into_iter().enumerate() {
            assert_eq!(name as usize, index);
            assert_eq!(Name::of(spelling.as_bytes()), name);
            assert_eq!(Name::of(spelling.to_uppercase().as_bytes()), name);
            if letter != NONE {
                assert_eq!(Name::of(&[letter.to_ascii_uppercase()]), name);
            }
        }
    }

    #[test]
    fn other_names_stay_other() {
        for name in [
            "",
            "q",
            "\0",
            "X-Customer",
            "Vi",
            "Viaa",
            "From ",
            "Fr\u{f6}m",
        ] {
            assert_eq!(Name::of(name.as_bytes()), Name::Other);
        }
    }
}
