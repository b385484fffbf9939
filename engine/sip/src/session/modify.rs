//! Changes of a call: offers and answers by re-INVITE and UPDATE, both ways, with glare.
//! RFC 3261 §14, RFC 3311, RFC 6337.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::offers::{Ours, Theirs};
use super::repeat::Repeat;
use super::timer::Proposal;
use super::{Introduce, Phase, SDP, Session, Unacknowledged, sdp_of};
use crate::endpoint::event::Event;
use crate::endpoint::wire::Wire;
use crate::transaction::key::Key;
use crate::transaction::{LIFETIME, T2};
use crate::{Method, Name, Request, Response};

impl Session {
    /// Offers a change: by re-INVITE, or by UPDATE while it rings. Waits its turn; a later offer
    /// takes the place of one that waits.
    pub(crate) fn offer(&mut self, now: Instant, wire: &mut Wire, sdp: Bytes) {
        if self.is_over {
            return;
        }
        self.offers.waiting = Some(sdp);
        self.make_waiting_offer(now, wire);
    }

    /// Answers an offer of the far end, or makes the one that it asked for.
    pub(crate) fn answer(&mut self, now: Instant, wire: &mut Wire, sdp: &Bytes) {
        if self.is_over || self.answer_owed(now, wire, sdp) {
            return;
        }
        let Some(theirs) = self.offers.theirs.take() else {
            return;
        };
        self.settle(sdp);
        self.grant_change(now, wire, theirs.key, &theirs.request, Some(sdp.clone()));
        self.ring_on(now, wire);
        self.make_waiting_offer(now, wire);
    }

    /// Refuses an offer of the far end; the session goes on as it was.
    pub(crate) fn refuse_offer(&mut self, now: Instant, wire: &mut Wire, status: u16) {
        if let Some(theirs) = self.offers.theirs.take() {
            wire.refuse(now, theirs.key, &theirs.request, status.clamp(300, 699));
            self.ring_on(now, wire);
            self.make_waiting_offer(now, wire);
        }
    }

    /// A re-INVITE came.
    pub(super) fn handle_reinvite(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        match &self.phase {
            Phase::Established => {}
            Phase::Ringing(_) => return refuse_for_now(now, wire, key, request),
            _ => return wire.refuse(now, key, request, 491),
        }
        match &self.unacknowledged {
            Some(answer) if answer.wants_answer => {
                return refuse_for_now(now, wire, key, request);
            }
            // Who sends a new INVITE has our answer to the one before; only its ACK was lost.
            Some(answer) => {
                let is_first = answer.is_first;
                self.unacknowledged = None;
                self.acknowledged(wire, is_first, false, None);
            }
            None => {}
        }
        self.consider(now, wire, key, request);
    }

    /// An UPDATE came.
    pub(super) fn handle_update(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
    ) {
        let has_offer = sdp_of(request).is_some();
        if has_offer && !self.offers.is_settled {
            // The first offer is not answered: theirs if the call came in, else ours (RFC 3311 §5.2).
            return match &self.phase {
                Phase::Ringing(ringing) if ringing.has_offer => {
                    refuse_for_now(now, wire, key, request);
                }
                _ => wire.refuse(now, key, request, 491),
            };
        }
        self.consider(now, wire, key, request);
    }

    /// A response to our re-INVITE or UPDATE came.
    pub(super) fn handle_offer_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        response: &Response,
    ) {
        if response.is_provisional() {
            return;
        }
        let Some(ours) = self.offers.ours.take() else {
            return;
        };
        self.learn_abilities(response);
        match response.status() {
            ..=299 => {
                self.login.succeeded();
                self.offer_accepted(now, wire, ours, response);
            }
            491 => self.collide(now, wire, ours),
            401 | 407 | 422 => {
                let key = self.send_again(now, wire, ours.key, response);
                match key {
                    Some(key) => {
                        wire.table.abandon(now, key);
                        let cseq = self.dialog().map_or(0, |dialog| dialog.local_cseq());
                        self.offers.ours = Some(Ours { key, cseq, ..ours });
                    }
                    None => self.offer_refused(now, wire, ours, response.status()),
                }
            }
            405 | 501 if ours.method == Method::Update => {
                self.abilities.update = false;
                match ours.sdp {
                    Some(sdp) if ours.is_asked => {
                        self.offers.waiting.get_or_insert(sdp);
                    }
                    _ => self.timer.postpone(now, Duration::ZERO),
                }
                self.make_waiting_offer(now, wire);
            }
            408 | 481 => self.peer_is_gone(now, wire),
            status => self.offer_refused(now, wire, ours, status),
        }
    }

    /// Our re-INVITE or UPDATE was not answered (408), or could not be sent (503).
    pub(super) fn offer_failed(&mut self, now: Instant, wire: &mut Wire, status: u16) {
        let Some(ours) = self.offers.ours.take() else {
            return;
        };
        if status == 408 {
            return self.peer_is_gone(now, wire);
        }
        // The far end may come back on another connection; a refresh is tried until the session ends.
        self.offers.is_unreachable |= !ours.is_asked;
        self.offer_refused(now, wire, ours, status);
    }

    pub(super) fn handle_offer_timeout(&mut self, now: Instant, wire: &mut Wire) {
        if self.offers.retry_at.is_some_and(|at| at <= now) {
            self.offers.retry_at = None;
            self.make_waiting_offer(now, wire);
        }
        if self
            .offers
            .theirs
            .as_ref()
            .is_some_and(|theirs| theirs.until <= now)
        {
            self.refuse_offer(now, wire, 500);
        }
    }

    /// Makes the offer that waits, once nothing is in its way.
    pub(super) fn make_waiting_offer(&mut self, now: Instant, wire: &mut Wire) {
        if self.is_over || !self.may_offer() || self.offers.waiting.is_none() {
            return;
        }
        let method = match self.phase {
            Phase::Established => Method::Invite,
            _ if self.abilities.update => Method::Update,
            _ => return,
        };
        let sdp = self.offers.waiting.take();
        self.propose(now, wire, method, sdp, true);
    }

    /// Whether a request of ours that changes the session may be sent now.
    pub(super) fn may_offer(&self) -> bool {
        let in_phase = match &self.phase {
            Phase::Established | Phase::Calling(_) | Phase::Ringing(_) => !self.parties.is_empty(),
            _ => false,
        };
        in_phase && self.unacknowledged.is_none() && self.offers.may_offer()
    }

    /// Sends a re-INVITE or an UPDATE.
    pub(super) fn propose(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        method: Method,
        sdp: Option<Bytes>,
        is_asked: bool,
    ) {
        let Some(mut request) = self.request(method.clone()) else {
            return;
        };
        let timing = self.timing(wire);
        if let Some(dialog) = self.dialog() {
            request = request.introduce(wire, dialog, &timing);
        }
        request = self.with_session_expires(request, &timing);
        if let Some(sdp) = sdp.clone() {
            request = request.body(SDP, sdp);
        }
        let cseq = self.dialog().map_or(0, |dialog| dialog.local_cseq());
        if let Some(key) = self.send(now, wire, request) {
            if method == Method::Invite {
                // Nobody has to pick up a change: half a minute is enough.
                wire.table.abandon(now, key);
            }
            self.offers.ours = Some(Ours {
                key,
                method,
                cseq,
                sdp,
                is_asked,
            });
        }
    }

    /// An exchange is complete with this description of our side.
    pub(super) fn settle(&mut self, sdp: &Bytes) {
        self.offers.is_settled = true;
        self.offers.local = Some(sdp.clone());
    }

    /// Their request to change the session is off: cancelled, or the session ends.
    pub(super) fn withdraw_theirs(&mut self, now: Instant, wire: &mut Wire) {
        if let Some(theirs) = self.offers.theirs.take() {
            wire.refuse(now, theirs.key, &theirs.request, 487);
        }
    }

    /// Hands an offer to the application.
    pub(super) fn offered(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
        sdp: Option<Bytes>,
    ) {
        self.offers.theirs = Some(Theirs {
            key,
            request: request.clone(),
            until: now + LIFETIME,
        });
        let session = self.identity.id;
        self.event(wire, Event::Offered { session, sdp });
    }

    /// Looks at a re-INVITE or UPDATE that comes at a good time.
    fn consider(&mut self, now: Instant, wire: &mut Wire, key: Key, request: &Request) {
        let sdp = sdp_of(request);
        match self.offers.conflict(request.method(), sdp.is_some()) {
            Some(500) => return refuse_for_now(now, wire, key, request),
            Some(status) => return wire.refuse(now, key, request, status),
            None => {}
        }
        let timing = self.timing(wire);
        if Proposal::of(request).is_too_small(&timing) {
            let response = wire.reply(request, 422, "");
            wire.respond(now, key, &super::incoming::with_min_se(response, &timing));
            return;
        }
        if *request.method() == Method::Update && sdp.is_none() {
            return self.grant_change(now, wire, key, request, None);
        }
        if *request.method() == Method::Invite {
            wire.respond(now, key, &wire.reply(request, 100, "").finish());
        }
        self.offered(now, wire, key, request, sdp);
    }

    /// Sends the 2xx to a request that changes or refreshes the session.
    fn grant_change(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
        sdp: Option<Bytes>,
    ) {
        let is_invite = *request.method() == Method::Invite;
        let refreshes = is_invite || *request.method() == Method::Update;
        let (active, timing) = (self.active, self.timing(wire));
        let Some(party) = self.parties.get_mut(active) else {
            return;
        };
        let mut response = wire.reply(request, 200, "");
        if refreshes {
            party.dialog.refresh_target(request);
            response = response.introduce(wire, &party.dialog, &timing);
            let proposal = Proposal::of(request);
            let so_far = self.timer.refresher(false);
            let terms = proposal.answer(&timing, so_far);
            response = super::refresh::grant(response, terms, proposal.supported);
            if let Phase::Established = self.phase {
                self.timer.start(now, terms, false);
            }
        }
        if let Some(sdp) = sdp {
            response = response.body(SDP, sdp);
        }
        let response = response.finish();
        let route = wire.table.reply_route(key);
        if !wire.respond(now, key, &response) {
            return;
        }
        if let (true, Some(route)) = (is_invite, route) {
            self.unacknowledged = Some(Unacknowledged {
                cseq: request.cseq().map_or(0, |cseq| cseq.number),
                route,
                payload: response.to_bytes(),
                repeat: Repeat::new(now, Some(T2)),
                wants_answer: sdp_of(request).is_none(),
                is_first: false,
            });
        }
    }

    fn offer_accepted(&mut self, now: Instant, wire: &mut Wire, ours: Ours, response: &Response) {
        self.offers.collisions = 0;
        self.offers.is_unreachable = false;
        let active = self.active;
        if let Some(party) = self.parties.get_mut(active) {
            party.dialog.refresh_target(response);
        }
        if ours.method == Method::Invite {
            self.acknowledge(wire, ours.key, ours.cseq, None);
        }
        if let Phase::Established = self.phase {
            let timing = self.timing(wire);
            self.start_timer(now, response, &timing);
        }
        if let Some(sdp) = &ours.sdp {
            self.settle(sdp);
            let answered = Event::OfferAnswered {
                session: self.identity.id,
                sdp: sdp_of(response),
            };
            self.event(wire, answered);
        }
        self.make_waiting_offer(now, wire);
    }

    fn offer_refused(&mut self, now: Instant, wire: &mut Wire, ours: Ours, status: u16) {
        self.offers.collisions = 0;
        self.timer.postpone(now, super::refresh::PAUSE);
        if ours.is_asked {
            let session = self.identity.id;
            self.event(wire, Event::OfferRefused { session, status });
        }
        self.make_waiting_offer(now, wire);
    }

    /// Both sides offered at once. Who made the Call-ID waits longer than the other, so that they do
    /// not meet again (RFC 3261 §14.1).
    fn collide(&mut self, now: Instant, wire: &mut Wire, ours: Ours) {
        self.offers.collisions += 1;
        if self.offers.collisions > MOST_COLLISIONS {
            return self.offer_refused(now, wire, ours, 491);
        }
        let wait = match self.identity.is_caller {
            true => 2100 + 10 * wire.random.below(191),
            false => 10 * wire.random.below(201),
        };
        let wait = Duration::from_millis(wait);
        match ours.sdp {
            Some(sdp) if ours.is_asked => {
                self.offers.waiting.get_or_insert(sdp);
                self.offers.retry_at = Some(now + wait);
            }
            _ => self.timer.postpone(now, wait),
        }
    }
}

/// Refuses with 500 and a short wait: another change is under way (RFC 3261 §14.2).
fn refuse_for_now(now: Instant, wire: &mut Wire, key: Key, request: &Request) {
    let seconds = wire.random.below(11);
    let response = wire
        .reply(request, 500, "")
        .header(Name::RetryAfter, seconds);
    wire.respond(now, key, &response.finish());
}

/// Glare in a row, after which the offer counts as refused.
const MOST_COLLISIONS: u8 = 6;
