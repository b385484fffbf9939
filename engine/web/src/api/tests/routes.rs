//! The document and the router have the same routes, and every route has its guard.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::bench::{Bench, MESSAGE, bearer, token};
use crate::api::{Api, Listed, Routes};
use crate::token::Scope;

fn listed(bench: &Bench) -> Vec<Listed> {
    let api = Api {
        store: bench.store.clone(),
        exchange: bench.exchange.clone(),
        events: Arc::new(crate::Events::new(1)),
        recordings: bench.folder.clone(),
        doors: Arc::new(super::visits::Played),
    };
    Routes::new(api, watch::channel(()).1).listed
}

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
    format!("/api/v1{}", route.path).replace("{id}", &MESSAGE.to_string())
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

#[tokio::test]
async fn what_is_another_tenants_is_not_there_on_any_route() {
    let bench = Bench::start().await;
    let ids = [
        super::bench::OVER,
        super::bench::LIVE,
        super::bench::RECORDING,
        MESSAGE,
    ];
    for route in listed(&bench)
        .iter()
        .filter(|route| route.path.contains("{id}"))
    {
        for id in ids {
            let method = route.method.to_uppercase();
            let path = format!("/api/v1{}", route.path).replace("{id}", &id.to_string());
            let answer = bench.asks(&method, &path, &bench.theirs).await;
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
        "queue-log",
    ] {
        let page = bench
            .asks("GET", &format!("/api/v1/{list}"), &bench.theirs)
            .await;
        assert_eq!(page.json()["items"], serde_json::json!([]), "{list}");
    }
    assert!(
        bench.exchange.done.lock().unwrap().is_empty(),
        "nothing was done"
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
