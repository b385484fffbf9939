//! Who is let in, and who is not.

use store::{Store, TokenRow};

use super::bench::{Bench, OURS, bearer, token};
use crate::time;

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_taken_back() {
    let bench = Bench::start().await;
    let (old, fresh) = (token(8), token(9));
    for (token, expires_at) in [(&old, time::now() - 1), (&fresh, time::now() + 60_000_000)] {
        let row = TokenRow {
            id: token.id().to_owned(),
            tenant: OURS.to_owned(),
            name: "test".to_owned(),
            hash: token.hash(),
            scopes: vec!["calls:read".to_owned()],
            created_at: 1,
            expires_at: Some(expires_at),
            revoked_at: None,
        };
        bench.store.put_token(row).await.unwrap();
    }

    assert_eq!(bench.asks("GET", "/api/v1/calls", &old).await.status, 401);
    assert_eq!(bench.asks("GET", "/api/v1/calls", &fresh).await.status, 200);
    bench.store.revoke_token(OURS, fresh.id(), 1).await.unwrap();
    assert_eq!(bench.asks("GET", "/api/v1/calls", &fresh).await.status, 401);
    bench.stops().await;
}

#[tokio::test]
async fn the_right_id_with_another_secret_is_a_wrong_token() {
    let bench = Bench::start().await;
    let mut text = bench.token.reveal().to_owned();
    text.pop();
    text.push('f');

    let answer = bench
        .sends(
            "GET",
            "/api/v1/calls",
            &[("Authorization", &format!("Bearer {text}"))],
        )
        .await;

    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["code"], "wrong_token");
    let lower = format!("bearer  {}", bench.token.reveal());
    let answer = bench
        .sends("GET", "/api/v1/calls", &[("Authorization", &lower)])
        .await;
    assert_eq!(answer.status, 200, "schemes have no case (RFC 9110 §11.1)");
    bench.stops().await;
}

#[tokio::test]
async fn an_address_that_guesses_waits_and_others_do_not() {
    let bench = Bench::start().await;
    let guess = bearer(&token(77));
    let guess = [("Authorization", guess.as_str())];
    let good = bearer(&bench.token);
    let good = [("Authorization", good.as_str())];
    let bad = [127, 0, 0, 66];

    for _ in 0..10 {
        let answer = bench.sends_from(bad, "/api/v1/calls", &guess).await;
        assert_eq!(answer.status, 401);
    }
    let refused = bench.sends_from(bad, "/api/v1/calls", &good).await;

    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["code"], "banned");
    assert!(refused.header("retry-after").is_some());
    let other = bench
        .sends_from([127, 0, 0, 67], "/api/v1/calls", &good)
        .await;
    assert_eq!(other.status, 200);
    bench.stops().await;
}

#[tokio::test]
async fn pages_of_other_origins_are_turned_away_before_their_token_is_looked_at() {
    let bench = Bench::start().await;
    let good = bearer(&bench.token);
    for (name, value, status) in [
        ("Origin", "http://pbx", 200),
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Sec-Fetch-Site", "same-origin", 200),
    ] {
        let headers = [("Authorization", &*good), (name, value)];
        let answer = bench.sends("GET", "/api/v1/calls", &headers).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    let refused = bench
        .sends(
            "POST",
            "/api/v1/scripts/reload",
            &[("Origin", "https://evil.example")],
        )
        .await;
    assert_eq!(refused.json()["code"], "foreign_origin");
    assert!(refused.header("access-control-allow-origin").is_none());
    bench.stops().await;
}

#[tokio::test]
async fn a_large_body_is_a_problem_and_a_small_one_is_nobodys() {
    let bench = Bench::start().await;
    let good = bearer(&bench.token);
    let headers = [("Authorization", &*good), ("Content-Length", "100000")];

    let answer = bench
        .sends("POST", "/api/v1/scripts/reload", &headers)
        .await;

    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["code"], "too_large");
    assert!(bench.exchange.done.lock().unwrap().is_empty());
    bench.stops().await;
}
