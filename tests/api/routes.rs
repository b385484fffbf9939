//! Routes of a tenant's scripts through a whole exchange.

use store::TokenRow;
use web::{RANDOM, Scope, Token};

use crate::support::http::ask;
use crate::support::{Exchange, Setup, pilot};

const SCRIPT: &str = "-- Answers by HTTP and by telephone.
local notes = store(\"notes\")

http.route(\"POST /notes\", { auth = { bearer = \"a-secret-of-the-tests\" } }, function(request)
  notes:set(request.json.call, request.json.text)
  return 204
end)

http.route(\"GET /notes/:call\", { auth = \"agent\" }, function(request)
  local text = notes:get(request.params.call)
  if not text then
    return 404, { error = \"no note\" }
  end
  return 200, { text = text, by = request.by }
end)

context \"internal\" { [\"_.\"] = function(call) call:answer() call:echo() end }
";

#[test]
fn scripts_answer_requests_below_their_tenants_prefix_while_a_call_is_up() {
    let exchange = Exchange::start(Setup::with(SCRIPT).with_http());
    let address = exchange.house(1, 8_080);
    let [phone] = exchange.phones(["1049"]);
    let call = phone.dials("4001234567");
    call.is_answered();
    let secret = [
        ("Authorization", "Bearer a-secret-of-the-tests"),
        ("Content-Type", "application/json"),
    ];
    let mine = bearer(&exchange, Scope::PluginsUse);
    let mine = [("Authorization", mine.as_str())];
    let note = r#"{"call":"c1","text":"网络故障"}"#;

    assert_eq!(ask(address, "POST /t/8001/notes", &[], note).0, 401);
    assert_eq!(
        ask(address, "POST /t/8001/notes", &secret, note),
        (204, String::new())
    );
    assert_eq!(
        ask(address, "GET /t/8001/notes/c1", &mine, ""),
        (200, r#"{"by":"crm","text":"网络故障"}"#.to_owned())
    );
    assert_eq!(ask(address, "GET /t/8001/notes/c2", &mine, "").0, 404);
    let blind = bearer(&exchange, Scope::CallsRead);
    let blind = [("Authorization", blind.as_str())];
    assert_eq!(ask(address, "GET /t/8001/notes/c1", &blind, "").0, 403);
    assert_eq!(ask(address, "GET /t/8002/notes/c1", &mine, "").0, 404);

    exchange.write_script("init.lua", &SCRIPT.replace("/notes", "/comments"));
    exchange.reload();

    assert_eq!(ask(address, "GET /t/8001/notes/c1", &mine, "").0, 404);
    assert_eq!(ask(address, "GET /t/8001/comments/c1", &mine, "").0, 200);
    call.hangs_up();
}

/// How a route of a plugin breaks, what it answers then, and the word for programs.
const FAULTS: &[(&str, &str, u16, &str)] = &[
    ("error", "error(\"a secret\")", 500, "broken"),
    ("lua", "local x = nil .. \"a secret\"", 500, "broken"),
    ("library", "http.get(\"https://a.secret\")", 500, "broken"),
    ("answer", "return 200, { print }", 500, "broken"),
    ("status", "return 99", 500, "broken"),
    (
        "header",
        "return 200, \"\", { [\"X-A\"] = \"a\\r\\nsecret: b\" }",
        500,
        "broken",
    ),
    ("body", "return 200, request.json.a", 400, "bad_body"),
    ("stuck", "while true do end", 500, "broken"),
];

#[test]
fn a_plugins_route_that_breaks_says_so_as_rfc_9457_has_it_and_calls_go_on() {
    let exchange = Exchange::start(Setup {
        tenant: "plugins = { tickets = {} },".to_owned(),
        ..Setup::with(SCRIPT).with_http()
    });
    let address = exchange.house(1, 8_080);
    take_plugin(&exchange);
    let [phone] = exchange.phones(["1049"]);
    let call = phone.dials("4001234567");
    call.is_answered();
    let json = [("Content-Type", "application/json")];

    for (name, _, status, code) in FAULTS {
        let path = format!("POST /t/8001/bad/{name}");
        let (answered, body) = ask(address, &path, &json, "{");
        // What is wrong with a body is known before anything runs.
        assert_eq!(answered, 400, "{name}: {body}");
        let body_of = if *name == "body" { "{" } else { "{}" };
        let (answered, body) = ask(address, &path, &json, body_of);
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (answered, &problem["code"]),
            (*status, &(*code).into()),
            "{name}: {body}"
        );
        assert_eq!(problem["status"], *status, "{name}: {body}");
        for member in ["type", "title", "detail"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name}: no {member} in {body}");
        }
        assert!(
            !body.contains("secret"),
            "{name} tells of the inside: {body}"
        );
    }
    // Who is left out for what it does says that, too, and for how long.
    let (status, body) = (1..=10)
        .map(|_| ask(address, "POST /t/8001/bad/stuck", &json, "{}"))
        .find(|(status, _)| *status != 500)
        .expect("a plugin that is left out in the end");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("\"code\":\"out_of_order\""), "{body}");

    call.hears(pilot::A1);
    call.hangs_up();
}

/// In place of the shipped plugins, one whose routes break.
fn take_plugin(exchange: &Exchange) {
    let plugins = exchange.folder.join("plugins");
    std::fs::remove_file(&plugins).unwrap();
    std::fs::create_dir_all(plugins.join("bad")).unwrap();
    let routes = FAULTS.iter().map(|(name, fault, ..)| {
        format!("http.route(\"POST /bad/{name}\", {{ auth = \"none\" }}, function(request) {fault} end)\n")
    });
    std::fs::write(plugins.join("bad/init.lua"), routes.collect::<String>()).unwrap();
    let manifest = "return { name = \"bad\", version = \"1\", api = 1, description = \"Breaks.\",
        permissions = { http_routes = { \"/bad\" } } }";
    std::fs::write(plugins.join("bad/plugin.lua"), manifest).unwrap();
    let config = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("tickets = {}", "bad = {}")).unwrap();
    let report = exchange.reload();
    assert!(report.to_string().contains("ublished"), "{report}");
}

/// `Bearer mst_…` of a token with this scope.
fn bearer(exchange: &Exchange, scope: Scope) -> String {
    let token = Token::from_random([200 + scope as u8; RANDOM]);
    let row = TokenRow {
        id: token.id().to_owned(),
        tenant: "8001".to_owned(),
        name: "crm".to_owned(),
        hash: token.hash(),
        scopes: vec![scope.word().to_owned()],
        created_at: 1,
        expires_at: None,
        revoked_at: None,
    };
    exchange.store().put_token(row).wait().unwrap();
    format!("Bearer {}", token.reveal())
}
