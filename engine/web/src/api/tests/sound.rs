//! Sound: whole, in ranges, and not.

use super::bench::{Bench, MESSAGE, MESSAGE_SOUND, RECORDING, RUNNING, bearer};

/// What the bench has written.
fn octets(first: usize, count: usize) -> Vec<u8> {
    (first..first + count).map(|n| n as u8).collect()
}

fn path() -> String {
    format!("/api/v1/recordings/{RECORDING}/audio")
}

#[tokio::test]
async fn a_recording_is_fetched_whole() {
    let bench = Bench::start().await;

    let answer = bench.get(&path()).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, octets(0, 200_000));
    assert_eq!(answer.header("content-type"), Some("audio/wav"));
    assert_eq!(answer.header("content-length"), Some("200000"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("etag"),
        Some(&*format!("\"{}\"", "09".repeat(32)))
    );
    let head = bench.asks("HEAD", &path(), &bench.token).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("200000"));
    bench.stops().await;
}

#[tokio::test]
async fn a_range_is_answered_with_that_range() {
    let bench = Bench::start().await;
    let good = bearer(&bench.token);
    for (range, first, count) in [
        ("bytes=0-0", 0, 1),
        ("bytes=100-70099", 100, 70_000),
        ("bytes=199990-", 199_990, 10),
        ("bytes=-5", 199_995, 5),
        ("bytes=199999-999999", 199_999, 1),
    ] {
        let headers = [("Authorization", &*good), ("Range", range)];
        let answer = bench.sends("GET", &path(), &headers).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, octets(first, count), "{range}");
        let wanted = format!("bytes {first}-{}/200000", first + count - 1);
        assert_eq!(answer.header("content-range"), Some(&*wanted));
        assert_eq!(answer.header("content-length"), Some(&*count.to_string()));
    }
    let beyond = [("Authorization", &*good), ("Range", "bytes=200000-")];
    let refused = bench.sends("GET", &path(), &beyond).await;
    assert_eq!(refused.status, 416);
    assert_eq!(refused.header("content-range"), Some("bytes */200000"));
    assert_eq!(refused.json()["code"], "no_such_range");
    bench.stops().await;
}

#[tokio::test]
async fn a_range_of_another_version_is_answered_with_the_whole_of_this() {
    let bench = Bench::start().await;
    let good = bearer(&bench.token);
    let tag = format!("\"{}\"", "09".repeat(32));
    for (condition, status) in [(&*tag, 206), ("\"other\"", 200), ("W/\"other\"", 200)] {
        let headers = [
            ("Authorization", &*good),
            ("Range", "bytes=0-9"),
            ("If-Range", condition),
        ];
        let answer = bench.sends("GET", &path(), &headers).await;
        assert_eq!(answer.status, status, "{condition}");
    }
    let headers = [("Authorization", &*good), ("If-None-Match", &*tag)];
    let known = bench.sends("GET", &path(), &headers).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    bench.stops().await;
}

#[tokio::test]
async fn a_message_is_heard_as_a_message_and_not_as_a_recording() {
    let bench = Bench::start().await;

    let message = bench
        .get(&format!("/api/v1/voicemails/{MESSAGE}/audio"))
        .await;
    assert_eq!((message.status, message.body), (200, octets(0, 300)));
    for end in ["", "/audio"] {
        let path = format!("/api/v1/recordings/{MESSAGE_SOUND}{end}");
        assert_eq!(bench.get(&path).await.status, 404);
    }
    bench.stops().await;
}

#[tokio::test]
async fn what_is_still_made_or_has_gone_is_said_to_be() {
    let bench = Bench::start().await;

    let running = bench
        .get(&format!("/api/v1/recordings/{RUNNING}/audio"))
        .await;
    assert_eq!(running.status, 409);
    assert_eq!(running.json()["code"], "recording_runs");
    std::fs::remove_file(bench.folder.join(format!("recordings/{RECORDING}.wav"))).unwrap();
    assert_eq!(bench.get(&path()).await.status, 404);
    bench.stops().await;
}
