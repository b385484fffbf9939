//! Whoever wants a certain caller takes them out of the line (E27).

use serde_json::json;

use super::{CUSTOMERS, plan, waits};
use crate::support::{Api, Exchange, Keys, Setup, pilot};

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
        (409, &json!("nobody"))
    );
    assert_eq!(tells("1049", json!({ "command": "idle" })).status, 200);
    let next = a1.rings();
    next.answers();
    next.hears(CUSTOMERS[1]);
    second.hears(pilot::A1);
    offer.answers();
    offer.hears(CUSTOMERS[0]);
    first.hears(pilot::A2);

    first.hangs_up();
    offer.is_over();
    let gone = tells("1051", pick);
    assert_eq!((gone.status, &gone.json()["code"]), (409, &json!("nobody")));
    assert!(a3.is_not_called_for(super::QUIET));
}

#[test]
fn e27_star_27_takes_the_next_caller_and_star_272_the_second() {
    let exchange = Exchange::start(Setup::default());
    let [leader, a1] = exchange.phones(["1001", "1049"]);
    assert_eq!(exchange.said_to(&a1, "*27", &[]), ["agent/waiting-nobody"]);
    exchange.logs_in(&a1);
    let carrier = exchange.carrier();
    let lines = [0, 1].map(|customer| {
        let number = format!("1380000000{customer}");
        let line = carrier.dials_as(&number, "4001234567", CUSTOMERS[customer]);
        line.is_answered();
        line.hears_something(std::time::Duration::from_secs(2));
        line.presses("1", Keys::Rfc4733);
        line.hears_within(pilot::MUSIC, std::time::Duration::from_secs(20));
        line
    });

    let second = leader.dials("*272");
    second.hears(CUSTOMERS[1]);
    lines[1].hears(pilot::L1);
    let first = a1.dials("*27");
    first.hears(CUSTOMERS[0]);
    lines[0].hears(pilot::A1);
}
