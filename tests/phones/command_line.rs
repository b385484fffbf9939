//! The program itself: its words on the command line, and its pages.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use crate::support::{Exchange, PATIENCE, Setup, pilot};

#[test]
fn the_program_runs_checks_reloads_and_tells_what_it_does() {
    let exchange = Exchange::start_program(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);

    let status: serde_json::Value =
        serde_json::from_str(&says(&exchange, &["status", "--json"])).unwrap();
    assert_eq!(status["calls"], 1);
    assert_eq!(status["registrations"], 2);
    // It warns of calendars whose next year is not known yet.
    let checked = says(&exchange, &["check"]);
    let is_fine = checked.contains("nothing is wrong") || checked.contains("no errors, 1 warning");
    assert!(is_fine, "{checked}");
    says(&exchange, &["reload"]);
    let trace = says(&exchange, &["trace", "last"]);
    assert!(trace.contains("1050"), "{trace}");

    exchange.write_script("init.lua", "-- Broken.\noops oops\n");
    let checked = run(&exchange, &["check"], "");
    assert!(!checked.status.success());
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("init.lua:2"), "{text}");
    call.hears(pilot::A2);
}

#[test]
fn a_second_exchange_with_the_same_data_is_refused_before_it_does_harm() {
    let exchange = Exchange::start_program(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);

    let second = run(&exchange, &["run"], "");

    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains("another exchange runs"), "{text}");
    assert!(exchange.records()[0].end.is_none());
    call.hears(pilot::A2);
    call.hangs_up();
    assert_eq!(exchange.only_record().call.end.unwrap().result, "answered");
}

#[test]
fn a_user_that_is_added_on_the_command_line_registers_at_once() {
    let exchange = Exchange::start_program(Setup::ringing());
    let [a1] = exchange.phones(["1049"]);
    let new = exchange.phone_with("1052", |manner| {
        manner.password = Some("correct horse".to_owned())
    });
    assert_eq!(new.tries_to_register(PATIENCE), Some(401));

    for known in ["demo-1052\n", "short\n"] {
        let refused = run(&exchange, &["user", "add", "1052"], known);
        assert!(!refused.status.success());
    }
    let added = run(
        &exchange,
        &["user", "add", "1052", "--name", "新人"],
        "correct horse\n",
    );
    assert!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );

    new.registers();
    let call = a1.dials("1052");
    new.rings().answers();
    call.is_answered();
    assert!(says(&exchange, &["user", "list"]).contains("1052"));
}

#[test]
fn demo_passwords_are_refused_on_any_address_but_loopback() {
    let mut exchange = Exchange::start(Setup::ringing());
    exchange.stop();
    let config = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    let address = exchange.address().to_string();
    std::fs::write(
        &config,
        text.replace(&format!("udp:{address}"), "udp:0.0.0.0:5999"),
    )
    .unwrap();

    let started = run(&exchange, &["run"], "");

    assert!(!started.status.success());
    let text = String::from_utf8_lossy(&started.stderr).into_owned();
    assert!(text.contains("demo"), "{text}");
}

#[test]
fn health_readiness_and_metrics_are_served_while_calls_run() {
    let exchange = Exchange::start(Setup {
        more: "http = { listen = \"EXCHANGE:8080\" },".to_owned(),
        ..Setup::ringing()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);

    assert!(page(&exchange, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(page(&exchange, "/readyz").starts_with("HTTP/1.1 200"));
    crate::support::eventually("one call in the metrics", || {
        let metrics = page(&exchange, "/metrics");
        metrics
            .lines()
            .any(|line| line.contains("calls") && line.ends_with(" 1"))
            .then_some(())
    });
}

fn page(exchange: &Exchange, path: &str) -> String {
    let mut stream = TcpStream::connect(exchange.house(1, 8_080)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// What the program answers to some words.
fn says(exchange: &Exchange, words: &[&str]) -> String {
    let output = run(exchange, words, "");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(exchange: &Exchange, words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_moonswitch"))
        .args(words)
        .arg("--config")
        .arg(exchange.folder.join("config.lua"))
        .arg("--data")
        .arg(exchange.data())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
