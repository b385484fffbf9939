//! Transfers by programs: what a user's phone does by its own key.

use serde_json::json;

use crate::support::{Api, Exchange, Setup, eventually, pilot};

#[test]
fn a_program_puts_a_customer_through_in_a_users_name_and_the_right_people_hear_each_other() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let first = a1.rings();
    first.answers();
    customer.hears(pilot::A1);
    let mut stream = api.listens(None);
    let mut told = || {
        let event = stream.until("desk.command").pop().unwrap();
        ["by", "user", "command", "outcome"]
            .map(|it| event["data"][it].as_str().unwrap().to_owned())
    };
    let call = eventually("the call", || api.items("/calls?live=true").pop());
    let path = format!("/calls/{}/transfer", call["id"].as_str().unwrap());
    let to_1050 = json!({ "by": "1049", "to": "1050" });
    let stranger = Api::of(&exchange, "8002");
    assert_eq!(stranger.gives(&path, &to_1050).0, 404);
    let (status, problem) = api.gives(&path, &json!({ "by": "1050", "to": "1051" }));
    assert_eq!((status, &problem["code"]), (409, &"not_in_call".into()));
    // It is the command of that name about a call that is named.
    assert_eq!(told(), ["api:desk", "1050", "transfer", "not_in_call"]);

    let (status, tried) = api.gives(&path, &to_1050);

    assert_eq!(status, 200, "{tried}");
    assert_eq!(told(), ["api:desk", "1049", "transfer", "done"]);
    let second = a2.rings();
    let (status, problem) = api.gives(&path, &to_1050);
    let expected = (409, &"nobody_to_transfer".into());
    assert_eq!((status, &problem["code"]), expected, "it is tried already");
    second.answers();
    first.is_hung_up();
    customer.hears(pilot::A2);
    second.hears(pilot::C1);
    customer.hangs_up();
    second.is_hung_up();
    let path = format!("/calls/{}", call["id"].as_str().unwrap());
    let over = eventually("its record", || {
        let details = api.get(&path);
        (details["call"]["state"] == "over").then_some(details)
    });
    let segments = over["segments"].as_array().unwrap();
    let talks = segments.iter().filter(|segment| segment["kind"] == "talk");
    let agents: Vec<_> = talks.map(|segment| &segment["agent"]).collect();
    assert_eq!(agents, ["1049", "1050"], "{segments:?}");
}

#[test]
fn a_program_parks_a_customer_whom_a_colleague_fetches_and_a_number_without_a_route_is_refused() {
    let script = "context \"internal\" {\n\
        [\"*5900\"] = function(call) call:park() end,\n\
        [\"*5901\"] = function(call) call:retrieve(\"5901\") end,\n\
    }\n\
    context \"inbound\" { [\"_10XX\"] = function(call) call:bridge(\"user:\" .. call.to) end }\n";
    let exchange = Exchange::start(Setup::with(script).with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let customer = carrier.dials("1049");
    let first = a1.rings();
    first.answers();
    customer.hears(pilot::A1);
    let call = eventually("the call", || api.items("/calls?live=true").pop());
    let path = format!("/calls/{}/transfer", call["id"].as_str().unwrap());

    for to in ["1999", "sip:x@evil.example"] {
        let named = api.gives(&path, &json!({ "by": "1049", "to": to }));
        let deed = json!({ "command": "transfer", "to": to });
        for (status, problem) in [named, api.gives("/users/1049/commands", &deed)] {
            let told = (status, &problem["code"]);
            assert_eq!(told, (422, &"no_such_number".into()), "{to}");
        }
    }
    // They have talked on.
    customer.hears(pilot::A1);
    let (status, _) = api.gives(&path, &json!({ "by": "1049", "to": "*5900" }));
    assert_eq!(status, 200);
    customer.hears(pilot::MUSIC);
    first.is_hung_up();
    let fetching = a2.dials("*5901");
    customer.hears(pilot::A2);
    fetching.hears(pilot::C1);
}
