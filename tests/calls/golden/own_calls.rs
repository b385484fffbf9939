//! Calls that agents make, and those between them.

use super::*;

pub(super) fn made(exchange: &Exchange) {
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let agent = a1.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    agent.hears(pilot::C1);
    agent.hangs_up();
    customer.is_over();
}

#[test]
fn d12_a_call_that_an_agent_makes_and_the_customer_answers() {
    let exchange = floor();
    made(&exchange);

    leaves(
        &exchange,
        1,
        "outbound 1049 -> 13800138000: answered 已接听, by agent:1049, normal 200
  leg 0 user 1049 up, normal
  leg 1 trunk 13800138000 up, normal
  ring
  talk 1049, recorded
  recording call, 2 channels
",
    );
}

#[test]
fn d12_a_call_that_an_agent_makes_to_a_customer_who_is_busy() {
    let exchange = floor();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let agent = a1.dials("13800138000");
    carrier.is_called().refuses(486);
    assert_eq!(agent.is_refused(), 486);

    leaves(
        &exchange,
        1,
        "outbound 1049 -> 13800138000: refused 对方忙或拒接, by system:rejected, busy 486
  leg 0 user 1049 tried, busy
  leg 1 trunk 13800138000 tried, busy
  ring
",
    );
    assert!(missed(&exchange).is_empty());
}

#[test]
fn d12_a_call_that_a_program_makes_for_an_agent() {
    let exchange = floor();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let api = crate::support::Api::of(&exchange, "8001");
    let wanted = serde_json::json!({ "from": "1049", "to": "13800138000" });
    let asked = std::thread::spawn(move || api.gives("/calls", &wanted).0);
    let agent = a1.rings();
    agent.answers();
    let customer = carrier.rings();
    customer.answers();
    agent.hears(pilot::C1);
    customer.hangs_up();
    agent.is_over();
    assert_eq!(asked.join().unwrap(), 201);

    leaves(
        &exchange,
        1,
        "outbound 1049 -> 13800138000: answered 已接听, by customer, normal 200
  leg 0 user 1049 up, normal
  leg 1 trunk 13800138000 up, normal
  ring 1049
  ring
  talk 1049, recorded
  recording call, 2 channels
",
    );
}

pub(super) fn between(exchange: &Exchange) {
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let agent = a1.dials("1050");
    let colleague = a2.rings();
    colleague.answers();
    agent.hears(pilot::A2);
    agent.hangs_up();
    colleague.is_over();
}

#[test]
fn d12_a_call_between_agents() {
    let exchange = floor();
    between(&exchange);

    leaves(
        &exchange,
        1,
        "internal 1049 -> 1050: answered 已接听, by agent:1049, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded
  recording call, 2 channels
",
    );
}
