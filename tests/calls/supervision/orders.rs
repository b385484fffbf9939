//! Who may supervise whom, by a phone and by a program; every order is told of.

use serde_json::{Value, json};

use super::{FLOOR, conversation, each_hears, floor};
use crate::support::{Api, Exchange, Setup, pilot};

fn outcome(stream: &mut crate::support::Stream) -> [String; 4] {
    let event = stream.until("desk.command").pop().unwrap();
    ["by", "user", "command", "outcome"].map(|it| event["data"][it].as_str().unwrap().to_owned())
}

#[test]
fn agents_and_leaders_of_other_teams_hear_nothing() {
    let exchange = floor(1);
    let a3 = exchange.phone("1051");
    let [l1, two] = exchange.phones(["1001", "1052"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1052");
    let agent = two.rings();
    agent.answers();
    customer.hears(pilot::C2);

    for phone in [&a3, &l1] {
        let line = phone.dials("*331052");
        line.is_over();
        assert!(!line.finds(pilot::C1, std::time::Duration::ZERO));
    }

    let own = exchange.phone("1002");
    let leader = own.dials("*331052");
    leader.hears(pilot::C1);
    let ended = exchange.ended_calls(2);
    let whys: Vec<Value> = ended
        .iter()
        .filter_map(|row| row.end.as_ref())
        .map(|end| serde_json::to_value(&end.vars).unwrap())
        .collect();
    assert!(
        whys.iter()
            .all(|vars| vars.to_string().contains("not_allowed")),
        "{whys:?}"
    );
}

#[test]
fn a_leader_who_is_idle_sets_themselves_busy_first_and_shows_what_they_do() {
    let exchange = Exchange::start(
        Setup::with(&FLOOR.replace("{ \"1049\", \"1050\" }", "{ \"1049\", \"1001\" }")).witnessed(),
    );
    let api = Api::of(&exchange, "8001");
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let states = |act: &str| {
        let answer = api.posts("/users/1001/commands", &json!({ "command": act }));
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    states("log_in");
    states("idle");

    l1.dials("*331049").is_over();
    states("busy");
    let leader = l1.dials("*331049");
    each_hears(&customer, &agent, &leader, "listen");
    exchange.agree_on("1001", "monitoring");
    leader.presses("6", crate::support::Keys::Rfc4733);
    exchange.agree_on("1001", "barging");
    leader.presses("5", crate::support::Keys::Rfc4733);
    exchange.agree_on("1001", "monitoring");
    leader.hangs_up();
    exchange.agree_on("1001", "busy");
}

#[test]
fn a_program_rings_the_leaders_phone_and_changes_who_hears_them() {
    let exchange = Exchange::start(Setup::with(FLOOR).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let mut stream = api.listens(None);
    let command = |deed: Value| api.posts("/users/1049/commands", &deed);

    let nobody = command(json!({ "command": "listen" }));
    assert_eq!(
        (nobody.status, &nobody.json()["code"]),
        (409, &json!("no_leader"))
    );
    assert_eq!(
        outcome(&mut stream),
        ["api:desk", "1049", "listen", "no_leader"]
    );
    let not_one = command(json!({ "command": "listen", "leader": "1051" }));
    assert_eq!(not_one.json()["code"], "not_allowed");
    let rung = command(json!({ "command": "listen", "leader": "1001" }));
    assert_eq!(rung.status, 200, "{rung:?}");
    let leader = l1.rings();
    leader.answers();

    each_hears(&customer, &agent, &leader, "listen");
    for (word, mode) in [
        ("whisper", "whisper"),
        ("barge", "barge"),
        ("listen", "listen"),
    ] {
        let answer = command(json!({ "command": word, "leader": "1001" }));
        assert_eq!(answer.status, 200, "{answer:?}");
        each_hears(&customer, &agent, &leader, mode);
    }
    let call = rung.json()["call"].as_str().unwrap().to_owned();
    assert_eq!(
        api.get(&format!("/calls/{call}"))["call"]["state"],
        "supervising"
    );
    let stopped = command(json!({ "command": "stop", "leader": "1001" }));
    assert_eq!(stopped.status, 200, "{stopped:?}");
    leader.is_hung_up();
    assert!(customer.is_up() && agent.is_up());
}

#[test]
fn text_reaches_an_agents_phone_by_the_same_command() {
    let exchange = Exchange::start(Setup::with(FLOOR).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);

    let sent = api.posts(
        "/users/1049/commands",
        &json!({ "command": "message", "text": "请看工单" }),
    );

    assert_eq!(sent.status, 200, "{sent:?}");
    let texts = a1.is_texted(1);
    assert!(format!("{texts:?}").contains("请看工单"), "{texts:?}");
    let nobody = api.posts(
        "/users/1050/commands",
        &json!({ "command": "message", "text": "在吗" }),
    );
    assert_eq!(nobody.json()["code"], "unavailable");
}

#[test]
fn an_agent_who_is_supervised_with_notice_hears_a_tone() {
    let exchange = floor(1);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    customer.speaks(0.0);
    agent.is_deaf_to(pilot::C1);

    let leader = l1.dials("*391049");

    agent.hears_something(std::time::Duration::from_millis(60));
    leader.hears(pilot::A1);
}
