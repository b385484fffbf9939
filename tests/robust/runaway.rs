//! A script that never ends: it is stopped, and the other calls' packets stay on time.

use std::time::Duration;

use crate::support::{Exchange, Setup, pilot, prompt};

#[test]
fn a_runaway_script_delays_no_packet_of_other_calls() {
    let exchange = Exchange::start(Setup {
        tenant: "fallback = { play = \"tones/840\" },".to_owned(),
        ..Setup::with(
            "-- Talks, music and a trap.
context \"internal\" {
  [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
  music = function(call) call:answer() call:play(\"music/default\", { loop = true }) end,
  trap  = function(call) call:answer() while true do end end,
  hog   = function(call)
    call:answer()
    local all = {}
    while true do all[#all + 1] = (\"x\"):rep(100000) .. #all end
  end,
}
",
        )
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a2.answers_always();
    let talks: Vec<_> = (0..5).map(|_| a1.dials("1050")).collect();
    let listeners: Vec<_> = (0..5).map(|_| a1.dials("music")).collect();
    for talk in &talks {
        talk.hears(pilot::A2);
        talk.watch();
    }
    for listener in &listeners {
        listener.hears(pilot::MUSIC);
        listener.watch();
    }

    for trap in ["trap", "hog", "trap"] {
        let victim = a1.dials(trap);
        victim.has_heard(prompt::FIRST);
        victim.is_over();
    }

    for line in talks.iter().chain(&listeners) {
        let watch = line.watch();
        assert!(watch.longest_gap < Duration::from_millis(200), "{watch:?}");
        assert!(line.is_up());
    }
    let again = a1.dials("music");
    again.hears(pilot::MUSIC);
}
