//! Exchanges with several trunks, and carriers that are read word for word.

use std::fs;
use std::net::{SocketAddr, UdpSocket};

use sip::{Message, Method, Request, Response, ResponseBuilder};

use super::{Exchange, PATIENCE, Phone, Setup};

/// An exchange with these trunks and groups, whose users call everything outside by the group `out`.
/// `EIGHT` and `SEVEN` stand for hosts of trunks, `HOUSE8` and `HOUSE7` for their addresses, `TENANT`
/// for what each trunk must have.
pub(crate) fn exchange_with_trunks(sip: &str, trunks: &str, groups: &str) -> Exchange {
    exchange_dialling(OUTSIDE, sip, trunks, groups)
}

/// The same, whose users call outside by this handler, `outside(call)`.
pub(crate) fn exchange_dialling(outside: &str, sip: &str, trunks: &str, groups: &str) -> Exchange {
    let mut exchange = Exchange::start_with_any_scripts(Setup {
        sip: "-- TRUNKS".to_owned(),
        ..Setup::with(&format!(
            "-- Users ring each other; all else goes out.\n\
             local function user(call) call:bridge(\"user:\" .. call.to, {{ timeout = 20 }}) end\n\
             local function outside(call) {outside} end\n\
             context \"internal\" {{ [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside, [\"110\"] = outside }}\n\
             context \"inbound\" {{ [\"_10XX\"] = user, [\"01065531234\"] = function(call) call:bridge(\"user:1049\") end }}\n",
        ))
    });
    exchange.stop();
    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    let house = |number| exchange.house(number, 5090);
    let put = |text: &str| {
        text.replace("TENANT", "tenant = \"8001\", context = \"inbound\"")
            .replace("EIGHT", &house(8).to_string())
            .replace("SEVEN", &house(7).to_string())
            .replace("HOUSE8", &house(8).ip().to_string())
            .replace("HOUSE7", &house(7).ip().to_string())
    };
    let beginning = "    trunks = {\n";
    assert!(text.contains(beginning));
    let text = text
        .replace(beginning, &format!("{beginning}      {},\n", put(trunks)))
        .replace("-- TRUNKS", &format!("{sip} groups = {{ {groups} }},"));
    fs::write(&file, text).unwrap();
    exchange.resume();
    exchange
}

const OUTSIDE: &str = "call:bridge(\"trunk:out/\" .. call.to, { timeout = 20 })";

/// What `moonswitch status` says of a trunk.
pub(crate) fn status_of(exchange: &Exchange, name: &str) -> serde_json::Value {
    let trunks = exchange.status()["trunks"].clone();
    let mut all = trunks.as_array().unwrap().iter();
    all.find(|trunk| trunk["name"] == name).unwrap().clone()
}

/// A carrier's phone in one of the houses.
pub(crate) fn carrier_at(exchange: &Exchange, house: u8) -> Phone {
    exchange.carrier_with(|manner| manner.address = exchange.house(house, 5090))
}

/// A carrier, word for word.
pub(crate) struct RawCarrier {
    socket: UdpSocket,
    exchange: SocketAddr,
}

impl RawCarrier {
    /// In one of the houses.
    pub(crate) fn open(exchange: &Exchange, house: u8) -> Self {
        let socket = UdpSocket::bind(exchange.house(house, 5090)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            exchange: exchange.address(),
        }
    }

    /// The next request of a method; others are passed over.
    pub(crate) fn hears(&self, method: Method) -> Request {
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

    /// The next call, which it refuses.
    pub(crate) fn refuses_a_call(&self, status: u16) -> Request {
        let invite = self.hears(Method::Invite);
        self.answers(Response::reply_to(&invite, status));
        self.hears(Method::Ack);
        invite
    }

    /// Answers with a tag of its own.
    pub(crate) fn answers(&self, reply: ResponseBuilder) {
        self.sends(&reply.to_tag("carrier").finish().to_bytes());
    }

    /// Sends octets as they are.
    pub(crate) fn sends(&self, octets: &[u8]) {
        self.socket.send_to(octets, self.exchange).unwrap();
    }
}
