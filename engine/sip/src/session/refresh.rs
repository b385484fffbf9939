//! Keeping a session alive by the terms of RFC 4028: by UPDATE where the far end knows it, else by
//! re-INVITE with our latest description.

use std::time::{Duration, Instant};

use super::timer::{Due, MIN_SE, Terms};
use super::timing::Timing;
use super::{Phase, Session};
use crate::endpoint::event::EndedWhy;
use crate::endpoint::wire::Wire;
use crate::message::Reason;
use crate::{
    Method, Name, Refresher, RequestBuilder, Response, ResponseBuilder, SessionExpires, Text,
};

impl Session {
    /// Takes the terms that a 2xx to a request of ours grants.
    pub(super) fn start_timer(&mut self, now: Instant, response: &Response, ours: &Timing) {
        let granted = response.session_expires().ok().flatten();
        let granted = granted.filter(|_| ours.is_on);
        let terms = granted.map(|granted| Terms {
            interval: granted.interval.max(MIN_SE),
            refresher: granted.refresher.unwrap_or(Refresher::Uac),
        });
        self.timer.start(now, terms, true);
    }

    pub(super) fn handle_refresh_timeout(&mut self, now: Instant, wire: &mut Wire) {
        match self.timer.handle_timeout(now) {
            None => {}
            Some(Due::Refresh) => self.refresh(now, wire),
            Some(Due::Expire) => {
                let why = match self.offers.is_unreachable {
                    true => EndedWhy::TransportFailed,
                    false => EndedWhy::SessionExpired,
                };
                self.end(wire, why);
                let reason = Reason {
                    protocol: Text::from_static("SIP"),
                    cause: Some(408),
                    text: Some(Text::from_static("Session expired")),
                };
                self.leave(now, wire, Some(reason));
            }
        }
    }

    /// Adds what we propose to a request that refreshes.
    pub(super) fn with_session_expires(
        &self,
        request: RequestBuilder,
        ours: &Timing,
    ) -> RequestBuilder {
        let Some(interval) = self.timer.interval().or(ours.interval) else {
            return request;
        };
        propose(request, interval, self.timer.refresher(true), ours)
    }

    fn refresh(&mut self, now: Instant, wire: &mut Wire) {
        let Phase::Established = self.phase else {
            return;
        };
        if self.offers.ours.is_some() || self.offers.theirs.is_some() {
            // What is under way refreshes too, if it succeeds.
            return self.timer.postpone(now, PAUSE);
        }
        if self.abilities.update {
            return self.propose(now, wire, Method::Update, None, false);
        }
        match self.offers.local.clone() {
            Some(sdp) if self.may_offer() => {
                self.propose(now, wire, Method::Invite, Some(sdp), false);
            }
            _ => self.timer.postpone(now, PAUSE),
        }
    }
}

/// Adds what we propose; the minimum only where it is more than everybody's (RFC 4028 §7.1).
pub(super) fn propose(
    request: RequestBuilder,
    interval: Duration,
    refresher: Option<Refresher>,
    ours: &Timing,
) -> RequestBuilder {
    if !ours.is_on {
        return request;
    }
    let interval = interval.max(ours.least());
    let refresher = refresher.or_else(|| ours.wish(true));
    let terms = SessionExpires {
        interval,
        refresher,
    };
    let request = request.header(Name::SessionExpires, terms);
    match ours.least() > MIN_SE {
        true => request.header(Name::MinSe, ours.least().as_secs()),
        false => request,
    }
}

/// Adds the granted terms to a 2xx; who is to refresh must understand them (RFC 4028 §9).
pub(super) fn grant(
    response: ResponseBuilder,
    terms: Option<Terms>,
    peer_knows: bool,
) -> ResponseBuilder {
    let Some(Terms {
        interval,
        refresher,
    }) = terms
    else {
        return response;
    };
    let refresher = Some(refresher);
    let response = response.header(
        Name::SessionExpires,
        SessionExpires {
            interval,
            refresher,
        },
    );
    match peer_knows {
        true => response.header(Name::Require, "timer"),
        false => response,
    }
}

/// How long a refresh that failed waits.
pub(super) const PAUSE: Duration = Duration::from_secs(10);
