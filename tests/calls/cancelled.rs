//! The caller gives up, at every moment before the answer and just after it.

use crate::support::{Exchange, Setup, pilot};

#[test]
fn a_caller_who_gives_up_while_it_rings_silences_the_phone() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.rings();
    call.is_ringing();
    call.hangs_up();

    rung.is_over();
    call.is_over();
    let end = exchange.only_record().call.end.unwrap();
    assert_eq!(end.cause, "cancelled");
}

#[test]
fn a_caller_who_gives_up_before_it_rings_silences_the_phone() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    let call = a1.dials("1050");
    let rung = a2.is_called();
    call.hangs_up();

    rung.is_over();
    call.is_over();
}

#[test]
fn a_caller_who_gives_up_at_once_leaves_nothing_behind() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    for _ in 0..5 {
        let call = a1.dials("1050");
        call.hangs_up();
        call.is_over();
    }

    exchange.has_no_calls();
    a2.forgets_its_calls();
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);
}

#[test]
fn answer_and_cancel_that_cross_end_the_call_on_both_sides() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    for _ in 0..10 {
        let call = a1.dials("1050");
        let rung = a2.rings();
        rung.answers();
        call.hangs_up();

        rung.is_over();
        call.is_over();
    }

    exchange.has_no_calls();
}
