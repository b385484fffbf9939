//! A phone that subscribes, on a network that loses, doubles and delays by a seed.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::pair::{LATENCY, everything};
use crate::random::Random;
use crate::{
    Endpoint, EndpointConfig, Event, Message, Method, Name, Output, Request, Response, Source,
    SubscriptionId, Text, Transport,
};

/// One phone and the endpoint that it subscribes at.
pub(super) struct Phone {
    pub(super) now: Instant,
    pub(super) endpoint: Endpoint,
    /// What the endpoint reported and nobody has taken.
    pub(super) events: Vec<Event>,
    /// The NOTIFYs that came, each once.
    pub(super) notified: Vec<Request>,
    /// The final responses that came, each once.
    pub(super) answers: Vec<Response>,
    /// How NOTIFYs are answered; `None` is not at all.
    pub(super) answer: Option<u16>,
    /// Of 100 packets so many are lost.
    pub(super) loss: u64,
    pub(super) random: Random,
    pub(super) call: u32,
    cseq: u32,
    to_tag: Option<Text>,
    /// The request on its way, and when it is sent again.
    asking: Option<(u32, Bytes, Instant)>,
    flying: Vec<(Instant, bool, Bytes)>,
}

impl Phone {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl Fn(&mut EndpointConfig)) -> Self {
        let mut config = EndpointConfig::default();
        everything(&mut config);
        change(&mut config);
        Self {
            now: Instant::now(),
            endpoint: Endpoint::new(config),
            events: Vec::new(),
            notified: Vec::new(),
            answers: Vec::new(),
            answer: Some(200),
            loss: 0,
            random: Random::new(1),
            call: 0,
            cseq: 0,
            to_tag: None,
            asking: None,
            flying: Vec::new(),
        }
    }

    /// Forgets its dialog, as after a cold start.
    pub(super) fn restart(&mut self) {
        self.call += 1;
        self.cseq = 0;
        self.to_tag = None;
        self.asking = None;
    }

    /// Sends a SUBSCRIBE, in the dialog if there is one, and waits a while.
    pub(super) fn subscribe(&mut self, headers: &str) {
        self.cseq += 1;
        let to_tag = self.to_tag.as_ref();
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let (call, cseq) = (self.call, self.cseq);
        let text = format!(
            "SUBSCRIBE sip:1049@192.0.2.9 SIP/2.0\n\
             Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK{call}x{cseq}\n\
             From: <sip:1050@192.0.2.9>;tag=phone{call}\nTo: <sip:1049@192.0.2.9>{to_tag}\n\
             Call-ID: call{call}\nCSeq: {cseq} SUBSCRIBE\nMax-Forwards: 70\n\
             Contact: <sip:1050@192.0.2.1:5060>\n{headers}Content-Length: 0\n\n"
        );
        let bytes = Bytes::from(text.replace('\n', "\r\n"));
        self.fly(true, bytes.clone());
        self.asking = Some((cseq, bytes, self.now + Duration::from_millis(500)));
        self.wait();
    }

    /// Subscribes and is accepted.
    pub(super) fn subscribed(&mut self, headers: &str, account: &str) -> SubscriptionId {
        self.subscribe(headers);
        let subscription = self.asked();
        let now = self.now;
        (self.endpoint).accept_subscription(
            now,
            subscription,
            account,
            super::subscriptions::whole(0),
        );
        self.wait();
        subscription
    }

    /// As long as a request needs here.
    fn wait(&mut self) {
        self.run_for(if self.loss == 0 { 100 } else { 15_000 });
    }

    /// The subscription that the application was told of.
    pub(super) fn asked(&mut self) -> SubscriptionId {
        match self.take(|e| matches!(e, Event::Subscribed { .. })) {
            Some(Event::Subscribed { subscription, .. }) => subscription,
            _ => panic!("nobody subscribed: {:?}", self.events),
        }
    }

    pub(super) fn take(&mut self, kind: impl Fn(&Event) -> bool) -> Option<Event> {
        let at = self.events.iter().position(kind)?;
        Some(self.events.remove(at))
    }

    /// What the phone was told last: the state of its subscription, and of what it subscribed to.
    pub(super) fn told(&self) -> (String, String) {
        let last = self.notified.last().expect("something was told");
        let state = last.header(Name::SubscriptionState).unwrap_or_default();
        let body = Text::from(last.body().clone());
        (state.to_string(), body.to_string())
    }

    pub(super) fn run_for(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        loop {
            self.flush();
            let packets = self.flying.iter().map(|packet| Some(packet.0));
            let asking = self.asking.as_ref().map(|asking| asking.2);
            let own = [self.endpoint.poll_timeout(), asking];
            let next = packets.chain(own).flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.arrive();
            self.ask_again();
            if self
                .endpoint
                .poll_timeout()
                .is_some_and(|at| at <= self.now)
            {
                self.endpoint.handle_timeout(self.now);
            }
        }
    }

    /// Lets time pass until nothing is left.
    pub(super) fn run_out(&mut self) {
        self.asking = None;
        self.run_for(100_000);
        assert!(self.endpoint.is_empty(), "{:?}", self.endpoint.counters());
    }

    fn flush(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(transmit) => self.fly(false, transmit.payload),
            }
        }
    }

    fn fly(&mut self, is_from_phone: bool, payload: Bytes) {
        let dice = self.random.below(100);
        let copies = match dice {
            dice if dice < self.loss => 0,
            dice if dice < self.loss + self.loss / 4 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = LATENCY + self.random.below(4 * self.loss + 1);
            let at = self.now + Duration::from_millis(delay);
            self.flying.push((at, is_from_phone, payload.clone()));
        }
    }

    fn arrive(&mut self) {
        let now = self.now;
        let all = std::mem::take(&mut self.flying);
        let (mut arrived, flying): (Vec<_>, Vec<_>) = all.into_iter().partition(|p| p.0 <= now);
        self.flying = flying;
        arrived.sort_by_key(|packet| packet.0);
        for (_, is_from_phone, payload) in arrived {
            if is_from_phone {
                self.endpoint.handle_message(now, source(), payload);
            } else {
                self.hear(&Message::parse(payload).expect("we send what can be read"));
            }
        }
    }

    fn hear(&mut self, message: &Message) {
        match message {
            Message::Response(response) => {
                let number = response.cseq().map_or(0, |cseq| cseq.number);
                let awaited = self.asking.take_if(|asking| asking.0 == number);
                if awaited.is_none() || response.is_provisional() {
                    return;
                }
                if response.is_success() {
                    self.to_tag = response.to().ok().and_then(|to| to.tag());
                }
                self.answers.push(response.clone());
            }
            Message::Request(request) if *request.method() == Method::Notify => {
                let is_new = (self.notified.iter()).all(|known| {
                    let branch = |r: &Request| r.via().ok().and_then(|via| via.branch());
                    branch(known) != branch(request)
                });
                if is_new {
                    self.notified.push(request.clone());
                }
                if let Some(status) = self.answer {
                    let reply = Response::reply_to(request, status).finish();
                    self.fly(true, reply.to_bytes());
                }
            }
            Message::Request(request) => panic!("no phone expects {:?}", request.method()),
        }
    }

    fn ask_again(&mut self) {
        if let Some((_, bytes, at)) = &mut self.asking
            && *at <= self.now
        {
            *at = self.now + Duration::from_millis(500);
            let bytes = bytes.clone();
            self.fly(true, bytes);
        }
    }
}

fn source() -> Source {
    Source {
        transport: Transport::Udp,
        local: ([192, 0, 2, 9], 5060).into(),
        remote: ([192, 0, 2, 1], 5060).into(),
        flow: None,
    }
}
