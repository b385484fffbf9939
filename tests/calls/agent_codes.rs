//! Agents log in and out and change their states from their phones, with the codes of the demo
//! exchange.

use std::time::Duration;

use store::QueueLogFilter;

use crate::support::{Exchange, Setup, eventually, pilot};

#[test]
fn an_agents_day_by_phone_is_spoken_and_logged() {
    let exchange = Exchange::start(Setup::default());
    let [a1] = exchange.phones(["1049"]);

    let said = exchange.said_to(&a1, "*47", &[]);
    assert_eq!(said[..2], ["agent/state-is", "agent/state-logged-out"]);
    assert_eq!(
        exchange.said_to(&a1, "*23", &[]),
        ["agent/not-logged-in"],
        "*22 comes first"
    );
    exchange.logs_in(&a1);
    // Again, and nothing changes.
    let said = exchange.said_to(&a1, "*22", &[]);
    assert_eq!(said, ["agent/login-ok", "agent/state-busy"]);
    assert_eq!(
        exchange.said_to(&a1, "*23", &[]),
        ["agent/idle-ok", "agent/waiting-nobody"]
    );
    assert_eq!(
        exchange.said_to(&a1, "*242", &[]),
        ["agent/busy-ok", "agent/reason-meeting"]
    );
    assert_eq!(
        exchange.said_to(&a1, "*47", &[]),
        [
            "agent/state-is",
            "agent/state-busy",
            "agent/reason-meeting",
            "agent/lasted-moment",
            "agent/waiting-nobody",
            "agent/answered-today",
            "0",
            "agent/called-today",
            "0"
        ]
    );
    assert_eq!(exchange.said_to(&a1, "*25", &[]), ["agent/not-in-wrap-up"]);
    assert_eq!(exchange.said_to(&a1, "*20", &[]), ["agent/logout-ok"]);

    assert_eq!(
        exchange.states("1049"),
        [
            "busy login agent",
            "idle  agent",
            "busy meeting agent",
            "logged_out  agent"
        ]
    );
}

#[test]
fn a_wrong_pin_logs_nobody_in() {
    let exchange = Exchange::start(Setup::default());
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*20", &[]);

    let said = exchange.said_to(&a1, "*22", &["1111", "2222", "3333"]);

    assert_eq!(said, ["agent/failed"]);
    assert_eq!(exchange.states("1049").last().unwrap(), "logged_out  agent");
}

#[test]
fn in_a_call_nobody_logs_out_and_a_press_applies_after_it() {
    let exchange = Exchange::start(Setup::default());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    exchange.logs_in(&a1);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    assert_eq!(exchange.said_to(&a1, "*20", &[]), ["agent/in-call"]);
    assert_eq!(
        exchange.said_to(&a1, "*23", &[]),
        ["agent/idle-ok", "agent/after-call", "agent/waiting-nobody"]
    );
    assert_eq!(
        exchange.states("1049"),
        ["busy login agent", "calling  engine", "internal  engine"]
    );
    rung.hangs_up();
    call.is_over_within(Duration::from_secs(15));

    eventually("the press to apply", || {
        (exchange.states("1049").last()? == "idle  engine").then_some(())
    });
}

#[test]
fn who_serves_no_queue_is_no_agent() {
    let exchange = Exchange::start(Setup::default());
    let [leader] = exchange.phones(["1001"]);

    assert_eq!(
        exchange.said_to(&leader, "*22", &[]),
        ["agent/not-an-agent"]
    );
}

/// The demo exchange, whose agents may be without a phone for so many seconds.
fn exchange_with_patience(grace: u32, logout: u32) -> Exchange {
    let usual = Setup::default();
    let agents = format!("agents = {{ lost_grace = {grace}, lost_logout = {logout} }},");
    Exchange::start(Setup {
        tenant: format!("{} {agents}", usual.tenant),
        ..usual
    })
}

#[test]
fn a_phone_that_is_gone_makes_its_agent_busy_and_then_logs_them_out() {
    let exchange = exchange_with_patience(1, 2);
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*23", &[]);

    a1.unregisters();

    eventually("the agent to be logged out", || {
        let states = exchange.states("1049");
        (states.last()? == "logged_out  engine").then_some(())
    });
    assert_eq!(
        exchange.states("1049"),
        [
            "busy login agent",
            "idle  agent",
            "busy lost engine",
            "logged_out  engine"
        ]
    );
}

#[test]
fn a_phone_that_is_back_in_time_was_never_gone() {
    let exchange = exchange_with_patience(600, 1_200);
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    exchange.said_to(&a1, "*23", &[]);

    a1.unregisters();
    let said = exchange.said_to(&a1, "*47", &[]);
    a1.registers();

    assert_eq!(said[..2], ["agent/state-is", "agent/state-idle"]);
    let phones = eventually("the phone in the log", || {
        let filter = QueueLogFilter {
            kind: Some("phone".into()),
            ..QueueLogFilter::default()
        };
        let lines = exchange.store().queue_log("8001", filter).wait().unwrap();
        let answers = lines.iter().rev().map(|line| line.reachable.unwrap());
        let answers: Vec<bool> = answers.collect();
        answers.ends_with(&[false, true]).then_some(answers)
    });
    assert_eq!(phones[phones.len() - 2..], [false, true]);
    assert_eq!(exchange.states("1049"), ["busy login agent", "idle  agent"]);
}
