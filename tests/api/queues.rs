//! Queues by the API: who waits and why, what is told as it happens, and what is written of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, eventually, pilot};

const PLAN: &str = "-- Customers wait for 1049 and 1050.
queue \"it\" { agents = { \"1049\", \"1050\" }, wrap_up = \"1m\" }
context \"inbound\" { [\"4001\"] = function(call) call:queue(\"it\") end }
context \"internal\" {}
";

fn exchange() -> (Exchange, Api) {
    let exchange = Exchange::start(Setup::with(PLAN).with_http());
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

fn tells(api: &Api, agent: &str, act: &str) {
    let answer = api.posts(&format!("/agents/{agent}/state"), &json!({ "act": act }));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The kinds of the lines, oldest first, each with what it says.
fn log(api: &Api, question: &str) -> Vec<String> {
    let mut lines = api.items(&format!("/queue-log?{question}"));
    lines.reverse();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    lines
        .iter()
        .map(|line| {
            let said = match line["kind"].as_str().unwrap() {
                "state" => [word(&line["before"]), word(&line["state"])],
                _ => [word(&line["agent"]), word(&line["why"])],
            };
            format!("{} {}", word(&line["kind"]), said.join(" "))
        })
        .collect()
}

#[test]
fn a_caller_waits_is_answered_and_is_followed_by_wrap_up() {
    let (exchange, api) = exchange();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    tells(&api, "1049", "log_in");
    let mut stream = api.listens(None);

    let call = carrier.dials("4001");
    call.hears(pilot::MUSIC);
    let entered = stream.until("queue.entered").pop().unwrap();
    let id = entered["call"].as_str().unwrap().to_owned();
    assert_eq!(entered["data"], json!({ "queue": "it", "position": 1 }));
    let it = api.get("/queues/it");
    let caller = &it["callers"][0];
    assert_eq!(
        (
            &caller["call"],
            &caller["from"],
            &caller["position"],
            &caller["offered"]
        ),
        (
            &json!(id),
            &json!("+8613800138000"),
            &json!(1),
            &json!(false)
        )
    );
    assert_eq!(it["queue"]["waiting"], 1);
    let why = &it["why"];
    assert_eq!(
        (&why["call"], &why["because"]),
        (&json!(id), &json!("nobody is free; 0 ahead"))
    );
    assert_eq!(
        why["agents"],
        json!([
            { "agent": "1049", "because": "busy (login)" },
            { "agent": "1050", "because": "logged out" },
        ])
    );

    tells(&api, "1049", "idle");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    let left = stream.until("queue.left").pop().unwrap();
    assert_eq!(
        (
            &left["call"],
            &left["data"]["outcome"],
            &left["data"]["agent"]
        ),
        (&json!(id), &json!("answered"), &json!("1049"))
    );
    assert_eq!(api.get("/agents/1049")["state"], "talking");
    call.hangs_up();
    agent.is_hung_up();

    let after = eventually("the wrap-up", || {
        let agent = api.get("/agents/1049");
        (agent["state"] == "wrap_up").then_some(agent)
    });
    let left = after["wrap_up_left_ms"].as_i64().unwrap();
    assert!((50_000..=60_000).contains(&left), "{left}");
    exchange.ended_calls(1);
    let record = api.get(&format!("/calls/{id}"));
    let stay = &record["queues"][0];
    assert_eq!(
        (
            &stay["queue"],
            &stay["outcome"],
            &stay["agent"],
            &stay["position"]
        ),
        (&json!("it"), &json!("answered"), &json!("1049"), &json!(1))
    );
    assert_eq!(stay["offers"][0]["why"], "connected");
    assert_eq!(record["queues"].as_array().unwrap().len(), 1);
    assert_eq!(
        log(&api, &format!("call={id}")),
        [
            "entered - -",
            "offered 1049 -",
            "offer_ended 1049 connected",
            "left 1049 answered"
        ]
    );
    assert_eq!(
        log(&api, "agent=1049&kind=state"),
        [
            "state logged_out busy",
            "state busy idle",
            "state idle offered",
            "state offered talking",
            "state talking wrap_up"
        ]
    );
}

#[test]
fn nobody_is_put_through_to_an_agent_in_wrap_up_until_it_ends() {
    let (exchange, api) = exchange();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    tells(&api, "1049", "log_in");
    tells(&api, "1049", "idle");
    let first = carrier.dials("4001");
    let agent = a1.rings();
    agent.answers();
    first.hears(pilot::A1);
    first.hangs_up();
    agent.is_hung_up();

    let second = carrier.dials_as("13900139000", "4001", pilot::C2);
    second.hears(pilot::MUSIC);
    assert!(a1.is_not_called_for(Duration::from_millis(700)));
    let why = api.get("/queues/it")["why"]["agents"][0]["because"].clone();
    assert!(why.as_str().unwrap().starts_with("wrap-up for "), "{why}");
    tells(&api, "1049", "end_wrap_up");

    let agent = a1.rings();
    agent.answers();
    second.hears(pilot::A1);
    agent.hears(pilot::C2);
}

#[test]
fn a_caller_who_gives_up_while_an_agent_is_rung_is_written_as_abandoned() {
    let (exchange, api) = exchange();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    tells(&api, "1049", "log_in");
    tells(&api, "1049", "idle");

    let call = carrier.dials("4001");
    let rung = a1.rings();
    let offered = eventually("the offer", || {
        let it = api.get("/queues/it");
        (it["callers"][0]["offered"] == true).then_some(it)
    });
    assert_eq!(offered["agents"][0]["state"], "offered");
    assert_eq!(offered["why"]["because"], "it rings");
    call.hangs_up();
    rung.is_over();

    let id = exchange.ended_calls(1)[0].begin.id;
    let stay = api.get(&format!("/calls/{id}"))["queues"][0].clone();
    assert_eq!(
        (&stay["outcome"], &stay["agent"]),
        (&json!("abandoned"), &Value::Null)
    );
    assert_eq!(stay["offers"][0]["why"], "caller_gone");
    assert_eq!(
        log(&api, &format!("call={id}")),
        [
            "entered - -",
            "offered 1049 -",
            "offer_ended 1049 caller_gone",
            "left - abandoned"
        ]
    );
    assert_eq!(api.get("/agents/1049")["state"], "idle");
}

#[test]
fn who_is_called_back_is_seen_in_the_line_and_may_be_cancelled_and_the_wait_is_told() {
    let plan = PLAN.replace(
        "wrap_up = \"1m\"",
        "wrap_up = 0, callback = { trunk = \"carrier\" }",
    );
    let exchange = Exchange::start(Setup::with(&plan).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    tells(&api, "1049", "log_in");
    let on_the_line = carrier.dials_as("13900139000", "4001", pilot::C2);
    on_the_line.hears(pilot::MUSIC);

    let help = api.posts("/queues/it/callbacks", &json!({ "number": "110" }));
    assert_eq!(
        (help.status, &help.json()["code"]),
        (422, &json!("no_number"))
    );
    let abroad = api.posts(
        "/queues/it/callbacks",
        &json!({ "number": "00442079460000" }),
    );
    assert_eq!(
        (abroad.status, &abroad.json()["code"]),
        (422, &json!("not_allowed")),
        "the fence would refuse it when it is dialled"
    );
    let wanted = json!({ "number": "138 0013 8000", "required": { "english": 5 } });
    let taken = api.posts("/queues/it/callbacks", &wanted);
    assert_eq!(taken.status, 201, "{taken:?}");
    let (id, position) = (taken.json()["id"].clone(), taken.json()["position"].clone());
    assert_eq!(position, 2);
    let again = api.posts("/queues/it/callbacks", &wanted);
    assert_eq!(again.json()["id"], id, "each number waits once");
    let it = api.get("/queues/it");
    assert_eq!(
        (&it["queue"]["waiting"], &it["queue"]["callbacks"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        it["queue"]["expected_wait_ms"],
        Value::Null,
        "nothing is known yet"
    );
    let home = &it["callers"][1];
    assert_eq!(
        (&home["call"], &home["from"]),
        (&id, &json!("+8613800138000"))
    );
    let waits = json!({ "state": "waits", "tries": 0, "not_before": null });
    assert_eq!(home["callback"], waits);
    assert_eq!(it["callers"][0]["callback"], Value::Null);

    // Five calls, and it can be said.
    tells(&api, "1049", "idle");
    let agent = a1.rings();
    agent.answers();
    on_the_line.hears(pilot::A1);
    agent.hangs_up();
    on_the_line.is_over();
    assert!(
        carrier.is_not_called_for(Duration::from_millis(500)),
        "1049 speaks no English"
    );
    // From another number: who calls by themselves takes the place that waits for them.
    for _ in 0..4 {
        let call = carrier.dials_as("13700137000", "4001", pilot::C1);
        let agent = a1.rings();
        agent.answers();
        call.hears(pilot::A1);
        call.hangs_up();
        agent.is_over();
    }
    let told = eventually("the expected wait", || {
        let queue = api.get("/queues/it")["queue"].clone();
        queue["expected_wait_ms"].is_i64().then_some(queue)
    });
    assert!(
        told["handling_ms"].as_i64().is_some_and(|it| it > 0),
        "{told}"
    );

    let path = format!("/callbacks/{}", id.as_str().unwrap());
    assert_eq!(api.asks("DELETE", &path, &[]).status, 204);
    assert_eq!(api.asks("DELETE", &path, &[]).status, 404);
    assert_eq!(api.get("/queues/it")["queue"]["callbacks"], 0);
    let states = eventually("what became of it in the log", || {
        let states = log(&api, "kind=callback");
        (states.len() == 2).then_some(states)
    });
    assert_eq!(states, ["callback - waits", "callback - cancelled"]);
}
