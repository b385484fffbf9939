//! A leader hears a customer's call, and several confer: the customer's rows are those of any call.

use super::*;

#[test]
fn d12_a_call_that_a_leader_hears() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let [leader] = exchange.phones(["1001"]);
    let carrier = exchange.carrier();
    let (customer, agent) = answered(&carrier, &a1);
    let listens = leader.dials("*331049");
    listens.hears(pilot::C1);
    listens.hears(pilot::A1);
    listens.hangs_up();
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
  stay it at 1: answered 1049 [1049 connected]
  recording call, 2 channels
internal 1001 -> *331049: ended_in_menu IVR内挂机, by agent:1001, normal 200
  leg 0 user 1001 up, normal
  monitor
",
    );
}

pub(super) fn room(exchange: &Exchange) {
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("8800");
    customer.hears(pilot::MUSIC);
    let first = a1.dials("*8800");
    customer.hears(pilot::A1);
    let second = a2.dials("*8800");
    customer.hears(pilot::A2);
    first.hears(pilot::A2);
    first.hangs_up();
    customer.is_deaf_to(pilot::A1);
    customer.hears(pilot::A2);
    second.hangs_up();
    customer.hears(pilot::MUSIC);
    customer.hangs_up();
}

#[test]
fn d12_a_customer_and_two_agents_in_a_room_that_the_agents_leave_one_after_the_other() {
    let exchange = floor();
    room(&exchange);

    leaves(
        &exchange,
        3,
        "inbound 13800138000 -> 8800: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  conference, recorded
  talk 1049, recorded
  conference 1049, recorded
  talk 1050, recorded
  conference, recorded
  recording call, 2 channels
internal 1049 -> *8800: answered 已接听, by agent:1049, normal 200
  leg 0 user 1049 up, normal
  talk 1049, recorded
  conference 1050, recorded
  recording call, 2 channels
internal 1050 -> *8800: answered 已接听, by agent:1050, normal 200
  leg 0 user 1050 up, normal
  conference 1049, recorded
  talk 1050, recorded
  recording call, 2 channels
",
    );
}

#[test]
fn d12_a_customer_who_leaves_a_room_in_which_two_agents_talk_on() {
    let exchange = floor();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("8800");
    customer.hears(pilot::MUSIC);
    let first = a1.dials("*8800");
    customer.hears(pilot::A1);
    let second = a2.dials("*8800");
    customer.hears(pilot::A2);
    customer.hangs_up();
    first.hears(pilot::A2);
    second.hears(pilot::A1);
    first.hangs_up();
    second.hears(pilot::MUSIC);
    second.hangs_up();

    leaves(
        &exchange,
        3,
        "inbound 13800138000 -> 8800: answered 已接听, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  conference, recorded
  talk 1049, recorded
  conference 1049, recorded
  recording call, 2 channels
internal 1049 -> *8800: answered 已接听, by agent:1049, normal 200
  leg 0 user 1049 up, normal
  talk 1049, recorded
  conference 1050, recorded
  talk 1050, recorded
  recording call, 2 channels
internal 1050 -> *8800: answered 已接听, by agent:1050, normal 200
  leg 0 user 1050 up, normal
  conference 1049, recorded
  talk 1049, recorded
  conference 1050, recorded
  recording call, 2 channels
",
    );
}
