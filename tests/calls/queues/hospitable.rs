//! What callers hear while they wait, and what the two hear when they are put through.

use std::time::Duration;

use super::{CUSTOMERS, idle, plan, waits};
use crate::support::{Exchange, Keys, Setup, eventually, pilot};

fn exchange(queue: &str, options: &str, sounds: &[(&'static str, f64)]) -> Exchange {
    Exchange::start(Setup {
        sounds: sounds.to_vec(),
        ..Setup::with(&plan(queue, options))
    })
}

#[test]
fn an_announcement_is_heard_over_the_music_which_goes_on_beneath_and_after() {
    let exchange = exchange(
        "announce = { list = { \"tones/1520\" }, list_every = 5 }",
        "",
        &[],
    );
    let carrier = exchange.carrier();
    let [_a1] = idle(&exchange, ["1050"]);
    let call = waits(&carrier, 0);

    call.hears_within(WORDS, Duration::from_secs(8));
    // Twelve decibels quieter, and there.
    call.hears(pilot::MUSIC);
    call.hears(WORDS);
}

#[test]
fn the_caller_hears_who_serves_them_and_the_agent_talks_over_it() {
    let exchange = exchange("say_agent = true", "", &[("agent/no-1", WORDS)]);
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);

    agent.answers();

    call.hears_within(WORDS, SOON);
    call.has_heard(pilot::A1);
    agent.hears(pilot::C1);
    agent.is_deaf_to(WORDS);
    call.hears(pilot::A1);
}

#[test]
fn the_agent_alone_hears_of_the_caller_while_the_two_talk_already() {
    let exchange = exchange(
        "whisper = { play = { \"tones/1520\" }, wait = true }",
        "",
        &[],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();

    agent.answers();

    agent.hears_within(WORDS, SOON);
    agent.has_heard(pilot::C1);
    call.hears(pilot::A1);
    call.is_deaf_to(WORDS);
    agent.hears(pilot::C1);
}

#[test]
fn where_the_queue_says_so_the_agent_hears_of_the_caller_before_they_are_put_through() {
    let exchange = exchange(
        "whisper = { play = { \"tones/1520\" }, before_bridge = true }",
        "",
        &[],
    );
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);

    agent.answers();
    agent.hears_within(WORDS, SOON);
    call.hears(pilot::MUSIC);
    call.hears_within(pilot::A1, LONG);
    agent.hears(pilot::C1);
    agent.hangs_up();

    // Whoever hangs up before has lost nobody.
    let next = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);
    let second = a2.rings();
    second.answers();
    second.hears_within(WORDS, SOON);
    second.hangs_up();
    next.hears(pilot::MUSIC);
    a1.rings().answers();
    next.hears_within(pilot::A1, LONG);
}

#[test]
fn a_key_has_to_be_pressed_again_and_an_agent_who_answers_meanwhile_has_the_caller() {
    let exchange = exchange(
        "",
        "keys = { [\"2\"] = { to = \"voicemail:1049\", confirm = \"tones/1520\" } }",
        &[],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    let agent = a1.rings();
    call.hears(pilot::MUSIC);

    call.presses("2", Keys::Rfc4733);
    call.hears_within(WORDS, SOON);
    agent.answers();
    call.hears_within(pilot::A1, SOON);
    call.is_deaf_to(WORDS);
    agent.hangs_up();
    call.is_hung_up();

    let next = carrier.dials_as("13800000001", "4001", CUSTOMERS[1]);
    next.hears(pilot::MUSIC);
    next.presses("2", Keys::Rfc4733);
    next.hears_within(WORDS, SOON);
    next.presses("2", Keys::Rfc4733);
    next.hears_within(BEEP, LONG);
    next.hangs_up();
}

#[test]
fn a_caller_who_leaves_by_a_key_and_comes_back_has_the_place_that_they_had() {
    let scripts = "queue \"it\" { agents = { \"1049\" }, wrap_up = 0 }
      context \"inbound\" { [\"4001\"] = function(call)
        local leg, why, key = call:queue(\"it\", { exit_keys = \"1\" })
        if key == \"1\" then
          call:play(\"tones/1520\")
          call:queue(\"it\")
        end
      end }
      context \"internal\" { [\"*22\"] = function(call)
        agents.log_in(call.user.extension)
        call:answer()
      end, [\"*23\"] = function(call) agents.idle(call.user.extension) call:answer() end }";
    let exchange = Exchange::start(Setup::with(scripts));
    let [a1] = exchange.phones(["1049"]);
    a1.dials("*22").is_hung_up();
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let second = waits(&carrier, 1);

    first.presses("1", Keys::Rfc4733);
    first.hears_within(WORDS, SOON);
    first.hears_within(pilot::MUSIC, LONG);
    a1.dials("*23").is_hung_up();
    a1.rings().answers();

    first.hears(pilot::A1);
    second.hears(pilot::MUSIC);
}

#[test]
fn who_hangs_up_and_calls_again_has_the_old_place_over_a_restart_too() {
    let mut exchange = exchange(
        "resume = \"5m\", join_if = \"always\", stay_if = \"always\"",
        "",
        &[],
    );
    let carrier = exchange.carrier();
    let gone = waits(&carrier, 0);
    let cut = waits(&carrier, 1);
    gone.hangs_up();
    gone.is_over();
    exchange.stop();
    cut.is_over();
    exchange.resume();

    let stranger = waits(&carrier, 2);
    let cut = waits(&carrier, 1);
    let back = waits(&carrier, 0);
    let [a1] = idle(&exchange, ["1049"]);

    for (line, voice) in [(&back, 0), (&cut, 1), (&stranger, 2)] {
        let agent = a1.rings();
        agent.answers();
        agent.hears(CUSTOMERS[voice]);
        line.hears(pilot::A1);
        agent.hangs_up();
        line.is_over();
    }
}

#[test]
fn who_wants_it_is_called_back_when_it_is_their_turn_and_has_the_agent_who_was_held() {
    let exchange = exchange(
        "callback = { trunk = \"carrier\", caller_id = \"4001\" }",
        "keys = { [\"2\"] = { to = \"callback\", confirm = false } }",
        &[("queue/callback-call", OTHER_WORDS)],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    let agent = a1.rings();
    agent.answers();
    first.hears(pilot::A1);
    let home = waits(&carrier, 1);
    home.presses("2", Keys::Rfc4733);
    home.is_over_within(LONG);
    let last = waits(&carrier, 2);

    agent.hangs_up();
    let called = carrier.rings();
    called.answers();
    called.hears_within(OTHER_WORDS, SOON);
    assert!(
        a1.is_not_called_for(super::QUIET),
        "not before it is confirmed"
    );
    called.presses("1", Keys::Rfc4733);
    let agent = a1.rings();
    agent.answers();

    called.hears_within(pilot::A1, SOON);
    last.hears(pilot::MUSIC);
    agent.hangs_up();
    called.is_over_within(LONG);
    a1.rings().answers();
    last.hears(pilot::A1);
    last.hangs_up();
    let states = eventually("the log of who was called back", || {
        let filter = store::QueueLogFilter {
            kind: Some("callback".into()),
            ..store::QueueLogFilter::default()
        };
        let lines = exchange.store().queue_log("8001", filter).wait().unwrap();
        let states: Vec<String> = lines.iter().rev().filter_map(|it| it.why.clone()).collect();
        (states.last()? == "back").then_some(states)
    });
    assert_eq!(states, ["waits", "called", "back"]);
}

#[test]
fn who_is_not_to_be_had_when_called_back_holds_no_agent_and_keeps_nobody_waiting() {
    let exchange = exchange(
        "callback = { trunk = \"carrier\", caller_id = \"4001\", retry = 60 }",
        "keys = { [\"2\"] = { to = \"callback\", confirm = false } }",
        &[],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    let agent = a1.rings();
    agent.answers();
    first.hears(pilot::A1);
    for number in [1, 2] {
        let home = waits(&carrier, number);
        home.presses("2", Keys::Rfc4733);
        home.is_over_within(LONG);
    }

    agent.hangs_up();
    carrier.rings().refuses(486);

    // The other one, and then a customer on the line, while the first is left alone.
    carrier.rings().refuses(486);
    let line = carrier.dials_as("13800000003", "4001", CUSTOMERS[3]);
    let agent = a1.rings();
    agent.answers();
    line.hears(pilot::A1);
    agent.hangs_up();
    let lines = eventually("the log of who was called back", || {
        let filter = store::QueueLogFilter {
            kind: Some("callback".into()),
            ..store::QueueLogFilter::default()
        };
        let lines = exchange.store().queue_log("8001", filter).wait().unwrap();
        (lines.len() >= 6).then_some(lines)
    });
    for one in ["+8613800000001", "+8613800000002"] {
        let of = lines
            .iter()
            .rev()
            .filter(|it| it.target.as_deref() == Some(one));
        let states: Vec<_> = of.filter_map(|it| it.why.as_deref()).collect();
        assert_eq!(states, ["waits", "called", "waits"], "{one}");
    }
}

#[test]
fn who_may_not_be_called_is_not_promised_a_call_back_and_goes_on_waiting() {
    let exchange = exchange(
        "callback = { trunk = \"carrier\", caller_id = \"4001\" }",
        "keys = { [\"2\"] = { to = \"callback\", confirm = false } }",
        &[("queue/callback-not", OTHER_WORDS)],
    );
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    let agent = a1.rings();
    agent.answers();
    first.hears(pilot::A1);
    let abroad = carrier.dials_as("+442079460000", "4001", CUSTOMERS[1]);
    abroad.hears(pilot::MUSIC);

    abroad.presses("2", Keys::Rfc4733);

    abroad.hears_within(OTHER_WORDS, SOON);
    agent.hangs_up();
    a1.rings().answers();
    abroad.hears(pilot::A1);
    abroad.hangs_up();
}

#[test]
fn a_colleague_picks_whom_they_want_out_of_the_line() {
    let scripts = plan("", "").replace(
        "context \"internal\" {",
        "context \"internal\" {
           [\"*27\"] = function(call) call:pickup(\"queue:it\") call:answer() end,
           [\"*271\"] = function(call)
             call:pickup(\"call:\" .. queues.get(\"it\").callers[2].call)
             call:answer()
           end,",
    );
    let exchange = Exchange::start(Setup::with(&scripts));
    let [a1] = idle(&exchange, ["1049"]);
    let [leader] = exchange.phones(["1001"]);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000000", "4001", CUSTOMERS[0]);
    let agent = a1.rings();
    let second = waits(&carrier, 1);

    let line = leader.dials("*271");
    second.hears(pilot::L1);
    line.hears(CUSTOMERS[1]);
    second.hangs_up();
    line.is_over();
    let line = leader.dials("*27");

    first.hears(pilot::L1);
    line.hears(CUSTOMERS[0]);
    agent.is_over();
    first.hangs_up();
    line.is_over();
    leader.dials("*27").is_hung_up();
}

#[test]
fn the_last_step_says_good_bye_and_hangs_up() {
    let exchange = exchange(
        "overflow = { { after = 1, emit = \"caller.waited\" }, { after = 2, play = \"tones/1520\" } }",
        "",
        &[],
    );
    let [_a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let talking = waits(&carrier, 0);
    let call = waits(&carrier, 1);

    call.hears_within(WORDS, LONG);
    call.is_over_within(LONG);

    talking.hangs_up();
    let filter = || store::QueueLogFilter {
        kind: Some("step".into()),
        ..store::QueueLogFilter::default()
    };
    let steps = eventually("the steps in the log", || {
        let lines = exchange.store().queue_log("8001", filter()).wait().unwrap();
        (lines.len() >= 3).then_some(lines)
    });
    let taken: Vec<&str> = steps.iter().filter_map(|it| it.target.as_deref()).collect();
    assert!(
        taken.contains(&"caller.waited") && taken.contains(&"play:tones/1520"),
        "{taken:?}"
    );
}

/// What is said here, and what else.
const WORDS: f64 = 1_520.0;
const OTHER_WORDS: f64 = 2_200.0;
/// What says "speak now".
const BEEP: f64 = 1_000.0;
const SOON: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(20);
