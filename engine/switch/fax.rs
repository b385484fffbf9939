//! Fax: two who talk agree on T.38 between them, and their datagrams go on as they are (RFC 3362, ITU-T
//! T.38 Annex D).
//!
//! What one offers is offered to the other on our own ports, and nobody is answered before the other
//! has agreed. Who refuses leaves both with their sound: G.711 carries a fax, too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::LegId;
use media::sdp::{Description, Image};
use media::{CodecKind, Direction, Latch, LegConfig};
use sip::SessionId;

use super::Switch;
use super::live::{Leg, Live};

/// A fax between the two who talk in a call.
#[derive(Debug)]
pub(crate) struct Fax {
    /// Who asked for it, and who was asked.
    legs: [LegId; 2],
    /// What they are told of each other's terms, in the same order.
    terms: [Vec<Vec<u8>>; 2],
    /// The offer that waits for the other one's answer.
    waits: Option<(SessionId, Box<Description>)>,
}

impl Switch {
    /// A fax is offered in place of the sound; false when it is no such offer.
    pub(super) fn handle_fax_offer(
        &mut self,
        now: Instant,
        live: &mut Live,
        (id, session): (LegId, SessionId),
        sdp: Option<&Bytes>,
    ) -> bool {
        let Some((offer, image)) = sdp.and_then(|sdp| wants_fax(sdp)) else {
            return false;
        };
        if let Some(fax) = live.fax.as_ref().filter(|fax| fax.legs.contains(&id)) {
            let terms = fax.terms_for(id);
            let is_agreed = fax.waits.is_none();
            match is_agreed && self.answer_fax(now, live, (id, session), &offer, &terms) {
                true => self.pass_datagrams(live, id, image.remote),
                false => self.endpoint.refuse_offer(now, session, 491),
            }
            return true;
        }
        let pair = live.call.pair().filter(|pair| pair.contains(&id));
        let other = pair.and_then(|pair| pair.into_iter().find(|one| *one != id));
        let asked = other.filter(|other| [id, *other].iter().all(|leg| self.takes_fax(live, *leg)));
        let asked = asked.and_then(|other| {
            let leg = live.leg(other)?;
            let offer = leg.sound.as_mut()?.negotiator.offer_image(&image.terms);
            Some((other, leg.up?, offer))
        });
        let Some((other, theirs, wanted)) = asked else {
            tracing::info!(leg = id.0, "nobody to fax to: the sound stays");
            self.endpoint.refuse_offer(now, session, 488);
            return true;
        };
        tracing::info!(from = id.0, to = other.0, "fax");
        live.fax = Some(Fax {
            legs: [id, other],
            terms: [Vec::new(), image.terms],
            waits: Some((session, Box::new(offer))),
        });
        self.endpoint.offer(now, theirs, wanted.into());
        true
    }

    /// Who was asked for a fax has answered; false when that is no answer to it.
    pub(super) fn handle_fax_answered(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        sdp: &Bytes,
    ) -> bool {
        let is_asked = |fax: &&mut Fax| fax.legs[1] == id && fax.waits.is_some();
        let Some(fax) = live.fax.as_mut().filter(is_asked) else {
            return false;
        };
        let (Some((session, offer)), [from, _]) = (fax.waits.take(), fax.legs) else {
            return false;
        };
        let answer = Description::parse(sdp);
        let negotiator = live.leg(id).and_then(|leg| leg.sound.as_ref());
        let image = negotiator.and_then(|sound| sound.negotiator.accept_image(&answer.ok()?).ok());
        let to = offer.image().map(|image| image.remote);
        let (Some(image), Some(to)) = (image, to) else {
            live.fax = None;
            self.endpoint.refuse_offer(now, session, 488);
            self.offer_sound(now, live, id);
            return true;
        };
        if !self.answer_fax(now, live, (from, session), &offer, &image.terms) {
            live.fax = None;
            self.endpoint.refuse_offer(now, session, 488);
            self.offer_sound(now, live, id);
            return true;
        }
        if let Some(fax) = &mut live.fax {
            fax.terms[0] = image.terms;
        }
        self.pass_datagrams(live, id, image.remote);
        self.pass_datagrams(live, from, to);
        true
    }

    /// A change that we offered was refused; if it was a fax, whoever wanted it stays with the sound.
    pub(super) fn handle_fax_refused(&mut self, now: Instant, session: SessionId) {
        let Some((call, id)) = self.sessions.get(&session).copied() else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            let fax = live.fax.take_if(|fax| fax.legs[1] == id);
            if let Some((theirs, _)) = fax.and_then(|fax| fax.waits) {
                tracing::info!(leg = id.0, "no fax: the sound stays");
                switch.endpoint.refuse_offer(now, theirs, 488);
            }
        });
    }

    /// A fax is over when one of the two speaks again, or they are no longer connected: the others are
    /// offered sound.
    pub(super) fn end_fax(&mut self, now: Instant, live: &mut Live, speaks: Option<LegId>) {
        let Some(fax) = &live.fax else { return };
        let together = live.call.pair();
        let goes_on = together.is_some_and(|pair| fax.legs.iter().all(|leg| pair.contains(leg)));
        let is_over = match speaks {
            Some(leg) => fax.waits.is_none() && fax.legs.contains(&leg),
            None => !goes_on,
        };
        if !is_over {
            return;
        }
        let Some(fax) = live.fax.take() else { return };
        match fax.waits {
            Some((session, _)) => self.endpoint.refuse_offer(now, session, 488),
            None => {
                for leg in fax.legs.into_iter().filter(|leg| Some(*leg) != speaks) {
                    self.offer_sound(now, live, leg);
                }
            }
        }
    }

    fn answer_fax(
        &mut self,
        now: Instant,
        live: &mut Live,
        (id, session): (LegId, SessionId),
        offer: &Description,
        terms: &[Vec<u8>],
    ) -> bool {
        let sound = live.leg(id).and_then(|leg| leg.sound.as_mut());
        let answer = sound.and_then(|sound| sound.negotiator.answer_image(offer, terms).ok());
        let is_answered = answer.is_some();
        if let Some(answer) = answer {
            self.endpoint.answer(now, session, answer.into());
        }
        is_answered
    }

    /// Offers a leg the sound that it had.
    fn offer_sound(&mut self, now: Instant, live: &mut Live, id: LegId) {
        let ours = self.codecs.clone();
        let Some(leg) = live.leg(id).filter(|leg| !leg.over) else {
            return;
        };
        let (Some(session), Some(sound)) = (leg.up, &mut leg.sound) else {
            return;
        };
        let before = sound.agreed.as_ref().map(|agreed| agreed.codec.kind);
        let mut codecs: Vec<CodecKind> = before.into_iter().collect();
        codecs.extend(ours.iter().filter(|kind| Some(**kind) != before));
        let offer = sound.negotiator.offer(&codecs, Direction::SendRecv);
        self.endpoint.offer(now, session, offer.into());
    }

    /// From now on a leg's datagrams are no sound.
    fn pass_datagrams(&mut self, live: &mut Live, id: LegId, remote: SocketAddr) {
        let (thread, external) = (live.thread, self.parts.config.sip.external);
        let Some(Leg {
            sound: Some(sound), ..
        }) = live.leg(id)
        else {
            return;
        };
        let Some(agreed) = &sound.agreed else { return };
        let remote = Some(remote).filter(|to| self.wires.lets(sound.port, *to, external));
        let hosts = remote.map(|to| to.ip()).into_iter();
        let config = LegConfig {
            remote,
            remote_rtcp: None,
            rtcp_mux: false,
            codec: agreed.codec,
            telephone_event: None,
            keys_elsewhere: false,
            passes_datagrams: true,
            ptime: agreed.ptime,
            direction: Direction::SendRecv,
            latch: Latch {
                hosts: hosts.chain([sound.signalled_by]).collect(),
                symmetric: true,
            },
            detect_tones: false,
            detect_progress: false,
            // Between pages nothing is said; who is gone misses the session timer.
            rtp_timeout: Duration::ZERO,
            seed: rand::random(),
            cname: Arc::clone(&self.cname),
        };
        self.put_on_board(thread, sound, config);
    }

    /// Whether T.38 may go by whatever trunk a leg has.
    fn takes_fax(&self, live: &Live, id: LegId) -> bool {
        let leg = live.legs.iter().find(|leg| leg.id == id);
        let line = leg.and_then(|leg| leg.line.as_ref());
        let trunk = line.and_then(|line| self.trunks.settings(&line.trunk));
        trunk.is_none_or(|trunk| trunk.passes_t38)
    }
}

impl Fax {
    fn terms_for(&self, leg: LegId) -> Vec<Vec<u8>> {
        let [asker, asked] = &self.terms;
        match self.legs[0] == leg {
            true => asker.clone(),
            false => asked.clone(),
        }
    }
}

/// Reads an offer of fax without sound.
fn wants_fax(sdp: &[u8]) -> Option<(Description, Image)> {
    let offer = Description::parse(sdp).ok()?;
    if offer.audio().is_some() {
        return None;
    }
    let image = offer.image()?;
    Some((offer, image))
}
