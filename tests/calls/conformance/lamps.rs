//! The lamps of codes: each shows the state that stands behind it, for whoever's phone it is.

use serde_json::json;

use super::demo;
use crate::support::{Keys, pilot};

const ON: &str = "<state>confirmed</state>";
const OFF: &str = "<state>terminated</state>";

#[test]
fn the_lamp_of_each_code_shows_ones_own_state() {
    let (exchange, api) = demo();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let watch = |code: &str| a1.watches("dialog", code);
    let [in_, out, idle, busy, after] = ["*22", "*20", "*23", "*24", "*25"].map(watch);
    let [answer, no_answer, dnd, no_dnd] = ["*481", "*480", "*78", "*79"].map(watch);
    let [chats, no_chats] = ["*431", "*430"].map(watch);
    let others = a2.watches("dialog", "*78");
    let colleague = a2.watches("dialog", "*381049");
    in_.shows(&[OFF, "entity=\"sip:*22@"]);
    for lamp in [&out, &no_answer, &no_dnd, &chats] {
        lamp.shows(&[ON]);
    }
    let does = |deed: serde_json::Value| {
        let (status, said) = api.gives("/users/1049/commands", &deed);
        assert_eq!(status, 200, "{said}");
    };

    does(json!({ "command": "log_in" }));
    in_.shows(&[ON]);
    out.shows(&[OFF]);
    busy.shows(&[ON]);
    colleague.shows(&[OFF]);
    does(json!({ "command": "idle" }));
    idle.shows(&[ON]);
    busy.shows(&[OFF]);
    does(json!({ "command": "auto_answer", "on": true }));
    answer.shows(&[ON]);
    no_answer.shows(&[OFF]);
    does(json!({ "command": "do_not_disturb", "on": true }));
    dnd.shows(&[ON]);
    no_dnd.shows(&[OFF]);
    does(json!({ "command": "accept_items", "on": false }));
    no_chats.shows(&[ON]);
    chats.shows(&[OFF]);
    does(json!({ "command": "auto_answer", "on": false }));
    does(json!({ "command": "do_not_disturb", "on": false }));
    answer.shows(&[OFF]);
    dnd.shows(&[OFF]);

    // 事后 follows a customer's call.
    let carrier = exchange.carrier();
    let recording = watch("*1");
    recording.shows(&[OFF]);
    let call = a1.dials("13800138000");
    let customer = carrier.rings();
    customer.answers();
    call.hears(pilot::C1);
    call.presses("*1", Keys::Rfc4733);
    recording.shows(&[ON]);
    customer.hangs_up();
    call.is_hung_up();
    recording.shows(&[OFF]);
    after.shows(&[ON]);
    does(json!({ "command": "end_wrap_up" }));
    after.shows(&[OFF]);
    does(json!({ "command": "log_out" }));
    colleague.shows(&[ON]);
    others.shows(&[OFF]);
    let seen = others.told();
    assert!(
        seen.iter().all(|it| it.body.contains(OFF)),
        "another's own lamp is dark: {seen:?}"
    );
}

#[test]
fn a_parked_call_is_seen_and_fetched_by_either_of_its_codes() {
    let (exchange, _) = demo();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let lamp = a2.watches("dialog", "*5901");
    lamp.shows(&[OFF]);
    for (parks, fetches) in [("*5900", "*5901"), ("70", "71")] {
        let call = a1.dials("13800138000");
        let customer = carrier.rings();
        customer.answers();
        call.hears(pilot::C1);

        call.transfers_to(parks);
        lamp.shows(&[ON]);
        call.is_over();
        let fetched = a2.dials(fetches);

        fetched.hears(pilot::C1);
        lamp.shows(&[OFF]);
        fetched.hangs_up();
        customer.is_hung_up();
    }
}

#[test]
fn a_code_that_has_other_keys_is_dialled_lit_and_read_out_by_them() {
    let (exchange, _) = demo();
    let [a1] = exchange.phones(["1049"]);
    let lamp = a1.watches("dialog", "*78");
    lamp.shows(&[OFF]);
    let table = super::table();
    exchange.write_script("codes.lua", &table.replace("\"*78\"", "\"*55\""));
    let said = exchange.reload();
    assert!(said.to_string().contains("published"), "{said}");

    assert_eq!(exchange.said_to(&a1, "*55", &[]), ["agent/dnd-on"]);
    let lamp = a1.watches("dialog", "*55");
    lamp.shows(&[ON]);

    // Two that stand in each other's way are refused by their names, and what was there stays.
    let twice = table.replace("\"*78\"", "\"*242\"");
    exchange.write_script("codes.lua", &twice);
    let refused = exchange.reload().to_string();
    for name in [
        "*24<X>",
        "code/busy",
        "*242",
        "code/dnd-on",
        "give one of them other keys",
    ] {
        assert!(refused.contains(name), "{name} in {refused}");
    }
    assert_eq!(exchange.said_to(&a1, "*55", &[]), ["agent/dnd-on"]);
}
