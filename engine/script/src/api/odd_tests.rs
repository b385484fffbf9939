//! Whatever a script passes to whatever it can call, it gets a value or a sentence, and the
//! exchange goes on.

use super::call::verbs;
use super::testbed::Bed;
use crate::surroundings::Phase;

/// Values that nobody means.
const ODD: &[&str] = &[
    "nil",
    "true",
    "-1",
    "0",
    "1e308",
    "0/0",
    "math.mininteger",
    "math.maxinteger",
    "\"\"",
    "\"\\0\\xff\"",
    "(\"x\"):rep(100000)",
    "\"%s%n%q%9999d\"",
    "{}",
    "{ {}, {} }",
    "cyclic",
    "haunted",
    "print",
    "coroutine.create(print)",
    "call",
];

/// A table in itself, and one whose every access fails.
const MAKE: &str = "local cyclic = {} cyclic[1], cyclic.self = cyclic, cyclic
    local function boo() error(\"boo\") end
    local haunted = setmetatable({}, { __index = boo, __len = boo, __pairs = boo, __tostring = boo }) ";

/// An odd value made an error into a sentence, and not into something of ours.
fn check(asked: &str, result: Result<serde_json::Value, String>) {
    if let Err(sentence) = result {
        for ours in ["panicked", "mlua", "[C]", "took too long", ".rs:"] {
            assert!(!sentence.contains(ours), "{asked}: {sentence}");
        }
    }
}

#[test]
fn every_method_of_a_call_stands_any_value() {
    let bed = Bed::new();
    let methods = verbs::ALL
        .iter()
        .map(|verb| verb.name)
        .chain(["menu", "on"]);

    for method in methods {
        for odd in ODD {
            for arguments in [
                odd.to_string(),
                format!("\"1\", {odd}"),
                format!("{odd}, {odd}"),
            ] {
                let asked = format!("call:{method}({arguments})");
                check(&asked, bed.call(&format!("{MAKE} {asked}")));
            }
        }
        let asked = format!("call.{method}()");
        check(&asked, bed.call(&asked));
    }
}

#[test]
fn every_option_stands_any_value() {
    let bed = Bed::new();
    let methods = [
        ("PlayOptions", "play(\"tone:beep\", "),
        ("GatherOptions", "gather("),
        ("RecordOptions", "record("),
        ("StartRecordingOptions", "start_recording("),
        ("BridgeOptions", "bridge(\"user:1049\", "),
        ("QueueOptions", "queue(\"it\", "),
        ("VoicemailOptions", "voicemail(\"8000\", "),
        ("TransferOptions", "transfer(\"1049\", "),
        ("AskPinOptions", "ask_pin(\"8000\", "),
        ("MenuOptions", "menu("),
        ("ParkOptions", "park(\"desk\", "),
        ("ConferenceOptions", "conference(\"hall\", "),
        ("SuperviseOptions", "supervise(\"1049\", "),
    ];

    for options in verbs::OPTIONS {
        let (_, method) = methods
            .iter()
            .find(|(class, _)| *class == options.class)
            .unwrap();
        for name in options.names {
            for odd in ODD {
                let asked = format!("call:{method}{{ [\"{name}\"] = {odd} }})");
                check(&asked, bed.call(&format!("{MAKE} {asked}")));
            }
        }
    }
}

#[test]
fn every_field_of_a_call_can_be_read_and_written_at_and_no_other() {
    let bed = Bed::new();

    for odd in ODD {
        for asked in [
            format!("local x = call[{odd}]"),
            format!("call[{odd}] = 1"),
            format!("call.language = {odd}"),
            format!("local x = call.headers[{odd}]"),
            format!("local t = {odd} t.x = call"),
            format!("call.vars[1] = {odd} call.vars.x = {odd}"),
        ] {
            check(&asked, bed.call(&format!("{MAKE} {asked}")));
        }
    }
}

#[test]
fn every_global_stands_any_value() {
    let bed = Bed::new();
    let running = [
        "clock.now",
        "clock.date",
        "clock.text",
        "json.encode",
        "json.decode",
        "json.list",
        "log.info",
        "print",
        "emit",
        "spawn",
        "store",
        "require",
        "store(\"a\"):get",
        "store(\"a\"):set",
        "store(\"a\"):add",
        "store(\"a\"):delete",
        "store(\"a\"):incr",
        "store(\"a\"):each",
    ];
    let loading = [
        "context",
        "context \"internal\" ",
        "schedule",
        "on",
        "every",
        "require",
        "store",
    ];

    for odd in ODD {
        for function in running {
            for arguments in [odd.to_string(), format!("\"a\", {odd}")] {
                let asked = format!("{function}({arguments})");
                check(&asked, bed.run(Phase::Call, &format!("{MAKE} {asked}")));
            }
        }
        for function in loading {
            for arguments in [odd.to_string(), format!("\"a\", {odd}")] {
                let asked = format!("{function}({arguments})");
                check(&asked, bed.load(&format!("local call {MAKE} {asked}")));
            }
        }
        for key in ["[\"mon-fri\"]", "holidays", "timezone", "calendar", "[1]"] {
            let asked = format!("schedule {{ {key} = {odd} }}");
            check(&asked, bed.load(&format!("local call {MAKE} {asked}")));
        }
    }
}

#[test]
fn figures_of_whatever_time_stand_any_value() {
    let bed = Bed::new();

    for function in ["queues", "agents", "adherence", "missed"] {
        for odd in ODD {
            for options in [
                format!("since = {odd}"),
                format!("until = {odd}"),
                format!("since = {odd}, until = 1e308"),
            ] {
                let asked = format!("statistics.{function} {{ {options} }}");
                check(&asked, bed.run(Phase::Call, &format!("{MAKE} {asked}")));
            }
        }
    }
}
