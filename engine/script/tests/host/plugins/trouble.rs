//! Of a plugin that misbehaves only its own feature is lost.

use ::store::Store;
use script::Outcome;
use serde_json::json;

use super::{plugin, reload, why};
use crate::support::{Project, until};

fn tell(project: &Project, id: &str) {
    project
        .scripts
        .event(&"8001".into(), "call.ended", json!({ "id": id }));
}

fn faults(project: &Project) -> u64 {
    project.scripts.status().tenants[0].plugins[0].faults
}

fn left_out(project: &Project) -> Option<String> {
    let plugins = &project.scripts.status().tenants[0].plugins;
    plugins[0].left_out.as_ref().map(|shut| shut.why.clone())
}

const HEARS: &str = "events = { \"call.ended\" }, store = true, jobs = true";

#[test]
fn a_plugin_that_keeps_failing_is_left_out_until_its_files_change() {
    let init = "on(\"call.ended\", function() error(\"oops\") end)";
    let project = plugin(HEARS, init, "call:play(\"fine\")");

    for round in 1..=5 {
        assert_eq!(left_out(&project), None);
        tell(&project, "x");
        until(|| faults(&project) == round);
    }
    until(|| left_out(&project).is_some());
    assert_eq!(left_out(&project).unwrap(), "plugins/a/init.lua:1: oops");
    tell(&project, "x");
    let call = project.call("100");
    project.exchange.plays(call, "fine");
    assert_eq!(faults(&project), 5, "it is not asked any more");

    project.folder.write(
        "plugins/a/init.lua",
        "local out = plugin.store(\"out\") on(\"call.ended\", function(it) out:set(\"id\", it.id) end)",
    );
    assert!(matches!(reload(&project), Outcome::Published { .. }));
    tell(&project, "mended");
    super::until_kept(&project, "id", &json!("mended"));
    assert_eq!(left_out(&project), None);
}

#[test]
fn asking_for_a_reload_gives_a_plugin_that_was_left_out_another_try() {
    let init = "on(\"call.ended\", function() error(\"oops\") end)";
    let project = plugin(HEARS, init, "");
    for round in 1..=5 {
        tell(&project, "x");
        until(|| faults(&project) == round);
    }
    until(|| left_out(&project).is_some());

    assert!(matches!(reload(&project), Outcome::Published { .. }));

    assert_eq!(left_out(&project), None);
    assert_eq!(reload(&project), Outcome::Unchanged);
}

#[test]
fn an_endless_loop_in_a_plugin_is_stopped_and_calls_go_on() {
    let init = "on(\"call.ended\", function() while true do end end)";
    let project = plugin(HEARS, init, "call:play(\"tick\") call:play(\"fine\")");

    tell(&project, "x");
    let call = project.call("100");

    project.exchange.plays(call, "fine");
    until(|| faults(&project) == 1);
    let failures = &project.scripts.status().tenants[0].last_failures;
    assert!(
        failures[0].message.contains("limits.script_cpu"),
        "{failures:?}"
    );
}

#[test]
fn a_plugin_that_takes_all_the_memory_is_left_out_at_once_and_the_memory_comes_back() {
    let init = "local kept = {}
        on(\"call.ended\", function()
          while true do kept[#kept + 1] = (\"x\"):rep(1000000) .. #kept end
        end)";
    let project = plugin(
        HEARS,
        init,
        "call.vars.why = (\"y\"):rep(15000000):sub(1, 4)",
    );

    tell(&project, "x");

    until(|| left_out(&project).is_some());
    let told = left_out(&project).unwrap();
    assert!(told.contains("out of memory"), "{told}");
    assert_eq!(why(&project), "yyyy");
}

#[test]
fn an_error_in_a_plugin_that_a_call_is_in_counts_as_the_plugins() {
    let init = "return { fail = function() error(\"oops\") end }";
    let project = plugin(HEARS, init, "require(\"plugins.a\").fail()");

    assert_eq!(project.fault().message, "plugins/a/init.lua:1: oops");

    until(|| faults(&project) == 1);
}

#[test]
fn a_caller_with_a_name_of_a_megabyte_costs_its_own_event_and_nothing_else() {
    let init = "on(\"call.ended\", function(it) jobs.add(\"open\", { from = it.from }) end)
        jobs.handle(\"open\", {}, function() end)";
    let project = plugin(HEARS, init, "call:play(\"fine\")");
    let name = "王".repeat(1 << 20);

    project
        .scripts
        .event(&"8001".into(), "call.ended", json!({ "from": name }));

    until(|| faults(&project) == 1);
    let failures = &project.scripts.status().tenants[0].last_failures;
    assert!(
        failures[0].message.contains("65536 are allowed"),
        "{failures:?}"
    );
    let call = project.call("100");
    project.exchange.plays(call, "fine");
    assert_eq!(project.store.jobs("8001", None).wait().unwrap(), []);
}

/// The exchange's events, by the stubs.
fn events() -> Vec<String> {
    let stubs = concat!(env!("CARGO_MANIFEST_DIR"), "/library/moonswitch.lua");
    let text = std::fs::read_to_string(stubs).unwrap();
    let (_, after) = text.split_once("---@param options OnOptions?").unwrap();
    let declared = text[..text.len() - after.len()].lines().rev().nth(1);
    let names = declared.unwrap().split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn a_plugin_that_breaks_at_any_event_is_heard_by_no_caller() {
    let events = events();
    assert!(events.len() >= 12, "{events:?}");
    for event in &events {
        for fault in [
            "error(\"broken\")",
            "local x = nil .. \"y\"",
            "plugin.store(\"s\"):set(\"k\", (\"x\"):rep(70000))",
            "while true do end",
        ] {
            let hears = format!("events = {{ \"{event}\" }}, store = true");
            let init = format!("on(\"{event}\", function() {fault} end)");
            let project = plugin(&hears, &init, "call:play(\"tick\") call:play(\"fine\")");

            project.scripts.event(&"8001".into(), event, json!({}));
            let call = project.call("100");

            project.exchange.plays(call, "fine");
            until(|| faults(&project) == 1);
        }
    }
}
