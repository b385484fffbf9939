//! Agents who are taken out of their calls: taken over, released, forced.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{FLOOR, conversation, each_hears, floor};
use crate::support::{Api, Exchange, Keys, Setup, hear_each_other, pilot};

#[test]
fn a_leader_takes_the_agents_place_and_the_agent_is_out_of_the_call() {
    let exchange = Exchange::start(Setup::with(FLOOR).witnessed());
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    a1.dials("*22").is_over();
    let carrier = exchange.carrier();
    let (customer, agent) = carrier.reaches(&a1, "8000");
    let leader = l1.dials("*331049");
    each_hears(&customer, &agent, &leader, "listen");

    leader.presses("7", Keys::Rfc4733);

    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &leader, pilot::L1);
    customer.is_deaf_to(pilot::A1);
    exchange.agree_on("1049", "wrap_up");
    leader.hangs_up();
    customer.is_hung_up();
    let ended = exchange.ended_calls(3);
    let contact = ended.iter().find(|row| row.begin.to == "8000").unwrap();
    let agents: Vec<Option<String>> = exchange
        .call(contact.begin.id)
        .segments
        .into_iter()
        .filter(|segment| segment.kind == "talk")
        .map(|segment| segment.agent)
        .collect();
    assert_eq!(agents, [Some("1049".to_owned()), Some("1001".to_owned())]);
}

#[test]
fn a_leader_ends_an_agents_call_within_half_a_second_and_the_record_names_them() {
    let exchange = Exchange::start(Setup::with(FLOOR).witnessed());
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    a1.dials("*22").is_over();
    let carrier = exchange.carrier();
    let (customer, agent) = carrier.reaches(&a1, "8000");
    let leader = l1.dials("*331049");
    each_hears(&customer, &agent, &leader, "listen");

    leader.presses("99", Keys::Rfc4733);
    let pressed = Instant::now();

    customer.is_over_within(Duration::from_secs(2));
    agent.is_over_within(Duration::from_secs(2));
    // The second 9 is heard when it is let go, some 200 ms after it was begun.
    assert!(
        pressed.elapsed() < Duration::from_millis(1_200),
        "{:?}",
        pressed.elapsed()
    );
    exchange.agree_on("1049", "wrap_up");
    assert!(leader.is_up(), "it waits for the agent's next call");
    let ended = exchange.ended_calls(2);
    let contact = ended.iter().find(|row| row.begin.to == "8000").unwrap();
    assert_eq!(contact.end.as_ref().unwrap().ended_by, "supervisor:1001");
}

#[test]
fn a_released_customer_hears_good_bye_or_is_the_first_in_the_queue_again() {
    let exchange = Exchange::start(Setup::with(FLOOR).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a1.dials("*22").is_over();
    let carrier = exchange.carrier();
    let (customer, agent) = carrier.reaches(&a1, "8000");
    let release = |parting: &str| {
        let deed = json!({ "command": "release", "parting": parting });
        api.posts("/users/1049/commands", &deed).status
    };
    let waiting = carrier.dials_as("13800138001", "8000", pilot::C2);
    waiting.hears(pilot::MUSIC);

    assert_eq!(release("requeue"), 200);
    agent.is_hung_up();
    customer.hears(pilot::MUSIC);
    a2.dials("*22").is_over();
    let second = a2.rings();
    second.answers();
    second.hears(pilot::C1);
    customer.hears(pilot::A2);
    assert!(waiting.is_up() && waiting.finds(pilot::MUSIC, Duration::from_secs(3)));

    let deed = json!({ "command": "release", "parting": "goodbye" });
    assert_eq!(api.posts("/users/1050/commands", &deed).status, 200);
    second.is_hung_up();
    customer.hears_something(Duration::from_secs(1));
    customer.is_over_within(Duration::from_secs(12));
    let (direct, agent) = {
        waiting.hangs_up();
        // Else they were offered to 1049 before their goodbye has come.
        waiting.is_over();
        api.posts("/users/1049/commands", &json!({ "command": "end_wrap_up" }));
        conversation(&carrier, &a1)
    };
    assert_eq!(release("requeue"), 409, "no queue has brought that one");
    assert!(direct.is_up() && agent.is_up());
    assert_eq!(release("hang_up"), 200);
    for line in [&direct, &agent] {
        line.is_over_within(Duration::from_millis(500));
    }
}

#[test]
fn a_program_logs_an_agent_out_after_the_call_that_goes_on() {
    let exchange = Exchange::start(Setup::with(FLOOR).witnessed());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    a1.dials("*22").is_over();
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let force = |word: &str| {
        let answer = api.posts("/users/1049/commands", &json!({ "command": word }));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["agent"]["state"].as_str().unwrap().to_owned()
    };

    assert_ne!(force("force_log_out"), "logged_out");
    assert!(customer.is_up() && agent.is_up());
    customer.hangs_up();
    agent.is_hung_up();

    exchange.agree_on("1049", "logged_out");
    a1.dials("*22").is_over();
    assert_eq!(force("force_busy"), "busy");
    assert_eq!(force("force_idle"), "idle");
    assert_eq!(force("force_log_out"), "logged_out");
}

#[test]
fn a_leader_forces_by_star_code_with_pin_and_reason() {
    let exchange = Exchange::start(Setup::default());
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    exchange.logs_in(&a1);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    let said = exchange.said_to(&l1, "*361049", &["2580", "2580", "1"]);
    assert_eq!(said, ["leader/released"]);
    call.is_hung_up();
    rung.is_hung_up();
    assert_eq!(
        exchange.said_to(&l1, "*361049", &["2580", "1"]),
        ["leader/not-in-call"]
    );
    assert_eq!(
        exchange.said_to(&l1, "*371049", &["2580", "2"]),
        ["leader/busy-ok"]
    );
    assert_eq!(
        exchange.said_to(&l1, "*381049", &["2580", "1"]),
        ["leader/logout-ok"]
    );
    assert_eq!(
        exchange.states("1049").last().unwrap(),
        "logged_out  user:1001"
    );
    let said = exchange.said_to(&a2, "*371001", &["2580", "2580", "1"]);
    assert_eq!(
        said,
        ["hours/switch-denied"],
        "agents have no say over leaders"
    );
}

#[test]
fn supervision_ends_with_the_call_that_a_leader_has_taken_over() {
    let exchange = floor(3);
    let [a1, l1] = exchange.phones(["1049", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    let leader = l1.dials("*341049");
    each_hears(&customer, &agent, &leader, "barge");

    leader.presses("7", Keys::Rfc4733);
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &leader, pilot::L1);
    customer.hangs_up();

    leader.is_hung_up();
    exchange.has_no_calls();
    // Nothing of it is left: the next call of the agent is heard by nobody.
    let (customer, agent) = conversation(&carrier, &a1);
    agent.is_deaf_to(pilot::L1);
    customer.hangs_up();
    agent.is_hung_up();
}

#[test]
fn a_leader_takes_an_agents_place_in_a_room_and_leaves_it_by_the_rooms_own_key() {
    for threads in [1, 3] {
        let exchange = floor(threads);
        let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
        let carrier = exchange.carrier();
        let customer = carrier.dials("8800");
        let (agent, colleague) = (a1.dials("*8800"), a2.dials("*8800"));
        customer.hears(pilot::A1);
        customer.hears(pilot::A2);
        let leader = l1.dials("*331049");
        leader.hears(pilot::C1);
        leader.hears(pilot::A1);

        leader.presses("7", Keys::Rfc4733);

        agent.is_hung_up();
        for (line, tones) in [
            (&customer, [pilot::L1, pilot::A2]),
            (&colleague, [pilot::L1, pilot::C1]),
            (&leader, [pilot::C1, pilot::A2]),
        ] {
            for tone in tones {
                line.hears(tone);
            }
            line.is_deaf_to(pilot::A1);
        }
        leader.presses("#", Keys::Rfc4733);
        leader.is_hung_up();
        hear_each_other(&customer, pilot::C1, &colleague, pilot::A2);
        customer.is_deaf_to(pilot::L1);
        customer.hangs_up();
        colleague.hangs_up();
        exchange.has_no_calls();
        let ended = exchange.ended_calls(4);
        let rooms = ended.iter().filter(|row| row.begin.to == "*8800");
        let stood_in: Vec<usize> = rooms
            .map(|row| exchange.call(row.begin.id).legs.len())
            .collect();
        assert!(
            stood_in.contains(&2),
            "the agent's call has both: {stood_in:?}"
        );
    }
}

#[test]
fn a_leader_takes_the_place_of_one_of_three_who_talk() {
    let exchange = floor(1);
    let [a1, a2, l1] = exchange.phones(["1049", "1050", "1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = conversation(&carrier, &a1);
    agent.presses("*21050#", Keys::Rfc4733);
    let colleague = a2.rings();
    colleague.answers();
    agent.hears(pilot::A2);
    agent.presses("*5", Keys::Rfc4733);
    customer.hears(pilot::A2);
    let leader = l1.dials("*331049");
    leader.hears(pilot::C1);
    leader.hears(pilot::A2);

    leader.presses("7", Keys::Rfc4733);

    agent.is_hung_up();
    customer.hears(pilot::L1);
    customer.hears(pilot::A2);
    customer.is_deaf_to(pilot::A1);
    colleague.hears(pilot::L1);
    leader.hears(pilot::C1);
    leader.hears(pilot::A2);
    // The rules of three: whoever leaves, the two others go on.
    colleague.hangs_up();
    hear_each_other(&customer, pilot::C1, &leader, pilot::L1);
}
