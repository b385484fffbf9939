//! Sound that would go in circles: phones that name ports of the exchange as their own, and carriers
//! that may, when what left by them comes back.

use std::net::SocketAddr;
use std::time::Duration;

use sip::Method;

use super::neighbours::Neighbour;
use crate::support::{Exchange, Line, Phone, Setup, eventually, pilot};

#[test]
fn two_phones_that_name_each_others_ports_close_no_circle() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    rung.hears(pilot::A1);

    let ports = [call.far_address(), rung.far_address()];
    points(&exchange, &a1, &call, Some("1049"), ports[1]);
    points(&exchange, &a2, &rung, Some("1050"), ports[0]);

    // They go on to speak: what they say is heard, and is not multiplied.
    call.talks_for(Duration::from_secs(2));
    call.hangs_up();
    exchange.has_no_calls();
    let (said, heard) = (500, received(&exchange));
    assert!(
        heard.iter().all(|count| *count < said),
        "{heard:?} packets came in, of two phones that say 50 a second"
    );
}

#[test]
fn a_carrier_lets_the_sound_of_what_comes_back_to_us_take_the_short_way() {
    let exchange = Exchange::start(Setup::ringing());
    let carrier = exchange.carrier();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let out = a1.dials("13800138000");
    let left = carrier.rings();
    left.answers();
    out.hears(pilot::C1);
    let back = carrier.dials("1050");
    let rung = a2.rings();
    rung.answers();
    rung.hears(pilot::C1);

    let (there, here) = (back.far_address(), left.far_address());
    points(&exchange, &carrier, &left, None, there);
    points(&exchange, &carrier, &back, None, here);

    out.hears(pilot::A2);
    rung.hears(pilot::A1);
}

#[test]
fn a_carrier_closes_no_circle_either() {
    let exchange = Exchange::start(Setup::with(
        "-- What comes in goes out again.\n\
         context \"inbound\" { [\"_X.\"] = function(call) call:bridge(\"trunk:carrier/13900139000\") end }\n",
    ));
    let carrier = exchange.carrier();
    let inward = carrier.dials("4001234567");
    let outward = carrier.rings();
    outward.answers();
    inward.hears(pilot::C1);

    let ports = [inward.far_address(), outward.far_address()];
    points(&exchange, &carrier, &inward, None, ports[1]);
    points(&exchange, &carrier, &outward, None, ports[0]);

    inward.talks_for(Duration::from_secs(2));
    inward.hangs_up();
    exchange.has_no_calls();
    let heard = received(&exchange);
    assert!(heard.iter().all(|count| *count < 500), "{heard:?}");
}

/// Offers a port as where a phone hears.
fn points(exchange: &Exchange, phone: &Phone, line: &Line, user: Option<&str>, port: SocketAddr) {
    let sdp = format!(
        "v=0\r\no=- 9 9 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
        port.port(),
        ip = port.ip(),
    );
    let mut other = Neighbour::of(phone, exchange);
    let ok = other.asks(&line.name(), &Method::Update, &sdp, user);
    assert_eq!(ok.status(), 200);
}

/// Packets that came in at each leg of all calls.
fn received(exchange: &Exchange) -> Vec<u64> {
    let record = eventually("the record with its quality", || {
        let record = exchange.only_record();
        record.legs.iter().all(|leg| leg.quality.is_some()).then_some(record)
    });
    let legs = record.legs.iter();
    legs.map(|leg| leg.quality.as_ref().unwrap().received).collect()
}
