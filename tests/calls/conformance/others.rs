//! What no program can ask for: it is heard, by the codes of the shipped table.

use super::demo;
use crate::support::{hear_each_other, pilot};

#[test]
fn what_rings_at_a_colleague_is_fetched_by_their_number_and_by_the_team() {
    let (exchange, _) = demo();
    let [a1, a2, leader] = exchange.phones(["1049", "1050", "1001"]);
    for code in ["**1049", "*8"] {
        let calling = leader.dials("1049");
        let rung = a1.rings();
        calling.is_ringing();

        let picker = a2.dials(code);

        rung.is_taken_elsewhere();
        hear_each_other(&calling, pilot::L1, &picker, pilot::A2);
        calling.hangs_up();
        picker.is_hung_up();
    }
    assert_eq!(exchange.said_to(&a2, "**1049", &[]), ["pickup/nobody"]);
    assert_eq!(exchange.said_to(&a2, "*8", &[]), ["pickup/nobody"]);
}

#[test]
fn who_dials_the_same_room_hears_each_other() {
    let (exchange, _) = demo();
    let [a1, a2, a3] = exchange.phones(["1049", "1050", "1051"]);

    let [one, two, other] =
        [(&a1, "*8801"), (&a2, "*8801"), (&a3, "*8802")].map(|(phone, room)| phone.dials(room));

    hear_each_other(&one, pilot::A1, &two, pilot::A2);
    other.is_answered();
    other.is_deaf_to(pilot::A1);
    one.hangs_up();
}

#[test]
fn ones_state_is_said_as_a_program_is_told_it() {
    let (exchange, api) = demo();
    let [a1] = exchange.phones(["1049"]);
    for (command, state) in [
        ("log_in", "busy"),
        ("idle", "idle"),
        ("log_out", "logged_out"),
    ] {
        let deed = serde_json::json!({ "command": command });
        assert_eq!(api.gives("/users/1049/commands", &deed).0, 200);

        let said = exchange.said_to(&a1, "*47", &[]);

        assert_eq!(api.get("/agents/1049")["state"], state);
        let name = format!("agent/state-{}", state.replace('_', "-"));
        assert_eq!(said[..2], ["agent/state-is".to_owned(), name]);
    }
}
