//! What became of a call to the outside: by the network's refusal, or by its tones before any refusal comes.

use std::time::Duration;

use crate::support::{Exchange, Setup, pilot};

/// Who hears why has a tone for each reason.
const PLAN: &str = "-- Says why nobody came.
local SAID = { busy = \"tones/840\", unallocated = \"tones/1240\", switched_off = \"tones/1520\", congestion = \"tones/2200\" }
context \"internal\" { [\"_1[3-9]X.\"] = function(call)
  local leg, why = call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 30 })
  if leg then return end
  call:progress()
  if SAID[why] then call:play(SAID[why]) end
  call:reject(why)
end }
context \"inbound\" {}
";

#[test]
fn the_refusals_of_networks_are_told_from_each_other_and_spoken_and_recorded() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    for (count, (status, q850, tone, cause, answer)) in [
        (404, None, Some(1_240.0), "unallocated", 404),
        (503, Some(1), Some(1_240.0), "unallocated", 404),
        (480, Some(20), Some(1_520.0), "switched_off", 480),
        (486, None, Some(840.0), "busy", 486),
        (503, Some(34), Some(2_200.0), "congestion", 503),
        (480, Some(19), None, "no_answer", 480),
        (603, None, None, "rejected", 603),
    ]
    .into_iter()
    .enumerate()
    {
        let call = a1.dials("13900139000");
        let rung = carrier.rings();
        match q850 {
            None => rung.refuses(status),
            Some(q850) => rung.refuses_as(status, q850),
        }
        if let Some(tone) = tone {
            call.hears(tone);
        }
        assert_eq!(call.is_refused(), answer, "{cause}");
        let end = exchange.ended_calls(count + 1)[0].end.clone().unwrap();
        assert_eq!(end.cause, cause);
    }
}

#[test]
fn a_network_that_only_plays_its_tone_ends_the_call_as_if_it_had_refused_it() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    const BUSY: &[(u32, bool)] = &[(18, true), (17, false)];
    const CONGESTION: &[(u32, bool)] = &[(35, true), (35, false)];
    const UNOBTAINABLE: &[(u32, bool)] = &[
        (5, true),
        (5, false),
        (5, true),
        (5, false),
        (5, true),
        (5, false),
        (20, true),
        (20, false),
    ];
    for (rhythm, tone, answer) in [
        (BUSY, 840.0, 486),
        (UNOBTAINABLE, 1_240.0, 404),
        (CONGESTION, 2_200.0, 503),
    ] {
        let call = a1.dials("13900139000");
        let rung = carrier.is_called();
        rung.plays_early_in(pilot::RINGBACK, rhythm);
        call.hears(pilot::RINGBACK);
        rung.is_over();
        call.hears(tone);
        assert_eq!(call.is_refused(), answer);
    }
}

#[test]
fn e88_the_three_tones_before_an_announcement_say_that_the_number_is_not_in_use() {
    const VACANT: &[(u32, f64)] = &[
        (25, 0.0),
        (17, 950.0),
        (17, 1_400.0),
        (17, 1_800.0),
        (200, 660.0),
    ];
    const FULL: &[(u32, f64)] = &[
        (25, 0.0),
        (19, 985.0),
        (19, 1_428.0),
        (19, 1_777.0),
        (200, 660.0),
    ];
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    for (tones, tone, answer) in [(VACANT, 1_240.0, 404), (FULL, 2_200.0, 503)] {
        let call = a1.dials("13900139000");
        let rung = carrier.is_called();

        rung.plays_early_tones(tones);

        rung.is_over();
        call.hears(tone);
        assert_eq!(call.is_refused(), answer);
    }
}

#[test]
fn ringback_in_the_early_sound_ends_nothing_and_the_answer_is_heard() {
    const RINGBACK: &[(u32, bool)] = &[(50, true), (200, false)];
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let call = a1.dials("13900139000");
    let rung = carrier.is_called();
    rung.plays_early_in(pilot::RINGBACK, RINGBACK);
    call.hears(pilot::RINGBACK);
    rung.talks_for(Duration::from_secs(6));
    rung.speaks(pilot::C1);
    rung.answers();
    call.is_answered();
    rung.hears(pilot::A1);
    call.hears(pilot::C1);
}
