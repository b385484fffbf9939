//! Session timers of trunks (RFC 4028), with SIPp as the carrier. They last a minute: no session may be shorter than 90 s.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use sip::Name;

use crate::support::trunks::{RawCarrier, exchange_with_trunks};
use crate::support::{Exchange, Program, eventually, sipp};

/// An exchange whose trunk has these settings; SIPp says nothing, and no call ends for that.
fn exchange(settings: &str) -> Exchange {
    let trunk = format!("eight = {{ TENANT, host = \"EIGHT\", trusted = \"HOUSE8\", {settings} }}");
    let mut exchange = exchange_with_trunks(
        "options_interval = 0,",
        &trunk,
        "out = { { trunk = \"eight\" } }",
    );
    exchange.stop();
    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace("rtp = { ", "rtp = { timeout = 0, ");
    assert_ne!(changed, text);
    fs::write(&file, changed).unwrap();
    exchange.resume();
    exchange
}

fn carrier(exchange: &Exchange, scenario: &str, arguments: &[&str]) -> Program {
    let address: SocketAddr = exchange.house(8, 5090);
    let arguments = [&["-m", "1"], arguments].concat();
    let program = sipp(scenario, address, &arguments);
    eventually("SIPp", || UdpSocket::bind(address).is_err().then_some(()));
    program
}

#[test]
fn a_carrier_that_wants_a_longer_session_gets_it_and_we_refresh_it_while_it_lasts() {
    let exchange = exchange("session_expires = \"90s\", refresher = \"us\"");
    let mut carrier = carrier(&exchange, "timed_callee.xml", &[]);
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("13800138000");
    call.is_answered();

    // It hangs up itself, after the time at which nobody would have been there any more.
    assert!(
        carrier.ends(Duration::from_secs(90)).success(),
        "{}",
        carrier.said()
    );
    call.is_over();
}

#[test]
fn a_carrier_that_does_not_refresh_as_it_has_promised_is_hung_up_on() {
    let exchange = exchange("session_expires = \"90s\", refresher = \"them\"");
    let mut carrier = carrier(&exchange, "silent_callee.xml", &[]);
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("13800138000");
    call.is_answered();

    assert!(
        carrier.ends(Duration::from_secs(90)).success(),
        "{}",
        carrier.said()
    );
    call.is_over();
    exchange.has_no_calls();
}

#[test]
fn a_carrier_that_proposes_too_short_a_session_is_told_what_is_taken() {
    let exchange = exchange("min_se = \"300s\", refresher = \"them\"");
    let [a1] = exchange.phones(["1049"]);
    let to = exchange.address().to_string();
    let mut carrier = carrier(&exchange, "hasty_caller.xml", &["-s", "01065531234", &to]);

    let line = a1.rings();
    line.answers();
    assert!(line.is_up_soon());
    line.hangs_up();

    let ended = carrier.ends(Duration::from_secs(20));
    assert!(ended.success(), "{}", carrier.said());
}

#[test]
fn a_carrier_without_session_timers_hears_nothing_of_them() {
    let exchange = exchange("session_timer = false, session_expires = \"90s\"");
    let carrier = RawCarrier::open(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);

    let _call = a1.dials("13800138000");
    let invite = carrier.refuses_a_call(486);

    assert!(!invite.has(Name::SessionExpires) && !invite.supports("timer"));
    assert!(invite.supports("100rel"));
}
