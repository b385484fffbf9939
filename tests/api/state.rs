//! What the API shows of the running exchange: phones, users, trunks, scripts.

use serde_json::{Value, json};

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

#[test]
fn a_program_goes_back_to_an_earlier_generation_and_forward_again() {
    let exchange = Exchange::start(
        Setup {
            more: "reload = \"manual\",".to_owned(),
            ..Setup::ringing()
        }
        .with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let whole = std::fs::read_to_string(exchange.folder.join("scripts/8001/init.lua")).unwrap();
    let first = api.get("/scripts")["generation"].clone();
    exchange.write_script("init.lua", &format!("{whole}\n-- The second.\n"));
    let second = api.does("POST", "/scripts/reload")["generation"].clone();
    assert_ne!(second, first);

    let gone = api.posts("/scripts/rollback", &json!({}));
    assert_eq!(
        (gone.status, &gone.json()["outcome"]),
        (200, &"published".into())
    );
    let shown = api.get("/scripts");
    assert_eq!(shown["generation"], first);
    assert_eq!(shown["gone_back"]["from"], second);
    let kept: Vec<&Value> = shown["kept"].as_array().unwrap().iter().collect();
    assert_eq!(kept[0]["generation"], second);
    assert_eq!(kept[1]["changed_after"], json!(["scripts/8001/init.lua"]));
    let again = api.posts("/scripts/rollback", &json!({ "generation": first }));
    assert_eq!(again.status, 409);
    assert_eq!(
        again.json()["detail"],
        format!("generation {first} runs already")
    );
    let unknown = api.posts("/scripts/rollback", &json!({ "generation": 99 }));
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (409, &"cannot_roll_back".into())
    );

    let forward = api.does("POST", "/scripts/reload");
    assert_eq!(forward["outcome"], "published");
    let shown = api.get("/scripts");
    assert_eq!(
        (&shown["generation"], &shown["gone_back"]),
        (&second, &Value::Null)
    );
}

#[test]
fn a_refused_config_lua_is_shown_with_its_lines_to_the_tenant_whose_part_is_wrong() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let config = exchange.folder.join("config.lua");
    let right = std::fs::read_to_string(&config).unwrap();
    assert_eq!(api.get("/scripts")["config_refused"], Value::Null);

    std::fs::write(&config, right.replacen("domain", "domian", 1)).unwrap();
    exchange.reload();

    let refused = api.get("/scripts")["config_refused"].clone();
    let error = refused["errors"][0].as_str().unwrap();
    assert!(error.starts_with("config.lua:"), "{error}");
    assert!(
        error.contains("unknown setting 'domian' (did you mean 'domain'?)"),
        "{error}"
    );
    assert!(refused["at"].is_string());
    std::fs::write(&config, right).unwrap();
    exchange.reload();
    assert_eq!(api.get("/scripts")["config_refused"], Value::Null);
}
