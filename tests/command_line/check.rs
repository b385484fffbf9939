//! `moonswitch check`: what is wrong, and what no call will find.

use std::fs;

use store::Store;

use crate::project::{CONFIG, Project, Said};

#[test]
fn check_says_all_that_is_wrong_and_fails() {
    let project = Project::new();
    let good = project.says(&["check", "--json"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert_eq!(good.json()["errors"], serde_json::json!([]));

    project.write("scripts/8001/init.lua", "local = 1\n");
    project.write("scripts/8001/hours.lua", "return {\n  a = 1\n  b = 2\n}\n");
    let bad = project.says(&["check", "--json"]);

    assert_eq!(bad.code, Some(1));
    let errors = bad.json()["errors"].to_string();
    assert!(
        errors.contains("8001: scripts/8001/hours.lua:3: "),
        "{errors}"
    );
    assert!(
        errors.contains("8001: scripts/8001/init.lua:1: "),
        "{errors}"
    );
}

#[test]
fn check_warns_of_what_no_call_will_find_and_does_not_fail() {
    let project = Project::new();
    project.write(
        "scripts/8001/init.lua",
        "context \"internal\" {\n  [\"1\"] = function(call) call:play(\"no/such/sound\") end,\n}\n",
    );

    let said = project.says(&["check"]);

    assert_eq!(said.code, Some(0), "{said:?}");
    let warning = "warning: 8001: scripts/8001/init.lua:2: sound 'no/such/sound' not found";
    assert!(said.out.contains(warning), "{said:?}");
}

#[test]
fn check_warns_of_queues_without_agents_and_of_agents_who_are_no_users() {
    let project = Project::new();
    project.write(
        "scripts/8001/init.lua",
        "queue \"it\" { agents = { \"1049\", \"1098\", \"1099\" } }\n\
         queue \"night\" { agents = {} }\ncontext \"internal\" {}\n",
    );
    let stranger = "8001: queue 'it': agent '1098' is no user (did you mean '1049'?): add them to config.lua, or by \
                    `moonswitch user add`";

    let said = project.says(&["check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains(stranger), "{said:?}");
    assert!(said.out.contains("agent '1099' is no user"), "{said:?}");
    assert!(!said.out.contains("agent '1049'"), "{said:?}");
    let empty = "scripts/8001/init.lua:2: queue 'night' has no agents: nobody takes its calls";
    assert!(said.out.contains(empty), "{said:?}");

    // Whom the records know is a user, too.
    let added = project.hears(&["user", "add", "1099"], "correct horse battery\n");
    assert_eq!(added.code, Some(0), "{added:?}");
    let said = project.says(&["check"]);
    let nearest = "agent '1098' is no user (did you mean '1099'?)";
    assert!(said.out.contains(nearest), "{said:?}");
    assert!(!said.out.contains("agent '1099' is"), "{said:?}");
}

#[test]
fn check_finds_names_options_and_routes_that_come_to_nothing() {
    let project = Project::new();
    project.write(
        "scripts/8001/init.lua",
        "context \"internal\" {
  [\"1\"]       = function(call) call:bridge({ \"user:1049\", \"user:10490\" }, { timeut = 3 }) end,
  [\"_2X\"]     = function(call) call:voicemail(\"1094\") end,
  [\"_2[0-4]\"] = function(call) return require(\"scripts.8001.nothing\")(call) end,
  [\"_2[5-9]\"] = function(call) call.language = \"en\" call:play(\"own/prompt\") end,
  [\"3\"]       = function(call) if calls.cuont() > 3 then call:reject(\"bussy\") end call:anwser() end,
  [\"4\"]       = function(call) call:bridge(\"1049\") end,
}
queue \"it\" { agents = { \"1094\" } }
queue \"empty\" { agents = {} }
context \"lonely\" { [\"1\"] = function(call) call:hangup() end }
",
    );
    fs::create_dir_all(project.0.join("sounds/zh/own")).unwrap();
    project.write("sounds/zh/own/prompt.wav", "");

    let said = project.says(&["check"]);

    assert_eq!(said.code, Some(0), "{said:?}");
    for words in [
        "init.lua:2: no user '10490' (did you mean '1049'?)",
        "init.lua:2: call:bridge: unknown option 'timeut' (did you mean 'timeout'?)",
        "init.lua:3: no mailbox '1094' (did you mean '1049'?)",
        "init.lua:4: no module 'scripts.8001.nothing'",
        "context 'internal': nothing gets to '_2X': '_2[0-4]', '_2[5-9]' take all its numbers",
        "context 'lonely': nobody enters it",
        "init.lua:5: sound 'own/prompt' is not there in 'en': callers hear it in another language",
        "init.lua:6: calls has no 'cuont' (did you mean 'count'?)",
        "init.lua:6: call:reject: unknown cause 'bussy' (did you mean 'busy'?)",
        "init.lua:6: call has no 'anwser' (did you mean 'answer'?)",
        "init.lua:7: call:bridge: '1049' is no target: write \"user:1049\" for a user",
        "queue 'it': agent '1094' is no user (did you mean '1049'?): add them to config.lua",
        "init.lua:10: queue 'empty' has no agents: nobody takes its calls",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }

    // Whom the records know is known.
    let added = project.hears(&["user", "add", "10490"], "correct horse\n");
    assert_eq!(added.code, Some(0), "{added:?}");
    let said = project.says(&["check"]);
    assert!(!said.out.contains("no user '10490'"), "{said:?}");
}

#[test]
fn check_sees_what_plugins_were_allowed() {
    let project = Project::new();
    let manifest = |events: &str| {
        format!(
            "return {{ name = \"a\", version = \"1\", api = 1, description = \"A.\",\n  \
             permissions = {{ events = {{ {events} }} }} }}\n"
        )
    };
    fs::create_dir_all(project.0.join("plugins/a")).unwrap();
    project.write(
        "config.lua",
        &CONFIG.replace("users = {", "plugins = { a = {} }, users = {"),
    );
    project.write("plugins/a/init.lua", "return {}\n");
    project.write("plugins/a/plugin.lua", &manifest("\"call.ended\""));
    let new = project.says(&["check"]);
    assert_eq!(new.code, Some(0), "{new:?}");

    let store = store::Sqlite::open(
        &{
            fs::create_dir_all(project.0.join("data")).unwrap();
            project.0.join("data/moonswitch.db")
        },
        store::load_or_create_key(&project.0.join("data")).unwrap(),
    )
    .unwrap();
    let allowed = serde_json::json!({ "events": [] });
    store.put_grant("8001", "a", allowed).wait().unwrap();
    let grown = project.says(&["check"]);

    assert_eq!(grown.code, Some(1), "{grown:?}");
    let words = "plugin 'a' asks for more than it was allowed: events \"call.ended\"; `moonswitch allow a` allows it";
    assert!(grown.out.contains(words), "{grown:?}");
}

#[test]
fn check_says_in_numbers_what_it_found() {
    let project = Project::new();
    let last = |said: Said| said.out.lines().next_back().unwrap_or_default().to_owned();
    // Holidays that are not known yet are a warning of the day, not of the project.
    let calendars = project.says(&["check", "--json"]).json()["warnings"]
        .as_array()
        .unwrap()
        .len();
    let warnings = |more: usize| match calendars + more {
        0 => "no warnings".to_owned(),
        1 => "1 warning".to_owned(),
        several => format!("{several} warnings"),
    };

    let good = last(project.says(&["check"]));
    match calendars {
        0 => assert!(good.ends_with("config.lua: nothing is wrong"), "{good}"),
        _ => assert!(
            good.ends_with(&format!("no errors, {}", warnings(0))),
            "{good}"
        ),
    }

    let play = "[\"1\"] = function(call) call:play(\"no/such/sound\") end";
    project.write(
        "scripts/8001/init.lua",
        &format!("context \"internal\" {{ {play} }}\n"),
    );
    let warned = last(project.says(&["check"]));
    let expected = format!("config.lua: no errors, {}", warnings(1));
    assert!(warned.ends_with(&expected), "{warned}");

    project.write("config.lua", "return { a = 1, b = 2 }\n");
    let wrong = last(project.says(&["check"]));
    assert!(
        wrong.ends_with("config.lua: 3 errors, no warnings"),
        "{wrong}"
    );
}

#[test]
fn check_needs_no_records_and_leaves_none() {
    let project = Project::new();

    project.says(&["check"]);

    assert!(!project.0.join("data").exists());
}
