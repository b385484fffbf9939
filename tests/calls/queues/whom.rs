//! Whom a caller is offered to: skills, levels, the agent who is meant, and which queue goes first.

use std::time::Duration;

use super::{CUSTOMERS, QUIET, hall, idle};
use crate::support::{Line, Phone, pilot};

/// A customer who dials this number, and hears the music.
fn waits(carrier: &Phone, customer: usize, number: &str) -> Line {
    let line = carrier.dials_as(
        &format!("1380000000{customer}"),
        number,
        CUSTOMERS[customer],
    );
    line.hears(pilot::MUSIC);
    line
}

#[test]
fn who_needs_english_is_put_through_to_who_speaks_it_and_others_go_on_behind() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\", { \"1050\", skills = { english = 6 } } }, wrap_up = 0 }",
        &[
            ("4001", "call:queue(\"it\", { required = { english = 5 } })"),
            ("4002", "call:queue(\"it\")"),
        ],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();

    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    a2.rings().answers();
    first.hears(pilot::A2);
    let second = waits(&carrier, 1, "4001");
    assert!(a1.is_not_called_for(QUIET), "1049 speaks no English");
    let third = carrier.dials_as("13800000002", "4002", CUSTOMERS[2]);
    let talk = a1.rings();
    talk.answers();
    third.hears(pilot::A1);

    first.hangs_up();
    let next = a2.rings();
    next.answers();
    second.hears(pilot::A2);
    next.hears(CUSTOMERS[1]);
}

#[test]
fn what_nobody_can_is_given_up_step_by_step() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\", { \"1050\", skills = { english = 3 } } }, wrap_up = 0,
           relax = { { after = 1, lower = 4 }, { after = 3, drop = \"all\" } } }",
        &[("4001", "call:queue(\"it\", { required = { english = 7 } })")],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();

    let call = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    a2.rings().refuses(603);
    assert!(a1.is_not_called_for(QUIET));
    let last = a1.rings();
    last.answers();

    call.hears(pilot::A1);
}

#[test]
fn the_second_level_is_rung_when_the_first_has_not_come_in_time() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\", { \"1050\", level = 2 } }, wrap_up = 0, tiers = { wait = 1 } }",
        &[("4001", "call:queue(\"it\")")],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    a1.rings().answers();
    first.hears(pilot::A1);

    let second = waits(&carrier, 1, "4001");
    assert!(a2.is_not_called_for(QUIET), "level 2 opens after 2 s");
    let late = a2.rings();
    late.answers();

    second.hears(pilot::A2);
    late.hears(CUSTOMERS[1]);
}

#[test]
fn a_caller_for_one_agent_waits_for_them_and_then_for_anybody() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\" }, wrap_up = 0 }
         queue \"hr\" { agents = { \"1050\" }, wrap_up = 0 }",
        &[
            (
                "4001",
                "call:queue(\"it\", { agent = \"1050\", agent_for = 2 })",
            ),
            ("4002", "call:queue(\"hr\")"),
        ],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();

    let own = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    let meant = a2.rings();
    meant.answers();
    own.hears(pilot::A2);
    let kept = waits(&carrier, 1, "4001");
    assert!(a1.is_not_called_for(QUIET), "the caller is kept for 1050");
    let anybody = a1.rings();
    anybody.answers();

    kept.hears(pilot::A1);
}

#[test]
fn whoever_talked_with_a_caller_last_has_them_again_also_after_a_restart() {
    let mut exchange = hall(
        "queue \"it\" { agents = { \"1049\", \"1050\" }, wrap_up = 0, familiar = 20 }",
        &[("4001", "call:queue(\"it\")")],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let talks = |customer: usize, agent: &Phone| {
        let number = format!("1380000000{customer}");
        let line = carrier.dials_as(&number, "4001", CUSTOMERS[customer]);
        let offer = agent.rings();
        offer.answers();
        offer.hears(CUSTOMERS[customer]);
        line.hangs_up();
        offer.is_over();
    };

    talks(0, &a1);
    talks(1, &a2);
    // By turns 1050 would be next.
    talks(2, &a1);
    talks(0, &a1);
    talks(1, &a2);
    exchange.ended_calls(2 + 5);
    exchange.stop();
    exchange.resume();
    for phone in [&a1, &a2] {
        phone.registers();
        super::comes(phone);
    }

    talks(1, &a2);
}

#[test]
fn one_more_phone_rings_after_each_pause_and_all_stop_when_one_answers() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\", \"1050\", \"1051\" }, wrap_up = 0,
           strategy = \"ring_progressive\", one_more_after = 1 }",
        &[("4001", "call:queue(\"it\")")],
    );
    let [a1, a2, a3] = idle(&exchange, ["1049", "1050", "1051"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let first = a1.rings();
    assert!(a2.is_not_called_for(Duration::from_millis(500)));
    let second = a2.rings();
    second.answers();

    call.hears(pilot::A2);
    first.is_over();
    assert!(a3.is_not_called_for(QUIET));
}

#[test]
fn the_heavier_queue_has_the_agent_first_whoever_came_first() {
    let exchange = hall(
        "queue \"it\" { agents = { \"1049\" }, wrap_up = 0, strategy = \"sequentially-by-agent-order\" }
         queue \"vip\" { agents = { \"1049\" }, wrap_up = 0, weight = 5 }",
        &[
            ("4001", "call:queue(\"it\")"),
            ("4002", "call:queue(\"vip\")"),
        ],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let talk = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    a1.rings().answers();
    talk.hears(pilot::A1);
    let early = waits(&carrier, 1, "4001");
    let late = waits(&carrier, 2, "4002");

    talk.hangs_up();
    let next = a1.rings();
    next.answers();
    late.hears(pilot::A1);
    next.hears(CUSTOMERS[2]);
    late.hangs_up();
    let last = a1.rings();
    last.answers();
    last.hears(CUSTOMERS[1]);
    early.hears(pilot::A1);
}
