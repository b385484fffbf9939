//! Sound that would go in circles: phones that name ports of the exchange as their own, and carriers
//! that may, when what left by them comes back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use sip::Method;

use super::neighbours::Neighbour;
use crate::support::{Exchange, Line, Phone, Setup, eventually, pilot};

#[test]
fn two_phones_that_name_each_others_ports_close_no_circle() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let begun = Instant::now();
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    rung.hears(pilot::A1);

    let ports = [call.far_address(), rung.far_address()];
    let mut phone = points(&exchange, &a1, &call, Some("1049"), ports[1]);
    points(&exchange, &a2, &rung, Some("1050"), ports[0]);

    let talked = begun.elapsed();
    // They go on to speak; nothing is sent to the ports that they named.
    call.talks_for(Duration::from_secs(2));
    phone.asks(&call.name(), &Method::Bye, "", None);
    nothing_is_sent_after(&exchange, talked);
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
    // What comes in goes out again.
    let exchange = Exchange::start(Setup {
        trunk: "toll = \"mobile\",",
        ..Setup::answering("call:bridge(\"trunk:carrier/13900139000\")")
    });
    let carrier = exchange.carrier();
    let begun = Instant::now();
    let inward = carrier.dials("4001234567");
    let outward = carrier.rings();
    outward.answers();
    inward.hears(pilot::C1);

    let ports = [inward.far_address(), outward.far_address()];
    let mut phone = points(&exchange, &carrier, &inward, None, ports[1]);
    points(&exchange, &carrier, &outward, None, ports[0]);

    let talked = begun.elapsed();
    inward.talks_for(Duration::from_secs(2));
    phone.asks(&inward.name(), &Method::Bye, "", None);
    nothing_is_sent_after(&exchange, talked);
}

/// Offers a port as where a phone hears; the phone is where the offer came from then.
fn points(
    exchange: &Exchange,
    phone: &Phone,
    line: &Line,
    user: Option<&str>,
    port: SocketAddr,
) -> Neighbour {
    let sdp = format!(
        "v=0\r\no=- 9 9 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
        port.port(),
        ip = port.ip(),
    );
    let mut other = Neighbour::of(phone, exchange);
    let ok = other.asks(&line.name(), &Method::Update, &sdp, user);
    assert_eq!(ok.status(), 200);
    other
}

/// Each leg has sent no more than its 50 packets a second for so long.
fn nothing_is_sent_after(exchange: &Exchange, talked: Duration) {
    exchange.has_no_calls();
    let call = exchange.ended_calls(1)[0].begin.id;
    let sent = eventually("how the sound of both legs was", || {
        let journal = exchange.store().journal("8001", call).wait().unwrap();
        let lines = journal
            .iter()
            .map(|line| serde_json::from_str::<Value>(&line.json).unwrap());
        let sent: Vec<u64> = lines
            .filter_map(|line| line["sound"]["sent"].as_u64())
            .collect();
        (sent.len() == 2).then_some(sent)
    });
    let most = u64::try_from(talked.as_millis()).unwrap() / 20 + 10;
    assert!(
        sent.iter().all(|sent| *sent <= most),
        "{sent:?}, and {most} are right"
    );
}
