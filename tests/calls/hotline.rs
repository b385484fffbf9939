//! The hotline as it ships: greeting, keys, the queue.

use std::time::Duration;

use crate::support::{Exchange, Keys, Setup, pilot};

#[test]
fn key_1_waits_for_who_is_idle_and_the_conversation_is_recorded() {
    let exchange = Exchange::start(Setup::default());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    for agent in [&a1, &a2] {
        exchange.logs_in(agent);
        exchange.said_to(agent, "*23", &[]);
    }
    let carrier = exchange.carrier();

    let call = carrier.dials("4001234567");
    call.is_answered();
    call.hears_something(Duration::from_secs(2));
    call.presses("1", Keys::Rfc4733);

    a1.rings().refuses(486);
    let agent = a2.rings();
    assert_eq!(agent.caller(), "+8613800138000");
    agent.answers();
    call.hears(pilot::A2);
    agent.hears(pilot::C1);

    agent.hangs_up();
    call.hears_something(Duration::from_millis(500));
    call.is_hung_up();
    let record = exchange.call(exchange.ended_calls(5)[0].begin.id);
    let end = record.call.end.as_ref().unwrap();
    assert_eq!(end.result, "answered");
    let sound = exchange.recording(record.call.begin.id);
    assert!(sound.has(0, pilot::C1) && sound.has(1, pilot::A2));
}

#[test]
fn out_of_hours_the_caller_leaves_a_message_and_an_agent_listens_to_it() {
    let exchange = Exchange::start(Setup {
        clock: "2026-11-24T22:00:00+08:00",
        ..Setup::default()
    });
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001234567");
    call.is_answered();
    call.hears_within(BEEP, Duration::from_secs(25));
    call.talks_for(Duration::from_secs(3));
    call.hangs_up();

    let record = exchange.only_record();
    assert_eq!(record.call.end.unwrap().result, "left_message");
    let mailbox = exchange.mailbox("8000").unwrap();
    assert_eq!(mailbox.messages.len(), 1);
    assert_eq!(mailbox.messages[0].from.as_deref(), Some("+8613800138000"));

    let listening = a1.dials("*980");
    listening.is_answered();
    listening.hears_something(Duration::from_millis(300));
    listening.presses("8000#", Keys::Rfc4733);
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    listening.hangs_up();
}

#[test]
fn on_a_public_holiday_the_hotline_is_closed_at_noon() {
    let exchange = Exchange::start(Setup {
        clock: "2026-10-01T12:00:00+08:00",
        ..Setup::default()
    });
    let carrier = exchange.carrier();

    let call = carrier.dials("4001234567");

    call.hears_within(BEEP, Duration::from_secs(25));
    call.hangs_up();
}

#[test]
fn the_hotlines_switch_goes_before_the_hours_and_outlives_a_restart() {
    let mut exchange = Exchange::start(Setup::default());
    let [leader, a1] = exchange.phones(["1001", "1049"]);
    let carrier = exchange.carrier();

    let denied = exchange.said_to(&a1, "*282", &[]);
    assert_eq!(denied, ["hours/switch-denied"]);
    let said = exchange.said_to(&leader, "*282", &[]);
    assert_eq!(said, ["hours/switch-emergency"]);
    exchange.stop();
    exchange.resume();

    let call = carrier.dials("4001234567");
    call.hears_within(BEEP, Duration::from_secs(25));
    call.hangs_up();
    let records = exchange.ended_calls(3);
    let emergency = records.iter().find(|it| it.begin.to == "4001234567");
    let played = exchange.played_in(emergency.unwrap().begin.id);
    assert_eq!(played[..2], ["greet/welcome", "hours/emergency"]);
    let said = exchange.said_to(&leader, "*280", &[]);
    assert_eq!(said, ["hours/switch-open"]);
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
