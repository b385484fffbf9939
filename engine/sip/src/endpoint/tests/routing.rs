//! Where messages go: RFC 3581, NAT, connections, large requests, credentials.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::auth::Account;
use crate::{
    Endpoint, EndpointConfig, Event, FlowId, Message, Method, Name, Output, Request, Response,
    Route, SessionId, Source, Transmit, Transport,
};

#[test]
fn a_response_goes_to_the_port_that_the_sender_wishes() {
    for (via, wanted) in [
        ("10.0.0.1:5070;rport", "192.0.2.1:40000"),
        ("10.0.0.1:5070", "192.0.2.1:5070"),
        ("10.0.0.1", "192.0.2.1:5060"),
    ] {
        let mut phone = Phone::new(Transport::Udp, None);

        let sent = phone.hear(&invite(via, "10.0.0.1"));

        assert_eq!(sent[0].route.remote, address(wanted), "{via}");
        let Message::Response(trying) = Message::parse(sent[0].payload.clone()).unwrap() else {
            panic!("no response");
        };
        let seen = trying.via().unwrap();
        assert_eq!(seen.received().unwrap().to_string(), "192.0.2.1");
        assert_eq!(seen.rport(), via.contains("rport").then_some(40000));
    }
}

#[test]
fn a_phone_behind_nat_gets_requests_where_it_sends_from() {
    let mut phone = Phone::new(Transport::Udp, None);

    let bye = phone.answered_and_hung_up(&invite("10.0.0.1:5060;rport", "10.0.0.1:5060"));

    assert_eq!(bye.route.remote, address("192.0.2.1:40000"));
}

#[test]
fn a_phone_that_names_another_port_of_its_own_gets_requests_there() {
    let mut phone = Phone::new(Transport::Udp, None);

    let bye = phone.answered_and_hung_up(&invite("192.0.2.1:5060;rport", "192.0.2.1:5066"));

    assert_eq!(bye.route.remote, address("192.0.2.1:5066"));
}

#[test]
fn a_phone_on_a_connection_is_reached_over_it() {
    let mut phone = Phone::new(Transport::Tcp, Some(FlowId(9)));

    let text = invite("10.0.0.1:5060;rport", "10.0.0.1:5060").replace("UDP", "TCP");
    let bye = phone.answered_and_hung_up(&text);

    assert_eq!(
        (bye.route.flow, bye.route.transport),
        (Some(FlowId(9)), Transport::Tcp)
    );
    let Message::Request(bye) = Message::parse(bye.payload).unwrap() else {
        panic!("no request");
    };
    assert_eq!(bye.via().unwrap().transport(), "TCP");
}

#[test]
fn our_contact_names_the_address_that_was_called() {
    let mut phone = Phone::new(Transport::Tcp, Some(FlowId(9)));

    phone.hear(&invite("10.0.0.1:5060;rport", "10.0.0.1:5060").replace("UDP", "TCP"));
    let now = phone.now;
    phone.endpoint.ring(now, phone.session.unwrap(), 180, None);
    let ringing = phone.drain().pop().unwrap();

    let Message::Response(ringing) = Message::parse(ringing.payload).unwrap() else {
        panic!("no response");
    };
    let contact = ringing.header(Name::Contact).unwrap();
    assert_eq!(contact, "<sip:bob@192.0.2.9:5060;transport=tcp>");
}

#[test]
fn beyond_a_nat_our_external_address_is_named() {
    for (remote, shown) in [
        ("192.0.2.1:40000", "203.0.113.5:5060"),
        ("127.0.0.1:40000", "192.0.2.9:5060"),
    ] {
        let mut phone = Phone::new(Transport::Udp, None);
        phone.source.remote = address(remote);
        phone.endpoint = Endpoint::new(EndpointConfig {
            external: Some([203, 0, 113, 5].into()),
            ..EndpointConfig::default()
        });

        let bye = phone.answered_and_hung_up(&invite("10.0.0.1:5060;rport", "10.0.0.1:5060"));

        let contact = phone.contact.clone().unwrap();
        assert_eq!(contact, format!("<sip:bob@{shown}>"));
        assert_eq!(request(&bye).via().unwrap().sent_by(), shown);
    }
}

#[test]
fn a_large_invite_goes_by_tcp_where_that_is_allowed_and_falls_back_to_udp() {
    let mut pair = Pair::new();
    let large = Bytes::from(vec![b'x'; 1400]);
    let mut endpoint = Endpoint::new(EndpointConfig::default());
    let now = pair.now;
    for allows_tcp in [false, true] {
        let mut outgoing = pair.outgoing();
        outgoing.sdp = Some(large.clone());
        outgoing.allows_tcp = allows_tcp;
        endpoint.invite(now, outgoing);
        let sent = drain(&mut endpoint).0.remove(0);
        let wanted = if allows_tcp {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        assert_eq!(sent.route.transport, wanted);
        let via = request(&sent).via().unwrap().transport();
        assert_eq!(via, wanted.via_name());
    }

    let tcp = Route {
        transport: Transport::Tcp,
        ..pair.route(ALICE)
    };
    endpoint.handle_transport_failed(now, &tcp);

    let (sent, events) = drain(&mut endpoint);
    assert_eq!(sent[0].route.transport, Transport::Udp);
    assert_eq!(request(&sent[0]).via().unwrap().transport(), "UDP");
    assert!(events.is_empty());
    pair.run_for(1);
}

#[test]
fn a_host_that_took_no_connection_is_not_tried_by_tcp_at_each_call() {
    let pair = Pair::new();
    let mut endpoint = Endpoint::new(EndpointConfig::default());
    let start = pair.now;
    let call = |endpoint: &mut Endpoint, now| {
        let mut outgoing = pair.outgoing();
        outgoing.sdp = Some(Bytes::from(vec![b'x'; 1400]));
        outgoing.allows_tcp = true;
        endpoint.invite(now, outgoing);
        drain(endpoint).0.remove(0).route.transport
    };
    assert_eq!(call(&mut endpoint, start), Transport::Tcp);
    let tcp = Route {
        transport: Transport::Tcp,
        ..Pair::new().route(ALICE)
    };
    endpoint.handle_transport_failed(start, &tcp);
    drain(&mut endpoint);

    let soon = start + Duration::from_secs(599);
    let later = start + Duration::from_secs(600);

    assert_eq!(call(&mut endpoint, soon), Transport::Udp);
    assert_eq!(call(&mut endpoint, later), Transport::Tcp);
}

#[test]
fn a_challenge_is_answered_once_and_the_application_hears_nothing_of_it() {
    let mut pair = Pair::new();
    let account = Account::new("alice", "secret", Some("there"), "there", [7; 32]);
    pair.call_with(|outgoing| outgoing.account = Some(account));
    pair.run_for(100);
    challenge(&mut pair);
    pair.run_for(100);
    let again = pair.requests(ALICE, Method::Invite).remove(1);
    assert!(again.authorization().is_some());
    assert_eq!(again.cseq().unwrap().number, 2);
    assert_eq!(again.header_all(Name::Via).count(), 1);
    assert_eq!(again.header_all(Name::UserAgent).count(), 1);
    assert!(pair.sides[ALICE].events.is_empty());

    challenge(&mut pair);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Refused { status: 401, .. })
    ));
    pair.run_out();
}

#[test]
fn a_call_after_a_challenge_goes_on_as_usual() {
    let mut pair = Pair::new();
    let account = Account::new("alice", "secret", Some("there"), "there", [7; 32]);
    let alice = pair.call_with(|outgoing| outgoing.account = Some(account));
    pair.run_for(100);
    challenge(&mut pair);
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);

    let ack = pair.requests(ALICE, Method::Ack).pop().unwrap();
    assert!(ack.has(Name::Authorization));
    assert_eq!(ack.cseq().unwrap().number, 2);
    assert!(
        pair.take(BOB, |e| matches!(e, Event::Acknowledged { .. }))
            .is_some()
    );
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_out();
}

/// A carrier that challenges every request must not lose a long call to it.
#[test]
fn a_call_may_be_challenged_as_often_as_it_is_changed() {
    let mut pair = Pair::new();
    let account = Account::new("alice", "secret", Some("there"), "there", [7; 32]);
    let alice = pair.call_with(|outgoing| outgoing.account = Some(account));
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    pair.drop = Some(|_, message| match message {
        Message::Request(request) => {
            *request.method() == Method::Invite && !request.has(Name::Authorization)
        }
        Message::Response(_) => false,
    });

    for round in 0..10 {
        pair.sides[ALICE].events.clear();
        let now = pair.now;
        pair.alice().offer(now, alice, ANSWER);
        pair.run_for(1);
        let invite = pair.requests(ALICE, Method::Invite).pop().unwrap();
        let value = format!("Digest realm=\"there\", nonce=\"{round}\", qop=\"auth\"");
        let challenge = Response::reply_to(&invite, 401).header(Name::WwwAuthenticate, value);
        let challenge = challenge.finish().to_bytes();
        let text = String::from_utf8(challenge.to_vec()).unwrap();
        pair.inject(ALICE, "192.0.2.2:5060", &text.replace("\r\n", "\n"));
        pair.run_for(100);
        let now = pair.now;
        pair.bob().answer(now, bob, ANSWER);
        pair.run_for(100);

        let answered = |e: &Event| matches!(e, Event::OfferAnswered { .. });
        assert_eq!(pair.count(ALICE, answered), 1, "round {round}");
    }
}

fn challenge(pair: &mut Pair) {
    let bob = pair.incoming();
    let value = "Digest realm=\"there\", nonce=\"1\", qop=\"auth\"".to_owned();
    let now = pair.now;
    pair.bob()
        .reject(now, bob, 401, &[("WWW-Authenticate".to_owned(), value)]);
}

/// An endpoint that one phone calls.
struct Phone {
    endpoint: Endpoint,
    now: Instant,
    source: Source,
    session: Option<SessionId>,
    /// What the answer to its call named as Contact.
    contact: Option<String>,
}

impl Phone {
    fn new(transport: Transport, flow: Option<FlowId>) -> Self {
        Self {
            endpoint: Endpoint::new(EndpointConfig::default()),
            now: Instant::now(),
            source: Source {
                transport,
                local: address("192.0.2.9:5060"),
                remote: address("192.0.2.1:40000"),
                flow,
            },
            session: None,
            contact: None,
        }
    }

    fn hear(&mut self, text: &str) -> Vec<Transmit> {
        let text = Bytes::from(text.replace('\n', "\r\n"));
        self.endpoint.handle_message(self.now, self.source, text);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Transmit> {
        let (sent, events) = drain(&mut self.endpoint);
        for event in events {
            if let Event::Incoming { session, .. } = event {
                self.session = Some(session);
            }
        }
        sent
    }

    /// Answers the call, gets the ACK, and returns the BYE.
    fn answered_and_hung_up(&mut self, text: &str) -> Transmit {
        self.hear(text);
        let (now, session) = (self.now, self.session.unwrap());
        self.endpoint.accept(now, session, Some(ANSWER));
        let ok = self.drain().remove(0);
        let Message::Response(ok) = Message::parse(ok.payload).unwrap() else {
            panic!("no response");
        };
        self.contact = ok.header(Name::Contact).map(|contact| contact.to_string());
        let ack = (text.replace("INVITE", "ACK"))
            .replace("z9hG4bKr", "z9hG4bKack")
            .replace("To: <sip:bob@192.0.2.9>", &format!("To: {}", to_of(&ok)));
        self.hear(&ack);
        self.endpoint.hang_up(now, session, None);
        self.drain().remove(0)
    }
}

fn to_of(response: &Response) -> String {
    response.header(Name::To).unwrap().to_string()
}

fn drain(endpoint: &mut Endpoint) -> (Vec<Transmit>, Vec<Event>) {
    let (mut sent, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = endpoint.poll_output() {
        match output {
            Output::Transmit(transmit) => sent.push(transmit),
            Output::Event(event) => events.push(event),
        }
    }
    (sent, events)
}

fn request(transmit: &Transmit) -> Request {
    match Message::parse(transmit.payload.clone()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("no request"),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn invite(via: &str, contact: &str) -> String {
    format!(
        "INVITE sip:bob@192.0.2.9 SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bKr
From: <sip:x@192.0.2.1>;tag=1
To: <sip:bob@192.0.2.9>
Call-ID: routing
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:x@{contact}>
Content-Type: application/sdp

v=0 x"
    )
}
