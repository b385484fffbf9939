//! Callers wait, are answered in the order in which they came, and talk.

use std::time::Duration;

use super::{CUSTOMERS, QUIET, exchange, idle, waits};
use crate::support::{Exchange, Setup, pilot};

#[test]
fn a_caller_hears_music_until_an_agent_answers_and_goes_on_when_the_agent_hangs_up() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);
    agent.answers();

    call.hears(pilot::A1);
    agent.hears(pilot::C1);
    call.is_deaf_to(pilot::MUSIC);
    agent.hangs_up();
    call.is_hung_up();
    let customer = exchange.ended_calls(2)[0].begin.id;
    let record = exchange.call(customer);
    let stretches: Vec<(&str, Option<&str>, Option<&str>)> = record
        .segments
        .iter()
        .filter(|it| it.kind != "ivr")
        .map(|it| (&*it.kind, it.queue.as_deref(), it.agent.as_deref()))
        .collect();
    let it = Some("it");
    let talk = ("talk", it, Some("1049"));
    assert_eq!(stretches, [("queue", it, None), talk]);
}

#[test]
fn two_agents_serve_six_callers_in_the_order_in_which_they_came_and_nobody_twice() {
    let exchange = exchange("", "");
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let mut customers = Vec::new();
    for number in 0..CUSTOMERS.len() {
        customers.push(waits(&carrier, number));
    }

    let mut talking = Vec::new();
    for (number, customer) in customers.iter().enumerate() {
        // Both are free at first; then who hung up is.
        let (phone, voice) = [(&a1, pilot::A1), (&a2, pilot::A2)][number % 2];
        let agent = phone.rings();
        agent.answers();
        agent.hears(CUSTOMERS[number]);
        customer.hears(voice);
        talking.push(agent);
        assert!(phone.is_not_called_for(Duration::from_millis(100)));
        if number >= 1 {
            talking[number - 1].hangs_up();
            customers[number - 1].is_hung_up();
        }
    }
    talking[5].hangs_up();
    customers[5].is_hung_up();
    assert!(a1.is_not_called_for(QUIET) && a2.is_not_called_for(QUIET));
}

#[test]
fn d4_an_announcement_of_half_a_minute_is_cut_the_instant_an_agent_answers() {
    let plan = super::plan("announce = { position = true, first = 0 }", "");
    let exchange = Exchange::start(Setup {
        sounds: vec![("queue/next", ANNOUNCEMENT)],
        ..Setup::with(&plan)
    });
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(ANNOUNCEMENT);

    agent.answers();

    // It takes 300 ms of a tone to tell that it is there.
    call.hears_within(pilot::A1, Duration::from_millis(300 + 200 + SLACK));
    agent.has_heard(pilot::C1);
    call.is_deaf_to(ANNOUNCEMENT);
}

#[test]
fn the_music_goes_on_beneath_and_after_an_announcement() {
    let exchange = exchange("announce = { position = true, first = 0, every = 60 }", "");
    let carrier = exchange.carrier();
    let [a1] = idle(&exchange, ["1049"]);
    let first = waits(&carrier, 0);
    a1.rings().answers();
    first.hears(pilot::A1);

    let call = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);

    call.hears_something(Duration::from_millis(700));
    call.hears(pilot::MUSIC);
}

#[test]
fn a_conversation_is_recorded_where_the_queue_says_so_and_from_its_first_word_on() {
    let exchange = exchange("record = true", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);
    agent.answers();
    call.hears(pilot::A1);
    agent.talks_for(Duration::from_secs(1));
    agent.hangs_up();
    call.is_hung_up();

    let customer = exchange.ended_calls(2)[0].begin.id;
    let recording = exchange.recording(customer);

    assert!(recording.has(0, pilot::C1) && recording.has(1, pilot::A1));
    assert!(!recording.has(0, pilot::MUSIC) && !recording.has(1, pilot::MUSIC));
}

#[test]
fn the_trace_says_why_a_call_went_to_whom_it_went() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    a1.rings().answers();
    call.hears(pilot::A1);
    call.hangs_up();
    let customer = exchange.ended_calls(2)[0].begin.id;

    let journal = exchange.store().journal("8001", customer).wait().unwrap();

    let lines: Vec<String> = journal.into_iter().map(|line| line.json).collect();
    let decision = lines.iter().find(|line| line.contains("offer to 1049"));
    let decision = decision.unwrap_or_else(|| panic!("no decision in {lines:#?}"));
    for reason in ["longest_idle", "1049: no. 1, idle", "1050: logged out"] {
        assert!(decision.contains(reason), "{reason} in {decision}");
    }
}

/// What the announcement is here.
const ANNOUNCEMENT: f64 = 1_520.0;
/// What a busy machine may add, in milliseconds.
const SLACK: u64 = 150;
