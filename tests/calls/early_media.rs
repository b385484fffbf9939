//! 彩铃: what the called party's network plays before the answer reaches the caller.

use crate::support::{Exchange, Setup, pilot};

#[test]
fn the_caller_hears_the_callees_colour_ring_and_not_our_ringback() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let call = a1.dials("13800138000");
    let rung = carrier.is_called();
    rung.plays_early(pilot::COLOUR_RING);

    call.has_early_media();
    call.hears(pilot::COLOUR_RING);
    call.is_deaf_to(pilot::RINGBACK);
    assert_eq!(rung.caller(), "4001234567");

    rung.speaks(pilot::C1);
    rung.answers();
    call.is_answered();
    call.hears(pilot::C1);
    rung.hears(pilot::A1);
}

#[test]
fn a_caller_that_asks_for_our_offer_rings_and_is_heard_when_it_is_answered() {
    let exchange = Exchange::start(Setup::ringing());
    let a1 = exchange.phone_with("1049", |manner| manner.offers = false);
    let carrier = exchange.carrier();

    let call = a1.dials("13800138000");
    let rung = carrier.is_called();
    rung.plays_early(pilot::COLOUR_RING);
    call.is_ringing();

    rung.speaks(pilot::C1);
    rung.answers();
    call.is_answered();
    call.hears(pilot::C1);
    rung.hears(pilot::A1);
}
