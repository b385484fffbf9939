//! What phones do by keys of their own leaves what star codes and programs leave.

use serde_json::{Value, json};

use super::codes::{customer_of, setup};
use crate::support::{
    Api, Baresip, Exchange, Line, Linphone, Phone, eventually, hear_each_other, pilot,
};

/// Of each call: what was dialled, its result, who ended it, and who talked, one after the other; and the commands of
/// the audit log by which it was handed on, with whom they were about and how they ended.
type Story = (Vec<Told>, Vec<[String; 3]>);
type Told = (String, String, String, Vec<(String, Option<String>)>);

/// The story of the calls once the customer talks with 1050 and hangs up.
fn story(exchange: &Exchange, customer: &Line, target: &Line, calls: usize) -> Story {
    hear_each_other(customer, pilot::C1, target, pilot::A2);
    customer.talks_for(std::time::Duration::from_secs(1));
    customer.hangs_up();
    target.is_hung_up();
    let mut rows = exchange.ended_calls(calls);
    assert_eq!(rows.len(), calls, "{rows:#?}");
    rows.sort_by_key(|row| row.begin.to.clone());
    let of = |row: &store::CallRow| {
        let details = exchange.call(row.begin.id);
        let end = details.call.end.as_ref().unwrap();
        // Whether a menu or a hold has lasted for a moment before that is chance.
        let parts = details.segments.iter().filter(|it| it.kind == "talk");
        let parts = parts.map(|it| (it.kind.clone(), it.agent.clone()));
        let mut parts: Vec<_> = parts.collect();
        parts.dedup();
        (
            row.begin.to.clone(),
            end.result.clone(),
            end.ended_by.clone(),
            parts,
        )
    };
    (rows.iter().map(of).collect(), handed_on(exchange))
}

fn handed_on(exchange: &Exchange) -> Vec<[String; 3]> {
    let api = Api::of(exchange, "8001");
    eventually("the audit log", || {
        let lines = api.items("/audit");
        let lines = lines.iter().rev().map(|line| {
            ["act", "about", "outcome"]
                .map(|name| line[name].as_str().unwrap_or_default().to_owned())
        });
        let is_one = |act: &str| act == "command:transfer" || act == "command:complete";
        let lines: Vec<[String; 3]> = lines.filter(|[act, ..]| is_one(act)).collect();
        (!lines.is_empty()).then_some(lines)
    })
}

fn order(exchange: &Exchange, deed: &Value) {
    let api = Api::of(exchange, "8001");
    let (status, answer) = api.gives("/users/1049/commands", deed);
    assert_eq!(status, 200, "{deed}: {answer}");
}

/// A customer talks with 1049, who does something, and 1050 is rung.
fn with_linphone(
    does: impl FnOnce(&Exchange, &Linphone, &Line, &Phone) -> Line,
    calls: usize,
) -> Story {
    let exchange = Exchange::start(setup());
    let agent = Linphone::start(&exchange, "1049", pilot::A1);
    agent.registers();
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);
    let target = does(&exchange, &agent, &customer, &a2);
    story(&exchange, &customer, &target, calls)
}

fn with_baresip(
    does: impl FnOnce(&Exchange, &Baresip, &Line, &Phone) -> Line,
    calls: usize,
) -> Story {
    let exchange = Exchange::start(setup());
    let agent = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    agent.registers();
    let [a2] = exchange.phones(["1050"]);
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);
    // What baresip shows of its own end depends on who of both says BYE first.
    let target = does(&exchange, &agent, &customer, &a2);
    story(&exchange, &customer, &target, calls)
}

fn answered(target: &Phone) -> Line {
    let line = target.rings();
    line.answers();
    line
}

#[test]
fn an_attended_transfer_by_a_linphones_own_keys_by_a_baresips_codes_and_by_the_api_leaves_the_same()
{
    let own = with_linphone(
        |_, agent, customer, a2| {
            agent.holds(1);
            customer.hears(pilot::MUSIC);
            agent.dials("1050");
            let asked = answered(a2);
            asked.hears(pilot::A1);
            agent.joins(1, 2);
            agent.is_hung_up(1);
            asked
        },
        2,
    );
    let codes = with_baresip(
        |_, agent, customer, a2| {
            agent.types("*21050#");
            let asked = answered(a2);
            asked.hears(pilot::A1);
            customer.hears(pilot::MUSIC);
            agent.types("*4");
            asked
        },
        2,
    );
    let api = with_baresip(
        |exchange, _, customer, a2| {
            order(exchange, &json!({ "command": "consult", "to": "1050" }));
            let asked = answered(a2);
            asked.hears(pilot::A1);
            customer.hears(pilot::MUSIC);
            order(exchange, &json!({ "command": "complete" }));
            asked
        },
        2,
    );

    assert_eq!(own.1, [["command:complete", "1049", "done"]]);
    assert_eq!(own, codes);
    assert_eq!(codes, api);
}

#[test]
fn a_blind_transfer_by_phones_own_keys_by_codes_and_by_the_api_leaves_the_same() {
    let own = with_baresip(
        |_, agent, _, a2| {
            agent.transfers_to("1050");
            answered(a2)
        },
        1,
    );
    let others = with_linphone(
        |_, agent, _, a2| {
            agent.transfers_to(1, "1050");
            let target = answered(a2);
            agent.is_hung_up(1);
            target
        },
        1,
    );
    let codes = with_baresip(
        |_, agent, _, a2| {
            agent.types("##1050#");
            answered(a2)
        },
        1,
    );
    let api = with_baresip(
        |exchange, _, _, a2| {
            order(exchange, &json!({ "command": "transfer", "to": "1050" }));
            answered(a2)
        },
        1,
    );

    assert_eq!(own.1, [["command:transfer", "1049", "done"]]);
    assert_eq!(own, others);
    assert_eq!(own, codes);
    assert_eq!(codes, api);
}

#[test]
fn fifty_quick_holds_of_a_baresip_leave_one_conversation_in_which_both_are_heard() {
    let exchange = Exchange::start(setup());
    let agent = Baresip::start(&exchange, "1049", pilot::A1, "pcma");
    agent.registers();
    let carrier = exchange.carrier();
    let customer = customer_of(&carrier);

    for _ in 0..50 {
        agent.holds();
        agent.retrieves();
    }

    customer.hears(pilot::A1);
    customer.is_deaf_to(pilot::MUSIC);
    assert_eq!(exchange.status()["calls"], 1);
    agent.holds();
    customer.hears(pilot::MUSIC);
    agent.retrieves();
    customer.hears(pilot::A1);
    customer.hangs_up();
    agent.is_hung_up();
    assert_eq!(exchange.only_record().call.end.unwrap().result, "answered");
}
