//! One VM serves a tenant's dialplan and all its plugins: who keeps most of its memory is found, and
//! not who asks for the last byte of it.

use script::{Failure, PluginStatus, ScriptEnd};

use serde_json::json;

use super::{manifest, with};
use crate::support::{Project, until};

/// Keeps two of the 64 MB for each event that it hears.
const LEAK: &str = "local kept = {}
on(\"call.ended\", function() kept[#kept + 1] = (\"x\"):rep(2000000) .. #kept end)";

/// Uses much more, and keeps nothing.
const NOISY: &str = "on(\"call.ended\", function()
  for number = 1, 4 do local used = (\"y\"):rep(3000000) .. number end
end)";

/// 100 needs six MB for a moment; 200 talks as long as it likes.
const DIALPLAN: &str = "context \"internal\" {
  [\"100\"] = function(call) call.vars.length = #((\"z\"):rep(3000000) .. call.from) call:play(\"fine\") end,
  [\"200\"] = function(call) call:play(\"park\") call:play(\"goes-on\") end,
}
";

fn project(leak: &str, noisy: &str, dialplan: &str) -> Project {
    let hears = "events = { \"call.ended\" }";
    let files = [
        ("plugins/leak/plugin.lua", &*manifest("leak", hears, "")),
        ("plugins/leak/init.lua", leak),
        ("plugins/noisy/plugin.lua", &manifest("noisy", hears, "")),
        ("plugins/noisy/init.lua", noisy),
        ("scripts/8001/init.lua", dialplan),
    ];
    let plugins = vec![("leak", json!({})), ("noisy", json!({}))];
    Project::new(&files, with(plugins))
}

fn tell(project: &Project) {
    let about = json!({ "id": "x" });
    project.scripts.event(&"8001".into(), "call.ended", about);
}

/// Waits until no more than three quarters of the memory are used; each event, heard or not, makes
/// the scripts look at it.
fn has_looked(project: &Project) {
    until(|| {
        project
            .scripts
            .event(&"8001".into(), "nobody.hears", json!({}));
        memory(project) < 51_000_000
    });
}

fn plugin(project: &Project, name: &str) -> PluginStatus {
    let plugins = project.scripts.status().tenants[0].plugins.clone();
    plugins.into_iter().find(|it| it.name == name).unwrap()
}

fn memory(project: &Project) -> usize {
    project.scripts.status().tenants[0].memory
}

#[test]
fn a_plugin_that_hoards_slowly_is_left_out_and_no_call_of_others_fails() {
    let project = project(LEAK, NOISY, DIALPLAN);
    let talking = project.call("200");
    project.exchange.plays(talking, "park");

    for _ in 0..60 {
        tell(&project);
        let call = project.call("100");
        project.exchange.plays(call, "fine");
        assert!(matches!(
            project.exchange.end_of(call),
            ScriptEnd::Returned { .. }
        ));
        has_looked(&project);
    }

    until(|| plugin(&project, "leak").left_out.is_some());
    let why = plugin(&project, "leak").left_out.unwrap().why;
    assert!(
        why.contains("nearly out of memory: the plugin keeps "),
        "{why}"
    );
    assert!(why.contains("limits.script_memory"), "{why}");
    assert_eq!(plugin(&project, "noisy").left_out, None);
    // What is new has a VM of its own, what began before goes on.
    until(|| project.scripts.status().tenants[0].old.len() == 1);
    assert!(memory(&project) < 32_000_000, "{}", memory(&project));
    let generation = project.scripts.status().tenants[0].generation;
    project.exchange.unpark(talking);
    project.exchange.plays(talking, "goes-on");
    until(|| project.scripts.status().tenants[0].old.is_empty());
    assert_eq!(project.scripts.status().tenants[0].generation, generation);
}

#[test]
fn scripts_begin_afresh_when_the_dialplan_hoards_and_no_plugin_is_left_out() {
    let dialplan = "local kept = {}
context \"internal\" { [\"100\"] = function(call)
  kept[#kept + 1] = (\"z\"):rep(2000000) .. #kept
  call:play(\"kept\" .. #kept)
end }
";
    let project = project("", "", dialplan);

    // Twice as much as the limit of 64 MB, and never more than fits.
    for _ in 0..60 {
        let call = project.call("100");
        let end = project.exchange.end_of(call);
        assert!(matches!(end, ScriptEnd::Returned { .. }), "{end:?}");
        has_looked(&project);
    }

    let status = &project.scripts.status().tenants[0];
    let failures = &status.last_failures;
    let named = |it: &Failure| it.message.contains("the dialplan keeps ");
    assert!(failures.iter().any(named), "{failures:#?}");
    assert!(status.plugins.iter().all(|it| it.left_out.is_none()));
}

#[test]
fn status_warns_of_scripts_that_use_more_than_half_of_their_memory() {
    let keeps = "local kept = {}
on(\"call.ended\", function()
  for number = 1, 3 do kept[number] = (\"x\"):rep(12000000) end
end)";
    let project = project(keeps, "", DIALPLAN);
    let warnings = || project.scripts.status().tenants[0].warnings.clone();
    assert_eq!(warnings(), []);

    tell(&project);

    until(|| !warnings().is_empty());
    let warning = &warnings()[0].message;
    assert!(
        warning.contains("of 67 MB, more than half of limits.script_memory"),
        "{warning}"
    );
    assert_eq!(plugin(&project, "leak").left_out, None);
}
