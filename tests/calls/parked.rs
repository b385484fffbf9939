//! Calls that are parked by a phone's transfer key, and fetched from another phone.

use crate::support::{Exchange, Line, Phone, Setup, pilot};

/// Users ring each other, park at *5900 for two seconds at a time, and fetch.
fn exchange(threads: u32) -> Exchange {
    Exchange::start(Setup {
        threads,
        ..Setup::with(
            "local function user(call) call:bridge(\"user:\" .. call.to, { timeout = 20 }) end\n\
             local function park(timeout) return function(call)\n\
               local leg, why = call:park(nil, { timeout = timeout })\n\
               if why == \"timeout\" then call:bridge(\"user:\" .. call.transferred_by) end\n\
             end end\n\
             local function retrieve(call)\n\
               local leg, why = call:retrieve(call.to:sub(2))\n\
               if why == \"nobody\" then call:reject(\"unallocated\") end\n\
             end\n\
             context \"internal\" {\n\
               [\"_10XX\"] = user, [\"*5900\"] = park(\"1m\"), [\"*6900\"] = park(2), [\"_*59XX\"] = retrieve,\n\
             }\n\
             context \"inbound\" { [\"_10XX\"] = user }\n",
        )
    })
}

/// A customer talks with 1049.
fn talk(carrier: &Phone, agent: &Phone) -> (Line, Line) {
    carrier.reaches(agent, "1049")
}

#[test]
fn a_parked_customer_hears_music_and_talks_with_who_fetches_them() {
    for threads in [1, 3] {
        let exchange = exchange(threads);
        let [a1, a2] = exchange.phones(["1049", "1050"]);
        let carrier = exchange.carrier();
        let (customer, agent) = talk(&carrier, &a1);

        agent.transfers_to("*5900");
        customer.hears(pilot::MUSIC);
        agent.has_transferred();
        agent.is_hung_up();
        let fetching = a2.dials("*5901");

        customer.hears(pilot::A2);
        fetching.hears(pilot::C1);
        customer.is_deaf_to(pilot::MUSIC);
        fetching.hangs_up();
        customer.is_over();
        let ended = exchange.ended_calls(2);
        let of = |number: &str| ended.iter().find(|row| row.begin.to == number).unwrap();
        let fetched = of("*5901").end.as_ref().unwrap();
        assert_eq!(fetched.result, "transferred");
        let parked = exchange.call(of("1049").begin.id);
        let kinds: Vec<_> = parked
            .segments
            .iter()
            .map(|one| one.kind.as_str())
            .collect();
        assert!(kinds.contains(&"park"), "{kinds:?}");
        let agents: Vec<_> = parked
            .segments
            .iter()
            .filter(|one| one.kind == "talk")
            .map(|one| one.agent.clone().unwrap())
            .collect();
        assert_eq!(agents, ["1049", "1050"]);
    }
}

#[test]
fn who_asks_for_a_place_before_transferring_parks_the_customer_there() {
    let exchange = exchange(1);
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    let asking = a1.dials("*5900");
    asking.hears(pilot::MUSIC);
    agent.transfers_to_call(&asking);
    asking.is_hung_up();
    customer.hears(pilot::MUSIC);
    agent.has_transferred();

    let fetching = a2.dials("*5901");
    customer.hears(pilot::A2);
    fetching.hears(pilot::C1);
}

#[test]
fn nobody_who_fetches_it_brings_it_back_to_who_has_parked_it() {
    let exchange = exchange(1);
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (customer, agent) = talk(&carrier, &a1);

    agent.transfers_to("*6900");
    agent.has_transferred();
    agent.is_hung_up();
    customer.hears(pilot::MUSIC);
    let again = a1.rings();
    assert_eq!(again.caller(), "+8613800138000");
    again.answers();

    again.hears(pilot::C1);
    customer.hears(pilot::A1);
}

#[test]
fn an_empty_place_gives_nobody() {
    let exchange = exchange(1);
    let [a2] = exchange.phones(["1050"]);

    assert_eq!(a2.dials("*5901").is_refused(), 404);
}
