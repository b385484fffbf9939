//! Requests that are sent again: done once, answered as often as they come.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::bench::{Answer, Bench, GIVEN_UP, JOB, bearer, token};
use crate::exchange::Reloaded;
use crate::token::Scope;

async fn calls(bench: &Bench, key: &str, to: &str) -> Answer {
    let wanted = json!({ "from": "1049", "to": to });
    let headers = [("Idempotency-Key", key)];
    bench
        .gives_by(&bench.token, "/api/v1/calls", &headers, &wanted)
        .await
}

fn done(bench: &Bench) -> usize {
    bench.exchange.done.lock().unwrap().len()
}

#[tokio::test]
async fn a_call_that_is_asked_for_again_is_made_once_and_answered_the_same() {
    let bench = Bench::start().await;

    let first = calls(&bench, "order-7", "13800138000").await;
    let again = calls(&bench, "\"order-7\"", "13800138000").await;

    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("cache-control"), Some("no-store"));
    assert_eq!(done(&bench), 1);
    bench.stops().await;
}

#[tokio::test]
async fn another_request_with_a_key_that_is_taken_is_refused_and_anothers_key_is_another() {
    let bench = Bench::start().await;
    calls(&bench, "k", "13800138000").await;

    let other = calls(&bench, "k", "13800138001").await;
    assert_eq!(other.status, 422);
    assert_eq!(other.json()["code"], "key_is_taken");
    let path = format!("/api/v1/jobs/{GIVEN_UP}/retry");
    let headers = [
        ("Authorization", &*bearer(&bench.token)),
        ("Idempotency-Key", "k"),
    ];
    let elsewhere = bench.posts(&path, &headers, "").await;
    assert_eq!(elsewhere.status, 422, "another path is another request");
    assert_eq!(done(&bench), 1);

    // Of another token, also of the same tenant, nothing is known.
    let second = token(9);
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
    bench.knows(&second, super::bench::OURS, &scopes).await;
    let headers = [("Idempotency-Key", "k")];
    let wanted = json!({ "from": "1049", "to": "13800138002" });
    for token in [&second, &bench.theirs] {
        let answer = bench
            .gives_by(token, "/api/v1/calls", &headers, &wanted)
            .await;
        assert_eq!(answer.header("idempotency-replayed"), None);
        assert_ne!(answer.json()["code"], "key_is_taken");
    }
    bench.stops().await;
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_with_its_key() {
    let bench = Bench::start().await;
    let path = format!("/api/v1/jobs/{JOB}/retry");
    let headers = [
        ("Authorization", &*bearer(&bench.token)),
        ("Idempotency-Key", "k"),
    ];
    for _ in 0..2 {
        let refused = bench.posts(&path, &headers, "").await;
        assert_eq!(refused.json()["code"], "job_has_not_failed");
        assert_eq!(refused.header("idempotency-replayed"), None);
    }
    // The exchange was too busy, and then is not.
    bench.exchange.is_deaf.store(true, Ordering::Relaxed);
    assert_eq!(calls(&bench, "busy", "1").await.status, 503);
    bench.exchange.is_deaf.store(false, Ordering::Relaxed);
    assert_eq!(calls(&bench, "busy", "1").await.status, 201);
    // Who may not, learns nothing of keys, and takes none.
    let narrow = token(9);
    bench
        .knows(&narrow, super::bench::OURS, &["calls:read"])
        .await;
    let headers = [("Idempotency-Key", "busy")];
    let wanted = json!({ "from": "1049", "to": "1" });
    let refused = bench
        .gives_by(&narrow, "/api/v1/calls", &headers, &wanted)
        .await;
    assert_eq!(refused.status, 403);
    bench.stops().await;
}

#[tokio::test]
async fn a_request_that_is_being_done_is_not_begun_again_and_is_done_though_its_sender_goes() {
    let bench = Bench::start().await;
    const KEY: [(&str, &str); 1] = [("Idempotency-Key", "k")];
    let path = "/api/v1/scripts/reload";
    let reload = || bench.gives_by(&bench.token, path, &KEY, &Value::Null);
    let mut first = Box::pin(reload());
    let waiting = loop {
        // The request is sent, and waits for the exchange.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(5), &mut first).await;
        if let Some(waiting) = bench.exchange.reloads.lock().unwrap().pop() {
            break waiting;
        }
    };

    let second = reload().await;
    assert_eq!(second.status, 409);
    assert_eq!(second.json()["code"], "in_progress");
    drop(first);
    let outcome = Reloaded {
        outcome: "unchanged".to_owned(),
        generation: None,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    waiting.send(outcome).unwrap();

    let replayed = loop {
        let answer = reload().await;
        if answer.status != 409 {
            break answer;
        }
    };
    assert_eq!(replayed.json()["outcome"], "unchanged");
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    assert_eq!(done(&bench), 1);
    bench.stops().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_is_done() {
    let bench = Bench::start().await;
    for key in ["two words", "\"\"", &"k".repeat(129)] {
        let answer = calls(&bench, key, "1").await;
        assert_eq!(answer.json()["code"], "wrong_key", "{key}");
    }
    assert_eq!(done(&bench), 0);
    bench.stops().await;
}

#[tokio::test]
async fn every_command_takes_a_key_and_the_document_says_so() {
    let bench = Bench::start().await;
    let reference = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
    let paths = bench.document["paths"].as_object().unwrap();
    let posts = paths.values().filter_map(|methods| methods.get("post"));
    let mut seen = 0;
    for operation in posts {
        // Whoever logs in has no name yet to keep an answer under.
        if operation["security"] == json!([]) {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.contains(&reference), "{operation:#}");
        seen += 1;
    }
    assert!(seen > 8);
    bench.stops().await;
}
