//! The plugin `tickets` as it is shipped, with a real receiver on loopback.

use std::net::TcpListener;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use script::{Door, Guard};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{JobState, Store};
use uuid::Uuid;

use super::dialplan;
use super::events;
use super::jobs::{advance, jobs, until_waits_after};
use super::messages::message;
use super::shipped::{self, ask};
use super::sink::{Request, Says, Sink};
use crate::support::{Folder, Project, Setting, until};

const SECRET: &[u8] = b"a secret of thirty-two octets !!";
const TOKEN: &str = "a-token-of-some-length";

/// A project with the shipped plugin, sending to this URL, which is allowed.
fn project(url: &str) -> Project {
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    let settings = json!({ "url": url, "secret": secret, "token": TOKEN });
    shipped::project(vec![("tickets", settings)], &dialplan(""))
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

/// How many jobs wait for such a reason.
fn is_put_off(project: &Project, why: &str) -> usize {
    let waiting = jobs(project, JobState::Waiting).into_iter();
    let so = |error: Option<String>| error.is_some_and(|error| error.contains(why));
    waiting.filter(|row| so(row.last_error.clone())).count()
}

/// Checks the signature as a receiver would.
fn verified(request: &Request) -> Value {
    assert_eq!(
        request.header("webhook-signature"),
        signature(request, SECRET)
    );
    serde_json::from_str(&request.body).unwrap()
}

/// What a request has to be signed with.
fn signature(request: &Request, secret: &[u8]) -> String {
    let signed = format!(
        "{}.{}.{}",
        request.header("webhook-id"),
        request.header("webhook-timestamp"),
        request.body
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
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
fn while_the_receiver_changes_its_secret_both_sign() {
    let sink = Sink::start(&[204]);
    let (new, old) = ("sixteen or more letters", "the sixteen from before");
    let settings = json!({ "url": sink.url(), "secret": new, "old_secret": old });
    let project = shipped::project(vec![("tickets", settings)], &dialplan(""));

    missed(&project, 1);

    let request = sink.next();
    let signatures = request.header("webhook-signature").split(' ');
    let expected = [new, old].map(|secret| signature(&request, secret.as_bytes()));
    assert_eq!(signatures.collect::<Vec<_>>(), expected);
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
fn who_wants_a_rest_is_left_alone_by_all_events_and_loses_none() {
    let busy = Says::status(429).with_headers("Retry-After: 120\r\n");
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), vec![busy, Says::status(200)]);
    let project = project(&sink.url());

    missed(&project, 1);
    let first = sink.next();
    until(|| is_put_off(&project, "answered 429") == 1);
    missed(&project, 2);
    until(|| is_put_off(&project, "wants a rest") == 1);
    advance(&project, 119);
    assert_eq!(
        sink.count(),
        1,
        "nobody asks before the two minutes are over"
    );
    advance(&project, 2);

    until(|| delivered(&project) == 2);
    let (second, third) = (sink.next(), sink.next());
    let ids = [&second, &third].map(|request| request.header("webhook-id").to_owned());
    assert!(ids.contains(&first.header("webhook-id").to_owned()));
    assert_eq!(sink.count(), 3);
    let jobs = jobs(&project, JobState::Done);
    assert!(
        jobs.iter().all(|row| row.attempts <= 1),
        "a rest is no failure"
    );
}

#[test]
fn the_events_of_one_ticket_come_in_their_order_and_again_when_they_are_asked_for() {
    let named = Says::status(201).with_json(&json!({ "key": "SUP-7", "url": "https://desk/7" }));
    let down = Says::status(500);
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), vec![down, named]);
    let project = project(&sink.url());
    let call = Uuid::from_u128(1);

    missed(&project, 1);
    sink.next();
    until_waits_after(&project, 1);
    let mut left = message(2);
    left.call_id = Some(call);
    project.store.leave_message(left).wait().unwrap();
    until(|| is_put_off(&project, "call.missed of ticket 202701-00001 comes first") == 1);
    advance(&project, 5);
    let first = sink.next();
    assert_eq!(verified(&first)["type"], "call.missed");
    advance(&project, 60);
    let second = sink.next();
    assert_eq!(verified(&second)["type"], "voicemail.recorded");
    assert_eq!(verified(&second)["data"]["ticket"], "202701-00001");
    until(|| delivered(&project) == 2);

    let (status, ticket) = ask(&project, "GET", &format!("/tickets/{call}"), &Value::Null);
    assert_eq!((status, &ticket["key"]), (200, &json!("SUP-7")));
    let states = ticket["events"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|it| (&it["state"], &it["attempts"])).collect();
    let delivered_at = |attempt| (json!("delivered"), json!(attempt));
    let expected = [delivered_at(2), delivered_at(1)];
    assert_eq!(states, expected.each_ref().map(|(a, b)| (a, b)));

    let replay = ask(
        &project,
        "POST",
        "/tickets/202701-00001/replay",
        &Value::Null,
    );
    assert_eq!(replay, (202, json!({ "replayed": 2 })));
    let again = sink.next();
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    // The second waits for the first, unless it comes after it by itself.
    until(|| {
        if is_put_off(&project, "comes first") > 0 {
            advance(&project, 2);
        }
        sink.count() == 5
    });
    assert_eq!(
        sink.next().header("webhook-id"),
        second.header("webhook-id")
    );
}

#[test]
fn what_happened_before_there_was_a_url_holds_up_nothing_and_is_told_when_it_is_replayed() {
    let tables = Folder::new();
    let with_tables = |settings: Value| {
        let setting = Setting {
            databases: Some(tables.path().to_owned()),
            ..Setting::default()
        };
        shipped::project_with(vec![("tickets", settings)], &dialplan(""), setting)
    };
    let call = Uuid::from_u128(1);
    let ticket = format!("/tickets/{call}");
    {
        let project = with_tables(json!({}));
        let missed = project.store.finish_call(events::missed(call));
        missed.wait().unwrap();
        until(|| ask(&project, "GET", &ticket, &Value::Null).0 == 200);
        let (_, ticket) = ask(&project, "GET", &ticket, &Value::Null);
        assert_eq!(ticket["events"][0]["state"], "untold");
    }
    let sink = Sink::start(&[204]);
    let project = with_tables(json!({ "url": sink.url(), "secret": "sixteen or more letters" }));

    let mut left = message(2);
    left.call_id = Some(call);
    project.store.leave_message(left).wait().unwrap();
    assert!(sink.next().body.contains("voicemail.recorded"));
    until(|| delivered(&project) == 1);
    let replay = "/tickets/202701-00001/replay";
    assert_eq!(ask(&project, "POST", replay, &Value::Null).0, 202);
    assert!(sink.next().body.contains("call.missed"));
}

#[test]
fn the_ticket_system_says_what_has_become_of_a_ticket() {
    let sink = Sink::start(&[200]);
    let project = project(&sink.url());
    missed(&project, 1);
    until(|| delivered(&project) == 1);
    let path = "/tickets/202701-00001";

    let said = json!({ "state": "closed", "assigned_to": "1049" });
    let (status, ticket) = ask(&project, "POST", path, &said);

    assert_eq!((status, &ticket["state"]), (200, &json!("closed")));
    let open = ask(&project, "GET", "/tickets?state=open", &Value::Null);
    assert_eq!(open, (200, json!({ "tickets": [] })));
    let wrong = ask(&project, "POST", path, &json!({ "state": 7 }));
    assert_eq!(wrong.0, 400);
    let nobody = ask(&project, "POST", "/tickets/202701-00009", &said);
    assert_eq!(nobody.0, 404);
    let Door::Route(route) = project.scripts.door(&"8001".into(), "POST", path) else {
        panic!("no route");
    };
    assert_eq!(*route.guard(), Guard::Bearer(vec![TOKEN.to_owned()]));
}

#[test]
fn messages_are_told_of_and_answered_calls_are_not() {
    let sink = Sink::start(&[200]);
    let project = project(&sink.url());
    let mut answered = events::missed(Uuid::from_u128(1));
    answered.end.result = "answered".to_owned();
    project.store.finish_call(answered).wait().unwrap();

    project.store.leave_message(message(2)).wait().unwrap();

    let event = verified(&sink.next());
    assert_eq!(event["type"], "voicemail.recorded");
    assert_eq!(event["data"]["urgent"], true);
    until(|| delivered(&project) == 1);
    assert_eq!(sink.count(), 1);
}
