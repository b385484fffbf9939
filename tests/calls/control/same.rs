//! A customer is put through to a colleague who was asked first: by the keys of a phone with two lines, by
//! codes of one with a single line, and by a program. What is left of it is the same.

use std::time::Duration;

use serde_json::Value;

use super::{Desk, Way, setup, talk};
use crate::support::{Exchange, Hold, Line, Setup, hear_each_other, pilot};

/// What a call was, its result, who ended it, and its stretches with whoever talked in them.
type LeftCall = (String, String, String, Vec<(String, Option<String>)>);

/// What is left of the calls: of each what it was, how it ended, and who talked when.
#[derive(Debug, Eq, PartialEq)]
struct Left {
    calls: Vec<LeftCall>,
    legs: usize,
    recorded: Vec<bool>,
}

#[test]
fn records_and_recordings_are_the_same_by_the_phones_own_keys_by_codes_and_by_a_program() {
    let by_phone = handed_over(|_, agent, a1, a2| {
        agent.holds(Hold::SendOnly);
        let asks = a1.dials("1050");
        let asked = a2.rings();
        asked.answers();
        hear_each_other(&asks, pilot::A1, &asked, pilot::A2);
        asks.talks_for(Duration::from_secs(1));
        agent.transfers_to_call(&asks);
        agent.has_transferred();
        asks.is_hung_up();
        asked
    });
    for way in [Way::Codes, Way::Api] {
        let left = handed_over(|exchange, agent, _, a2| {
            let desk = Desk { exchange, way };
            desk.consults(agent, "1050");
            let asked = a2.rings();
            asked.answers();
            hear_each_other(agent, pilot::A1, &asked, pilot::A2);
            asked.talks_for(Duration::from_secs(1));
            desk.completes(agent);
            asked
        });
        assert_eq!(left, by_phone, "{way:?}");
    }
}

fn handed_over(
    hands_over: impl FnOnce(&Exchange, &Line, &crate::support::Phone, &crate::support::Phone) -> Line,
) -> Left {
    let exchange = Exchange::start(Setup {
        threads: 2,
        ..setup()
    });
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);
    let asked = hands_over(&exchange, &agent, &a1, &a2);
    agent.is_hung_up();
    hear_each_other(&customer, pilot::C1, &asked, pilot::A2);
    customer.talks_for(Duration::from_secs(1));
    customer.hangs_up();
    asked.is_hung_up();
    let mut rows = exchange.ended_calls(2);
    rows.sort_by_key(|row| row.begin.to.clone());
    let mut calls = Vec::new();
    let mut recorded = Vec::new();
    let mut legs = 0;
    for row in &rows {
        let details = exchange.call(row.begin.id);
        let end = details.call.end.as_ref().unwrap();
        assert_eq!(end.vars.get("tags"), None::<&Value>);
        // Whether a menu has lasted for a moment before that is chance.
        let stretches = details.segments.iter().filter(|it| it.kind != "ivr");
        let stretches = stretches
            .map(|it| (it.kind.clone(), it.agent.clone()))
            .collect();
        let (result, by) = (end.result.clone(), end.ended_by.clone());
        calls.push((row.begin.to.clone(), result, by, stretches));
        legs += details.legs.len();
        if row.begin.to == "4001234567" {
            let sound = exchange.recording(row.begin.id);
            for (side, tone) in [(0, pilot::C1), (1, pilot::A1), (1, pilot::A2)] {
                recorded.push(sound.has(side, tone));
            }
            for (side, tone) in [(0, pilot::A1), (0, pilot::A2), (1, pilot::C1)] {
                recorded.push(!sound.has(side, tone));
            }
            let lost = sound.duration().saturating_sub(sound.time_of(0, pilot::C1));
            assert!(lost <= Duration::from_millis(600), "{lost:?} are missing");
        }
    }
    assert_eq!(recorded, [true; 6], "each on its side");
    Left {
        calls,
        legs,
        recorded,
    }
}
