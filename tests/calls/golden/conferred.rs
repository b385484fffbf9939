//! A colleague is asked and joins by the keys of the agent's phone: the customer's contact stays one call.

use super::*;
use crate::support::Keys;

/// The customer waits while 1049 asks 1050.
fn asked(carrier: &Phone, a1: &Phone, a2: &Phone) -> [Line; 3] {
    let (customer, agent) = answered(carrier, a1);
    agent.presses("*21050#", Keys::Rfc4733);
    let asked = a2.rings();
    asked.answers();
    agent.hears(pilot::A2);
    customer.hears(pilot::MUSIC);
    [customer, agent, asked]
}

/// All three talk.
fn three(carrier: &Phone, a1: &Phone, a2: &Phone) -> [Line; 3] {
    let [customer, agent, asked] = asked(carrier, a1, a2);
    agent.presses("*5", Keys::Rfc4733);
    customer.hears(pilot::A2);
    customer.hears(pilot::A1);
    [customer, agent, asked]
}

#[test]
fn d12_a_customer_who_is_put_through_by_a_code_to_who_was_asked() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let [customer, agent, asked] = asked(&carrier, &a1, &a2);
    agent.presses("*4", Keys::Rfc4733);
    customer.hears(pilot::A2);
    agent.is_over();
    customer.hangs_up();
    asked.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  consult it 1049, recorded
  talk it 1050, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded, goes on in
  recording call, 2 channels
",
    );
}

#[test]
fn d12_a_consultation_by_a_code_that_is_called_off() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let [customer, agent, asked] = asked(&carrier, &a1, &a2);
    agent.presses("*3", Keys::Rfc4733);
    asked.is_over();
    customer.hears(pilot::A1);
    customer.hangs_up();
    agent.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  queue it
  talk it 1049, recorded
  consult it 1049, recorded
  talk it 1049, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: answered 已接听, by agent:1049, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded
  recording call, 2 channels
",
    );
}

#[test]
fn d12_three_who_talk_until_the_agent_leaves() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let [customer, agent, asked] = three(&carrier, &a1, &a2);
    agent.hangs_up();
    customer.is_deaf_to(pilot::A1);
    customer.hears(pilot::A2);
    customer.hangs_up();
    asked.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  consult it 1049, recorded
  conference it 1049, recorded
  talk it 1050, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded, goes on in
  recording call, 2 channels
",
    );
}

#[test]
fn d12_three_who_talk_until_who_was_asked_leaves() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let [customer, agent, asked] = three(&carrier, &a1, &a2);
    asked.hangs_up();
    customer.is_deaf_to(pilot::A2);
    customer.hears(pilot::A1);
    customer.hangs_up();
    agent.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  consult it 1049, recorded
  conference it 1049, recorded
  talk it 1049, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded, goes on in
  recording call, 2 channels
",
    );
}

#[test]
fn d12_three_who_talk_until_the_customer_leaves() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let [customer, agent, asked] = three(&carrier, &a1, &a2);
    customer.hangs_up();
    agent.is_deaf_to(pilot::C1);
    agent.hears(pilot::A2);
    agent.hangs_up();
    asked.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by agent:1049, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  consult it 1049, recorded
  conference it 1049, recorded
  internal it 1050
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1049 up, normal
  leg 1 user 1050 up, normal
  ring 1050
  talk 1050, recorded, goes on in
  recording call, 2 channels
",
    );
}
