//! The event stream of real calls.

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, pilot};

fn number(event: &Value) -> u64 {
    let (_, number) = event["cursor"].as_str().unwrap().split_once('.').unwrap();
    number.parse().unwrap()
}

#[test]
fn a_calls_events_come_in_order_and_none_is_missed_over_a_break() {
    let exchange = Exchange::start(
        Setup::answering("call:bridge(\"user:1049\", { record = true })").with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let [a1] = exchange.phones(["1049"]);
    let registered = stream.until("registration.changed");
    assert_eq!(registered.last().unwrap()["data"]["user"], "1049");

    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    let mut events = registered;
    events.extend(stream.until("call.started"));
    // The connection breaks; the call does not.
    drop(stream);
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    call.hangs_up();
    exchange.ended_calls(1);

    let cursor = events.last().unwrap()["cursor"].as_str().unwrap();
    let mut stream = api.listens(Some(cursor));
    assert!(stream.resumed);
    events.extend(stream.until("call.ended"));

    let numbers: Vec<u64> = events.iter().map(number).collect();
    assert!(
        numbers.windows(2).all(|two| two[1] == two[0] + 1),
        "{numbers:?}"
    );
    let started = events
        .iter()
        .find(|event| event["type"] == "call.started")
        .unwrap();
    assert_eq!(started["data"]["to"], "4001234567");
    assert_eq!(started["data"]["direction"], "inbound");
    let story: Vec<&str> = events
        .iter()
        .filter(|event| event["call"] == started["call"])
        .filter(|event| event["type"] != "recording.finished")
        .map(|event| match event["type"].as_str().unwrap() {
            "call.changed" => event["data"]["state"].as_str().unwrap(),
            kind => kind,
        })
        .collect();
    let wanted = ["call.started", "menu", "ringing", "talking", "call.ended"];
    let mut rest = story.iter();
    assert!(
        wanted.iter().all(|word| rest.any(|told| told == word)),
        "{wanted:?} in this order in {story:?}"
    );
    assert_eq!(story.last(), Some(&"call.ended"));
    let ended = events.last().unwrap();
    assert_eq!(
        (&ended["data"]["result"], &ended["data"]["answered"]),
        (&"answered".into(), &true.into())
    );

    // What is told of can be fetched at once.
    let finished = events
        .iter()
        .find(|event| event["type"] == "recording.finished");
    let finished = finished
        .cloned()
        .unwrap_or_else(|| stream.until("recording.finished").pop().unwrap());
    assert_eq!(finished["call"], started["call"]);
    let id = finished["data"]["id"].as_str().unwrap();
    assert_eq!(
        api.asks("GET", &format!("/recordings/{id}/audio"), &[])
            .status,
        200
    );
}

#[test]
fn a_tenant_hears_nothing_of_another() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let (api, stranger) = (Api::of(&exchange, "8001"), Api::of(&exchange, "8002"));
    let (mut ours, theirs) = (api.listens(None), stranger.listens(None));

    let [a1, a2] = exchange.phones(["1049", "1050"]);
    a1.dials("1050");
    a2.rings();
    ours.until("call.started");
    let begun = theirs.cursor.clone();
    drop(theirs);

    // Had they been told anything, their ring would hold it.
    let all = stranger.listens(None);
    assert_eq!(all.cursor, begun);
}

#[test]
fn readers_go_on_after_a_restart_and_are_told_that_events_are_missing() {
    let mut exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let phones = exchange.phones(["1049"]);
    let event = stream.until("registration.changed").pop().unwrap();
    drop(stream);

    exchange.stop();
    exchange.resume();

    let mut stream = api.listens(event["cursor"].as_str());
    assert!(!stream.resumed, "the ring was in memory");
    phones[0].registers();
    let back = stream.until("registration.changed").pop().unwrap();
    assert_eq!(back["data"]["user"], "1049");
}

#[test]
fn scripts_that_fail_are_refused_and_are_mended_are_told_with_their_calls() {
    let exchange = Exchange::start(Setup::answering("call:play(\"no/such/sound\")").with_http());
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("9000");
    call.is_answered();
    call.hangs_up();
    let events = stream.until("call.ended");
    let failed = events
        .iter()
        .position(|event| event["type"] == "script.failed")
        .expect("a failure before the end of its call");
    let ended = events.last().unwrap();
    assert_eq!(events[failed]["call"], ended["call"]);
    let message = events[failed]["data"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("scripts/8001/init.lua:3: ") && message.contains("no/such/sound"),
        "{message}"
    );

    exchange.write_script("init.lua", "-- Broken.\ncontext \"internal\" {");
    exchange.reload();
    let refused = stream.until("generation.refused").pop().unwrap();
    assert_eq!(
        (&refused["data"]["generation"], &refused["data"]["stays"]),
        (&2.into(), &1.into())
    );
    let errors = refused["data"]["errors"].to_string();
    assert!(errors.contains("scripts/8001/init.lua:2"), "{errors}");

    exchange.write_script(
        "init.lua",
        "-- Mended.\ncontext \"internal\" { [\"9000\"] = function(call) call:answer() end }\n\
         context \"inbound\" {}\n",
    );
    exchange.reload();
    let published = stream.until("generation.published").pop().unwrap();
    let scripts = api.get("/scripts");
    for name in ["generation", "hash"] {
        assert_eq!(published["data"][name], scripts[name], "{name}");
    }
}

#[test]
fn a_trunk_that_goes_and_comes_back_is_told() {
    let mut exchange = Exchange::start(
        Setup {
            sip: "options_interval = \"1s\",".to_owned(),
            ..Setup::ringing()
        }
        .with_http(),
    );
    exchange.stop();
    // By TCP, where nobody there is noticed at once.
    let file = exchange.folder.join("config.lua");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("carrier = {", "carrier = {\n        transport = \"tcp\",");
    std::fs::write(&file, text).unwrap();
    exchange.resume();
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);

    let address = exchange.house(9, 5_090);
    let down = stream.until("trunk.down").pop().unwrap();
    assert_eq!(
        (&down["data"]["trunk"], &down["data"]["address"]),
        (&"carrier".into(), &address.to_string().into())
    );
    let carrier = exchange.carrier_with(|manner| manner.transport = sip::Transport::Tcp);
    let up = stream.until("trunk.up").pop().unwrap();
    assert_eq!(up["data"], down["data"]);
    let trunks = api.items("/trunks");
    assert_eq!(trunks[0]["hosts"][0]["alive"], true);
    drop(carrier);
}
