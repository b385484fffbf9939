//! The plugin `tickets` as it is shipped, with a real receiver on loopback.

use std::net::TcpListener;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{JobState, MessageRow, Store};
use uuid::Uuid;

use super::events;
use super::jobs::{advance, jobs, until_waits_after};
use super::sink::{Request, Sink};
use super::{dialplan, with};
use crate::support::{Project, Setting, until};

const SECRET: &[u8] = b"a secret of thirty-two octets !!";

/// A project with the shipped plugin, sending to this URL, which is allowed.
fn project(url: &str) -> Project {
    let shipped = |file: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/tickets");
        std::fs::read_to_string(root.join(file)).unwrap()
    };
    let files = [
        ("plugins/tickets/plugin.lua", &*shipped("plugin.lua")),
        ("plugins/tickets/init.lua", &shipped("init.lua")),
        ("scripts/8001/init.lua", &dialplan("")),
    ];
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    let settings = json!({ "url": url, "secret": secret });
    let before = |store: &store::Sqlite| {
        let allowed = json!({
            "http_client": ["config.url"], "private_hosts": ["config.url"],
            "events": ["call.ended", "voicemail.recorded"], "jobs": true, "store": true,
        });
        store.put_grant("8001", "tickets", allowed).wait().unwrap();
    };
    let project = Project::new(
        &files,
        Setting {
            before: Some(Box::new(before)),
            ..with(vec![("tickets", settings)])
        },
    );
    assert_eq!(
        project.scripts.status().tenants[0].generation,
        Some(1),
        "{:?}",
        project.report
    );
    project
}

/// Waits until a missed call is no event any more, but a job.
fn missed(project: &Project, id: u128) {
    let id = Uuid::from_u128(id);
    project
        .store
        .finish_call(events::missed(id))
        .wait()
        .unwrap();
    until(|| {
        let all = project.store.jobs("8001", None).wait().unwrap();
        all.iter().all(|row| row.job.name == "deliver")
    });
}

/// Webhooks that are done.
fn delivered(project: &Project) -> usize {
    let done = jobs(project, JobState::Done).into_iter();
    done.filter(|row| row.job.name == "deliver").count()
}

/// Checks the signature as a receiver would.
fn verified(request: &Request) -> Value {
    let signed = format!(
        "{}.{}.{}",
        request.header("webhook-id"),
        request.header("webhook-timestamp"),
        request.body
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), expected);
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn a_receiver_that_is_down_for_ten_minutes_gets_each_missed_call_once() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let project = project(&format!("http://{address}/hook"));

    missed(&project, 1);
    let waiting = until_waits_after(&project, 1);
    assert!(
        waiting
            .last_error
            .unwrap()
            .contains("127.0.0.1 is not reached")
    );
    for (attempt, seconds) in [(2, 5), (3, 300)] {
        advance(&project, seconds);
        until_waits_after(&project, attempt);
    }
    let sink = Sink::at(address, &[204]);
    // Told of once more meanwhile, as after a crash.
    missed(&project, 1);
    advance(&project, 1_800);

    let event = verified(&sink.next());
    assert_eq!(event["type"], "call.missed");
    assert_eq!(
        event["timestamp"], "2027-01-15T16:00:00+08:00",
        "when it happened"
    );
    assert_eq!(
        (&event["data"]["call"], &event["data"]["to"]),
        (&json!(Uuid::from_u128(1)), &json!("4001234567"))
    );
    until(|| delivered(&project) == 1);
    missed(&project, 1);
    missed(&project, 2);
    let second = Uuid::from_u128(2).to_string();
    assert_eq!(verified(&sink.next())["data"]["call"], second);
    until(|| delivered(&project) == 2);
    assert_eq!(sink.count(), 2, "one for each call");
    assert_eq!(project.store.jobs("8001", None).wait().unwrap(), []);
}

#[test]
fn an_answer_that_is_no_success_is_tried_again_with_the_same_id_and_a_new_time() {
    let sink = Sink::start(&[500, 302, 200]);
    let project = project(&sink.url());

    missed(&project, 1);
    let first = sink.next();
    until_waits_after(&project, 1);
    advance(&project, 5);
    let second = sink.next();
    let waiting = until_waits_after(&project, 2);
    assert!(
        waiting.last_error.unwrap().contains("answered 302"),
        "a redirect is none"
    );
    advance(&project, 300);
    let third = sink.next();

    until(|| delivered(&project) == 1);
    for request in [&first, &second, &third] {
        verified(request);
        assert_eq!(request.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(request.body, first.body);
    }
    let time = |request: &Request| request.header("webhook-timestamp").parse::<i64>().unwrap();
    assert_eq!(time(&third) - time(&first), 305);
}

#[test]
fn a_receiver_that_is_gone_for_good_gets_nothing_more() {
    let sink = Sink::start(&[410]);
    let project = project(&sink.url());

    missed(&project, 1);
    sink.next();
    until(|| delivered(&project) == 1);
    missed(&project, 2);
    until(|| delivered(&project) == 2);

    assert_eq!(sink.count(), 1);
}

#[test]
fn messages_are_told_of_and_answered_calls_are_not() {
    let sink = Sink::start(&[200]);
    let project = project(&sink.url());
    let mut answered = events::missed(Uuid::from_u128(1));
    answered.end.result = "answered".to_owned();
    project.store.finish_call(answered).wait().unwrap();
    let message = MessageRow {
        id: Uuid::from_u128(2),
        tenant: "8001".to_owned(),
        mailbox: "8000".to_owned(),
        recording: Uuid::from_u128(3),
        call_id: Some(Uuid::from_u128(1)),
        from: Some("+8613800138000".to_owned()),
        left_at: 1_800_000_000_000_000,
        duration: 7_500_000,
        urgent: true,
        heard_at: None,
        deleted_at: None,
        assigned_to: None,
    };

    project.store.leave_message(message).wait().unwrap();

    let event = verified(&sink.next());
    assert_eq!(event["type"], "voicemail.recorded");
    assert_eq!(event["data"]["urgent"], true);
    until(|| delivered(&project) == 1);
    assert_eq!(sink.count(), 1);
}
