//! Requests within a dialog that may be somebody else's: RFC 3261 §22.1 lets them be challenged.

use std::time::Instant;

use super::Endpoint;
use super::event::{Event, SessionId};
use super::receive::Door;
use crate::Request;
use crate::subscription::SubscriptionId;
use crate::transport::Source;

/// A request that names a dialog's tags and does not come from where its far end is known to be. It
/// is a phone whose NAT or connection was made anew, or somebody who reads along.
///
/// Nothing is kept of it but this: whoever drops it leaves the request unanswered.
#[derive(Clone, Debug)]
pub struct Doubt {
    door: Door,
    dialogue: Dialogue,
    request: Request,
}

/// What a dialog is there for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialogue {
    /// A call.
    Session(SessionId),
    /// A subscription or transfer outside of calls.
    Subscription(SubscriptionId),
}

impl Doubt {
    /// Which dialog it claims to belong to.
    pub fn dialogue(&self) -> Dialogue {
        self.dialogue
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Where it came from.
    pub fn source(&self) -> Source {
        self.door.source
    }
}

impl Endpoint {
    /// The far end of this call has no password to be asked for: a trunk, or a host that was called by
    /// its name. From now on whatever comes from the host that we hear from, or that it named, is
    /// believed, by whatever port or connection.
    pub fn trust_host(&mut self, now: Instant, session: SessionId) {
        self.with(now, session, |session, _| session.trust_host());
    }

    /// A request of [`Event::Doubted`] is the far end's after all: it is carried out, and the far end is
    /// where it came from.
    pub fn believe(&mut self, now: Instant, doubt: &Doubt) {
        self.enter(now, &doubt.door, doubt.dialogue, &doubt.request);
    }

    /// Refuses a request of [`Event::Doubted`], 400 to 699, with further header fields: the challenge
    /// of a 401. The dialog goes on as it was, and nothing is kept: asked again, it is doubted again.
    pub fn disbelieve(&mut self, doubt: &Doubt, status: u16, headers: &[(String, String)]) {
        let (door, request) = (&doubt.door, &doubt.request);
        let mut refusal = self.wire.reply(request, status, &door.key.token());
        for (name, value) in headers {
            refusal = refusal.header_named(name, value);
        }
        self.refuse(door, refusal);
    }

    pub(super) fn doubt(&mut self, door: &Door, dialogue: Dialogue, request: &Request) {
        self.wire.event(Event::Doubted(Box::new(Doubt {
            door: *door,
            dialogue,
            request: request.clone(),
        })));
    }
}
