//! Nobody takes the customer's call: each way of it has its own word, and is to be called back.

use super::*;
use crate::support::Keys;
use std::time::Duration;

#[test]
fn d12_a_caller_who_gives_up_in_the_queue() {
    let exchange = floor();
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001");
    let rung = a1.rings();
    customer.hears(pilot::MUSIC);
    customer.hangs_up();
    rung.is_over();

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4001: abandoned_in_queue 排队放弃, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  leg 1 user 1049 rang, cancelled
  queue it
  stay it at 1: abandoned [1049 caller_gone]
",
    );
    assert_eq!(missed(&exchange), ["abandoned_in_queue open"]);
}

#[test]
fn d12_a_caller_who_has_waited_for_as_long_as_one_may() {
    let exchange = floor();
    let _resting = rests(&exchange);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4002");
    customer.hears(pilot::MUSIC);
    customer.is_hung_up();

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4002: queue_timeout 排队超时, by system:script_ended, normal 200
  leg 0 trunk +8613800138000 up, normal
  queue short
  ivr
  stay short at 1: timeout []
",
    );
    assert_eq!(missed(&exchange), ["queue_timeout open"]);
}

#[test]
fn d12_a_caller_who_hangs_up_in_the_menu() {
    let exchange = floor();
    let carrier = exchange.carrier();
    let customer = carrier.dials("4004");
    customer.hears(840.0);
    customer.hangs_up();

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4004: ended_in_menu IVR内挂机, by customer, normal 200
  leg 0 trunk +8613800138000 up, normal
  ivr
",
    );
    assert!(missed(&exchange).is_empty());
}

#[test]
fn d12_a_caller_who_leaves_a_message_out_of_hours() {
    let exchange = floor();
    let carrier = exchange.carrier();
    let customer = carrier.dials("4005");
    leaves_a_message(&customer);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4005: left_message 已留言, by system:script_ended, normal 200
  leg 0 trunk +8613800138000 up, normal
  voicemail, recorded
  recording message, 1 channels
",
    );
    assert_eq!(missed(&exchange), ["left_message open"]);
}

#[test]
fn d12_a_caller_who_leaves_the_queue_by_a_key_for_a_message() {
    let exchange = floor();
    let _resting = rests(&exchange);
    let carrier = exchange.carrier();
    let customer = carrier.dials("4006");
    customer.hears(pilot::MUSIC);
    customer.presses("1", Keys::Rfc4733);
    leaves_a_message(&customer);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 4006: left_message 已留言, by system:script_ended, normal 200
  leg 0 trunk +8613800138000 up, normal
  queue it
  voicemail, recorded
  stay it at 1: key []
  recording message, 1 channels
",
    );
}

#[test]
fn d12_a_caller_at_whose_agent_it_rings_out_and_one_who_gives_up_before() {
    let exchange = floor();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let rung = a1.rings();
    assert_eq!(customer.is_refused(), 480);
    rung.is_over();
    let customer = carrier.dials("1049");
    let rung = a1.rings();
    customer.is_ringing();
    customer.hangs_up();
    rung.is_over();

    leaves(
        &exchange,
        2,
        "inbound 13800138000 -> 1049: rang_out 振铃未接听, by system:rejected, no_answer 480
  leg 0 trunk +8613800138000 rang, no_answer
  leg 1 user 1049 rang, no_answer
  ring 1049
inbound 13800138000 -> 1049: abandoned_ringing 振铃放弃, by customer, cancelled 487
  leg 0 trunk +8613800138000 rang, cancelled
  leg 1 user 1049 rang, cancelled
  ring 1049
",
    );
    assert_eq!(
        missed(&exchange),
        ["abandoned_ringing open", "rang_out open"]
    );
}

#[test]
fn d12_a_caller_whom_an_agent_declines() {
    let exchange = floor();
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    a1.rings().refuses(603);
    assert_eq!(customer.is_refused(), 603);

    leaves(
        &exchange,
        1,
        "inbound 13800138000 -> 1049: refused 客服拒接, by system:rejected, rejected 603
  leg 0 trunk +8613800138000 rang, rejected
  leg 1 user 1049 rang, rejected
  ring 1049
",
    );
}

fn leaves_a_message(customer: &Line) {
    customer.hears(BEEP);
    customer.talks_for(Duration::from_secs(3));
    customer.speaks(0.0);
    customer.is_hung_up();
}

/// What a message begins after.
const BEEP: f64 = 1_000.0;
