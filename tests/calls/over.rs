//! Calls end, in each state and from each side, and each has a record that says so.

use std::time::Duration;

use crate::support::{Exchange, Setup, pilot, prompt};

#[test]
fn a_caller_who_hangs_up_in_each_state_ends_the_call() {
    let exchange = Exchange::start(Setup::with(
        "-- One number for each state.
context \"internal\" {
  play   = function(call) call:answer() call:play(\"tones/840\", { loop = true }) end,
  early  = function(call) call:progress() call:play(\"tones/840\", { loop = true }) end,
  gather = function(call) call:answer() call:play(\"tones/840\") call:gather { timeout = 60 } end,
  record = function(call) call:answer() call:play(\"tones/840\") call:record() end,
  sleep  = function(call) call:answer() call:play(\"tones/840\") call:sleep(60) end,
  music  = function(call) call:answer() call:play(\"tones/840\") call:music() call:sleep(60) end,
}
",
    ));
    let a1 = exchange.phone("1049");
    let states = ["play", "early", "gather", "record", "sleep", "music"];

    for (number, state) in states.into_iter().enumerate() {
        let call = a1.dials(state);
        call.hears(prompt::FIRST);
        call.hangs_up();
        call.is_over();

        let record = &exchange.ended_calls(number + 1)[0];
        let end = record.end.as_ref().unwrap();
        assert_eq!(end.script_error, None, "{state}");
        assert_eq!(end.ended_by, "agent:1049", "{state}");
    }
    exchange.has_no_calls();
}

#[test]
fn when_the_called_party_hangs_up_the_script_goes_on_with_the_caller() {
    let exchange = Exchange::start(Setup::answering(
        "local leg = call:bridge(\"user:1050\")
         call.vars.talked = leg.talked
         call:play(\"tones/840\")",
    ));
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    rung.hangs_up();

    call.hears(prompt::FIRST);
    call.is_hung_up();
    let end = exchange.only_record().call.end.unwrap();
    assert!(end.vars["talked"].as_f64().unwrap() > 0.2, "{}", end.vars);
}

#[test]
fn when_the_caller_hangs_up_the_called_party_is_hung_up() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    rung.hears(pilot::A1);

    call.hangs_up();

    rung.is_hung_up();
    exchange.has_no_calls();
}

#[test]
fn a_phone_that_dies_in_a_call_ends_it_by_the_silence_on_the_wire() {
    let exchange = Exchange::start(Setup {
        rtp: "timeout = \"1s\"".to_owned(),
        ..Setup::ringing()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    rung.goes_dead();

    call.is_over();
    let record = exchange.only_record();
    let dead = &record.legs[1];
    assert_eq!(dead.cause, "lost", "{record:?}");
}

#[test]
fn a_held_phone_that_sends_nothing_is_not_taken_for_dead() {
    let exchange = Exchange::start(Setup {
        rtp: "timeout = \"1s\"".to_owned(),
        ..Setup::ringing()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    rung.holds(crate::support::Hold::Zero);
    call.talks_for(Duration::from_millis(2_500));

    call.hears(pilot::MUSIC);
    rung.retrieves();
    call.hears(pilot::A2);
}
