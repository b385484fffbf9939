//! What the SIP endpoint reports, turned into what calls understand.

use std::time::Instant;

use bytes::Bytes;
use call::{Cause, Event as CallEvent, LegId};
use media::sdp::Description;
use sip::{EndedWhy, Event, Method, Reason, Request, RequestHandle, Response, SessionId, Source};

use super::Switch;
use super::live::{Live, Role};

impl Switch {
    pub(super) fn handle_sip(&mut self, now: Instant, event: Event) {
        match event {
            Event::Incoming {
                session,
                request,
                source,
                replaces,
            } => self.handle_incoming(now, (session, replaces), &request, source),
            Event::Progress {
                session,
                status,
                sdp,
                ..
            } => self.handle_progress(now, session, status, sdp.as_ref()),
            Event::Answered {
                session,
                sdp,
                response,
                ..
            } => self.handle_answered(now, session, sdp.as_ref(), &response),
            Event::Refused {
                session,
                status,
                response,
            } => self.handle_refused(now, session, status, response.as_ref()),
            Event::Acknowledged { session, sdp } => {
                self.handle_acknowledged(now, session, sdp.as_ref());
            }
            Event::Offered { session, sdp } => match self.sessions.get(&session).copied() {
                Some((call, leg)) => self.handle_offer(now, call, leg, session, sdp.as_ref()),
                None => self.endpoint.refuse_offer(now, session, 488),
            },
            Event::OfferAnswered { session, sdp } => {
                self.handle_offer_answered(now, session, sdp.as_ref());
            }
            Event::OfferRefused { session, .. } => self.handle_fax_refused(now, session),
            Event::Info {
                session,
                content_type,
                body,
            } => {
                if let Some((call, leg)) = self.sessions.get(&session).copied() {
                    self.handle_info(now, call, leg, &content_type, &body);
                }
            }
            Event::Ended { session, why } => self.handle_session_ended(now, session, &why),
            Event::Doubted(doubt) => self.handle_doubted(now, &doubt),
            Event::Request {
                handle,
                request,
                source,
            } => match request.method() {
                Method::Register => self.handle_register(now, handle, &request, source),
                Method::Message => self.handle_text(now, handle, &request, source),
                _ => self.handle_question(now, handle, &request, source),
            },
            Event::Response { handle, response } => {
                if !response.is_provisional() {
                    self.handle_own_response(now, handle, Some(&response));
                }
            }
            Event::RequestTimedOut { handle } => self.handle_own_response(now, handle, None),
            Event::Referred {
                refer,
                session,
                to,
                request,
                source,
            } => self.handle_referred(now, refer, session, &to, (&request, source)),
            Event::Subscribed {
                subscription,
                event,
                request,
                source,
                ..
            } => self.handle_subscribed(now, subscription, &event, &request, source),
            Event::StateWanted { subscription } => self.handle_state_wanted(now, subscription),
            Event::SubscriptionEnded { subscription, .. } => {
                self.handle_subscription_ended(subscription);
                self.forget_referral(subscription);
            }
            Event::Message {
                session,
                content_type,
                body,
            } => self.pass_text_within(now, session, &content_type, body),
            Event::MessageAnswered { .. }
            | Event::ReferProgress { .. }
            | Event::ReferEnded { .. } => {}
        }
    }

    /// OPTIONS and whatever else comes outside of calls: strangers are asked who they are, as for
    /// every method; the others learn what is not served.
    fn handle_question(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        request: &Request,
        source: Source,
    ) {
        let (status, headers) = match self.identify(now, request, source) {
            Err(refused) => refused,
            Ok(_) if *request.method() == Method::Options => (200, Vec::new()),
            Ok(_) => return self.endpoint.turn_down(now, handle, request),
        };
        let mut reply = Response::reply_to(request, status);
        for (name, value) in &headers {
            reply = reply.header_named(name, value);
        }
        self.endpoint.respond(now, handle, reply.finish());
    }

    fn handle_progress(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        sdp: Option<&Bytes>,
    ) {
        let Some((call, id)) = self.sessions.get(&session).copied() else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            let thread = live.thread;
            let Some(leg) = live.leg(id) else { return };
            // Of several phones that ring at once none is heard before it answers.
            let alone = leg.sessions.len() == 1;
            let mut early_media = false;
            if let (Some(sdp), true) = (sdp, alone) {
                let agreed = leg.sound.as_mut().and_then(|sound| {
                    let answer = Description::parse(sdp).ok()?;
                    sound.negotiator.accept(&answer).ok()
                });
                if let Some(agreed) = agreed {
                    leg.is_spoken_for_by(session);
                    switch.set_sound(thread, leg, agreed);
                    early_media = true;
                }
            }
            if status >= 180 {
                live.call.handle_event(
                    now,
                    CallEvent::Ringing {
                        leg: id,
                        early_media,
                    },
                );
            }
        });
    }

    fn handle_answered(
        &mut self,
        now: Instant,
        session: SessionId,
        sdp: Option<&Bytes>,
        response: &Response,
    ) {
        let Some((call, id)) = self.sessions.get(&session).copied() else {
            self.endpoint.hang_up(now, session, None);
            return;
        };
        let user_agent = response
            .header_named("User-Agent")
            .or_else(|| response.header_named("Server"))
            .map(|text| super::printable::printable(&text.to_str()));
        self.with_call(now, call, |switch, live| {
            let thread = live.thread;
            let Some(leg) = live.leg(id) else { return };
            if leg.up.is_some() {
                // Another phone of the leg was faster.
                leg.sessions.retain(|other| *other != session);
                switch.sessions.remove(&session);
                switch.endpoint.hang_up(now, session, Some(elsewhere()));
                return;
            }
            let agreed = match (&mut leg.sound, sdp) {
                (Some(sound), Some(sdp)) => Description::parse(sdp)
                    .and_then(|answer| sound.negotiator.accept(&answer))
                    .map_err(|error| error.to_string()),
                (Some(sound), None) => sound
                    .agreed
                    .clone()
                    .ok_or_else(|| "the phone answered without saying how it sounds".to_owned()),
                (None, _) => Err("the leg has no sound".to_owned()),
            };
            let agreed = match agreed {
                Ok(agreed) => agreed,
                Err(error) => {
                    tracing::info!(error, "answer cannot be used");
                    switch.endpoint.hang_up(now, session, None);
                    leg.sessions.retain(|other| *other != session);
                    switch.sessions.remove(&session);
                    switch.branch_over(now, live, id, Cause::Incompatible);
                    return;
                }
            };
            leg.answered = true;
            if let Some(paid) = &mut leg.paid {
                paid.since = Some(now);
            }
            switch.note_trunk_call(now, leg, session, Some(200));
            leg.is_spoken_for_by(session);
            switch.set_sound(thread, leg, agreed);
            leg.up = Some(session);
            leg.user_agent = user_agent;
            let user = match &mut leg.role {
                Role::Called { users, next, .. } => {
                    next.clear();
                    users
                        .iter()
                        .find(|(rung, _)| *rung == session)
                        .map(|(_, user)| user.clone())
                }
                Role::Caller { .. } => None,
            };
            for other in std::mem::take(&mut leg.sessions) {
                if other == session {
                    leg.sessions.push(other);
                    continue;
                }
                switch.sessions.remove(&other);
                switch.endpoint.hang_up(now, other, Some(elsewhere()));
            }
            live.call
                .handle_event(now, CallEvent::Answered { leg: id, user });
        });
    }

    fn handle_refused(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        response: Option<&Response>,
    ) {
        let Some((call, id)) = self.sessions.remove(&session) else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            if let Some(leg) = live.leg(id) {
                leg.sessions.retain(|other| *other != session);
            }
            // Nobody there has said anything: that is no phone that rang and was not taken.
            let is_outside = live.leg(id).is_some_and(|leg| leg.paid.is_some());
            let cause = match response {
                Some(response) if is_outside => Cause::from_network(status, q850_of(response)),
                Some(_) => Cause::from_sip_status(status),
                None => Cause::Unavailable,
            };
            tracing::debug!(leg = id.0, status, "refused");
            if switch.refused_by_trunk(now, live, (id, session), status, response) {
                return;
            }
            switch.branch_over(now, live, id, cause);
        });
    }

    /// One of a leg's phones is out; the leg is when it was the last.
    pub(super) fn branch_over(&mut self, now: Instant, live: &mut Live, id: LegId, cause: Cause) {
        let thread = live.thread;
        let Some(leg) = live.leg(id) else { return };
        if !leg.sessions.is_empty() || leg.over {
            return;
        }
        leg.over = true;
        self.silence_leg(thread, leg);
        live.call
            .handle_event(now, CallEvent::Refused { leg: id, cause });
    }

    fn handle_acknowledged(&mut self, now: Instant, session: SessionId, sdp: Option<&Bytes>) {
        let Some((call, id)) = self.sessions.get(&session).copied() else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            let thread = live.thread;
            let Some(leg) = live.leg(id) else { return };
            if let Some(sdp) = sdp {
                let agreed = leg.sound.as_mut().map(|sound| {
                    Description::parse(sdp).and_then(|answer| sound.negotiator.accept(&answer))
                });
                match agreed {
                    Some(Ok(agreed)) => switch.set_sound(thread, leg, agreed),
                    Some(Err(error)) => {
                        tracing::info!(%error, "answer in the ACK cannot be used");
                        let cause = Cause::Incompatible;
                        switch.release(now, live, id, cause, false);
                        live.call
                            .handle_event(now, CallEvent::HungUp { leg: id, cause });
                        return;
                    }
                    None => {}
                }
            }
            live.call.handle_event(
                now,
                CallEvent::Answered {
                    leg: id,
                    user: None,
                },
            );
        });
    }

    /// The answer to an offer of ours within a call: in the ACK of a re-INVITE without one, or in
    /// the PRACK of our 183.
    fn handle_offer_answered(&mut self, now: Instant, session: SessionId, sdp: Option<&Bytes>) {
        let (Some((call, id)), Some(sdp)) = (self.sessions.get(&session).copied(), sdp) else {
            return;
        };
        self.with_call(now, call, |switch, live| {
            if switch.handle_fax_answered(now, live, id, sdp) {
                return;
            }
            let thread = live.thread;
            let Some(leg) = live.leg(id) else { return };
            let Some(sound) = &mut leg.sound else { return };
            let agreed =
                Description::parse(sdp).and_then(|answer| sound.negotiator.accept(&answer));
            match agreed {
                Ok(agreed) => {
                    let held = agreed.held_by_peer;
                    let changed = std::mem::replace(&mut sound.held, held) != held;
                    switch.set_sound(thread, leg, agreed);
                    if changed {
                        switch.held_by_phone(now, live, id, held);
                    }
                }
                // The sound goes on as it was.
                Err(error) => tracing::info!(%error, "answer cannot be used"),
            }
        });
    }

    fn handle_session_ended(&mut self, now: Instant, session: SessionId, why: &EndedWhy) {
        let Some((call, id)) = self.sessions.remove(&session) else {
            return;
        };
        let cause = match why {
            EndedWhy::Bye(_) | EndedWhy::HungUp | EndedWhy::Rejected => Cause::Normal,
            EndedWhy::Cancelled(_) => Cause::Cancelled,
            EndedWhy::NoAnswer => Cause::NoAnswer,
            EndedWhy::SessionExpired
            | EndedWhy::NotAcknowledged
            | EndedWhy::Gone
            | EndedWhy::TransportFailed => Cause::Lost,
        };
        if let Some(live) = self.calls.get_mut(&call)
            && let Some(leg) = live.leg(id)
        {
            leg.sessions.retain(|other| *other != session);
        }
        self.leaves_while_asking(now, call, id);
        self.with_call(now, call, |switch, live| {
            let thread = live.thread;
            let Some(leg) = live.leg(id) else { return };
            if leg.over {
                return;
            }
            // One phone of several that ring may end without ending the leg.
            if leg.up.is_none() && !leg.sessions.is_empty() {
                return;
            }
            leg.over = true;
            leg.playing = None;
            switch.silence_leg(thread, leg);
            live.call
                .handle_event(now, CallEvent::HungUp { leg: id, cause });
        });
    }
}

/// What the number's network says, where it came to us by gateways.
fn q850_of(response: &Response) -> Option<u16> {
    let mut reasons = response.reasons();
    let network = reasons.find(|reason| reason.protocol.eq_ignore_case("Q.850"));
    network?.cause
}

/// Keeps phones from showing a missed call.
fn elsewhere() -> Reason {
    Reason {
        protocol: "SIP".into(),
        cause: Some(200),
        text: Some("Call completed elsewhere".into()),
    }
}
