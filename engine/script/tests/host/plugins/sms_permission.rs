//! Text messages are paid for: a plugin sends them through the plugin `sms` when it is allowed to.

use ::store::Store;
use script::Outcome;
use serde_json::json;

use super::{dialplan, manifest, refused, reload, why, with};
use crate::support::Project;

/// A plugin `sms`, and a plugin `a` with these permissions that sends through it; 100 tells what
/// comes of it.
fn project(permissions: &str, a: &str) -> Project {
    let sms = "jobs.handle(\"send\", nil, function() end)
        return { send = function(message) jobs.add(\"send\", message) return message.to end }";
    let files = [
        (
            "plugins/sms/plugin.lua",
            &*manifest("sms", "jobs = true", ""),
        ),
        ("plugins/sms/init.lua", sms),
        ("plugins/sms/text.lua", "return { secret = 7 }"),
        ("plugins/a/plugin.lua", &manifest("a", permissions, "")),
        ("plugins/a/init.lua", a),
        (
            "scripts/8001/init.lua",
            &dialplan("call.vars.why = require(\"plugins.a\").try()"),
        ),
    ];
    Project::new(&files, with(vec![("a", json!({})), ("sms", json!({}))]))
}

const SENDS: &str = "local sms = require \"plugins.sms\"
    return { try = function() return sms.send { to = \"13900139000\" } end }";

const MAY_NOT: &str =
    "plugin 'a' may not use sms: add sms = true to permissions in plugins/a/plugin.lua";

#[test]
fn who_may_send_sends_with_what_the_plugin_sms_may_do() {
    // It may not add jobs itself, and needs not.
    let project = project("sms = true", SENDS);

    assert_eq!(why(&project), "13900139000");
}

#[test]
fn who_may_not_send_is_refused_with_the_generation_or_told_when_it_tries_later() {
    assert_eq!(
        refused(&project("jobs = true", SENDS)),
        [format!(
            "plugins/a/init.lua:1: require 'plugins.sms': {MAY_NOT}"
        )]
    );

    let later = "return { try = function()
        local _, one = pcall(require, \"plugins.sms\")
        local _, two = pcall(require, \"plugins.sms.text\")
        return tostring(one) .. tostring(two)
      end }";
    let said = why(&project("jobs = true", later));
    assert_eq!(said.matches(MAY_NOT).count(), 2, "{said}");
}

#[test]
fn a_new_version_that_wants_to_send_waits_until_somebody_allows_it() {
    let project = project("", "return { try = function() return \"old\" end }");
    project.folder.write(
        "plugins/a/plugin.lua",
        manifest("a", "sms = true, files = true", ""),
    );
    project.folder.write("plugins/a/init.lua", SENDS);

    let Outcome::Refused { errors, .. } = reload(&project) else {
        panic!("it was published");
    };

    let expected = "plugins/a/plugin.lua: plugin 'a' asks for more than it was allowed: files, sms; `moonswitch allow a` allows it";
    assert_eq!(errors[0].message, expected);
    assert_eq!(why(&project), "old");
    let allowed = json!({ "sms": true, "files": true });
    project
        .store
        .put_grant("8001", "a", allowed)
        .wait()
        .unwrap();
    project.scripts.grants_changed(&"8001".into());
    assert!(matches!(reload(&project), Outcome::Published { .. }));
    assert_eq!(why(&project), "13900139000");
}
