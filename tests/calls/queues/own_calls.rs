//! Agents' own calls: who is in one is offered none.

use super::{QUIET, exchange, idle, waits};
use crate::support::pilot;

#[test]
fn an_agent_who_is_called_directly_or_calls_is_offered_nothing_until_they_are_free() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let [leader] = exchange.phones(["1001"]);
    let carrier = exchange.carrier();

    let direct = leader.dials("1049");
    let talk = a1.rings();
    let call = waits(&carrier, 0);
    assert!(a1.is_not_called_for(QUIET));
    talk.answers();
    direct.hears(pilot::A1);
    assert!(a1.is_not_called_for(QUIET));
    direct.hangs_up();
    talk.is_hung_up();

    let offered = a1.rings();
    offered.answers();
    call.hears(pilot::A1);
    offered.hangs_up();
    call.is_hung_up();

    let own = a1.dials("1001");
    let called = leader.rings();
    let call = waits(&carrier, 1);
    assert!(a1.is_not_called_for(QUIET));
    called.refuses(486);
    own.is_over();
    a1.rings().answers();
    call.hears(pilot::A1);
}

#[test]
fn d5_wrap_up_follows_a_call_with_a_customer_that_came_by_no_queue() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();

    let own = a1.dials("13900000000");
    carrier.rings().answers();
    own.hears(pilot::C1);
    let call = waits(&carrier, 0);
    own.hangs_up();

    // The tenant says nothing of such a wrap-up: only the agent ends it.
    assert!(a1.is_not_called_for(QUIET));
    super::comes(&a1);
    a1.rings().answers();
    call.hears(pilot::A1);
}
