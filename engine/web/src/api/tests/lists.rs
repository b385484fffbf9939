//! What lists show, a page at a time; every answer is held against the document by the bench.

use serde_json::Value;
use store::Store;
use uuid::Uuid;

use super::bench::{Bench, GIVEN_UP, JOB, LIVE, MESSAGE, OVER, RECORDING, RUNNING, begin};

fn ids(page: &Value) -> Vec<Uuid> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn calls_are_shown_with_what_they_do_or_how_they_ended() {
    let bench = Bench::start().await;

    let page = bench.get("/api/v1/calls").await.json();

    assert_eq!(ids(&page), [LIVE, OVER]);
    let [live, over] = [&page["items"][0], &page["items"][1]];
    assert_eq!(
        (&live["state"], &live["talks_with"]),
        (&"talking".into(), &"1049".into())
    );
    assert_eq!(live["end"], Value::Null);
    assert_eq!(over["state"], "over");
    assert_eq!(over["started_at"], "1970-01-01T00:00:01Z");
    assert_eq!(over["end"]["duration_ms"], 8_000);
    assert_eq!(over["end"]["vars"]["工单"], 1);

    let details = bench.get(&format!("/api/v1/calls/{OVER}")).await.json();
    assert_eq!(details["call"], *over);
    assert_eq!(details["legs"][0]["quality"]["jitter_ms"], 1.5);
    assert_eq!(details["segments"][0]["recording"], RECORDING.to_string());
    let recordings = details["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), 2, "conversations only: {recordings:?}");
    let live = bench.get(&format!("/api/v1/calls/{LIVE}")).await.json();
    assert_eq!(live["call"]["state"], "talking");
    bench.stops().await;
}

#[tokio::test]
async fn a_call_that_the_exchange_no_longer_has_is_ending() {
    let bench = Bench::start().await;
    let gone = Uuid::now_v7();
    bench
        .store
        .begin_call(begin(gone, 3_000_000))
        .await
        .unwrap();

    let page = bench.get("/api/v1/calls?limit=1").await.json();

    assert_eq!(ids(&page), [gone]);
    assert_eq!(page["items"][0]["state"], "ending");
    bench.stops().await;
}

#[tokio::test]
async fn calls_are_found_by_parties_times_and_results() {
    let bench = Bench::start().await;
    for (question, found) in [
        ("from=13800138000", &[LIVE, OVER][..]),
        ("from=1049", &[]),
        ("to=4001234567", &[LIVE, OVER]),
        ("user=1049", &[OVER]),
        ("number=1049", &[OVER]),
        ("result=answered", &[OVER]),
        ("result=refused", &[]),
        ("live=true", &[LIVE]),
        ("live=false", &[OVER]),
        ("since=1970-01-01T00:00:02Z", &[LIVE]),
        ("since=1970-01-01T08:00:02%2B08:00", &[LIVE]),
        ("since=1970-01-01T08:00:02+08:00", &[LIVE]),
        ("until=1970-01-01T00:00:02Z", &[OVER]),
        ("live=true&to=4001234567&limit=7", &[LIVE]),
    ] {
        let page = bench.get(&format!("/api/v1/calls?{question}")).await.json();
        assert_eq!(ids(&page), found, "{question}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn lists_are_read_page_by_page_to_their_end() {
    let bench = Bench::start().await;
    for n in 0..5 {
        let call = begin(Uuid::now_v7(), 3_000_000 + n / 2);
        bench.store.begin_call(call).await.unwrap();
    }
    for (list, all) in [
        ("calls", 7),
        ("recordings", 2),
        ("voicemails", 1),
        ("registrations", 3),
    ] {
        let whole = bench.get(&format!("/api/v1/{list}")).await.json();
        assert_eq!(whole["next"], Value::Null);
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = bench
                .get(&format!("/api/v1/{list}?limit=2{after}"))
                .await
                .json();
            seen.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), all, "{list}");
        assert_eq!(Value::Array(seen), whole["items"], "{list}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn questions_with_a_slip_are_refused() {
    let bench = Bench::start().await;
    for (question, code) in [
        ("calls?form=1049", "wrong_query"),
        ("calls?live=perhaps", "wrong_query"),
        ("calls?since=yesterday", "wrong_time"),
        ("calls?after=1", "wrong_cursor"),
        ("calls?limit=0", "wrong_limit"),
        ("calls?limit=501", "wrong_limit"),
        ("calls?limit=x", "wrong_query"),
        ("recordings?call=1", "wrong_query"),
        ("recordings?until=1", "wrong_time"),
        ("voicemails?after=1", "wrong_cursor"),
        ("registrations?after=xyz", "wrong_cursor"),
        ("trunks?name=carrier", "wrong_query"),
        ("users?user=1049", "wrong_query"),
    ] {
        let answer = bench.get(&format!("/api/v1/{question}")).await;
        assert_eq!(answer.status, 400, "{question}");
        assert_eq!(answer.json()["code"], code, "{question}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn recordings_are_those_of_conversations() {
    let bench = Bench::start().await;

    let page = bench
        .get(&format!("/api/v1/recordings?call={OVER}"))
        .await
        .json();
    assert_eq!(ids(&page), [RUNNING, RECORDING]);
    assert_eq!(page["items"][0]["end"], Value::Null);
    assert_eq!(page["items"][1]["end"]["sha256"], "09".repeat(32));
    let none = bench
        .get(&format!("/api/v1/recordings?call={LIVE}"))
        .await
        .json();
    assert!(ids(&none).is_empty());
    let one = bench
        .get(&format!("/api/v1/recordings/{RECORDING}"))
        .await
        .json();
    assert_eq!(one, page["items"][1]);
    bench.stops().await;
}

#[tokio::test]
async fn messages_are_found_by_mailbox_and_by_whether_they_were_heard() {
    let bench = Bench::start().await;
    for (question, found) in [
        ("", &[MESSAGE][..]),
        ("?mailbox=1049", &[MESSAGE]),
        ("?mailbox=1050", &[]),
        ("?heard=true", &[]),
        ("?heard=false", &[MESSAGE]),
        ("?deleted=true", &[]),
    ] {
        let page = bench
            .get(&format!("/api/v1/voicemails{question}"))
            .await
            .json();
        assert_eq!(ids(&page), found, "{question}");
    }
    bench.stops().await;
}

#[tokio::test]
async fn what_the_exchange_knows_is_shown_as_it_knows_it() {
    let bench = Bench::start().await;

    let phones = bench.get("/api/v1/registrations?user=1050").await.json();
    assert_eq!(phones["items"].as_array().unwrap().len(), 1);
    assert_eq!(phones["items"][0]["expires_at"], "2026-11-24T04:00:00Z");
    assert_eq!(
        bench.get("/api/v1/trunks").await.json()["items"][0]["name"],
        "carrier"
    );
    assert_eq!(
        bench.get("/api/v1/users").await.json()["items"][0]["name"],
        "温平"
    );
    let scripts = bench.get("/api/v1/scripts").await.json();
    assert_eq!(scripts["refused"]["errors"][0], "a.lua:1: oops");
    bench.stops().await;
}

#[tokio::test]
async fn an_exchange_that_gives_no_answer_is_busy() {
    let bench = Bench::start().await;
    bench
        .exchange
        .is_deaf
        .store(true, std::sync::atomic::Ordering::Relaxed);

    for list in ["calls", "registrations", "trunks", "users", "scripts"] {
        let answer = bench.get(&format!("/api/v1/{list}")).await;
        assert_eq!(answer.status, 503, "{list}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{list}");
    }
    let over = bench.get("/api/v1/calls?live=false").await;
    assert_eq!(over.status, 200, "what is over is in the records");
    bench.stops().await;
}

#[tokio::test]
async fn jobs_are_found_by_how_they_stand_and_whose_they_are() {
    let bench = Bench::start().await;
    for (question, found) in [
        ("", &[GIVEN_UP, JOB][..]),
        ("state=waiting", &[JOB]),
        ("state=failed", &[GIVEN_UP]),
        ("state=done", &[]),
        ("owner=tickets", &[JOB]),
        ("owner=tickets&name=close", &[]),
    ] {
        let page = bench.get(&format!("/api/v1/jobs?{question}")).await;
        assert_eq!(ids(&page.json()), found, "{question}");
    }
    let first = bench.get("/api/v1/jobs?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = bench
        .get(&format!("/api/v1/jobs?limit=1&after={next}"))
        .await;
    assert_eq!(ids(&second.json()), [JOB]);
    let wrong = bench.get("/api/v1/jobs?state=lost").await;
    assert_eq!(wrong.status, 400);
    let detail = wrong.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("waiting, running, failed, done"),
        "{detail}"
    );
    bench.stops().await;
}
