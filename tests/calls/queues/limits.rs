//! Who may wait, for how long, and what becomes of those who may not.

use std::time::Duration;

use super::{CUSTOMERS, exchange, idle, waits};
use crate::support::{Exchange, Keys, Setup, pilot, prompt};

#[test]
fn who_has_waited_for_as_long_as_a_caller_may_is_told_so() {
    let exchange = exchange("", "max_wait = 1");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    a1.rings().answers();
    first.hears(pilot::A1);

    let second = waits(&carrier, 1);

    second.hears(prompt::FIRST);
    second.is_hung_up();
    first.hears(pilot::A1);
    let call = &exchange.ended_calls(2)[0];
    assert_eq!(call.end.as_ref().unwrap().result, "queue_timeout");
}

#[test]
fn a_queue_that_is_full_says_so_at_once() {
    let exchange = exchange("max_callers = 1", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let agent = a1.rings();

    let second = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);

    second.hears(prompt::SECOND);
    second.is_hung_up();
    agent.answers();
    first.hears(pilot::A1);
}

#[test]
fn nobody_waits_where_nobody_is_logged_in() {
    let exchange = exchange("", "");
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");

    call.hears(prompt::THIRD);
    call.is_hung_up();
}

#[test]
fn callers_leave_when_the_last_agent_goes() {
    let exchange = exchange("grace = 1, stay_if = \"reachable\"", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = waits(&carrier, 0);
    a1.rings().refuses(603);

    a1.unregisters();

    call.hears(prompt::THIRD);
    call.is_hung_up();
}

#[test]
fn a_key_takes_a_caller_out() {
    let exchange = exchange("", "exit_keys = \"0\"");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = waits(&carrier, 0);
    let agent = a1.rings();

    call.presses("70", Keys::Rfc4733);

    agent.is_over_within(Duration::from_secs(2));
    call.hears(prompt::FOURTH);
    call.is_hung_up();
}

#[test]
fn a_queue_that_is_full_may_send_callers_on_to_a_person_and_to_another_queue() {
    let script = super::plan(
        "max_callers = 1, overflow = { { when = \"full\", to = \"queue:second\" } }",
        "",
    )
        + "queue \"second\" { agents = { \"1051\" }, join_if = \"always\", stay_if = \"always\",
           overflow = { { after = 1, to = \"user:1001\" } } }\n";
    let exchange = Exchange::start(Setup::with(&script).witnessed());
    let [_a1] = idle(&exchange, ["1049"]);
    let [leader] = exchange.phones(["1001"]);
    let carrier = exchange.carrier();
    let _first = waits(&carrier, 0);

    let second = waits(&carrier, 1);

    let rung = leader.rings();
    rung.answers();
    second.hears(pilot::L1);
    rung.hears(CUSTOMERS[1]);
}

#[test]
fn a_queue_that_is_empty_may_send_callers_to_a_mailbox() {
    let script = super::plan(
        "overflow = { { when = \"empty\", to = \"voicemail:8000\" } }",
        "",
    );
    let exchange = Exchange::start(Setup::with(&script).witnessed());
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    call.hears_something(Duration::from_secs(2));
    call.talks_for(Duration::from_secs(6));
    call.hangs_up();

    exchange.ended_calls(1);
    assert_eq!(exchange.mailbox("8000").unwrap().messages.len(), 1);
}
