//! Scripts hand calls on: to another handler, within the fence, and not in circles.

use std::time::Duration;

use crate::support::{Exchange, Setup, pilot};

const PLAN: &str = "-- Calls from outside are handed on.
local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end
local function outside(call) call:bridge(\"trunk:carrier/\" .. call.to, { timeout = 20 }) end
context \"inbound\" {
  [\"4001\"] = function(call)
    call:answer()
    return call:transfer(\"1050\", { context = \"internal\" })
  end,
  [\"4002\"] = function(call)
    call:answer()
    return call:transfer(\"13900139000\")
  end,
  [\"4003\"] = function(call) return call:transfer(\"4004\") end,
  [\"4004\"] = function(call) return call:transfer(\"4003\") end,
}
context \"internal\" { [\"_10XX\"] = user, [\"_1[3-9]X.\"] = outside }
";

#[test]
fn a_call_that_is_handed_on_rings_whom_the_other_handler_rings() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let rung = a2.rings();
    rung.answers();

    call.hears(pilot::A2);
    rung.hears(pilot::C1);
    rung.hangs_up();
    call.is_hung_up();
}

#[test]
fn who_is_handed_on_stays_within_the_fence() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let carrier = exchange.carrier();

    let call = carrier.dials("4002");
    call.is_answered();
    call.hears_something(Duration::from_millis(300));
    call.is_over_within(Duration::from_secs(15));

    let record = exchange.only_record();
    assert_eq!(record.legs.len(), 1, "nobody outside was rung");
    assert_eq!(record.call.end.unwrap().cause, "unallocated");
}

#[test]
fn handlers_that_send_a_call_to_each_other_are_cut_and_a_person_takes_it() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [leader] = exchange.phones(["1001"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4003");
    let rung = leader.rings();
    rung.answers();
    rung.hears(pilot::C1);
    call.hangs_up();
    rung.is_hung_up();

    let error = exchange.only_record().call.end.unwrap().script_error;
    let error = error.unwrap();
    assert!(error.contains("handed on 10 times"), "{error}");
}
