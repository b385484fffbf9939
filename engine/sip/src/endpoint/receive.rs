//! What comes in: to which transaction, dialog or call it belongs, and what is refused at the door.
//! RFC 3261 §8.2, §16.3, §17.2.3; RFC 3581.

use std::time::Instant;

use bytes::Bytes;

use super::Endpoint;
use super::doubting::Dialogue;
use super::event::{Event, RequestHandle, SessionId};
use super::wire::{CALL_METHODS, reply_route};
use crate::dialog::peer::Standing;
use crate::session::follow_up::{ack_of_refusal, turn_away};
use crate::session::{self, Session};
use crate::subscription::SubscriptionId;
use crate::transaction::key::Key;
use crate::transaction::table::{Arrival, Owner};
use crate::transport::{Route, Source};
use crate::{
    Error, Message, Method, Name, ParseError, Request, Response, ResponseBuilder, Scheme, Text, Via,
};

/// A request as it arrived: what finds its transaction, and where its responses go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub(super) key: Key,
    route: Route,
    pub(super) source: Source,
}

impl Endpoint {
    /// A message arrived: one datagram, or one message cut out of a stream.
    pub fn handle_message(&mut self, now: Instant, source: Source, bytes: Bytes) {
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.handle_request(now, source, &request),
            Ok(Message::Response(response)) => self.handle_response(now, source, &response),
            Err(fault) => self.handle_fault(source, &fault),
        }
    }

    /// A message arrived from a source that is refused for guessing passwords. Phones behind one
    /// address share their fate, so what belongs to a call or answers a request of ours is handled as
    /// ever; what begins anything new is dropped without an answer.
    pub fn handle_banned_message(&mut self, now: Instant, source: Source, bytes: Bytes) {
        let begins = |request: &Request| {
            let is_inside = request.to().is_ok_and(|to| to.tag().is_some());
            !is_inside && !matches!(request.method(), Method::Ack | Method::Cancel)
        };
        match Message::parse(bytes) {
            Ok(Message::Request(request)) if begins(&request) => {}
            Ok(Message::Request(request)) => self.handle_request(now, source, &request),
            Ok(Message::Response(response)) => self.handle_response(now, source, &response),
            Err(_) => {}
        }
    }

    /// A stream brought the beginning of a message that is too long to be taken: its sender is told so
    /// (513). Close the stream a moment later.
    pub fn handle_too_long_message(&mut self, source: Source, beginning: Bytes) {
        self.handle_fault(source, &Message::too_long(beginning));
    }

    fn handle_fault(&mut self, source: Source, fault: &ParseError) {
        let Some(refusal) = fault.refusal() else {
            return;
        };
        // Without a Via that can be read, the answer goes back to where the request came from.
        let (refusal, tag, route) = match refusal.via() {
            Ok(via) => (
                (refusal.edit()).replace_first(Name::Via, via.with_source(source.remote)),
                self.wire.keys.of(&[via.text().as_bytes()]).token(),
                reply_route(&via, &source),
            ),
            Err(_) => (
                refusal.edit(),
                self.wire.random.token(),
                source.reply_route(),
            ),
        };
        let refusal = refusal
            .to_tag(&tag)
            .header(Name::Server, &self.wire.config.user_agent)
            .finish();
        self.wire.table.transmit(route, refusal.to_bytes(), false);
    }

    fn handle_response(&mut self, now: Instant, source: Source, response: &Response) {
        let (Ok(via), Ok(cseq)) = (response.via(), response.cseq()) else {
            return;
        };
        let branch = via.branch().unwrap_or_default();
        let key = self.wire.client_key(branch.as_bytes(), &cseq.method);
        let is_answer = cseq.method == Method::Invite && response.is_success();
        let party = is_answer.then(|| {
            let tag = response.to().ok().and_then(|to| to.tag());
            self.wire.party_key(tag.as_ref())
        });
        let owner = (self.wire.table).handle_response(now, key, response.status(), |invite| {
            ack_of_refusal(invite, response)
        });
        let Some(owner) = owner else { return };
        if party.is_some_and(|party| self.wire.table.repeat_ack(key, party)) {
            return;
        }
        match owner {
            Owner::Session(id) => {
                let waits = self
                    .sessions
                    .get(&id)
                    .is_some_and(|session| session.awaits(key));
                if waits || !is_answer {
                    self.with(now, id, |session, wire| {
                        session.handle_response(now, wire, key, response, source);
                    });
                } else if !self
                    .sessions
                    .get(&id)
                    .is_some_and(|session| session.owes_ack(key))
                {
                    turn_away(now, &mut self.wire, key, response, source);
                }
            }
            Owner::Subscription(id) => self.with_subscription(now, id, |subscription, wire| {
                subscription.handle_response(now, wire, key, response);
            }),
            Owner::Request => self.handle_own_response(now, key, response),
            Owner::Nobody => {}
        }
    }

    fn handle_request(&mut self, now: Instant, source: Source, request: &Request) {
        let (Ok(via), Ok(to)) = (request.via(), request.to()) else {
            return;
        };
        let method = match request.method() {
            Method::Ack => &Method::Invite,
            method => method,
        };
        let door = Door {
            key: self.wire.server_key(request, &via, method),
            route: reply_route(&via, &source),
            source,
        };
        if *request.method() == Method::Ack {
            if !self.wire.table.handle_ack(now, door.key) {
                self.handle_ack(now, request, to.tag().as_ref(), &source);
            }
            return;
        }
        if self.wire.table.handle_request(now, door.key) {
            return;
        }
        let request = &request.with_source(source.remote);
        if *request.method() == Method::Cancel {
            return self.handle_cancel(now, &door, &via, request);
        }
        if let Some(unsupported) = self.wire.unsupported(request) {
            let refusal = self.wire.reply(request, 420, &door.key.token());
            return self.refuse(&door, refusal.header(Name::Unsupported, unsupported));
        }
        match to.tag() {
            Some(tag) => self.handle_inside(now, &door, request, &tag),
            None => self.handle_outside(now, &door, request),
        }
    }

    /// An ACK of a 2xx; whatever is wrong with it, there is no answer to an ACK, and so no challenge.
    fn handle_ack(&mut self, now: Instant, ack: &Request, tag: Option<&Text>, source: &Source) {
        let Some(tag) = tag else { return };
        let key = self.wire.dialog_key(&ack.call_id(), tag.as_bytes());
        let Some(&id) = self.dialogs.get(&key) else {
            return;
        };
        self.with(now, id, |session, wire| {
            if session.standing(ack, source) == Some(Standing::Known) {
                session.handle_ack(now, wire, ack);
            }
        });
    }

    fn handle_cancel(&mut self, now: Instant, door: &Door, via: &Via, cancel: &Request) {
        let invite = self.wire.server_key(cancel, via, &Method::Invite);
        let owner = self.wire.table.server_owner(invite);
        let Some(Owner::Session(id)) = owner else {
            return self.refuse_with(door, cancel, 481);
        };
        let session = self.sessions.get(&id);
        if session.is_some_and(|session| !session.may_be_cancelled_by(cancel, &door.source)) {
            return self.refuse_with(door, cancel, 481);
        }
        self.open(now, door, Owner::Nobody, None, false);
        let reply = self.wire.reply(cancel, 200, &invite.token());
        self.wire.respond(now, door.key, &reply.finish());
        if self.wire.table.is_open(invite) {
            self.with(now, id, |session, wire| {
                session.handle_cancel(now, wire, cancel)
            });
        }
    }

    /// A request within a dialog.
    fn handle_inside(&mut self, now: Instant, door: &Door, request: &Request, tag: &Text) {
        let key = self.wire.dialog_key(&request.call_id(), tag.as_bytes());
        let id = self.dialogs.get(&key).copied();
        let known = id.and_then(|id| {
            let standing = self.sessions.get(&id)?.standing(request, &door.source)?;
            Some((Dialogue::Session(id), standing))
        });
        let known = known.or_else(|| {
            let id = self.subscriptions.of_dialog(key)?;
            let known = self.subscriptions.get(id)?;
            let standing = known.standing(request, &door.source)?;
            Some((Dialogue::Subscription(id), standing))
        });
        let Some((dialogue, standing)) = known else {
            return self.refuse_with(door, request, 481);
        };
        if self.is_flooded(HARD_LIMIT) {
            return self.refuse_overload(door, request);
        }
        match standing {
            Standing::Known => self.enter(now, door, dialogue, request),
            _ => self.doubt(door, dialogue, request),
        }
    }

    /// A request within a dialog, of the dialog's far end.
    pub(super) fn enter(
        &mut self,
        now: Instant,
        door: &Door,
        dialogue: Dialogue,
        request: &Request,
    ) {
        match dialogue {
            Dialogue::Session(id) => self.enter_session(now, door, id, request),
            Dialogue::Subscription(id) => self.enter_subscription(now, door, id, request),
        }
    }

    fn enter_session(&mut self, now: Instant, door: &Door, id: SessionId, request: &Request) {
        let is_invite = *request.method() == Method::Invite;
        self.open(now, door, Owner::Session(id), None, is_invite);
        let (key, source) = (door.key, door.source);
        self.with(now, id, |session, wire| {
            session.handle_request(now, wire, key, request, source);
        });
    }

    fn enter_subscription(
        &mut self,
        now: Instant,
        door: &Door,
        id: SubscriptionId,
        request: &Request,
    ) {
        self.open(now, door, Owner::Subscription(id), None, false);
        let (key, source) = (door.key, door.source);
        self.with_subscription(now, id, |subscription, wire| {
            subscription.handle_request(now, wire, key, request, source);
        });
    }

    /// A request outside of dialogs.
    fn handle_outside(&mut self, now: Instant, door: &Door, request: &Request) {
        let unserved = self.wire.unserved(request);
        let at_once = unserved.filter(|_| !self.wire.config.asks_first);
        if let Some(status) = at_once.or_else(|| refusal(request)) {
            return self.refuse_with(door, request, status);
        }
        let merge = self.merge_key(request);
        if self.wire.table.is_merged(merge) {
            return self.refuse_with(door, request, 482);
        }
        let is_invite = *request.method() == Method::Invite;
        let subscribes = matches!(request.method(), Method::Subscribe | Method::Refer);
        let is_full = (is_invite && self.sessions.len() >= self.wire.config.max_sessions)
            || (subscribes && self.subscriptions.len() >= self.wire.config.max_subscriptions);
        let limit = if is_invite { 1 } else { SOFT_LIMIT };
        if is_full || self.is_flooded(limit) {
            return self.refuse_overload(door, request);
        }
        if is_invite {
            return self.handle_invite(now, door, request, merge);
        }
        match request.method() {
            _ if unserved.is_some() => {}
            Method::Subscribe => return self.handle_subscribe(now, door, request, merge),
            Method::Refer => return self.handle_refer(now, door, request, merge),
            _ => {}
        }
        self.open(now, door, Owner::Request, Some(merge), false);
        self.wire.event(Event::Request {
            handle: RequestHandle(door.key),
            request: request.clone(),
            source: door.source,
        });
    }

    fn handle_invite(&mut self, now: Instant, door: &Door, request: &Request, merge: Key) {
        if session::incoming::is_interval_too_small(request) {
            let reply = self.wire.reply(request, 422, &door.key.token());
            let refusal = session::incoming::with_min_se(reply, &session::Timing::every(None));
            return self
                .wire
                .table
                .transmit(door.route, refusal.to_bytes(), false);
        }
        if !session::body::accepts_descriptions(request) {
            return self.refuse_with(door, request, 406);
        }
        if !session::body::is_understood(request) {
            let refusal = self.wire.reply(request, 415, &door.key.token());
            return self.refuse(door, refusal.header(Name::Accept, session::body::SDP));
        }
        let replaces = match self.replaced(request) {
            Err(status) => return self.refuse_with(door, request, status),
            Ok(replaces) => replaces,
        };
        let id = self.next_session();
        let (key, source) = (door.key, door.source);
        match Session::ringing(now, &mut self.wire, id, key, request, source) {
            Err(fault) => self.refuse_with(door, request, fault.status()),
            Ok(session) => {
                self.open(now, door, Owner::Session(id), Some(merge), true);
                let trying = self.wire.reply(request, 100, "").finish();
                self.wire.respond(now, door.key, &trying);
                self.keep(now, id, session);
                self.wire.event(Event::Incoming {
                    session: id,
                    request: request.clone(),
                    source: door.source,
                    replaces,
                });
            }
        }
    }

    /// What copies of one request over different paths have in common (§8.2.2.2).
    fn merge_key(&self, request: &Request) -> Key {
        let from_tag = request.from().ok().and_then(|from| from.tag());
        let number = request.cseq().map_or(0, |cseq| cseq.number).to_be_bytes();
        self.wire.keys.of(&[
            b"merge",
            request.call_id().as_bytes(),
            from_tag.unwrap_or_default().as_bytes(),
            &number,
            request.method().as_bytes(),
        ])
    }

    fn is_flooded(&self, limit: usize) -> bool {
        let most = self.wire.config.max_transactions.saturating_mul(limit);
        self.wire.table.len() >= most
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        door: &Door,
        owner: Owner,
        merge: Option<Key>,
        is_invite: bool,
    ) {
        let arrival = Arrival {
            owner,
            is_invite,
            route: door.route,
            merge,
        };
        self.wire.table.open(now, door.key, arrival);
    }

    /// Too much to do: says when to try again, and keeps nothing.
    fn refuse_overload(&mut self, door: &Door, request: &Request) {
        self.overload_refusals += 1;
        let seconds = 5 + self.wire.random.below(6);
        let refusal = self.wire.reply(request, 503, &door.key.token());
        self.refuse(door, refusal.header(Name::RetryAfter, seconds));
    }

    pub(super) fn refuse_with(&mut self, door: &Door, request: &Request, status: u16) {
        let refusal = self.wire.reply(request, status, &door.key.token());
        self.refuse(door, self.wire.with_remedy(refusal, status));
    }

    /// Refuses without keeping state (§8.2.7); the same request gets the same tag again.
    pub(super) fn refuse(&mut self, door: &Door, refusal: ResponseBuilder) {
        let payload = refusal.finish().to_bytes();
        self.wire.table.transmit(door.route, payload, false);
    }
}

/// Why a request outside of dialogs is refused before anybody looks at it.
fn refusal(request: &Request) -> Option<u16> {
    let method = request.method();
    if CALL_METHODS.contains(method) && !matches!(method, Method::Invite | Method::Options)
        || *method == Method::Notify
    {
        // Nobody here has subscribed to it (RFC 6665 §4.1.3), and no such call is known.
        return Some(481);
    }
    match request.uri().map(|uri| uri.scheme()) {
        Err(fault) => return Some(fault.status()),
        Ok(Scheme::Other) => return Some(Error::Scheme.status()),
        Ok(_) => {}
    }
    if *method == Method::Register && !registers_a_sip_address(request) {
        return Some(400);
    }
    // Calls are passed on, and a loop has to end somewhere (§16.3).
    let hops = request.max_forwards().ok().flatten();
    (*method == Method::Invite && hops == Some(0)).then_some(483)
}

/// Whether a REGISTER is about an address that can be registered here (RFC 3261 §10.2).
fn registers_a_sip_address(request: &Request) -> bool {
    let uri = request.to().and_then(|to| to.uri());
    uri.is_ok_and(|uri| matches!(uri.scheme(), Scheme::Sip | Scheme::Sips))
}

/// Requests outside of calls are served up to this many times the transactions at which new calls
/// are refused.
const SOFT_LIMIT: usize = 2;
/// Requests within calls are served up to this many times.
const HARD_LIMIT: usize = 4;
