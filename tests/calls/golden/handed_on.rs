//! A customer is handed on: one call, with a stretch for each who talked with them.

use super::*;
use crate::support::{Hold, Keys};

pub(super) fn blind(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.transfers_to("1050");
    let target = a2.rings();
    target.answers();
    customer.hears(pilot::A2);
    customer.hangs_up();
    target.is_over();
}

#[test]
fn d12_a_blind_transfer() {
    let exchange = floor();
    blind(&exchange);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  ring 1050, recorded
  talk 1050, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
",
    );
}

pub(super) fn attended(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    let asks = a1.dials("1050");
    let asked = a2.rings();
    asked.answers();
    asks.hears(pilot::A2);
    agent.transfers_to_call(&asks);
    customer.hears(pilot::A2);
    customer.hangs_up();
    asked.is_over();
}

#[test]
fn d12_an_attended_transfer() {
    let exchange = floor();
    attended(&exchange);

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

pub(super) fn consulted_in_vain(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    let asks = a1.dials("1050");
    let asked = a2.rings();
    asks.is_ringing();
    asks.hangs_up();
    asked.is_over();
    agent.retrieves();
    customer.hears(pilot::A1);
    customer.hangs_up();
    agent.is_over();
}

#[test]
fn d12_a_consultation_that_comes_to_nothing() {
    let exchange = floor();
    consulted_in_vain(&exchange);

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  queue it
  talk it 1049, recorded
  hold it 1049, recorded
  talk it 1049, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1049 -> 1050: abandoned_ringing 振铃放弃, by agent:1049, cancelled 487
  leg 0 user 1049 rang, cancelled
  leg 1 user 1050 rang, cancelled
  ring 1050
",
    );
}

pub(super) fn parked(exchange: &Exchange) {
    let [a1] = idle(exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.transfers_to("*5900");
    customer.hears(pilot::MUSIC);
    agent.is_over();
    let fetching = a2.dials("*5901");
    customer.hears(pilot::A2);
    fetching.hangs_up();
    customer.is_over();
}

#[test]
fn d12_a_customer_who_is_parked_and_fetched() {
    let exchange = floor();
    parked(&exchange);

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 4001: answered 已接听, by agent:1050, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  leg 2 user 1050 up, normal
  queue it
  talk it 1049, recorded
  park, recorded
  talk 1050, recorded
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1050 -> *5901: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1050 up, normal
",
    );
}

pub(super) fn picked_up(exchange: &Exchange) {
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let rung = a1.rings();
    customer.is_ringing();
    let picker = a2.dials("**1049");
    rung.is_taken_elsewhere();
    customer.hears(pilot::A2);
    customer.hangs_up();
    picker.is_hung_up();
}

#[test]
fn d12_a_call_that_a_colleague_picks_up() {
    let exchange = floor();
    picked_up(&exchange);

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 1049: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 rang, cancelled
  leg 2 user 1050 up, normal
  ring 1049
  talk 1050, recorded
  recording call, 2 channels
internal 1050 -> **1049: transferred 已转接, by system:transferred, normal 200
  leg 0 user 1050 up, normal
",
    );
}

#[test]
fn d12_a_customer_who_is_asked_how_it_was() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    agent.transfers_to("*9");
    agent.is_over();
    customer.presses("1", Keys::Rfc4733);
    customer.is_hung_up();

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: answered 已接听, by system:script_ended, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 up, normal
  queue it
  talk it 1049, recorded
  survey 1049
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
",
    );
}

#[test]
fn d12_an_attended_transfer_of_a_customer_whom_the_agent_has_called() {
    let exchange = floor();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let ours = a1.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    ours.hears(pilot::C1);
    ours.holds(Hold::SendOnly);
    customer.hears(pilot::MUSIC);
    let asks = a1.dials("1050");
    let asked = a2.rings();
    asked.answers();
    asks.hears(pilot::A2);
    ours.transfers_to_call(&asks);
    customer.hears(pilot::A2);
    customer.hangs_up();
    asked.is_over();

    leaves(
        &exchange,
        2,
        "outbound 1049 -> 13800138000: answered 已接听, by customer, normal 200
  leg 0 user 1049 up, normal
  leg 1 trunk 13800138000 up, normal
  leg 2 user 1050 up, normal
  ring
  talk 1049, recorded
  consult 1049, recorded
  talk 1050, recorded
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
