//! Who hears what in which language: agents theirs, customers the call's.

use store::KvKey;

use crate::support::{Exchange, Keys, Setup, eventually, prompt};

const CHINESE: f64 = prompt::FIRST;
const ENGLISH: f64 = prompt::SECOND;

/// 1052 speaks English, and all others what the tenant does; each prompt is a tone of its language.
fn exchange(setup: Setup, prompts: &[&'static str]) -> Exchange {
    let spoken = |tone: f64| prompts.iter().map(|name| (*name, tone)).collect();
    Exchange::start(Setup {
        users: "        [\"1052\"] = { password = \"demo-1052\", language = \"en\" },\n".to_owned(),
        sounds: spoken(CHINESE),
        english: spoken(ENGLISH),
        ..setup
    })
}

#[test]
fn each_agent_hears_what_a_code_says_in_their_own_language() {
    let prompts = ["agent/auto-answer-on", "agent/dnd-on"];
    let exchange = exchange(Setup::default(), &prompts);
    let [chinese, english] = exchange.phones(["1049", "1052"]);

    for code in ["*481", "*78"] {
        for (phone, own, other) in [(&chinese, CHINESE, ENGLISH), (&english, ENGLISH, CHINESE)] {
            let line = phone.dials(code);
            line.hears(own);
            line.is_deaf_to(other);
            line.hangs_up();
        }
    }
}

#[test]
fn an_agent_is_told_of_a_customer_in_the_agents_language_and_the_customer_greeted_in_the_calls() {
    let script = r#"
local whisper = { play = { "own/who" }, before_bridge = true }
queue "english" { agents = { "1052" }, whisper = whisper }
queue "chinese" { agents = { "1049" }, whisper = whisper }
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
local function greets(call, queue)
  call:gather { play = "own/who", max_digits = 1 }
  call:queue(queue)
end
context "internal" { ["*22"] = comes }
context "inbound" {
  ["4001"] = function(call) greets(call, "english") end,
  ["4002"] = function(call)
    call.language = "en"
    greets(call, "chinese")
  end,
}
"#;
    let exchange = exchange(Setup::with(script), &["own/who"]);
    let [chinese, english] = exchange.phones(["1049", "1052"]);
    let carrier = exchange.carrier();

    for (number, phone, customers, agents) in [
        ("4001", &english, CHINESE, ENGLISH),
        ("4002", &chinese, ENGLISH, CHINESE),
    ] {
        phone.dials("*22").is_hung_up();
        let customer = carrier.dials(number);
        customer.hears(customers);
        customer.is_deaf_to(agents);
        customer.presses("1", Keys::Rfc4733);
        let agent = phone.rings();
        agent.answers();
        agent.hears(agents);
        agent.is_deaf_to(customers);
        customer.hangs_up();
        agent.is_hung_up();
    }
}

#[test]
fn whom_an_agent_has_called_is_not_spoken_to_in_the_agents_language() {
    let script = r#"
context "internal" {
  ["_1[3-9]X."] = function(call)
    store("said"):set("began", call.language)
    call:bridge("trunk:carrier/" .. call.to)
  end,
  ["4003"] = function(call)
    store("said"):set("goes_on", call.language)
    call:play("own/who")
  end,
}
"#;
    let exchange = exchange(Setup::with(script), &["own/who"]);
    let [english] = exchange.phones(["1052"]);
    let carrier = exchange.carrier();
    let agent = english.dials("13900139000");
    let customer = carrier.rings();
    customer.answers();
    agent.is_answered();

    agent.transfers_to("4003");

    customer.hears(CHINESE);
    customer.is_deaf_to(ENGLISH);
    customer.hangs_up();
    agent.is_over();
    let said = |when: &str| {
        let key = KvKey {
            tenant: "8001".to_owned(),
            scope: "script/said".to_owned(),
            key: when.to_owned(),
        };
        eventually("what the script has read", || {
            exchange.store().kv_get(key.clone(), 0).wait().unwrap()
        })
    };
    assert_eq!((said("began"), said("goes_on")), ("en".into(), "zh".into()));
}
