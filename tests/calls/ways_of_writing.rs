//! A number is dialled however it is written, and nothing passes the fence by being written oddly.

use crate::support::{Exchange, Setup, pilot};

const PLAN: &str = "-- Outside numbers as they are dialled within the country.
local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 }) end
local function user(call) call:bridge(\"user:1049\", { timeout = 20 }) end
context \"internal\" { [\"_1[3-9]XXXXXXXXX\"] = outside, [\"_0Z.\"] = outside }
context \"inbound\" { [\"4001234567\"] = user }
";

#[test]
fn outside_numbers_are_reached_in_each_way_of_writing_them() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for (count, (written, dialled)) in [
        ("13900139000", "13900139000"),
        ("+8613900139000", "13900139000"),
        ("0086139-0013-9000", "13900139000"),
        ("+861087654321", "01087654321"),
    ]
    .into_iter()
    .enumerate()
    {
        let call = a1.dials(written);
        let rung = carrier.rings();
        rung.answers();
        call.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
        let calls = exchange.ended_calls(count + 1);
        assert_eq!(calls[0].begin.to, dialled, "{written}");
    }
    for abroad in ["+85221234567", "0085221234567"] {
        assert_eq!(a1.dials(abroad).is_refused(), 404, "{abroad}");
    }
}

#[test]
fn a_number_that_was_pasted_with_its_signs_is_dialled_without_them() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for (count, (pasted, dialled)) in [
        ("+86 (138) 0013-8000", "13800138000"),
        ("0755-2688 1234", "075526881234"),
    ]
    .into_iter()
    .enumerate()
    {
        let call = a1.dials(pasted);
        let rung = carrier.rings();
        rung.answers();
        call.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
        let calls = exchange.ended_calls(count + 1);
        assert_eq!(calls[0].begin.to, dialled, "{pasted}");
    }
}

#[test]
fn keys_behind_a_number_are_pressed_when_it_has_answered() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for written in [
        "075526881234,802",
        "0755-26881234ext802",
        "+8675526881234,802",
    ] {
        let call = a1.dials(written);
        let rung = carrier.rings();
        rung.answers();
        rung.receives_keys("802");
        call.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
    }
}

#[test]
fn numbers_that_only_send_texts_and_numbers_that_are_none_ring_nobody() {
    let exchange = Exchange::start(Setup::answering(
        "call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 })",
    ));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for written in ["10690123456789", "1065512345", "1234567890123456789"] {
        a1.dials(written).is_refused();
    }
    assert!(carrier.is_not_called_for(std::time::Duration::from_millis(200)));
}

#[test]
fn the_hotline_is_reached_however_the_carrier_writes_it() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for written in ["4001234567", "+864001234567", "400-123-4567"] {
        let call = carrier.dials(written);
        let rung = a1.rings();
        rung.answers();
        rung.hears(pilot::C1);
        call.hangs_up();
        rung.is_hung_up();
    }
    assert_eq!(carrier.dials("+8613900139000").is_refused(), 404);
}

#[test]
fn the_tenants_own_numbers_are_not_taken_for_outside_ones() {
    let exchange = Exchange::start(Setup {
        users: "[\"87654321\"] = {},\n".to_owned(),
        ..Setup::with(PLAN)
    });
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    // The trunk is in Beijing.
    for (count, (from, known_as)) in [("87654321", "87654321"), ("87654322", "+861087654322")]
        .into_iter()
        .enumerate()
    {
        let call = carrier.dials_as(from, "4001234567", pilot::C1);
        a1.rings().answers();
        call.hears(pilot::A1);
        call.hangs_up();
        let calls = exchange.ended_calls(count + 1);
        assert_eq!(calls[0].begin.from_number.as_deref(), Some(known_as));
    }
}
