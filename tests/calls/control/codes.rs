//! Codes within a call: nobody hears them, and keys that are none arrive.

use super::{setup, talk};
use crate::support::{Exchange, Keys, hear_each_other, pilot};

#[test]
fn keys_that_are_no_code_reach_the_customer_once_and_in_order_and_a_customers_are_never_held() {
    let exchange = Exchange::start(setup());
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    customer.speaks(0.0);
    agent.speaks(0.0);

    agent.presses("1*02#", Keys::Rfc4733);

    customer.receives_keys("1*02#");
    customer.presses("*4#", Keys::Rfc4733);
    agent.receives_keys("*4#");
    assert!(agent.is_up(), "a customer's keys are no codes");
}

#[test]
fn a_code_is_taken_from_keys_by_signalling_too_and_what_is_refused_is_told_by_a_tone() {
    let exchange = Exchange::start(setup());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.presses("*4", Keys::Rfc4733);
    agent.hears(pilot::BUSY);
    customer.is_deaf_to(pilot::BUSY);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);

    agent.presses("##1050#", Keys::Rfc4733);
    let target = a2.rings();
    target.answers();
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    // By INFO.
    let [a3] = exchange.phones(["1051"]);
    target.presses("*21051#", Keys::Info);
    let asked = a3.rings();
    asked.answers();
    hear_each_other(&target, pilot::A2, &asked, pilot::A3);
    customer.receives_keys("");
}

#[test]
fn codes_are_what_the_configuration_says() {
    let mut setup = setup();
    setup
        .tenant
        .push_str("in_call_codes = { [\"*77<number>#\"] = \"transfer\" },");
    let exchange = Exchange::start(setup);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    customer.speaks(0.0);

    agent.presses("*21#", Keys::Rfc4733);
    customer.receives_keys("*21#");
    agent.presses("*771050#", Keys::Rfc4733);

    let target = a2.rings();
    target.answers();
    agent.is_hung_up();
    target.speaks(pilot::A2);
    customer.hears(pilot::A2);
}

#[test]
fn codes_of_a_phone_that_knows_tones_only_are_done_and_the_customer_hears_no_key_of_them() {
    let exchange = Exchange::start(setup());
    let a1 = exchange.phone_with("1049", |manner| manner.telephone_event = false);
    a1.registers();
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.presses("*21050#", Keys::InBand);

    let asked = a2.rings();
    asked.answers();
    hear_each_other(&agent, pilot::A1, &asked, pilot::A2);
    customer.hears(pilot::MUSIC);
    agent.presses("*4", Keys::InBand);
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    assert_eq!(customer.keys_by_sound(), "", "of nine keys");
    assert_eq!(asked.keys_by_sound(), "");
    customer.receives_keys("");
}
