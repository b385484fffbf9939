//! What the shapes record is what was said, in its order and without gaps (D13): the customer left from the
//! answer to the end, the agents right, each in their own stretches.

use std::time::Duration;

use serde_json::json;
use store::{CallDetails, RecordingRow, SegmentRow};

use super::{answered, ended, floor, handed_on, idle, own_calls, supervised, talked};
use crate::support::{Api, Exchange, Line, Wav, pilot};

type Shape = fn(&Exchange);

/// Its name, what happens, and who is heard one after the other.
type Told<'a> = (&'a str, Shape, &'a [(&'a str, f64)]);

#[test]
fn d13_what_each_shape_records_is_what_was_said_in_its_order_and_without_gaps() {
    let [a1, a2] = [("1049", pilot::A1), ("1050", pilot::A2)];
    let shapes: [Told<'_>; 10] = [
        ("answered from a queue", talked::plain, &[a1]),
        ("held and taken back", talked::held, &[a1, a1]),
        ("the next agent", talked::next_answers, &[a2]),
        ("another queue", talked::overflowed, &[a2]),
        ("a blind transfer", handed_on::blind, &[a1, a2]),
        ("an attended transfer", handed_on::attended, &[a1, a2]),
        (
            "a consultation in vain",
            handed_on::consulted_in_vain,
            &[a1, a1],
        ),
        ("parked and fetched", handed_on::parked, &[a1, a2]),
        ("picked up by a colleague", handed_on::picked_up, &[a2]),
        ("a call of the agent's own", own_calls::made, &[a1]),
    ];
    for (name, shape, agents) in shapes {
        let exchange = floor();
        shape(&exchange);
        holds(&exchange, name, agents);
    }
}

#[test]
fn d13_what_three_and_a_room_say_is_recorded_with_everybody_who_was_there_and_without_gaps() {
    let (first, second, both) = (
        [pilot::A1].as_slice(),
        [pilot::A2].as_slice(),
        [pilot::A1, pilot::A2].as_slice(),
    );
    let shapes: [(&str, Shape, Heard<'_>); 3] = [
        (
            "three until the agent leaves",
            agent_leaves,
            &[("talk", first), ("conference", both), ("talk", second)],
        ),
        (
            "three until who was asked leaves",
            asked_leaves,
            &[("talk", first), ("conference", both), ("talk", first)],
        ),
        (
            "a room",
            supervised::room,
            &[
                ("conference", &[]),
                ("talk", first),
                ("conference", both),
                ("talk", second),
                ("conference", &[]),
            ],
        ),
    ];
    for (name, shape, heard) in shapes {
        let exchange = floor();
        shape(&exchange);
        let (call, row, sound) = of_customer(&exchange, name);
        customer_is_whole(&sound, name);
        let with = call.segments.iter();
        let with = with.filter(|it| ["talk", "conference"].contains(&it.kind.as_str()));
        let with: Vec<&SegmentRow> = with.collect();
        let kinds: Vec<&str> = with.iter().map(|it| it.kind.as_str()).collect();
        let wanted: Vec<&str> = heard.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, wanted, "{name}");
        for (stretch, (_, tones)) in with.iter().zip(heard) {
            for tone in *tones {
                is_heard_in(&sound, row.started_at, stretch, *tone, name);
            }
        }
        assert!(
            !sound.has(1, pilot::C1),
            "{name}: the customer on both sides"
        );
    }
}

/// 1049 asks 1050 and has all three talk, by a program: a phone that types codes says nothing meanwhile.
fn three(exchange: &Exchange, then: impl FnOnce([Line; 3])) {
    let [a1] = idle(exchange, ["1049"]);
    let [a2] = exchange.phones(["1050"]);
    let (carrier, api) = (exchange.carrier(), Api::of(exchange, "8001"));
    let does = |deed| assert_eq!(api.gives("/users/1049/commands", &deed).0, 200);
    let (customer, agent) = answered(&carrier, &a1);
    does(json!({ "command": "consult", "to": "1050" }));
    let asked = a2.rings();
    asked.answers();
    agent.hears(pilot::A2);
    customer.hears(pilot::MUSIC);
    does(json!({ "command": "conference" }));
    customer.hears(pilot::A2);
    customer.hears(pilot::A1);
    then([customer, agent, asked]);
}

fn agent_leaves(exchange: &Exchange) {
    three(exchange, |[customer, agent, asked]| {
        agent.hangs_up();
        customer.is_deaf_to(pilot::A1);
        customer.hears(pilot::A2);
        customer.hangs_up();
        asked.is_over();
    });
}

fn asked_leaves(exchange: &Exchange) {
    three(exchange, |[customer, agent, asked]| {
        asked.hangs_up();
        customer.is_deaf_to(pilot::A2);
        customer.hears(pilot::A1);
        customer.hangs_up();
        agent.is_over();
    });
}

/// Stretches of a customer's call, and who is heard in each.
type Heard<'a> = &'a [(&'a str, &'a [f64])];

/// The customer's call with its one recording.
fn of_customer(exchange: &Exchange, name: &str) -> (CallDetails, RecordingRow, Wav) {
    exchange.has_no_calls();
    let all = exchange.records().len();
    let all = all
        - exchange
            .records()
            .iter()
            .filter(|it| it.begin.to.starts_with("*2"))
            .count();
    let calls = ended(exchange, all);
    let customers = calls
        .iter()
        .find(|it| it.call.begin.direction.word() != "internal");
    let call = customers.expect("the customer's call");
    let rows = exchange.recordings(call.call.begin.id);
    let [(row, path)] = &rows[..] else {
        panic!("{name}: {rows:#?}");
    };
    (call.clone(), row.clone(), Wav::read(path))
}

/// From the first word to the last, and nobody else on that side.
fn customer_is_whole(sound: &Wav, name: &str) {
    let gap = sound.longest_gap(0, pilot::C1, Duration::ZERO..sound.duration());
    assert!(
        gap <= LONGEST_GAP,
        "{name}: {gap:?} of the customer are missing"
    );
    assert_eq!(order(sound, 0), [pilot::C1], "{name}");
}

/// An agent says something all through a stretch.
fn is_heard_in(sound: &Wav, began: i64, stretch: &SegmentRow, tone: f64, name: &str) {
    let at = |time: i64| Duration::from_micros((time - began).max(0) as u64);
    let part = at(stretch.from)..at(stretch.to).min(sound.duration());
    let gap = sound.longest_gap(1, tone, part.clone());
    assert!(
        gap <= LONGEST_GAP,
        "{name}: {gap:?} of {tone} Hz are missing in {part:?}"
    );
}

/// Fails unless the customer's recording holds just these, in this order.
fn holds(exchange: &Exchange, name: &str, agents: &[(&str, f64)]) {
    let (call, row, sound) = of_customer(exchange, name);
    customer_is_whole(&sound, name);
    // The agents: each in their own stretches, and none of the customer's music.
    let mut said: Vec<f64> = agents.iter().map(|(_, tone)| *tone).collect();
    said.dedup();
    assert_eq!(order(&sound, 1), said, "{name}");
    let talks = call.segments.iter().filter(|it| it.kind == "talk");
    let talks: Vec<&SegmentRow> = talks.collect();
    let who: Vec<&str> = talks.iter().filter_map(|it| it.agent.as_deref()).collect();
    let wanted: Vec<&str> = agents.iter().map(|(agent, _)| *agent).collect();
    assert_eq!(who, wanted, "{name}");
    for (talk, (_, tone)) in talks.iter().zip(agents) {
        is_heard_in(&sound, row.started_at, talk, *tone, name);
    }
}

/// The parties that are heard on a channel, in their order.
fn order(sound: &Wav, channel: usize) -> Vec<f64> {
    let parties = [
        pilot::C1,
        pilot::A1,
        pilot::A2,
        pilot::A3,
        pilot::MUSIC,
        pilot::RINGBACK,
    ];
    let mut heard: Vec<f64> = Vec::new();
    for tone in sound.tones(channel, &parties) {
        if heard.last() != Some(&tone) {
            heard.push(tone);
        }
    }
    heard
}

/// As users put up with it.
const LONGEST_GAP: Duration = Duration::from_millis(200);
