//! What stands below `/t/`: who is let in, how much they may bring, and what they hear.

use std::time::Duration;

use store::{AuditFilter, Desks};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::bench::{Bench, OURS, bearer, token};
use super::session::{HOME, logs_in};
use crate::api::VISIT;
use crate::api::visits::STRANGERS;
use crate::doors::{Door, Doors, Guard, OpenDoor, Unwelcome, Visit, Welcome};

/// Doors of our tenant that answer with what they were asked.
pub(super) struct Played;

const SECRETS: [&str; 2] = ["an old secret of ours", "a new secret of ours"];

impl Doors for Played {
    fn door(&self, tenant: &str, method: &str, path: &str) -> Door {
        let guard = match (tenant, path) {
            ("8009", _) => return Door::Closed,
            (OURS, "/slow") | ("8003", "/open") => Guard::Anybody,
            (OURS, "/open" | "/busy" | "/gone" | "/broken" | "/shut" | "/odd") => Guard::Anybody,
            (OURS, "/sms") => Guard::Bearer(SECRETS.map(|it| it.replace(' ', "-")).to_vec()),
            (OURS, "/desk" | "/customers" | "/list") => Guard::Token,
            _ => return Door::Nothing,
        };
        if method == "DELETE" {
            return Door::OtherMethods(vec!["GET", "POST"]);
        }
        let ask = |visit: Visit| {
            let (give, asked) = oneshot::channel();
            let answer = match visit.path.as_str() {
                "/busy" => Err(Unwelcome::Busy),
                "/gone" => return asked,
                "/slow" => {
                    // Whoever asks is never answered.
                    std::mem::forget(give);
                    return asked;
                }
                "/broken" => Err(Unwelcome::Failed),
                "/shut" => Err(Unwelcome::OutOfOrder),
                "/customers" => Ok(customers("application/json", r#"{"from":"13800138000"}"#)),
                "/list" => Ok(customers("text/csv", "from\n13800138000\n")),
                "/odd" => Err(Unwelcome::BadRequest("no JSON".to_owned())),
                _ => Ok(told(&visit)),
            };
            let _ = give.send(answer);
            asked
        };
        Door::Open(OpenDoor {
            guard,
            ask: Box::new(ask),
        })
    }
}

fn customers(kind: &str, body: &'static str) -> Welcome {
    Welcome {
        status: 200,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: body.into(),
    }
}

fn told(visit: &Visit) -> Welcome {
    let headers = visit.headers.iter();
    let names: Vec<&str> = headers.map(|(name, _)| name.as_str()).collect();
    let body = format!(
        "{} {} {:?} {} {:?} {}",
        visit.method,
        visit.path,
        visit.query,
        visit.body.len(),
        visit.by,
        names.join(",")
    );
    let body = match &visit.guest {
        Some(guest) => format!("{} {} {:?}", guest.user, guest.role.word(), guest.reach),
        None => body,
    };
    Welcome {
        status: 201,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: body.into(),
    }
}

fn text(answer: &super::bench::Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn a_request_reaches_its_door_and_the_answer_may_not_act_in_our_origin() {
    let bench = Bench::start().await;

    let answer = bench.posts("/t/8001/open?a=b", &[], "hello").await;

    assert_eq!(answer.status, 201);
    assert_eq!(
        text(&answer),
        "POST /open Some(\"a=b\") 5 None host,connection,content-length"
    );
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("sandbox"), "{policy}");
    bench.stops().await;
}

#[tokio::test]
async fn where_there_is_no_door_there_is_nothing_and_other_methods_are_named() {
    let bench = Bench::start().await;

    for path in [
        "/t/8001/nothing",
        "/t/8002/open",
        "/t/8001",
        "/t/",
        "/t/8001/",
    ] {
        let answer = bench.sends("GET", path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let answer = bench.sends("DELETE", "/t/8001/open", &[]).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, POST"))
    );
    let answer = bench.sends("GET", "/t/8009/open", &[]).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_bearer_is_let_in_by_each_of_the_secrets_and_by_nothing_else() {
    let bench = Bench::start().await;

    for (sent, status) in [
        ("Bearer an-old-secret-of-ours", 201),
        ("Bearer a-new-secret-of-ours", 201),
        ("Bearer a-new-secret-of-our", 401),
        ("Bearer ", 401),
        ("Basic an-old-secret-of-ours", 401),
        (&bearer(&bench.token), 401),
    ] {
        let answer = bench
            .posts("/t/8001/sms", &[("Authorization", sent)], "")
            .await;
        assert_eq!(answer.status, status, "{sent}");
        assert!(!text(&answer).contains("authorization"), "{answer:?}");
    }
    assert_eq!(bench.posts("/t/8001/sms", &[], "").await.status, 401);
    bench.stops().await;
}

#[tokio::test]
async fn scripts_see_no_cookie_that_they_could_act_with() {
    let bench = Bench::start().await;

    let sent = bearer(&bench.token);
    let headers = [
        ("Authorization", sent.as_str()),
        ("Cookie", "moonswitch_session=secret"),
        ("Accept", "text/plain"),
    ];
    let answer = bench.sends("GET", "/t/8001/desk", &headers).await;

    assert_eq!(answer.status, 201);
    assert!(text(&answer).contains("accept"), "{answer:?}");
    assert!(!text(&answer).contains("cookie"), "{answer:?}");
    bench.stops().await;
}

#[tokio::test]
async fn who_guesses_a_bearer_waits() {
    let bench = Bench::start().await;
    let bad = [127, 0, 0, 68];
    let guess = [("Authorization", "Bearer guess")];

    for _ in 0..10 {
        assert_eq!(
            bench.sends_from(bad, "/t/8001/sms", &guess).await.status,
            401
        );
    }

    assert_eq!(
        bench.sends_from(bad, "/t/8001/sms", &guess).await.status,
        429
    );
    bench.stops().await;
}

#[tokio::test]
async fn a_token_of_the_tenant_with_the_scope_opens_what_is_for_agents() {
    let bench = Bench::start().await;
    let (blind, ours, theirs) = (token(9), bench.token.clone(), bench.theirs.clone());
    bench.knows(&blind, OURS, &["calls:read"]).await;

    for (token, status) in [
        (&ours, 201),
        (&theirs, 404),
        (&blind, 403),
        (&token(77), 401),
    ] {
        let sent = bearer(token);
        let answer = bench
            .sends("GET", "/t/8001/desk", &[("Authorization", &sent)])
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let sent = bearer(&ours);
    let answer = bench
        .sends("GET", "/t/8001/desk", &[("Authorization", &sent)])
        .await;
    assert!(
        text(&answer).contains("Some(\"desk\")"),
        "by whom: {answer:?}"
    );
    let foreign = [
        ("Authorization", sent.as_str()),
        ("Origin", "https://evil.example"),
    ];
    assert_eq!(
        bench.sends("GET", "/t/8001/desk", &foreign).await.status,
        403
    );
    bench.stops().await;
}

#[tokio::test]
async fn who_is_known_may_bring_a_megabyte_and_strangers_sixty_four_kilobytes() {
    let bench = Bench::start().await;
    let known = [("Authorization", "Bearer a-new-secret-of-ours")];
    let megabyte = "x".repeat(VISIT);

    let answer = bench.posts("/t/8001/sms", &known, &megabyte).await;
    assert_eq!(answer.status, 201);
    assert!(text(&answer).contains(" 1048576 "));
    for (path, headers, length) in [
        ("/t/8001/sms", &known[..], "1048577"),
        ("/t/8001/open", &[], "65537"),
    ] {
        let headers = [headers, &[("Content-Length", length)]].concat();
        let answer = bench.sends("POST", path, &headers).await;
        assert_eq!(answer.json()["code"], "too_large", "{path}");
    }
    let chunked = [("Transfer-Encoding", "chunked")];
    let chunks = format!("11170\r\n{}\r\n0\r\n\r\n", "x".repeat(70_000));
    let answer = bench.streams("/t/8001/open", &chunked, &chunks).await;
    assert_eq!(answer.status, 413, "also who does not say how much it is");
    bench.stops().await;
}

#[tokio::test]
async fn each_way_not_to_be_answered_has_its_status() {
    let bench = Bench::start().await;

    for (path, status, again) in [
        ("/t/8001/busy", 503, Some("1")),
        ("/t/8001/gone", 503, Some("1")),
        ("/t/8001/shut", 503, Some("60")),
        ("/t/8001/broken", 500, None),
        ("/t/8001/odd", 400, None),
    ] {
        let answer = bench.sends("GET", path, &[]).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (status, again),
            "{path}"
        );
    }
    bench.stops().await;
}

#[tokio::test]
async fn who_dawdles_at_one_tenants_routes_keeps_nobody_from_anothers() {
    let bench = Bench::start().await;
    let mut crowd = Vec::new();
    for _ in 0..STRANGERS {
        let mut stream = TcpStream::connect(bench.address).await.unwrap();
        let request = b"GET /t/8001/slow HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        crowd.push(stream);
    }
    let full = async {
        while bench.sends("GET", "/t/8001/open", &[]).await.status != 503 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), full).await.unwrap();

    let answer = bench.sends("GET", "/t/8003/open", &[]).await;
    assert_eq!(answer.status, 201, "another tenant's");
    let known = [("Authorization", "Bearer a-new-secret-of-ours")];
    let answer = bench.sends("GET", "/t/8001/sms", &known).await;
    assert_eq!(answer.status, 201, "who is known");

    drop(crowd);
    let free = async {
        while bench.sends("GET", "/t/8001/open", &[]).await.status != 201 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), free).await.unwrap();
    bench.stops().await;
}

#[tokio::test]
async fn doors_hear_who_sits_at_the_desk_and_what_people_change_is_in_the_audit_log() {
    let bench = Bench::start().await;

    for (user, told) in [
        ("1049", r#"1049 agent Some(["1049"])"#),
        ("1001", r#"1001 leader Some(["1001", "1049", "1051"])"#),
        ("1900", "1900 quality None"),
    ] {
        let cookie = logs_in(&bench, user).await;
        let headers = [("Cookie", &*cookie), HOME];
        let answer = bench.sends("GET", "/t/8001/desk", &headers).await;
        assert_eq!(text(&answer), told);
        let answer = bench.posts("/t/8001/desk", &headers, "").await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let sent = bearer(&bench.token);
    let program = [("Authorization", &*sent)];
    assert_eq!(bench.posts("/t/8001/desk", &program, "").await.status, 201);

    // The log is written while others are answered.
    let written = async {
        loop {
            let lines = bench.store.audit(OURS, AuditFilter::default()).await;
            let mut lines = lines.unwrap();
            lines.retain(|line| line.act.starts_with("plugin:"));
            if lines.len() >= 3 {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    };
    let lines = timeout(Duration::from_secs(10), written).await.unwrap();
    let mut told: Vec<_> = lines
        .iter()
        .map(|line| format!("{} {} {} {}", line.by, line.act, line.about, line.outcome))
        .collect();
    told.sort_unstable();
    let expected =
        ["1001", "1049", "1900"].map(|user| format!("user:{user} plugin:desk desk asked"));
    assert_eq!(told, expected);
    bench.stops().await;
}

#[tokio::test]
async fn numbers_in_what_plugins_answer_are_hidden_from_roles_that_may_not_see_them() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1049").await;
    let of = |path: &'static str| {
        let (bench, cookie) = (&bench, &cookie);
        async move {
            let headers = [("Cookie", &**cookie)];
            text(&bench.sends("GET", path, &headers).await)
        }
    };
    assert_eq!(of("/t/8001/customers").await, r#"{"from":"13800138000"}"#);
    *bench.exchange.masks.lock().unwrap() = true;

    assert_eq!(of("/t/8001/customers").await, r#"{"from":"138****8000"}"#);
    assert_eq!(of("/t/8001/list").await, "from\n138****8000\n");
    bench.stops().await;
}
