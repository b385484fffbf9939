//! The document and the router have the same routes, and every route has its guard.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::bench::{Bench, GIVEN_UP, JOB, LIVE, MESSAGE, OVER, RECORDING, bearer, token};
use crate::api::{Api, Listed, Routes};
use crate::token::Scope;

pub(super) fn listed(bench: &Bench) -> Vec<Listed> {
    let api = Api {
        store: bench.store.clone(),
        exchange: bench.exchange.clone(),
        events: Arc::new(crate::Events::new(1)),
        recordings: bench.folder.clone(),
        doors: Arc::new(super::visits::Played),
    };
    Routes::new(api, watch::channel(()).1).listed
}

/// Routes that no scope guards.
const OPEN: [&str; 3] = [
    "/api/v1/openapi.json",
    "/api/v1/session",
    "/api/v1/session/password",
];

#[tokio::test]
async fn every_route_stands_in_the_document_with_its_scope_and_the_reverse() {
    let bench = Bench::start().await;
    let routes: BTreeSet<(String, String, Option<&str>)> = listed(&bench)
        .into_iter()
        .map(|route| {
            let scope = route.scope.map(Scope::word);
            (
                format!("/api/v1{}", route.path),
                route.method.to_owned(),
                scope,
            )
        })
        .collect();

    let document: Value = bench.sends("GET", "/api/v1/openapi.json", &[]).await.json();
    assert_eq!(document, bench.document);
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let scope = operation["security"][0]["bearer"][0].as_str();
            // What is open to whoever logs in, and to whoever has.
            assert!(scope.is_some() || OPEN.contains(&path.as_str()), "{path}");
            described.insert((path.clone(), method.clone(), scope));
        }
    }

    assert_eq!(routes, described);
    let mut used: BTreeSet<&str> = routes.iter().filter_map(|route| route.2).collect();
    // What it opens is not ours to describe.
    used.insert(Scope::PluginsUse.word());
    let all: BTreeSet<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
    assert_eq!(used, all, "each scope opens something");
    bench.stops().await;
}

#[tokio::test]
async fn the_document_refers_to_nothing_that_is_not_there() {
    let bench = Bench::start().await;
    let mut open = vec![&bench.document];
    let mut references = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                    let place = name.strip_prefix('#').unwrap();
                    assert!(bench.document.pointer(place).is_some(), "{name}");
                    references += 1;
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references > 50);
    bench.stops().await;
}

/// A path with an id in it; one of our messages, which no other kind of thing has.
fn filled(route: &Listed) -> String {
    filled_with(route, &MESSAGE.to_string())
}

fn filled_with(route: &Listed, name: &str) -> String {
    let path = route.path.replace("{id}", name).replace("{name}", name);
    format!("/api/v1{path}")
}

#[tokio::test]
async fn no_route_but_the_document_answers_without_a_token_of_its_scope() {
    let bench = Bench::start().await;
    let weak = token(9);
    for (number, route) in (100..).zip(listed(&bench)) {
        let Some(scope) = route.scope else { continue };
        let (method, path) = (route.method.to_uppercase(), filled(&route));

        let nobody = bench.sends(&method, &path, &[]).await;
        assert_eq!(nobody.status, 401, "{method} {path}");
        assert_eq!(nobody.json()["code"], "no_token");
        assert!(nobody.header("www-authenticate").is_some());
        let unknown = bench.asks(&method, &path, &weak).await;
        assert_eq!(unknown.status, 401, "{method} {path}");
        assert_eq!(unknown.json()["code"], "wrong_token");

        let others: Vec<&str> = Scope::ALL
            .iter()
            .filter(|&&other| other != scope)
            .map(|other| other.word())
            .collect();
        let narrow = token(number);
        bench.knows(&narrow, super::bench::OURS, &others).await;
        let refused = bench.asks(&method, &path, &narrow).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.contains(scope.word()), "{challenge}");
    }
    assert!(
        bench.exchange.done.lock().unwrap().is_empty(),
        "nothing was done"
    );
    bench.stops().await;
}

/// A body that a route takes, as the document has it.
fn wants_a_body(bench: &Bench, route: &Listed) -> Option<Value> {
    let operation = &bench.document["paths"][format!("/api/v1{}", route.path)][route.method];
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    match body["$ref"].as_str()? {
        "#/components/schemas/CallWanted" => Some(json!({ "from": "1049", "to": "1050" })),
        "#/components/schemas/Credentials" | "#/components/schemas/PasswordChange" => None,
        "#/components/schemas/NewItem" => Some(json!({ "from": "wx:anna" })),
        "#/components/schemas/NewCallback" => Some(json!({ "number": "13800138000" })),
        "#/components/schemas/Deed" => Some(json!({ "command": "idle" })),
        "#/components/schemas/RoleWanted" => Some(json!({ "role": "leader", "team": "it" })),
        "#/components/schemas/AgentAct" => Some(json!({ "act": "idle" })),
        "#/components/schemas/TransferWanted" => Some(json!({ "by": "1049", "to": "1050" })),
        "#/components/schemas/MissedSettled" => Some(json!({ "state": "done" })),
        "#/components/schemas/Rollback" => Some(json!({ "generation": 2 })),
        "#/components/schemas/ListEntryWanted" | "#/components/schemas/ListEntryUnwanted" => {
            Some(json!({ "number": "13800138000" }))
        }
        "#/components/schemas/ShiftsWanted" => Some(json!({
            "since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "shifts": [],
        })),
        "#/components/schemas/Again" => Some(json!({ "call": null })),
        "#/components/schemas/Assignment" => Some(json!({ "to": null })),
        other => panic!("no body for {other} yet"),
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_a_problem_on_every_route_that_takes_one() {
    let bench = Bench::start().await;
    let token = bearer(&bench.token);
    let mut seen = 0;
    for route in listed(&bench) {
        let Some(body) = wants_a_body(&bench, &route) else {
            continue;
        };
        seen += 1;
        let path = filled(&route);
        let post = async |kind: &str, body: &str| {
            let headers = [("Authorization", &*token), ("Content-Type", kind)];
            let answer = bench.posts(&path, &headers, body).await;
            (answer.status, answer.json()["code"].clone())
        };
        let text = body.to_string();
        let wrong = (415, "wrong_media_type".into());
        assert_eq!(post("text/plain", &text).await, wrong, "{path}");
        let wrong = (400, "wrong_body".into());
        for broken in ["", "{", "[]", "{\"frm\": 1}", "{\"to\": {}}", "\"\\ud800\""] {
            assert_eq!(
                post("application/json", broken).await,
                wrong,
                "{path} {broken}"
            );
        }
        let long = format!("{{\"to\": \"{}\"}}", "9".repeat(70_000));
        let wrong = (413, "too_large".into());
        assert_eq!(post("application/json", &long).await, wrong, "{path}");
    }
    assert!(seen >= 2, "{seen}");
    assert!(bench.exchange.done.lock().unwrap().is_empty());
    bench.stops().await;
}

#[tokio::test]
async fn what_is_another_tenants_is_not_there_on_any_route() {
    let bench = Bench::start().await;
    let ids = [OVER, LIVE, RECORDING, MESSAGE, JOB, GIVEN_UP].map(|id| id.to_string());
    let names: Vec<&str> = ids.iter().map(String::as_str).chain(["tickets"]).collect();
    for route in listed(&bench)
        .iter()
        .filter(|route| route.path.contains('{'))
    {
        for name in &names {
            let (method, path) = (route.method.to_uppercase(), filled_with(route, name));
            let answer = match wants_a_body(&bench, route) {
                Some(body) => bench.gives_by(&bench.theirs, &path, &[], &body).await,
                None => bench.asks(&method, &path, &bench.theirs).await,
            };
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.json()["code"], "not_found");
        }
    }
    for list in [
        "calls",
        "recordings",
        "voicemails",
        "registrations",
        "agents",
        "queues",
        "switches",
        "queue-log",
        "missed",
        "statistics/queues",
        "statistics/agents",
        "statistics/intervals",
        "statistics/adherence",
        "jobs",
        "plugins",
    ] {
        let page = bench
            .asks("GET", &format!("/api/v1/{list}"), &bench.theirs)
            .await;
        assert_eq!(page.json()["items"], serde_json::json!([]), "{list}");
    }
    let done = bench.exchange.done.lock().unwrap().clone();
    assert!(
        done.iter().all(|done| done.starts_with("allow 8002")),
        "nothing was done: {done:?}"
    );
    let message = bench
        .get(&format!("/api/v1/voicemails/{MESSAGE}"))
        .await
        .json();
    assert_eq!(message["heard_at"], Value::Null);
    bench.stops().await;
}

#[tokio::test]
async fn what_is_no_path_or_no_method_is_a_problem_too() {
    let bench = Bench::start().await;
    let authorised = [("Authorization", &*bearer(&bench.token))];

    let nowhere = bench.sends("GET", "/api/v1/agenst", &authorised).await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(
        nowhere.header("content-type"),
        Some("application/problem+json")
    );
    // Below the API, at its root, beside it, and where a name cannot be read.
    for nowhere in [
        "/",
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/calls/%ff",
    ] {
        let answer = bench.sends("GET", nowhere, &authorised).await;
        assert_eq!(answer.status, 404, "{nowhere}");
        assert_eq!(answer.json()["code"], "not_found", "{nowhere}");
    }
    let wrong = bench.sends("PUT", "/api/v1/calls", &authorised).await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.json()["code"], "wrong_method");
    assert!(
        wrong
            .header("allow")
            .is_some_and(|allow| allow.contains("GET"))
    );
    assert_eq!(wrong.header("cache-control"), Some("no-store"));
    assert_eq!(wrong.header("x-content-type-options"), Some("nosniff"));
    bench.stops().await;
}
