//! A queue with phones that others have written: baresip for the agents, SIPp for their callers.

use std::time::Duration;

use store::LegRow;
use uuid::Uuid;

use crate::support::{Baresip, Exchange, PATIENCE, Setup, eventually, pilot, sipp};

const PLAN: &str = "-- Customers wait for two agents.
queue \"it\" { agents = { \"1049\", \"1050\" }, wrap_up = 0, ring_timeout = 3 }
context \"inbound\" { [\"4001\"] = function(call) call:queue(\"it\") end }
context \"internal\" { [\"*22\"] = function(call)
  agents.log_in(call.user.extension)
  agents.idle(call.user.extension)
  call:answer()
end }
";

#[test]
fn two_baresip_agents_serve_six_sipp_callers_in_the_order_in_which_they_came() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let agents = [("1049", pilot::A1), ("1050", pilot::A2)].map(|(user, tone)| {
        let agent = Baresip::start(&exchange, user, tone, "pcmu");
        comes(&agent);
        agent
    });
    let target = exchange.address().to_string();

    let mut callers = sipp(
        "waiting_caller.xml",
        exchange.house(9, 5_090),
        &[
            &target, "-s", "4001", "-m", "6", "-r", "4", "-timeout", "60s",
        ],
    );
    for number in 0..6 {
        let agent = &agents[number % 2];
        // Once with *22, and then with each customer.
        agent.shows_times("Call established", 2 + number / 2, PATIENCE);
        agent.hangs_up();
    }

    let status = callers.ends(Duration::from_secs(60));
    assert!(status.success(), "{}", callers.said());
    exchange.has_no_calls();
    let mut customers: Vec<_> = exchange.ended_calls(8);
    customers.retain(|call| call.begin.to == "4001");
    customers.sort_by_key(|call| call.begin.started_at);
    let talks: Vec<(i64, String)> = customers
        .iter()
        .map(|call| {
            let segments = exchange.call(call.begin.id).segments;
            let talk = segments.into_iter().find(|it| it.kind == "talk").unwrap();
            (talk.from, talk.agent.unwrap())
        })
        .collect();
    assert_eq!(talks.len(), 6);
    assert!(talks.is_sorted_by_key(|(from, _)| *from), "{talks:?}");
    let by: Vec<&str> = talks.iter().map(|(_, agent)| agent.as_str()).collect();
    assert_eq!(by, ["1049", "1050", "1049", "1050", "1049", "1050"]);
    // Nobody was offered to two, and no agent had two at once.
    let mut rung: Vec<_> = customers
        .iter()
        .flat_map(|call| offers(&exchange, call.begin.id))
        .collect();
    assert_eq!(rung.len(), 6, "{rung:?}");
    rung.sort_by_key(|leg| (leg.peer.clone(), leg.invited_at));
    for two in rung.windows(2).filter(|two| two[0].peer == two[1].peer) {
        assert!(is_after(&two[1], &two[0]), "{two:?}");
    }
}

#[test]
fn a_baresip_that_nobody_answers_stops_ringing_and_the_next_has_the_caller() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [first, second] = attended(&exchange);
    let carrier = exchange.carrier();

    let call = carrier.dials("4001");
    first.is_called();
    second.is_called();

    // The call of *22 was the first that ended.
    first.shows_times("session closed", 2, PATIENCE);
    second.answers();
    call.hears(pilot::A2);
    second.hears(pilot::C1);
    second.hangs_up();
    call.is_hung_up();
    let [contact] = &contacts(&exchange, 1)[..] else {
        panic!("one customer called")
    };
    let rung = offers(&exchange, *contact);
    let answered: Vec<_> = rung.iter().map(|leg| leg.up_at.is_some()).collect();
    assert_eq!(answered, [false, true], "{rung:?}");
    assert!(is_after(&rung[1], &rung[0]), "{rung:?}");
}

#[test]
fn a_baresip_stops_ringing_within_a_second_when_the_caller_has_gone_and_gets_the_next() {
    let exchange = Exchange::start(Setup::with(PLAN));
    let [agent, _] = attended(&exchange);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001");
    agent.is_called();
    call.hears(pilot::MUSIC);

    call.hangs_up();

    agent.shows_times("session closed", 2, Duration::from_secs(1));
    let next = carrier.dials("4001");
    agent.is_called_times(2);
    agent.answers();
    next.hears(pilot::A1);
    agent.hears(pilot::C1);
    next.hangs_up();
    agent.shows_times("session closed", 3, PATIENCE);
}

#[test]
fn one_baresip_and_two_callers_at_once_make_one_offer_after_the_other() {
    let exchange = Exchange::start(Setup::with(&PLAN.replace("\"1049\", ", "")));
    let agent = Baresip::start_attended(&exchange, "1050", pilot::A1, "pcma");
    comes(&agent);
    let carrier = exchange.carrier();
    let first = carrier.dials_as("13800000001", "4001", pilot::C1);
    let second = carrier.dials_as("13800000002", "4001", pilot::C2);
    agent.is_called();
    second.hears(pilot::MUSIC);

    agent.answers();
    first.hears(pilot::A1);
    second.is_deaf_to(pilot::A1);
    first.hangs_up();
    agent.is_called_times(2);
    agent.answers();

    second.hears(pilot::A1);
    agent.hears(pilot::C2);
    second.hangs_up();
    let rung: Vec<_> = contacts(&exchange, 2)
        .into_iter()
        .flat_map(|contact| offers(&exchange, contact))
        .collect();
    let [one, two] = &rung[..] else {
        panic!("{rung:?}")
    };
    assert!(is_after(two, one), "{rung:?}");
}

/// Two agents who answer by hand; 1049 has been idle for longer.
fn attended(exchange: &Exchange) -> [Baresip; 2] {
    [("1049", pilot::A1), ("1050", pilot::A2)].map(|(user, tone)| {
        let agent = Baresip::start_attended(exchange, user, tone, "pcma");
        comes(&agent);
        agent
    })
}

/// An agent's phone registers, and they say that they are there.
fn comes(agent: &Baresip) {
    agent.registers();
    agent.dials("*22");
    agent.is_connected();
    agent.is_hung_up();
}

/// So many calls of customers, in the order in which they came, once they have ended.
fn contacts(exchange: &Exchange, count: usize) -> Vec<Uuid> {
    let mut calls = eventually("the end of the customers' calls", || {
        let mut calls = exchange.records();
        calls.retain(|call| call.begin.to == "4001" && call.end.is_some());
        (calls.len() >= count).then_some(calls)
    });
    calls.sort_by_key(|call| call.begin.started_at);
    calls.iter().map(|call| call.begin.id).collect()
}

/// The phones of agents that a call rang, one after the other.
fn offers(exchange: &Exchange, contact: Uuid) -> Vec<LegRow> {
    let mut legs = exchange.call(contact).legs;
    legs.retain(|leg| leg.kind == "user");
    legs.sort_by_key(|leg| leg.invited_at);
    legs
}

/// Whether a phone was rung after another call of it, or of the agent before it, was over; the
/// answer to that one's BYE may still be on its way.
fn is_after(leg: &LegRow, before: &LegRow) -> bool {
    leg.invited_at + ON_ITS_WAY >= before.ended_at
}

/// In microseconds.
const ON_ITS_WAY: i64 = 100_000;
