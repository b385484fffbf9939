//! Two phones of one tenant call each other.

use crate::support::{Exchange, Setup, pilot};

#[test]
fn two_phones_hear_each_other_and_the_call_is_recorded_in_the_records() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();
    call.is_ringing();
    rung.answers();
    call.is_answered();

    call.hears(pilot::A2);
    rung.hears(pilot::A1);
    assert_eq!(rung.caller(), "1049");

    call.hangs_up();
    rung.is_hung_up();
    let record = exchange.only_record();
    let end = record.call.end.unwrap();
    assert_eq!(
        (end.result.as_str(), end.cause.as_str()),
        ("answered", "normal")
    );
    assert_eq!(record.legs.len(), 2);
    for leg in &record.legs {
        assert_eq!(leg.codec.as_deref(), Some("pcma"));
        assert!(leg.quality.unwrap().received > 10, "{leg:?}");
    }
}

#[test]
fn a_phone_on_tcp_talks_to_one_on_udp() {
    let exchange = Exchange::start(Setup::ringing());
    let a1 = exchange.phone_with("1049", |manner| manner.transport = sip::Transport::Tcp);
    let a2 = exchange.phone("1050");
    a1.registers();
    a2.registers();

    let call = a2.dials("1049");
    let rung = a1.rings();
    rung.answers();

    call.hears(pilot::A1);
    rung.hears(pilot::A2);
    rung.hangs_up();
    call.is_hung_up();
}

#[test]
fn who_dials_star_43_hears_its_own_voice_until_hash() {
    let exchange = Exchange::start(Setup::default());
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("*43");

    call.hears(pilot::A1);
    call.presses("#", crate::support::Keys::Rfc4733);
    call.is_hung_up();
}

#[test]
fn the_caller_hears_ringback_until_somebody_answers() {
    let exchange = Exchange::start(Setup::answering(
        "call:answer() call:bridge(\"user:1050\", { timeout = 20 })",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();

    call.hears(pilot::RINGBACK);
    rung.answers();
    call.hears(pilot::A2);
    call.is_deaf_to(pilot::RINGBACK);
}
