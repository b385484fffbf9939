//! A mistake at each method of a call: the caller hears the fallback, and the record says why.

use crate::support::{Exchange, Setup, prompt};

#[test]
fn a_fault_at_each_method_leads_to_the_fallback_and_is_heard() {
    let routes: String = FAULTS
        .iter()
        .enumerate()
        .map(|(number, fault)| {
            format!("  [\"{}\"] = function(call) {fault} end,\n", 7_000 + number)
        })
        .collect();
    let exchange = Exchange::start(Setup {
        tenant: "fallback = { play = \"tones/840\" },".to_owned(),
        ..Setup::with(&format!(
            "-- Every mistake.\ncontext \"internal\" {{\n{routes}}}\n"
        ))
    });
    let a1 = exchange.phone("1049");

    let calls: Vec<_> = (0..FAULTS.len())
        .map(|number| a1.dials(&(7_000 + number).to_string()))
        .collect();

    for (call, fault) in calls.iter().zip(FAULTS) {
        call.is_over();
        println!("{fault}");
        call.has_heard(prompt::FIRST);
    }
    for record in exchange.ended_calls(FAULTS.len()) {
        let error = record.end.unwrap().script_error.unwrap_or_default();
        assert!(error.contains("init.lua:"), "{}: {error}", record.begin.to);
    }
}

#[test]
fn the_fallback_puts_the_caller_through_to_a_person() {
    let exchange = Exchange::start(Setup {
        tenant: "fallback = { play = \"tones/840\", transfer = \"user:1001\" },".to_owned(),
        ..Setup::answering("call:answer() error(\"broken\")")
    });
    let [a1, leader] = exchange.phones(["1049", "1001"]);

    let call = a1.dials("9000");
    let rung = leader.rings();
    rung.answers();

    call.has_heard(prompt::FIRST);
    call.hears(crate::support::pilot::L1);
    rung.hears(crate::support::pilot::A1);
}

#[test]
fn without_a_sound_for_the_fallback_a_built_in_tone_is_heard() {
    let exchange = Exchange::start(Setup {
        tenant: "fallback = { play = \"gone/missing\" },".to_owned(),
        ..Setup::answering("call:answer() error(\"broken\")")
    });
    let a1 = exchange.phone("1049");

    let call = a1.dials("9000");
    call.is_over();

    call.has_heard_for(APOLOGY, std::time::Duration::from_millis(200));
}

#[test]
fn a_tenant_whose_scripts_never_loaded_answers_with_the_fallback() {
    let exchange = Exchange::start_with_any_scripts(Setup {
        tenant: "fallback = { play = \"tones/840\" },".to_owned(),
        ..Setup::with("-- Broken from the start.\nthis is no Lua\n")
    });
    let a1 = exchange.phone("1049");

    let call = a1.dials("9000");

    call.has_heard(prompt::FIRST);
}

/// The last of the three rising tones.
const APOLOGY: f64 = 1_800.0;

/// One mistake for each method; each is an error, for none of them is the network's answer.
const FAULTS: &[&str] = &[
    "call:ring(nil + 1)",
    "call:progress() error(\"after progress\")",
    "call:answer() error({ code = 7 })",
    "call:reject(\"bsuy\")",
    "call:answer() call:hangup(\"nromal\")",
    "call:answer() call:play(\"no/such/sound\")",
    "call:answer() call:play(17)",
    "call:answer() call:say { number = \"three\" }",
    "call:answer() call:gather { max_digits = \"many\" }",
    "call:answer() call:gather { play = \"no/such/sound\" }",
    "call:answer() call:menu { keys = 5 }",
    "call:answer() call:menu { keys = { [\"1\"] = error }, timeout = -1 }",
    "call:answer() call:record { max_duration = \"long\" }",
    "call:answer() call:start_recording { beep = \"yes\" }",
    "call:answer() call:stop_recording(nil .. \"x\")",
    "call:bridge(17)",
    "call:bridge(\"usr:1050\")",
    "call:bridge(\"trunk:nowhere/1\")",
    "call:answer() call:voicemail(nil)",
    "call:answer() call:voicemail(\"1049\", { greeting = \"no/such/sound\" })",
    "call:answer() call:voicemail_menu {}",
    "call:transfer(nil)",
    "call:transfer(\"1\", { context = \"no such\" })",
    "call:answer() call:send_dtmf(\"xyz\")",
    "call:answer() call:music(\"no/such/music\")",
    "call:answer() call:echo(1)",
    "call:answer() call:sleep(\"soon\")",
    "call:answer() call:on(\"nothing\", print)",
    "call:answer() call:no_such_method()",
    "call:answer() nothing.at.all = 1",
    "call:queue(\"nowhere\")",
    "call:answer() call:queue(17)",
    "call:answer() call:ask_pin(print)",
    "call:answer() call:play(\"tones/1240\") while true do end",
    "call:answer() store(\"s\"):set(\"k\", (\"x\"):rep(70000))",
    "call:answer() local x = \"x\" x:gsub(\"x\", function() call:play(\"tones/1240\") end)",
    "call:answer() call.play(5)",
];
