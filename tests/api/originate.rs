//! Calls that programs make for users: click to dial.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Api, Exchange, Setup, eventually, pilot};

#[test]
fn who_clicks_to_dial_hears_the_callees_colour_ring() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let wanted = json!({ "from": "1049", "to": "13800138000" });
    assert_eq!(api.gives("/calls", &wanted).0, 201);
    let agent = a1.rings();
    agent.answers();
    let customer = carrier.is_called();
    customer.plays_early(pilot::COLOUR_RING);
    agent.hears(pilot::COLOUR_RING);
    agent.is_deaf_to(pilot::RINGBACK);

    customer.speaks(pilot::C1);
    customer.answers();
    agent.hears(pilot::C1);
    customer.hears(pilot::A1);
}

#[test]
fn a_users_phone_rings_and_the_number_is_dialled_for_them_when_they_answer() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let mut stream = api.listens(None);

    let (status, made) = api.gives(
        "/calls",
        &json!({ "from": "1049", "to": "+86 138-0013-8000" }),
    );

    assert_eq!(status, 201);
    assert_eq!(
        (&made["user"], &made["to"]),
        (&"1049".into(), &"13800138000".into())
    );
    let path = format!("/calls/{}", made["id"].as_str().unwrap());
    assert_eq!(
        api.get(&path)["call"]["state"],
        "ringing",
        "it is found at once"
    );
    let agent = a1.rings();
    assert_eq!(agent.caller(), "13800138000", "whom it is about");
    assert!(carrier.is_not_called_for(Duration::from_millis(200)));
    agent.answers();
    let customer = carrier.rings();
    assert_eq!(customer.caller(), "4001234567");
    customer.answers();
    agent.hears(pilot::C1);
    customer.hears(pilot::A1);
    assert_eq!(api.get(&path)["call"]["state"], "talking");
    customer.hangs_up();
    agent.is_hung_up();

    let over = eventually("its record", || {
        let details = api.get(&path);
        (details["call"]["state"] == "over").then_some(details)
    });
    let end = &over["call"]["end"];
    assert_eq!(
        (&end["result"], &end["trunk_out"]),
        (&"answered".into(), &"carrier".into())
    );
    assert_eq!(over["call"]["direction"], "outbound");
    let legs = over["legs"].as_array().unwrap();
    let peers: Vec<&Value> = legs.iter().map(|leg| &leg["peer"]).collect();
    assert_eq!(peers, ["1049", "13800138000"]);
    let events = stream.until("call.ended");
    let story: Vec<&str> = events
        .iter()
        .filter(|event| event["call"] == made["id"])
        .map(|event| match event["type"].as_str().unwrap() {
            "call.changed" => event["data"]["state"].as_str().unwrap(),
            kind => kind,
        })
        .collect();
    let mut rest = story.iter();
    let wanted = [
        "call.started",
        "ringing",
        "menu",
        "ringing",
        "talking",
        "call.ended",
    ];
    assert!(
        wanted.iter().all(|word| rest.any(|told| told == word)),
        "{wanted:?} in this order in {story:?}"
    );
}

#[test]
fn what_a_user_may_not_dial_is_not_dialled_for_them_either() {
    let exchange = Exchange::start(
        Setup {
            users: "        [\"1060\"] = { name = \"前台\", password = \"demo-1060\", \
                    context = \"inbound\" },\n"
                .to_owned(),
            ..Setup::ringing()
        }
        .with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let [clerk, a1] = exchange.phones(["1060", "1049"]);
    let asks = |from: &str, to: &str| {
        let (status, answer) = api.gives("/calls", &json!({ "from": from, "to": to }));
        (status, answer["code"].clone())
    };

    // The context of inbound calls leads to users only.
    assert_eq!(asks("1060", "13800138000"), (422, "no_route".into()));
    assert_eq!(asks("1094", "1049"), (422, "no_such_user".into()));
    assert_eq!(asks("1051", "1049"), (409, "no_phone".into()));
    let stranger = Api::of(&exchange, "8002");
    let (status, _) = stranger.gives("/calls", &json!({ "from": "1049", "to": "1060" }));
    assert_eq!(status, 422);
    assert!(clerk.is_not_called_for(Duration::from_millis(300)));
    assert!(a1.is_not_called_for(Duration::ZERO));
    assert!(exchange.records().is_empty());
}

#[test]
fn who_declines_or_is_given_up_leaves_a_record_that_says_so() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let wanted = json!({ "from": "1049", "to": "1050", "timeout": 5 });
    let over = |id: &Value| {
        let path = format!("/calls/{}", id.as_str().unwrap());
        eventually("its record", || {
            let call = api.get(&path)["call"].clone();
            (call["state"] == "over").then_some(call["end"].clone())
        })
    };

    let (_, declined) = api.gives("/calls", &wanted);
    a1.rings().refuses(486);
    let end = over(&declined["id"]);
    assert_eq!(
        (&end["result"], &end["ended_by"]),
        (&"refused".into(), &"agent:1049".into())
    );

    let (_, cancelled) = api.gives("/calls", &wanted);
    let line = a1.rings();
    api.does(
        "POST",
        &format!("/calls/{}/hangup", cancelled["id"].as_str().unwrap()),
    );
    line.is_over();
    let end = over(&cancelled["id"]);
    assert_eq!(
        (&end["result"], &end["ended_by"]),
        (&"abandoned_ringing".into(), &"api:desk".into())
    );

    let (_, unanswered) = api.gives("/calls", &wanted);
    let line = a1.rings();
    line.is_over();
    let end = over(&unanswered["id"]);
    assert_eq!(
        (&end["result"], &end["ended_by"]),
        (&"rang_out".into(), &"system:no_answer".into())
    );
    assert!(
        a2.is_not_called_for(Duration::ZERO),
        "who did not answer dialled nobody"
    );
}
