//! The notifier of one subscription: RFC 6665 §4.2, and RFC 3515 §2.4.4 where a REFER began it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Line, Notice, SubscriptionEnd, SubscriptionId, Termination};
use crate::body::{media_type, status_line};
use crate::endpoint::event::Event;
use crate::endpoint::wire::{Hop, Wire};
use crate::header::{EventPackage, SubscriptionState, Substate};
use crate::transaction::LIFETIME;
use crate::transaction::key::Key;
use crate::{Method, Name, Request};

/// Tells one subscriber how things stand, one NOTIFY after the other.
///
/// Its methods act on the dialog and the wire of a [`Line`]. After each, ask
/// [`is_gone`](Self::is_gone) and [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub(crate) struct Notifier {
    id: SubscriptionId,
    kind: Kind,
    event: EventPackage,
    state: State,
    /// The NOTIFY that waits for its response; the next one waits for that, so that they cannot
    /// overtake each other.
    under_way: Option<Key>,
    waiting: VecDeque<Letter>,
}

/// What began it.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A SUBSCRIBE.
    Package,
    /// A REFER.
    Refer {
        /// Whether its sender wants to hear how it goes (RFC 4488).
        wants_news: bool,
        /// What was told last.
        latest: u16,
    },
}

#[derive(Debug)]
enum State {
    /// The application has not decided yet.
    Asked(Box<Asked>),
    /// It lasts until then.
    Active {
        until: Instant,
    },
    /// The application knows that it is over; the last NOTIFY is not answered yet.
    Ending,
    Gone,
}

/// The request that waits for the application.
#[derive(Debug)]
struct Asked {
    key: Key,
    request: Request,
    expires: Duration,
    until: Instant,
}

/// A NOTIFY that has to wait.
#[derive(Debug)]
struct Letter {
    notice: Option<Notice>,
    end: Option<Termination>,
}

impl Notifier {
    pub(crate) fn new(
        now: Instant,
        id: SubscriptionId,
        kind: Kind,
        event: EventPackage,
        asked: (Key, &Request, Duration),
    ) -> Self {
        let (key, request, expires) = asked;
        let asked = Asked {
            key,
            request: request.clone(),
            expires,
            // The other half is for the refusal to get there before its sender gives up.
            until: now + LIFETIME / 2,
        };
        Self {
            id,
            kind,
            event: event.detach(),
            state: State::Asked(Box::new(asked)),
            under_way: None,
            waiting: VecDeque::new(),
        }
    }

    /// One that was accepted before a restart, and lasts until then.
    pub(crate) fn restored(id: SubscriptionId, event: EventPackage, until: Instant) -> Self {
        Self {
            id,
            kind: Kind::Package,
            event,
            state: State::Active { until },
            under_way: None,
            waiting: VecDeque::new(),
        }
    }

    /// How long it lasts, if it is a subscription that was accepted.
    pub(crate) fn until(&self) -> Option<Instant> {
        match (&self.kind, &self.state) {
            (Kind::Package, State::Active { until }) => Some(*until),
            _ => None,
        }
    }

    pub(crate) fn event(&self) -> &EventPackage {
        &self.event
    }

    pub(crate) fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Whether this is its NOTIFY on its way.
    pub(crate) fn owns(&self, key: Key) -> bool {
        self.under_way == Some(key)
    }

    /// Whether a SUBSCRIBE is about this one: the same package and the same id (RFC 6665 §4.5.2).
    pub(crate) fn is_for(&self, request: &Request) -> bool {
        request.event().is_ok_and(|event| event == self.event)
    }

    /// The application takes it on; a REFER gets its first news.
    pub(crate) fn accept(&mut self, line: &mut Line<'_>, notice: Notice) {
        let State::Asked(asked) = &self.state else {
            return;
        };
        let (key, expires) = (asked.key, asked.expires);
        let status = match self.kind {
            Kind::Package => 200,
            Kind::Refer { .. } => 202,
        };
        let tag = line.dialog.local_tag().unwrap_or_default();
        let mut response = (line.wire.reply(&asked.request, status, &tag.to_str()))
            .header(Name::Contact, line.dialog.contact());
        match &self.kind {
            Kind::Package => response = response.header(Name::Expires, expires.as_secs()),
            Kind::Refer { wants_news, .. } if !wants_news => {
                response = response.header(Name::ReferSub, "false");
            }
            Kind::Refer { .. } => {}
        }
        line.wire.respond(line.now, key, &response.finish());
        self.state = State::Active {
            until: line.now + expires,
        };
        match self.kind {
            Kind::Refer {
                wants_news: false, ..
            } => {
                self.end(line.wire, SubscriptionEnd::Ended);
                self.state = State::Gone;
            }
            Kind::Refer { .. } => self.report(line, 100),
            // Whoever subscribes for no time wants to be told just once (RFC 6665 §4.4.3).
            Kind::Package if expires.is_zero() => {
                self.finish(
                    line,
                    Termination::Timeout,
                    Some(notice),
                    SubscriptionEnd::Unsubscribed,
                );
            }
            Kind::Package => self.notify(line, notice),
        }
    }

    /// The application refuses it.
    pub(crate) fn refuse(
        &mut self,
        line: &mut Line<'_>,
        status: u16,
        headers: &[(String, String)],
    ) {
        let State::Asked(asked) = &self.state else {
            return;
        };
        let key = asked.key;
        let status = status.clamp(300, 699);
        // A stranger that is asked for its name leaves no trace, and gets the same tag again.
        let mut response = line.wire.reply(&asked.request, status, &key.token());
        response = line.wire.with_remedy(response, status);
        for (name, value) in headers {
            response = response.header_named(name, value);
        }
        line.wire.respond(line.now, key, &response.finish());
        if self.id.session.is_none() && matches!(status, 401 | 404 | 405 | 407 | 489) {
            line.wire.table.forget(key);
        }
        self.end(line.wire, SubscriptionEnd::Refused);
        self.state = State::Gone;
    }

    /// Tells the subscriber how things stand now.
    pub(crate) fn notify(&mut self, line: &mut Line<'_>, notice: Notice) {
        let State::Active { .. } = self.state else {
            return;
        };
        if !notice.is_partial {
            // What has not been told yet is in this one too.
            self.waiting.clear();
        } else if self.waiting.len() >= MOST_WAITING {
            self.waiting.clear();
            let subscription = self.id;
            return line.wire.event(Event::StateWanted { subscription });
        }
        self.waiting.push_back(Letter {
            notice: Some(notice),
            end: None,
        });
        self.send_next(line);
    }

    /// Tells whoever asked for a transfer how far it is; a final status is the last news.
    pub(crate) fn report(&mut self, line: &mut Line<'_>, status: u16) {
        let Kind::Refer { latest, .. } = &mut self.kind else {
            return;
        };
        *latest = status;
        let notice = news(status);
        match status {
            ..=199 => self.notify(line, notice),
            _ => self.finish(
                line,
                Termination::NoResource,
                Some(notice),
                SubscriptionEnd::Ended,
            ),
        }
    }

    /// Ends it with a last NOTIFY; one that nobody has accepted is refused.
    pub(crate) fn finish(
        &mut self,
        line: &mut Line<'_>,
        termination: Termination,
        notice: Option<Notice>,
        why: SubscriptionEnd,
    ) {
        match self.state {
            State::Asked(_) => return self.refuse(line, 480, &[]),
            State::Active { .. } => {}
            State::Ending | State::Gone => return,
        }
        if notice.as_ref().is_some_and(|notice| !notice.is_partial) {
            self.waiting.clear();
        }
        self.end(line.wire, why);
        self.state = State::Ending;
        self.waiting.push_back(Letter {
            notice,
            end: Some(termination),
        });
        self.send_next(line);
    }

    /// The subscriber knows it no more: nothing is left to tell it.
    pub(crate) fn forget(&mut self, wire: &mut Wire, why: SubscriptionEnd) {
        self.end(wire, why);
        self.state = State::Gone;
    }

    /// A SUBSCRIBE came that refreshes it, or, with no time, ends it.
    pub(crate) fn handle_subscribe(
        &mut self,
        line: &mut Line<'_>,
        key: Key,
        request: &Request,
        expires: Duration,
    ) {
        let State::Active { until } = &mut self.state else {
            return line.wire.refuse(line.now, key, request, 481);
        };
        *until = line.now + expires;
        line.dialog.refresh_target(request);
        let response = (line.wire.reply(request, 200, ""))
            .header(Name::Contact, line.dialog.contact())
            .header(Name::Expires, expires.as_secs());
        line.wire.respond(line.now, key, &response.finish());
        let subscription = self.id;
        match self.kind {
            _ if expires.is_zero() => self.finish(
                line,
                Termination::Timeout,
                None,
                SubscriptionEnd::Unsubscribed,
            ),
            Kind::Package => line.wire.event(Event::StateWanted { subscription }),
            Kind::Refer { latest, .. } => self.notify(line, news(latest)),
        }
    }

    /// The final response to its NOTIFY came, or the want of one (408, 503).
    pub(crate) fn handle_response(&mut self, line: &mut Line<'_>, status: u16) {
        self.under_way = None;
        if ends_subscription(status) {
            return self.forget(line.wire, SubscriptionEnd::Gone);
        }
        self.send_next(line);
        if let (State::Ending, None) = (&self.state, self.under_way) {
            self.state = State::Gone;
        }
    }

    pub(crate) fn handle_timeout(&mut self, line: &mut Line<'_>) {
        match &self.state {
            State::Asked(asked) if asked.until <= line.now => self.refuse(line, 500, &[]),
            State::Active { until } if *until <= line.now => {
                self.finish(line, Termination::Timeout, None, SubscriptionEnd::Expired)
            }
            _ => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Asked(asked) => Some(asked.until),
            State::Active { until } => Some(*until),
            State::Ending | State::Gone => None,
        }
    }

    /// Sends what waits, once the NOTIFY before it is answered.
    fn send_next(&mut self, line: &mut Line<'_>) {
        if self.under_way.is_some() {
            return;
        }
        let Some(letter) = self.waiting.pop_front() else {
            return;
        };
        let mut notify = (line.dialog.request(Method::Notify))
            .header(Name::MaxForwards, "70")
            .header(Name::Contact, line.dialog.contact())
            .header(Name::Event, &self.event)
            .header(Name::SubscriptionState, self.told_state(line.now, &letter));
        if let Some(notice) = letter
            .notice
            .filter(|notice| !notice.content_type.is_empty())
        {
            notify = notify.body(&notice.content_type, notice.body);
        }
        let hop = Hop::from(&line.dialog.peer);
        let (key, _) = line.wire.send(line.now, line.owner, notify, hop);
        self.under_way = Some(key);
    }

    fn told_state(&self, now: Instant, letter: &Letter) -> SubscriptionState {
        if let Some(termination) = letter.end {
            return termination.state();
        }
        let left = match self.state {
            State::Active { until } => until.saturating_duration_since(now),
            _ => Duration::ZERO,
        };
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        SubscriptionState {
            substate: Substate::Active,
            expires: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
            reason: None,
            retry_after: None,
        }
    }

    /// Tells the application that it is over, once.
    fn end(&self, wire: &mut Wire, why: SubscriptionEnd) {
        if let State::Asked(_) | State::Active { .. } = self.state {
            let subscription = self.id;
            wire.event(Event::SubscriptionEnded { subscription, why });
        }
    }
}

fn news(status: u16) -> Notice {
    Notice {
        content_type: format!("{};version=2.0", media_type::SIPFRAG),
        body: status_line(status),
        is_partial: false,
    }
}

/// Whether a response to a NOTIFY says that there is no subscription any more, or never will be
/// (RFC 6665 §4.2.2, RFC 5057 §5.1). A broken connection says nothing: the phone may come back.
fn ends_subscription(status: u16) -> bool {
    matches!(
        status,
        403 | 404 | 405 | 408 | 410 | 416 | 481..=485 | 489 | 501 | 603 | 604
    )
}

/// Partial notices that may wait; then the whole state is asked for instead.
const MOST_WAITING: usize = 16;
