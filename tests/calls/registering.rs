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
    assert_eq!(exchange.status()["banned"].as_array().unwrap().len(), 1);
    let again = a1.dials("1050");
    a2.rings().answers();
    again.hears(pilot::A2);
}

#[test]
fn forged_credentials_ban_neither_a_phone_nor_a_carrier() {
    let exchange = Exchange::start(Setup {
        sip: "ban_after = 3,".to_owned(),
        ..Setup::ringing()
    });
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let at = exchange.address();
    // From a phone's host and from the carrier's: what a forger writes on its datagrams.
    for house in [a1.address().ip(), exchange.house(9, 0).ip()] {
        let forger = std::net::UdpSocket::bind((house, 0)).unwrap();
        for number in 0..10 {
            let text = format!(
                "REGISTER sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {house};rport;branch=z9hG4bKf{number}\r\n\
                 From: <sip:1049@{at}>;tag=1\r\nTo: <sip:1049@{at}>\r\nCall-ID: f{number}\r\n\
                 CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nAuthorization: Digest username=\"1049\", \
                 realm=\"{}\", nonce=\"x\", uri=\"sip:{at}\", response=\"{:032}\", qop=auth, nc=00000001, \
                 cnonce=\"y\"\r\nContent-Length: 0\r\n\r\n",
                at.ip(),
                0,
            );
            forger.send_to(text.as_bytes(), at).unwrap();
        }
    }

    exchange.phone_with("1050", |_| {}).registers();
    let call = carrier.dials("1049");
    a1.rings().answers();
    call.hears(pilot::A1);
    assert_eq!(exchange.status()["banned"].as_array().unwrap().len(), 0);
}

#[test]
fn who_is_taken_out_of_the_configuration_is_rung_no_more() {
    let exchange = Exchange::start(Setup::ringing());
    let [_a1, a2] = exchange.phones(["1049", "1050"]);
    assert_eq!(exchange.status()["registrations"], 2);

    let config = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("[\"1050\"]"))
        .collect();
    std::fs::write(&config, without.join("\n")).unwrap();
    exchange.reload();

    crate::support::eventually("one registration", || {
        (exchange.status()["registrations"] == 1).then_some(())
    });
    assert!(a2.is_not_called_for(Duration::from_millis(100)));
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
