//! The words of the program without an exchange: help, JSON, exit codes, and what it says when
//! something is wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use store::Store;

/// A project's folder that goes with the test.
struct Project(PathBuf);

impl Project {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("moonswitch-words-{}-{number}", std::process::id());
        let project = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(project.0.join("scripts/8001")).unwrap();
        project.write("config.lua", CONFIG);
        project.write("scripts/8001/init.lua", "context \"internal\" {}\n");
        project
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.0.join(path), text).unwrap();
    }

    fn says(&self, words: &[&str]) -> Said {
        self.hears(words, "")
    }

    /// What the program answers to these words and this input.
    fn hears(&self, words: &[&str], input: &str) -> Said {
        let mut command = program(words);
        command
            .arg("--config")
            .arg(self.0.join("config.lua"))
            .arg("--data")
            .arg(self.0.join("data"));
        said(command, input)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moonswitch"));
    command.args(words);
    command
}

fn said(mut command: Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    Said {
        code: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

#[test]
fn every_word_explains_itself() {
    let all = said(program(&["--help"]), "");
    assert_eq!(all.code, Some(0));
    assert!(all.out.contains("list and delete them"), "{}", all.out);

    for (words, flags) in [
        (&["run"][..], &["--log-format", "--clock"][..]),
        (&["check"], &["--json"]),
        (&["test"], &["--json"]),
        (&["call"], &["--json", "--at", "--press", "--tenant"]),
        (&["reload"], &["--json"]),
        (&["status"], &["--json"]),
        (&["trace"], &["--json", "--tenant"]),
        (&["user"], &["add", "passwd", "pin", "list", "delete"]),
        (&["user", "add"], &["--name", "--context", "--tenant"]),
        (&["user", "passwd"], &["--tenant"]),
        (&["user", "pin"], &["--reset", "--tenant"]),
        (&["user", "list"], &["--json"]),
    ] {
        assert!(all.out.contains(words[0]), "{}", all.out);
        let help = said(program(&[words, &["--help"]].concat()), "");
        assert_eq!(help.code, Some(0), "{words:?}");
        for flag in flags {
            assert!(help.out.contains(flag), "{words:?} {flag}: {}", help.out);
        }
    }
}

#[test]
fn tests_of_dialplans_are_told_with_their_times_and_their_failures() {
    let project = Project::new();
    let plan = "context \"inbound\" { [\"100\"] = function(call) call:reject(\"busy\") end }\n\
                context \"internal\" {}\n";
    project.write("scripts/8001/init.lua", plan);
    let test = |cause: &str| {
        format!(
            "-- One.\ntest(\"it is busy\", function()\n  \
             dial {{ to = \"100\", context = \"inbound\" }}:is_refused(\"{cause}\")\nend)\n"
        )
    };
    fs::create_dir_all(project.0.join("tests/dialplan")).unwrap();
    project.write("tests/dialplan/busy_test.lua", &test("busy"));
    let good = project.says(&["test"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.contains("ok  ") && good.out.contains("it is busy"));
    assert!(good.out.contains("1 passed, 0 failed, in "), "{good:?}");

    project.write("tests/dialplan/busy_test.lua", &test("rejected"));
    let bad = project.says(&["test"]);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    for words in [
        "FAIL",
        "tests/dialplan/busy_test.lua:3: expected that the call is refused (rejected)",
        "call:reject busy  (scripts/8001/init.lua:1)",
        "0 passed, 1 failed, in ",
    ] {
        assert!(bad.out.contains(words), "{words}: {}", bad.out);
    }
    let json = project.says(&["test", "--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(json.json()["tests"][0]["passed"], false);
    let one = project.says(&["test", "tests/dialplan/other_test.lua"]);
    assert_eq!(one.code, Some(1));
    assert!(
        one.out
            .contains("no tests in tests/dialplan/other_test.lua"),
        "{one:?}"
    );
}

#[test]
fn a_call_is_told_without_being_made() {
    let project = Project::new();
    let plan = "context \"internal\" { [\"100\"] = function(call)\n\
                call:answer() call.vars.key = call:gather() call:hangup() end }\n";
    project.write("scripts/8001/init.lua", plan);

    let told = project.says(&["call", "1049", "100", "--at", "mon 22:00", "--press", "7"]);

    assert_eq!(told.code, Some(0), "{told:?}");
    for words in [
        "1049 dials 100",
        "call:gather",
        "presses 7",
        "= \"7\"",
        "hangs up: normal",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    let json = project.says(&["call", "1049", "100", "--json"]);
    assert_eq!(json.json()["outcome"], "ended_in_menu");
    let wrong = project.says(&["call", "1049", "100", "--at", "moonday"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("expected a time such as"), "{wrong:?}");
    assert!(!project.0.join("data/moonswitch.db").exists());
}

#[test]
fn an_unknown_word_or_flag_is_another_failure_than_a_wrong_file() {
    assert_eq!(said(program(&["rum"]), "").code, Some(2));
    assert_eq!(said(program(&["check", "--jsn"]), "").code, Some(2));
    assert_eq!(said(program(&[]), "").code, Some(2));
}

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
    let stranger = "8001: queue 'it': agent '1098' is no user: add them to config.lua, or by \
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
    assert!(said.out.contains(stranger), "{said:?}");
    assert!(!said.out.contains("agent '1099'"), "{said:?}");
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
}
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
fn a_reader_that_has_seen_enough_ends_no_word_in_a_panic() {
    let project = Project::new();
    project.says(&["user", "list"]);
    for (words, code) in [
        (&["user", "list"][..], 0),
        (&["check"], 0),
        (&["check", "--json"], 0),
    ] {
        assert_eq!(
            unread(&project, words),
            (Some(code), String::new()),
            "{words:?}"
        );
    }

    project.write("config.lua", "return { a = 1 }\n");
    assert_eq!(unread(&project, &["check"]), (Some(1), String::new()));
}

/// How a word ends when nobody reads what it prints, and what it complains of.
fn unread(project: &Project, words: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program(words);
    command
        .arg("--config")
        .arg(project.0.join("config.lua"))
        .arg("--data")
        .arg(project.0.join("data"))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), complaint)
}

#[test]
fn check_needs_no_records_and_leaves_none() {
    let project = Project::new();

    project.says(&["check"]);

    assert!(!project.0.join("data").exists());
}

#[test]
fn a_wrong_setting_is_told_with_its_line_and_a_suggestion_by_each_word_that_reads_it() {
    let project = Project::new();
    project.write("config.lua", "return {\n  tennants = {},\n}\n");
    let sentence = "config.lua:2: tennants: unknown setting 'tennants' (did you mean 'tenants'?)";

    for words in [
        &["check"][..],
        &["run"],
        &["user", "list"],
        &["trace", "last"],
    ] {
        let said = project.says(words);

        assert_eq!(said.code, Some(1), "{words:?}");
        let text = format!("{}{}", said.out, said.err);
        assert!(text.contains(sentence), "{words:?}: {text}");
    }
}

#[test]
fn a_missing_configuration_is_told_with_its_path() {
    let project = Project::new();
    fs::remove_file(project.0.join("config.lua")).unwrap();

    let said = project.says(&["check"]);

    assert_eq!(said.code, Some(1));
    let path = project.0.join("config.lua");
    assert!(said.out.contains(&path.display().to_string()), "{said:?}");
}

#[test]
fn without_an_exchange_status_and_reload_say_how_to_start_one() {
    let project = Project::new();

    for word in ["status", "reload"] {
        let said = project.says(&[word, "--json"]);

        assert_eq!(said.code, Some(1));
        assert_eq!(said.out, "");
        assert!(
            said.err.contains("start one with `moonswitch run"),
            "{said:?}"
        );
    }
}

#[test]
fn users_are_added_listed_given_another_password_and_removed() {
    let project = Project::new();

    let added = project.hears(
        &["user", "add", "1052", "--name", "新人"],
        "correct horse\n",
    );
    assert_eq!(added.code, Some(0), "{added:?}");
    let twice = project.hears(&["user", "add", "1052"], "correct horse\n");
    assert_eq!(twice.code, Some(1));
    assert!(twice.err.contains("user passwd 1052"), "{twice:?}");
    let changed = project.hears(&["user", "passwd", "1052"], "battery staple\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");

    let listed = project.says(&["user", "list", "--json"]).json();
    let new = serde_json::json!({
        "extension": "1052", "name": "新人", "context": "internal", "from": "the records",
    });
    assert!(listed.as_array().unwrap().contains(&new), "{listed}");
    assert!(!listed.to_string().contains("horse"), "{listed}");

    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(0));
    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(1));
    let listed = project.says(&["user", "list"]);
    assert!(!listed.out.contains("1052"), "{listed:?}");
}

#[test]
fn what_cannot_be_a_user_is_refused_with_what_to_do() {
    let project = Project::new();

    for (words, input, sentence) in [
        (&["user", "add", "1052"][..], "short\n", "take a longer one"),
        (
            &["user", "add", "1049"],
            "correct horse\n",
            "in config.lua: change it there",
        ),
        (
            &["user", "add", "10 52"],
            "correct horse\n",
            "only letters and digits",
        ),
        (
            &["user", "passwd", "1060"],
            "correct horse\n",
            "`moonswitch user add 1060`",
        ),
        (
            &["user", "add", "1052", "--tenant", "8010"],
            "correct horse\n",
            "no tenant '8010' in config.lua (did you mean '8001'?)",
        ),
        (
            &["user", "add", "1052", "--context", "interal"],
            "correct horse\n",
            "the scripts of 8001 declare no context 'interal' (did you mean 'internal'?): they have internal",
        ),
        (
            &["user", "add", "10521053"],
            "10521053\n",
            "everybody tries the extension first",
        ),
    ] {
        let said = project.hears(words, input);

        assert_eq!(said.code, Some(1), "{words:?}");
        assert!(said.err.contains(sentence), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_context_that_nobody_can_know_is_taken_with_a_warning() {
    let project = Project::new();
    project.write("scripts/8001/init.lua", "oops oops\n");

    let added = project.hears(
        &["user", "add", "1052", "--context", "sales"],
        "correct horse\n",
    );

    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(
        added
            .err
            .contains("nobody knows whether they have a context 'sales'")
    );
}

#[test]
fn a_forgotten_pin_is_changed_or_chosen_anew() {
    let project = Project::new();
    let pin = || {
        let store = moonswitch::open_store(&project.0.join("data")).unwrap();
        let row = store.mailbox("8001", "1049").wait().unwrap();
        row.and_then(|row| row.pin)
    };

    let changed = project.hears(&["user", "pin", "1049"], "2580\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");
    assert_eq!(pin(), Some(store::Secret::new("2580")));
    let poor = project.hears(&["user", "pin", "1049"], "1234\n");
    assert_eq!(poor.code, Some(1));
    assert!(poor.err.contains("anybody would guess that"), "{poor:?}");
    let nobody = project.hears(&["user", "pin", "1094"], "2580\n");
    assert!(nobody.err.contains("no user and no mailbox"), "{nobody:?}");
    let reset = project.says(&["user", "pin", "1049", "--reset"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    assert_eq!(pin(), None);
}

#[test]
fn words_that_read_make_no_records() {
    let project = Project::new();

    let traced = project.says(&["trace", "last"]);
    assert_eq!(traced.code, Some(1));
    let data = project.0.join("data");
    let sentence = format!("there are no records in {}", data.display());
    assert!(traced.err.contains(&sentence), "{traced:?}");
    assert_eq!(project.says(&["user", "list"]).code, Some(0));
    assert_eq!(project.says(&["user", "delete", "1052"]).code, Some(1));
    let changed = project.hears(&["user", "passwd", "1052"], "correct horse\n");
    assert_eq!(changed.code, Some(1));

    assert!(!data.exists());
}

#[test]
fn a_call_that_is_not_there_cannot_be_traced() {
    let project = Project::new();
    let store = moonswitch::open_store(&project.0.join("data")).unwrap();

    let nothing = project.says(&["trace", "last"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.err.contains("no calls yet"), "{nothing:?}");

    store.begin_call(call_from("1049", 1)).wait().unwrap();
    for (call, sentence) in [
        ("zzzz", "no call 'zzzz' among the newest 1000"),
        (
            "019aad7c-0000-7000-8000-000000000000",
            "no call '019aad7c-0000-7000-8000-000000000000' in the records",
        ),
    ] {
        let said = project.says(&["trace", call]);

        assert_eq!(said.code, Some(1));
        assert!(said.err.contains(sentence), "{said:?}");
    }
}

#[test]
fn a_part_of_an_id_that_fits_several_calls_shows_five_of_them() {
    let project = Project::new();
    let store = moonswitch::open_store(&project.0.join("data")).unwrap();
    for number in 1..=7 {
        store
            .begin_call(call_from(&format!("104{number}"), number))
            .wait()
            .unwrap();
    }

    for part in ["", "019aad7c"] {
        let said = project.says(&["trace", part]);

        assert_eq!(said.code, Some(1));
        assert!(
            said.err.contains(&format!("'{part}' fits several calls")),
            "{said:?}"
        );
        let newest = "019aad7c-0000-7000-8000-000000000007  1047 to 1050";
        assert!(said.err.contains(newest), "{said:?}");
        assert_eq!(said.err.matches(" to 1050").count(), 5, "{said:?}");
        assert!(said.err.contains("and 2 more"), "{said:?}");
    }
    for part in ["000000000003", "last"] {
        let said = project.says(&["trace", part]);

        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains(" to 1050, context internal"), "{said:?}");
    }
    assert!(project.says(&["trace", "last"]).out.contains("1047 to"));
}

/// A call that began, the so-manieth.
fn call_from(number: &str, place: i64) -> store::CallBegin {
    store::CallBegin {
        id: format!("019aad7c-0000-7000-8000-00000000000{place}")
            .parse()
            .unwrap(),
        tenant: "8001".to_owned(),
        node: "local".to_owned(),
        direction: store::Direction::Internal,
        from_raw: number.to_owned(),
        from_number: None,
        from_name: None,
        to: "1050".to_owned(),
        context: "internal".to_owned(),
        user: None,
        trunk_in: None,
        generation: None,
        started_at: place,
    }
}

const CONFIG: &str = "return {
  sip = { listen = { \"udp:127.0.0.1:0\" } },
  tenants = {
    [\"8001\"] = { users = { [\"1049\"] = { name = \"温平\", password = \"demo-1049\" } } },
  },
}
";
