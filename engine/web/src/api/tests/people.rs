//! What people are shown and given: roles, colleagues, numbers without their middle, their own address.

use serde_json::{Value, json};
use store::{AuditFilter, Desks};

use super::bench::{Bench, LIVE, MESSAGE, OURS, OVER, RECORDING};
use super::openapi;
use super::session::{HOME, JSON, gets, logs_in, posts};

#[tokio::test]
async fn administrators_give_roles_and_nobody_gives_one_above_their_own() {
    let bench = Bench::start().await;
    let path = "/api/v1/users/1052/role";
    let leader = json!({ "role": "leader", "team": "it" });
    let admin = json!({ "role": "admin", "team": null });

    for user in ["1001", "1049", "1900", "1910", "1920"] {
        let cookie = logs_in(&bench, user).await;
        let refused = posts(&bench, &cookie, "/users/1052/role", &leader).await;
        assert_eq!(refused.status, 403, "{user}");
    }
    let cookie = logs_in(&bench, "1999").await;
    for body in [&leader, &admin] {
        let given = posts(&bench, &cookie, "/users/1052/role", body).await;
        assert_eq!(given.status, 204, "{body}");
    }
    assert_eq!(bench.gives(path, &leader).await.status, 204);
    let above = bench.gives(path, &admin).await;
    assert_eq!(
        (above.status, &above.json()["code"]),
        (403, &json!("not_allowed"))
    );

    let done = bench.exchange.done.lock().unwrap().clone();
    assert_eq!(
        done,
        [
            "8001 1052 is leader of Some(\"it\") by user:1999",
            "8001 1052 is admin of None by user:1999",
            "8001 1052 is leader of Some(\"it\") by api:desk",
        ]
    );
    let configured = bench.gives("/api/v1/users/1049/role", &leader).await;
    assert_eq!(configured.json()["code"], "configured");
    let nobody = bench.gives("/api/v1/users/1060/role", &leader).await;
    assert_eq!(nobody.status, 404);
    let nameless = json!({ "role": "leader", "team": "" });
    assert_eq!(bench.gives(path, &nameless).await.status, 422);
    let word = json!({ "role": "captain" });
    assert_eq!(bench.gives(path, &word).await.status, 400);
    // Written in the order in which it was done: what comes after it is on disk later.
    bench.store.touch_session([0; 32], 1).await.unwrap();
    let lines = bench.store.audit(OURS, AuditFilter::default()).await;
    let given = |line: &&store::AuditRow| line.act == "role_given";
    assert_eq!(lines.unwrap().iter().filter(given).count(), 3);
    bench.stops().await;
}

#[tokio::test]
async fn no_page_shows_a_whole_number_to_a_role_that_may_not_see_it() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1049").await;
    let raw = "13800138000";
    let pages = async || {
        let mut shown = Vec::new();
        for route in super::routes::listed(&bench) {
            if route.method != "get" || route.path == "/openapi.json" {
                continue;
            }
            for name in [OVER, LIVE, MESSAGE, RECORDING].map(|id| id.to_string()) {
                shown.push(route.path.replace("{id}", &name).replace("{name}", &name));
            }
            if route.path == "/voicemails" {
                shown.push("/voicemails?mailbox=1049".to_owned());
            }
            for name in ["1049", "it", "sales", "vip", "tickets"] {
                shown.push(route.path.replace("{id}", name).replace("{name}", name));
            }
        }
        let (mut whole, mut hidden) = (Vec::new(), 0);
        for path in shown {
            let answer = gets(&bench, &cookie, &path).await;
            let body = String::from_utf8_lossy(&answer.body);
            if answer.head.contains(raw) || body.contains(raw) {
                whole.push(path);
            } else if body.contains("138****8000") {
                hidden += 1;
            }
        }
        (whole, hidden)
    };

    let (whole, _) = pages().await;
    assert!(whole.len() > 1, "there are numbers to hide: {whole:?}");
    *bench.exchange.masks.lock().unwrap() = true;
    let (whole, hidden) = pages().await;

    assert!(whole.is_empty(), "{whole:?}");
    assert!(hidden > 1, "{hidden}");
    bench.stops().await;
}

#[tokio::test]
async fn no_cursor_tells_what_its_page_ends_with_and_each_leads_on() {
    let bench = Bench::start().await;
    let hex = |text: &str| -> String { text.bytes().map(|it| format!("{it:02x}")).collect() };
    let mut followed = Vec::new();
    for route in super::routes::listed(&bench) {
        if route.method != "get" {
            continue;
        }
        for name in ["1049", "it", "blacklist"] {
            let path = route.path.replace("{id}", name).replace("{name}", name);
            let path = format!("/api/v1{path}?limit=1");
            let answer = bench.get(&path).await;
            let page = String::from_utf8_lossy(&answer.body);
            let Ok(page) = serde_json::from_str::<Value>(&page) else {
                continue;
            };
            let Some(next) = page["next"].as_str() else {
                continue;
            };
            let item = page["items"][0].as_object().unwrap();
            for text in item.values().filter_map(Value::as_str) {
                let is_told = text.len() > 3 && next.contains(&hex(text));
                assert!(!is_told, "{path}: {next} is {text}");
            }
            let on = bench.get(&format!("{path}&after={next}")).await;
            assert_eq!(on.status, 200, "{path}");
            followed.push(route.path.to_owned());
        }
    }
    assert!(
        followed.iter().any(|it| it == "/lists/{id}"),
        "{followed:?}"
    );
    assert!(
        followed.iter().any(|it| it == "/registrations"),
        "{followed:?}"
    );
    bench.stops().await;
}

#[tokio::test]
async fn colleagues_are_seen_without_their_reasons_and_other_queues_without_their_callers() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1050").await;

    let seen = gets(&bench, &cookie, "/agents/1049").await.json();
    let queue = gets(&bench, &cookie, "/queues/it").await.json();

    assert_eq!(seen["state"], "busy");
    assert_eq!(
        (&seen["reason"], &seen["today_ms"]),
        (&Value::Null, &json!({}))
    );
    assert_eq!(queue["callers"], json!([]));
    assert_eq!(queue["agents"][0]["reason"], Value::Null);
    let leader = logs_in(&bench, "1001").await;
    let seen = gets(&bench, &leader, "/agents/1049").await.json();
    assert_eq!(seen["reason"], "meeting");
    let queue = gets(&bench, &leader, "/queues/it").await.json();
    assert!(!queue["callers"].as_array().unwrap().is_empty());
    bench.stops().await;
}

#[tokio::test]
async fn who_logs_in_behind_our_proxy_is_known_by_their_own_address() {
    let bench = Bench::start().await;
    let body =
        json!({ "tenant": OURS, "user": "1049", "password": "first-1049", "take_over": true });
    let path = "/api/v1/session";
    let headers = [
        JSON,
        HOME,
        ("X-Forwarded-For", "203.0.113.9, 198.51.100.4"),
        ("X-Forwarded-Proto", "https"),
    ];
    let (proxy, stranger) = ([127, 0, 0, 9], [127, 0, 0, 8]);

    let body = body.to_string();
    let ours = bench.posts_from(proxy, path, &headers, &body).await;
    let theirs = bench.posts_from(stranger, path, &headers, &body).await;

    assert_eq!((ours.status, theirs.status), (201, 201));
    assert!(ours.header("set-cookie").unwrap().ends_with("; Secure"));
    assert!(!theirs.header("set-cookie").unwrap().contains("Secure"));
    // Written in the order in which it was done: what comes after it is on disk later.
    bench.store.touch_session([0; 32], 1).await.unwrap();
    let lines = bench.store.audit(OURS, AuditFilter::default()).await;
    let sources: Vec<_> = lines
        .unwrap()
        .into_iter()
        .filter_map(|it| it.source)
        .collect();
    assert_eq!(sources, ["127.0.0.8", "198.51.100.4"], "the newest first");
    bench.stops().await;
}

#[tokio::test]
async fn nonsense_instead_of_a_password_is_a_problem() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1049").await;
    for path in ["/api/v1/session", "/api/v1/session/password"] {
        let headers = [("Cookie", &*cookie), HOME, JSON];
        for (body, status, code) in [
            ("", 400, "wrong_body"),
            ("[]", 400, "wrong_body"),
            (r#"{"user": 1049}"#, 400, "wrong_body"),
            (r#"{"old": "", "new": ""}"#, 400, "wrong_body"),
        ] {
            if path.ends_with("password") && body.contains("old") {
                continue;
            }
            let answer = bench.posts(path, &headers, body).await;
            let problem = answer.json();
            openapi::assert_fits(&bench.document, path, "post", answer.status, &problem);
            assert_eq!(
                (answer.status, problem["code"].as_str()),
                (status, Some(code)),
                "{path} {body}"
            );
        }
        let plain = [("Cookie", &*cookie), HOME, ("Content-Type", "text/plain")];
        let answer = bench.posts(path, &plain, "{}").await;
        assert_eq!(answer.status, 415, "{path}");
    }
    bench.stops().await;
}
