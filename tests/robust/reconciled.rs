//! Every conversation has its recording or a reason why not, and somebody looks (E77).

use std::time::Duration;

use crate::support::{Api, Exchange, Setup, eventually, pilot};

#[test]
fn a_recording_that_is_gone_from_the_disk_is_found_and_alarms_and_a_deleted_one_does_not() {
    let mut setup = Setup::recorded_hotline();
    let plain = "[\"_10XX\"] = user }\ncontext \"inbound\" { [\"4002\"] = function(call) \
                 call:bridge(\"user:1049\") end }\ncontext \"inbound\"";
    let script = setup.script.take().unwrap();
    setup.script = Some(script.replace("[\"_10XX\"] = user }\ncontext \"inbound\"", plain));
    let mut exchange = Exchange::start(setup.with_http());
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    // Two that are recorded, and one of which nobody has asked for a recording.
    for number in ["4001234567", "4001234567", "4002"] {
        let customer = carrier.dials(number);
        let agent = a1.rings();
        agent.answers();
        customer.hears(pilot::A1);
        customer.talks_for(Duration::from_secs(1));
        customer.hangs_up();
        agent.is_over();
    }
    let calls = exchange.ended_calls(3);
    let gone = calls[2].begin.id;
    let (_, path) = exchange.recordings(gone).remove(0);
    let deleted = exchange.recordings(calls[1].begin.id).remove(0).0.id;
    let answer = api.asks("DELETE", &format!("/recordings/{deleted}"), &[]);
    assert_eq!(answer.status, 204);
    std::fs::remove_file(path).unwrap();

    // It looks when it begins, and every hour.
    exchange.stop();
    // Files of calls that have just ended may still be written.
    let later = exchange.clock.unix_micros() + 120_000_000;
    exchange.clock.set(later);
    exchange.resume();

    let found = eventually("what was found", || {
        let found = exchange.status()["recordings"][0].clone();
        found["counts"].is_object().then_some(found)
    });
    let counts = serde_json::json!({ "file_gone": 1, "deleted": 1, "not_asked": 1 });
    assert_eq!(found["counts"], counts);
    assert_eq!(found["first"][0]["call"], gone.to_string());
    let api = Api::with_token(&exchange, api.token());
    let alert = eventually("the alarm", || {
        let board = api.get("/wallboard");
        board["alerts"].as_array().unwrap().first().cloned()
    });
    assert_eq!(
        (&alert["alert"], &alert["value"]),
        (&"recordings_missing".into(), &1.0.into())
    );
}
