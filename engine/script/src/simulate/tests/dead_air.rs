//! No fault leaves a caller in silence: whatever breaks, at whatever method, something is heard.
//!
//! The methods are those of the stubs, so that a new one is tried as soon as it is there.

use super::bed::{Small, root};
use crate::config::Fallback;
use crate::simulate::Tested;

/// How a script breaks once a method has returned.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("error", "error(\"broken\")"),
    ("lua", "local x = nil .. \"y\""),
    ("sound", "call:play(\"no/such/sound\")"),
    ("method", "call:no_such_method()"),
    ("store", "store(\"s\"):set(\"k\", (\"x\"):rep(70000))"),
    ("stuck", "while true do end"),
    (
        "memory",
        "local all = {} while true do all[#all + 1] = (\"x\"):rep(100000) .. #all end",
    ),
];

/// What a call's error says of one of [`FAULTS`].
fn told(fault: &str) -> &'static str {
    match fault {
        "error" => "broken",
        "lua" => "concatenate a nil value",
        "sound" => "no/such/sound",
        "method" => "no_such_method",
        "store" => "65536",
        "stuck" => "limits.script_cpu",
        // Memory or, on a slow machine, time.
        "memory" => "limits.script_",
        other => panic!("say in `told` what is told of {other}"),
    }
}

/// How the call of a method itself is wrong; `METHOD` and `ARGUMENTS` stand for its own.
const MISTAKES: &[(&str, &str)] = &[
    ("many", "call:METHOD(print, print, print)"),
    ("dot", "call.METHOD(5)"),
    (
        "gsub",
        "local x = \"x\" x:gsub(\"x\", function() call:METHOD(ARGUMENTS) end)",
    ),
];

/// Methods after which a handler does not go on.
const LAST: &[&str] = &["reject", "hangup", "transfer"];

/// What methods are called with, so that they return: a new one has to say so here.
fn arguments(method: &str) -> &'static str {
    match method {
        "ring" | "progress" | "answer" | "start_recording" | "stop_recording" | "music"
        | "as_survey" | "echo" => "",
        "park" => "\"5901\", { timeout = 1 }",
        "retrieve" => "\"5901\"",
        "pickup" => "\"user:1050\"",
        "conference" => "\"room\", { leave_on = \"#\" }",
        "supervise" => "\"1050\"",
        "reject" => "\"busy\"",
        "hangup" => "\"normal\"",
        "play" => "\"greet/welcome\"",
        "say" => "{ number = 3 }",
        "gather" => "{ play = \"menu/main\", timeout = 1 }",
        "menu" => "{ play = \"menu/main\", keys = { [\"1\"] = 1 }, tries = 1, timeout = 1 }",
        "record" => "{ silence = 2 }",
        "bridge" => "\"user:1050\"",
        "queue" => "\"it\", { max_wait = 5 }",
        "voicemail" | "voicemail_menu" | "ask_pin" => "\"8000\"",
        "transfer" => "\"other\"",
        "send_dtmf" => "\"1\"",
        "sleep" => "1",
        "on" => "\"dtmf\", print",
        other => panic!("say in `arguments` what call:{other} is called with"),
    }
}

/// The methods of `Call`, by the stubs.
fn methods() -> Vec<String> {
    let stubs = root().join("engine/script/library/moonswitch_call.lua");
    let text = std::fs::read_to_string(stubs).unwrap();
    let methods = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("function Call:")?;
        Some(rest.split('(').next()?.to_owned())
    });
    methods.collect()
}

/// A handler that breaks.
struct Breaking {
    /// By which it is dialled.
    number: String,
    handler: String,
    /// In the call's error.
    told: String,
}

/// All handlers that break.
fn broken() -> Vec<Breaking> {
    let mut all = Vec::new();
    for method in &methods() {
        let arguments = arguments(method);
        // What waits for its caller to be answered would be refused for that.
        let before = match method.as_str() {
            "ring" | "progress" | "answer" | "reject" => "",
            _ => "call:answer() ",
        };
        for (name, fault) in FAULTS.iter().filter(|_| !LAST.contains(&method.as_str())) {
            all.push(Breaking {
                number: format!("{method}-{name}"),
                handler: format!("{before}call:{method}({arguments}) {fault}"),
                told: told(name).to_owned(),
            });
        }
        for (name, mistake) in MISTAKES {
            // It waits for nothing, so it may stand there.
            if (method.as_str(), *name) == ("on", "gsub") {
                continue;
            }
            let mistake = mistake.replace("METHOD", method);
            let mistake = mistake.replace("ARGUMENTS", arguments);
            all.push(Breaking {
                number: format!("{method}-{name}"),
                handler: format!("{before}{mistake}"),
                // A menu asks by it.
                told: match (method.as_str(), *name) {
                    ("menu", "gsub") => "call:gather".to_owned(),
                    _ => method.clone(),
                },
            });
        }
    }
    all
}

/// Lets each of these handlers break, and then holds what was heard against `expected`.
fn tried(broken: &[Breaking], fallback: Option<Fallback>, expected: &str) -> Tested {
    let routes = broken.iter().map(|it| {
        let (number, handler) = (&it.number, &it.handler);
        format!("  [\"{number}\"] = function(call) {handler} end,\n")
    });
    let routes: String = routes.collect();
    let plan = format!(
        "-- Every mistake.\nqueue \"it\" {{ agents = {{ \"1050\" }} }}\n\
         context \"inbound\" {{\n{routes}  other = function(call) call:hangup() end,\n}}\ncontext \"internal\" {{}}\n"
    );
    let tests = broken.iter().map(|it| {
        let (number, told) = (&it.number, &it.told);
        format!(
            "test(\"{number}\", function()
               simulate.phone(\"1050\", {{ busy = true }})
               local caller = dial {{ to = \"{number}\", at = \"mon 10:00\" }}
               simulate.wait(1)
               pcall(caller.presses, caller, \"#\")
               simulate.wait(300)
               -- Of memory it is known whose is gone, and not in which line.
               local told = caller.error:find(\"init.lua:\", 1, true) or caller.error:find(\"out of memory\")
               expect(told).differs_from(nil)
               -- The fault itself, and not one before it.
               if not caller.error:find(\"{told}\", 1, true) then error(caller.error) end
               local heard = table.concat(caller.heard, \" \")
               {expected}
             end)\n"
        )
    });
    let tests = format!("-- Each.\n{}", tests.collect::<String>());
    let small = Small::of(&[
        ("scripts/8001/init.lua", &plan),
        ("tests/dialplan/dead_air_test.lua", &tests),
    ]);
    let mut offline = small.offline();
    offline.limits.script_memory = 24 << 20;
    offline.limits.script_cpu = std::time::Duration::from_millis(50);
    if let Some(fallback) = fallback {
        offline.tenants[0].1.fallback = fallback;
    }
    offline.test(None)
}

fn holds(tested: &Tested, count: usize) {
    let failed: Vec<String> = tested
        .tests
        .iter()
        .filter(|test| !test.passed)
        .map(|test| {
            let told = test.calls.iter().flatten().map(ToString::to_string);
            let told: Vec<String> = told.collect();
            let error = test.error.as_ref().map(|error| error.message.clone());
            format!("{}\n{}", error.unwrap_or_default(), told.join("\n"))
        })
        .collect();
    assert!(tested.errors.is_empty(), "{:#?}", tested.errors);
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert_eq!(tested.tests.len(), count);
}

#[test]
fn whatever_breaks_at_whatever_method_the_fallback_is_heard_and_somebody_is_there() {
    let broken = broken();
    assert!(broken.len() > 150, "{}", broken.len());

    let tested = tried(
        &broken,
        None,
        "expect(heard).matches(\"sys/error\") expect(caller.story).matches(\"talks with user:1001\")",
    );

    holds(&tested, broken.len());
}

/// One fault for each method.
fn a_few() -> Vec<Breaking> {
    let all = broken().into_iter();
    all.filter(|it| it.number.ends_with("-error") || it.number.ends_with("-many"))
        .collect()
}

#[test]
fn where_the_fallbacks_sound_is_missing_too_the_built_in_one_is_heard() {
    let broken = a_few();
    let fallback = Fallback {
        play: Some("gone/missing".to_owned()),
        transfer: Some("user:1001".to_owned()),
    };

    let tested = tried(
        &broken,
        Some(fallback),
        "expect(heard).matches(\"tone:apology\") expect(caller.story).matches(\"talks with user:1001\")",
    );

    holds(&tested, broken.len());
}

#[test]
fn where_nothing_is_configured_and_nobody_there_an_apology_is_heard_before_the_end() {
    let broken = a_few();

    let tested = tried(
        &broken,
        Some(Fallback::default()),
        "expect(heard).matches(\"tone:apology\") caller:is_hung_up()",
    );

    holds(&tested, broken.len());
    let unavailable = Fallback {
        play: Some("sys/error".to_owned()),
        transfer: Some("user:1050".to_owned()),
    };
    let tested = tried(
        &broken,
        Some(unavailable),
        "expect(heard).matches(\"sys/error\") caller:is_hung_up()",
    );
    holds(&tested, broken.len());
}
