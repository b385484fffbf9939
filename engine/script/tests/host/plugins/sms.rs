//! The plugin `sms` as it is shipped, with a real provider on loopback.

use std::net::TcpListener;

use script::{Clock, Door, Guard};
use serde_json::{Value, json};
use store::{JobState, NewJob, Store};
use uuid::Uuid;

use super::dialplan;
use super::jobs::{advance, jobs, until_waits_after};
use super::shipped::{self, ask};
use super::sink::{Says, Sink};
use crate::support::{Project, until};

const TOKEN: &str = "a-token-of-some-length";

fn project(url: &str) -> Project {
    let settings = json!({ "url": url, "token": TOKEN, "signature": "云桥" });
    shipped::project(vec![("sms", settings)], &dialplan(""))
}

fn send(project: &Project, text: &str) -> (u16, Value) {
    let wanted = json!({ "to": "13900139000", "text": text });
    ask(project, "POST", "/sms", &wanted)
}

fn newest(project: &Project) -> Value {
    let (_, listed) = ask(project, "GET", "/sms", &Value::Null);
    listed["messages"][0].clone()
}

#[test]
fn a_provider_that_is_down_for_ten_minutes_gets_each_message_once() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let project = project(&format!("http://{address}"));

    assert_eq!(send(&project, "您好").0, 202);
    until_waits_after(&project, 1);
    for (attempt, seconds) in [(2, 5), (3, 30), (4, 120)] {
        advance(&project, seconds);
        until_waits_after(&project, attempt);
    }
    let said = Says::status(201).with_json(&json!({ "id": "p7" }));
    let sink = Sink::saying(address, vec![said]);
    advance(&project, 600);

    let request = sink.next();
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        (request.path.as_str(), &body["text"]),
        ("/messages", &json!("【云桥】您好"))
    );
    assert_eq!(request.header("authorization"), format!("Bearer {TOKEN}"));
    until(|| newest(&project)["state"] == "sent");
    until(|| jobs(&project, JobState::Done).len() == 1);
    let done = jobs(&project, JobState::Done).remove(0);
    assert_eq!(request.header("idempotency-key"), done.job.id.to_string());
    assert_eq!(newest(&project)["theirs"], "p7");
    assert_eq!(sink.count(), 1);
    advance(&project, 86_400);
    assert_eq!(jobs(&project, JobState::Waiting), []);
}

#[test]
fn a_provider_that_wants_a_rest_has_it_from_all_messages() {
    let busy = Says::status(429).with_headers("Retry-After: 120\r\n");
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), vec![busy, Says::status(201)]);
    let project = project(&sink.url());
    let put_off = || {
        let waiting = jobs(&project, JobState::Waiting).into_iter();
        waiting.filter(|row| row.last_error.is_some()).count()
    };

    send(&project, "one");
    until(|| put_off() == 1);
    send(&project, "two");
    until(|| put_off() == 2);
    assert_eq!(sink.count(), 1);
    advance(&project, 121);

    until(|| jobs(&project, JobState::Done).len() == 2);
    assert_eq!(sink.count(), 3);
}

#[test]
fn only_the_provider_may_tell_what_has_come() {
    let project = project("http://127.0.0.1:1");

    for path in ["/sms/incoming", "/sms/receipts"] {
        let Door::Route(route) = project.scripts.door(&"8001".into(), "POST", path) else {
            panic!("nothing is at {path}");
        };
        assert_eq!(*route.guard(), Guard::Bearer(vec![TOKEN.to_owned()]));
    }
    let Door::Route(route) = project.scripts.door(&"8001".into(), "POST", "/sms") else {
        panic!("nothing is at /sms");
    };
    assert_eq!(*route.guard(), Guard::Token);
}

#[test]
fn a_message_that_a_wrong_token_kept_is_sent_when_its_job_is_done_again() {
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), vec![Says::status(401)]);
    let project = project(&sink.url());
    send(&project, "您好");
    for (attempt, seconds) in (1..).zip([5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200]) {
        until_waits_after(&project, attempt);
        advance(&project, seconds);
    }
    until(|| jobs(&project, JobState::Failed).len() == 1);
    let failed = jobs(&project, JobState::Failed).remove(0);
    let why = failed.last_error.unwrap();
    assert!(why.ends_with("the provider answered 401"), "{why}");
    assert_eq!(newest(&project)["state"], "failed");
    let keys = sink.next().header("idempotency-key").to_owned();

    sink.will_say(Says::status(201));
    let now = project.clock.unix_micros();
    let retried = project.store.retry_job("8001", failed.job.id, now);
    assert!(retried.wait().unwrap());
    project.scripts.jobs_are_due();

    until(|| newest(&project)["state"] == "sent");
    assert_eq!(newest(&project)["error"], Value::Null);
    let last = (1..sink.count()).map(|_| sink.next()).last().unwrap();
    assert_eq!(last.header("idempotency-key"), keys);
}

#[test]
fn a_job_that_runs_twice_sends_nothing_twice() {
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), vec![Says::status(201)]);
    let project = project(&sink.url());
    send(&project, "您好");
    until(|| jobs(&project, JobState::Done).len() == 1);
    let done = jobs(&project, JobState::Done).remove(0);

    let again = NewJob {
        id: Uuid::now_v7(),
        key: Some("again".to_owned()),
        ..done.job
    };
    assert!(project.store.add_job(again).wait().unwrap());
    project.scripts.jobs_are_due();

    until(|| jobs(&project, JobState::Done).len() == 2);
    assert_eq!(sink.count(), 1);
}
