//! What scripts see, and what they do not.

use script::{Outcome, ScriptEnd};

use crate::support::{Project, Setting};

fn fails_with(body: &str, sentence: &str) {
    let project = Project::handler(body);

    let fault = project.fault();

    assert!(fault.message.contains(sentence), "{}", fault.report);
    assert_eq!(
        fault.place.as_ref().map(|place| &*place.file),
        Some("scripts/8001/init.lua"),
        "{}",
        fault.report
    );
}

fn loading_fails_with(files: &[(&str, &str)], sentence: &str) {
    let project = Project::new(files, Setting::default());

    let outcome = &project.report.tenants[0].outcome;

    let Outcome::Refused { errors, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        errors.iter().any(|fault| fault.message.contains(sentence)),
        "{errors:?}"
    );
}

#[test]
fn nothing_of_the_system_can_be_reached() {
    for name in [
        "io",
        "package",
        "debug",
        "load",
        "dofile",
        "loadfile",
        "loadstring",
        "collectgarbage",
        "_G",
        "warn",
    ] {
        fails_with(&format!("return {name}"), &format!("unknown name '{name}'"));
    }
}

#[test]
fn of_os_only_the_clock_is_there() {
    let project = Project::handler(
        "local names = {}
         for name in pairs(os) do names[#names + 1] = name end
         table.sort(names)
         call.vars.os = table.concat(names, \" \")
         call.vars.dump = string.dump == nil",
    );

    let end = project.outcome();

    let vars = serde_json::json!({ "os": "clock date difftime time", "dump": true });
    assert_eq!(end, ScriptEnd::Returned { vars });
}

#[test]
fn an_unknown_name_is_an_error_with_a_suggestion() {
    fails_with(
        "sting.format(\"%d\", 1)",
        "scripts/8001/init.lua:2: unknown name 'sting' (did you mean 'string'?)",
    );
}

#[test]
fn a_new_global_is_an_error() {
    fails_with(
        "counter = 1",
        "scripts/8001/init.lua:2: 'counter' is not declared",
    );
}

#[test]
fn the_globals_cannot_be_opened() {
    fails_with("setmetatable(_ENV, nil)", "protected metatable");
}

#[test]
fn compiled_chunks_are_refused() {
    loading_fails_with(
        &[("scripts/8001/init.lua", "\u{1b}Lua")],
        "scripts/8001/init.lua",
    );
}

#[test]
fn require_stays_inside_the_project() {
    for name in ["../secret", "/etc/passwd", "scripts..8001", ""] {
        loading_fails_with(
            &[("scripts/8001/init.lua", &format!("require \"{name}\""))],
            "a module is written from the project's root",
        );
    }
}

#[test]
fn another_tenants_scripts_cannot_be_required() {
    let setting = Setting {
        tenants: vec![("8001", "scripts.8001"), ("8002", "scripts.8002")],
        ..Setting::default()
    };
    let project = Project::new(
        &[
            ("scripts/8001/init.lua", "require \"scripts.8002.secret\""),
            ("scripts/8002/init.lua", "context \"internal\" {}"),
            ("scripts/8002/secret.lua", "return 1"),
        ],
        setting,
    );

    assert!(matches!(
        project.report.tenants[0].outcome,
        Outcome::Refused { .. }
    ));
    assert!(matches!(
        project.report.tenants[1].outcome,
        Outcome::Published { .. }
    ));
}

#[test]
fn a_module_that_is_not_there_is_an_error_with_a_suggestion() {
    loading_fails_with(
        &[
            ("scripts/8001/init.lua", "require \"scripts.8001.hour\""),
            ("scripts/8001/hours.lua", ""),
        ],
        "scripts/8001/init.lua:1: no module 'scripts.8001.hour' (did you mean 'scripts.8001.hours'?)",
    );
}

#[test]
fn a_circle_of_requires_is_named() {
    loading_fails_with(
        &[
            ("scripts/8001/init.lua", "require \"scripts.8001.a\""),
            ("scripts/8001/a.lua", "require \"scripts.8001.b\""),
            ("scripts/8001/b.lua", "require \"scripts.8001.a\""),
        ],
        "scripts/8001/a.lua is required in a circle",
    );
}

#[test]
fn a_module_is_loaded_once() {
    let project = Project::new(
        &[
            (
                "scripts/8001/init.lua",
                "local a, b = require \"scripts.8001.counter\", require \"scripts.8001.counter\"
                 context \"internal\" { [\"100\"] = function(call) call.vars.same = rawequal(a, b) end }",
            ),
            ("scripts/8001/counter.lua", "return {}"),
        ],
        Setting::default(),
    );

    assert_eq!(
        project.outcome(),
        ScriptEnd::Returned {
            vars: serde_json::json!({ "same": true })
        }
    );
}

#[test]
fn a_wait_works_where_lua_can_wait() {
    let project = Project::handler(
        "local ok = pcall(function() call:play(\"tick\") end)
         local index = setmetatable({}, { __index = function() call:play(\"tick\") return 1 end }).x
         local rounds = 0
         for _ in function(_, n) call:play(\"tick\") n = (n or 0) + 1 return n < 3 and n or nil end do
           rounds = rounds + 1
         end
         do local guard <close> = setmetatable({}, { __close = function() call:play(\"tick\") end }) end
         call.vars.all = ok and index == 1 and rounds == 2",
    );

    let end = project.outcome();

    assert_eq!(
        end,
        ScriptEnd::Returned {
            vars: serde_json::json!({ "all": true })
        }
    );
    assert_eq!(
        project
            .exchange
            .ticked
            .load(std::sync::atomic::Ordering::Relaxed),
        6
    );
}

#[test]
fn a_wait_where_lua_cannot_wait_is_an_error_with_a_sentence() {
    fails_with(
        "(\"abc\"):gsub(\".\", function() call:play(\"x\") end)",
        "scripts/8001/init.lua:2: call:play cannot be used inside string.gsub: collect first, play after",
    );
    fails_with(
        "table.sort({ 2, 1 }, function() call:play(\"x\") end)",
        "call:play cannot be used inside table.sort: collect first, play after",
    );
}

#[test]
fn a_wait_at_the_top_of_a_file_is_an_error_with_a_sentence() {
    let project = Project::new(
        &[
            (
                "scripts/8001/init.lua",
                "context \"internal\" { [\"100\"] = function(call) call.vars.it = call require \"scripts.8001.late\" end }",
            ),
            ("scripts/8001/late.lua", "clock.sleep(1)"),
        ],
        Setting::default(),
    );

    let fault = project.fault();

    assert!(
        fault
            .message
            .contains("cannot be used at the top of a required file"),
        "{}",
        fault.report
    );
    assert!(
        fault.message.starts_with("scripts/8001/late.lua:1:"),
        "{}",
        fault.report
    );
}
