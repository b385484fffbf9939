//! Hold with music, both kinds, and back.

use crate::support::{Exchange, Hold, Setup, pilot};

#[test]
fn the_held_party_hears_music_until_it_is_taken_back() {
    for how in [Hold::SendOnly, Hold::Zero] {
        let exchange = Exchange::start(Setup::ringing());
        let [a1] = exchange.phones(["1049"]);
        let carrier = exchange.carrier();
        let call = carrier.dials("1049");
        let agent = a1.rings();
        agent.answers();
        call.hears(pilot::A1);

        agent.holds(how);

        call.hears(pilot::MUSIC);
        call.is_deaf_to(pilot::A1);
        agent.is_deaf_to(pilot::C1);

        agent.retrieves();

        call.hears(pilot::A1);
        agent.hears(pilot::C1);
        call.is_deaf_to(pilot::MUSIC);
        agent.hangs_up();
        call.is_over();
    }
}

#[test]
fn the_caller_can_hold_too() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.hears(pilot::A2);

    call.holds(Hold::SendOnly);

    rung.hears(pilot::MUSIC);
    rung.is_deaf_to(pilot::A1);
    call.retrieves();
    rung.hears(pilot::A1);
    call.hears(pilot::A2);
}

#[test]
fn many_quick_holds_leave_one_call_in_the_right_state() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let rung = a2.rings();
    rung.answers();
    call.is_answered();

    for _ in 0..50 {
        rung.holds(Hold::SendOnly);
        rung.retrieves();
    }

    call.hears(pilot::A2);
    rung.hears(pilot::A1);
    assert!(call.is_up() && rung.is_up());
}
