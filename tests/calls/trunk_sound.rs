//! How a trunk wants sound and keys.

use crate::support::trunks::{RawCarrier, carrier_at, exchange_dialling, exchange_with_trunks};
use crate::support::{Exchange, Keys, pilot};

#[test]
fn each_trunk_is_offered_its_own_codecs_packets_and_keys() {
    for (settings, offered, missing) in [
        (
            "codecs = { \"pcmu\", \"pcma\" }, ptime = 30",
            &[
                "m=audio ",
                " RTP/AVP 0 8 ",
                "a=ptime:30",
                "telephone-event/8000",
            ][..],
            "opus",
        ),
        (
            "codecs = \"pcma\", dtmf = \"inband\"",
            &[" RTP/AVP 8\r\n", "a=ptime:20"][..],
            "telephone-event",
        ),
        (
            "codecs = \"pcma\", dtmf = \"info\", ptime = 40",
            &[" RTP/AVP 8\r\n", "a=ptime:40"][..],
            "telephone-event",
        ),
    ] {
        let exchange = exchange(settings);
        let carrier = RawCarrier::open(&exchange, 8);
        let [a1] = exchange.phones(["1049"]);

        let _call = a1.dials("13800138000");
        let invite = carrier.refuses_a_call(486);

        let offer = String::from_utf8(invite.body().to_vec()).unwrap();
        for line in offered {
            assert!(offer.contains(line), "{line} in {offer}");
        }
        assert!(!offer.contains(missing), "{offer}");
    }
}

#[test]
fn keys_go_to_a_trunk_by_info_once_and_not_in_the_sound() {
    let exchange = exchange("codecs = \"pcma\", dtmf = \"info\"");
    let carrier = carrier_at(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);
    for how in [Keys::Rfc4733, Keys::Info] {
        let call = a1.dials("13800138000");
        let line = carrier.rings();
        line.answers();
        call.hears(pilot::C1);

        call.presses("56", how);

        line.receives_keys("56");
        line.hears(pilot::A1);
        assert_eq!(line.keys_by_info(), "56", "{how:?}");
        line.receives_keys("56");
        call.hangs_up();
        exchange.has_no_calls();
    }
}

#[test]
fn keys_of_a_script_go_by_info_in_their_order() {
    let exchange = exchange_dialling(
        "call:bridge(\"trunk:eight/\" .. call.to .. \"ext12\", { timeout = 20 })",
        "",
        "eight = { TENANT, host = \"EIGHT\", codecs = \"pcma\", dtmf = \"info\" }",
        "",
    );
    let carrier = carrier_at(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);
    let call = a1.dials("13800138000");
    let line = carrier.rings();

    line.answers();

    line.receives_keys("12");
    assert_eq!(line.keys_by_info(), "12");
    call.hears(pilot::C1);
}

#[test]
fn keys_go_to_a_trunk_as_tones_once_where_it_wants_them_so() {
    let exchange = exchange("codecs = \"pcma\", dtmf = \"inband\"");
    let carrier = carrier_at(&exchange, 8);
    let [a1] = exchange.phones(["1049"]);
    let call = a1.dials("13800138000");
    let line = carrier.rings();
    line.answers();
    call.hears(pilot::C1);

    call.presses("5", Keys::Rfc4733);

    line.receives_keys("5");
    line.hears(pilot::A1);
    line.receives_keys("5");
    assert_eq!(line.keys_by_info(), "");
}

/// One trunk with these settings, in a group.
fn exchange(settings: &str) -> Exchange {
    let trunk = format!("eight = {{ TENANT, host = \"EIGHT\", {settings} }}");
    exchange_with_trunks("", &trunk, "out = { { trunk = \"eight\" } }")
}
