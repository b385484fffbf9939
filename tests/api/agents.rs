//! Agents and queues by the API: seen as they are, told what to do, and all of it in the log.

use serde_json::{Value, json};
use store::{Secret, UserRecord};

use crate::support::{Api, Exchange, Setup, eventually, pilot};

fn demo() -> (Exchange, Api) {
    let exchange = Exchange::start(Setup::default().with_http());
    let api = Api::of(&exchange, "8001");
    (exchange, api)
}

/// Tells an agent what to do, which is done.
fn tells(api: &Api, agent: &str, act: &Value) -> Value {
    let answer = api.posts(&format!("/agents/{agent}/state"), act);
    assert_eq!(answer.status, 200, "{act}: {answer:?}");
    answer.json()
}

/// A star code of a test's dialplan: whoever dials it ends the call of 1050.
const RELEASE: &str = r#"
context "inbound" {}
context "internal" {
  ["1050"] = function(call) return call:bridge("user:1050") end,
  ["*361050"] = function(call)
    local done, why = desk.order("1050", { command = "hang_up" })
    call.vars.outcome = done and "done" or why
    return call:hangup()
  end,
}
"#;

#[test]
fn a_command_is_the_same_by_star_code_and_by_a_program_and_everybody_hears_of_it() {
    let exchange = Exchange::start(Setup::with(RELEASE).with_http());
    let api = Api::of(&exchange, "8001");
    let [leader, wen, li] = exchange.phones(["1001", "1049", "1050"]);
    let mut stream = api.listens(None);
    let mut outcome = || {
        let event = stream.until("desk.command").pop().unwrap();
        ["by", "user", "command", "outcome"]
            .map(|it| event["data"][it].as_str().unwrap().to_owned())
    };

    let answer = api.posts("/users/1050/commands", &json!({ "command": "hang_up" }));
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (409, &json!("not_in_call"))
    );
    assert_eq!(outcome(), ["api:desk", "1050", "hang_up", "not_in_call"]);

    let wens = wen.dials("1050");
    let lis = li.rings();
    lis.answers();
    wens.is_answered();
    // An agent has no say over others' calls, and their team's leader has.
    exchange.phone("1051").dials("*361050").is_over();
    assert_eq!(outcome(), ["user:1051", "1050", "hang_up", "not_allowed"]);
    assert!(wens.is_up());
    leader.dials("*361050").is_over();
    assert_eq!(outcome(), ["user:1001", "1050", "hang_up", "done"]);
    wens.is_hung_up();
    lis.is_hung_up();

    // Also when a call is named.
    let wens = wen.dials("1050");
    let lis = li.rings();
    lis.answers();
    wens.is_answered();
    let call = eventually("the call", || api.items("/calls?live=true").pop());
    let path = format!("/calls/{}/hangup", call["id"].as_str().unwrap());
    api.does("POST", &path);
    assert_eq!(outcome(), ["api:desk", "1049", "hang_up", "done"]);
    wens.is_hung_up();
    lis.is_hung_up();

    let wens = wen.dials("1050");
    let lis = li.rings();
    lis.answers();
    wens.is_answered();
    let answer = api.posts("/users/1050/commands", &json!({ "command": "hang_up" }));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(outcome(), ["api:desk", "1050", "hang_up", "done"]);
    wens.is_hung_up();
    lis.is_hung_up();
    let ended: Vec<String> = exchange
        .ended_calls(5)
        .iter()
        .map(|row| row.end.as_ref().unwrap().ended_by.clone())
        .collect();
    assert!(
        ended.contains(&"user:1001".to_owned()) && ended.contains(&"api:desk".to_owned()),
        "{ended:?}"
    );
}

#[test]
fn an_agent_is_logged_in_and_out_by_a_program_and_everybody_is_told() {
    let (exchange, api) = demo();
    let [_a1] = exchange.phones(["1049"]);
    let mut stream = api.listens(None);

    let all = api.items("/agents");
    let seen: Vec<(&Value, &Value)> = all.iter().map(|one| (&one["id"], &one["state"])).collect();
    let out = json!("logged_out");
    let ids = ["1049", "1050", "1051"].map(Value::from);
    assert_eq!(seen, [(&ids[0], &out), (&ids[1], &out), (&ids[2], &out)]);
    let wen = tells(&api, "1049", &json!({ "act": "log_in" }));
    assert_eq!(
        (
            &wen["state"],
            &wen["reason"],
            &wen["name"],
            &wen["reachable"]
        ),
        (
            &json!("busy"),
            &json!("login"),
            &json!("温平"),
            &json!(true)
        )
    );
    tells(&api, "1049", &json!({ "act": "idle" }));
    let busy = tells(&api, "1049", &json!({ "act": "busy", "reason": "meal" }));
    assert_eq!(
        (&busy["state"], &busy["reason"]),
        (&json!("busy"), &json!("meal"))
    );
    assert_eq!(api.get("/agents/1049")["since"], busy["since"]);
    tells(&api, "1049", &json!({ "act": "log_out" }));

    let mut told = Vec::new();
    while told.len() < 4 {
        let event = stream.until("agent.changed").pop().unwrap();
        let data = event["data"].clone();
        if data["state"] != data["before"] || !data["reason"].is_null() {
            told.push(format!(
                "{} {} {}",
                data["agent"].as_str().unwrap(),
                data["state"].as_str().unwrap(),
                data["by"].as_str().unwrap()
            ));
        }
    }
    assert_eq!(
        told,
        [
            "1049 busy api:desk",
            "1049 idle api:desk",
            "1049 busy api:desk",
            "1049 logged_out api:desk"
        ]
    );
    let log = eventually("the last line of the log", || {
        let log = api.items("/queue-log?agent=1049&kind=state");
        (log.len() == 4).then_some(log)
    });
    assert_eq!(
        (
            &log[1]["state"],
            &log[1]["why"],
            &log[1]["before"],
            &log[1]["by"]
        ),
        (
            &json!("busy"),
            &json!("meal"),
            &json!("idle"),
            &json!("api:desk")
        )
    );
}

#[test]
fn a_user_of_the_records_who_is_made_a_leader_has_a_say_over_their_team_at_once() {
    let (exchange, api) = demo();
    let [_wen] = exchange.phones(["1049"]);
    tells(&api, "1049", &json!({ "act": "log_in" }));
    let new = UserRecord {
        tenant: "8001".into(),
        extension: "1052".into(),
        name: Some("新人".into()),
        realm: "127.0.0.1".into(),
        ha1_md5: Secret::new("00".repeat(16)),
        ha1_sha256: Secret::new("00".repeat(32)),
        context: "internal".into(),
        role: "agent".into(),
        team: None,
        created_at: 1,
    };
    let (store, password) = (exchange.store(), "correct horse 1052");
    store.put_user(new).wait().unwrap();
    let hash = web::hash_desk_password(password).unwrap();
    let whose = ("8001", "1052");
    store
        .put_desk_password(whose, hash, 1, None)
        .wait()
        .unwrap();
    let becomes = |role: &str| {
        let answer = api.posts("/users/1052/role", &json!({ "role": role }));
        assert_eq!(answer.status, 204, "{answer:?}");
    };
    becomes("agent");
    let desk = Api::at_desk(&exchange, "8001", "1052", password);
    let orders = || {
        let busy = json!({ "command": "busy", "reason": "meal" });
        desk.posts("/users/1049/commands", &busy).status
    };
    assert_eq!(orders(), 403);

    becomes("leader");

    assert_eq!(orders(), 200);
    let me = desk.get("/session");
    assert_eq!(
        (&me["role"], &me["user"]),
        (&json!("leader"), &json!("1052"))
    );
    let wen = desk.get("/agents/1049");
    assert_eq!(wen["reason"], "meal");
    becomes("agent");
    assert_eq!(orders(), 403, "and nobody is left with what they had");
}

#[test]
fn what_star_codes_refuse_is_refused_with_a_problem() {
    let (exchange, api) = demo();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let refused = |agent: &str, act: Value| {
        let answer = api.posts(&format!("/agents/{agent}/state"), &act);
        let problem = answer.json();
        (answer.status, problem["code"].as_str().unwrap().to_owned())
    };

    assert_eq!(
        refused("1049", json!({ "act": "idle" })),
        (409, "logged_out".to_owned())
    );
    tells(&api, "1049", &json!({ "act": "log_in" }));
    assert_eq!(
        refused("1049", json!({ "act": "end_wrap_up" })),
        (409, "not_in_wrap_up".to_owned())
    );
    assert_eq!(
        refused("1049", json!({ "act": "busy", "reason": "sleep" })),
        (422, "no_such_reason".to_owned())
    );
    assert_eq!(
        refused("1001", json!({ "act": "log_in" })),
        (404, "not_found".to_owned())
    );
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);
    assert_eq!(
        refused("1049", json!({ "act": "log_out" })),
        (409, "in_call".to_owned())
    );
    let talking = api.get("/agents/1049");
    assert_eq!(talking["state"], "internal");
    rung.hangs_up();
}

#[test]
fn a_queue_is_shown_with_its_agents() {
    let (exchange, api) = demo();
    let [_a1] = exchange.phones(["1049"]);
    tells(&api, "1049", &json!({ "act": "log_in" }));
    tells(&api, "1049", &json!({ "act": "idle" }));

    let it = api.get("/queues/it");

    assert_eq!(it["queue"], api.items("/queues")[0]);
    assert_eq!(it["queue"]["strategy"], "longest_idle");
    assert_eq!(it["queue"]["waiting"], 0);
    assert_eq!(
        (
            &it["queue"]["agents"]["idle"],
            &it["queue"]["agents"]["logged_out"]
        ),
        (&json!(1), &json!(2))
    );
    let states: Vec<&Value> = it["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["idle", "logged_out", "logged_out"]);
    assert_eq!((&it["callers"], &it["why"]), (&json!([]), &Value::Null));
    let status = exchange.status();
    let floor = &status["floors"][0];
    assert_eq!(
        (&floor["tenant"], &floor["queues"]),
        (&json!("8001"), &json!(api.items("/queues")))
    );
    assert_eq!(floor["agents"][0]["state"], "idle");
    let stranger = Api::of(&exchange, "8002");
    assert_eq!(stranger.asks("GET", "/queues/it", &[]).status, 404);
    assert!(stranger.items("/agents").is_empty());
    assert!(stranger.items("/queue-log").is_empty());
}

#[test]
fn a_desk_that_is_heard_again_and_again_leaves_nothing_in_the_audit_log() {
    let (exchange, api) = demo();
    let [_phone] = exchange.phones(["1049"]);
    let mut stream = api.listens(None);
    let tells = |command: &str| {
        let answer = api.posts("/users/1049/commands", &json!({ "command": command }));
        assert_eq!(answer.status, 200, "{command}: {answer:?}");
    };

    for command in ["log_in", "heartbeat", "heartbeat", "idle"] {
        tells(command);
    }

    let mut commands = Vec::new();
    while commands.last().is_none_or(|it| it != "idle") {
        let event = stream.until("desk.command").pop().unwrap();
        commands.push(event["data"]["command"].as_str().unwrap().to_owned());
    }
    assert_eq!(commands, ["log_in", "idle"]);
    let lines = eventually("both lines of the audit log", || {
        let lines = api.items("/audit");
        let mut acts: Vec<_> = lines.iter().map(|line| line["act"].clone()).collect();
        // That somebody listens stands there, too.
        acts.retain(|act| act != "events_opened");
        acts.contains(&json!("command:idle")).then_some(acts)
    });
    assert_eq!(lines, ["command:idle", "command:log_in"]);
}
