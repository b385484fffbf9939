//! What a token may have done.

use serde_json::{Value, json};

use super::bench::{Bench, LIVE, MESSAGE, OVER};
use crate::exchange::Reloaded;

#[tokio::test]
async fn a_call_that_goes_on_is_hung_up_in_the_tokens_name() {
    let bench = Bench::start().await;

    let live = bench
        .asks(
            "POST",
            &format!("/api/v1/calls/{LIVE}/hangup"),
            &bench.token,
        )
        .await;
    assert_eq!(live.status, 200);
    assert_eq!(live.json()["call"]["id"], LIVE.to_string());
    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(done, [format!("hang up 8001 {LIVE} api:desk")]);

    let over = bench
        .asks(
            "POST",
            &format!("/api/v1/calls/{OVER}/hangup"),
            &bench.token,
        )
        .await;
    assert_eq!(over.status, 409);
    assert_eq!(over.json()["code"], "call_is_over");
    let nobodys = uuid::Uuid::now_v7();
    let path = format!("/api/v1/calls/{nobodys}/hangup");
    assert_eq!(bench.asks("POST", &path, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn a_message_is_marked_deleted_and_taken_back() {
    let bench = Bench::start().await;
    let path = format!("/api/v1/voicemails/{MESSAGE}");
    let listed = async |question: &str| {
        let page = bench
            .get(&format!("/api/v1/voicemails{question}"))
            .await
            .json();
        page["items"].as_array().unwrap().len()
    };

    let heard = bench
        .asks("POST", &format!("{path}/heard"), &bench.token)
        .await
        .json();
    assert_eq!(heard["heard_at"], "1970-01-01T00:00:00.000005Z");
    let deleted = bench.asks("DELETE", &path, &bench.token).await.json();
    assert_eq!(deleted["deleted_at"], "1970-01-01T00:00:00.000006Z");
    assert_eq!((listed("").await, listed("?deleted=true").await), (0, 1));
    let again = bench.asks("DELETE", &path, &bench.token).await;
    assert_eq!(again.status, 200, "done twice it is done once");
    let restored = bench
        .asks("POST", &format!("{path}/restore"), &bench.token)
        .await
        .json();
    assert_eq!(restored["deleted_at"], Value::Null);
    assert_eq!((listed("").await, listed("?deleted=true").await), (1, 0));
    let nobodys = format!("/api/v1/voicemails/{}/heard", uuid::Uuid::now_v7());
    assert_eq!(bench.asks("POST", &nobodys, &bench.token).await.status, 404);
    bench.stops().await;
}

#[tokio::test]
async fn scripts_are_reloaded_one_at_a_time() {
    let bench = Bench::start().await;
    let finish = async |outcome: &str| {
        let waiting = loop {
            if let Some(waiting) = bench.exchange.reloads.lock().unwrap().pop() {
                break waiting;
            }
            tokio::task::yield_now().await;
        };
        let second = bench
            .asks("POST", "/api/v1/scripts/reload", &bench.theirs)
            .await;
        assert_eq!(second.status, 409);
        let done = Reloaded {
            outcome: outcome.to_owned(),
            generation: Some(4),
            errors: vec!["a.lua:1: oops".to_owned()],
            warnings: Vec::new(),
        };
        waiting.send(done).unwrap();
    };

    let (first, ()) = tokio::join!(
        bench.asks("POST", "/api/v1/scripts/reload", &bench.token),
        finish("refused")
    );

    let wanted = json!({
        "outcome": "refused", "generation": 4, "errors": ["a.lua:1: oops"], "warnings": [],
    });
    assert_eq!(first.json(), wanted);
    bench.stops().await;
}
