//! Neighbours: who shares a phone's address, behind one NAT or on one machine, and reads along. They
//! know the names of calls, and neither end nor move them; the phone itself does, by its password.

use std::net::{SocketAddr, UdpSocket};

use sip::auth::Account;
use sip::{Message, Method, Name, Replaces, Request, Response, Uri};

use crate::support::{Exchange, Hold, Nat, PATIENCE, Phone, Setup, pilot};

#[test]
fn a_neighbour_who_knows_the_names_of_a_call_neither_ends_nor_moves_it() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    rung.hears(pilot::A1);
    let mut neighbour = Neighbour::of(&a1, &exchange);
    let ear = UdpSocket::bind(SocketAddr::new(a1.address().ip(), 0)).unwrap();
    let sdp = format!(
        "v=0\r\no=- 9 9 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
        ear.local_addr().unwrap().port(),
        ip = a1.address().ip(),
    );

    for name in [call.name(), rung.name()] {
        for method in [
            Method::Invite,
            Method::Update,
            Method::Refer,
            Method::Info,
            Method::Bye,
        ] {
            let refusal = neighbour.asks(&name, &method, &sdp, None);
            // The other phone lives elsewhere: strangers from afar are asked the same.
            assert_eq!(refusal.status(), 401, "{method}");
            // A password of one's own is none for the calls of others.
            let refusal = neighbour.asks(&name, &method, &sdp, Some("1051"));
            assert_eq!(refusal.status(), 401, "{method}");
        }
    }

    call.hears(pilot::A2);
    rung.hears(pilot::A1);
    ear.set_nonblocking(true).unwrap();
    assert!(ear.recv(&mut [0; 2_048]).is_err(), "sound went astray");
    call.hangs_up();
    rung.is_hung_up();
    exchange.has_no_calls();
}

#[test]
fn a_phone_whose_router_forgot_it_goes_on_by_its_password() {
    let exchange = Exchange::start(Setup::ringing());
    let nat = Nat::start(exchange.free_address(), exchange.address());
    let a1 = behind(&exchange, &nat, "1049");
    let [a2] = exchange.phones(["1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    let before = nat.outside();
    nat.forgets();
    assert_ne!(nat.outside(), before);
    call.holds(Hold::SendOnly);
    rung.hears(pilot::MUSIC);
    call.retrieves();
    rung.hears(pilot::A1);
    // What the exchange has to say goes where the phone is now.
    rung.hangs_up();
    call.is_hung_up();

    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    nat.forgets();
    call.hangs_up();
    rung.is_hung_up();
    exchange.has_no_calls();
}

#[test]
fn a_phone_that_was_called_and_has_registered_again_is_known_where_it_is_now() {
    let exchange = Exchange::start(Setup::ringing());
    let nat = Nat::start(exchange.free_address(), exchange.address());
    let a1 = behind(&exchange, &nat, "1049");
    a1.registers();
    let [a2] = exchange.phones(["1050"]);
    let call = a2.dials("1049");
    let rung = a1.rings();
    rung.answers();
    call.hears(pilot::A1);

    nat.forgets();
    a1.registers();
    // It was called, and its endpoint has no password for calls that came in: it must not need one.
    rung.holds(Hold::SendOnly);
    call.hears(pilot::MUSIC);
    rung.hangs_up();

    call.is_hung_up();
    exchange.has_no_calls();
}

#[test]
fn a_carrier_ends_its_calls_by_whatever_port_it_likes() {
    let exchange = Exchange::start(Setup::ringing());
    let carrier = exchange.carrier();
    let [a1] = exchange.phones(["1049"]);
    let calls = [
        {
            let call = carrier.dials("1049");
            let rung = a1.rings();
            rung.answers();
            rung.hears(pilot::C1);
            (call, rung)
        },
        {
            let call = a1.dials("13800138000");
            let rung = carrier.rings();
            rung.answers();
            call.hears(pilot::C1);
            (rung, call)
        },
    ];

    for (theirs, ours) in calls {
        let mut other_port = Neighbour::of(&carrier, &exchange);
        let ok = other_port.asks(&theirs.name(), &Method::Bye, "", None);
        assert_eq!(ok.status(), 200);
        ours.is_hung_up();
    }
    exchange.has_no_calls();
}

/// A user's phone behind a router.
fn behind(exchange: &Exchange, nat: &Nat, user: &str) -> Phone {
    let realm = exchange.address().ip().to_string();
    let at = nat.address();
    exchange.phone_with(user, |manner| {
        manner.exchange = at;
        manner.realm = Some(realm);
    })
}

/// Another socket at a phone's address.
pub(crate) struct Neighbour {
    socket: UdpSocket,
    exchange: SocketAddr,
    cseq: u32,
}

impl Neighbour {
    pub(crate) fn of(phone: &Phone, exchange: &Exchange) -> Self {
        let socket = UdpSocket::bind(SocketAddr::new(phone.address().ip(), 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            exchange: exchange.address(),
            cseq: 1_000,
        }
    }

    /// Asks for something within a call that it only knows by name, with the password of somebody if
    /// it is asked for one; the final answer.
    pub(crate) fn asks(
        &mut self,
        name: &Replaces,
        method: &Method,
        sdp: &str,
        user: Option<&str>,
    ) -> Response {
        let request = self.request(name, method, sdp);
        let refusal = self.sends(&request);
        let Some(user) = user else { return refusal };
        let realm = self.exchange.ip().to_string();
        let password = format!("demo-{user}");
        let mut account = Account::new(user, &password, None, &realm, [7; 32]);
        let (header, value) = account.answer(&request, &refusal).unwrap();
        let request = self.request(name, method, sdp);
        self.sends(&request.edit().header(header, value).finish())
    }

    fn request(&mut self, name: &Replaces, method: &Method, sdp: &str) -> Request {
        self.cseq += 1;
        let (cseq, here) = (self.cseq, self.socket.local_addr().unwrap());
        let uri = Uri::parse(format!("sip:x@{}", self.exchange)).unwrap();
        let request = Request::build(method.clone(), &uri)
            .header(
                Name::Via,
                format!("SIP/2.0/UDP {here};rport;branch=z9hG4bKneighbour{cseq}"),
            )
            .header(Name::From, format!("<sip:x@{here}>;tag={}", name.to_tag))
            .header(Name::To, format!("<sip:x@{here}>;tag={}", name.from_tag))
            .header(Name::CallId, &name.call_id)
            .header(Name::CSeq, format!("{cseq} {method}"))
            .header(Name::Contact, format!("<sip:x@{here}>"))
            .header(Name::MaxForwards, "70");
        match method {
            Method::Refer => request
                .header(Name::ReferTo, format!("<sip:1001@{}>", self.exchange.ip()))
                .finish(),
            Method::Invite | Method::Update => {
                request.body("application/sdp", sdp.to_owned()).finish()
            }
            _ => request.finish(),
        }
    }

    fn sends(&self, request: &Request) -> Response {
        (self.socket.send_to(&request.to_bytes(), self.exchange)).unwrap();
        let cseq = request.header(Name::CSeq).unwrap();
        let mut buffer = [0; 4_096];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap();
            let octets = bytes::Bytes::copy_from_slice(&buffer[..length]);
            if let Ok(Message::Response(response)) = Message::parse(octets)
                && response.header(Name::CSeq).unwrap() == cseq
                && !response.is_provisional()
            {
                return response;
            }
        }
    }
}
