//! A saved file changes queues, and nobody's place in them.

use super::{CUSTOMERS, exchange, idle, plan, waits};
use crate::support::{pilot, prompt};

#[test]
fn callers_keep_their_places_and_agents_their_states_when_the_queue_is_saved_anew() {
    let exchange = exchange("ring_timeout = 30", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let talk = a1.rings();
    talk.answers();
    first.hears(pilot::A1);
    let second = waits(&carrier, 1);
    let third = waits(&carrier, 2);

    exchange.write_script(
        "init.lua",
        &plan("ring_timeout = 1, delays = { no_answer = 1 }", ""),
    );
    assert_eq!(
        exchange.reload()["tenants"][0]["outcome"]["outcome"],
        "published"
    );

    talk.hangs_up();
    let too_long = a1.rings();
    too_long.is_over_within(std::time::Duration::from_secs(3));
    let again = a1.rings();
    again.answers();
    again.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
    again.hangs_up();
    a1.rings().answers();
    third.hears(pilot::A1);
}

#[test]
fn a_queue_that_is_gone_serves_those_who_wait_and_a_script_that_asks_for_it_is_told() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let talk = a1.rings();
    talk.answers();
    first.hears(pilot::A1);
    let second = waits(&carrier, 1);

    let without = "context \"internal\" {}
        context \"inbound\" { [\"4001\"] = function(call) call:play(\"tones/840\") end }";
    exchange.write_script("init.lua", without);
    assert_eq!(
        exchange.reload()["tenants"][0]["outcome"]["outcome"],
        "published"
    );

    carrier
        .dials_as("13800000003", "4001", CUSTOMERS[3])
        .hears(prompt::FIRST);
    talk.hangs_up();
    let served = a1.rings();
    served.answers();
    served.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
}
