//! A transfer that we asked for: one REFER, and what is told of it. RFC 3515 §2.4, RFC 4488.

use std::time::{Duration, Instant};

use super::{ReferOutcome, SubscriptionId};
use crate::body::{media_type, read_status};
use crate::endpoint::event::Event;
use crate::endpoint::wire::Wire;
use crate::header::Substate;
use crate::transaction::LIFETIME;
use crate::transaction::key::Key;
use crate::{Request, Response};

/// Waits for the response to a REFER of ours, and for the news.
#[derive(Debug)]
pub(crate) struct Referrer {
    id: SubscriptionId,
    /// The number of the REFER, which tells apart several in one dialog.
    cseq: u32,
    wants_news: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The REFER is on its way; news may come before its response.
    Sent {
        key: Key,
        request: Box<Request>,
        /// Until when there will be news, if there were some.
        heard: Option<Instant>,
    },
    /// The far end agreed, and tells how it goes until then.
    Listening {
        until: Instant,
    },
    Gone,
}

impl Referrer {
    pub(crate) fn new(id: SubscriptionId, key: Key, request: Request, wants_news: bool) -> Self {
        let mut referrer = Self {
            id,
            cseq: 0,
            wants_news,
            state: State::Gone,
        };
        referrer.sent(key, request, None);
        referrer
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Whether this is its REFER on its way.
    pub(crate) fn owns(&self, key: Key) -> bool {
        matches!(self.state, State::Sent { key: own, .. } if own == key)
    }

    /// The REFER as it was sent.
    pub(crate) fn request(&self) -> Option<&Request> {
        match &self.state {
            State::Sent { request, .. } => Some(request),
            State::Listening { .. } | State::Gone => None,
        }
    }

    /// The REFER was sent again, with credentials.
    pub(crate) fn sent_again(&mut self, key: Key, request: Request) {
        if let State::Sent { heard, .. } = self.state {
            self.sent(key, request, heard);
        }
    }

    /// Whether a NOTIFY is about this one; who names none means the first.
    pub(crate) fn is_for(&self, notify: &Request) -> bool {
        notify.event().is_ok_and(|event| {
            let id: Option<u32> = event.id.as_ref().and_then(|id| id.number());
            event.package == "refer" && (event.id.is_none() || id == Some(self.cseq))
        })
    }

    /// The final response to the REFER came, and is no challenge that can be answered.
    pub(crate) fn handle_response(&mut self, now: Instant, wire: &mut Wire, response: &Response) {
        let State::Sent { heard, .. } = self.state else {
            return;
        };
        if !response.is_success() {
            return self.end(wire, ReferOutcome::Refused(response.status()));
        }
        if !self.wants_news || response.refuses_refer_news() {
            return self.end(wire, ReferOutcome::Unreported);
        }
        // Timer N of RFC 6665 §4.1.2.4: whoever agrees tells so by a NOTIFY at once.
        let until = now + LIFETIME;
        self.state = State::Listening {
            until: heard.map_or(until, |heard| heard.max(until)),
        };
    }

    /// The REFER was not answered (408), or could not be sent (503).
    pub(crate) fn handle_failure(&mut self, wire: &mut Wire, status: u16) {
        self.end(wire, ReferOutcome::Refused(status));
    }

    /// A NOTIFY came that [`is_for`](Self::is_for) this one.
    pub(crate) fn handle_notify(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        key: Key,
        notify: &Request,
    ) {
        let Ok(told) = notify.subscription_state() else {
            return wire.refuse(now, key, notify, 400);
        };
        wire.refuse(now, key, notify, 200);
        let is_news = notify.is_content_type(media_type::SIPFRAG);
        let status = is_news.then(|| read_status(notify.body())).flatten();
        match status {
            Some(status @ 200..) => return self.end(wire, ReferOutcome::Done(status)),
            Some(status) => {
                let refer = self.id;
                wire.event(Event::ReferProgress { refer, status });
            }
            None => {}
        }
        if told.substate == Substate::Terminated {
            return self.end(wire, ReferOutcome::Unreported);
        }
        let lasts = told.expires.map_or(LONGEST, |seconds| {
            Duration::from_secs(seconds.into()).min(LONGEST)
        });
        let new_until = now + lasts + LIFETIME;
        match &mut self.state {
            State::Sent { heard, .. } => *heard = Some(new_until),
            State::Listening { until } => *until = new_until,
            State::Gone => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, wire: &mut Wire) {
        if let State::Listening { until } = self.state
            && until <= now
        {
            self.end(wire, ReferOutcome::Unreported);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Listening { until } => Some(until),
            State::Sent { .. } | State::Gone => None,
        }
    }

    fn sent(&mut self, key: Key, request: Request, heard: Option<Instant>) {
        self.cseq = request.cseq().map_or(0, |cseq| cseq.number);
        self.state = State::Sent {
            key,
            request: Box::new(request),
            heard,
        };
    }

    fn end(&mut self, wire: &mut Wire, outcome: ReferOutcome) {
        if !self.is_gone() {
            self.state = State::Gone;
            let refer = self.id;
            wire.event(Event::ReferEnded { refer, outcome });
        }
    }
}

/// The longest that news of one transfer are waited for.
const LONGEST: Duration = Duration::from_secs(3600);
