//! Figures of today: the wallboard and its stream, the reports that must say the same, alarms, missed calls.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Line, Phone, Setup, eventually, pilot};

const PLAN: &str = "-- A queue whose callers are served, give up or wait for too long.
queue \"it\" { agents = { \"1049\", \"1050\" }, wrap_up = 60, max_wait = 30 }
local function waits(call) call:queue(\"it\") end
local function comes(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end
local function rests(call)
  agents.log_in(call.user.extension)
  call:answer()
end
local function counts(call)
  local it, agent = statistics.queues()[\"it\"], statistics.agents()[\"1049\"]
  call.vars.answered, call.vars.level = it.answered, it.service_level
  call.vars.outbound, call.vars.inbound = agent.outbound, agent.inbound_answered
  call.vars.missed = statistics.missed({ queue = \"it\" })[1].state
  call:answer()
end
local function outside(call)
  local leg, why = call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 })
  if not leg and why then call:reject(why) end
end
context \"inbound\" { [\"4001\"] = waits }
context \"internal\" { [\"*22\"] = comes, [\"*24\"] = rests, [\"*90\"] = counts, [\"_1[3-9]X.\"] = outside }
on(\"alert.raised\", function(about) store(\"alerts\"):set(about.alert, about) end)
";

fn exchange(tenant: &str) -> (Exchange, Api) {
    let mut setup = Setup::with(PLAN);
    setup.tenant.push_str(tenant);
    let exchange = Exchange::start(setup.with_http());
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

fn idle(exchange: &Exchange, user: &str) -> Phone {
    let [phone] = exchange.phones([user]);
    phone.dials("*22").is_hung_up();
    phone
}

fn rests(exchange: &Exchange, user: &str) -> Phone {
    let [phone] = exchange.phones([user]);
    phone.dials("*24").is_hung_up();
    phone
}

/// The customer talks with the agent for a moment.
fn talk(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    let customer = carrier.dials("4001");
    let rung = agent.rings();
    rung.answers();
    customer.hears(pilot::A1);
    (customer, rung)
}

fn of<'b>(board: &'b Value, list: &str, key: &str, name: &str) -> &'b Value {
    let all = board[list].as_array().unwrap();
    let found = all.iter().find(|it| it.pointer(key) == Some(&json!(name)));
    found.unwrap_or_else(|| panic!("{name} in {board:#}"))
}

#[test]
fn the_wallboard_says_what_the_reports_say_also_after_a_restart() {
    let (mut exchange, api) = exchange("");
    let a1 = idle(&exchange, "1049");
    let carrier = exchange.carrier();
    // One is answered, one gives up, and the agent calls two customers, of whom one answers.
    let (customer, agent) = talk(&carrier, &a1);
    customer.talks_for(Duration::from_secs(1));
    customer.hangs_up();
    agent.is_over();
    let waiting = carrier.dials("4001");
    waiting.hears(pilot::MUSIC);
    waiting.hangs_up();
    let out = a1.dials("13800138000");
    let called = carrier.rings();
    called.answers();
    out.hears(pilot::C1);
    out.hangs_up();
    called.is_over();
    let out = a1.dials("13900139000");
    carrier.is_called().refuses(486);
    assert_eq!(out.is_refused(), 486);
    // And *22.
    exchange.ended_calls(5);

    let say_the_same = |api: &Api| {
        let board = api.get("/wallboard");
        let queue = &of(&board, "queues", "/now/name", "it")["today"];
        let agent = &of(&board, "agents", "/id", "1049")["today"];
        let report = |path: &str, name: &str| {
            let report = api.get(path);
            let items = report["items"].as_array().unwrap();
            let found = items.iter().find(|row| row["name"] == name);
            found.unwrap_or_else(|| panic!("{name} in {report:#}"))["figures"].clone()
        };
        assert_eq!(steady(queue), steady(&report("/statistics/queues", "it")));
        assert_eq!(steady(agent), steady(&report("/statistics/agents", "1049")));
        let by_hours = api.get("/statistics/intervals?by=queue&minutes=60&queue=it");
        let hours = by_hours["items"].as_array().unwrap();
        let entered: Vec<i64> = hours
            .iter()
            .map(|row| row["figures"]["entered"].as_i64().unwrap())
            .collect();
        assert_eq!(entered.iter().sum::<i64>(), 2);
        (queue.clone(), agent.clone())
    };
    let (queue, agent) = say_the_same(&api);
    assert_eq!(
        (&queue["entered"], &queue["answered"], &queue["handled"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(queue["service_level"], 1.0, "{queue:#}");
    assert_eq!(
        (
            &agent["outbound"],
            &agent["outbound_answered"],
            &agent["inbound_answered"]
        ),
        (&2.into(), &1.into(), &1.into())
    );
    let numbers = api.get("/statistics/intervals?by=number&minutes=15");
    let dialled: Vec<&Value> = numbers["items"].as_array().unwrap().iter().collect();
    let calls: i64 = dialled
        .iter()
        .map(|row| row["figures"]["calls"].as_i64().unwrap())
        .sum();
    assert_eq!(calls, 2, "{numbers:#}");

    // Scripts see the same.
    a1.dials("*90").is_hung_up();
    exchange.ended_calls(6);
    let counted = exchange.records()[0].end.clone().unwrap().vars;
    let wanted = json!({ "answered": 1, "level": 1.0, "outbound": 2, "inbound": 1, "missed": "called_back" });
    assert_eq!(counted, wanted);

    exchange.stop();
    exchange.resume();

    let (after, _) = say_the_same(&Api::with_token(&exchange, api.token()));
    assert_eq!(steady(&after), steady(&queue));
}

/// Figures without those that grow while an agent does something.
fn steady(figures: &Value) -> Value {
    let mut figures = figures.clone();
    let fields = figures.as_object_mut().unwrap();
    for grows in [
        "states_ms",
        "busy_ms",
        "logged_in_ms",
        "wrap_up_ms",
        "average_handling_ms",
        "occupancy",
        "utilisation",
    ] {
        fields.remove(grows);
    }
    figures
}

#[test]
fn an_agents_day_is_that_of_the_manual_and_ends_at_midnight() {
    let (exchange, api) = exchange("");
    let a1 = idle(&exchange, "1049");
    let carrier = exchange.carrier();
    let today = || api.get("/agents/1049/today");
    let (customer, agent) = talk(&carrier, &a1);
    let during = eventually("the conversation's own time", || {
        let day = today();
        (day["talking_ms"].as_i64().unwrap() > 500).then_some(day)
    });
    assert_eq!(during["name"], "温平");
    assert_eq!(during["state"], "talking");
    customer.hangs_up();
    agent.is_over();
    exchange.ended_calls(2);

    let after = today();
    assert_eq!(after["talking_ms"], 0);
    let figures = &after["today"];
    assert_eq!(figures["inbound_answered"], 1);
    assert_eq!(figures["talk_ms"], figures["average_talk_ms"]);
    assert!(figures["last_login"].is_string(), "{figures:#}");
    assert_eq!(figures["first_login"], figures["last_login"]);
    exchange.clock.set(at("2026-11-25T00:00:01+08:00"));
    let next = eventually("another day", || {
        let day = today();
        (day["today"]["inbound_answered"] == 0).then_some(day)
    });
    assert_eq!(next["today"]["last_login"], Value::Null);
    assert_eq!(next["today"]["average_talk_ms"], Value::Null);
    let yesterday = api.get("/statistics/agents?period=yesterday&agent=1049");
    assert_eq!(yesterday["items"][0]["figures"]["inbound_answered"], 1);
}

#[test]
fn what_changes_on_the_wallboard_is_told_within_a_second_or_so_and_nothing_else_is() {
    let (exchange, api) = exchange("");
    let mut stream = api.listens(None);
    let a1 = idle(&exchange, "1049");
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    let told = loop {
        let changed = stream.until("wallboard.changed").pop().unwrap();
        let queues = changed["data"]["queues"].as_array().unwrap();
        if queues.iter().any(|it| it["today"]["answered"] == 1) {
            break changed;
        }
    };
    assert_eq!(told["call"], Value::Null);
    customer.hangs_up();
    agent.is_over();
    let handled = loop {
        let changed = stream.until("wallboard.changed").pop().unwrap();
        let queues = changed["data"]["queues"].as_array().unwrap().clone();
        // Of whom nothing has changed nothing is told.
        let agents = changed["data"]["agents"].as_array().unwrap();
        assert!(agents.iter().all(|it| it["id"] == "1049"), "{changed:#}");
        if let Some(queue) = queues.into_iter().find(|it| it["today"]["handled"] == 1) {
            break queue;
        }
    };
    assert_eq!(handled["now"]["name"], "it");
}

#[test]
fn who_waits_for_too_long_is_an_alarm_to_programs_and_to_scripts_until_it_is_over() {
    let (exchange, api) =
        exchange("alerts = { longest_wait = 1, queues = { it = { waiting = 5 } } },");
    let mut stream = api.listens(None);
    let _resting = rests(&exchange, "1049");
    let carrier = exchange.carrier();
    let waiting = carrier.dials("4001");
    waiting.hears(pilot::MUSIC);

    let raised = stream.until("alert.raised").pop().unwrap();
    assert_eq!(raised["data"]["alert"], "longest_wait");
    assert_eq!(raised["data"]["limit"], 1.0);
    let (status, _) = api.gives("/agents/1049/state", &json!({ "act": "log_out" }));
    assert_eq!(status, 200);
    let raised = stream.until("alert.raised").pop().unwrap();
    assert_eq!(raised["data"]["alert"], "no_agents");
    let alerts = api.get("/wallboard")["alerts"].as_array().unwrap().len();
    assert_eq!(alerts, 2);
    let key = store::KvKey {
        tenant: "8001".to_owned(),
        scope: "script/alerts".to_owned(),
        key: "longest_wait".to_owned(),
    };
    let told = eventually("the script to be told", || {
        exchange.store().kv_get(key.clone(), 0).wait().unwrap()
    });
    assert_eq!(told["of"], "it");
    waiting.hangs_up();
    let mut cleared = Vec::new();
    while cleared.len() < 2 {
        let event = stream.until("alert.cleared").pop().unwrap();
        cleared.push(event["data"]["alert"].as_str().unwrap().to_owned());
    }
    assert!(
        api.get("/wallboard")["alerts"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_missed_call_is_listed_until_somebody_has_called_back_and_was_answered() {
    let (exchange, api) = exchange("");
    let a1 = rests(&exchange, "1049");
    let carrier = exchange.carrier();
    let missed = |calls: usize| {
        exchange.ended_calls(calls);
        api.items("/missed").first().cloned()
    };
    let waiting = carrier.dials("4001");
    waiting.hears(pilot::MUSIC);
    waiting.hangs_up();
    let open = eventually("a missed call", || missed(2));
    assert_eq!(
        (&open["state"], &open["result_name"], &open["queue"]),
        (&"open".into(), &"排队放弃".into(), &"it".into())
    );
    assert_eq!(open["from_number"], "+8613800138000");

    // However the number is written, and though they do not answer at first.
    let in_vain = a1.dials("013800138000");
    carrier.is_called().refuses(486);
    assert_eq!(in_vain.is_refused(), 486);
    let tried = eventually("a try", || missed(3).filter(|it| it["state"] == "tried"));
    assert_eq!(
        (&tried["tries"], &tried["last_by"]),
        (&1.into(), &"1049".into())
    );
    let back = a1.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    back.hears(pilot::C1);
    back.hangs_up();
    customer.is_over();

    let done = eventually("a call back", || {
        missed(4).filter(|it| it["state"] == "called_back")
    });
    assert_eq!((&done["call"], &done["tries"]), (&open["call"], &2.into()));
    assert!(api.items("/missed?unsettled=true").is_empty());
    // Another is settled by word.
    let again = carrier.dials("4001");
    again.hears(pilot::MUSIC);
    again.hangs_up();
    let open = eventually("another", || missed(5).filter(|it| it["state"] == "open"));
    let repeated = api.get(&format!("/calls/{}", open["call"].as_str().unwrap()));
    assert!(
        repeated["call"]["repeated_after_ms"].is_i64(),
        "{repeated:#}"
    );
    let path = format!("/missed/{}", open["call"].as_str().unwrap());
    let (status, settled) = api.gives(&path, &json!({ "state": "done" }));
    assert_eq!((status, &settled["last_by"]), (200, &"api:desk".into()));
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}
