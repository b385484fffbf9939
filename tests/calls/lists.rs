//! Lists of callers: who is not let in, who goes first, who is spared; and callers who call too often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, Stream, eventually, pilot};

/// The hotline 4001 rings 1049; 4002 waits in a queue for 1049.
const PLAN: &str = "-- The hotline rings 1049, or waits for them.
queue \"it\" { agents = { \"1049\" }, strategy = \"longest_idle\", wrap_up = 0, join_if = \"always\", stay_if = \"always\" }
context \"inbound\" {
  [\"4001\"] = function(call) call:bridge(\"user:1049\", { timeout = 20 }) end,
  [\"4002\"] = function(call) call:queue(\"it\") end,
  [\"4003\"] = function(call)
    call:answer()
    local said = lists.check(call.from)
    call.vars.vip, call.vars.reason = said.vip ~= nil, said.vip and said.vip.reason
    call.vars.all = #lists.all(\"blacklist\")
  end,
}
context \"internal\" {
  [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end,
  [\"_*3X\"] = function(call)
    local me = call.user.extension
    local commands = {
      [\"*30\"] = { command = \"list_add\", list = \"blacklist\", number = \"138 0013-8000\", reason = \"nuisance\" },
      [\"*31\"] = { command = \"list_remove\", list = \"blacklist\", number = \"+8613800138000\" },
    }
    call:answer()
    local done, why = desk.order(me, commands[call.to])
    call.vars.why = why or \"done\"
  end,
}
";

const LEADER: &str = "[\"1060\"] = { password = \"demo-1060\", role = \"leader\" },";

fn setup(callers: &str) -> Setup {
    let mut setup = Setup {
        users: LEADER.to_owned(),
        ..Setup::with(PLAN)
    };
    setup.tenant.push_str(callers);
    setup.with_http()
}

fn orders(api: &Api, command: Value) {
    let (status, done) = api.gives("/users/1060/commands", &command);
    assert_eq!(status, 200, "{done}");
}

#[test]
fn a_caller_on_the_blacklist_is_declined_without_a_script_until_they_are_taken_off() {
    let exchange = Exchange::start(setup(""));
    let [a1] = exchange.phones(["1049"]);
    let leader = exchange.phone_with("1060", |manner| manner.pilot = pilot::L1);
    leader.registers();
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);

    // An agent has no say over lists, a leader has.
    a1.dials("*30").is_hung_up();
    leader.dials("*30").is_hung_up();
    let told = stream.until("list.changed").pop().unwrap();
    let about = &told["data"];
    assert_eq!(
        (&about["list"], &about["number"], &about["by"]),
        (
            &"blacklist".into(),
            &"+8613800138000".into(),
            &"user:1060".into()
        )
    );
    assert_eq!(carrier.dials("4001").is_refused(), 603);
    assert!(a1.is_not_called_for(Duration::from_millis(200)));
    let others = carrier.dials_as("13900139000", "4001", pilot::C2);
    a1.rings().answers();
    others.hears(pilot::A1);
    others.hangs_up();
    let records = exchange.ended_calls(4);
    let words = |from: &str, to: &str| {
        let mut of = records
            .iter()
            .filter(|call| call.begin.to == to && call.begin.from_raw == from);
        let end = of.next_back().unwrap().end.clone().unwrap();
        (end.result, end.ended_by, end.vars["why"].clone())
    };
    assert_eq!(words("1049", "*30").2, "not_allowed");
    assert_eq!(words("1060", "*30").2, "done");
    let refused = words("13800138000", "4001");
    assert_eq!(
        (&*refused.0, &*refused.1),
        ("blacklisted", "system:blacklist")
    );

    leader.dials("*31").is_hung_up();
    let call = carrier.dials("4001");
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn a_blacklist_of_prefixes_outlives_a_restart_and_expires_and_the_whitelist_is_spared() {
    let mut exchange = Exchange::start(setup("callers = { refusal = \"prompt\" },"));
    let api = Api::of(&exchange, "8001");
    orders(
        &api,
        json!({ "command": "list_add", "list": "blacklist", "number": "+86170", "prefix": true, "days": 2 }),
    );
    orders(
        &api,
        json!({ "command": "list_add", "list": "whitelist", "number": "17012345678" }),
    );
    exchange.stop();
    exchange.resume();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let refused = carrier.dials_as("17099999999", "4001", pilot::C2);
    // A prompt before the refusal.
    refused.has_early_media();
    refused.hears_something(Duration::from_millis(300));
    assert_eq!(refused.is_refused(), 603);
    let spared = carrier.dials_as("17012345678", "4001", pilot::C2);
    a1.rings().answers();
    spared.hears(pilot::A1);
    spared.hangs_up();

    let time: jiff::Timestamp = "2026-11-26T13:00:00+08:00".parse().unwrap();
    exchange.clock.set(time.as_microsecond());
    a1.registers();
    let call = carrier.dials_as("17099999999", "4001", pilot::C2);
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn a_vip_who_comes_later_is_answered_first() {
    let exchange = Exchange::start(setup(""));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    orders(
        &api,
        json!({ "command": "list_add", "list": "vip", "number": "13900139000", "reason": "gold" }),
    );

    let first = carrier.dials("4002");
    first.hears(pilot::MUSIC);
    let vip = carrier.dials_as("13900139000", "4002", pilot::C2);
    vip.hears(pilot::MUSIC);
    orders_of(&api, "1049", "log_in");
    orders_of(&api, "1049", "idle");
    let rung = a1.rings();
    assert_eq!(rung.caller(), "+8613900139000");
    rung.answers();
    vip.hears(pilot::A1);
    vip.hangs_up();
    let rung = a1.rings();
    assert_eq!(rung.caller(), "+8613800138000");

    carrier
        .dials_as("13900139000", "4003", pilot::C2)
        .is_hung_up();
    let records = exchange.ended_calls(2);
    let asked = records.iter().find(|call| call.begin.to == "4003").unwrap();
    let vars = &asked.end.as_ref().unwrap().vars;
    assert_eq!(*vars, json!({ "vip": true, "reason": "gold", "all": 0 }));
}

fn orders_of(api: &Api, user: &str, command: &str) {
    let (status, done) = api.gives(
        &format!("/users/{user}/commands"),
        &json!({ "command": command }),
    );
    assert_eq!(status, 200, "{done}");
}

#[test]
fn a_number_that_calls_too_often_or_twice_at_once_is_not_let_in() {
    let exchange = Exchange::start(setup(
        "callers = { calls = 3, within = \"10m\", at_once = 1 },",
    ));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let first = carrier.dials("4001");
    let rung = a1.rings();
    rung.answers();
    first.hears(pilot::A1);
    assert_eq!(
        carrier.dials("4001").is_refused(),
        603,
        "the second at once"
    );
    let other = carrier.dials_as("13900139000", "4001", pilot::C2);
    let ringing = a1.rings();
    other.hangs_up();
    ringing.is_over();
    first.hangs_up();
    rung.is_hung_up();
    exchange.has_no_calls();

    let third = carrier.dials("4001");
    let rung = a1.rings();
    third.hangs_up();
    rung.is_over();
    exchange.has_no_calls();
    assert_eq!(
        carrier.dials("4001").is_refused(),
        603,
        "the fourth in ten minutes"
    );

    let records = exchange.ended_calls(5);
    let results: Vec<_> = records
        .iter()
        .filter_map(|call| Some(&*call.end.as_ref()?.result))
        .collect();
    assert_eq!(
        results.iter().filter(|it| **it == "too_many_calls").count(),
        2,
        "{results:?}"
    );
}

/// The events of a change up to its command, without the trunk's calls around it.
fn changed(stream: &mut Stream) -> Vec<Value> {
    let told = stream.until("desk.command").into_iter();
    let ours =
        told.filter(|event| event["type"] == "list.changed" || event["type"] == "desk.command");
    ours.map(|event| json!([event["type"], event["data"]]))
        .collect()
}

#[test]
fn a_list_is_changed_by_phone_by_its_page_and_by_a_command_with_the_same_check_event_and_line() {
    let exchange = Exchange::start(setup(""));
    let [agent, leader] = exchange.phones(["1049", "1001"]);
    let program = Api::of(&exchange, "8001");
    let [works, leads] =
        ["1049", "1001"].map(|user| Api::at_desk(&exchange, "8001", user, &format!("demo-{user}")));
    let mut stream = program.listens(None);
    let listed = json!({ "number": "138 0013-8000", "reason": "nuisance" });
    let gone = json!({ "number": "+8613800138000" });
    let command = |word: &str, listed: &Value| {
        let mut deed = listed.clone();
        deed["command"] = word.into();
        deed["list"] = "blacklist".into();
        deed
    };
    let pages = |api: &Api| {
        let added = api.gives("/lists/blacklist", &listed);
        assert_eq!(
            (added.0, &added.1["number"]),
            (201, &json!("+8613800138000"))
        );
        assert_eq!(api.gives("/lists/blacklist/remove", &gone).0, 200);
    };

    let mut ways = Vec::new();
    for way in ["phone", "page", "command"] {
        match way {
            "phone" => {
                for code in ["*30", "*31"] {
                    leader.dials(code).is_hung_up();
                }
            }
            "page" => pages(&leads),
            _ => {
                let add = command("list_add", &listed);
                assert_eq!(leads.gives("/users/1001/commands", &add).0, 200);
                let remove = command("list_remove", &gone);
                assert_eq!(leads.gives("/users/1001/commands", &remove).0, 200);
            }
        }
        ways.push([changed(&mut stream), changed(&mut stream)]);
    }

    let told = |user: Value, by: &str, word: &str, outcome: &str| json!(["desk.command", { "by": by, "user": user, "command": word, "outcome": outcome }]);
    let leaders = |word| told("1001".into(), "user:1001", word, "done");
    assert_eq!(ways[0][0].len(), 2, "{ways:?}");
    assert_eq!(
        [&ways[0][0][1], &ways[0][1][1]],
        [&leaders("list_add"), &leaders("list_remove")]
    );
    assert_eq!(ways[0], ways[1], "by phone and by the page");
    assert_eq!(ways[1], ways[2], "by the page and by the command");

    // A program's is about nobody; what is refused is told, and an agent is refused by each way.
    pages(&program);
    let nobody = |word| told(Value::Null, "api:desk", word, "done");
    assert_eq!(changed(&mut stream)[1], nobody("list_add"));
    assert_eq!(changed(&mut stream)[1], nobody("list_remove"));
    assert_eq!(program.gives("/lists/blacklist/remove", &gone).0, 404);
    let refused = told(Value::Null, "api:desk", "list_remove", "not_listed");
    assert_eq!(changed(&mut stream), [refused]);
    agent.dials("*30").is_hung_up();
    let denied = told("1049".into(), "user:1049", "list_add", "not_allowed");
    assert_eq!(changed(&mut stream)[0], denied);
    let add = command("list_add", &listed);
    assert_eq!(works.gives("/users/1049/commands", &add).0, 403);
    assert_eq!(changed(&mut stream), [denied]);
    assert_eq!(works.gives("/lists/blacklist", &listed).0, 403);

    let lines = eventually("the audit log", || {
        let lines = program.items("/audit");
        let lines = lines.iter().rev().filter_map(|line| {
            let act = line["act"].as_str().unwrap().strip_prefix("command:")?;
            Some(json!([act, line["by"], line["about"], line["outcome"]]))
        });
        let lines: Vec<Value> = lines.collect();
        (lines.len() >= 11).then_some(lines)
    });
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.push(json!(["list_add", "user:1001", "1001", "done"]));
        expected.push(json!(["list_remove", "user:1001", "1001", "done"]));
    }
    expected.push(json!(["list_add", "api:desk", "blacklist", "done"]));
    expected.push(json!(["list_remove", "api:desk", "blacklist", "done"]));
    expected.push(json!([
        "list_remove",
        "api:desk",
        "blacklist",
        "not_listed"
    ]));
    let denied = json!(["list_add", "user:1049", "1049", "not_allowed"]);
    expected.extend([denied.clone(), denied]);
    assert_eq!(lines, expected);
}
