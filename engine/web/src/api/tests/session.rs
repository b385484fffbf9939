//! People at their desks: logging in, how far each role reaches, and what is written down of it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{AnswerClaim, AuditFilter, Claimed, Desks, Store};

use super::bench::{Answer, Bench, LIVE, MESSAGE, OURS, OVER, RECORDING};
use super::openapi;
use crate::api::person::opens;
use call::desk::Role;

/// A page of this exchange has made a browser ask.
pub(super) const HOME: (&str, &str) = ("Origin", "http://pbx");
pub(super) const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn tries(bench: &Bench, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[JSON], headers].concat();
    let path = "/api/v1/session";
    let answer = bench.posts(path, &headers, &body.to_string()).await;
    openapi::assert_fits(&bench.document, path, "post", answer.status, &answer.json());
    answer
}

/// Logs somebody in; the cookie that their browser sends from then on.
pub(super) async fn logs_in(bench: &Bench, user: &str) -> String {
    let password = format!("first-{user}");
    let body = json!({ "tenant": OURS, "user": user, "password": password, "take_over": true });
    let answer = tries(bench, &body, &[HOME]).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; "), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) async fn gets(bench: &Bench, cookie: &str, path: &str) -> Answer {
    let headers = [("Cookie", cookie)];
    bench
        .sends("GET", &format!("/api/v1{path}"), &headers)
        .await
}

pub(super) async fn posts(bench: &Bench, cookie: &str, path: &str, body: &Value) -> Answer {
    let headers = [("Cookie", cookie), HOME, JSON];
    let path = format!("/api/v1{path}");
    bench.posts(&path, &headers, &body.to_string()).await
}

#[tokio::test]
async fn somebody_logs_in_is_asked_who_they_are_and_logs_out() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1001").await;

    let me = gets(&bench, &cookie, "/session").await;
    openapi::assert_fits(
        &bench.document,
        "/api/v1/session",
        "get",
        me.status,
        &me.json(),
    );
    let me = me.json();
    assert_eq!(
        (&me["user"], &me["role"], &me["team"]),
        (&json!("1001"), &json!("leader"), &json!("it"))
    );
    assert!(
        me["rights"]
            .as_array()
            .unwrap()
            .contains(&json!("supervise"))
    );
    let out = bench
        .sends("DELETE", "/api/v1/session", &[("Cookie", &cookie), HOME])
        .await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    let over = gets(&bench, &cookie, "/session").await;
    assert_eq!(
        (over.status, &over.json()["code"]),
        (401, &json!("session_is_over"))
    );
    let nobody = bench.sends("GET", "/api/v1/session", &[]).await;
    assert_eq!(
        (nobody.status, &nobody.json()["code"]),
        (403, &json!("no_session"))
    );
    bench.stops().await;
}

#[tokio::test]
async fn who_does_not_exist_and_who_mistypes_are_told_the_same() {
    let bench = Bench::start().await;
    let mut told = Vec::new();
    for (tenant, user, password) in [
        (OURS, "1049", "first-1050"),
        (OURS, "1777", "first-1777"),
        ("nobody", "1049", "first-1049"),
    ] {
        let body = json!({ "tenant": tenant, "user": user, "password": password });
        let answer = tries(&bench, &body, &[HOME]).await;
        assert_eq!(answer.status, 401);
        told.push(answer.json());
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    assert_eq!(told[0]["code"], "wrong_password");
    bench.stops().await;
}

#[tokio::test]
async fn names_that_nobody_has_are_not_written_down() {
    let bench = Bench::start().await;
    let long = "9".repeat(30_000);
    for (tenant, user) in [
        (OURS, "1777"),
        ("nobody", "1049"),
        (OURS, &*long),
        (&*long, "1"),
    ] {
        let body = json!({ "tenant": tenant, "user": user, "password": "guess" });
        assert_eq!(tries(&bench, &body, &[HOME]).await.status, 401);
    }
    let body = json!({ "tenant": OURS, "user": "1049", "password": "guess" });
    tries(&bench, &body, &[HOME]).await;
    // Who logs in is written down after what was before.
    logs_in(&bench, "1050").await;

    let filter = AuditFilter {
        limit: 100,
        ..AuditFilter::default()
    };
    let lines = bench.store.audit(OURS, filter).await.unwrap();
    let wrong = lines.iter().filter(|line| line.outcome == "wrong_password");
    let guessed: Vec<&str> = wrong.map(|line| &*line.about).collect();
    assert_eq!(guessed, ["1049"]);
    bench.stops().await;
}

#[tokio::test]
async fn strangers_who_guess_one_password_wait_and_the_account_is_not_locked() {
    let bench = Bench::start().await;
    let wrong = json!({ "tenant": OURS, "user": "1049", "password": "guess" });
    for _ in 0..5 {
        assert_eq!(tries(&bench, &wrong, &[HOME]).await.status, 401);
    }
    let waits = tries(&bench, &wrong, &[HOME]).await;
    assert_eq!(waits.status, 429);
    assert!(waits.header("retry-after").is_some());
    logs_in(&bench, "1050").await;
    bench.stops().await;
}

#[tokio::test]
async fn a_second_desk_asks_before_it_takes_over_and_the_first_may_only_look() {
    let bench = Bench::start().await;
    let first = logs_in(&bench, "1049").await;
    let again = json!({ "tenant": OURS, "user": "1049", "password": "first-1049" });

    let refused = tries(&bench, &again, &[HOME]).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &json!("already_logged_in"))
    );
    let mut listening = bench.events.listen(OURS, None).unwrap();
    let second = logs_in(&bench, "1049").await;

    let told = listening.take().unwrap();
    assert_eq!(
        serde_json::to_value(&told[0].news).unwrap()["type"],
        "session.taken_over"
    );
    assert_eq!(
        gets(&bench, &first, "/session").await.json()["taken_over"],
        true
    );
    assert_eq!(gets(&bench, &first, "/agents").await.status, 200);
    let idle = json!({ "command": "idle" });
    let does = posts(&bench, &first, "/users/1049/commands", &idle).await;
    assert_eq!(
        (does.status, &does.json()["code"]),
        (403, &json!("taken_over"))
    );
    let does = posts(&bench, &second, "/users/1049/commands", &idle).await;
    assert_eq!(does.status, 200);
    let done = bench.exchange.done.lock().unwrap().pop().unwrap();
    assert_eq!(done, "8001 1049 idle user:1049");
    bench.stops().await;
}

#[tokio::test]
async fn what_no_page_of_ours_has_asked_for_is_refused_though_the_cookie_is_right() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1049").await;
    let body = json!({ "command": "idle" }).to_string();
    for headers in [
        vec![],
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site"), HOME],
        vec![("Sec-Fetch-Site", "same-site")],
    ] {
        let all = [vec![("Cookie", &*cookie), JSON], headers.clone()].concat();
        let answer = bench
            .posts("/api/v1/users/1049/commands", &all, &body)
            .await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert_eq!(answer.json()["code"], "foreign_origin");
    }
    let credentials = json!({ "tenant": OURS, "user": "1050", "password": "first-1050" });
    assert_eq!(tries(&bench, &credentials, &[]).await.status, 403);
    assert!(bench.exchange.done.lock().unwrap().is_empty());
    bench.stops().await;
}

#[tokio::test]
async fn a_new_password_that_may_be_sent_again_leaves_no_quick_sum_of_it_behind() {
    let bench = Bench::start().await;
    let cookie = logs_in(&bench, "1049").await;
    let body = json!({ "old": "first-1049", "new": "correct horse" }).to_string();
    let path = "/api/v1/session/password";
    let headers = [("Cookie", &*cookie), HOME, JSON, ("Idempotency-Key", "k")];
    for _ in 0..2 {
        assert_eq!(bench.posts(path, &headers, &body).await.status, 204);
    }

    let mut sum = Sha256::new();
    for part in ["POST", path, &*body] {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    let claim = AnswerClaim {
        tenant: OURS.to_owned(),
        token: "user:1049".to_owned(),
        key: "k".to_owned(),
        request: sum.finalize().into(),
        run: 0,
        at: 0,
        forget_before: 0,
    };
    let kept = bench.store.claim_answer(claim).await.unwrap();
    assert!(matches!(kept, Claimed::Different), "{kept:?}");
    bench.stops().await;
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_the_first_one_opens_nothing_any_more() {
    let bench = Bench::start().await;
    let old = logs_in(&bench, "1049").await;
    let cookie = logs_in(&bench, "1049").await;
    let change = async |old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        let answer = posts(&bench, &cookie, "/session/password", &body).await;
        (
            answer.status,
            answer.status == 204 || answer.json()["code"].is_string(),
        )
    };

    assert_eq!(change("first-1050", "correct horse").await, (422, true));
    assert_eq!(change("first-1049", "12345678").await, (422, true));
    assert_eq!(change("first-1049", "correct horse").await, (204, true));

    assert_eq!(gets(&bench, &old, "/session").await.status, 401);
    assert_eq!(gets(&bench, &cookie, "/session").await.status, 200);
    let log_in = |password: &str| json!({ "tenant": OURS, "user": "1049", "password": password, "take_over": true });
    assert_eq!(
        tries(&bench, &log_in("first-1049"), &[HOME]).await.status,
        401
    );
    assert_eq!(
        tries(&bench, &log_in("correct horse"), &[HOME])
            .await
            .status,
        201
    );
    bench.stops().await;
}

#[tokio::test]
async fn each_role_gets_what_the_table_says_on_every_route() {
    let bench = Bench::start().await;
    for (user, role) in [
        ("1049", Role::Agent),
        ("1001", Role::Leader),
        ("1900", Role::Quality),
        ("1910", Role::Tickets),
        ("1920", Role::Integrator),
        ("1999", Role::Admin),
    ] {
        let cookie = logs_in(&bench, user).await;
        for route in super::routes::listed(&bench) {
            let Some(scope) = route.scope else { continue };
            // One wants a WebSocket, the other is answered by the tests of reloads.
            if ["/events", "/scripts/reload"].contains(&route.path) {
                continue;
            }
            let path = route
                .path
                .replace("{id}", &OVER.to_string())
                .replace("{name}", "tickets");
            let path = format!("/api/v1{path}");
            let method = route.method.to_uppercase();
            let headers = [("Cookie", &*cookie), HOME];
            let answer = bench.sends(&method, &path, &headers).await;
            let refused = answer.status == 403
                && answer.json()["detail"]
                    .as_str()
                    .unwrap()
                    .contains("does not open");
            assert_eq!(
                !refused,
                opens(role, scope),
                "{user} {method} {path}: {answer:?}"
            );
        }
    }
    bench.stops().await;
}

#[tokio::test]
async fn agents_see_what_is_their_own_and_leaders_what_is_their_teams() {
    let bench = Bench::start().await;
    // The call that is over was 1049's; 1050 is nobody's in it.
    let agent = logs_in(&bench, "1049").await;
    let other = logs_in(&bench, "1050").await;
    let leader = logs_in(&bench, "1001").await;
    for (cookie, seen) in [(&agent, true), (&leader, true), (&other, false)] {
        let status = if seen { 200 } else { 404 };
        for path in [
            format!("/calls/{OVER}"),
            format!("/recordings/{RECORDING}"),
            format!("/recordings/{RECORDING}/audio"),
        ] {
            assert_eq!(gets(&bench, cookie, &path).await.status, status, "{path}");
        }
        for list in ["/calls", "/recordings"] {
            let page = gets(&bench, cookie, list).await.json();
            assert_eq!(
                !page["items"].as_array().unwrap().is_empty(),
                seen,
                "{list}"
            );
        }
    }
    assert_eq!(
        gets(&bench, &agent, &format!("/calls/{LIVE}")).await.status,
        404
    );
    // Messages are in 1049's mailbox.
    assert_eq!(
        gets(&bench, &other, &format!("/voicemails/{MESSAGE}"))
            .await
            .status,
        404
    );
    assert_eq!(
        gets(&bench, &other, "/voicemails?mailbox=1049")
            .await
            .status,
        403
    );
    assert_eq!(
        gets(&bench, &other, "/voicemails?mailbox=8000")
            .await
            .status,
        200
    );
    assert_eq!(
        gets(&bench, &agent, "/voicemails?mailbox=1049")
            .await
            .json()["items"][0]["id"],
        json!(MESSAGE)
    );
    let heard = posts(
        &bench,
        &other,
        &format!("/voicemails/{MESSAGE}/heard"),
        &json!({}),
    )
    .await;
    assert_eq!(heard.status, 404);
    // Nobody makes calls in another's name.
    let call = json!({ "from": "1049", "to": "1051" });
    assert_eq!(posts(&bench, &other, "/calls", &call).await.status, 403);
    assert!(bench.exchange.done.lock().unwrap().is_empty());
    bench.stops().await;
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_and_nobody_can_change_it() {
    let bench = Bench::start().await;
    let agent = logs_in(&bench, "1049").await;
    gets(&bench, &agent, &format!("/recordings/{RECORDING}/audio")).await;
    assert_eq!(gets(&bench, &agent, "/audit").await.status, 403);
    let admin = logs_in(&bench, "1999").await;
    // Written in the order in which it was done: what comes after it is on disk later.
    bench.store.touch_session([0; 32], 1).await.unwrap();

    let page = gets(&bench, &admin, "/audit?by=user:1049").await;
    openapi::assert_fits(
        &bench.document,
        "/api/v1/audit",
        "get",
        page.status,
        &page.json(),
    );
    let lines = page.json()["items"].as_array().unwrap().clone();
    let told: Vec<String> = lines
        .iter()
        .rev()
        .map(|line| {
            let word = |it: &str| line[it].as_str().unwrap().to_owned();
            format!("{} {} {}", word("act"), word("about"), word("outcome"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "logged_in 1049 done".to_owned(),
            format!("sound_read {RECORDING} done"),
            "refused audit:read not_allowed".to_owned(),
        ]
    );
    let kept = bench
        .store
        .audit(OURS, AuditFilter::default())
        .await
        .unwrap();
    assert!(kept.len() >= 4);
    bench.stops().await;
}
