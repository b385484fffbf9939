//! Codes within a call, from phones that others have written: by RFC 4733, by INFO, and as tones in the
//! sound.

use std::time::Duration;

use crate::support::{
    Baresip, Exchange, Keys, Line, Linphone, Phone, Setup, hear_each_other, pilot, sipp_phone,
};

/// The recorded hotline that rings 1049; users ring each other; a survey of one key.
pub(super) fn setup() -> Setup {
    Setup::with(
        "local function hotline(call) call:bridge(\"user:1049\", { record = true }) end\n\
         local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
         local function rate(call) call:gather { play = \"tones/840\", max_digits = 1, timeout = 20 } end\n\
         context \"internal\" { [\"_10XX\"] = user, [\"*9\"] = rate }\n\
         context \"inbound\" { [\"4001234567\"] = hotline }\n",
    )
    .with_http()
}

/// A customer of the hotline, who has 1049's pilot in their ear.
pub(super) fn customer_of(carrier: &Phone) -> Line {
    let customer = carrier.dials("4001234567");
    customer.hears(pilot::A1);
    customer
}

#[test]
fn a_baresip_types_every_code_of_a_call_and_the_customer_hears_no_key() {
    let exchange = Exchange::start(setup());
    let agent = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    agent.registers();
    let [a2, a3] = exchange.phones(["1050", "1051"]);
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);

    agent.types("*7");
    agent.types("*7");
    agent.types("*21050#");
    let asked = a2.rings();
    asked.answers();
    asked.hears(pilot::A1);
    customer.hears(pilot::MUSIC);
    agent.types("*6");
    customer.hears(pilot::A1);
    asked.hears(pilot::MUSIC);
    agent.types("*6");
    asked.hears(pilot::A1);
    agent.types("*3");
    asked.is_hung_up();
    customer.hears(pilot::A1);

    agent.types("*21050#");
    let asked = a2.rings();
    asked.answers();
    asked.hears(pilot::A1);
    agent.types("*5");
    customer.hears(pilot::A2);
    customer.hears(pilot::A1);
    asked.hears(pilot::C1);
    asked.hangs_up();
    customer.is_deaf_to(pilot::A2);

    agent.types("*21051#");
    let asked = a3.rings();
    asked.answers();
    asked.hears(pilot::A1);
    agent.types("*4");
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &asked, pilot::A3);
    customer.receives_keys("");
    assert_eq!(customer.keys_by_sound(), "");
}

#[test]
fn a_baresip_ends_the_recording_hands_on_unasked_and_sends_to_the_survey() {
    let exchange = Exchange::start(setup());
    let agent = Baresip::start(&exchange, "1049", pilot::A1, "pcmu");
    agent.registers();
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);

    agent.types("*1");
    // Its end is silent, its beginning is told to both.
    agent.types("*1");
    customer.hears_within(pilot::BEEP, Duration::from_secs(3));
    agent.types("##1050#");
    let target = a2.rings();
    target.answers();
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    customer.receives_keys("");
    customer.hangs_up();
    target.is_hung_up();

    let customer = customer_of(&carrier);
    agent.types("*9");
    customer.hears(840.0);
    customer.receives_keys("");
    customer.presses("1", Keys::Rfc4733);
    customer.is_hung_up();
}

#[test]
fn codes_that_a_linphone_says_as_tones_are_done_and_the_customer_hears_no_key_of_them() {
    let exchange = Exchange::start(setup());
    let agent = Linphone::start_with_tones(&exchange, "1049", pilot::A1);
    agent.registers();
    let [a2, a3] = exchange.phones(["1050", "1051"]);
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);

    agent.plays_keys("*21050#");
    let asked = a2.rings();
    asked.answers();
    asked.hears(pilot::A1);
    customer.hears(pilot::MUSIC);
    agent.plays_keys("*3");
    asked.is_hung_up();
    customer.hears(pilot::A1);
    agent.plays_keys("##1051#");
    let target = a3.rings();
    target.answers();
    agent.is_hung_up(1);

    hear_each_other(&customer, pilot::C1, &target, pilot::A3);
    customer.receives_keys("");
    assert_eq!(customer.keys_by_sound(), "", "of sixteen keys");
}

#[test]
fn a_code_by_info_is_done_and_the_customer_hears_no_key_of_it() {
    let mut setup = setup();
    // SIPp takes a question of its own for another call.
    setup.sip.push_str("options_interval = \"0s\",");
    let exchange = Exchange::start(setup);
    let [a2] = exchange.phones(["1050"]);
    let mut agent = sipp_phone("agent_by_info.xml", &exchange, "1049");
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    customer.is_answered();

    let target = a2.rings();
    target.answers();

    let status = agent.ends(Duration::from_secs(20));
    assert!(status.success(), "{}", agent.said());
    hear_each_other(&customer, pilot::C1, &target, pilot::A2);
    customer.receives_keys("");
}
