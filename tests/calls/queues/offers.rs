//! Agents' phones ring for callers, and stop.

use std::time::Duration;

use super::{CUSTOMERS, QUIET, comes, exchange, idle, waits};
use crate::support::{Exchange, Setup, pilot};

#[test]
fn who_does_not_answer_is_not_rung_any_longer_and_the_next_is() {
    let exchange = exchange("ring_timeout = 1", "");
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let first = a1.rings();
    let second = a2.rings();
    first.is_over();
    second.answers();

    call.hears(pilot::A2);
    assert!(a1.is_not_called_for(QUIET));
}

#[test]
fn who_declines_rests_and_the_next_is_rung_at_once() {
    for status in [603, 486] {
        let exchange = exchange("", "");
        let [a1, a2] = idle(&exchange, ["1049", "1050"]);
        let carrier = exchange.carrier();

        let call = carrier.dials("4001");
        a1.rings().refuses(status);
        let second = a2.rings();
        second.answers();

        call.hears(pilot::A2);
        assert!(a1.is_not_called_for(QUIET));
    }
}

#[test]
fn a_reject_key_that_says_busy_is_declining_and_only_a_phone_that_does_not_ring_is_busy() {
    let exchange = exchange("delays = { rejected = 1, busy = 60 }", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    for status in [486, 600, 603] {
        a1.rings().refuses(status);
    }
    a1.is_called().refuses(486);

    assert!(a1.is_not_called_for(Duration::from_millis(1_500)));
    call.hangs_up();
    let customer = exchange.ended_calls(2)[0].begin.id;
    let offers = &exchange.call(customer).episodes[0].offers;
    let ends: Vec<&str> = offers.iter().map(|offer| &*offer.why).collect();
    assert_eq!(ends, ["rejected", "rejected", "rejected", "busy"]);
}

#[test]
fn d3_when_the_caller_hangs_up_the_agent_stops_ringing_within_a_second_and_gets_the_next() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);

    call.hangs_up();

    agent.is_over_within(Duration::from_secs(1));
    let next = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);
    let again = a1.rings();
    again.answers();
    again.hears(CUSTOMERS[1]);
    next.hears(pilot::A1);
}

#[test]
fn d3_an_agent_who_answers_while_the_caller_hangs_up_is_not_left_in_silence() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    for number in 0..10 {
        let call = carrier.dials_as(&format!("1380000000{number}"), "4001", pilot::C1);
        let agent = a1.rings();

        call.hangs_up();
        std::thread::park_timeout(Duration::from_millis(number));
        agent.answers();

        agent.is_over_within(Duration::from_secs(2));
        call.is_over();
    }
    let call = carrier.dials("4001");
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn all_ring_at_once_where_the_queue_says_so_and_the_first_to_answer_has_the_caller() {
    let exchange = exchange("strategy = \"ring_all\"", "");
    let [a1, a2, a3] = idle(&exchange, ["1049", "1050", "1051"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let [one, two, three] = [&a1, &a2, &a3].map(|phone| phone.rings());
    two.answers();

    call.hears(pilot::A2);
    one.is_over();
    three.is_over();
    let next = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);
    let again = a1.rings();
    a3.rings();
    again.answers();
    next.hears(pilot::A1);
}

#[test]
fn d6_of_two_who_answer_at_the_same_moment_one_has_the_caller_and_the_other_is_let_go() {
    let exchange = exchange("strategy = \"ring_all\"", "");
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let [one, two] = [&a1, &a2].map(|phone| phone.rings());

    one.answers();
    two.answers();

    call.is_answered();
    let (winner, loser, voice) = match call.finds(pilot::A1, Duration::from_secs(2)) {
        true => (one, two, pilot::A1),
        false => (two, one, pilot::A2),
    };
    loser.is_over();
    call.hears(voice);
    winner.hears(pilot::C1);
}

#[test]
fn an_agent_without_a_phone_is_not_waited_for() {
    let exchange = exchange("", "");
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    a1.unregisters();

    let call = carrier.dials("4001");
    let second = a2.rings();
    second.answers();

    call.hears(pilot::A2);
    assert!(a1.is_not_called_for(QUIET));
    a1.registers();
    let next = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);
    a1.rings().answers();
    next.hears(pilot::A1);
}

#[test]
fn who_does_not_answer_again_and_again_is_paused_and_may_come_back() {
    let settings = "ring_timeout = 1, delays = { no_answer = 1 }, pause_after = { no_answer = 2 }";
    let exchange = exchange(settings, "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = waits(&carrier, 0);

    a1.rings().is_over();
    a1.rings().is_over();

    assert!(a1.is_not_called_for(Duration::from_secs(2)));
    comes(&a1);
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn a_script_may_say_whom_a_call_is_offered_to() {
    let plan = super::plan(
        "choose = function(candidates, call)
           local last = call.from:sub(-1)
           for _, candidate in ipairs(candidates) do
             if candidate.agent:sub(-1) == last then return candidate end
           end
           return nil
         end, choose_within = 1",
        "",
    );
    let exchange = Exchange::start(Setup::with(&plan).witnessed());
    let [a1, a2] = idle(&exchange, ["1050", "1051"]);
    let carrier = exchange.carrier();

    let call = carrier.dials_as("13800000001", "4001", CUSTOMERS[0]);
    a2.rings().answers();

    call.hears(pilot::A3);
    let nobodys = carrier.dials_as("13800000007", "4001", CUSTOMERS[1]);
    nobodys.hears(pilot::MUSIC);
    assert!(a1.is_not_called_for(QUIET));
}

#[test]
fn a_choose_that_fails_leaves_the_call_to_whoever_was_idle_for_longest() {
    for choose in ["error(\"boom\")", "while true do end", "return 7.5"] {
        let plan = super::plan(&format!("choose = function() {choose} end"), "");
        let exchange = Exchange::start(Setup::with(&plan).witnessed());
        let [a1] = idle(&exchange, ["1049"]);
        let carrier = exchange.carrier();

        let call = carrier.dials("4001");
        a1.rings().answers();

        call.hears(pilot::A1);
    }
}
