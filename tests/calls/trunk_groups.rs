//! Groups of trunks: which one takes a call, what is tried next, how much each carries.

use std::fs;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::support::trunks::{carrier_at, exchange_with_trunks, status_of};
use crate::support::{Exchange, eventually, pilot};

#[test]
fn what_a_trunk_refuses_goes_to_the_next_and_what_the_callee_refuses_does_not() {
    let exchange = exchange_with(
        TWO,
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1] = exchange.phones(["1049"]);

    for status in [503, 500, 408] {
        let call = a1.dials("13800138000");
        first.rings().refuses(status);
        second.rings().answers();
        call.hears(pilot::C1);
        call.hangs_up();
        exchange.has_no_calls();
    }
    for status in [486, 404, 603, 480] {
        let call = a1.dials("13800138000");
        first.rings().refuses(status);
        call.is_over();
        assert!(
            second.is_not_called_for(Duration::from_millis(100)),
            "{status}"
        );
    }
    let records = exchange.ended_calls(7);
    let left_by = records.last().unwrap().end.as_ref().unwrap();
    assert_eq!(left_by.trunk_out.as_deref(), Some("seven"));
}

#[test]
fn each_trunk_says_which_refusals_are_tried_elsewhere() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", retry_on = \"480\" }, seven = { TENANT, host = \"SEVEN\" }",
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("13800138000");
    first.rings().refuses(503);
    call.is_over();
    assert!(second.is_not_called_for(Duration::from_millis(100)));

    let call = a1.dials("13800138000");
    first.rings().refuses(480);
    second.rings().answers();
    call.hears(pilot::C1);
}

#[test]
fn the_cheapest_trunk_that_takes_the_number_is_tried_first() {
    let exchange = exchange_with(
        TWO,
        "out = { { trunk = \"eight\", cost = 0.1, numbers = \"+86139\" }, { trunk = \"seven\", cost = 0.2 } }",
    );
    let (cheap, dear) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("13900139000");
    cheap.rings().answers();
    call.hears(pilot::C1);
    let other = a1.dials("13800138000");
    dear.rings().answers();
    other.hears(pilot::C1);
    assert!(cheap.is_not_called_for(Duration::from_millis(100)));
}

#[test]
fn a_trunk_that_says_nothing_is_passed_over_in_four_seconds_tried_last_and_comes_back() {
    let exchange = exchange_with_trunks(
        "options_interval = \"2s\",",
        TWO,
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let silent = UdpSocket::bind(exchange.house(8, 5090)).unwrap();
    let second = exchange.carrier_with(|manner| {
        manner.address = exchange.house(7, 5090);
        manner.pilot = pilot::C2;
    });
    let [a1] = exchange.phones(["1049"]);

    for _ in 0..2 {
        let begun = Instant::now();
        let call = a1.dials("13800138000");
        second.rings().answers();
        let took = begun.elapsed();
        assert!(took > Duration::from_secs(3) && took < Duration::from_secs(4));
        call.hangs_up();
        exchange.has_no_calls();
    }
    let begun = Instant::now();
    let call = a1.dials("13800138000");
    second.rings().answers();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "it is not tried first"
    );
    call.hangs_up();

    drop(silent);
    let first = carrier_at(&exchange, 8);
    // Calls that were given up before it said anything still ask for it.
    first.answers_always();
    eventually("the first trunk to be back", || {
        let eight = status_of(&exchange, "eight");
        (eight["hosts"][0]["alive"] == true).then_some(())
    });
    let call = a1.dials("13800138000");
    call.hears(pilot::C1);
}

#[test]
fn a_trunk_without_a_free_line_leaves_the_call_to_the_next() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", max_out = 1 }, seven = { TENANT, host = \"SEVEN\", max_calls = 1 }",
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);

    let one = a1.dials("13800138000");
    first.rings().answers();
    let two = a2.dials("13800138000");
    second.rings().answers();
    two.hears(pilot::C1);
    assert_eq!(a3.dials("13800138000").is_refused(), 503, "no line is free");

    one.hangs_up();
    eventually("the free line", || {
        let trunks = exchange.status()["trunks"].clone();
        let used = trunks.as_array().unwrap().iter();
        (used
            .map(|trunk| trunk["lines"].as_u64().unwrap())
            .sum::<u64>()
            == 1)
            .then_some(())
    });
    let three = a3.dials("13800138000");
    first.rings().answers();
    three.hears(pilot::C1);
}

#[test]
fn a_line_of_a_trunk_that_refused_is_free_while_the_call_goes_on_by_the_next() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", max_out = 1 }, seven = { TENANT, host = \"SEVEN\" }",
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let one = a1.dials("13800138000");
    first.rings().refuses(503);
    second.rings().answers();
    one.hears(pilot::C1);

    let two = a2.dials("13800138000");

    first.rings().answers();
    two.hears(pilot::C1);
}

#[test]
fn reserved_lines_and_the_next_second_are_there_for_who_calls_for_help() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", max_calls = 2, reserved = 1, cps = 0.1, cps_queue = 0 }",
        "out = { { trunk = \"eight\" } }",
    );
    let carrier = carrier_at(&exchange, 8);
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let _one = a1.dials("13800138000");
    carrier.rings().answers();

    assert_eq!(a2.dials("13800138000").is_refused(), 503);
    let help = a3.dials("110");

    carrier.rings().answers();
    help.hears(pilot::C1);
}

#[test]
fn calls_beyond_those_of_a_second_wait_for_the_next_and_are_refused_where_none_may_wait() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", cps = 1, cps_queue = 1 }",
        "out = { { trunk = \"eight\" } }",
    );
    let carrier = carrier_at(&exchange, 8);
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);

    let begun = Instant::now();
    let _one = a1.dials("13800138000");
    carrier.rings().answers();
    let two = a2.dials("13800138000");
    eventually("the one that waits", || {
        (exchange.status()["calls"] == 2).then_some(())
    });
    assert_eq!(a3.dials("13800138000").is_refused(), 503, "one may wait");

    carrier.rings().answers();
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(3),
        "{took:?}"
    );
    two.hears(pilot::C1);
}

#[test]
fn a_full_second_of_one_trunk_is_no_reason_to_wait_where_another_has_room() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", cps = 0.1 }, seven = { TENANT, host = \"SEVEN\" }",
        "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
    );
    let (first, second) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let _one = a1.dials("13800138000");
    first.rings().answers();
    let two = a2.dials("13800138000");
    second.rings().answers();

    two.hears(pilot::C1);
}

#[test]
fn a_trunk_brings_no_more_calls_than_it_may_at_once_and_in_a_second() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", trusted = \"HOUSE8\", max_in = 1 }, \
         seven = { TENANT, host = \"SEVEN\", trusted = \"HOUSE7\", cps_in = 0.1 }",
        "out = { { trunk = \"eight\" } }",
    );
    let (eight, seven) = (carrier_at(&exchange, 8), carrier_at(&exchange, 7));
    let [a1] = exchange.phones(["1049"]);

    let one = eight.dials("1049");
    a1.rings().answers();
    one.hears(pilot::A1);
    assert_eq!(eight.dials("1049").is_refused(), 503, "one at once");
    one.hangs_up();
    exchange.has_no_calls();
    let again = eight.dials("1049");
    a1.rings().answers();
    again.hears(pilot::A1);

    let first = seven.dials("1049");
    a1.rings().answers();
    first.hears(pilot::A1);
    assert_eq!(seven.dials("1049").is_refused(), 503, "one in ten seconds");
}

#[test]
fn lines_in_use_are_still_counted_after_config_lua_has_changed() {
    let exchange = exchange_with(
        "eight = { TENANT, host = \"EIGHT\", max_out = 1 }",
        "out = { { trunk = \"eight\" } }",
    );
    let carrier = carrier_at(&exchange, 8);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let one = a1.dials("13800138000");
    carrier.rings().answers();
    one.hears(pilot::C1);

    let file = exchange.folder.join("config.lua");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("max_out = 1", "max_out = 1, area_code = \"10\""),
    )
    .unwrap();
    exchange.reload();

    eventually("the refusal", || {
        (a2.dials("13800138000").is_refused() == 503).then_some(())
    });
    assert!(carrier.is_not_called_for(Duration::from_millis(100)));
}

const TWO: &str = "eight = { TENANT, host = \"EIGHT\" }, seven = { TENANT, host = \"SEVEN\" }";

fn exchange_with(trunks: &str, groups: &str) -> Exchange {
    exchange_with_trunks("", trunks, groups)
}
