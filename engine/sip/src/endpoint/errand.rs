//! Requests of ours outside of calls that the endpoint builds: MESSAGE, NOTIFY that nobody subscribed
//! to, REFER. A challenge is answered without the application.

use std::time::Instant;

use bytes::Bytes;

use super::Endpoint;
use super::config::Outside;
use super::event::{Event, RequestHandle};
use super::wire::{Hop, Wire};
use crate::header::{EventPackage, SubscriptionState, Substate};
use crate::session::login::Login;
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::{CSeq, Method, Name, NameAddr, Request, RequestBuilder, Response};

/// Where a request goes, and what proves who we are.
#[derive(Debug)]
pub(crate) struct Errand {
    hop: Hop,
    login: Login,
}

/// An errand of the application's, under way.
#[derive(Debug)]
pub(crate) struct Sent {
    /// What the application knows it by: the key of its first try.
    handle: RequestHandle,
    request: Request,
    errand: Errand,
}

impl Endpoint {
    /// Sends a MESSAGE outside of calls (RFC 3428). Ends in a final [`Event::Response`] or in
    /// [`Event::RequestTimedOut`]; a challenge is answered with the account of `to`.
    pub fn message(
        &mut self,
        now: Instant,
        to: Outside,
        content_type: &str,
        body: Bytes,
    ) -> RequestHandle {
        let (request, errand) = begin(&mut self.wire, to, Method::Message);
        self.send_errand(now, request.body(content_type, body), errand)
    }

    /// Sends a NOTIFY that nobody subscribed to, for phones that expect it: the state of a mailbox
    /// to one that has just registered. Ends as [`message`](Self::message) does.
    pub fn notify_unasked(
        &mut self,
        now: Instant,
        to: Outside,
        event: &str,
        content: Option<(&str, Bytes)>,
    ) -> RequestHandle {
        let contact = contact(&self.wire, &to);
        let (request, errand) = begin(&mut self.wire, to, Method::Notify);
        let request = request.header(Name::Contact, contact);
        self.send_errand(now, unasked(request, event, content), errand)
    }

    /// A response came to a request outside of calls.
    pub(super) fn handle_own_response(&mut self, now: Instant, key: Key, response: &Response) {
        let Some(mut sent) = self.errands.remove(&key) else {
            let (handle, response) = (RequestHandle(key), response.clone());
            return self.wire.event(Event::Response { handle, response });
        };
        let owner = Owner::Request;
        let wire = &mut self.wire;
        if let Some((key, request)) = sent.errand.again(now, wire, owner, &sent.request, response) {
            self.errands.insert(key, Sent { request, ..sent });
            return;
        }
        let (handle, response) = (sent.handle, response.clone());
        if response.is_provisional() {
            self.errands.insert(key, sent);
        }
        self.wire.event(Event::Response { handle, response });
    }

    /// A request outside of calls was not answered, or could not be sent.
    pub(super) fn handle_own_failure(&mut self, key: Key) {
        let sent = self.errands.remove(&key);
        let handle = sent.map_or(RequestHandle(key), |sent| sent.handle);
        self.wire.event(Event::RequestTimedOut { handle });
    }

    fn send_errand(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        errand: Errand,
    ) -> RequestHandle {
        let (key, request) = self.wire.send(now, Owner::Request, request, errand.hop);
        let handle = RequestHandle(key);
        let sent = Sent {
            handle,
            request,
            errand,
        };
        self.errands.insert(key, sent);
        handle
    }
}

impl Errand {
    pub(crate) fn hop(&self) -> Hop {
        self.hop
    }

    /// Sends a request once more, if the response is a challenge that can be answered.
    pub(crate) fn again(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        owner: Owner,
        sent: &Request,
        response: &Response,
    ) -> Option<(Key, Request)> {
        if !matches!(response.status(), 401 | 407) {
            return None;
        }
        let again = self.login.retry(sent, response)?;
        let method = sent.method().clone();
        let number = sent.cseq().ok()?.number + 1;
        let again = again
            .remove(Name::Via)
            .remove(Name::UserAgent)
            .replace(Name::CSeq, CSeq { number, method });
        Some(wire.send(now, owner, again, self.hop))
    }
}

/// Begins a request outside of calls, in a dialog-to-be of its own.
pub(crate) fn begin(wire: &mut Wire, to: Outside, method: Method) -> (RequestBuilder, Errand) {
    let tag = wire.random.token();
    let call_id = format!("{}{}", wire.random.token(), wire.random.token());
    let mut request = Request::build(method.clone(), &to.uri);
    for route in &to.route {
        request = request.header(Name::Route, NameAddr::of(route));
    }
    request = request
        .header(Name::MaxForwards, "70")
        .header(Name::From, to.from.with_tag(&tag))
        .header(Name::To, to.to.without_params())
        .header(Name::CallId, &call_id)
        .header(Name::CSeq, CSeq { number: 1, method });
    for (name, value) in &to.headers {
        request = request.header_named(name, value);
    }
    let hop = Hop {
        route: to.destination,
        allows_tcp: to.allows_tcp,
    };
    let login = Login::new(to.account);
    (request, Errand { hop, login })
}

/// Our Contact for a request outside of calls: who it is from, at the address that it leaves by.
pub(crate) fn contact(wire: &Wire, to: &Outside) -> NameAddr {
    let user = to.from.uri().ok().and_then(|uri| uri.user_unescaped());
    let user = user.as_ref().map(|user| user.to_str());
    wire.contact(user.as_deref(), None, &to.destination)
}

/// Makes a request the NOTIFY of an event that nobody subscribed to: it is the first and the last.
pub(crate) fn unasked(
    request: RequestBuilder,
    event: &str,
    content: Option<(&str, Bytes)>,
) -> RequestBuilder {
    let over = SubscriptionState {
        substate: Substate::Terminated,
        expires: None,
        reason: None,
        retry_after: None,
    };
    let request = request
        .header(Name::Event, EventPackage::of(event))
        .header(Name::SubscriptionState, over);
    match content {
        Some((content_type, body)) => request.body(content_type, body),
        None => request,
    }
}
