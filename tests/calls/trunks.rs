//! Trunks: registering at a carrier, to whom the password is shown, and which host is called next.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sip::auth::{Authenticator, Claim, Ha1, Verdict};
use sip::{Message, Method, Name, Request, Response, ResponseBuilder, Uri};

use crate::support::{Exchange, PATIENCE, Phone, Setup, eventually, pilot};

#[test]
fn a_registering_trunk_proves_itself_to_its_realm_and_stays_registered() {
    let exchange = exchange_with(REGISTERING);
    let mut carrier = Carrier::open(&exchange, 8);

    let first = carrier.hears(Method::Register);
    assert!(!first.has(Name::Authorization));
    let sent_by = first.via().unwrap().sent_by().to_string();
    assert_eq!(sent_by, exchange.address().to_string());
    carrier.challenges(&first, "carrier.example");
    let second = carrier.hears(Method::Register);
    assert_eq!(
        carrier.judges(&second, "carrier.example"),
        Some(Verdict::Accepted)
    );
    let contact = second.header(Name::Contact).unwrap();
    carrier.answers(Response::reply_to(&second, 200).header(Name::Contact, contact));

    eventually("the registration", || {
        (trunk(&exchange)["registration"] == "registered").then_some(())
    });
}

#[test]
fn a_registering_trunk_shows_its_password_to_no_other_realm() {
    let exchange = exchange_with(REGISTERING);
    let mut carrier = Carrier::open(&exchange, 8);

    let first = carrier.hears(Method::Register);
    carrier.challenges(&first, "stranger.example");

    let again = carrier.hears(Method::Register);
    assert!(!again.has(Name::Authorization), "{again:?}");
    assert_ne!(again.cseq(), first.cseq());
    assert_eq!(trunk(&exchange)["registration"], "not registered");
}

#[test]
fn a_proxy_that_does_not_register_us_is_passed_over_for_the_next() {
    let exchange = exchange_with(
        "host = { \"EIGHT\", \"SEVEN\" }, username = \"01065531234\", password = \"carrier-secret\",          realm = \"carrier.example\", register = true,",
    );
    let (first, second) = (Carrier::open(&exchange, 8), Carrier::open(&exchange, 7));

    let register = first.hears(Method::Register);
    first.answers(Response::reply_to(&register, 503));
    let register = second.hears(Method::Register);
    let contact = register.header(Name::Contact).unwrap();
    second.answers(Response::reply_to(&register, 200).header(Name::Contact, contact));

    eventually("the registration", || {
        (trunk(&exchange)["registration"] == "registered").then_some(())
    });
}

#[test]
fn a_host_that_refuses_is_passed_over_for_the_next_in_order() {
    let exchange = exchange_with("host = { \"EIGHT\", \"SEVEN\" },");
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("13800138000");
    first.rings().refuses(503);
    second.rings().answers();
    call.hears(pilot::C1);
    call.hangs_up();
    exchange.has_no_calls();

    let call = a1.dials("13800138000");
    first.rings().refuses(486);
    call.is_over();
    assert!(second.is_not_called_for(Duration::from_millis(300)));
}

#[test]
fn a_host_that_says_nothing_is_passed_over_in_four_seconds() {
    let exchange = exchange_with("host = { \"EIGHT\", \"SEVEN\" },");
    let silent = UdpSocket::bind(exchange.house(8, 5090)).unwrap();
    let second = carrier_at(&exchange, 7);
    let [a1] = exchange.phones(["1049"]);

    let begun = Instant::now();
    let call = a1.dials("13800138000");
    second.rings().answers();
    assert!(begun.elapsed() < Duration::from_secs(4));

    call.hears(pilot::C1);
    drop(silent);
}

#[test]
fn the_carrier_that_we_are_registered_at_calls_without_a_password() {
    let exchange = exchange_with(REGISTERING);
    let [a2] = exchange.phones(["1050"]);
    let carrier = Carrier::open(&exchange, 8);
    let register = carrier.hears(Method::Register);
    carrier.answers(Response::reply_to(&register, 200));

    let invite = Request::build(Method::Invite, &Uri::parse("sip:1050@exchange").unwrap())
        .header(Name::Via, "SIP/2.0/UDP carrier;branch=z9hG4bKin;rport")
        .header(Name::From, "<sip:13800138000@carrier.example>;tag=1")
        .header(Name::To, "<sip:1050@exchange>")
        .header(Name::CallId, "in")
        .header(Name::CSeq, "1 INVITE")
        .header(
            Name::Contact,
            format!("<sip:{}>", exchange.house(8, 5090)).as_str(),
        )
        .finish();
    carrier.sends(&invite.to_bytes());

    a2.rings();
}

#[test]
fn who_is_no_trunk_calls_nobody_and_the_trunk_from_any_port_does() {
    let exchange = Exchange::start(Setup::ringing());
    let [a2] = exchange.phones(["1050"]);

    let stranger = exchange.carrier_with(|manner| manner.address = exchange.house(6, 5090));
    assert_eq!(stranger.dials("1050").is_refused(), 401);
    let carrier = exchange.carrier_with(|manner| manner.address.set_port(40_000));
    let call = carrier.dials("1050");

    a2.rings().answers();
    call.hears(pilot::A2);
}

/// An account at the carrier of house 8.
const REGISTERING: &str = "host = \"EIGHT\", username = \"01065531234\", password = \"carrier-secret\", \
     realm = \"carrier.example\", register = true,";

/// An exchange whose trunk `carrier` has these settings; the houses' numbers stand for their hosts.
fn exchange_with(settings: &str) -> Exchange {
    let mut exchange = Exchange::start(Setup::ringing());
    exchange.stop();
    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    let own = format!("host = \"{}\",", exchange.house(9, 5090));
    assert!(text.contains(&own));
    let settings = settings
        .replace("EIGHT", &exchange.house(8, 5090).to_string())
        .replace("SEVEN", &exchange.house(7, 5090).to_string());
    fs::write(&file, text.replace(&own, &settings)).unwrap();
    exchange.resume();
    exchange
}

fn carrier_at(exchange: &Exchange, house: u8) -> Phone {
    exchange.carrier_with(|manner| manner.address = exchange.house(house, 5090))
}

fn trunk(exchange: &Exchange) -> serde_json::Value {
    exchange.status()["trunks"][0].clone()
}

/// A carrier's registrar, word for word.
struct Carrier {
    socket: UdpSocket,
    exchange: SocketAddr,
    authenticator: Authenticator,
}

impl Carrier {
    fn open(exchange: &Exchange, house: u8) -> Self {
        let socket = UdpSocket::bind(exchange.house(house, 5090)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            exchange: exchange.address(),
            authenticator: Authenticator::new(Instant::now(), [7; 32]),
        }
    }

    /// The next request of a method; others, and repetitions of what it has just answered, are
    /// passed over.
    fn hears(&self, method: Method) -> Request {
        let mut octets = [0; 4_096];
        loop {
            let (length, _) = self.socket.recv_from(&mut octets).unwrap();
            match Message::parse(octets[..length].to_vec().into()) {
                Ok(Message::Request(request)) if *request.method() == method => return request,
                Ok(_) => {}
                Err(fault) => panic!("{fault}"),
            }
        }
    }

    fn challenges(&mut self, request: &Request, realm: &str) {
        let reply = Response::reply_to(request, 401);
        let (now, host) = (Instant::now(), self.exchange.ip());
        let reply = self.authenticator.challenge(now, reply, realm, host, false);
        self.answers(reply);
    }

    fn judges(&mut self, request: &Request, realm: &str) -> Option<Verdict> {
        let claim = Claim::of(request, realm)?;
        let ha1 = Ha1::compute("01065531234", realm, "carrier-secret");
        let host = self.exchange.ip();
        let verdict =
            (self.authenticator).verify(Instant::now(), request, &claim, host, Some(&ha1));
        Some(verdict)
    }

    fn answers(&self, reply: ResponseBuilder) {
        self.sends(&reply.to_tag("carrier").finish().to_bytes());
    }

    fn sends(&self, octets: &[u8]) {
        self.socket.send_to(octets, self.exchange).unwrap();
    }
}
