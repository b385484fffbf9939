//! What the API shows of the running exchange: phones, users, trunks, scripts.

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, eventually};

#[test]
fn phones_users_and_trunks_are_shown_as_they_are() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, _a2] = exchange.phones(["1049", "1050"]);

    let phones = api.items("/registrations");
    let users: Vec<&Value> = phones.iter().map(|phone| &phone["user"]).collect();
    assert_eq!(users, ["1049", "1050"]);
    assert!(
        phones[0]["source"]
            .as_str()
            .unwrap()
            .starts_with(&a1.address().to_string())
    );
    assert_eq!(api.items("/registrations?user=1050").len(), 1);
    let first = api.get("/registrations?limit=1");
    let second = api.get(&format!(
        "/registrations?after={}",
        first["next"].as_str().unwrap()
    ));
    assert_eq!(second["items"][0]["user"], "1050");

    let users = api.items("/users");
    assert_eq!(users.len(), 4);
    let wen = users
        .iter()
        .find(|user| user["extension"] == "1049")
        .unwrap();
    assert_eq!((&wen["name"], &wen["phones"]), (&"温平".into(), &1.into()));

    let trunks = api.items("/trunks");
    assert_eq!(trunks[0]["name"], "carrier");
    eventually("the trunk's address", || {
        let trunks = api.items("/trunks");
        trunks[0]["hosts"].as_array().unwrap().first().cloned()
    });

    a1.unregisters();
    eventually("the phone to be gone", || {
        (api.items("/registrations").len() == 1).then_some(())
    });
    let stranger = Api::of(&exchange, "8002");
    for list in ["/registrations", "/users", "/trunks"] {
        assert!(stranger.items(list).is_empty(), "{list}");
    }
    assert_eq!(stranger.asks("GET", "/scripts", &[]).status, 404);
}

#[test]
fn a_broken_dialplan_is_shown_with_its_line_and_a_mended_one_goes_live() {
    let exchange = Exchange::start(
        Setup {
            more: "reload = \"manual\",".to_owned(),
            ..Setup::ringing()
        }
        .with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let before = api.get("/scripts");
    let whole = std::fs::read_to_string(exchange.folder.join("scripts/8001/init.lua")).unwrap();

    exchange.write_script("init.lua", &format!("{whole}\noops oops\n"));
    let refused = api.does("POST", "/scripts/reload");
    assert_eq!(refused["outcome"], "refused");
    let error = refused["errors"][0].as_str().unwrap();
    assert!(error.contains("init.lua"), "{error}");
    let shown = api.get("/scripts");
    assert_eq!(shown["generation"], before["generation"]);
    assert_eq!(shown["refused"]["errors"], refused["errors"]);

    exchange.write_script("init.lua", &format!("{whole}\n-- Mended.\n"));
    let published = api.does("POST", "/scripts/reload");
    assert_eq!(published["outcome"], "published");
    let shown = api.get("/scripts");
    assert_eq!(shown["generation"], published["generation"]);
    assert_eq!(shown["refused"], Value::Null);
}
