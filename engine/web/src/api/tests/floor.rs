//! Agents, queues and their log; every answer is held against the document.

use serde_json::{Value, json};
use store::{EpisodeRow, FloorNotes, OfferRow, QueueLogRow, Store};
use uuid::Uuid;

use super::bench::{Answer, Bench, LIVE, OURS, OVER, bearer};
use super::openapi;

/// Tells agent 1049 what to do.
async fn tells(bench: &Bench, agent: &str, body: &str) -> Answer {
    let path = format!("/api/v1/agents/{agent}/state");
    let headers = [
        ("Authorization", &*bearer(&bench.token)),
        ("Content-Type", "application/json"),
    ];
    let answer = bench.posts(&path, &headers, body).await;
    let template = "/api/v1/agents/{id}/state";
    openapi::assert_fits(
        &bench.document,
        template,
        "post",
        answer.status,
        &answer.json(),
    );
    answer
}

#[tokio::test]
async fn agents_are_found_by_number_queue_and_state() {
    let bench = Bench::start().await;
    let found = async |question: &str| {
        let page = bench.get(&format!("/api/v1/agents{question}")).await.json();
        let items = page["items"].as_array().unwrap().clone();
        let ids = items.iter().map(|one| one["id"].as_str().unwrap());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(found("").await, ["1049", "1051"]);
    assert_eq!(found("?queue=it").await, ["1049"]);
    assert_eq!(found("?state=busy&limit=1").await, ["1049"]);
    assert_eq!(found("?state=idle").await, [""; 0]);
    let one = bench.get("/api/v1/agents/1049").await.json();
    assert_eq!(
        (&one["state"], &one["reason"]),
        (&json!("busy"), &json!("meeting"))
    );
    assert_eq!(one["since"], "2026-11-24T04:00:00Z");
    assert_eq!(bench.get("/api/v1/agents/1060").await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn an_agent_is_told_what_to_do_in_the_tokens_name() {
    let bench = Bench::start().await;
    for (body, done) in [
        (r#"{"act":"log_in"}"#, "log_in"),
        (r#"{"act":"idle"}"#, "idle"),
        (r#"{"act":"busy"}"#, "busy"),
        (r#"{"act":"busy","reason":null}"#, "busy"),
        (r#"{"act":"end_wrap_up"}"#, "end_wrap_up"),
        (r#"{"act":"extend_wrap_up","minutes":5}"#, "extend_wrap_up"),
        (r#"{"act":"reset"}"#, "reset"),
    ] {
        let answer = tells(&bench, "1049", body).await;

        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.json()["id"], "1049");
        let told = bench.exchange.done.lock().unwrap().pop().unwrap();
        assert_eq!(told, format!("8001 1049 {done} api:desk"), "{body}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_desks_command_is_done_in_the_tokens_name_or_has_its_problem() {
    let bench = Bench::start().await;
    let template = "/api/v1/users/{id}/commands";
    for (user, body, status, code) in [
        (
            "1049",
            r#"{"command":"busy","reason":"meeting"}"#,
            200,
            None,
        ),
        ("1049", r#"{"command":"hang_up"}"#, 409, Some("not_in_call")),
        ("1049", r#"{"command":"log_out"}"#, 403, Some("not_allowed")),
        ("1060", r#"{"command":"idle"}"#, 404, Some("not_found")),
        (
            "1049",
            r#"{"command":"idle","reason":"x"}"#,
            400,
            Some("wrong_body"),
        ),
        ("1049", r#"{"command":"dance"}"#, 400, Some("wrong_body")),
    ] {
        let path = format!("/api/v1/users/{user}/commands");
        let headers = [
            ("Authorization", &*bearer(&bench.token)),
            ("Content-Type", "application/json"),
        ];
        let answer = bench.posts(&path, &headers, body).await;

        let json = answer.json();
        openapi::assert_fits(&bench.document, template, "post", answer.status, &json);
        assert_eq!(answer.status, status, "{body}: {json}");
        assert_eq!(json["code"].as_str(), code, "{body}");
        if status == 200 {
            let told = bench.exchange.done.lock().unwrap().pop().unwrap();
            assert_eq!(told, "8001 1049 busy api:desk");
        }
    }
    bench.stops().await;
}

#[tokio::test]
async fn the_document_has_every_command_of_desks() {
    let bench = Bench::start().await;
    let deed = &bench.document["components"]["schemas"]["Deed"];
    let text = deed.to_string();
    let missing: Vec<_> = call::desk::Deed::WORDS
        .iter()
        .filter(|word| !text.contains(&format!("\"{word}\"")))
        .collect();

    assert!(missing.is_empty(), "{missing:?}");
    bench.stops().await;
}

#[tokio::test]
async fn what_an_agent_cannot_do_has_its_problem() {
    let bench = Bench::start().await;
    for (agent, body, status, code) in [
        ("1049", r#"{"act":"log_out"}"#, 403, "not_allowed"),
        (
            "1049",
            r#"{"act":"busy","reason":"sleep"}"#,
            422,
            "no_such_reason",
        ),
        ("1060", r#"{"act":"idle"}"#, 404, "not_found"),
    ] {
        let answer = tells(&bench, agent, body).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code))
        );
    }
    bench.exchange.done.lock().unwrap().clear();
    for body in [
        "",
        "[]",
        "{}",
        r#"{"act":"sleep"}"#,
        r#"{"act":"idle","reason":"meeting"}"#,
        r#"{"act":"idle","minutes":5}"#,
        r#"{"act":"busy","minutes":5}"#,
        r#"{"act":"extend_wrap_up"}"#,
        r#"{"act":"extend_wrap_up","minutes":0}"#,
        r#"{"act":"extend_wrap_up","minutes":61}"#,
        r#"{"act":"idle","atc":1}"#,
    ] {
        let answer = tells(&bench, "1049", body).await;
        let code = answer.json()["code"].clone();
        assert_eq!((answer.status, code), (400, json!("wrong_body")), "{body}");
    }
    let long = format!(r#"{{"act":"idle","reason":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(tells(&bench, "1049", &long).await.status, 413);
    assert!(
        bench.exchange.done.lock().unwrap().is_empty(),
        "nothing was done"
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_queue_tells_who_waits_and_why() {
    let bench = Bench::start().await;

    let all = bench.get("/api/v1/queues").await.json();
    let names: Vec<&Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["it", "sales"]);
    let it = bench.get("/api/v1/queues/it").await.json();
    assert_eq!(it["queue"], all["items"][0]);
    assert_eq!(it["callers"][0]["call"], LIVE.to_string());
    assert_eq!(it["callers"][0]["callback"], Value::Null);
    assert_eq!(
        it["callers"][1]["callback"],
        json!({ "state": "waits", "tries": 1, "not_before": "2026-11-24T04:00:00Z" })
    );
    assert_eq!(it["agents"][0]["id"], "1049");
    assert_eq!(it["why"]["agents"][0]["because"], "busy (meeting)");
    assert_eq!(bench.get("/api/v1/queues/suport").await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn the_log_of_queues_is_read_page_by_page() {
    let bench = Bench::start().await;
    let line = |at: i64, kind: &str| QueueLogRow {
        id: Uuid::now_v7(),
        at,
        kind: kind.into(),
        queue: Some("it".into()),
        call: Some(LIVE),
        ..QueueLogRow::default()
    };
    let notes = FloorNotes {
        log: vec![
            line(1_000_000, "entered"),
            QueueLogRow {
                agent: Some("1049".into()),
                why: Some("answered".into()),
                lasted: Some(2_500_000),
                ..line(2_000_000, "left")
            },
            QueueLogRow {
                queue: None,
                call: None,
                agent: Some("1049".into()),
                state: Some("talking".into()),
                was: Some("offered".into()),
                reachable: Some(true),
                by: Some("engine".into()),
                ..line(3_000_000, "state")
            },
        ],
        ..FloorNotes::default()
    };
    bench.store.note_floor(OURS, notes).await.unwrap();
    let kinds = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect()
    };

    let first = bench.get("/api/v1/queue-log?limit=2").await.json();
    assert_eq!(kinds(&first), ["state", "left"]);
    assert_eq!(first["items"][0]["before"], "offered");
    assert_eq!(first["items"][1]["lasted_ms"], 2_500);
    let next = first["next"].as_str().unwrap();
    let second = bench
        .get(&format!("/api/v1/queue-log?limit=2&after={next}"))
        .await
        .json();
    assert_eq!(
        (kinds(&second), &second["next"]),
        (vec!["entered".into()], &Value::Null)
    );
    for (question, found) in [
        ("agent=1049", vec!["state", "left"]),
        ("queue=it&kind=left", vec!["left"]),
        (&*format!("call={LIVE}"), vec!["left", "entered"]),
        (
            "since=1970-01-01T00:00:02Z&until=1970-01-01T00:00:03Z",
            vec!["left"],
        ),
    ] {
        let page = bench
            .get(&format!("/api/v1/queue-log?{question}"))
            .await
            .json();
        assert_eq!(kinds(&page), found, "{question}");
    }
    let wrong = bench.get("/api/v1/queue-log?call=7").await;
    assert_eq!(
        (wrong.status, &wrong.json()["code"]),
        (400, &json!("wrong_query"))
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_call_shows_its_stays_in_queues() {
    let bench = Bench::start().await;
    let stay = EpisodeRow {
        id: Uuid::now_v7(),
        call: OVER,
        queue: "it".into(),
        entered_at: 1_500_000,
        position: 2,
        priority: 0,
        offers: vec![OfferRow {
            agent: "1049".into(),
            at: 1_600_000,
            ended_at: 2_000_000,
            why: "connected".into(),
        }],
        outcome: "answered".into(),
        waited: 500_000,
        waited_before: 0,
        agent: Some("1049".into()),
    };
    let notes = FloorNotes {
        episodes: vec![stay],
        ..FloorNotes::default()
    };
    bench.store.note_floor(OURS, notes).await.unwrap();

    let details = bench.get(&format!("/api/v1/calls/{OVER}")).await.json();

    assert_eq!(
        details["queues"],
        json!([{
            "queue": "it", "entered_at": "1970-01-01T00:00:01.5Z", "position": 2, "priority": 0,
            "outcome": "answered", "waited_ms": 500, "waited_before_ms": 0, "agent": "1049",
            "offers": [{
                "agent": "1049", "at": "1970-01-01T00:00:01.6Z", "ended_at": "1970-01-01T00:00:02Z",
                "why": "connected",
            }],
        }])
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_state_that_no_agent_can_have_is_refused() {
    let bench = Bench::start().await;

    let wrong = bench.get("/api/v1/agents?state=iddle").await;

    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["code"], "wrong_query");
    for state in [
        "logged_out",
        "busy",
        "idle",
        "offered",
        "dialling",
        "calling",
        "talking",
        "holding",
        "consulting",
        "conference",
        "internal",
        "monitoring",
        "barging",
        "wrap_up",
    ] {
        let path = format!("/api/v1/agents?state={state}");
        assert_eq!(bench.get(&path).await.status, 200, "{state}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn a_chat_is_let_wait_and_ended() {
    let bench = Bench::start().await;
    let token = bearer(&bench.token);
    let headers = [
        ("Authorization", &*token),
        ("Content-Type", "application/json"),
    ];
    let offers = async |queue: &str, body: &str| {
        let path = format!("/api/v1/queues/{queue}/items");
        let answer = bench.posts(&path, &headers, body).await;
        let template = "/api/v1/queues/{id}/items";
        let (document, status) = (&bench.document, answer.status);
        openapi::assert_fits(document, template, "post", status, &answer.json());
        answer
    };

    let waits = offers(
        "it",
        r#"{"from":"wx:anna","required":{"english":5},"vip":true}"#,
    )
    .await;
    assert_eq!(waits.status, 201);
    assert_eq!(waits.json()["id"], LIVE.to_string());
    assert_eq!(offers("hr", r#"{"from":"wx:anna"}"#).await.status, 404);
    let wrong = offers("it", r#"{"from":"wx:anna","required":{"english":11}}"#).await;
    assert_eq!(wrong.json()["code"], "wrong_skill");
    assert_eq!(offers("it", r#"{"form":"wx:anna"}"#).await.status, 400);

    let path = format!("/api/v1/items/{LIVE}");
    assert_eq!(bench.asks("DELETE", &path, &bench.token).await.status, 204);
    let path = format!("/api/v1/items/{OVER}");
    assert_eq!(bench.asks("DELETE", &path, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn somebody_is_called_back_where_the_queue_does_so_and_no_more_when_it_is_cancelled() {
    let bench = Bench::start().await;
    let token = bearer(&bench.token);
    let headers = [
        ("Authorization", &*token),
        ("Content-Type", "application/json"),
    ];
    let asks = async |queue: &str, body: &str| {
        let path = format!("/api/v1/queues/{queue}/callbacks");
        let answer = bench.posts(&path, &headers, body).await;
        let template = "/api/v1/queues/{id}/callbacks";
        let (document, status) = (&bench.document, answer.status);
        openapi::assert_fits(document, template, "post", status, &answer.json());
        answer
    };

    let taken = asks("it", r#"{"number":"13800138000","required":{"english":5}}"#).await;
    assert_eq!(taken.status, 201);
    assert_eq!(taken.json(), json!({ "id": LIVE, "position": 3 }));
    let refused = asks("sales", r#"{"number":"13800138000"}"#).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["code"], "not_offered");
    assert_eq!(asks("hr", r#"{"number":"10086"}"#).await.status, 404);
    let wrong = asks("it", r#"{"number":"nobody"}"#).await;
    assert_eq!(wrong.json()["code"], "no_number");
    let wrong = asks("it", r#"{"number":"10086","required":{"english":11}}"#).await;
    assert_eq!(wrong.json()["code"], "wrong_skill");

    // It calls outside, which lines in queues do not.
    let narrow = super::bench::token(9);
    bench.knows(&narrow, OURS, &["queues:write"]).await;
    let wanted = json!({ "number": "13800138000" });
    let path = "/api/v1/queues/it/callbacks";
    let refused = bench.gives_by(&narrow, path, &[], &wanted).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("not_allowed"))
    );

    let path = format!("/api/v1/callbacks/{LIVE}");
    assert_eq!(bench.asks("DELETE", &path, &bench.token).await.status, 204);
    let path = format!("/api/v1/callbacks/{OVER}");
    assert_eq!(bench.asks("DELETE", &path, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn switches_tell_how_they_stand_and_who_has_set_them_to_agents_and_to_programs_that_read_queues()
 {
    let bench = Bench::start().await;
    let cookie = super::session::logs_in(&bench, "1049").await;

    let all = bench.get("/api/v1/switches").await.json();
    let shown = super::session::gets(&bench, &cookie, "/switches").await;

    assert_eq!(
        all["items"],
        json!([
            {
                "name": "hotline", "state": "closed", "since": "2026-11-24T04:00:00Z",
                "by": "user:1001", "who": "班长",
            },
            { "name": "night", "state": "open", "since": null, "by": null, "who": null },
        ])
    );
    assert_eq!(shown.json(), all);
    bench.stops().await;
}
