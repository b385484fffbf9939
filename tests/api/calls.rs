//! Calls in the API: as they go on, when they are over, and as they sounded.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, Wav, eventually, pilot};

#[test]
fn a_recorded_call_is_found_and_its_sound_fetched_with_each_party_on_its_side() {
    let exchange = Exchange::start(
        Setup::answering("call:bridge(\"user:1049\", { record = true })").with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.hears(pilot::A1);
    agent.hears(pilot::C1);
    call.hangs_up();

    let found = eventually("the call in the list", || {
        let calls = api.items("/calls?from=13800138000&user=1049&result=answered&live=false");
        calls.into_iter().next()
    });
    assert_eq!(found["end"]["ended_by"], "customer");
    let path = format!("/calls/{}", found["id"].as_str().unwrap());
    let details = eventually("its recording to be closed", || {
        let details = api.get(&path);
        details["recordings"][0]["end"]["sha256"].as_str()?;
        Some(details)
    });
    assert_eq!(details["legs"].as_array().unwrap().len(), 2);
    let mut talk = details["segments"].as_array().unwrap().iter();
    let talk = talk.rfind(|segment| segment["kind"] == "talk").unwrap();
    let recording = &details["recordings"][0];
    assert_eq!(talk["recording"], recording["id"]);
    assert_eq!(talk["agent"], "1049");

    let audio = format!("/recordings/{}/audio", recording["id"].as_str().unwrap());
    let whole = api.asks("GET", &audio, &[]);
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("content-type"), Some("audio/wav"));
    assert_eq!(
        whole.body.len() as u64,
        recording["end"]["bytes"].as_u64().unwrap()
    );
    let fetched = exchange.folder.join("fetched.wav");
    std::fs::write(&fetched, &whole.body).unwrap();
    let sound = Wav::read(&fetched);
    assert!(sound.has(0, pilot::C1) && sound.has(1, pilot::A1));
    assert!(!sound.has(0, pilot::A1) && !sound.has(1, pilot::C1));

    let mut pieces = Vec::new();
    while pieces.len() < whole.body.len() {
        let range = format!("bytes={}-{}", pieces.len(), pieces.len() + 9_999);
        let part = api.asks("GET", &audio, &[("Range", &range)]);
        assert_eq!(part.status, 206);
        pieces.extend(part.body);
    }
    assert_eq!(pieces, whole.body, "a download in ranges");
}

#[test]
fn a_live_call_is_shown_as_it_goes_and_hung_up_by_a_token() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    let called = a2.rings();
    let shown = |state: &str| {
        eventually(state, || {
            let live = api.items("/calls?live=true");
            live.into_iter().find(|call| call["state"] == state)
        })
    };
    assert_eq!(shown("ringing")["talks_with"], Value::Null);
    called.answers();
    call.hears(pilot::A2);
    let talking = shown("talking");
    assert_eq!(talking["talks_with"], "1050");
    assert_eq!(
        (&talking["from"], &talking["to"]),
        (&"1049".into(), &"1050".into())
    );
    assert_eq!(talking["end"], Value::Null);

    let path = format!("/calls/{}", talking["id"].as_str().unwrap());
    let stranger = Api::of(&exchange, "8002");
    assert_eq!(
        stranger.asks("POST", &format!("{path}/hangup"), &[]).status,
        404
    );
    assert_eq!(stranger.asks("GET", &path, &[]).status, 404);
    assert!(stranger.items("/calls").is_empty());
    assert!(call.is_up() && called.is_up(), "strangers end nothing");

    api.does("POST", &format!("{path}/hangup"));

    call.is_hung_up();
    called.is_hung_up();
    let over = eventually("its record", || {
        let call = api.get(&path)["call"].clone();
        (call["state"] == "over").then_some(call)
    });
    assert_eq!(over["end"]["ended_by"], "api:desk");
    assert_eq!(
        (&over["end"]["result"], &over["end"]["cause"]),
        (&"answered".into(), &"normal".into())
    );
    assert!(over["end"]["duration_ms"].as_u64().unwrap() < 60_000);
    let again = api.asks("POST", &format!("{path}/hangup"), &[]);
    assert_eq!(again.status, 409);
    assert_eq!(
        exchange.only_record().call.end.unwrap().ended_by,
        "api:desk"
    );
}

#[test]
fn what_programs_ask_of_the_api_delays_no_packet_of_a_call() {
    let exchange = Exchange::start(Setup::ringing().with_http());
    let api = Api::of(&exchange, "8001");
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let call = a1.dials("1050");
    a2.rings().answers();
    call.hears(pilot::A2);
    call.watch();

    for _ in 0..200 {
        api.get("/calls");
        api.get("/registrations");
    }
    call.hears(pilot::A2);

    let gap = call.watch().longest_gap;
    assert!(gap < Duration::from_millis(500), "{gap:?}");
}
