//! Routes of a tenant's scripts through a whole exchange.

use store::TokenRow;
use web::{RANDOM, Scope, Token};

use crate::support::http::ask;
use crate::support::{Exchange, Setup};

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
