//! A desk phone that does what it is told by NOTIFY, as Yealink, Polycom and Snom do.

use std::time::Duration;

use serde_json::json;

use super::codes::setup;
use crate::support::{Api, Exchange, pilot, sipp_phone};

#[test]
fn a_phone_that_knows_talk_and_hold_answers_holds_and_takes_back_as_the_api_says() {
    let mut setup = setup();
    // SIPp takes a question of its own for another call.
    setup.sip.push_str("options_interval = \"0s\",");
    let exchange = Exchange::start(setup);
    let mut phone = sipp_phone("told_phone.xml", &exchange, "1049");
    let api = Api::of(&exchange, "8001");
    let does = |word: &str| {
        let (status, answer) = api.gives("/users/1049/commands", &json!({ "command": word }));
        assert_eq!(status, 200, "{answer}");
    };
    let carrier = exchange.carrier();
    let customer = carrier.dials("4001234567");
    customer.is_ringing();

    does("answer");

    customer.is_answered();
    does("hold");
    customer.hears(pilot::MUSIC);
    does("retrieve");
    customer.is_deaf_to(pilot::MUSIC);
    customer.hangs_up();
    let status = phone.ends(Duration::from_secs(20));
    assert!(status.success(), "{}", phone.said());
}
