//! The plugin `voicemail` as it is shipped, with a real receiver, a real provider of text messages
//! and a real relay on loopback.

use std::net::{SocketAddr, TcpListener};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use script::{Door, Guard};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{JobState, LegRow, NewJob, RecordingEnd, RecordingRow, Store};
use uuid::Uuid;

use super::events;
use super::jobs::{advance, jobs};
use super::mail::smtp;
use super::messages::message;
use super::relay::{Relay, attached, header};
use super::shipped::{self, ask};
use super::sink::{Request, Says, Sink};
use super::{dialplan, refused};
use crate::support::{Project, Setting, until};

const SECRET: &str = "a secret of some length";

/// Where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A project whose hotline's messages are told to these.
fn project(webhook: &str, more: Value, dialplan: &str, relay: u16) -> Project {
    let mut settings = json!({ "webhook": webhook, "secret": SECRET });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    let provider = settings["provider"]
        .as_str()
        .unwrap_or("http://127.0.0.1:1");
    let sms = json!({ "url": provider, "token": "a-token-of-some-length" });
    settings.as_object_mut().unwrap().remove("provider");
    let setting = Setting {
        smtp: smtp(relay),
        ..Setting::default()
    };
    shipped::project_with(
        vec![("sms", sms), ("voicemail", settings)],
        dialplan,
        setting,
    )
}

/// A message is left, with its sound.
fn leaves_a_message(project: &Project) {
    let row = message(2);
    let sound = RecordingRow {
        id: row.recording,
        tenant: "8001".to_owned(),
        node: "test".to_owned(),
        call_id: Uuid::from_u128(1),
        path: "8001/a.wav".to_owned(),
        channels: 1,
        rate: 8_000,
        started_at: 1,
        purpose: "message".to_owned(),
        end: None,
    };
    let end = RecordingEnd {
        duration: 7_500_000,
        bytes: 9,
        sha256: None,
        lost: false,
    };
    project.folder.write("recordings/8001/a.wav", "RIFF 7.5 s");
    project.store.begin_recording(sound).wait().unwrap();
    let finished = project.store.finish_recording("8001", row.recording, end);
    finished.wait().unwrap();
    project.store.leave_message(row).wait().unwrap();
}

/// Attempts of the jobs of a name in a state.
fn attempts(project: &Project, state: JobState, name: &str) -> Vec<u32> {
    let rows = jobs(project, state).into_iter();
    let rows = rows.filter(|row| row.job.name == name);
    rows.map(|row| row.attempts).collect()
}

fn until_done(project: &Project, name: &str, count: usize) {
    until(|| attempts(project, JobState::Done, name).len() == count);
}

/// Checks the signature as a receiver would.
fn verified(request: &Request) -> Value {
    let time = request.header("webhook-timestamp");
    let signed = format!("{}.{time}.{}", request.header("webhook-id"), request.body);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), expected);
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn relay_receiver_and_provider_that_are_down_for_ten_minutes_get_each_message_once() {
    let (relay, receiver, provider) = (nobody(), nobody(), nobody());
    let more = json!({
        "mail": { "8000": "desk@example.com" },
        "sms": { "8000": "+8613900139000" },
        "provider": format!("http://{provider}"),
    });
    let project = project(
        &format!("http://{receiver}/hook"),
        more,
        &dialplan(""),
        relay.port(),
    );

    leaves_a_message(&project);
    let until_all_wait = |attempt: u32| {
        until(|| {
            ["mail", "webhook", "send"].iter().all(|name| {
                let waiting = attempts(&project, JobState::Waiting, name);
                waiting.iter().any(|attempts| *attempts >= attempt)
            })
        });
    };
    until_all_wait(1);
    for (attempt, seconds) in [(2, 30), (3, 570)] {
        advance(&project, seconds);
        until_all_wait(attempt);
    }
    let (relay, receiver, provider) = (
        Relay::at(relay),
        Sink::at(receiver, &[204]),
        Sink::at(provider, &[201]),
    );
    // It is stored once more, as after a crash: that is no second message.
    project.store.leave_message(message(2)).wait().unwrap();
    advance(&project, 3_600);

    let letter = relay.next();
    assert_eq!(attached(&letter, "audio/wav"), b"RIFF 7.5 s");
    let event = verified(&receiver.next());
    assert_eq!(
        (&event["type"], &event["data"]["mailbox"]),
        (&json!("voicemail.created"), &json!("8000"))
    );
    assert_eq!(event["timestamp"], "2027-01-15T16:00:00+08:00");
    let text: Value = serde_json::from_str(&provider.next().body).unwrap();
    assert_eq!(text["to"], "13900139000");
    for name in ["mail", "webhook", "send"] {
        until_done(&project, name, 1);
    }
    let mail = jobs(&project, JobState::Done);
    let mail = mail.iter().find(|row| row.job.name == "mail").unwrap();
    let id = mail.job.id.to_string();
    assert!(header(&letter, "Message-ID").contains(&id), "{letter}");
    advance(&project, 86_400);
    assert_eq!(project.store.jobs("8001", None).wait().unwrap(), []);
    assert!(relay.has_no_more());
    assert_eq!((receiver.count(), provider.count()), (1, 1));
}

#[test]
fn a_receiver_that_wants_a_rest_is_left_alone_and_told_in_order_by_the_same_id() {
    let busy = Says::status(429).with_headers("Retry-After: 120\r\n");
    let says = vec![busy, Says::status(500), Says::status(204)];
    let sink = Sink::saying(([127, 0, 0, 1], 0).into(), says);
    let project = project(&sink.url(), json!({}), &dialplan(""), 1);
    leaves_a_message(&project);
    let first = sink.next();
    let row = message(2);
    project
        .store
        .mark_heard("8001", row.id, row.left_at)
        .wait()
        .unwrap();
    until_done(&project, "on voicemail.heard", 1);

    advance(&project, 121);
    let second = sink.next();
    until(|| attempts(&project, JobState::Waiting, "webhook").contains(&1));
    // The one that is put off comes again by itself, and finds the first one still before it.
    advance(&project, 70);
    let (third, fourth) = (sink.next(), {
        until(|| {
            advance(&project, 2);
            sink.count() == 4
        });
        sink.next()
    });

    let types = [&first, &second, &third, &fourth].map(|it| verified(it)["type"].clone());
    let created = json!("voicemail.created");
    assert_eq!(
        types,
        [&created, &created, &created, &json!("voicemail.heard")].map(Clone::clone)
    );
    for again in [&second, &third] {
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    }
    assert_ne!(fourth.header("webhook-id"), first.header("webhook-id"));
    until_done(&project, "webhook", 2);
}

/// Adds a job that is done already once more, as after a crash, and waits until it is done.
fn again(project: &Project, name: &str) {
    let done = jobs(project, JobState::Done);
    let row = done.into_iter().find(|row| row.job.name == name).unwrap();
    let count = attempts(project, JobState::Done, name).len();
    let job = NewJob {
        id: Uuid::now_v7(),
        // What has a key is kept when it is done.
        key: Some("again".to_owned()),
        ..row.job
    };
    project.store.add_job(job).wait().unwrap();
    until_done(project, name, count + 1);
}

#[test]
fn what_is_told_or_done_twice_after_a_crash_counts_once() {
    let (relay, receiver, provider) = (Relay::start(), Sink::start(&[204]), Sink::start(&[201]));
    let more = json!({
        "mail": { "8000": "desk@example.com" },
        "sms": { "8000": "+8613900139000" },
        "provider": format!("http://{}", provider.address()),
        "call_back": { "8000": "always" },
    });
    let project = project(&receiver.url(), more, &dialplan(""), relay.port());
    leaves_a_message(&project);
    for name in ["mail", "webhook", "send"] {
        until_done(&project, name, 1);
    }
    let mut call = events::missed(Uuid::from_u128(9));
    call.begin.user = Some("1049".to_owned());
    call.legs.push(leg("013800138000", 10_000_000));
    project.store.finish_call(call).wait().unwrap();
    until_done(&project, "webhook", 2);

    for name in ["on voicemail.recorded", "on call.ended", "webhook", "sms"] {
        again(&project, name);
    }

    let path = format!("/voicemail/{}", message(2).id);
    let (_, shown) = ask(&project, "GET", &path, &Value::Null);
    assert_eq!(shown["call_back"]["state"], "settled");
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(shown["attempts"][0]["result"], "reached");
    let told: Vec<_> = shown["webhooks"].as_array().unwrap().iter().collect();
    let types: Vec<_> = told.iter().map(|it| it["type"].clone()).collect();
    assert_eq!(types, ["voicemail.created", "voicemail.settled"]);
    relay.next();
    assert!(relay.has_no_more());
    assert_eq!((receiver.count(), provider.count()), (2, 1));
}

/// A leg to this number that has talked for so many microseconds.
fn leg(number: &str, talked: i64) -> LegRow {
    LegRow {
        leg: 1,
        kind: "trunk".to_owned(),
        peer: number.to_owned(),
        user_agent: None,
        invited_at: 0,
        ringing_at: None,
        early_at: None,
        up_at: Some(0),
        ended_at: talked,
        cause: "normal".to_owned(),
        codec: None,
        quality: None,
    }
}

#[test]
fn another_receiver_is_told_though_the_one_before_wanted_no_more() {
    let sink = Sink::start(&[410, 204]);
    let project = project(&sink.url(), json!({}), &dialplan(""), 1);
    leaves_a_message(&project);
    sink.next();
    until_done(&project, "webhook", 1);
    let gone = ::store::KvKey {
        tenant: "8001".to_owned(),
        scope: "voicemail/receiver".to_owned(),
        key: "gone".to_owned(),
    };
    assert_eq!(
        project.store.kv_get(gone.clone(), 0).wait().unwrap(),
        Some(json!(sink.url()))
    );
    // As if it had been another one.
    let other = json!("https://elsewhere.example.com");
    project.store.kv_set(gone, other, None).wait().unwrap();

    let row = message(2);
    let heard = project.store.mark_heard("8001", row.id, row.left_at);
    heard.wait().unwrap();

    assert_eq!(verified(&sink.next())["type"], "voicemail.heard");
}

#[test]
fn a_function_of_the_dialplan_makes_the_texts() {
    let sink = Sink::start(&[204]);
    let maker = "require(\"plugins.voicemail\").transcribed_by(function(audio, message)
        if audio ~= \"RIFF 7.5 s\" then return nil, \"no sound\" end
        return \"to \" .. message.mailbox
      end)\n";
    let plan = format!("{maker}{}", dialplan(""));
    let project = project(&sink.url(), json!({}), &plan, 1);

    leaves_a_message(&project);

    assert_eq!(verified(&sink.next())["type"], "voicemail.created");
    let text = verified(&sink.next());
    assert_eq!(text["type"], "voicemail.transcribed");
    assert_eq!(text["data"]["text"], "to 8000");
    let path = format!("/voicemail/{}", message(2).id);
    until_done(&project, "webhook", 2);
    let (status, shown) = ask(&project, "GET", &path, &Value::Null);
    assert_eq!((status, &shown["text"]), (200, &json!("to 8000")));
    assert_eq!(shown["webhooks"][1]["state"], "delivered");
}

#[test]
fn a_transcriber_gets_the_sound_with_its_token_and_one_that_fails_is_asked_three_times() {
    let answers = [
        Says::status(503),
        Says::status(200).with_json(&json!({ "text": "您好" })),
    ];
    let transcriber = Sink::saying(([127, 0, 0, 1], 0).into(), answers.to_vec());
    let sink = Sink::start(&[204]);
    let more = json!({ "transcriber": transcriber.url(), "transcriber_token": "a token" });
    let project = project(&sink.url(), more, &dialplan(""), 1);

    leaves_a_message(&project);
    let asked = transcriber.next();
    until(|| attempts(&project, JobState::Waiting, "transcribe") == [1]);
    advance(&project, 10);
    transcriber.next();

    assert_eq!(asked.body, "RIFF 7.5 s");
    assert_eq!(asked.header("authorization"), "Bearer a token");
    assert_eq!(asked.header("x-message"), message(2).id.to_string());
    sink.next();
    assert_eq!(verified(&sink.next())["data"]["text"], "您好");
}

#[test]
fn only_the_tenants_tokens_may_ask_the_desk() {
    let project = project("http://127.0.0.1:1", json!({}), &dialplan(""), 1);

    for (method, path) in [
        ("GET", "/voicemail"),
        ("GET", "/voicemail/figures"),
        ("GET", "/voicemail/7"),
        ("DELETE", "/voicemail/7"),
        ("POST", "/voicemail/7/assign"),
        ("POST", "/voicemail/7/result"),
        ("POST", "/voicemail/7/restore"),
    ] {
        let Door::Route(route) = project.scripts.door(&"8001".into(), method, path) else {
            panic!("nothing is at {method} {path}");
        };
        assert_eq!(*route.guard(), Guard::Token, "{method} {path}");
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused_with_what_is_missing() {
    for (settings, sentence) in [
        (
            json!({ "webhook": "https://desk.example.com" }),
            "voicemail: secret is missing",
        ),
        (
            json!({ "call_back": { "8000": "off_hours" } }),
            "voicemail: hours is missing: call_back of 8000",
        ),
        (json!({ "sound": "linked" }), "voicemail: link is missing"),
        (
            json!({ "mail_subject": "{form}" }),
            "voicemail: mail_subject: there is no place {form}",
        ),
    ] {
        let tried = shipped::tried(
            vec![("voicemail", settings)],
            &dialplan(""),
            Setting::default(),
        );
        let errors = refused(&tried).join("\n");
        assert!(errors.contains(sentence), "{sentence} is not in\n{errors}");
    }
}
