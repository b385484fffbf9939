//! 驻留, 转满意度 and a text, by a code, by a program and by a script: what is left of it is the same.

use std::time::Duration;

use serde_json::json;

use super::{order, talk};
use crate::support::{Exchange, Keys, Line, Phone, Setup, hear_each_other, pilot};

/// The three ways in.
#[derive(Clone, Copy, Debug)]
enum Way {
    Code,
    Api,
    /// A handler that 1001 dials.
    Script,
}

const WAYS: [Way; 3] = [Way::Code, Way::Api, Way::Script];

fn exchange() -> Exchange {
    let mut setup = Setup::with(
        "local function hotline(call) call:bridge(\"user:1049\", { record = true }) end\n\
         local function retrieve(call) call:retrieve(call.to:sub(2)) end\n\
         local function orders(deed) return function() desk.order(\"1049\", deed) end end\n\
         context \"inbound\" { [\"4001234567\"] = hotline }\n\
         context \"internal\" {\n\
           [\"*5900\"] = function(call) call:park(nil, { timeout = \"1m\" }) end, [\"_*590X\"] = retrieve,\n\
           [\"*9\"] = require(\"plugins.survey\").hand_over,\n\
           [\"*81\"] = orders { command = \"park\" }, [\"*82\"] = orders { command = \"survey\" },\n\
           [\"*83\"] = orders { command = \"message\", text = \"请回电\" },\n\
         }\n",
    )
    .with_http();
    setup.tenant.push_str(
        "plugins = { survey = {} }, in_call_codes = { [\"*51\"] = \"park\", [\"*9\"] = \"survey\" },",
    );
    Exchange::start(setup)
}

/// Does it, for 1049.
fn does(exchange: &Exchange, way: Way, agent: &Line, word: &str) {
    let (code, asks) = match word {
        "park" => ("*51", "*81"),
        _ => ("*9", "*82"),
    };
    match way {
        Way::Code => agent.presses(code, Keys::Rfc4733),
        Way::Api => {
            let (status, answer) = order(exchange, "1049", &json!({ "command": word }));
            assert_eq!(status, 200, "{answer}");
        }
        Way::Script => leader(exchange).dials(asks).is_over(),
    }
}

fn leader(exchange: &Exchange) -> Phone {
    let [leader] = exchange.phones(["1001"]);
    leader
}

/// Of the customer's call and of who has fetched them: the result, who ended it, and its stretches.
fn story(exchange: &Exchange, calls: &[&str]) -> Vec<String> {
    let ended = crate::support::eventually("the records", || {
        let all = exchange.records();
        let of = |to: &&str| {
            let found = all.iter().find(|row| row.begin.to == **to)?;
            found.end.is_some().then_some(found.begin.id)
        };
        calls.iter().map(of).collect::<Option<Vec<_>>>()
    });
    let lines = ended.into_iter().map(|id| {
        let details = exchange.call(id);
        let end = details.call.end.as_ref().unwrap();
        let parts = details.segments.iter().filter(|it| it.kind != "ivr");
        let parts = parts.map(|it| {
            // A recording ends a moment after the talk does, or before.
            let recorded = it.kind == "talk" && it.recording.is_some();
            (it.kind.as_str(), it.agent.as_deref(), recorded)
        });
        let mut parts: Vec<_> = parts.collect();
        parts.dedup();
        format!("{} {} {parts:?}", end.result, end.ended_by)
    });
    lines.collect()
}

#[test]
fn a_customer_is_parked_and_fetched_with_the_same_story_by_each_way() {
    let stories = WAYS.map(|way| {
        let exchange = exchange();
        let [a1, a2] = exchange.phones(["1049", "1050"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);

        does(&exchange, way, &agent, "park");

        customer.hears(pilot::MUSIC);
        agent.is_hung_up();
        let fetches = a2.dials("*5901");
        hear_each_other(&customer, pilot::C1, &fetches, pilot::A2);
        customer.talks_for(Duration::from_millis(500));
        customer.receives_keys("");
        customer.hangs_up();
        fetches.is_hung_up();
        story(&exchange, &["4001234567", "*5901"])
    });

    assert!(stories[0][0].contains("\"park\""), "{:?}", stories[0]);
    assert_eq!(stories[0], stories[1], "by code and by program");
    assert_eq!(stories[1], stories[2], "by program and by script");
}

#[test]
fn a_customer_is_sent_to_the_survey_with_the_same_story_by_each_way() {
    let stories = WAYS.map(|way| {
        let exchange = exchange();
        let [a1] = exchange.phones(["1049"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);

        does(&exchange, way, &agent, "survey");

        agent.is_hung_up();
        customer.receives_keys("");
        customer.hears_something(Duration::from_millis(300));
        customer.presses("1", Keys::Rfc4733);
        customer.is_over_within(Duration::from_secs(20));
        story(&exchange, &["4001234567"])
    });

    assert!(stories[0][0].contains("1049"), "{:?}", stories[0]);
    assert_eq!(stories[0], stories[1], "by code and by program");
    assert_eq!(stories[1], stories[2], "by program and by script");
}

#[test]
fn a_text_reaches_a_users_phone_by_a_program_and_by_a_script() {
    let exchange = exchange();
    let [a1] = exchange.phones(["1049"]);

    let deed = json!({ "command": "message", "text": "请回电" });
    let (status, answer) = order(&exchange, "1049", &deed);
    assert_eq!(status, 200, "{answer}");
    a1.is_texted(1);
    leader(&exchange).dials("*83").is_over();

    let texts = a1.is_texted(2);
    let said: Vec<(&str, &str)> = (texts.iter())
        .map(|said| (said.from.as_str(), said.text.as_str()))
        .collect();
    // A handler does it in the name of whoever has dialled it.
    assert_eq!(said, [("8001", "请回电"), ("1001", "请回电")]);
    let empty = json!({ "command": "message", "text": " " });
    assert_eq!(order(&exchange, "1049", &empty).0, 422);
    let absent = json!({ "command": "message", "text": "请回电" });
    assert_eq!(order(&exchange, "1051", &absent).1["code"], "unavailable");
}
