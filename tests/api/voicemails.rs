//! Messages in the API: found, heard, deleted, taken back.

use std::time::Duration;

use serde_json::Value;

use crate::support::{Api, Exchange, Setup, Wav, eventually, pilot};

#[test]
fn a_message_is_found_heard_deleted_and_restored_and_listeners_are_told() {
    let exchange = Exchange::start(
        Setup::answering(
            "call:answer()
             call:voicemail(call.to, { greeting = false, silence = 1, review = false })",
        )
        .with_http(),
    );
    let api = Api::of(&exchange, "8001");
    let mut stream = api.listens(None);
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.speaks(0.0);
    call.is_hung_up();

    let left = stream.until("voicemail.left").pop().unwrap();
    let id = left["data"]["id"].as_str().unwrap();
    let listed = api.items("/voicemails?mailbox=1049&heard=false");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["call"], left["call"]);
    let audio = eventually("the sound of the message", || {
        let answer = api.asks("GET", &format!("/voicemails/{id}/audio"), &[]);
        (answer.status == 200).then_some(answer)
    });
    let fetched = exchange.folder.join("fetched.wav");
    std::fs::write(&fetched, &audio.body).unwrap();
    assert!(Wav::read(&fetched).has(0, pilot::C1));
    assert!(
        api.items("/recordings").is_empty(),
        "a message is no recording of a call"
    );

    let path = format!("/voicemails/{id}");
    let mut told = |change: &str| {
        let event = stream.until("voicemail.changed").pop().unwrap();
        assert_eq!(
            (&event["data"]["id"], &event["data"]["change"]),
            (&id.into(), &change.into())
        );
        assert_eq!(event["data"]["mailbox"], "1049");
    };
    let (_, given) = api.gives(
        &format!("{path}/assign"),
        &serde_json::json!({ "to": "1050" }),
    );
    assert_eq!(given["assigned_to"], "1050");
    told("assigned");
    assert_eq!(api.items("/voicemails?assigned_to=1050").len(), 1);
    assert_ne!(
        api.does("POST", &format!("{path}/heard"))["heard_at"],
        Value::Null
    );
    told("heard");
    assert!(
        exchange.mailbox("1049").unwrap().messages[0]
            .heard_at
            .is_some()
    );
    api.does("DELETE", &path);
    told("deleted");
    assert!(exchange.mailbox("1049").unwrap().messages.is_empty());
    assert_eq!(api.items("/voicemails?deleted=true").len(), 1);
    api.does("POST", &format!("{path}/restore"));
    told("restored");
    assert_eq!(exchange.mailbox("1049").unwrap().messages.len(), 1);

    let stranger = Api::of(&exchange, "8002");
    for (method, end) in [
        ("GET", ""),
        ("GET", "/audio"),
        ("DELETE", ""),
        ("POST", "/heard"),
    ] {
        let answer = stranger.asks(method, &format!("{path}{end}"), &[]);
        assert_eq!(answer.status, 404, "{method} {end}");
    }
    assert_eq!(exchange.mailbox("1049").unwrap().messages.len(), 1);
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
