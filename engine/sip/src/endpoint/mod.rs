//! The endpoint: finds the transaction, dialog and call for what comes in, and wakes what is due.

mod aliases;
pub(crate) mod config;
mod doubting;
pub(crate) mod errand;
pub(crate) mod event;
mod receive;
mod referring;
mod subscribing;
mod subscriptions;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::dialog::saved::SavedDialog;
use crate::message::Reason;
use crate::session::follow_up::request_of;
use crate::session::{Session, Timing};
use crate::transaction::key::{AlreadyHashed, Key};
use crate::transaction::table::{Failure, Owner};
use crate::transaction::timer::Timers;
use crate::transport::Route;
use crate::{Method, Name, Request, Response};

use aliases::Aliases;
pub use config::{EndpointConfig, Outgoing, Outside};
pub use doubting::{Dialogue, Doubt};
use errand::Sent;
pub use event::{Counters, EarlyId, EndedWhy, Event, Output, RequestHandle, SessionId};
use subscriptions::Subscriptions;
use wire::{Hop, Wire};

/// SIP as one user agent: all transactions, dialogs and calls.
///
/// It does no I/O and reads no clock. Its methods are of three kinds:
/// - `handle_*` for what comes in: [`handle_message`](Self::handle_message),
///   [`handle_banned_message`](Self::handle_banned_message),
///   [`handle_too_long_message`](Self::handle_too_long_message),
///   [`handle_transport_failed`](Self::handle_transport_failed),
///   [`handle_timeout`](Self::handle_timeout);
/// - what the application wants: [`invite`](Self::invite), [`accept`](Self::accept) and so on; about
///   a session that has ended meanwhile they do nothing;
/// - `poll_*` for what goes out.
///
/// After every call of the first two kinds, drain [`poll_output`](Self::poll_output) until it returns
/// `None`; then wait for input or for [`poll_timeout`](Self::poll_timeout), whichever is first. What
/// is to be sent comes out before what is reported.
#[derive(Debug)]
pub struct Endpoint {
    wire: Wire,
    sessions: HashMap<SessionId, Session>,
    /// Sessions by Call-ID alone, for those who see messages and no dialogs.
    call_ids: HashMap<Key, SessionId, AlreadyHashed>,
    /// Sessions by Call-ID and our tag.
    dialogs: HashMap<Key, SessionId, AlreadyHashed>,
    aliases: Aliases,
    timers: Timers<SessionId>,
    subscriptions: Subscriptions,
    /// Requests outside of calls that are sent again when a challenge comes.
    errands: HashMap<Key, Sent, AlreadyHashed>,
    last_session: u64,
    overload_refusals: u64,
}

impl Endpoint {
    /// Makes an endpoint without calls.
    pub fn new(config: EndpointConfig) -> Self {
        Self {
            wire: Wire::new(config),
            sessions: HashMap::new(),
            call_ids: HashMap::with_hasher(AlreadyHashed),
            dialogs: HashMap::with_hasher(AlreadyHashed),
            aliases: Aliases::new(),
            timers: Timers::new(),
            subscriptions: Subscriptions::new(),
            errands: HashMap::with_hasher(AlreadyHashed),
            last_session: 0,
            overload_refusals: 0,
        }
    }

    /// Calls somebody. Ends in [`Event::Answered`] or [`Event::Refused`].
    pub fn invite(&mut self, now: Instant, outgoing: Outgoing) -> SessionId {
        let id = self.next_session();
        let session = Session::call(now, &mut self.wire, id, outgoing);
        self.keep(now, id, session);
        id
    }

    /// For who has somewhere else to call: if nothing at all is heard from where
    /// [`invite`](Self::invite) went within `patience`, the call ends in [`Event::Refused`] with 408
    /// then, and not after the 32 seconds of timer B. What comes later is cancelled or hung up.
    pub fn expect_reaction(&mut self, now: Instant, session: SessionId, patience: Duration) {
        self.with(now, session, |session, _| {
            session.expect_reaction(now + patience);
        });
    }

    /// Sends a provisional response, 101 to 199; reliably where the caller can (RFC 3262).
    pub fn ring(&mut self, now: Instant, session: SessionId, status: u16, sdp: Option<Bytes>) {
        self.with(now, session, |session, wire| {
            session.ring(now, wire, status, sdp)
        });
    }

    /// Answers a call. Without `sdp`, the description of an earlier `ring` is said again; after one
    /// that went out reliably none is needed.
    pub fn accept(&mut self, now: Instant, session: SessionId, sdp: Option<Bytes>) {
        self.with(now, session, |session, wire| session.accept(now, wire, sdp));
    }

    /// Says what we want of session timers with this caller, before anything else is done about the
    /// call. False where it was refused with 422, because it proposes a shorter interval than that.
    pub fn time(&mut self, now: Instant, session: SessionId, timing: Timing) -> bool {
        let mut goes_on = false;
        self.with(now, session, |session, wire| {
            goes_on = session.time(now, wire, timing);
        });
        goes_on
    }

    /// Refuses a call that has not been answered, 300 to 699, with further header fields: Contact of
    /// a redirection, the challenge of a 401, Retry-After of a 503.
    pub fn reject(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        headers: &[(String, String)],
    ) {
        self.with(now, session, |session, wire| {
            session.reject(now, wire, status, headers)
        });
    }

    /// Ends a call in whatever state it is, by CANCEL, BYE or refusal. [`Event::Ended`] follows at
    /// once; what is left to signal is done without the application.
    pub fn hang_up(&mut self, now: Instant, session: SessionId, reason: Option<Reason>) {
        self.with(now, session, |session, wire| {
            session.hang_up(now, wire, reason)
        });
    }

    /// Returns what has to be known to end this call after a restart, once it stands and if it came by
    /// datagrams. For [`end_left_over`](Self::end_left_over).
    pub fn save_call(&self, session: SessionId) -> Option<SavedDialog> {
        self.sessions.get(&session)?.save()
    }

    /// Ends a call that was recorded before a crash: its far end still talks to nobody. Nothing is
    /// reported of it.
    pub fn end_left_over(&mut self, now: Instant, saved: &SavedDialog, reason: &Reason) {
        let id = self.next_session();
        let session = Session::left_over(now, &mut self.wire, id, saved, reason);
        if let Some(session) = session {
            self.keep(now, id, session);
        }
    }

    /// Offers a change, by re-INVITE, or by UPDATE before the call is answered. Ends in
    /// [`Event::OfferAnswered`] or [`Event::OfferRefused`]; waits while another exchange is under way.
    pub fn offer(&mut self, now: Instant, session: SessionId, sdp: Bytes) {
        self.with(now, session, |session, wire| session.offer(now, wire, sdp));
    }

    /// Answers the far end's offer, or makes the one that it asked for: after [`Event::Offered`], and
    /// after [`Event::Answered`] or a reliable [`Event::Progress`] to an `invite` without offer.
    pub fn answer(&mut self, now: Instant, session: SessionId, sdp: Bytes) {
        self.with(now, session, |session, wire| {
            session.answer(now, wire, &sdp)
        });
    }

    /// Refuses what [`Event::Offered`] offered; the call goes on as it was.
    pub fn refuse_offer(&mut self, now: Instant, session: SessionId, status: u16) {
        self.with(now, session, |session, wire| {
            session.refuse_offer(now, wire, status)
        });
    }

    /// Sends an INFO.
    pub fn info(&mut self, now: Instant, session: SessionId, content_type: &str, body: Bytes) {
        self.with(now, session, |session, wire| {
            session.info(now, wire, content_type, body)
        });
    }

    /// Sends a MESSAGE within a call. Ends in [`Event::MessageAnswered`]; `None` when there is no
    /// call to send it in.
    pub fn message_within(
        &mut self,
        now: Instant,
        session: SessionId,
        content_type: &str,
        body: Bytes,
    ) -> Option<RequestHandle> {
        let mut handle = None;
        self.with(now, session, |session, wire| {
            handle = session.message(now, wire, content_type, body);
        });
        handle
    }

    /// Sends a NOTIFY that nobody subscribed to within a call, from its first provisional response
    /// on: `talk` makes some phones answer, `hold` makes them hold.
    pub fn notify_unasked_within(
        &mut self,
        now: Instant,
        session: SessionId,
        event: &str,
        content: Option<(&str, Bytes)>,
    ) {
        self.with(now, session, |session, wire| {
            session.notify_unasked(now, wire, event, content);
        });
    }

    /// Sends a request outside of calls: OPTIONS, REGISTER. Via, and Max-Forwards where it is not
    /// there, are added. Ends in a final [`Event::Response`] or in [`Event::RequestTimedOut`].
    pub fn request(
        &mut self,
        now: Instant,
        request: &Request,
        destination: Route,
    ) -> RequestHandle {
        let mut builder = request.edit().remove(Name::UserAgent);
        if !request.has(Name::MaxForwards) {
            builder = builder.header(Name::MaxForwards, "70");
        }
        let hop = Hop {
            route: destination,
            allows_tcp: false,
        };
        let (key, _) = self.wire.send(now, Owner::Request, builder, hop);
        RequestHandle(key)
    }

    /// Responds to [`Event::Request`], with a response that was begun by [`Response::reply_to`]. A
    /// To tag and Server are added where they are not there, and to an OPTIONS what we can do (RFC
    /// 3261 §11.2).
    ///
    /// Challenges, the refusals that need no password, and answers to OPTIONS are given without
    /// state, and the same again if asked again (§8.2.7): strangers leave no trace.
    pub fn respond(&mut self, now: Instant, handle: RequestHandle, response: Response) {
        let RequestHandle(key) = handle;
        let method = response.cseq().map(|cseq| cseq.method);
        let mut reply = response.edit();
        if response.status() > 100 {
            reply = reply.to_tag(&key.token());
            if !response.has(Name::Server) {
                reply = reply.header(Name::Server, &self.wire.config.user_agent);
            }
        }
        if response.is_success() && method == Ok(Method::Options) && !response.has(Name::Allow) {
            reply = self.wire.with_abilities(reply);
        }
        self.wire.respond(now, key, &reply.finish());
        let is_options = method == Ok(Method::Options) && !response.is_provisional();
        if is_options || matches!(response.status(), 401 | 404 | 405 | 407) {
            self.wire.table.forget(key);
        }
    }

    /// Refuses [`Event::Request`] with what says best why it is not served: 405 with what would be,
    /// 489 with the packages that are, 423 with the least time.
    pub fn turn_down(&mut self, now: Instant, handle: RequestHandle, request: &Request) {
        let status = self.wire.unserved(request).unwrap_or(405);
        let RequestHandle(key) = handle;
        let reply = self.wire.reply(request, status, &key.token());
        let reply = self.wire.with_remedy(reply, status).finish();
        self.wire.respond(now, key, &reply);
        self.wire.table.forget(key);
    }

    /// A random tag, branch or nonce of 64 bits, in hexadecimal, for requests that the application
    /// builds.
    pub fn token(&mut self) -> String {
        self.wire.random.token()
    }

    /// A connection broke, or an address cannot be reached (ICMP). Requests on their way there fail;
    /// calls stay, for their far end may come back on another connection.
    pub fn handle_transport_failed(&mut self, now: Instant, route: &Route) {
        self.wire.table.handle_transport_failed(now, route);
        self.handle_failures(now);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.wire.table.handle_timeout(now);
        self.handle_failures(now);
        while let Some((at, id)) = self.timers.pop_due(now) {
            let session = self.sessions.get_mut(&id);
            if session.is_some_and(|session| session.wake.take(at)) {
                self.with(now, id, |session, wire| session.handle_timeout(now, wire));
            }
        }
        while let Some(id) = self.subscriptions.pop_due(now) {
            self.with_subscription(now, id, |subscription, wire| {
                subscription.handle_timeout(now, wire);
            });
        }
        let sessions = &self.sessions;
        (self.timers).sweep(sessions.len(), |id| sessions.contains_key(id));
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next; sometimes too early, never
    /// too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timeouts = [
            self.wire.table.poll_timeout(),
            self.timers.next(),
            self.subscriptions.poll_timeout(),
        ];
        timeouts.into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(transmit) = self.wire.table.poll_transmit() {
            return Some(Output::Transmit(transmit));
        }
        self.wire.events.pop_front().map(Output::Event)
    }

    /// The call that messages with this Call-ID belong to, until nothing is left of it.
    pub fn session_with(&self, call_id: &[u8]) -> Option<SessionId> {
        self.call_ids.get(&self.wire.call_key(call_id)).copied()
    }

    /// Figures for the metrics.
    pub fn counters(&self) -> Counters {
        Counters {
            transactions: self.wire.table.len(),
            sessions: self.sessions.len(),
            subscriptions: self.subscriptions.len(),
            retransmissions: self.wire.table.retransmissions(),
            overload_refusals: self.overload_refusals,
        }
    }

    /// Whether nothing at all is left, in any table.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        let no_calls =
            self.sessions.is_empty() && self.dialogs.is_empty() && self.call_ids.is_empty();
        let no_calls = no_calls && self.aliases.is_empty();
        let no_others = self.subscriptions.is_empty() && self.errands.is_empty();
        self.wire.table.is_empty() && no_calls && no_others
    }

    fn next_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    fn keep(&mut self, now: Instant, id: SessionId, session: Session) {
        self.dialogs.insert(session.dialog_key(), id);
        self.call_ids.insert(session.call_key(), id);
        self.sessions.insert(id, session);
        self.settle(now, id);
    }

    /// Does something with a session, if it is still there.
    fn with(&mut self, now: Instant, id: SessionId, act: impl FnOnce(&mut Session, &mut Wire)) {
        if let Some(session) = self.sessions.get_mut(&id) {
            act(session, &mut self.wire);
            self.settle(now, id);
        }
    }

    /// Forgets a session that is gone, or sees to it that it is woken.
    fn settle(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if !session.rings_elsewhere() {
            self.aliases.forget(&self.wire, id);
        }
        if session.is_gone() {
            let key = session.dialog_key();
            self.dialogs.remove(&key);
            let key = session.call_key();
            if self.call_ids.get(&key) == Some(&id) {
                self.call_ids.remove(&key);
            }
            self.sessions.remove(&id);
            return;
        }
        let wanted = session.poll_timeout().map(|at| at.max(now));
        self.timers.arm(id, &mut session.wake, wanted);
    }

    fn handle_failures(&mut self, now: Instant) {
        while let Some(failure) = self.wire.table.poll_failure() {
            self.handle_failure(now, failure);
        }
    }

    fn handle_failure(&mut self, now: Instant, failure: Failure) {
        let Failure {
            key,
            owner,
            status,
            fallback,
        } = failure;
        if let Some((route, sent)) = fallback
            && let Some(request) = request_of(&sent)
        {
            return self.wire.fall_back(now, key, owner, route, &request);
        }
        match owner {
            Owner::Session(id) => self.with(now, id, |session, wire| {
                session.handle_failure(now, wire, key, status);
            }),
            Owner::Subscription(id) => self.with_subscription(now, id, |subscription, wire| {
                subscription.handle_failure(now, wire, key, status);
            }),
            Owner::Request => self.handle_own_failure(key),
            Owner::Nobody => {}
        }
    }
}
