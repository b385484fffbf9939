//! Calls that we make: INVITE, what comes back, CANCEL, ACK. RFC 3261 §9.1 and §13.2, RFC 3262 §4.

use std::time::Instant;

use bytes::Bytes;

use super::follow_up::{request_of, send_cancel};
use super::refresh::propose;
use super::timing::Timing;
use super::{Identity, Party, Phase, SDP, Session, early_id, sdp_of};
use crate::dialog::Dialog;
use crate::dialog::peer::Peer;
use crate::endpoint::config::Outgoing;
use crate::endpoint::event::{EndedWhy, Event, SessionId};
use crate::endpoint::wire::{Hop, Wire};
use crate::message::Reason;
use crate::transaction::LIFETIME;
use crate::transaction::key::Key;
use crate::transaction::table::Owner;
use crate::transport::Source;
use crate::{CSeq, Method, Name, NameAddr, RAck, Request, Response};

/// An INVITE of ours without a final response.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(super) invite: Key,
    /// The INVITE as it was sent last.
    request: Request,
    has_offer: bool,
    /// Whether the far end has reacted, so that a CANCEL would find something (§9.1).
    is_heard: bool,
    cancel: Cancel,
    /// When it has rung for too long.
    until: Option<Instant>,
    /// When something must have been heard, where somebody else can be called.
    impatient_at: Option<Instant>,
    hop: Hop,
    contact: NameAddr,
}

#[derive(Debug)]
enum Cancel {
    No,
    /// To be sent with the first provisional response.
    Wanted(Option<Reason>),
    Sent(Option<Reason>),
}

impl Calling {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.until, self.impatient_at].into_iter().flatten().min()
    }
}

impl Session {
    /// Calls somebody.
    pub(crate) fn call(now: Instant, wire: &mut Wire, id: SessionId, to: Outgoing) -> Self {
        let tag = wire.random.token();
        let call_id = format!("{}{}", wire.random.token(), wire.random.token());
        let hop = Hop {
            route: to.destination,
            allows_tcp: to.allows_tcp,
        };
        let contact = wire.contact(
            to.contact_user.as_deref(),
            to.contact_host.as_deref(),
            &to.destination,
        );
        let timing = (to.timing).unwrap_or_else(|| Timing::every(wire.config.session_expires));
        let mut invite = Request::build(Method::Invite, &to.uri);
        for route in &to.route {
            invite = invite.header(Name::Route, NameAddr::of(route));
        }
        invite = invite
            .header(Name::MaxForwards, u32::from(to.max_forwards))
            .header(Name::From, to.from.with_tag(&tag))
            .header(Name::To, to.to.without_params())
            .header(Name::CallId, &call_id)
            .header(
                Name::CSeq,
                CSeq {
                    number: 1,
                    method: Method::Invite,
                },
            )
            .header(Name::Contact, &contact)
            .header(Name::Allow, &wire.allow)
            .header(Name::Supported, wire.supported(timing.is_on));
        if let Some(interval) = timing.interval {
            invite = propose(invite, interval, None, &timing);
        }
        for (name, value) in &to.headers {
            invite = invite.header_named(name, value);
        }
        if let Some(sdp) = &to.sdp {
            invite = invite.body(SDP, sdp.clone());
        }
        let (key, request) = wire.send(now, Owner::Session(id), invite, hop);
        let calling = Calling {
            invite: key,
            has_offer: to.sdp.is_some(),
            is_heard: false,
            cancel: Cancel::No,
            until: Some(now + wire.config.max_ringing),
            impatient_at: None,
            hop,
            contact,
            request,
        };
        let identity = Identity {
            id,
            call: wire.call_key(call_id.as_bytes()),
            dialog: wire.dialog_key(&call_id.into(), tag.as_bytes()),
            is_caller: true,
            tag,
        };
        let mut session = Self::new(identity, Phase::Calling(Box::new(calling)), to.account);
        session.offers.local = to.sdp;
        session.timing = to.timing;
        session
    }

    /// The call is given up at `at` unless something is heard of it by then.
    pub(crate) fn expect_reaction(&mut self, at: Instant) {
        if let Phase::Calling(calling) = &mut self.phase
            && !calling.is_heard
        {
            calling.impatient_at = Some(at);
        }
    }

    pub(super) fn handle_calling_timeout(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Calling(calling) = &self.phase else {
            return;
        };
        if calling.impatient_at.is_some_and(|at| at <= now) {
            self.stop_calling(now, wire, None);
            let refused = Event::Refused {
                session: self.identity.id,
                status: 408,
                response: None,
            };
            self.event(wire, refused);
            self.is_over = true;
        } else if calling.until.is_some_and(|until| until <= now) {
            self.stop_calling(now, wire, None);
            self.end(wire, EndedWhy::NoAnswer);
        }
    }

    /// Gives up a call that is not answered: CANCEL now, or as soon as it can be understood.
    pub(super) fn stop_calling(&mut self, now: Instant, wire: &mut Wire, reason: Option<Reason>) {
        let Phase::Calling(calling) = &mut self.phase else {
            return;
        };
        calling.until = None;
        calling.impatient_at = None;
        if let Cancel::No = calling.cancel {
            calling.cancel = Cancel::Wanted(reason);
        }
        self.cancel_if_heard(now, wire);
    }

    /// A response to our INVITE came.
    pub(super) fn handle_invite_response(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        response: &Response,
        source: Source,
    ) {
        if let Phase::Calling(calling) = &mut self.phase {
            calling.impatient_at = None;
        }
        match response.status() {
            100..=199 => {
                if let Phase::Calling(calling) = &mut self.phase {
                    calling.is_heard = true;
                }
                self.cancel_if_heard(now, wire);
                if response.status() > 100 {
                    self.progress(now, wire, response, source);
                }
            }
            200..=299 => self.answered(now, wire, response, source),
            status => {
                if self.is_over || !self.call_again(now, wire, response) {
                    self.refused(wire, status, Some(response));
                }
            }
        }
    }

    /// The call is not taken.
    pub(super) fn refused(&mut self, wire: &mut Wire, status: u16, response: Option<&Response>) {
        let refused = Event::Refused {
            session: self.identity.id,
            status,
            response: response.cloned(),
        };
        self.event(wire, refused);
        self.is_over = true;
        self.phase = Phase::Gone;
    }

    /// The application answers an offer that came with a 2xx or with a reliable response.
    pub(super) fn answer_owed(&mut self, now: Instant, wire: &mut Wire, sdp: &Bytes) -> bool {
        if let Phase::Answering { invite, cseq, .. } = self.phase {
            self.phase = Phase::Established;
            self.settle(sdp);
            self.acknowledge(wire, invite, cseq, Some(sdp.clone()));
            self.make_waiting_offer(now, wire);
            return true;
        }
        let owed = self
            .parties
            .iter()
            .position(|party| party.owed_prack.is_some());
        let Some(index) = owed else { return false };
        let Some(rseq) = self
            .parties
            .get_mut(index)
            .and_then(|party| party.owed_prack.take())
        else {
            return false;
        };
        if let Some(party) = self.parties.get_mut(index) {
            party.is_settled = true;
        }
        self.settle(sdp);
        self.prack(now, wire, index, rseq, Some(sdp.clone()));
        true
    }

    /// Sends the ACK of a 2xx.
    pub(super) fn acknowledge(&self, wire: &mut Wire, invite: Key, cseq: u32, sdp: Option<Bytes>) {
        let Some(dialog) = self.dialog() else { return };
        let mut ack = dialog.ack(cseq);
        // The credentials of the INVITE are those of its ACK (§22.1).
        if let Some(sent) = wire
            .table
            .request(invite)
            .and_then(|(bytes, _)| request_of(bytes))
        {
            for name in [Name::Authorization, Name::ProxyAuthorization] {
                if let Some(value) = sent.header(name) {
                    ack = ack.header(name, value);
                }
            }
        }
        if let Some(sdp) = sdp {
            ack = ack.body(SDP, sdp);
        }
        let (route, party) = (
            dialog.peer.route(),
            wire.party_key(dialog.remote_tag().as_ref()),
        );
        let ack = wire.ack(ack, route);
        wire.table.acknowledge(invite, party, ack);
    }

    fn cancel_if_heard(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Calling(calling) = &mut self.phase else {
            return;
        };
        if !calling.is_heard {
            return;
        }
        let Cancel::Wanted(reason) = &mut calling.cancel else {
            return;
        };
        let reason = reason.take();
        let invite = calling.invite;
        send_cancel(now, wire, invite, &calling.request, reason.as_ref());
        calling.cancel = Cancel::Sent(reason);
        wire.table.abandon(now, invite);
    }

    fn progress(&mut self, now: Instant, wire: &mut Wire, response: &Response, source: Source) {
        let Some(index) = self.party_of(wire, response, source) else {
            return;
        };
        self.learn_abilities(response);
        let Phase::Calling(calling) = &self.phase else {
            return;
        };
        let has_offer = calling.has_offer;
        let Some(party) = self.parties.get_mut(index) else {
            return;
        };
        let sdp = sdp_of(response);
        if response.requires("100rel")
            && let Ok(Some(rseq)) = response.rseq()
        {
            if party.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
                // Heard already, or out of order: the far end sends it again (RFC 3262 §4).
                return;
            }
            party.rseq = Some(rseq);
            if sdp.is_some() && !has_offer && !party.is_settled && !self.is_over {
                party.owed_prack = Some(rseq);
            } else {
                party.is_settled |= sdp.is_some();
                self.prack(now, wire, index, rseq, None);
            }
        }
        self.active = index;
        let party = self.parties.get(index);
        self.offers.is_settled = party.is_some_and(|party| party.is_settled);
        let early = party.map(|party| party.early);
        let progress = Event::Progress {
            session: self.identity.id,
            status: response.status(),
            sdp,
            early: early.unwrap_or_else(|| early_id(wire, None)),
            response: response.clone(),
        };
        self.event(wire, progress);
        self.make_waiting_offer(now, wire);
    }

    fn answered(&mut self, now: Instant, wire: &mut Wire, response: &Response, source: Source) {
        let found = self.party_of(wire, response, source);
        let Phase::Calling(calling) = &mut self.phase else {
            return;
        };
        let (invite, has_offer) = (calling.invite, calling.has_offer);
        let cancel = std::mem::replace(&mut calling.cancel, Cancel::No);
        let Some(mut party) = found.map(|index| self.parties.swap_remove(index)) else {
            // An answer without a usable Contact cannot even be acknowledged.
            return self.refused(wire, 502, Some(response));
        };
        let usable = party.dialog.learn(response).is_ok();
        self.offers.is_settled = party.is_settled;
        let (early, cseq) = (party.early, response.cseq().map_or(1, |cseq| cseq.number));
        self.parties = vec![party];
        self.active = 0;
        self.phase = Phase::Established;
        self.learn_abilities(response);
        let sdp = sdp_of(response).filter(|_| !self.offers.is_settled);
        if has_offer || sdp.is_none() || self.is_over || !usable {
            self.offers.is_settled = true;
            self.acknowledge(wire, invite, cseq, None);
        } else {
            self.phase = Phase::Answering {
                invite,
                cseq,
                until: now + LIFETIME,
            };
        }
        if self.is_over || !usable {
            self.end(wire, EndedWhy::Gone);
            let reason = match cancel {
                Cancel::Wanted(reason) | Cancel::Sent(reason) => reason,
                Cancel::No => None,
            };
            return self.leave(now, wire, reason);
        }
        self.login.succeeded();
        let timing = self.timing(wire);
        self.start_timer(now, response, &timing);
        let answered = Event::Answered {
            session: self.identity.id,
            sdp,
            early,
            response: response.clone(),
        };
        self.event(wire, answered);
        self.make_waiting_offer(now, wire);
    }

    /// The party that a response comes from, new or known. `None` when it has no tag, no Contact, or
    /// is one too many.
    fn party_of(&mut self, wire: &Wire, response: &Response, source: Source) -> Option<usize> {
        let tag = response.to().ok()?.tag();
        let known =
            (self.parties.iter()).position(|party| party.dialog.is_remote_tag(tag.as_ref()));
        if let Some(index) = known {
            let party = self.parties.get_mut(index)?;
            party.dialog.peer.heard_from(source);
            // Target and routes may come late, but must have come with a 2xx.
            let _ = party.dialog.learn(response);
            return known;
        }
        let Phase::Calling(calling) = &self.phase else {
            return None;
        };
        if self.parties.len() >= MOST_PARTIES && !response.is_success() {
            return None;
        }
        let peer = Peer::new(source, calling.hop.allows_tcp);
        let contact = calling.contact.clone();
        let dialog = Dialog::of_caller(&calling.request, response, contact, peer).ok()?;
        self.parties.push(Party {
            early: early_id(wire, tag.as_ref()),
            dialog,
            rseq: None,
            owed_prack: None,
            is_settled: false,
        });
        Some(self.parties.len() - 1)
    }

    fn prack(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        index: usize,
        rseq: u32,
        sdp: Option<Bytes>,
    ) {
        let Phase::Calling(calling) = &self.phase else {
            return;
        };
        let cseq = calling.request.cseq().map_or(1, |cseq| cseq.number);
        let Some(party) = self.parties.get_mut(index) else {
            return;
        };
        let method = Method::Invite;
        let mut prack = (party.dialog.request(Method::Prack))
            .header(Name::MaxForwards, "70")
            .header(Name::RAck, RAck { rseq, cseq, method });
        if let Some(sdp) = sdp {
            prack = prack.body(SDP, sdp);
        }
        let hop = Hop::from(&party.dialog.peer);
        wire.send(now, Owner::Session(self.identity.id), prack, hop);
    }

    /// Calls once more if the refusal says how: with credentials, or with a longer interval.
    fn call_again(&mut self, now: Instant, wire: &mut Wire, response: &Response) -> bool {
        let Phase::Calling(calling) = &self.phase else {
            return false;
        };
        let Some(mut invite) = self.login.retry(&calling.request, response) else {
            return false;
        };
        let number = calling.request.cseq().map_or(1, |cseq| cseq.number) + 1;
        let method = Method::Invite;
        invite = invite
            .remove(Name::Via)
            .remove(Name::UserAgent)
            .replace(Name::CSeq, CSeq { number, method });
        let (hop, owner) = (calling.hop, Owner::Session(self.identity.id));
        let (key, request) = wire.send(now, owner, invite, hop);
        if let Phase::Calling(calling) = &mut self.phase {
            calling.invite = key;
            calling.request = request;
            calling.is_heard = false;
        }
        // Early dialogs of the first try are over.
        self.parties.clear();
        self.active = 0;
        true
    }
}

/// Forks that may ring at once.
const MOST_PARTIES: usize = 16;
