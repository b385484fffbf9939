//! Several phones ring for one call: all at once, or one after the other.

use std::time::Duration;

use crate::support::{Exchange, Setup, pilot};

const PLAN: &str = "-- A team, rung in both ways.
local team = { \"user:1049\", \"user:1050\", \"user:1051\" }
local function rings(strategy)
  return function(call) call:bridge(team, { strategy = strategy, timeout = 20 }) end
end
context \"inbound\" { [\"4001\"] = rings(\"all\"), [\"4002\"] = rings(\"in_order\") }
context \"internal\" {}
";

#[test]
fn of_all_that_ring_at_once_the_first_to_answer_has_the_call_and_the_others_fall_silent() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    let [one, two, three] = [&a1, &a2, &a3].map(|phone| phone.rings());
    two.answers();

    call.hears(pilot::A2);
    two.hears(pilot::C1);
    one.is_over();
    three.is_over();
    two.hangs_up();
    call.is_hung_up();
    let record = exchange.only_record();
    let answered = record.legs.iter().filter(|leg| leg.up_at.is_some());
    assert_eq!((record.legs.len(), answered.count()), (4, 2));
}

#[test]
fn in_order_a_refusal_rings_the_next_at_once_and_nobody_else() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("4002");
    let first = a1.rings();
    assert!(a2.is_not_called_for(Duration::from_millis(500)));
    first.refuses(486);
    let second = a2.rings();
    second.answers();

    call.hears(pilot::A2);
    assert!(a3.is_not_called_for(Duration::from_millis(500)));
    call.hangs_up();
    second.is_hung_up();
}
