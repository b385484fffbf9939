//! A saved file changes queues, and nobody's place in them.

use store::QueueLogFilter;

use super::{CUSTOMERS, exchange, idle, plan, waits};
use crate::support::{eventually, pilot, prompt};

#[test]
fn callers_keep_their_places_and_agents_their_states_when_the_queue_is_saved_anew() {
    let exchange = exchange("ring_timeout = 30", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let talk = a1.rings();
    talk.answers();
    first.hears(pilot::A1);
    let second = waits(&carrier, 1);
    let third = waits(&carrier, 2);

    exchange.write_script(
        "init.lua",
        &plan("ring_timeout = 1, delays = { no_answer = 1 }", ""),
    );
    assert_eq!(
        exchange.reload()["tenants"][0]["outcome"]["outcome"],
        "published"
    );

    talk.hangs_up();
    let too_long = a1.rings();
    too_long.is_over_within(std::time::Duration::from_secs(3));
    let again = a1.rings();
    again.answers();
    again.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
    again.hangs_up();
    a1.rings().answers();
    third.hears(pilot::A1);
}

#[test]
fn a_queue_that_is_gone_serves_those_who_wait_and_a_script_that_asks_for_it_is_told() {
    let exchange = exchange("", "");
    let [a1] = idle(&exchange, ["1049"]);
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let talk = a1.rings();
    talk.answers();
    first.hears(pilot::A1);
    let second = waits(&carrier, 1);

    let without = "context \"internal\" {}
        context \"inbound\" { [\"4001\"] = function(call) call:play(\"tones/840\") end }";
    exchange.write_script("init.lua", without);
    let outcome = &exchange.reload()["tenants"][0]["outcome"];
    assert_eq!(outcome["outcome"], "published");
    let warnings = outcome["warnings"].as_array().unwrap();
    let told = |it: &serde_json::Value| {
        let message = it["message"].as_str().unwrap();
        message.contains("queue 'it' is gone") && message.contains("1 caller waits")
    };
    assert!(warnings.iter().any(told), "{warnings:?}");
    let status = exchange.status();
    let floor = &status["floors"][0];
    assert_eq!(floor["queues"][0]["name"], "it", "{status}");
    assert_eq!(floor["queues"][0]["gone"], true);
    assert_eq!(floor["agents"][0]["id"], "1049");

    carrier
        .dials_as("13800000003", "4001", CUSTOMERS[3])
        .hears(prompt::FIRST);
    talk.hangs_up();
    let served = a1.rings();
    served.answers();
    served.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
    let kinds = eventually("its end in the log", || {
        let filter = QueueLogFilter {
            queue: Some("it".to_owned()),
            ..QueueLogFilter::default()
        };
        let log = exchange.store().queue_log("8001", filter).wait().unwrap();
        let own = log.into_iter().filter(|line| line.call.is_none());
        let kinds: Vec<_> = own.map(|line| (line.kind, line.position)).collect();
        (kinds.len() == 2).then_some(kinds)
    });
    assert_eq!(
        kinds,
        [("closed".to_owned(), None), ("gone".to_owned(), Some(1))]
    );
    let floors = exchange.status()["floors"].to_string();
    assert!(!floors.contains("\"it\""), "{floors}");
}
