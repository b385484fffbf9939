//! A phone's lamps: it subscribes, and shows what NOTIFYs say.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::auth::Account;
use sip::{Message, Method, Name, Request, RequestHandle, Response, Source};

use super::super::PATIENCE;
use super::desk::Desk;
use super::{Hold, Phone};

/// One lamp, and what it was told.
#[derive(Clone, Debug)]
pub(crate) struct Lamp {
    who: Arc<str>,
    seen: Arc<(Mutex<Vec<Notified>>, Condvar)>,
}

/// What one NOTIFY said.
#[derive(Clone, Debug)]
pub(crate) struct Notified {
    /// `Subscription-State`.
    pub(crate) state: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// The phone's side of its subscriptions, by Call-ID.
#[derive(Default)]
pub(super) struct Lamps {
    all: HashMap<String, Subscribed>,
    /// What comes without having been asked for.
    pub(super) unasked: Lamp,
    /// How NOTIFYs are answered; none at all where there is no status.
    pub(super) answer: Option<u16>,
}

struct Subscribed {
    lamp: Lamp,
    request: Request,
    /// The request on its way, what proves who we are, and who waits for the answer.
    under_way: Option<(RequestHandle, Option<Account>, mpsc::Sender<u16>)>,
}

impl Default for Lamp {
    fn default() -> Self {
        Self::new("nobody asked")
    }
}

impl Lamp {
    fn new(who: &str) -> Self {
        Self {
            who: who.into(),
            seen: Arc::default(),
        }
    }

    /// Waits until the last NOTIFY says all of this.
    pub(crate) fn shows(&self, words: &[&str]) -> Notified {
        self.wait(&format!("{words:?}"), |seen| {
            let last = seen.last()?;
            let says = |word: &&str| last.body.contains(*word);
            words.iter().all(says).then(|| last.clone())
        })
    }

    /// Waits until the subscription is said to be over.
    pub(crate) fn is_over(&self) -> Notified {
        self.wait("its end", |seen| {
            let last = seen.last()?;
            last.state.starts_with("terminated").then(|| last.clone())
        })
    }

    /// Waits for this many NOTIFYs.
    pub(crate) fn is_told(&self, times: usize) -> Vec<Notified> {
        self.wait(&format!("{times} NOTIFYs"), |seen| {
            (seen.len() >= times).then(|| seen.to_vec())
        })
    }

    /// Every NOTIFY until now.
    pub(crate) fn told(&self) -> Vec<Notified> {
        self.seen.0.lock().unwrap().clone()
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&[Notified]) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = look(&seen) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            let last = seen.last().cloned();
            assert!(
                !left.is_zero(),
                "{} in vain waited for {what}: {last:#?}",
                self.who
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn note(&self, notify: &Request) {
        let state = notify.header_named("Subscription-State");
        self.seen.0.lock().unwrap().push(Notified {
            state: state.map(|state| state.to_string()).unwrap_or_default(),
            body: String::from_utf8_lossy(notify.body()).into_owned(),
            at: Instant::now(),
        });
        self.seen.1.notify_all();
    }
}

impl Phone {
    /// Subscribes, and fails when that is refused.
    pub(crate) fn watches(&self, event: &str, user: &str) -> Lamp {
        let (lamp, status) = self.tries_to_watch(event, user, 600, PATIENCE);
        assert_eq!(status, Some(200), "{event} of {user}");
        lamp
    }

    /// Subscribes for so many seconds; the final status, or `None` when nobody answers in time.
    pub(crate) fn tries_to_watch(
        &self,
        event: &str,
        user: &str,
        expires: u32,
        within: Duration,
    ) -> (Lamp, Option<u16>) {
        let lamp = Lamp::new(&format!("{}'s lamp {event} of {user}", self.manner.user));
        let (tell, told) = mpsc::channel();
        let (mine, event, user) = (lamp.clone(), event.to_owned(), user.to_owned());
        self.ask(move |desk, now| desk.subscribe(now, mine, &event, &user, expires, tell));
        (lamp, told.recv_timeout(within).ok())
    }

    /// Subscribes once more within the same dialog; the final status.
    pub(crate) fn refreshes(&self, lamp: &Lamp, expires: u32) -> Option<u16> {
        let (tell, told) = mpsc::channel();
        let lamp = lamp.clone();
        self.ask(move |desk, now| desk.refresh(now, &lamp, expires, tell));
        told.recv_timeout(PATIENCE).ok()
    }

    /// What the exchange tells unasked.
    pub(crate) fn unasked_lamp(&self) -> Lamp {
        let (tell, told) = mpsc::channel();
        self.ask(move |desk, _| {
            let _ = tell.send(desk.lamps.unasked.clone());
        });
        told.recv().unwrap()
    }

    /// Answers NOTIFYs with this status from now on.
    pub(crate) fn answers_notices(&self, status: u16) {
        self.ask(move |desk, _| desk.lamps.answer = Some(status));
    }
}

impl Desk {
    fn subscribe(
        &mut self,
        now: Instant,
        lamp: Lamp,
        event: &str,
        user: &str,
        expires: u32,
        tell: mpsc::Sender<u16>,
    ) {
        let own = self.uri(&self.manner.user);
        let call_id = format!("lamp-{}", self.endpoint.token());
        let contact = format!("<sip:{}@{}>", self.manner.user, self.manner.address);
        let request = Request::build(Method::Subscribe, &self.uri(user))
            .header(Name::From, format!("<{own}>;tag={}", self.endpoint.token()))
            .header(Name::To, format!("<{}>", self.uri(user)))
            .header(Name::CallId, &call_id)
            .header(Name::CSeq, "1 SUBSCRIBE")
            .header(Name::Contact, contact)
            .header(Name::Event, event.to_owned())
            .header(Name::Expires, expires.to_string())
            .finish();
        let subscribed = Subscribed {
            lamp,
            request,
            under_way: None,
        };
        self.lamps.all.insert(call_id.clone(), subscribed);
        self.send_subscribe(now, &call_id, tell);
    }

    fn refresh(&mut self, now: Instant, lamp: &Lamp, expires: u32, tell: mpsc::Sender<u16>) {
        let mut all = self.lamps.all.iter_mut();
        let found = all.find(|(_, one)| Arc::ptr_eq(&one.lamp.seen, &lamp.seen));
        let Some((call_id, one)) = found else { return };
        let number = one.request.cseq().unwrap().number + 1;
        let again = one.request.edit();
        let again = again.replace(Name::CSeq, format!("{number} SUBSCRIBE"));
        one.request = again.replace(Name::Expires, expires.to_string()).finish();
        let call_id = call_id.clone();
        self.send_subscribe(now, &call_id, tell);
    }

    fn send_subscribe(&mut self, now: Instant, call_id: &str, tell: mpsc::Sender<u16>) {
        let (route, account) = (self.route(), self.account());
        let Some(one) = self.lamps.all.get_mut(call_id) else {
            return;
        };
        let handle = self.endpoint.request(now, &one.request, route);
        one.under_way = Some((handle, account, tell));
    }

    /// The answer to a SUBSCRIBE; whether it was one.
    pub(super) fn is_answered_a_lamp(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        response: &Response,
    ) -> bool {
        let route = self.route();
        let mut all = self.lamps.all.values_mut();
        let Some(one) = all.find(|one| one.under_way.as_ref().is_some_and(|it| it.0 == handle))
        else {
            return false;
        };
        let Some((_, mut account, tell)) = one.under_way.take() else {
            return true;
        };
        if response.is_success() {
            let to = response.header(Name::To).unwrap().to_string();
            one.request = one.request.edit().replace(Name::To, to).finish();
        }
        let answer = match (&mut account, response.status()) {
            (Some(account), 401 | 407) => account.answer(&one.request, response).ok(),
            _ => None,
        };
        let Some((name, value)) = answer else {
            let _ = tell.send(response.status());
            return true;
        };
        let number = one.request.cseq().unwrap().number + 1;
        one.request = (one.request.edit())
            .replace(Name::CSeq, format!("{number} SUBSCRIBE"))
            .replace(name, value)
            .finish();
        let handle = self.endpoint.request(now, &one.request, route);
        one.under_way = Some((handle, account, tell));
        true
    }

    /// Does what a NOTIFY in a call says, if the phone is one of those that do; whether it did.
    pub(super) fn obeys(&mut self, now: Instant, source: &Source, octets: &Bytes) -> bool {
        let Ok(Message::Request(notify)) = Message::parse(octets.clone()) else {
            return false;
        };
        let event = notify.header_named("Event").map(|event| event.to_string());
        let session = (self.endpoint).session_with(notify.call_id().to_string().as_bytes());
        let (Some(session), true) = (session, self.manner.obeys) else {
            return false;
        };
        let is_up = self.calls.get(&session).is_some_and(|it| it.line.is_up());
        match (event.as_deref(), is_up) {
            (Some("talk"), false) => self.accept(now, session),
            (Some("talk"), true) => self.offer(now, session, None),
            (Some("hold"), true) => self.offer(now, session, Some(Hold::SendOnly)),
            _ => return false,
        }
        let response = Response::reply_to(&notify, 200).finish();
        self.wire.send(source.remote, &response.to_bytes());
        true
    }

    /// Takes a NOTIFY, which the phone's endpoint knows nothing of; whether it was one.
    pub(super) fn takes_notice(&mut self, source: &Source, octets: &Bytes) -> bool {
        let Ok(Message::Request(notify)) = Message::parse(octets.clone()) else {
            return false;
        };
        let event = notify.header_named("Event").map(|event| event.to_string());
        let package = event.as_deref().and_then(|event| event.split(';').next());
        let is_ours = matches!(package, Some("message-summary" | "dialog"));
        if *notify.method() != Method::Notify || !is_ours {
            return false;
        }
        let call_id = notify.call_id().to_string();
        let is_inside = notify.to().is_ok_and(|to| to.tag().is_some());
        let lamp = match self.lamps.all.get(&call_id) {
            Some(one) => Some(&one.lamp),
            None => (!is_inside).then_some(&self.lamps.unasked),
        };
        let status = match lamp {
            Some(_) => self.lamps.answer.unwrap_or(200),
            None => 481,
        };
        if let (Some(lamp), 200) = (lamp, status) {
            lamp.note(&notify);
        }
        let response = Response::reply_to(&notify, status).to_tag("lamp").finish();
        self.wire.send(source.remote, &response.to_bytes());
        true
    }
}
