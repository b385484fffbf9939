//! Scripts change under live calls: those calls go on untouched, new ones get the new text.

use std::time::Duration;

use crate::support::{Exchange, Setup, eventually, pilot, prompt};

#[test]
fn a_hundred_reloads_under_fifty_live_calls_harm_none() {
    let exchange = Exchange::start(Setup {
        rtp: "timeout = \"10s\"".to_owned(),
        ..Setup::with(&revision(0))
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a2.answers_always();
    let calls: Vec<_> = (0..50).map(|_| a1.dials("1050")).collect();
    for call in &calls {
        call.is_answered();
    }
    let rung: Vec<_> = (0..50).map(|_| a2.is_called()).collect();
    for line in &rung {
        line.hears(pilot::A1);
        line.watch();
    }

    for number in 1..=100 {
        exchange.write_script("init.lua", &revision(number));
        exchange.reload();
        if number % 20 == 0 {
            let new = a1.dials("revision");
            new.is_hung_up();
            assert_eq!(revisions(&exchange, number / 20)[0], number);
        }
    }

    for line in calls.iter().chain(&rung) {
        assert!(line.is_up());
    }
    let worst = rung
        .iter()
        .map(|line| line.watch().longest_gap)
        .max()
        .unwrap();
    assert!(
        worst < Duration::from_millis(500),
        "a break of {worst:?} in the sound"
    );
    for (call, line) in calls.iter().zip(&rung) {
        call.hears(pilot::A2);
        line.hears(pilot::A1);
        call.hangs_up();
    }
    for line in &rung {
        line.is_hung_up();
    }
    let ended = exchange.ended_calls(calls.len() + 5);
    let failed: Vec<_> = ended
        .iter()
        .filter(|call| {
            let end = call.end.as_ref();
            end.is_none_or(|end| end.script_error.is_some() || end.cause != "normal")
        })
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_saved_file_goes_live_by_itself_and_a_call_in_progress_stays_on_its_own() {
    let exchange = Exchange::start(Setup::with(&menu("tones/840")));
    let a1 = exchange.phone("1049");
    let old = a1.dials("9000");
    old.hears(prompt::FIRST);

    exchange.write_script("init.lua", &menu("tones/1240"));

    eventually("the new menu", || {
        let new = a1.dials("9000");
        let heard = new.finds(prompt::SECOND, Duration::from_millis(900));
        new.hangs_up();
        heard.then_some(())
    });
    old.hears(prompt::FIRST);
    old.is_deaf_to(prompt::SECOND);
}

#[test]
fn a_broken_file_is_refused_and_told_while_calls_go_on_with_the_old_one() {
    let exchange = Exchange::start(Setup::with(&menu("tones/840")));
    let a1 = exchange.phone("1049");
    let call = a1.dials("9000");
    call.hears(prompt::FIRST);

    exchange.write_script(
        "init.lua",
        "-- Broken.\ncontext \"internal\" {\n  oops oops\n}\n",
    );
    let report = exchange.reload().to_string();

    assert!(report.contains("init.lua:3"), "{report}");
    call.hears(prompt::FIRST);
    let another = a1.dials("9000");
    another.hears(prompt::FIRST);

    exchange.write_script("init.lua", &menu("tones/1240"));
    exchange.reload();
    let mended = a1.dials("9000");
    mended.hears(prompt::SECOND);
    call.hears(prompt::FIRST);
}

#[test]
fn a_refused_config_lua_stands_in_the_status_until_one_is_accepted() {
    let exchange = Exchange::start(Setup::with(&menu("tones/840")));
    let config = exchange.folder.join("config.lua");
    let right = std::fs::read_to_string(&config).unwrap();
    let refused = || exchange.status()["scripts"]["config_refused"].clone();
    assert!(refused().is_null());
    let wrong = right.replacen("domain", "domian", 1);
    assert_ne!(wrong, right);

    std::fs::write(&config, wrong).unwrap();
    exchange.reload();

    for _ in 0..2 {
        let told = refused()["errors"].to_string();
        assert!(told.contains("domian"), "{told}");
    }
    std::fs::write(&config, right).unwrap();
    exchange.reload();
    assert!(refused().is_null());
}

/// What the calls to `revision` have noted, newest first, once there are so many.
fn revisions(exchange: &Exchange, count: u32) -> Vec<serde_json::Value> {
    eventually("the newest record", || {
        let calls = exchange.records().into_iter();
        let calls = calls.filter(|call| call.begin.to == "revision");
        let noted: Vec<_> = calls
            .filter_map(|call| Some(call.end?.vars["revision"].clone()))
            .collect();
        (noted.len() as u32 == count).then_some(noted)
    })
}

fn revision(number: u32) -> String {
    format!(
        "-- Revision {number}.
context \"internal\" {{
  [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
  revision  = function(call) call.vars.revision = {number} call:answer() end,
}}
"
    )
}

fn menu(sound: &str) -> String {
    format!(
        "-- One sound, for ever.
context \"internal\" {{
  [\"_.\"] = function(call) call:answer() call:play(\"{sound}\", {{ loop = true }}) end,
}}
"
    )
}
