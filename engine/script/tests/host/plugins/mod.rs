//! Plugins through the host's public face: what they may do, what they share, and what becomes of
//! those that fail.

mod events;
mod files;
mod jobs;
mod mail;
mod memory;
mod messages;
mod permissions;
mod read_only;
#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "../../../../../tests/support/relay.rs"]
mod relay;
mod routes;
mod shipped;
mod sink;
mod sms;
mod sms_permission;
mod sms_smpp;
#[path = "../../../../../tests/support/smsc.rs"]
mod smsc;
mod tables;
mod tickets;
mod trouble;
mod voicemail;

use ::store::{KvKey, Store};
use script::{Outcome, ScriptEnd};
use serde_json::{Value, json};

use crate::support::{Project, Setting, until};

/// A plugin `a` with these permissions and this `init.lua`, and a dialplan with this handler.
fn plugin(permissions: &str, init: &str, handler: &str) -> Project {
    let manifest = manifest("a", permissions, "");
    let files = [
        ("plugins/a/plugin.lua", manifest.as_str()),
        ("plugins/a/init.lua", init),
        ("scripts/8001/init.lua", &dialplan(handler)),
    ];
    Project::new(&files, with(vec![("a", json!({}))]))
}

fn manifest(name: &str, permissions: &str, config: &str) -> String {
    format!(
        "-- Test.\nreturn {{\n  name = \"{name}\", version = \"1.2.3\", api = 1, description = \"Tests.\",\n  \
         permissions = {{ {permissions} }},\n  config = {{ {config} }},\n}}\n"
    )
}

fn dialplan(handler: &str) -> String {
    format!("context \"internal\" {{ [\"100\"] = function(call) {handler} end }}\n")
}

fn with(plugins: Vec<(&'static str, Value)>) -> Setting {
    Setting {
        plugins,
        ..Setting::default()
    }
}

/// What the handler of 100 has left in `call.vars.why`.
fn why(project: &Project) -> String {
    match project.outcome() {
        ScriptEnd::Returned { vars } => vars["why"].as_str().unwrap_or_default().to_owned(),
        ScriptEnd::Failed(fault) => panic!("{}", fault.report),
    }
}

/// All that kept the scripts from being loaded.
fn refused(project: &Project) -> Vec<String> {
    match &project.report.tenants[0].outcome {
        Outcome::Refused { errors, .. } => {
            errors.iter().map(|fault| fault.message.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn reload(project: &Project) -> Outcome {
    project.scripts.reload(None).remove(0).outcome
}

/// A value that plugin `a` keeps in its store `out`.
fn kept(project: &Project, key: &str) -> Option<Value> {
    let key = KvKey {
        tenant: "8001".into(),
        scope: "a/out".into(),
        key: key.into(),
    };
    project.store.kv_get(key, 0).wait().unwrap()
}

fn until_kept(project: &Project, key: &str, value: &Value) {
    until(|| kept(project, key).as_ref() == Some(value));
}

#[test]
fn a_plugin_knows_its_settings_and_dialplans_require_it() {
    let manifest = manifest(
        "sms",
        "",
        "wait = { type = \"duration\", default = \"1.5m\" }, from = { type = \"phone\", required = true },
         more = { type = \"string\" }",
    );
    let init = "local text = require \"plugins.sms.text\"
        return { say = function() return text.of(plugin.config), plugin.name, plugin.version end }";
    let text =
        "return { of = function(c) return c.from .. \" \" .. c.wait .. tostring(c.more) end }";
    let handler = "local of, name, version = require(\"plugins.sms\").say()
        call:play(of) call:play(name .. version) call:play(tostring(pcall(function() return plugin end)))";
    let files = [
        ("plugins/sms/plugin.lua", manifest.as_str()),
        ("plugins/sms/init.lua", init),
        ("plugins/sms/text.lua", text),
        ("scripts/8001/init.lua", &dialplan(handler)),
    ];
    let project = Project::new(
        &files,
        with(vec![("sms", json!({ "from": "+861087654321" }))]),
    );

    let call = project.call("100");

    project.exchange.plays(call, "+861087654321 90nil");
    project.exchange.plays(call, "sms1.2.3");
    project.exchange.plays(call, "false");
    let plugins = &project.scripts.status().tenants[0].plugins;
    assert_eq!(
        (plugins[0].name.as_str(), plugins[0].version.as_str()),
        ("sms", "1.2.3")
    );
    assert_eq!((plugins[0].faults, &plugins[0].left_out), (0, &None));
}

#[test]
fn all_that_is_wrong_with_manifests_and_settings_is_told_with_its_place() {
    let wrong = "-- Test.\nreturn {\n  name = \"b\", version = \"1\", api = 1, description = \"\",\n  \
        permissions = {\n    http_clint = {},\n    jobs = true,\n  },\n}\n";
    let fields = manifest(
        "c",
        "http_client = { \"config.uri\", \"api.example\" }",
        "\n    url = { type = \"adress\" },\n    uri2 = { type = \"url\", help = \"x\", default = \"nowhere\" },",
    );
    let settings = manifest(
        "desk",
        "",
        "box = { type = \"mailbox\" }, tries = { type = \"integer\", max = 3 }, beep = { type = \"sound\" },
         who = { type = \"extension\" }, lines = { type = \"list\", of = \"queue\" }",
    );
    let files = [
        ("plugins/b/plugin.lua", wrong),
        ("plugins/b/init.lua", ""),
        ("plugins/c/plugin.lua", &fields),
        ("plugins/c/init.lua", ""),
        ("plugins/desk/plugin.lua", &settings),
        ("plugins/desk/init.lua", ""),
        ("scripts/8001/init.lua", &dialplan("")),
    ];
    let given = json!({ "box": "77", "tries": 9, "boxx": 1, "beep": "no/such" });
    let plugins = vec![
        ("b", json!({})),
        ("c", json!({})),
        ("desk", given),
        ("dsk", json!({})),
    ];

    let errors = refused(&Project::new(&files, with(plugins))).join("\n");

    for sentence in [
        "plugins/b/plugin.lua:5: permissions.http_clint: unknown setting 'http_clint' (did you mean 'http_client'?)",
        "plugins/c/plugin.lua:6: config.url: unknown type 'adress': there are string, text, number",
        "plugins/c/plugin.lua:7: config.uri2: default: expected an address that begins with http",
        "plugins/c/plugin.lua:4: permissions.http_client.1: there is no setting 'uri' (did you mean 'uri2'?)",
        "plugins/c/plugin.lua:4: permissions.http_client.2: expected an address that begins with http",
        "config.lua: tenants.8001.plugins.desk.boxx: unknown setting 'boxx' (did you mean 'box'?)",
        "config.lua: tenants.8001.plugins.desk.tries: must be at most 3, is 9",
        "config.lua: tenants.8001.plugins: no plugin 'dsk' (did you mean 'desk'?): this version of the files has no plugins/dsk/plugin.lua; take it out of config.lua, or add it",
    ] {
        assert!(
            errors.contains(sentence),
            "{sentence}\n is not in\n{errors}"
        );
    }
    let names = json!({ "box": "77", "beep": "no/such", "who": "1094" });
    let files = [
        ("plugins/desk/plugin.lua", settings.as_str()),
        ("plugins/desk/init.lua", ""),
        ("scripts/8001/init.lua", &dialplan("")),
    ];
    let errors = refused(&Project::new(&files, with(vec![("desk", names)])));
    assert_eq!(
        errors,
        [
            "config.lua: tenants.8001.plugins.desk.beep: sound 'no/such' not found",
            "config.lua: tenants.8001.plugins.desk.box: no mailbox '77'",
            "config.lua: tenants.8001.plugins.desk.who: no user '1094' (did you mean '1049'?)",
        ]
    );
    let queues = json!({ "lines": ["it", "itt"] });
    let files = [
        ("plugins/desk/plugin.lua", settings.as_str()),
        ("plugins/desk/init.lua", ""),
        (
            "scripts/8001/init.lua",
            &format!("queue \"it\" {{ agents = {{}} }}\n{}", dialplan("")),
        ),
    ];
    let errors = refused(&Project::new(&files, with(vec![("desk", queues)])));
    assert_eq!(
        errors,
        ["config.lua: tenants.8001.plugins.desk.lines: no queue 'itt' (did you mean 'it'?)"]
    );
}

#[test]
fn events_pass_between_plugins_and_dialplans_and_cannot_be_forged() {
    let sms = "on(\"call.ended\", function(about) emit(\"sms.received\", { text = about.id }) end)
        return { forge = function(name) return pcall(emit, name) end }";
    let a = "local out = plugin.store(\"out\")
        on(\"sms.received\", function(about) out:set(\"a\", about.text) end)";
    let plan =
        "on(\"sms.received\", function(about) require(\"plugins.a\").note(about.text) end)\n";
    let handler = "local sms = require \"plugins.sms\"
        local _, one = sms.forge(\"a.done\") local _, two = sms.forge(\"call.ended\")
        local _, three = pcall(emit, \"sms.received\")
        call.vars.why = one .. two .. three";
    let files = [
        (
            "plugins/sms/plugin.lua",
            &*manifest("sms", "events = { \"call.ended\" }", ""),
        ),
        ("plugins/sms/init.lua", sms),
        (
            "plugins/a/plugin.lua",
            &manifest("a", "events = { \"sms.received\" }, store = true", ""),
        ),
        (
            "plugins/a/init.lua",
            &format!("{a} return {{ note = function(text) out:set(\"plan\", text) end }}"),
        ),
        (
            "scripts/8001/init.lua",
            &format!("{plan}{}", dialplan(handler)),
        ),
    ];
    let project = Project::new(&files, with(vec![("a", json!({})), ("sms", json!({}))]));

    project
        .scripts
        .event(&"8001".into(), "call.ended", json!({ "id": "c1" }));

    until_kept(&project, "a", &json!("c1"));
    until_kept(&project, "plan", &json!("c1"));
    let why = why(&project);
    for sentence in [
        "'a.done' cannot be emitted by plugin 'sms': its events are called sms.past",
        "'call.ended' cannot be emitted by plugin 'sms'",
        "'sms.received' cannot be emitted: an event of your own is noun.past",
    ] {
        assert!(why.contains(sentence), "{why}");
    }
}

#[test]
fn a_plugin_that_is_not_named_is_not_there() {
    let files = [
        ("plugins/a/plugin.lua", &*manifest("a", "", "")),
        ("plugins/a/init.lua", "return {}"),
        ("scripts/8001/init.lua", "require \"plugins.a\""),
    ];

    let errors = refused(&Project::new(&files, Setting::default()));

    assert_eq!(
        errors,
        [
            "scripts/8001/init.lua:1: plugin 'a' is not among the plugins of tenant 8001 in config.lua"
        ]
    );
}

#[test]
fn an_event_that_a_manifest_mistypes_is_warned_of() {
    let project = plugin("events = { \"call.endd\", \"call.ended\" }", "", "");

    let warnings = &project.scripts.status().tenants[0].warnings;

    let messages: Vec<&str> = warnings.iter().map(|it| &*it.message).collect();
    assert_eq!(
        messages,
        [
            "plugins/a/plugin.lua: permissions.events: unknown event 'call.endd' (did you mean 'call.ended'?)"
        ]
    );
}
