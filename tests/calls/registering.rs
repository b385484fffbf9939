//! Phones register: both digests, wrong passwords, bans, restarts.

use std::time::Duration;

use sip::auth::Algorithm;

use crate::support::{Exchange, PATIENCE, Setup, pilot};

#[test]
fn a_phone_registers_with_either_digest_and_is_rung() {
    let exchange = Exchange::start(Setup::ringing());
    let a1 = exchange.phone("1049");

    for digest in [Algorithm::Md5, Algorithm::Sha256] {
        let a2 = exchange.phone_with("1050", |manner| manner.digest = Some(digest));
        a2.registers();
        let call = a1.dials("1050");
        a2.rings().answers();
        call.hears(pilot::A2);
        call.hangs_up();
        a2.unregisters();
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let exchange = Exchange::start(Setup::ringing());
    let wrong = exchange.phone_with("1049", |manner| manner.password = Some("guess".to_owned()));
    let unknown = exchange.phone_with("1999", |manner| manner.password = Some("guess".to_owned()));

    assert_eq!(wrong.tries_to_register(PATIENCE), Some(401));
    assert_eq!(unknown.tries_to_register(PATIENCE), Some(401));
    let call = wrong.dials("1050");
    assert_eq!(call.is_refused(), 401);
}

#[test]
fn a_source_that_guesses_is_refused_and_nobody_else_is() {
    let exchange = Exchange::start(Setup {
        sip: "ban_after = 3,".to_owned(),
        ..Setup::ringing()
    });
    let guesser = exchange.phone_with("1049", |manner| manner.password = Some("guess".to_owned()));

    for _ in 0..3 {
        assert_eq!(guesser.tries_to_register(PATIENCE), Some(401));
    }

    assert_eq!(
        guesser.tries_to_register(Duration::from_millis(1_200)),
        None
    );
    exchange.phone("1049").registers();
}

#[test]
fn one_wrong_password_in_an_office_ends_and_breaks_no_call_of_the_others() {
    let exchange = Exchange::start(Setup {
        sip: "ban_after = 3,".to_owned(),
        ..Setup::ringing()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let other = a2.rings();
    other.answers();
    call.hears(pilot::A2);
    let guesser = exchange.phone_with("1051", |manner| {
        manner.password = Some("guess".to_owned());
        manner.address = (a1.address().ip(), 5070).into();
    });
    for _ in 0..3 {
        assert_eq!(guesser.tries_to_register(PATIENCE), Some(401));
    }

    call.hangs_up();

    other.is_hung_up();
}

#[test]
fn registrations_outlive_a_restart() {
    let mut exchange = Exchange::start(Setup::ringing());
    let [a2] = exchange.phones(["1050"]);

    exchange.stop();
    exchange.resume();

    let a1 = exchange.phone("1049");
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);
}

#[test]
fn a_phone_that_takes_its_registration_back_is_no_longer_rung() {
    let exchange = Exchange::start(Setup::ringing());
    let [a1, a2] = exchange.phones(["1049", "1050"]);

    a2.unregisters();
    let call = a1.dials("1050");

    call.is_over();
    assert!(a2.is_not_called_for(Duration::from_millis(200)));
}
