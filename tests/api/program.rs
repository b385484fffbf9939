//! Tokens on the command line of the program itself.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, eventually, pilot};

#[test]
fn a_token_is_made_listed_and_taken_back_on_the_command_line_and_counts_at_once() {
    let exchange = Exchange::start_program(Setup::ringing().with_http());

    let made = says(
        &exchange,
        &["token", "add", "crm", "--scope", "calls:read,users:read"],
    );
    let token = made.trim();
    let api = Api::with_token(&exchange, token);
    assert!(api.items("/calls").is_empty());
    assert_eq!(api.items("/users").len(), 4);
    assert_eq!(api.asks("GET", "/recordings", &[]).status, 403);
    assert_eq!(api.asks("POST", "/scripts/reload", &[]).status, 403);

    let listed = says(&exchange, &["token", "list"]);
    assert!(
        listed.contains("crm") && listed.contains("calls:read users:read"),
        "{listed}"
    );
    assert!(!listed.contains(token), "a token is shown once");
    let json: Value = serde_json::from_str(&says(&exchange, &["token", "list", "--json"])).unwrap();
    let id = json[0]["id"].as_str().unwrap();
    assert!(token.contains(id));
    let file = std::fs::read(exchange.data().join("moonswitch.db")).unwrap();
    let log = std::fs::read(exchange.data().join("moonswitch.db-wal")).unwrap_or_default();
    for kept in [file, log] {
        let secret = token.rsplit('_').next().unwrap().as_bytes();
        assert!(
            !kept.windows(secret.len()).any(|part| part == secret),
            "only its hash is kept"
        );
    }

    says(&exchange, &["token", "revoke", id]);
    assert_eq!(api.asks("GET", "/calls", &[]).status, 401);
    assert!(says(&exchange, &["token", "list"]).contains("revoked"));
}

#[test]
fn what_is_no_scope_no_name_and_no_token_is_said_to_be_none() {
    let exchange = Exchange::start_program(Setup::ringing());
    for (words, wanted) in [
        (
            &["token", "add", "crm", "--scope", "calls:raed"][..],
            "did you mean",
        ),
        (&["token", "add", "two words", "--scope", "read"], "no name"),
        (&["token", "revoke", "nobody"], "token list"),
        (&["token", "add", "crm"], "--scope"),
    ] {
        let said = run(&exchange, words);
        assert!(!said.status.success(), "{words:?}");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(text.contains(wanted), "{words:?}: {text}");
    }
    let json = says(
        &exchange,
        &[
            "token", "add", "crm", "--scope", "read", "--days", "30", "--json",
        ],
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json["expires_at"].is_string() && json["token"].is_string());
    let scopes = json["scopes"].as_array().unwrap();
    assert!(
        scopes
            .iter()
            .all(|scope| scope.as_str().unwrap().ends_with(":read"))
    );
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let mut setup = Setup::answering("call:bridge(\"user:1049\", { record = true })");
    let queue = "queue \"it\" { agents = { \"1049\" } }\n";
    setup.script.as_mut().unwrap().push_str(queue);
    let exchange = Exchange::start(setup.with_http());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    let api = Api::of(&exchange, "8001");
    eventually("a call that goes on", || {
        api.items("/calls?live=true").pop()
    });

    let [lists, hanging_up, dialling, agents, sound] = readme(&exchange);
    let shown = shell(&exchange, &lists);
    assert!(shown.contains("\"user\":\"1049\""), "{shown}");
    assert!(shown.contains("\"to\":\"4001234567\""), "{shown}");
    let token = lists.lines().take(3).collect::<Vec<_>>().join("\n");
    let ended = shell(&exchange, &format!("{token}\n{hanging_up}"));
    assert!(ended.contains("\"legs\""), "{ended}");
    call.is_hung_up();
    assert_eq!(
        exchange.only_record().call.end.unwrap().ended_by,
        "api:tour"
    );
    shell(&exchange, &format!("{token}\n{dialling}"));
    a1.rings().refuses(486);
    let told = shell(&exchange, &format!("{token}\n{agents}"));
    assert!(told.contains("\"reason\":\"login\""), "{told}");
    assert!(told.contains("\"callers\":[]"), "{told}");
    assert!(told.contains("\"items\":"), "{told}");
    eventually("the recording to be closed", || {
        let recordings = api.items("/recordings");
        recordings.into_iter().find(|one| one["end"].is_object())
    });
    shell(&exchange, &format!("{token}\n{sound}"));
    let begin = std::fs::read(exchange.folder.join("begin.wav")).unwrap();
    assert_eq!((begin.len(), &begin[..4]), (10_000, &b"RIFF"[..]));
}

#[test]
fn the_page_for_integrators_is_so() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    a1.rings().answers();
    call.hears(pilot::A1);
    call.hangs_up();
    exchange.ended_calls(1);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/web/README.md");
    let text = std::fs::read_to_string(page).unwrap();
    // Its user calls a number that the tests' dialplan has.
    let text = text.replace("4001234567", "13800138000");
    let blocks: [String; 7] = blocks(&exchange, &text)
        .into_iter()
        .filter_map(|block| block.strip_prefix("sh\n").map(str::to_owned))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let [token, desk, lists, commands, scripts, errors, figures] = &blocks;

    let users = shell(&exchange, token);
    assert!(users.contains("温平"), "{users}");
    let token = token.lines().take(3).collect::<Vec<_>>().join("\n");
    let run = |commands: &str| shell(&exchange, &format!("{token}\n{commands}"));
    let counted = run(figures);
    for part in ["\"alerts\"", "\"within_ms\"", "\"next\""] {
        assert!(counted.contains(part), "{part} in {counted}");
    }
    let at_desk = run(desk);
    for told in [
        "\"role\":\"leader\"",
        "\"rights\":",
        // Nobody serves a queue in this dialplan.
        "\"code\":\"not_an_agent\"",
    ] {
        assert!(at_desk.contains(told), "{told}: {at_desk}");
    }
    let found = run(lists);
    assert_eq!(
        found.matches("\"result\":\"answered\"").count(),
        2,
        "{found}"
    );
    let made = run(commands).to_lowercase();
    assert_eq!(made.matches("http/1.1 201").count(), 2, "{made}");
    assert_eq!(
        made.matches("idempotency-replayed: true").count(),
        1,
        "{made}"
    );
    a1.rings().refuses(486);
    exchange.ended_calls(2);
    assert_eq!(exchange.records().len(), 2, "the call was made once");
    let shown = run(scripts);
    assert!(shown.contains("\"kept\":[{\"generation\":1"), "{shown}");
    let wrong = run(errors);
    for code in ["wrong_query", "wrong_method", "no_such_user"] {
        assert!(wrong.contains(code), "{code} in {wrong}");
    }
}

/// The README's blocks for programs, at this exchange's address.
fn readme<const N: usize>(exchange: &Exchange) -> [String; N] {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, text) = text.split_once("## For programs").unwrap();
    let (text, _) = text.split_once("\n## ").unwrap();
    blocks(exchange, text).try_into().unwrap()
}

fn blocks(exchange: &Exchange, text: &str) -> Vec<String> {
    let blocks = text.split("```").skip(1).step_by(2).map(|block| {
        let address = exchange.house(1, 8_080).to_string();
        let block = block.replace("127.0.0.1:8080", &address);
        block.replace(
            "./target/release/moonswitch",
            env!("CARGO_BIN_EXE_moonswitch"),
        )
    });
    blocks.collect()
}

/// What a shell says to these commands in the exchange's folder.
fn shell(exchange: &Exchange, commands: &str) -> String {
    let mut bash = Command::new("bash");
    bash.args(["-euc", commands]).current_dir(&exchange.folder);
    let output = bash.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{commands}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn says(exchange: &Exchange, words: &[&str]) -> String {
    let output = run(exchange, words);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(exchange: &Exchange, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_moonswitch"))
        .args(words)
        .arg("--config")
        .arg(exchange.folder.join("config.lua"))
        .arg("--data")
        .arg(exchange.data())
        .output()
        .unwrap()
}
