//! The event stream, read by a client that others have written.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use store::Store;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};
use uuid::Uuid;

use super::bench::{Bench, OURS, THEIRS, bearer};
use super::{openapi, samples};
use crate::api::stream::{Pace, STREAMS_OF_ONE};
use crate::exchange::VoicemailChange;
use crate::{Events, News};

pub(super) type Socket = WebSocket<TcpStream>;

/// Opens a stream with a header; the server runs on the test's own thread, so a client needs one.
async fn opened(bench: &Bench, after: &str, name: &'static str, value: String) -> Socket {
    tried(bench, after, name, value).await.unwrap()
}

async fn tried(
    bench: &Bench,
    after: &str,
    name: &'static str,
    value: String,
) -> Result<Socket, u16> {
    let (address, after) = (bench.address, after.to_owned());
    let opening = move || {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut request = format!("ws://{address}/api/v1/events{after}")
            .into_client_request()
            .unwrap();
        let value = HeaderValue::from_str(&value).unwrap();
        request.headers_mut().insert(name, value);
        match tungstenite::client(request, stream) {
            Ok((socket, answer)) => {
                let chosen = answer.headers().get("sec-websocket-protocol");
                assert_eq!(chosen.is_some(), name != "authorization");
                Ok(socket)
            }
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    };
    tokio::task::spawn_blocking(opening).await.unwrap()
}

/// The next frame that is text, or why the stream was closed.
async fn next(mut socket: Socket) -> (Socket, Result<Value, (u16, String)>) {
    let reading = move || loop {
        match socket.read().unwrap() {
            Message::Text(text) => {
                let value = serde_json::from_str(&text).unwrap();
                return (socket, Ok(value));
            }
            Message::Close(Some(frame)) => {
                let reason = frame.reason.to_string();
                return (socket, Err((frame.code.into(), reason)));
            }
            _ => {}
        }
    };
    tokio::task::spawn_blocking(reading).await.unwrap()
}

pub(super) async fn event(bench: &Bench, socket: Socket) -> (Socket, Value) {
    let (socket, event) = next(socket).await;
    let event = event.unwrap();
    openapi::assert_is(&bench.document, "Event", &event);
    (socket, event)
}

fn all_news() -> Vec<News> {
    let text = || "x".to_owned();
    let id = Uuid::now_v7();
    vec![
        News::CallStarted {
            direction: "inbound",
            from: text(),
            from_number: None,
            to: text(),
            user: Some(text()),
        },
        News::CallChanged {
            state: "talking",
            talks_with: Some(text()),
        },
        News::CallEnded {
            result: text(),
            cause: text(),
            ended_by: text(),
            answered: true,
            duration_ms: 5,
        },
        News::QueueEntered {
            queue: text(),
            position: 1,
        },
        News::QueueLeft {
            queue: text(),
            outcome: "answered",
            agent: Some(text()),
            waited_ms: 5,
        },
        News::SessionTakenOver {
            user: "1049".into(),
        },
        News::AgentPaused {
            agent: "1049".to_owned(),
            queue: "it".to_owned(),
            reason: "no_answer",
            after: 3,
        },
        News::CallHoldReminded {
            user: "1049".to_owned(),
            waited_ms: 60_000,
        },
        News::ItemChanged {
            item: Uuid::nil(),
            queue: "web".to_owned(),
            agent: "1049".to_owned(),
            step: "offered",
        },
        News::DeskCommand {
            by: "user:1001".into(),
            user: Some("1049".into()),
            command: "hang_up",
            outcome: "done",
        },
        News::AgentAsks {
            agent: text(),
            reason: Some(text()),
        },
        News::AgentOverrun {
            agent: text(),
            reason: None,
            lasted_ms: 5,
        },
        News::AgentReset {
            agent: text(),
            trace: text(),
        },
        News::AgentMoved {
            agent: text(),
            from: text(),
            to: text(),
            by: text(),
        },
        News::AgentChanged {
            agent: text(),
            state: "busy",
            reason: Some(text()),
            before: "idle",
            lasted_ms: 5,
            reachable: true,
            by: text(),
        },
        News::RecordingFinished {
            id,
            duration_ms: 5,
            lost: false,
        },
        News::WallboardChanged {
            queues: vec![samples::board_queue()],
            agents: vec![samples::board_agent("1049")],
        },
        News::AlertRaised(samples::alert()),
        News::AlertCleared(samples::alert()),
        News::RegistrationChanged {
            user: text(),
            contact: text(),
            reachable: true,
        },
        News::RegistrationRemoved {
            user: text(),
            contact: text(),
        },
        News::VoicemailLeft {
            id,
            mailbox: text(),
            from: None,
            duration_ms: 5,
            urgent: false,
        },
        News::VoicemailChanged {
            id,
            mailbox: text(),
            change: VoicemailChange::AssignedTo(None).word(),
            assigned_to: Some(text()),
        },
        News::RecordingDeleted { id },
        News::GenerationPublished {
            generation: 2,
            hash: text(),
            warnings: 1,
        },
        News::GenerationRefused {
            generation: 3,
            stays: None,
            errors: vec![text()],
        },
        News::ScriptFailed {
            generation: 2,
            message: text(),
        },
        News::PluginLeftOut {
            plugin: text(),
            why: text(),
        },
        News::TrunkDown {
            trunk: text(),
            address: text(),
        },
        News::TrunkUp {
            trunk: text(),
            address: text(),
        },
        News::TrunkRegistrationChanged {
            trunk: text(),
            registered: false,
            why: Some(text()),
        },
        News::ListChanged {
            list: "vip",
            number: text(),
            prefix: false,
            change: "added",
            by: text(),
        },
        News::TollRefused {
            user: None,
            trunk: text(),
            number: text(),
            why: "premium",
        },
        News::TollAlarm {
            user: Some(text()),
            limit: "calls_a_day",
            used: 4,
            of: 5,
        },
        News::TollCut {
            user: None,
            trunk: text(),
            number: text(),
            why: "cost_a_call",
        },
        News::TollCountry {
            user: Some(text()),
            number: text(),
            country: "+852".to_owned(),
        },
        News::EmergencyCalled {
            user: Some(text()),
            trunk: text(),
            number: text(),
        },
    ]
}

pub(super) fn gone(user: &str) -> News {
    News::RegistrationRemoved {
        user: user.to_owned(),
        contact: String::new(),
    }
}

#[tokio::test]
async fn each_kind_of_event_is_told_in_order_as_the_document_has_it() {
    let bench = Bench::start().await;
    let (socket, hello) = event(
        &bench,
        opened(&bench, "", "authorization", bearer(&bench.token)).await,
    )
    .await;
    assert_eq!(hello["type"], "stream.opened");
    assert_eq!(hello["data"]["resumed"], true);
    let call = Uuid::now_v7();
    let mut socket = socket;
    for (number, news) in (2..).zip(all_news()) {
        bench.events.publish(THEIRS, 7, None, gone("not ours"));
        bench.events.publish(OURS, 1_000_000, Some(call), news);

        let (same, told) = event(&bench, socket).await;

        socket = same;
        assert_eq!(told["cursor"], format!("1.{number}"));
        assert_eq!(told["call"], call.to_string());
        assert_eq!(told["at"], "1970-01-01T00:00:01Z");
    }
    let kinds = bench.document["components"]["schemas"]["Event"]["oneOf"].as_array();
    assert_eq!(kinds.unwrap().len(), all_news().len() + 1);
    bench.stops().await;
}

#[tokio::test]
async fn who_comes_back_with_a_cursor_misses_nothing() {
    let bench = Bench::start().await;
    let socket = opened(&bench, "", "authorization", bearer(&bench.token)).await;
    let (socket, _) = event(&bench, socket).await;
    bench.events.publish(OURS, 0, None, gone("a"));
    let (socket, first) = event(&bench, socket).await;
    drop(socket);
    for user in ["b", "c"] {
        bench.events.publish(OURS, 0, None, gone(user));
    }

    let after = format!("?after={}", first["cursor"].as_str().unwrap());
    // As a browser does it, which can set no header.
    let protocols = format!("moonswitch.v1, bearer.{}", bench.token.reveal());
    let socket = opened(&bench, &after, "sec-websocket-protocol", protocols).await;

    let (socket, hello) = event(&bench, socket).await;
    assert_eq!(hello["data"]["resumed"], true);
    let (socket, b) = event(&bench, socket).await;
    let (_socket, c) = event(&bench, socket).await;
    assert_eq!(
        (&b["data"]["user"], &c["data"]["user"]),
        (&"b".into(), &"c".into())
    );
    bench.stops().await;
}

#[tokio::test]
async fn who_was_away_too_long_is_told_that_events_are_missing() {
    let bench = Bench::with(Events::keeping(1, 2), Pace::default()).await;
    for user in ["a", "b", "c", "d"] {
        bench.events.publish(OURS, 0, None, gone(user));
    }

    let socket = opened(&bench, "?after=1.1", "authorization", bearer(&bench.token)).await;

    let (socket, hello) = event(&bench, socket).await;
    assert_eq!(hello["data"]["resumed"], false);
    assert_eq!(hello["data"]["gone"], "too_old");
    let (_socket, next) = event(&bench, socket).await;
    assert_eq!(next["data"]["user"], "c");
    bench.stops().await;
}

#[tokio::test]
async fn a_cursor_from_before_a_restart_is_answered_with_what_to_do() {
    let before = Events::new(0x10);
    before.publish(OURS, 0, None, gone("a"));
    let cursor = before.listen(OURS, None).unwrap().cursor();
    let bench = Bench::with(Events::new(0x2000), Pace::default()).await;
    bench.events.publish(OURS, 0, None, gone("b"));

    let after = format!("?after={cursor}");
    let socket = opened(&bench, &after, "authorization", bearer(&bench.token)).await;

    let (socket, hello) = event(&bench, socket).await;
    assert_eq!(hello["data"]["gone"], "restarted");
    let (_socket, next) = event(&bench, socket).await;
    assert_eq!(next["data"]["user"], "b", "what is kept follows");
    bench.stops().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_with_a_reason() {
    let bench = Bench::with(Events::keeping(1, 16), Pace::default()).await;
    let socket = opened(&bench, "", "authorization", bearer(&bench.token)).await;
    let (mut socket, _) = event(&bench, socket).await;
    // More than fits into the sockets' buffers on the way, and into the ring.
    let long = "x".repeat(64 << 10);
    for _ in 0..400 {
        bench.events.publish(OURS, 0, None, gone(&long));
        tokio::task::yield_now().await;
    }

    let (code, reason) = loop {
        let (same, told) = next(socket).await;
        socket = same;
        if let Err(end) = told {
            break end;
        }
    };

    assert_eq!(code, 4408);
    assert!(reason.starts_with("too slow"), "{reason}");
    bench.stops().await;
}

#[tokio::test]
async fn a_token_that_is_taken_back_ends_its_streams() {
    let pace = Pace {
        beat: Duration::from_millis(20),
        ..Pace::default()
    };
    let bench = Bench::with(Events::new(1), pace).await;
    let socket = opened(&bench, "", "authorization", bearer(&bench.token)).await;
    let (socket, _) = event(&bench, socket).await;

    bench
        .store
        .revoke_token(OURS, bench.token.id(), 1)
        .await
        .unwrap();

    let (_socket, end) = next(socket).await;
    assert_eq!(end.unwrap_err().0, 4401);
    bench.stops().await;
}

#[tokio::test]
async fn readers_are_told_when_the_exchange_stops() {
    let bench = Bench::start().await;
    let socket = opened(&bench, "", "authorization", bearer(&bench.token)).await;
    let (socket, _) = event(&bench, socket).await;

    bench.stops().await;

    let (_socket, end) = next(socket).await;
    assert_eq!(end, Err((1001, "the exchange stops".to_owned())));
}

#[tokio::test]
async fn one_who_listens_in_many_places_keeps_nobody_else_out() {
    let bench = Bench::start().await;
    let (ours, theirs) = (bearer(&bench.token), bearer(&bench.theirs));
    let mut open = Vec::new();
    for _ in 0..STREAMS_OF_ONE {
        open.push(opened(&bench, "", "authorization", ours.clone()).await);
    }

    assert_eq!(
        tried(&bench, "", "authorization", ours).await.err(),
        Some(503)
    );
    let _theirs = opened(&bench, "", "authorization", theirs).await;
    bench.stops().await;
}

#[tokio::test]
async fn a_reader_that_talks_is_sent_away() {
    let bench = Bench::start().await;
    let socket = opened(&bench, "", "authorization", bearer(&bench.token)).await;
    let (mut socket, _) = event(&bench, socket).await;

    socket.send(Message::text("{}")).unwrap();

    let (_socket, end) = next(socket).await;
    assert_eq!(end.unwrap_err().0, 1008);
    bench.stops().await;
}

#[tokio::test]
async fn strangers_and_plain_http_get_no_stream() {
    let bench = Bench::start().await;

    let unknown = bearer(&super::bench::token(7));
    assert_eq!(
        tried(&bench, "", "authorization", unknown)
            .await
            .unwrap_err(),
        401
    );
    let nobody = "moonswitch.v1".to_owned();
    let refused = tried(&bench, "", "sec-websocket-protocol", nobody).await;
    assert_eq!(refused.unwrap_err(), 401);
    let plain = bench.get("/api/v1/events").await;
    assert_eq!(plain.status, 426);
    assert_eq!(plain.json()["code"], "no_websocket");
    bench.stops().await;
}
