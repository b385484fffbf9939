//! The typed values of a message's header fields, read when asked for.

use std::time::Duration;

use smallvec::SmallVec;

use crate::header::numbers::seconds;
use crate::header::{
    CSeq, Challenge, Credentials, EventPackage, Name, NameAddr, Params, RAck, ReferTo, Replaces,
    SessionExpires, SubscriptionState, Via,
};
use crate::message::Head;
use crate::message::method::Method;
use crate::{Error, Text};

/// Addresses of one name, nearly always one or two.
pub type Addresses = SmallVec<[NameAddr; 1]>;

/// Why a request was sent, for example why the call ended (RFC 3326).
#[derive(Clone, Debug)]
pub struct Reason {
    /// `SIP`, `Q.850`, or another.
    pub protocol: Text,
    /// The protocol's number.
    pub cause: Option<u16>,
    /// The same in words.
    pub text: Option<Text>,
}

/// What a request must bring along. A message from [`Message::parse`](crate::Message::parse) has
/// been checked for these, so that they are errors only on messages built by hand.
impl Head {
    /// Returns the topmost Via.
    pub fn via(&self) -> Result<Via, Error> {
        let read = || {
            let value = self.first(Name::Via)?;
            let end = crate::header::list::end_of_element(value.as_bytes(), 0);
            Via::parse(value.part(0..end))
        };
        self.read.via.get_or_init(read).clone()
    }

    /// Returns who asks.
    pub fn from(&self) -> Result<NameAddr, Error> {
        self.read
            .from
            .get_or_init(|| self.address(Name::From))
            .clone()
    }

    /// Returns who is asked.
    pub fn to(&self) -> Result<NameAddr, Error> {
        self.read.to.get_or_init(|| self.address(Name::To)).clone()
    }

    /// Returns the call's identity; empty if there is none.
    pub fn call_id(&self) -> Text {
        self.header(Name::CallId).unwrap_or_default()
    }

    /// Returns the sequence number and its method.
    pub fn cseq(&self) -> Result<CSeq, Error> {
        let read = || CSeq::parse(&self.first(Name::CSeq)?);
        self.read.cseq.get_or_init(read).clone()
    }

    fn first(&self, name: Name) -> Result<Text, Error> {
        self.header(name).ok_or(Error::Missing(name))
    }

    fn address(&self, name: Name) -> Result<NameAddr, Error> {
        NameAddr::parse(self.first(name)?).ok_or(Error::Malformed(name))
    }
}

/// Addresses.
impl Head {
    /// Returns every Via, topmost first.
    pub fn vias(&self) -> Result<SmallVec<[Via; 2]>, Error> {
        self.header_all(Name::Via).map(Via::parse).collect()
    }

    /// Returns the addresses in Contact; `*` is an error here, see [`is_contact_star`](Self::is_contact_star).
    pub fn contacts(&self) -> Result<Addresses, Error> {
        let contacts = self.addresses(Name::Contact)?;
        match contacts.iter().any(|contact| *contact.text() == *"*") {
            true => Err(Error::Malformed(Name::Contact)),
            false => Ok(contacts),
        }
    }

    /// Tells whether Contact is `*`, which means all bindings of a REGISTER.
    pub fn is_contact_star(&self) -> bool {
        self.header_all(Name::Contact).any(|value| value == "*")
    }

    /// Returns the hops that a request still has to pass.
    pub fn routes(&self) -> Result<Addresses, Error> {
        self.addresses(Name::Route)
    }

    /// Returns the hops that want to stay on the way, topmost first.
    pub fn record_routes(&self) -> Result<Addresses, Error> {
        self.addresses(Name::RecordRoute)
    }

    /// Returns the hops between a registrar and the phone (RFC 3327), topmost first.
    pub fn path(&self) -> Result<Addresses, Error> {
        self.addresses(Name::Path)
    }

    /// Returns all addresses of fields of this name.
    pub fn addresses(&self, name: Name) -> Result<Addresses, Error> {
        self.header_all(name)
            .map(|value| NameAddr::parse(value).ok_or(Error::Malformed(name)))
            .collect()
    }
}

/// Numbers and times.
impl Head {
    /// Returns the hops left, 0 to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, Error> {
        self.header(Name::MaxForwards)
            .map(|value| value.number().ok_or(Error::Malformed(Name::MaxForwards)))
            .transpose()
    }

    /// Returns Expires in seconds; a malformed one counts as none, too large a one as the largest.
    pub fn expires(&self) -> Option<u32> {
        self.seconds_of(Name::Expires).ok().flatten()
    }

    /// Returns Min-Expires in seconds.
    pub fn min_expires(&self) -> Option<u32> {
        self.seconds_of(Name::MinExpires).ok().flatten()
    }

    /// Returns how long to wait before asking again.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.seconds_of(Name::RetryAfter).ok().flatten()?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// Returns the number of a reliable provisional response (RFC 3262).
    pub fn rseq(&self) -> Result<Option<u32>, Error> {
        self.header(Name::RSeq)
            .map(|value| value.number().ok_or(Error::Malformed(Name::RSeq)))
            .transpose()
    }

    /// Returns which reliable response a PRACK acknowledges.
    pub fn rack(&self) -> Result<Option<RAck>, Error> {
        self.header(Name::RAck)
            .map(|value| RAck::parse(&value))
            .transpose()
    }

    /// Returns how long the session lives, and who refreshes it (RFC 4028).
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, Error> {
        self.header(Name::SessionExpires)
            .map(|value| SessionExpires::parse(&value))
            .transpose()
    }

    /// Returns the shortest session time that is acceptable.
    pub fn min_se(&self) -> Result<Option<Duration>, Error> {
        let seconds = self.seconds_of(Name::MinSe)?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }

    fn seconds_of(&self, name: Name) -> Result<Option<u32>, Error> {
        self.header(name)
            .map(|value| seconds(&value, name))
            .transpose()
    }
}

/// Abilities and reasons.
impl Head {
    /// Returns the extensions that the sender demands.
    pub fn require(&self) -> impl Iterator<Item = Text> {
        self.tokens(Name::Require)
    }

    /// Returns the extensions that the sender understands.
    pub fn supported(&self) -> impl Iterator<Item = Text> {
        self.tokens(Name::Supported)
    }

    /// Returns the methods that the sender understands.
    pub fn allow(&self) -> impl Iterator<Item = Method> {
        self.tokens(Name::Allow)
            .filter_map(|name| Method::of(&name))
    }

    /// Tells whether the sender demands an extension.
    pub fn requires(&self, extension: &str) -> bool {
        self.require().any(|token| token.eq_ignore_case(extension))
    }

    /// Tells whether the sender understands an extension; to demand it is to understand it.
    pub fn supports(&self, extension: &str) -> bool {
        self.supported()
            .any(|token| token.eq_ignore_case(extension))
            || self.requires(extension)
    }

    /// Returns the reasons given, one per protocol (RFC 3326).
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.header_all(Name::Reason).filter_map(|value| {
            let (protocol, params) = before_params(&value);
            Some(Reason {
                protocol: (!protocol.is_empty()).then_some(protocol)?,
                cause: params.value("cause").and_then(|cause| cause.number()),
                text: params.value("text"),
            })
        })
    }

    /// Returns the body's media type without parameters, for example `application/sdp`.
    pub fn content_type(&self) -> Option<Text> {
        Some(before_params(&self.header(Name::ContentType)?).0)
    }

    /// Tells whether the body is of this media type.
    pub fn is_content_type(&self, media_type: &str) -> bool {
        self.content_type()
            .is_some_and(|own| own.eq_ignore_case(media_type))
    }

    /// Returns a parameter of a field that is a token with parameters, for example `boundary` of Content-Type.
    pub fn header_param(&self, name: Name, param: &str) -> Option<Text> {
        before_params(&self.header(name)?).1.value(param)
    }

    fn tokens(&self, name: Name) -> impl Iterator<Item = Text> {
        self.header_all(name).filter(|token| !token.is_empty())
    }
}

/// Subscriptions and transfers.
impl Head {
    /// Returns the event package that a request is about (RFC 6665).
    pub fn event(&self) -> Result<EventPackage, Error> {
        EventPackage::parse(&self.first(Name::Event)?)
    }

    /// Returns how a subscription stands.
    pub fn subscription_state(&self) -> Result<SubscriptionState, Error> {
        SubscriptionState::parse(&self.first(Name::SubscriptionState)?)
    }

    /// Returns the event packages that the sender serves.
    pub fn allow_events(&self) -> impl Iterator<Item = Text> {
        self.tokens(Name::AllowEvents)
    }

    /// Returns where a REFER sends the call (RFC 3515).
    pub fn refer_to(&self) -> Result<ReferTo, Error> {
        ReferTo::parse(self.first(Name::ReferTo)?)
    }

    /// Returns who asked for a transfer (RFC 3892).
    pub fn referred_by(&self) -> Result<Option<NameAddr>, Error> {
        self.header(Name::ReferredBy)
            .map(|value| NameAddr::parse(value).ok_or(Error::Malformed(Name::ReferredBy)))
            .transpose()
    }

    /// Tells whether nobody wants to hear how a transfer goes, or nobody will tell (RFC 4488).
    pub fn refuses_refer_news(&self) -> bool {
        let value = self.header(Name::ReferSub).unwrap_or_default();
        before_params(&value).0.eq_ignore_case("false")
    }

    /// Returns the call that an INVITE takes the place of (RFC 3891).
    pub fn replaces(&self) -> Result<Option<Replaces>, Error> {
        self.header(Name::Replaces)
            .map(|value| Replaces::parse(&value))
            .transpose()
    }
}

/// Authentication.
impl Head {
    /// Returns the first credentials for the one who answers.
    pub fn authorization(&self) -> Option<Credentials> {
        self.credentials(Name::Authorization).next()
    }

    /// Returns all well-formed credentials in fields of this name.
    pub fn credentials(&self, name: Name) -> impl Iterator<Item = Credentials> {
        self.header_all(name).filter_map(Credentials::parse)
    }

    /// Returns all well-formed challenges in fields of this name.
    pub fn challenges(&self, name: Name) -> impl Iterator<Item = Challenge> {
        self.header_all(name).filter_map(Challenge::parse)
    }
}

/// Parts a value at its first semicolon.
fn before_params(value: &Text) -> (Text, Params) {
    let octets = value.as_bytes();
    let at = memchr::memchr(b';', octets).unwrap_or(octets.len());
    let range = crate::header::scan::trim(octets, 0..at);
    (value.part(range), Params::new(value, at..octets.len()))
}
