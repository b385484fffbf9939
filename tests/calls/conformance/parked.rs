//! A customer who is parked: by the phone's transfer key, by keys in the conversation, and by a program.

use serde_json::{Value, json};

use super::{Witness, demo};
use crate::support::{Keys, Line, hear_each_other, pilot};

/// What is done with the customer; each by another agent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// The transfer key, and one of the two codes.
    Phone(&'static str),
    /// `##` and the code.
    Keys,
    Program,
}

#[test]
fn a_customer_is_parked_with_the_same_events_by_each_way() {
    let (exchange, api) = demo();
    let [a1, a2, a3, leader] = exchange.phones(["1049", "1050", "1051", "1001"]);
    let carrier = exchange.carrier();
    let parks = |way, user: &str, line: &Line| match way {
        Way::Phone(code) => line.transfers_to(code),
        Way::Keys => line.presses("##*5900#", Keys::Rfc4733),
        Way::Program => {
            let path = format!("/users/{user}/commands");
            let (status, said) = api.gives(&path, &json!({ "command": "park" }));
            assert_eq!(status, 200, "{said}");
        }
    };
    let ways = [
        (Way::Phone("*5900"), "1049", &a1),
        (Way::Keys, "1050", &a2),
        (Way::Program, "1051", &a3),
        (Way::Phone("70"), "1049", &a1),
    ];
    let stories = ways.map(|(way, user, phone)| {
        let log_in = json!({ "command": "log_in" });
        assert_eq!(
            api.gives(&format!("/users/{user}/commands"), &log_in).0,
            200
        );
        // Of the call, and of the agent: each has its own ears.
        let (mut of_call, mut of_agent) = (Witness::of(&api), Witness::of(&api));
        of_agent.watches((way != Way::Program).then_some(user));
        let line = phone.dials("13800138000");
        let customer = carrier.rings();
        customer.answers();
        line.hears(pilot::C1);

        parks(way, user, &line);

        customer.hears(pilot::MUSIC);
        line.is_hung_up();
        let fetches = leader.dials("*5901");
        hear_each_other(&customer, pilot::C1, &fetches, pilot::L1);
        customer.hangs_up();
        fetches.is_hung_up();
        let rests = |event: &Value| event["data"]["state"] == "wrap_up";
        let command = match way {
            // The other number is one like any other.
            Way::Phone("70") => "transfer",
            _ => "park",
        };
        let mut told = of_agent.told_of(user, command);
        told.extend(of_agent.told_until(user, rests));
        let call = of_call.told_of_call("13800138000", user);
        exchange.has_no_calls();
        (told, call)
    });

    let [(by_phone, _), ..] = &stories;
    let done = by_phone.iter().find(|it| it["data"]["command"] == "park");
    assert_eq!(done.unwrap()["data"]["outcome"], "done");
    for (story, (way, ..)) in stories.iter().zip(&ways[..3]) {
        assert_eq!(story, &stories[0], "{way:?}");
    }
    assert_eq!(stories[3].1, stories[0].1);
}
