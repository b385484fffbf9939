//! One's PIN, which no program knows or changes: what opens the door before and after.

use serde_json::{Value, json};

use super::demo;

#[test]
fn a_new_pin_is_chosen_with_the_old_one_which_opens_nothing_any_more() {
    let (exchange, api) = demo();
    let [a1] = exchange.phones(["1049"]);
    exchange.logs_in(&a1);
    let out = json!({ "command": "log_out" });
    assert_eq!(api.gives("/users/1049/commands", &out).0, 200);

    let simple = exchange.said_to(&a1, "*11", &["2580", "1234", "1234", "3690", "3690"]);

    assert_eq!(simple, ["agent/pin-changed"]);
    let old = exchange.said_to(&a1, "*22", &["2580", "2580", "2580"]);
    assert_eq!(old, ["agent/failed"]);
    assert_eq!(api.get("/agents/1049")["state"], "logged_out");
    let new = exchange.said_to(&a1, "*22", &["3690"]);
    assert_eq!(new, ["agent/login-ok", "agent/state-busy"]);
    // The one that was chosen first, one that anybody would guess, and the new one; none of them is told.
    let lines = api.items("/audit?act=command:change_pin&about=1049");
    let told: Vec<(&Value, &Value)> = lines
        .iter()
        .map(|line| (&line["by"], &line["outcome"]))
        .collect();
    let by = json!("user:1049");
    let [done, guessable] = [json!("done"), json!("guessable")];
    assert_eq!(told, [(&by, &done), (&by, &guessable), (&by, &done)]);
    let all = json!(lines).to_string();
    assert!(!all.contains("2580") && !all.contains("3690"), "{all}");
}
