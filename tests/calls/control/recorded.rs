//! D13: the recording of a call goes on through all that is done with it, and holds what the customer
//! and those with them have said, and nothing else.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Desk, Way, order, setup, talk};
use crate::support::{Exchange, hear_each_other, pilot};

/// How long something took.
fn took(something: impl FnOnce()) -> Duration {
    let since = Instant::now();
    something();
    since.elapsed()
}

#[test]
fn d13_a_recording_goes_through_hold_consultation_swap_conference_and_transfer_in_one_piece() {
    let exchange = Exchange::start(setup());
    let desk = Desk {
        exchange: &exchange,
        way: Way::Codes,
    };
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    let second = Duration::from_secs(1);
    let before = took(|| customer.talks_for(second));
    let hold = took(|| {
        order(&exchange, "1049", &json!({ "command": "hold" }));
        customer.talks_for(second);
        order(&exchange, "1049", &json!({ "command": "retrieve" }));
    });
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    let consult = took(|| {
        desk.consults(&agent, "1050");
        let asked = a2.rings();
        asked.answers();
        asked.hears(pilot::A1);
        asked.talks_for(second);
    });
    desk.swaps(&agent);
    hear_each_other(&customer, pilot::C1, &agent, pilot::A1);
    desk.swaps(&agent);
    customer.hears(pilot::MUSIC);
    desk.confers(&agent);
    customer.hears(pilot::A2);
    customer.talks_for(second);
    agent.hangs_up();
    customer.is_deaf_to(pilot::A1);
    customer.hears(pilot::A2);
    customer.hangs_up();
    exchange.has_no_calls();

    let contact = exchange.ended_calls(2);
    let contact = contact.iter().find(|call| call.begin.to == "4001234567");
    let sound = exchange.recording(contact.unwrap().begin.id);

    let lost = sound.duration().saturating_sub(sound.time_of(0, pilot::C1));
    assert!(
        lost <= Duration::from_millis(900),
        "{lost:?} of the customer are missing"
    );
    let agent = sound.time_of(1, pilot::A1);
    let most = sound.duration().saturating_sub(hold + consult);
    assert!(agent >= before, "{agent:?}");
    assert!(
        agent <= most + Duration::from_millis(500),
        "{agent:?} of {most:?}: what was said on hold and to the colleague is not for this recording"
    );
    assert!(sound.time_of(1, pilot::A2) >= second);
    assert!(!sound.has(0, pilot::A1) && !sound.has(0, pilot::A2) && !sound.has(1, pilot::C1));
}
