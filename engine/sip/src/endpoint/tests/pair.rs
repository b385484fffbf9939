//! The network: loses, doubles and reorders by a seed; what was sent can be looked at.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::random::Random;
use crate::{
    Endpoint, EndpointConfig, Event, Message, Method, NameAddr, Outgoing, Output, Outside, Request,
    Response, Route, SessionId, Source, Transport, Uri,
};

pub(super) const ALICE: usize = 0;
pub(super) const BOB: usize = 1;
pub(super) const OFFER: Bytes = Bytes::from_static(b"v=0 offer");
pub(super) const ANSWER: Bytes = Bytes::from_static(b"v=0 answer");

/// Alice and Bob, and what lies between them.
pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) sides: [Side; 2],
    pub(super) random: Random,
    /// Of 100 packets so many are lost.
    pub(super) loss: u64,
    /// Of 100 packets so many come twice.
    pub(super) doubled: u64,
    /// How much later than [`LATENCY`] a packet may come, in milliseconds.
    pub(super) jitter: u64,
    /// Messages that never arrive.
    pub(super) drop: Option<fn(usize, &Message) -> bool>,
    flying: Vec<Packet>,
}

pub(super) struct Side {
    pub(super) endpoint: Endpoint,
    address: SocketAddr,
    /// What was reported and not yet taken.
    pub(super) events: Vec<Event>,
    /// What was sent.
    pub(super) sent: Vec<Message>,
}

struct Packet {
    at: Instant,
    from: usize,
    payload: Bytes,
}

/// Turns on what an application may serve.
pub(super) fn everything(config: &mut EndpointConfig) {
    config.allow = vec![Method::Register, Method::Refer, Method::Message];
    config.events = vec!["message-summary".to_owned(), "dialog".to_owned()];
    config.replaces = true;
}

/// One way, in milliseconds.
pub(super) const LATENCY: u64 = 10;

impl Pair {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A pair whose sides have other settings.
    pub(super) fn with(change: impl Fn(&mut EndpointConfig)) -> Self {
        let side = |seed: u64, address: &str| {
            let mut config = EndpointConfig {
                seed,
                ..EndpointConfig::default()
            };
            change(&mut config);
            Side {
                endpoint: Endpoint::new(config),
                address: address.parse().unwrap(),
                events: Vec::new(),
                sent: Vec::new(),
            }
        };
        let now = Instant::now();
        Self {
            now,
            sides: [side(1, "192.0.2.1:5060"), side(2, "192.0.2.2:5060")],
            random: Random::new(3),
            loss: 0,
            doubled: 0,
            jitter: 0,
            drop: None,
            flying: Vec::new(),
        }
    }

    /// A pair whose network is bad by `percent`.
    pub(super) fn lossy(seed: u64, percent: u64) -> Self {
        let mut pair = Self::with(everything);
        pair.random = Random::new(seed);
        pair.loss = percent;
        pair.doubled = percent / 4;
        pair.jitter = 80;
        pair
    }

    pub(super) fn alice(&mut self) -> &mut Endpoint {
        &mut self.sides[ALICE].endpoint
    }

    pub(super) fn bob(&mut self) -> &mut Endpoint {
        &mut self.sides[BOB].endpoint
    }

    /// Alice calls Bob, with an offer.
    pub(super) fn call(&mut self) -> SessionId {
        self.call_with(|_| {})
    }

    pub(super) fn call_with(&mut self, change: impl FnOnce(&mut Outgoing)) -> SessionId {
        let mut outgoing = self.outgoing();
        change(&mut outgoing);
        let now = self.now;
        self.alice().invite(now, outgoing)
    }

    pub(super) fn outgoing(&self) -> Outgoing {
        let uri = |text: &str| Uri::parse(text).unwrap();
        Outgoing {
            uri: uri("sip:bob@192.0.2.2"),
            from: NameAddr::of(&uri("sip:alice@192.0.2.1")),
            to: NameAddr::of(&uri("sip:bob@192.0.2.2")),
            route: Vec::new(),
            destination: self.route(ALICE),
            allows_tcp: false,
            contact_user: Some("alice".to_owned()),
            contact_host: None,
            sdp: Some(OFFER),
            headers: Vec::new(),
            max_forwards: 70,
            account: None,
            timing: None,
        }
    }

    /// What a side sends to the other outside of calls.
    pub(super) fn outside(&self, from: usize) -> Outside {
        let Outgoing {
            uri, from: own, to, ..
        } = self.outgoing();
        Outside {
            uri,
            from: own,
            to,
            route: Vec::new(),
            destination: self.route(from),
            allows_tcp: false,
            headers: Vec::new(),
            account: None,
        }
    }

    /// Alice calls Bob, Bob answers, and both are told so.
    pub(super) fn talk(&mut self) -> (SessionId, SessionId) {
        let alice = self.call();
        self.run_for(100);
        let bob = self.incoming();
        let now = self.now;
        self.bob().accept(now, bob, Some(ANSWER));
        self.run_for(100);
        assert!(
            self.take(ALICE, |e| matches!(e, Event::Answered { .. }))
                .is_some()
        );
        assert!(
            self.take(BOB, |e| matches!(e, Event::Acknowledged { .. }))
                .is_some()
        );
        (alice, bob)
    }

    /// The call that Bob was told of.
    pub(super) fn incoming(&mut self) -> SessionId {
        match self.take(BOB, |e| matches!(e, Event::Incoming { .. })) {
            Some(Event::Incoming { session, .. }) => session,
            _ => panic!("no call came in: {:?}", self.sides[BOB].events),
        }
    }

    /// Takes the first event of a kind.
    pub(super) fn take(&mut self, side: usize, kind: impl Fn(&Event) -> bool) -> Option<Event> {
        let events = &mut self.sides[side].events;
        let at = events.iter().position(kind)?;
        Some(events.remove(at))
    }

    pub(super) fn count(&self, side: usize, kind: impl Fn(&Event) -> bool) -> usize {
        self.sides[side]
            .events
            .iter()
            .filter(|event| kind(event))
            .count()
    }

    /// The requests of a method that a side has sent.
    pub(super) fn requests(&self, side: usize, method: Method) -> Vec<Request> {
        let requests = self.sides[side]
            .sent
            .iter()
            .filter_map(|message| match message {
                Message::Request(request) if *request.method() == method => Some(request.clone()),
                _ => None,
            });
        requests.collect()
    }

    /// The responses of a status that a side has sent.
    pub(super) fn responses(&self, side: usize, status: u16) -> Vec<Response> {
        let responses = self.sides[side]
            .sent
            .iter()
            .filter_map(|message| match message {
                Message::Response(response) if response.status() == status => {
                    Some(response.clone())
                }
                _ => None,
            });
        responses.collect()
    }

    pub(super) fn run_for(&mut self, milliseconds: u64) {
        self.run_until(self.now + Duration::from_millis(milliseconds));
    }

    pub(super) fn run_until(&mut self, end: Instant) {
        loop {
            self.flush();
            let timeouts = self.sides.iter().map(|side| side.endpoint.poll_timeout());
            let packets = self.flying.iter().map(|packet| Some(packet.at));
            let next = timeouts.chain(packets).flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.arrive();
            self.flush();
            for side in &mut self.sides {
                if side
                    .endpoint
                    .poll_timeout()
                    .is_some_and(|at| at <= self.now)
                {
                    side.endpoint.handle_timeout(self.now);
                }
            }
        }
    }

    /// Lets time pass until nothing is left, which must not take longer than ten minutes.
    pub(super) fn run_out(&mut self) {
        self.run_for(600_000);
        for side in &self.sides {
            let counters = side.endpoint.counters();
            assert_eq!(
                (counters.sessions, counters.transactions),
                (0, 0),
                "{side:?}"
            );
        }
        // Wake-ups of the dead are let come, and then there are none.
        self.run_for(1_800_000);
        for side in &self.sides {
            assert!(side.endpoint.is_empty());
            assert_eq!(side.endpoint.poll_timeout(), None);
        }
    }

    /// Hands a message to a side, as if it came from an address.
    pub(super) fn inject(&mut self, side: usize, from: &str, text: &str) {
        let source = Source {
            transport: Transport::Udp,
            local: self.sides[side].address,
            remote: from.parse().unwrap(),
            flow: None,
        };
        let text = text.trim_start().replace('\n', "\r\n");
        let now = self.now;
        (self.sides[side].endpoint).handle_message(now, source, Bytes::from(text));
        self.flush();
    }

    /// The way from a side to the other.
    pub(super) fn route(&self, from: usize) -> Route {
        Route {
            transport: Transport::Udp,
            local: Some(self.sides[from].address),
            remote: self.sides[1 - from].address,
            flow: None,
        }
    }

    fn flush(&mut self) {
        for from in [ALICE, BOB] {
            while let Some(output) = self.sides[from].endpoint.poll_output() {
                match output {
                    Output::Event(event) => self.sides[from].events.push(event),
                    Output::Transmit(transmit) => {
                        let message = Message::parse(transmit.payload.clone()).unwrap();
                        let is_dropped = self.drop.is_some_and(|drop| drop(from, &message));
                        self.sides[from].sent.push(message);
                        let is_for_other = transmit.route.remote == self.sides[1 - from].address;
                        if is_for_other && !is_dropped {
                            self.fly(from, transmit.payload);
                        }
                    }
                }
            }
        }
    }

    fn fly(&mut self, from: usize, payload: Bytes) {
        let dice = self.random.below(100);
        let copies = match dice {
            dice if dice < self.loss => 0,
            dice if dice < self.loss + self.doubled => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = LATENCY + self.random.below(self.jitter + 1);
            self.flying.push(Packet {
                at: self.now + Duration::from_millis(delay),
                from,
                payload: payload.clone(),
            });
        }
    }

    fn arrive(&mut self) {
        let now = self.now;
        let all = std::mem::take(&mut self.flying);
        let (mut arrived, flying): (Vec<_>, Vec<_>) = all.into_iter().partition(|p| p.at <= now);
        self.flying = flying;
        arrived.sort_by_key(|packet| packet.at);
        for Packet { from, payload, .. } in arrived {
            let to = 1 - from;
            let source = Source {
                transport: Transport::Udp,
                local: self.sides[to].address,
                remote: self.sides[from].address,
                flow: None,
            };
            self.sides[to].endpoint.handle_message(now, source, payload);
        }
    }
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = self.sent.iter().map(|message| match message {
            Message::Request(request) => request.method().to_string(),
            Message::Response(response) => response.status().to_string(),
        });
        writeln!(f, "sent {:?}", lines.collect::<Vec<_>>())?;
        write!(f, "{:?} {:?}", self.endpoint.counters(), self.events)
    }
}
