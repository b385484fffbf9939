//! Whoever wants a certain caller takes them out of the line (E27).

use std::time::Duration;

use serde_json::json;

use super::{CUSTOMERS, plan, waits};
use crate::support::{Api, Exchange, Keys, Line, Phone, Setup, pilot};

#[test]
fn e27_who_is_picked_by_command_is_nobody_elses_and_one_who_is_gone_is_refused_with_a_word() {
    let exchange = Exchange::start(Setup::with(&plan("", "")).with_http());
    let api = Api::of(&exchange, "8001");
    let tells = |agent: &str, deed| api.posts(&format!("/users/{agent}/commands"), &deed);
    let [a1, a2, a3] = super::idle(&exchange, ["1049", "1050", "1051"]);
    for agent in ["1049", "1050", "1051"] {
        assert_eq!(tells(agent, json!({ "command": "busy" })).status, 200);
    }
    let carrier = exchange.carrier();
    let first = waits(&carrier, 0);
    let second = waits(&carrier, 1);
    let it = api.get("/queues/it");
    let pick = json!({ "command": "pick", "call": it["callers"][0]["call"] });

    let picked = tells("1050", pick.clone());
    assert_eq!(picked.status, 200, "{picked:?}");
    let offer = a2.rings();
    let refused = tells("1051", pick.clone());
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &json!("taken"))
    );
    assert_eq!(tells("1049", json!({ "command": "idle" })).status, 200);
    let next = a1.rings();
    next.answers();
    next.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
    offer.answers();
    offer.hears(CUSTOMERS[0]);
    first.hears(pilot::A2);
    let late = tells("1051", pick.clone());
    assert_eq!((late.status, &late.json()["code"]), (409, &json!("taken")));

    first.hangs_up();
    offer.is_over();
    let gone = tells("1051", pick);
    assert_eq!((gone.status, &gone.json()["code"]), (409, &json!("nobody")));
    assert!(a3.is_not_called_for(super::QUIET));
}

/// So many customers of the hotline who wait, one after the other.
fn wait_at_the_hotline<const N: usize>(carrier: &Phone) -> [Line; N] {
    std::array::from_fn(|customer| {
        let number = format!("1380000000{customer}");
        let line = carrier.dials_as(&number, "4001234567", CUSTOMERS[customer]);
        line.is_answered();
        line.hears_something(Duration::from_secs(2));
        line.presses("1", Keys::Rfc4733);
        line.hears_within(pilot::MUSIC, Duration::from_secs(20));
        line
    })
}

#[test]
fn e27_star_27_takes_who_waits_longest_and_star_271_who_is_next_in_the_queue_of_that_digit() {
    let exchange = Exchange::start(Setup::default());
    let [leader, a1] = exchange.phones(["1001", "1049"]);
    assert_eq!(exchange.said_to(&a1, "*27", &[]), ["agent/waiting-nobody"]);
    assert_eq!(exchange.said_to(&a1, "*279", &[]), ["menu/invalid"]);
    exchange.logs_in(&a1);
    let carrier = exchange.carrier();
    let [one, two] = wait_at_the_hotline(&carrier);

    let first = leader.dials("*271");
    first.hears(CUSTOMERS[0]);
    one.hears(pilot::L1);
    let second = a1.dials("*27");
    second.hears(CUSTOMERS[1]);
    two.hears(pilot::A1);
}

#[test]
fn e27_of_two_who_dial_for_the_same_caller_the_slower_hears_that_somebody_was_quicker() {
    let exchange = Exchange::start(Setup::default());
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    exchange.logs_in(&a1);
    exchange.logs_in(&a2);
    let carrier = exchange.carrier();
    let [customer] = wait_at_the_hotline(&carrier);

    let (one, two) = (a1.dials("*27"), a2.dials("*271"));
    let (quicker, slower) = match customer.finds(pilot::A1, Duration::from_secs(4)) {
        true => (one, two),
        false => (two, one),
    };

    quicker.hears(CUSTOMERS[0]);
    slower.is_over_within(Duration::from_secs(10));
    assert!(quicker.is_up() && customer.is_up());
    let ended = exchange.ended_calls(4);
    let call = ended.iter().find(|row| {
        let end = row.end.as_ref();
        row.begin.to.starts_with("*27") && end.is_some_and(|end| end.result != "transferred")
    });
    let said = exchange.played_in(call.unwrap().begin.id);
    assert_eq!(said, ["agent/caller-taken"]);
    // Soon nobody waits any longer: that is another word.
    customer.hangs_up();
    quicker.is_hung_up();
    assert_eq!(exchange.said_to(&a1, "*27", &[]), ["agent/waiting-nobody"]);
}
