//! Which events people at their desks hear: what their role and reach show them on the pages.

use std::net::TcpStream;
use std::time::Duration;

use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use uuid::Uuid;

use super::bench::{Bench, OURS};
use super::events::{Socket, event, gone};
use crate::News;

/// What happens in a floor of two teams: which of it each role hears is told by `call` and `data`.
fn a_day(bench: &Bench) {
    let (ours, others) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let publish = |call: Option<Uuid>, news| bench.events.publish(OURS, 0, call, news);
    let started = || News::CallStarted {
        direction: "inbound",
        from: "013800138000".to_owned(),
        from_number: Some("13800138000".to_owned()),
        to: "4001234567".to_owned(),
        user: None,
    };
    let talks = |user: &str| News::CallChanged {
        state: "talking",
        talks_with: Some(user.to_owned()),
    };
    let entered = |queue: &str| News::QueueEntered {
        queue: queue.to_owned(),
        position: 1,
    };
    let idle = |agent: &str| News::AgentChanged {
        agent: agent.to_owned(),
        state: "idle",
        reason: None,
        before: "busy",
        lasted_ms: 1,
        reachable: true,
        by: "agent".to_owned(),
    };
    let left = |mailbox: &str| News::VoicemailLeft {
        id: Uuid::nil(),
        mailbox: mailbox.to_owned(),
        from: Some("13800138000".to_owned()),
        duration_ms: 1,
        urgent: false,
    };
    publish(Some(ours), started());
    publish(Some(ours), entered("it"));
    publish(Some(ours), talks("1049"));
    publish(Some(others), started());
    publish(Some(others), entered("sales"));
    publish(Some(others), talks("1060"));
    publish(None, idle("1049"));
    publish(None, idle("1051"));
    publish(None, idle("1060"));
    publish(None, left("1049"));
    publish(None, left("1060"));
    publish(None, gone("1060"));
    let down = News::PluginLeftOut {
        plugin: "tickets".to_owned(),
        why: "oops".to_owned(),
    };
    publish(None, down);
    let last = News::DeskCommand {
        by: "user:1001".to_owned(),
        user: Some("1060".to_owned()),
        command: "hang_up",
        outcome: "not_allowed",
    };
    publish(None, last);
    let plan = News::DeskCommand {
        by: "script".to_owned(),
        user: None,
        command: "queue_switch",
        outcome: "done",
    };
    publish(None, plan);
    for user in ["1001", "1049", "1900", "1910", "1920", "1999"] {
        let end = News::SessionTakenOver {
            user: user.to_owned(),
        };
        publish(None, end);
    }
}

/// What somebody hears of it, in words, up to the one that is about themselves.
async fn heard_by(bench: &Bench, user: &str) -> (Vec<String>, String) {
    let cookie = super::session::logs_in(bench, user).await;
    let start = bench.events.listen(OURS, None).unwrap().cursor();
    a_day(bench);
    let after = format!("?after={start}");
    let mut socket = at_desk(bench, &after, &cookie).await;
    let (mut words, mut all) = (Vec::new(), String::new());
    loop {
        let (same, told) = event(bench, socket).await;
        socket = same;
        all += &told.to_string();
        let data = &told["data"];
        let who = ["agent", "talks_with", "queue", "mailbox", "plugin", "user"];
        let about = who.iter().find_map(|name| data[name].as_str());
        match told["type"].as_str().unwrap() {
            "stream.opened" => {}
            "session.taken_over" if about == Some(user) => return (words, all),
            "session.taken_over" => {}
            kind => words.push(format!("{kind} {}", about.unwrap_or("-"))),
        }
    }
}

/// As a browser opens a stream that has logged in.
async fn at_desk(bench: &Bench, after: &str, cookie: &str) -> Socket {
    let (address, after, cookie) = (bench.address, after.to_owned(), cookie.to_owned());
    let opening = move || {
        let stream = TcpStream::connect(address).unwrap();
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).unwrap();
        let mut request = format!("ws://{address}/api/v1/events{after}")
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        for (name, value) in [
            ("cookie", cookie),
            ("origin", format!("http://{address}")),
            ("sec-websocket-protocol", "moonswitch.v1".to_owned()),
        ] {
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
        }
        tungstenite::client(request, stream).unwrap().0
    };
    tokio::task::spawn_blocking(opening).await.unwrap()
}

#[tokio::test]
async fn an_agent_hears_their_own_calls_states_messages_and_queues() {
    let bench = Bench::start().await;

    let (heard, _) = heard_by(&bench, "1049").await;

    assert_eq!(
        heard,
        [
            "queue.entered it",
            "call.changed 1049",
            "agent.changed 1049",
            "voicemail.left 1049",
            "desk.command -",
        ],
        "a switch that a plan has set is everybody's"
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_leader_hears_their_team_with_its_queues_and_calls() {
    let bench = Bench::start().await;

    let (heard, _) = heard_by(&bench, "1001").await;

    assert_eq!(
        heard,
        [
            "queue.entered it",
            "call.changed 1049",
            "agent.changed 1049",
            "agent.changed 1051",
            "voicemail.left 1049",
            "desk.command 1060",
            "desk.command -",
        ],
        "the first command was their own"
    );
    bench.stops().await;
}

#[tokio::test]
async fn quality_tickets_and_integrators_hear_what_their_pages_show() {
    let bench = Bench::start().await;

    let (quality, _) = heard_by(&bench, "1900").await;
    let (tickets, _) = heard_by(&bench, "1910").await;
    let (integrator, _) = heard_by(&bench, "1920").await;

    let has = |all: &[String], word: &str| all.iter().any(|one| one == word);
    assert!(has(&quality, "call.changed 1060") && has(&quality, "agent.changed 1060"));
    assert!(!has(&quality, "voicemail.left 1060") && !has(&quality, "plugin.left_out tickets"));
    assert!(!has(&quality, "registration.removed 1060"));
    assert_eq!(tickets, ["desk.command -"]);
    assert!(has(&integrator, "plugin.left_out tickets"));
    assert!(has(&integrator, "registration.removed 1060"));
    assert!(!has(&integrator, "call.changed 1060") && !has(&integrator, "voicemail.left 1060"));
    bench.stops().await;
}

#[tokio::test]
async fn an_administrator_hears_everything_of_the_tenant() {
    let bench = Bench::start().await;

    let (heard, _) = heard_by(&bench, "1999").await;

    assert_eq!(heard.len(), 15, "{heard:?}");
    bench.stops().await;
}

#[tokio::test]
async fn numbers_in_events_are_hidden_from_roles_that_may_not_see_them() {
    let bench = Bench::start().await;
    let (_, plain) = heard_by(&bench, "1049").await;
    *bench.exchange.masks.lock().unwrap() = true;

    let (_, masked) = heard_by(&bench, "1049").await;

    assert!(plain.contains("13800138000"), "{plain}");
    assert!(!masked.contains("13800138000"), "{masked}");
    assert!(masked.contains("138****8000"), "{masked}");
    bench.stops().await;
}
