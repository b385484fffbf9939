//! What the SIP endpoint reports, turned into what a user sees and hears.

use std::time::Instant;

use sip::{EndedWhy, Event, Method, Response};

use super::desk::{Call, Desk};
use super::line::Line;
use super::sdp::Description;
use super::voice::Voice;

impl Desk {
    pub(super) fn handle(&mut self, now: Instant, event: Event) {
        if self.hears_of_transfer(&event) {
            return;
        }
        match event {
            Event::Incoming {
                session, request, ..
            } => {
                let from = request.from().ok().and_then(|from| from.uri().ok());
                let from = from
                    .and_then(|uri| uri.user_unescaped())
                    .unwrap_or_default();
                let name = format!("{} (called by {from})", self.manner.user);
                let line = Line::new(name, self.inbox.clone());
                let theirs = Description::parse(request.body());
                line.note(|state| {
                    state.session = Some(session);
                    state.far_address = theirs.as_ref().map(|theirs| theirs.address);
                    state.from = from.to_string();
                    state.invite = String::from_utf8_lossy(&request.to_bytes()).into_owned();
                });
                let call = Call {
                    line: line.clone(),
                    voice: Voice::open(&self.manner, self.manner.pilot),
                    theirs,
                    answer: None,
                    hold: None,
                };
                self.calls.insert(session, call);
                if self.answers_always {
                    self.accept(now, session);
                }
                self.incoming.put(line);
            }
            Event::Progress {
                session,
                status,
                sdp,
                ..
            } => {
                if let (Some(sdp), false) = (&sdp, self.manner.offers) {
                    self.answer_offer(now, session, sdp);
                    if let Some(call) = self.calls.get_mut(&session) {
                        call.line.note(|state| state.progress.push((status, true)));
                    }
                } else if let Some(call) = self.calls.get_mut(&session) {
                    let sound = sdp.as_deref().is_some_and(|sdp| call.is_answered(sdp));
                    call.line.note(|state| state.progress.push((status, sound)));
                }
            }
            Event::Answered { session, sdp, .. } => {
                if let (Some(sdp), false) = (&sdp, self.manner.offers) {
                    self.answer_offer(now, session, sdp);
                }
                if let Some(call) = self.calls.get_mut(&session) {
                    if let Some(sdp) = sdp.filter(|_| self.manner.offers) {
                        call.is_answered(&sdp);
                    }
                    call.line.note(|state| state.is_up = true);
                }
            }
            Event::Acknowledged { session, sdp } => {
                if let (Some(call), Some(sdp)) = (self.calls.get_mut(&session), sdp) {
                    call.is_answered(&sdp);
                }
            }
            Event::Offered { session, sdp } => self.is_offered(now, session, sdp.as_deref()),
            Event::OfferAnswered { session, sdp }
                if sdp
                    .as_ref()
                    .is_some_and(|sdp| self.fax_is_answered(session, sdp)) => {}
            Event::OfferRefused { session, status } => self.fax_is_refused(session, status),
            Event::OfferAnswered { session, sdp } => {
                if let Some(call) = self.calls.get_mut(&session) {
                    let hold = call.hold;
                    if let Some(sdp) = sdp {
                        call.is_answered(&sdp);
                    }
                    call.voice.holds(hold);
                    call.line.note(|state| state.agreed += 1);
                }
            }
            Event::Refused {
                session, status, ..
            } => self.is_over(session, Some(status), String::new()),
            Event::Ended { session, why } => {
                let reason = match why {
                    EndedWhy::Cancelled(Some(reason)) | EndedWhy::Bye(Some(reason)) => {
                        reason.text.map(|text| text.to_string()).unwrap_or_default()
                    }
                    _ => String::new(),
                };
                self.is_over(session, None, reason);
            }
            Event::Info { session, body, .. } => {
                let body = String::from_utf8_lossy(&body);
                let key = body.lines().find_map(|line| line.strip_prefix("Signal="));
                if let (Some(call), Some(key)) = (self.calls.get(&session), key) {
                    call.line.note(|state| {
                        state.keys.push_str(key.trim());
                        state.keys_by_info.push_str(key.trim());
                    });
                }
            }
            Event::Request {
                handle, request, ..
            } if *request.method() == Method::Message => self.takes_text(now, handle, &request),
            Event::Message { body, .. } => self.note_text(String::new(), "", &body),
            Event::Request {
                handle, request, ..
            } => {
                let response = Response::reply_to(&request, 200).finish();
                self.endpoint.respond(now, handle, response);
            }
            Event::Response { handle, response } => self.handle_response(now, handle, &response),
            Event::RequestTimedOut { .. }
            | Event::MessageAnswered { .. }
            | Event::Doubted(_)
            | Event::Referred { .. }
            | Event::ReferProgress { .. }
            | Event::ReferEnded { .. }
            | Event::Subscribed { .. }
            | Event::StateWanted { .. }
            | Event::SubscriptionEnded { .. } => {}
        }
    }

    fn is_offered(&mut self, now: Instant, session: sip::SessionId, sdp: Option<&[u8]>) {
        if sdp.is_some_and(|sdp| self.takes_fax(now, session, sdp)) {
            return;
        }
        let Some(call) = self.calls.get_mut(&session) else {
            return;
        };
        let answer = match sdp {
            Some(sdp) => {
                call.theirs = Description::parse(sdp);
                call.answer = None;
                call.agree()
            }
            None => Some(call.voice.offer(call.hold)),
        };
        match answer {
            Some(answer) => self.endpoint.answer(now, session, answer),
            None => self.endpoint.refuse_offer(now, session, 488),
        }
    }

    fn is_over(&mut self, session: sip::SessionId, status: Option<u16>, reason: String) {
        if let Some(call) = self.calls.remove(&session) {
            call.line.note(|state| {
                state.ended = Some(status);
                state.reason = reason;
            });
        }
    }
}

impl Call {
    /// Takes the far end's answer; whether it can be used.
    fn is_answered(&mut self, sdp: &[u8]) -> bool {
        let Some(theirs) = Description::parse(sdp) else {
            return false;
        };
        let usable = self.voice.take_answer(&theirs);
        self.line
            .note(|state| state.far_address = Some(theirs.address));
        self.theirs = Some(theirs);
        let codec = self.voice.codec();
        self.line.note(|state| state.codec = codec);
        usable
    }
}
