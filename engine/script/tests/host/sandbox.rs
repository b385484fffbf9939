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
    fails_with(
        "ipairs = nil",
        "scripts/8001/init.lua:2: 'ipairs' is not declared",
    );
}

#[test]
fn the_globals_cannot_be_opened() {
    fails_with("setmetatable(_ENV, nil)", "protected metatable");
}

#[test]
fn a_library_can_be_read_through_and_not_set() {
    fails_with(
        "string.upper = nil",
        "scripts/8001/init.lua:2: string.upper cannot be set: string is the exchange's",
    );
    fails_with("rawset(string, \"upper\", nil)", "rawset: this table is");
    fails_with("rawset(_ENV, \"pairs\", nil)", "rawset: this table is");
    fails_with("setmetatable(math, {})", "protected metatable");
    fails_with("json.list(string)", "json.list expects a list");
    fails_with(
        "config.users[\"1049\"].mailbox = \"1\"",
        "config.users.1049.mailbox cannot be set: config is the exchange's",
    );
    let project = Project::handler(
        "local names, upper = {}, string.upper
         for name in pairs(utf8) do names[#names + 1] = name end
         table.sort(names)
         call.vars.utf8 = table.concat(names, \" \")
         call.vars.upper = (\"x\"):upper() .. upper(\"y\") .. rawget(string, \"upper\")(\"z\")
         call.vars.users = next(config.users)
         call.vars.config = config.users",
    );

    let end = project.outcome();

    let vars = serde_json::json!({
        "utf8": "char charpattern codepoint codes len offset",
        "upper": "XYZ",
        "users": "1049",
        "config": { "1049": {} },
    });
    assert_eq!(end, ScriptEnd::Returned { vars });
}

#[test]
fn whatever_one_call_does_to_the_libraries_the_next_one_finds_them_whole() {
    let project = Project::of(
        "local function boom() error(\"boom\") end
         local function all()
           local found = {}
           local function walk(path, value)
             found[#found + 1] = path .. \" \" .. tostring(value)
             if type(value) == \"table\" then
               for key, inner in pairs(value) do walk(path .. \".\" .. tostring(key), inner) end
             end
           end
           for name in pairs(_ENV) do walk(name, _ENV[name]) end
           table.sort(found)
           return table.concat(found, \"\\n\")
         end
         local before = all()
         local function attack(object)
           local keys = { 1, \"new\" }
           for key, value in pairs(object) do
             keys[#keys + 1] = key
             if type(value) == \"table\" then attack(value) end
           end
           for _, key in ipairs(keys) do
             for _, value in ipairs { false, boom } do
               value = value or nil
               pcall(function() object[key] = value end)
               pcall(rawset, object, key, value)
             end
           end
           pcall(table.insert, object, 1, boom)
           pcall(table.move, { boom }, 1, 1, 1, object)
           pcall(table.remove, object)
           pcall(setmetatable, object, { __index = boom })
           pcall(json.list, object)
           local meta = getmetatable(object)
           if meta then pcall(rawset, meta, \"__index\", boom) end
         end
         local done = {}
         context \"internal\" {
           [\"100\"] = function(call)
             for _, library in pairs(_ENV) do
               if type(library) == \"table\" then attack(library) end
             end
             for _, meta in pairs { getmetatable(\"\"), getmetatable(json.list {}), getmetatable(call) } do
               pcall(rawset, meta, \"__index\", boom)
             end
             attack(_ENV)
             done[1] = true
           end,
           [\"200\"] = function(call)
             call.vars.whole = done[1] and all() == before and (\"x\"):upper() == \"X\"
               and #json.list { 1 } == 1 and call.to == \"200\"
           end,
         }",
    );

    let first = project.outcome();
    let second = project.call("200");

    assert!(matches!(first, ScriptEnd::Returned { .. }), "{first:?}");
    let vars = serde_json::json!({ "whole": true });
    assert_eq!(
        project.exchange.end_of(second),
        ScriptEnd::Returned { vars }
    );
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
