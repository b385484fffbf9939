//! The folder of a plugin: its own in each tenant, and nobody else's.

use std::fs;

use serde_json::json;

use super::{dialplan, manifest, plugin, why, with};
use crate::support::{Project, Setting};

/// What a call hears of a plugin with this permission that does this.
fn heard(permissions: &str, body: &str) -> String {
    let init = format!("return {{ try = function() {body} end }}");
    let handler = "local _, why = pcall(require(\"plugins.a\").try) call.vars.why = tostring(why)";
    why(&plugin(permissions, &init, handler))
}

#[test]
fn what_a_plugin_writes_it_reads_lists_and_deletes() {
    let body = "files.write(\"报告.csv\", \"a,\\0\\xff\")
        files.write(\"b\", \"\")
        local names = {}
        for _, file in ipairs(files.list()) do names[#names + 1] = file.name .. file.bytes end
        assert(files.read(\"报告.csv\") == \"a,\\0\\xff\", \"read\")
        assert(files.delete(\"b\") and not files.delete(\"b\"), \"delete\")
        assert(files.read(\"b\") == nil, \"deleted\")
        return table.concat(names, \" \")";

    assert_eq!(heard("files = true", body), "b0 报告.csv4");
}

#[test]
fn who_may_not_or_gives_a_wrong_name_or_stands_where_nothing_waits_is_told() {
    let may_not =
        "plugin 'a' may not use files: add files = true to permissions in plugins/a/plugin.lua";
    for (permissions, body, sentence) in [
        ("", "files.list()", may_not),
        ("", "files.read(\"a\")", may_not),
        ("", "files.write(\"a\", \"b\")", may_not),
        ("store = true", "files.delete(\"a\")", may_not),
        (
            "files = true",
            "files.read(\"../../records.db\")",
            "files.read: '../../records.db' is no name of a file: letters, digits",
        ),
        (
            "files = true",
            "files.write(\"/etc/passwd\", \"\")",
            "'/etc/passwd' is no name of a file",
        ),
        (
            "files = true",
            "files.write(\"a\", { 1 })",
            "files.write: expected text to write, got a table",
        ),
        (
            "files = true",
            "files.raed(\"a\")",
            "files has no 'raed' (did you mean 'read'?)",
        ),
        ("files = true", "files.read = 1", "files.read cannot be set"),
    ] {
        let said = heard(permissions, body);
        assert!(said.contains(sentence), "{body}: {said}");
        assert!(said.starts_with("plugins/a/init.lua:1: "), "{said}");
    }
}

#[test]
fn each_plugin_of_each_tenant_has_a_folder_of_its_own_and_dialplans_have_none() {
    let writes =
        "return { try = function(who) files.write(\"a\", who) return files.read(\"a\") end }";
    let handler = "local mine = require(\"plugins.a\").try(config.tenant .. \"a\")
        local other = require(\"plugins.b\").try(config.tenant .. \"b\")
        local _, why = pcall(function() return files end)
        call.vars.why = mine .. other .. why";
    let (a, b) = (
        manifest("a", "files = true", ""),
        manifest("b", "files = true", ""),
    );
    let plan = dialplan(handler);
    let files = [
        ("plugins/a/plugin.lua", a.as_str()),
        ("plugins/a/init.lua", writes),
        ("plugins/b/plugin.lua", &b),
        ("plugins/b/init.lua", writes),
        ("scripts/8001/init.lua", &plan),
        ("scripts/8002/init.lua", &plan),
    ];
    let setting = Setting {
        tenants: vec![("8001", "scripts.8001"), ("8002", "scripts.8002")],
        ..with(vec![("a", json!({})), ("b", json!({}))])
    };
    let project = Project::new(&files, setting);

    let said = why(&project);

    assert!(said.starts_with("8001a8001b"), "{said}");
    assert!(said.ends_with("unknown name 'files'"), "{said}");
    let tables = project.folder.path().join("tables");
    let content = |path: &str| fs::read_to_string(tables.join(path)).ok();
    assert_eq!(content("8001/a/a").as_deref(), Some("8001a"));
    assert_eq!(content("8001/b/a").as_deref(), Some("8001b"));
    assert_eq!(content("8002/a/a"), None);
}
