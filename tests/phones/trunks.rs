//! Trunks to what others have written: SIPp as carriers that refuse, kamailio as registrar and proxy.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

use crate::support::trunks::{carrier_at, exchange_with_trunks, status_of};
use crate::support::{Exchange, Program, eventually, hear_each_other, pilot, sipp};

#[test]
fn what_sipp_refuses_by_its_class_goes_to_the_next_carrier_and_busy_does_not() {
    for (status, goes_on) in [
        ("503 Service Unavailable", true),
        ("486 Busy Here", false),
        ("404 Not Found", false),
    ] {
        let exchange = exchange_with_trunks(
            "options_interval = 0,",
            "eight = { TENANT, host = \"EIGHT\" }, seven = { TENANT, host = \"SEVEN\", codecs = \"pcmu\" }",
            "out = { { trunk = \"eight\" }, { trunk = \"seven\", priority = 2 } }",
        );
        let scenario = exchange.folder.join("refusing.xml");
        let text = include_str!("../data/refusing.xml").replace("STATUS", status);
        fs::write(&scenario, text).unwrap();
        let scenario = scenario.to_str().unwrap();
        let _refusing = sipp(scenario, exchange.house(8, 5090), &[]);
        let next = sipp("callee.xml", exchange.house(7, 5090), &[]);
        for house in [8, 7] {
            let address = exchange.house(house, 5090);
            eventually("SIPp", || UdpSocket::bind(address).is_err().then_some(()));
        }
        let [a1] = exchange.phones(["1049"]);

        let call = a1.dials("13800138000");

        match goes_on {
            true => {
                call.is_answered();
                call.hangs_up();
                let record = exchange.only_record();
                let end = record.call.end.unwrap();
                assert_eq!(end.trunk_out.as_deref(), Some("seven"));
            }
            false => {
                call.is_over();
                let record = exchange.only_record();
                let end = record.call.end.unwrap();
                assert_eq!(end.trunk_out.as_deref(), Some("eight"), "{status}");
            }
        }
        drop(next);
    }
}

#[test]
fn kamailio_registers_us_takes_our_calls_by_our_password_and_brings_those_of_others() {
    let (exchange, _kamailio) = behind_kamailio();
    let carrier = carrier_at(&exchange, 7);
    let [a1] = exchange.phones(["1049"]);
    eventually("the registration", || {
        (status_of(&exchange, "eight")["registration"] == "registered").then_some(())
    });

    let call = a1.dials("13800138000");
    let line = carrier.rings();
    line.answers();
    hear_each_other(&call, pilot::A1, &line, pilot::C1);
    line.hangs_up();
    call.is_hung_up();
    exchange.has_no_calls();

    let proxy = exchange.house(8, 5090);
    let customer = exchange.carrier_with(|manner| {
        manner.address = exchange.house(7, 5092);
        manner.exchange = proxy;
    });
    let call = customer.dials("01065531234");
    let line = a1.rings();
    line.answers();
    hear_each_other(&call, pilot::C1, &line, pilot::A1);
    call.hangs_up();
    line.is_hung_up();
}

/// An exchange whose trunk is an account at a kamailio in house 8; house 7 is who is reached by it.
fn behind_kamailio() -> (Exchange, Program) {
    let exchange = exchange_with_trunks(
        "",
        "eight = { TENANT, host = \"EIGHT\", username = \"01065531234\", password = \"carrier-secret\", \
         realm = \"carrier.example\", register = true, codecs = \"pcma\" }",
        "out = { { trunk = \"eight\" } }",
    );
    let text = include_str!("../data/kamailio.cfg");
    let text = text
        .replace("LISTEN", &exchange.house(8, 5090).to_string())
        .replace("PHONE", &exchange.house(7, 5090).ip().to_string());
    let file = exchange.folder.join("kamailio.cfg");
    fs::write(&file, text).unwrap();
    let program = kamailio(&file, &exchange.folder);
    (exchange, program)
}

fn kamailio(file: &Path, folder: &Path) -> Program {
    let mut command = Command::new("kamailio");
    command.arg("-f").arg(file).arg("-Y").arg(folder);
    command.args(["-DD", "-E", "-m", "16", "-M", "4"]);
    Program::start(command)
}
