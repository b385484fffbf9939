//! The exchange is full: a new call is told so at once, and those that run go on.

use crate::support::{Exchange, Setup, eventually, pilot};

#[test]
fn a_call_too_many_gets_503_and_the_others_go_on() {
    let exchange = Exchange::start(Setup {
        more: "limits = { max_calls = 2 },".to_owned(),
        ..Setup::ringing()
    });
    two_calls_and_no_third(&exchange);
}

#[test]
fn without_free_rtp_ports_a_call_gets_503_and_the_ports_come_back() {
    let exchange = Exchange::start(Setup {
        ports: (30_000, 30_007),
        ..Setup::ringing()
    });
    two_calls_and_no_third(&exchange);
}

fn two_calls_and_no_third(exchange: &Exchange) {
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a2.answers_always();
    let calls = [a1.dials("1050"), a1.dials("1050")];
    for call in &calls {
        call.hears(pilot::A2);
    }

    assert_eq!(a1.dials("1050").is_refused(), 503);

    for call in &calls {
        call.hears(pilot::A2);
        call.hangs_up();
    }
    exchange.has_no_calls();
    // A port rests for a moment before it is used again.
    eventually("a free port", || {
        let call = a1.dials("1050");
        call.is_up_soon().then(|| call.hears(pilot::A2))
    });
}
