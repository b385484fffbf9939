//! Chats wait beside calls for the same agents: let wait, offered, taken, and done with.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, pilot};

/// Calls and chats for 1049, one chat at a time; `*60` lets another wait by Lua, `*61` declines what is
/// offered, `*62` takes back what `*60` has let wait.
const FLOOR: &str = r#"
queue "it" { agents = { "1049" }, wrap_up = 0, ring_timeout = 30, delays = { rejected = 1 } }
local seen = store("seen")
on("item.offered", function(about) seen:set(about.from, { item = about.item, about = about.about }) end)
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
context "inbound" { ["4001"] = function(call) call:queue("it") end }
context "internal" {
  ["*22"] = comes,
  ["*60"] = function(call)
    seen:set("own", desk.offer("it", { from = "wx:bo", about = { chat = 17 } }))
    call:hangup()
  end,
  ["*61"] = function(call)
    local it = seen:get("wx:bo")
    call:answer()
    local done, why = desk.order("1049", { command = "decline_item", item = it.item })
    call.vars.outcome = (done and "done" or why) .. " " .. it.about.chat
  end,
  ["*62"] = function(call)
    call:answer()
    call.vars.outcome = tostring(desk.withdraw(seen:get("own")))
  end,
}
"#;

fn floor(capacity: &str) -> (Exchange, Api) {
    let setup = Setup::with(FLOOR).with_http();
    let exchange = Exchange::start(Setup {
        tenant: format!(
            "{} agents = {{ capacity = {{ {capacity} }} }},",
            setup.tenant
        ),
        ..setup
    });
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

fn lets_wait(api: &Api, about: &Value) -> String {
    let answer = api.posts("/queues/it/items", about);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_chat_and_a_call_wait_in_one_line_and_are_offered_to_one_agent_one_after_the_other() {
    let (exchange, api) = floor("chat = 1");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    a1.dials("*22").is_hung_up();
    let mut stream = api.listens(None);
    let mut step = || {
        let event = stream.until("item.changed").pop().unwrap();
        let of = |field: &str| event["data"][field].as_str().unwrap().to_owned();
        (of("item"), of("step"))
    };
    let tells = |command: &str, item: &str| {
        let deed = json!({ "command": command, "item": item });
        api.posts("/users/1049/commands", &deed)
    };

    let chat = lets_wait(&api, &json!({ "from": "wx:anna" }));
    assert_eq!(step(), (chat.clone(), "offered".to_owned()));
    let call = carrier.dials("4001");
    call.hears(pilot::MUSIC);
    assert!(
        a1.is_not_called_for(Duration::from_millis(700)),
        "one at a time"
    );
    assert_eq!(tells("take_item", &chat).status, 200);
    assert_eq!(step(), (chat.clone(), "taken".to_owned()));
    let offer = a1.rings();
    offer.answers();
    call.hears(pilot::A1);

    let next = lets_wait(&api, &json!({ "from": "wx:carl", "required": {} }));
    let refused = tells("take_item", &next);
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["code"], "not_offered");
    assert_eq!(tells("finish_item", &chat).status, 200);
    assert_eq!(step(), (chat, "finished".to_owned()));
    call.hangs_up();
    assert_eq!(
        step(),
        (next.clone(), "offered".to_owned()),
        "after the call"
    );
    assert_eq!(
        api.asks("DELETE", &format!("/items/{next}"), &[]).status,
        204
    );
    assert_eq!(step(), (next, "withdrawn".to_owned()));
}

#[test]
fn a_script_lets_a_chat_wait_and_takes_it_back_and_a_declined_one_is_offered_again() {
    let (exchange, api) = floor("chat = 1");
    let [a1, other] = exchange.phones(["1049", "1050"]);
    a1.dials("*22").is_hung_up();
    let mut stream = api.listens(None);
    let mut steps = |count: usize| {
        let each = (0..count).map(|_| stream.until("item.changed").pop().unwrap());
        let words = each.map(|event| event["data"]["step"].as_str().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };

    other.dials("*60").is_over();
    assert_eq!(steps(1), ["offered"]);
    a1.dials("*61").is_over();
    assert_eq!(steps(1), ["offered"], "a second later, to whom there is");
    other.dials("*62").is_over();
    assert_eq!(steps(1), ["withdrawn"]);

    let calls = exchange.ended_calls(4);
    let outcome = |number: &str| {
        let call = calls.iter().find(|call| call.begin.to == number).unwrap();
        call.end.as_ref().unwrap().vars["outcome"].clone()
    };
    assert_eq!(outcome("*61"), "done 17");
    assert_eq!(outcome("*62"), "true");
}

#[test]
fn an_agent_has_as_many_chats_as_fit_in_and_no_call_beside_them_where_that_is_so() {
    let (exchange, api) = floor("chat = 2, voice_interrupts = false");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    a1.dials("*22").is_hung_up();
    let mut stream = api.listens(None);
    let mut offered = || {
        let event = stream.until("item.changed").pop().unwrap();
        let data = &event["data"];
        (data["step"] == "offered").then(|| data["item"].as_str().unwrap().to_owned())
    };
    let tells = |command: &str, item: &str| {
        let deed = json!({ "command": command, "item": item });
        assert_eq!(api.posts("/users/1049/commands", &deed).status, 200);
    };

    let mut chats = Vec::new();
    for from in ["wx:anna", "wx:bo"] {
        let chat = lets_wait(&api, &json!({ "from": from }));
        assert_eq!(offered(), Some(chat.clone()));
        tells("take_item", &chat);
        assert_eq!(offered(), None, "taken");
        chats.push(chat);
    }
    let third = lets_wait(&api, &json!({ "from": "wx:carl" }));
    let why = api.get("/queues/it")["why"].clone();
    assert_eq!(why["call"], third);
    assert_eq!(why["agents"][0]["because"], "no room beside 2 chats");
    let call = carrier.dials("4001");
    call.hears(pilot::MUSIC);

    tells("finish_item", &chats[0]);
    assert_eq!(offered(), None, "finished");
    assert_eq!(offered(), Some(third.clone()));
    tells("take_item", &third);
    assert_eq!(offered(), None, "taken");
    assert!(
        a1.is_not_called_for(Duration::from_millis(700)),
        "there are chats"
    );
    for chat in [&chats[1], &third] {
        tells("finish_item", chat);
    }
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn s67_who_accepts_no_new_customers_gets_those_who_come_back_and_vips_and_no_others() {
    let (exchange, api) = floor("chat = 1");
    let [a1] = exchange.phones(["1049"]);
    a1.dials("*22").is_hung_up();
    let mut stream = api.listens(None);
    let mut step = || {
        let event = stream.until("item.changed").pop().unwrap();
        let of = |field: &str| event["data"][field].as_str().unwrap().to_owned();
        (of("item"), of("step"))
    };
    let tells = |deed: Value| assert_eq!(api.posts("/users/1049/commands", &deed).status, 200);
    let mut serves = |chat: &str| {
        let at = |what: &str| (chat.to_owned(), what.to_owned());
        assert_eq!(step(), at("offered"));
        tells(json!({ "command": "take_item", "item": chat }));
        assert_eq!(step(), at("taken"));
        tells(json!({ "command": "finish_item", "item": chat }));
        assert_eq!(step(), at("finished"));
    };
    serves(&lets_wait(&api, &json!({ "from": "wx:anna" })));
    tells(json!({ "command": "accept_items", "on": false }));

    let new = lets_wait(&api, &json!({ "from": "wx:bo" }));
    let why = api.get("/queues/it")["why"].clone();
    assert_eq!(why["call"], new);
    let because = &why["agents"][0]["because"];
    assert_eq!(because, "takes no new customers by chat");
    serves(&lets_wait(&api, &json!({ "from": "wx:anna" })));
    let vip = json!({ "from": "wx:carl", "vip": true });
    serves(&lets_wait(&api, &vip));

    tells(json!({ "command": "accept_items", "on": true }));
    serves(&new);
}
