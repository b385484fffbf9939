//! A customer and an agent of a queue talk.

use super::*;
use crate::support::Hold;

pub(super) fn plain(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");
    let agent = a1.rings();
    customer.hears(pilot::MUSIC);
    agent.answers();
    customer.hears(pilot::A1);
    customer.hangs_up();
    agent.is_over();
}

#[test]
fn d12_a_call_that_an_agent_of_a_queue_answers() {
    let exchange = floor();
    plain(&exchange);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  queue it
  talk it 1049, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
",
    );
    assert!(missed(&exchange).is_empty());
}

pub(super) fn held(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    agent.retrieves();
    customer.hears(pilot::A1);
    agent.hangs_up();
    customer.is_over();
}

#[test]
fn d12_a_call_that_is_held_and_taken_back() {
    let exchange = floor();
    held(&exchange);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by agent:1049, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  queue it
  talk it 1049, recorded
  hold it 1049, recorded
  talk it 1049, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
",
    );
}

pub(super) fn next_answers(exchange: &Exchange) {
    let [a1, a2] = idle(exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");
    a1.rings().is_over();
    a2.rings().answers();
    customer.hears(pilot::A2);
    customer.hangs_up();
}

#[test]
fn d12_a_call_that_one_agent_lets_ring_and_the_next_answers() {
    let exchange = floor();
    next_answers(&exchange);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 rang, no_answer
  leg 2 user 1050 up, normal
  queue it
  talk it 1050, recorded
  stay it at 1: answered 1050 [1049 no_answer, 1050 connected]
  recording call, 2 channels
",
    );
}

#[test]
fn d12_a_call_that_one_agent_declines_and_the_next_answers() {
    let exchange = floor();
    let [a1, a2] = idle(&exchange, ["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");
    a1.rings().refuses(603);
    a2.rings().answers();
    customer.hears(pilot::A2);
    customer.hangs_up();

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 rang, rejected
  leg 2 user 1050 up, normal
  queue it
  talk it 1050, recorded
  stay it at 1: answered 1050 [1049 rejected, 1050 connected]
  recording call, 2 channels
",
    );
}

pub(super) fn overflowed(exchange: &Exchange) {
    let _resting = rests(exchange);
    let [a2] = idle(exchange, ["1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4003");
    a2.rings().answers();
    customer.hears(pilot::A2);
    customer.hangs_up();
}

#[test]
fn d12_a_caller_who_goes_on_to_another_queue_and_is_answered_there() {
    let exchange = floor();
    overflowed(&exchange);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4003: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1050 up, normal
  queue over
  queue second
  talk second 1050, recorded
  stay over at 1: overflow []
  stay second at 1: answered 1050 [1050 connected]
  recording call, 2 channels
",
    );
}
