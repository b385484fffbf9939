//! Calls that come in: ringing, reliably where the caller can (RFC 3262 §3), answering, refusing.

use std::time::Instant;

use bytes::Bytes;

use super::reliable::{Reliable, Ring};
use super::repeat::{Due, Repeat};
use super::timer::Proposal;
use super::timing::Timing;
use super::{Identity, Introduce, Party, Phase, SDP, Session, Unacknowledged, early_id, sdp_of};
use crate::dialog::Dialog;
use crate::dialog::peer::Standing;
use crate::endpoint::event::{EndedWhy, SessionId};
use crate::endpoint::wire::{Wire, reason_value};
use crate::message::Reason;
use crate::transaction::T2;
use crate::transaction::key::Key;
use crate::transport::Source;
use crate::{Error, Name, Request, Response, ResponseBuilder};

/// An INVITE of theirs without a final response.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(super) invite: Key,
    pub(super) request: Request,
    pub(super) has_offer: bool,
    /// When it has rung for too long.
    until: Instant,
    /// Whether the caller acknowledges provisional responses.
    is_reliable: bool,
    pub(super) reliable: Reliable,
    /// The answer that a provisional response carried, to be said again in the 2xx.
    early: Option<Bytes>,
    /// The application has answered, and a reliable response with a body still waits for its PRACK.
    accepting: Option<Option<Bytes>>,
}

impl Ringing {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let reliable = self.reliable.poll_timeout();
        Some(reliable.map_or(self.until, |at| at.min(self.until)))
    }
}

impl Session {
    /// Somebody calls.
    pub(crate) fn ringing(
        now: Instant,
        wire: &mut Wire,
        id: SessionId,
        invite: Key,
        request: &Request,
        source: Source,
    ) -> Result<Self, Error> {
        let tag = wire.random.token();
        let user = request.uri()?.user();
        let user = user.as_ref().map(|user| user.to_str());
        let contact = wire.contact(user.as_deref(), None, &source.reply_route());
        let dialog = Dialog::of_callee(request, &tag, contact, source)?;
        let ringing = Ringing {
            invite,
            request: request.clone(),
            has_offer: sdp_of(request).is_some(),
            until: now + wire.config.max_ringing,
            is_reliable: request.supports("100rel"),
            reliable: Reliable::new(1 + wire.random.below(1 << 30) as u32),
            early: None,
            accepting: None,
        };
        let identity = Identity {
            id,
            dialog: wire.dialog_key(dialog.call_id(), tag.as_bytes()),
            call: wire.call_key(dialog.call_id().as_bytes()),
            is_caller: false,
            tag,
        };
        let mut session = Self::new(identity, Phase::Ringing(Box::new(ringing)), None);
        session.learn_abilities(request);
        session.parties.push(Party {
            early: early_id(wire, dialog.remote_tag().as_ref()),
            dialog,
            rseq: None,
            owed_prack: None,
            is_settled: false,
        });
        Ok(session)
    }

    /// Sends a provisional response, reliably if the caller can.
    pub(crate) fn ring(&mut self, now: Instant, wire: &mut Wire, status: u16, sdp: Option<Bytes>) {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return;
        };
        if ringing.accepting.is_some() {
            return;
        }
        if ringing.is_reliable && !ringing.reliable.is_free() {
            return ringing.reliable.wait(Ring { status, sdp });
        }
        // An offer of ours may only travel reliably, and after the first exchange none may.
        let may_describe = !self.offers.is_settled && (ringing.has_offer || ringing.is_reliable);
        let sdp = sdp.filter(|_| may_describe);
        if sdp.is_some() {
            ringing.early = sdp.clone();
            self.offers.local = sdp.clone();
        }
        let (invite, rseq) = (ringing.invite, ringing.reliable.number());
        let is_reliable = ringing.is_reliable;
        let status = status.clamp(101, 199);
        let Some(mut response) = self.response(wire, status) else {
            return;
        };
        if is_reliable {
            response = response
                .header(Name::Require, "100rel")
                .header(Name::RSeq, rseq);
        }
        let has_sdp = sdp.is_some();
        if let Some(sdp) = sdp {
            response = response.body(SDP, sdp);
        }
        let response = response.finish();
        let counts = wire.respond(now, invite, &response);
        if counts
            && is_reliable
            && let Phase::Ringing(ringing) = &mut self.phase
        {
            ringing.reliable.sent(now, response.to_bytes(), has_sdp);
        }
    }

    /// Answers the call.
    pub(crate) fn accept(&mut self, now: Instant, wire: &mut Wire, sdp: Option<Bytes>) {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return;
        };
        if ringing.reliable.holds_answer_back() {
            ringing.accepting.get_or_insert(sdp);
            return;
        }
        let (invite, has_offer) = (ringing.invite, ringing.has_offer);
        let early = if has_offer {
            ringing.early.take()
        } else {
            None
        };
        let sdp = sdp.or(early).filter(|_| !self.offers.is_settled);
        let proposal = Proposal::of(&ringing.request);
        let cseq = ringing.request.cseq().map_or(0, |cseq| cseq.number);
        let wants_answer = !has_offer && !self.offers.is_settled && sdp.is_some();
        let Some(mut response) = self.response(wire, 200) else {
            return;
        };
        let terms = proposal.answer(&self.timing(wire), None);
        response = super::refresh::grant(response, terms, proposal.supported);
        if let Some(sdp) = sdp {
            self.offers.local = Some(sdp.clone());
            response = response.body(SDP, sdp);
        }
        let response = response.finish();
        let Some(route) = wire.table.reply_route(invite) else {
            return;
        };
        wire.respond(now, invite, &response);
        self.offers.is_settled |= !wants_answer;
        self.phase = Phase::Established;
        self.timer.start(now, terms, false);
        self.unacknowledged = Some(Unacknowledged {
            cseq,
            route,
            payload: response.to_bytes(),
            repeat: Repeat::new(now, Some(T2)),
            wants_answer,
            is_first: true,
        });
    }

    /// Takes what we want of session timers with this caller; false where the call had to be refused
    /// with 422, because it proposes a shorter interval than that.
    pub(crate) fn time(&mut self, now: Instant, wire: &mut Wire, timing: Timing) -> bool {
        let Phase::Ringing(ringing) = &self.phase else {
            return false;
        };
        self.timing = Some(timing);
        if !Proposal::of(&ringing.request).is_too_small(&timing) {
            return true;
        }
        let least = timing.least().as_secs().to_string();
        self.reject(now, wire, 422, &[("Min-SE".to_owned(), least)]);
        false
    }

    /// Refuses the call, with whatever header fields the status needs.
    pub(crate) fn reject(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        status: u16,
        headers: &[(String, String)],
    ) {
        if let Phase::Ringing(_) = self.phase {
            self.refuse_call(now, wire, status.clamp(300, 699), headers);
            self.end(wire, EndedWhy::Rejected);
        }
    }

    /// The caller gave up.
    /// Whether a CANCEL that names our transaction is the caller's: from where the INVITE came, and
    /// of the same call. The branch alone has been seen by everybody on the way.
    pub(crate) fn may_be_cancelled_by(&self, cancel: &Request, source: &Source) -> bool {
        let mut parties = self.parties.iter();
        // A CANCEL comes from where the INVITE came from, and cannot be challenged (§22.1).
        if !parties.any(|party| self.judged(party.dialog.peer.standing(source)) == Standing::Known)
        {
            return false;
        }
        let Phase::Ringing(ringing) = &self.phase else {
            return true;
        };
        let invite = &ringing.request;
        let tag = |request: &Request| request.from().ok().and_then(|from| from.tag());
        let number = |request: &Request| request.cseq().ok().map(|cseq| cseq.number);
        invite.call_id() == cancel.call_id()
            && tag(invite) == tag(cancel)
            && number(invite) == number(cancel)
    }

    pub(crate) fn handle_cancel(&mut self, now: Instant, wire: &mut Wire, cancel: &Request) {
        match &self.phase {
            Phase::Ringing(_) => {
                self.refuse_call(now, wire, 487, &[]);
                self.end(wire, EndedWhy::Cancelled(cancel.reasons().next()));
            }
            _ => self.withdraw_theirs(now, wire),
        }
    }

    /// The final response that refuses the INVITE; the session is gone with it.
    pub(super) fn refuse_call(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        status: u16,
        headers: &[(String, String)],
    ) {
        let Phase::Ringing(ringing) = &self.phase else {
            return;
        };
        let invite = ringing.invite;
        let mut response = wire.reply(&ringing.request, status, &self.identity.tag);
        for (name, value) in headers {
            response = response.header_named(name, value);
        }
        wire.respond(now, invite, &response.finish());
        if matches!(status, 401 | 407) {
            // A stranger that is asked for its name leaves no trace: it sends the INVITE again if the
            // challenge is lost, and its ACK needs nobody.
            wire.table.forget(invite);
        }
        self.phase = Phase::Gone;
    }

    /// The refusal that `hang_up` makes of a call that rings.
    pub(super) fn decline(&mut self, now: Instant, wire: &mut Wire, reason: Option<&Reason>) {
        let status = reason
            .filter(|reason| reason.protocol.eq_ignore_case("SIP"))
            .and_then(|reason| reason.cause)
            .filter(|cause| (400..700).contains(cause));
        let header = reason.map(|reason| ("Reason".to_owned(), reason_value(reason)));
        let headers: Vec<_> = header.into_iter().collect();
        self.refuse_call(now, wire, status.unwrap_or(480), &headers);
    }

    /// A PRACK came: whether it was awaited, and then whether its response had a body.
    pub(super) fn handle_rack(&mut self, request: &Request) -> Option<bool> {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return None;
        };
        let rack = request.rack().ok()??;
        let cseq = ringing.request.cseq().ok()?;
        let is_this = rack.cseq == cseq.number && rack.method == cseq.method;
        is_this.then(|| ringing.reliable.acknowledge(rack.rseq))?
    }

    /// Goes on with what waited for a PRACK.
    pub(super) fn ring_on(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return;
        };
        if let Some(ring) = ringing.reliable.next_waiting() {
            let accepting = ringing.accepting.take();
            self.ring(now, wire, ring.status, ring.sdp);
            if let (Phase::Ringing(ringing), Some(_)) = (&mut self.phase, &accepting) {
                ringing.accepting = accepting;
            }
        }
        self.accept_if_free(now, wire);
    }

    pub(super) fn handle_ringing_timeout(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return;
        };
        if ringing.until <= now {
            self.refuse_call(now, wire, 480, &[]);
            return self.end(wire, EndedWhy::NoAnswer);
        }
        let invite = ringing.invite;
        match ringing.reliable.handle_timeout(now) {
            None => {}
            Some((Due::Again, payload)) => {
                if let Some(route) = wire.table.reply_route(invite) {
                    wire.table.transmit(route, payload, true);
                }
            }
            Some((Due::GiveUp, _)) => {
                self.refuse_call(now, wire, 504, &[]);
                self.end(wire, EndedWhy::NotAcknowledged);
            }
        }
    }

    fn accept_if_free(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Ringing(ringing) = &mut self.phase else {
            return;
        };
        // While the application owes the answer to an offer in a PRACK, its 2xx has to wait too.
        if ringing.reliable.holds_answer_back() || self.offers.theirs.is_some() {
            return;
        }
        if let Some(sdp) = ringing.accepting.take() {
            self.accept(now, wire, sdp);
        }
    }

    fn response(&self, wire: &Wire, status: u16) -> Option<ResponseBuilder> {
        let Phase::Ringing(ringing) = &self.phase else {
            return None;
        };
        let response = wire.reply(&ringing.request, status, &self.identity.tag);
        Some(response.introduce(wire, self.dialog()?, &self.timing(wire)))
    }
}

impl Proposal {
    /// What a request says about session timers; nonsense counts as nothing.
    pub(super) fn of(request: &Request) -> Self {
        let expires = request.session_expires().ok().flatten();
        Self {
            interval: expires.map(|expires| expires.interval),
            refresher: expires.and_then(|expires| expires.refresher),
            min_se: request.min_se().ok().flatten(),
            supported: request.supports("timer"),
        }
    }
}

/// Whether a request proposes a session interval that is too short, so that 422 is due.
pub(crate) fn is_interval_too_small(request: &Request) -> bool {
    Proposal::of(request).is_too_small(&Timing::every(None))
}

/// Turns a response into the 422 that names our minimum.
pub(crate) fn with_min_se(response: ResponseBuilder, ours: &Timing) -> Response {
    let seconds = ours.least().as_secs();
    response.header(Name::MinSe, seconds).finish()
}
