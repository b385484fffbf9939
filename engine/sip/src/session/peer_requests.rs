//! What the far end asks for within a dialog.

use std::time::Instant;

use super::{Phase, Session, sdp_of};
use crate::dialog::peer::Standing;
use crate::endpoint::event::Event;
use crate::endpoint::wire::Wire;
use crate::transaction::key::Key;
use crate::transport::Source;
use crate::{Method, Name, Request};

impl Session {
    /// How surely a request is the far end's; `None` when it belongs to none of the dialogs, for it
    /// does not carry the far end's tag.
    pub(crate) fn standing(&self, request: &Request, source: &Source) -> Option<Standing> {
        let party = self.parties.get(self.party_behind(request)?)?;
        Some(self.judged(party.dialog.peer.standing(source)))
    }

    /// From now on its host speaks for the far end, by whatever port.
    pub(crate) fn trust_host(&mut self) {
        self.trusts_host = true;
    }

    pub(super) fn judged(&self, standing: Standing) -> Standing {
        match standing {
            Standing::Near if self.trusts_host => Standing::Known,
            standing => standing,
        }
    }

    /// A request came that is the far end's, by its [`standing`](Self::standing) or its credentials.
    pub(crate) fn handle_request(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        request: &Request,
        source: Source,
    ) {
        let index = self.party_behind(request).unwrap_or(self.active);
        let Some(party) = self.parties.get_mut(index) else {
            return wire.refuse(now, key, request, 481);
        };
        let number = request.cseq().map_or(0, |cseq| cseq.number);
        if !party.dialog.accept_cseq(number) {
            return wire.refuse(now, key, request, 500);
        }
        party.dialog.peer.heard_from(source);
        if let Phase::Calling(_) = self.phase {
            self.offers.is_settled = party.is_settled;
        }
        self.active = index;
        self.learn_abilities(request);
        match request.method() {
            Method::Bye => self.handle_bye(now, wire, key, request),
            Method::Subscribe => self.handle_subscribe(now, wire, key, request),
            Method::Notify => self.handle_notify(now, wire, key, request),
            _ if self.is_over => wire.refuse(now, key, request, 481),
            Method::Invite => self.handle_reinvite(now, wire, key, request),
            Method::Update => self.handle_update(now, wire, key, request),
            Method::Prack => self.handle_prack(now, wire, key, request),
            Method::Info => self.handle_info(now, wire, key, request),
            Method::Refer => self.handle_refer(now, wire, key, request, source),
            Method::Message => self.handle_message(now, wire, key, request),
            Method::Options => self.handle_options(now, wire, key, request),
            Method::Other(_) => wire.refuse(now, key, request, 501),
            _ => wire.refuse(now, key, request, 405),
        }
    }

    /// An ACK of a 2xx came.
    pub(crate) fn handle_ack(&mut self, now: Instant, wire: &mut Wire, ack: &Request) {
        let number = ack.cseq().map_or(0, |cseq| cseq.number);
        let awaited = self.unacknowledged.take_if(|answer| answer.cseq == number);
        let Some(answer) = awaited else { return };
        let sdp = sdp_of(ack).filter(|_| answer.wants_answer);
        self.acknowledged(wire, answer.is_first, answer.wants_answer, sdp);
        self.part(now, wire);
        self.make_waiting_offer(now, wire);
    }

    /// The far end has our 2xx.
    pub(super) fn acknowledged(
        &mut self,
        wire: &mut Wire,
        is_first: bool,
        wants_answer: bool,
        sdp: Option<bytes::Bytes>,
    ) {
        self.offers.is_settled = true;
        let session = self.identity.id;
        if is_first {
            self.event(wire, Event::Acknowledged { session, sdp });
        } else if wants_answer {
            self.event(wire, Event::OfferAnswered { session, sdp });
        }
    }

    fn party_behind(&self, request: &Request) -> Option<usize> {
        let tag = request.from().ok()?.tag();
        (self.parties.iter()).position(|party| party.dialog.is_remote_tag(tag.as_ref()))
    }

    fn handle_prack(&mut self, now: Instant, wire: &mut Wire, key: Key, prack: &Request) {
        let Phase::Ringing(ringing) = &self.phase else {
            // Late, for a response that nobody needs any more since the call was answered.
            return wire.refuse(now, key, prack, 200);
        };
        let has_offer = ringing.has_offer;
        let Some(had_body) = self.handle_rack(prack) else {
            return wire.refuse(now, key, prack, 481);
        };
        let sdp = sdp_of(prack);
        let session = self.identity.id;
        let was_settled = self.offers.is_settled;
        self.offers.is_settled |= had_body;
        match sdp {
            Some(sdp) if was_settled || (had_body && has_offer) => {
                self.offered(now, wire, key, prack, Some(sdp));
            }
            sdp => {
                wire.refuse(now, key, prack, 200);
                if had_body && !has_offer && !was_settled {
                    self.event(wire, Event::OfferAnswered { session, sdp });
                }
            }
        }
        self.ring_on(now, wire);
        self.make_waiting_offer(now, wire);
    }

    fn handle_info(&self, now: Instant, wire: &mut Wire, key: Key, request: &Request) {
        wire.refuse(now, key, request, 200);
        let content_type = request.header(Name::ContentType).unwrap_or_default();
        let info = Event::Info {
            session: self.identity.id,
            content_type: content_type.to_string(),
            body: request.body().clone(),
        };
        self.event(wire, info);
    }

    fn handle_options(&self, now: Instant, wire: &mut Wire, key: Key, request: &Request) {
        let response = wire.with_abilities(wire.reply(request, 200, ""));
        wire.respond(now, key, &response.finish());
    }
}
