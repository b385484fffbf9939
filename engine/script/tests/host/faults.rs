//! An error is shown with the script's own file and line, never with ours.

use script::ScriptEnd;

use crate::support::{Project, Setting};

#[test]
fn an_error_shows_its_line_the_lines_around_and_how_it_came_there() {
    let project = Project::new(
        &[
            (
                "scripts/8001/init.lua",
                "local reception = require \"scripts.8001.reception\"\ncontext \"internal\" { [\"_1XX\"] = reception }",
            ),
            (
                "scripts/8001/reception.lua",
                "local function greet(call)\n  local name = call.vars.name\n  call.vars.greeting = \"hello \" .. name\n  call:answer()\nend\n\nreturn function(call)\n  call:answer()\n  greet(call)\n  call:hangup()\nend",
            ),
        ],
        Setting::default(),
    );

    let fault = project.fault();

    assert_eq!(
        fault.report,
        "scripts/8001/reception.lua:3: attempt to concatenate a nil value (local 'name')
      2 |   local name = call.vars.name
    >   3 |   call.vars.greeting = \"hello \" .. name
        4 |   call:answer()
    in greet (scripts/8001/reception.lua:3)
    in the function at scripts/8001/reception.lua:7 (scripts/8001/reception.lua:9), from context \"internal\", pattern \"_1XX\""
            .replace("\n      2 |", "\n        2 |"),
    );
    assert_eq!(fault.place.unwrap().line, 3);
}

#[test]
fn an_error_of_a_method_points_at_the_scripts_line() {
    let project = Project::handler("call:answer()\ncall:play(true)\ncall:answer()");

    let fault = project.fault();

    assert!(
        fault.message.starts_with("scripts/8001/init.lua:3: "),
        "{}",
        fault.report
    );
    assert!(
        !fault.report.contains("mlua") && !fault.report.contains("[C]"),
        "{}",
        fault.report
    );
}

#[test]
fn an_error_in_a_call_that_a_function_ends_with_points_at_its_line_too() {
    for (ending, sentence) in [
        ("return call:play(true)", "expected a sound"),
        ("return call:menu {}", "call:menu: keys"),
        ("return call:gather { paly = 1 }", "unknown option"),
        ("return store(\"seen\"):set(\"a\", print)", "store:set: "),
    ] {
        let body = format!("local function last()\n{ending}\nend\nlast()\ncall:answer()");
        let project = Project::handler(&body);

        let fault = project.fault();

        assert!(
            fault.message.starts_with("scripts/8001/init.lua:3: "),
            "{}",
            fault.report
        );
        assert!(fault.message.contains(sentence), "{}", fault.report);
    }
}

#[test]
fn a_command_that_a_function_ends_with_carries_its_line() {
    let project = Project::handler(
        "call:answer()
         return call:menu { play = \"question\", keys = { [\"1\"] = function()
           return call:play(\"park\")
         end } }",
    );
    let call = project.call("100");
    let line = |command: &str| {
        let asked = project
            .exchange
            .asks(call, |asked| asked.command.method() == command);
        asked.place.line
    };

    assert_eq!(line("answer"), 2);
    assert_eq!(line("gather"), 3);
}

#[test]
fn what_is_said_is_asked_for_by_its_own_name() {
    let project =
        Project::handler("call:say { number = 12 } call:play(\"digits/1\") call:play(\"park\")");
    let call = project.call("100");

    let said = project.exchange.asks(call, |_| true);
    let played = project.exchange.plays(call, "digits/1");

    assert_eq!(
        (said.command.method(), played.command.method()),
        ("say", "play")
    );
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let source =
        "\u{feff}context \"internal\" { [\"100\"] = function(call) call:play(\"park\") end }";
    let project = Project::of(source);

    let call = project.call("100");

    project.exchange.plays(call, "park");
}

#[test]
fn a_caught_error_reads_as_a_sentence() {
    let project =
        Project::handler("local ok, why = pcall(call.play, call, true)\ncall.vars.why = why");

    let ScriptEnd::Returned { vars } = project.outcome() else {
        panic!()
    };

    let why = vars["why"].as_str().unwrap();
    assert!(
        !why.contains("traceback") && !why.contains("runtime error"),
        "{why}"
    );
}

#[test]
fn an_error_that_is_a_table_reaches_its_catcher_whole() {
    let project = Project::handler(
        "local ok, what = pcall(error, { code = 7 })
         call.vars.code = what.code",
    );

    assert_eq!(
        project.outcome(),
        ScriptEnd::Returned {
            vars: serde_json::json!({ "code": 7 })
        }
    );
}

#[test]
fn a_failing_timer_or_event_handler_harms_nobody() {
    let project = Project::of(
        "on(\"call.ended\", function() error(\"oops\") end)
         context \"internal\" { [\"200\"] = function(call) call:play(\"park\") end }",
    );

    project
        .scripts
        .event(&"8001".into(), "call.ended", serde_json::json!({}));

    crate::support::until(|| project.scripts.status().tenants[0].failures == 1);
    let call = project.call("200");
    project.exchange.plays(call, "park");
}

#[test]
fn the_status_shows_what_failed_last_also_when_its_generation_is_gone() {
    let project = Project::handler("error(\"oops\")");
    project.fault();
    project
        .folder
        .write("scripts/8001/init.lua", "context \"internal\" {}");

    project.scripts.reload(None);

    crate::support::until(|| project.scripts.status().tenants[0].old.is_empty());
    let status = &project.scripts.status().tenants[0];
    assert_eq!((status.generation, status.failures), (Some(2), 1));
    let failure = &status.last_failures[0];
    assert_eq!(failure.message, "scripts/8001/init.lua:2: oops");
    assert_eq!(failure.generation, 1);
    assert!(failure.call.is_some());
}

#[test]
fn of_many_failures_the_newest_are_kept() {
    let project = Project::handler("error(call.id)");
    let calls: Vec<_> = (0..20).map(|_| project.call("100")).collect();
    for &call in &calls {
        project.exchange.end_of(call);
    }

    let status = &project.scripts.status().tenants[0];

    assert_eq!((status.failures, status.last_failures.len()), (20, 5));
    let newest = status.last_failures[4].call.clone();
    assert_eq!(newest, Some(calls[19].to_string()));
}

#[test]
fn a_panic_below_a_method_ends_its_call_only() {
    let project =
        Project::handler("pcall(function() call:play(\"panic\") end)\ncall:play(\"park\")");
    let neighbour = project.call("200");
    project.exchange.plays(neighbour, "park");

    let fault = project.fault();

    assert!(
        fault
            .message
            .contains("the exchange itself failed below this script: boom"),
        "{}",
        fault.report
    );
    project.exchange.unpark(neighbour);
    assert!(matches!(
        project.exchange.end_of(neighbour),
        ScriptEnd::Returned { .. }
    ));
}
