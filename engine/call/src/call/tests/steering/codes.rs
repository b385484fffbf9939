//! Codes in a conversation.

use super::{CUSTOMER, steers};
use crate::call::tests::{Bench, s, setup};
use crate::{Codes, Event, LegId, Options, Output, Steer};

fn bench() -> (Bench, LegId) {
    let table = [
        ("*2<number>#", "consult"),
        ("*4", "complete"),
        ("*3", "cancel_consult"),
    ];
    let options = Options {
        codes: Codes::new(table).unwrap(),
        ..Options::default()
    };
    let mut bench = Bench::with(setup(), options);
    let (_, agent) = bench.talk(false);
    (bench, agent)
}

fn holds_back(bench: &mut Bench, leg: LegId, keys: &str) {
    for digit in keys.chars() {
        bench.event(Event::HeldKey { leg, digit });
    }
}

fn keys(leg: LegId, drop: usize, pass: usize) -> Output {
    Output::Keys { leg, drop, pass }
}

fn code(leg: LegId, word: &str, number: Option<&str>) -> Output {
    Output::Code {
        leg,
        word: word.to_owned(),
        number: number.map(str::to_owned),
    }
}

#[test]
fn a_users_code_is_told_and_its_keys_are_heard_by_nobody() {
    let (mut bench, agent) = bench();

    holds_back(&mut bench, agent, "*21050#");

    let told = [keys(agent, 7, 0), code(agent, "consult", Some("1050"))];
    assert_eq!(bench.take(), told);
}

#[test]
fn keys_that_are_no_code_are_sent_on_at_once_or_after_a_second() {
    let (mut bench, agent) = bench();
    holds_back(&mut bench, agent, "*9");
    assert_eq!(bench.take(), [keys(agent, 0, 1), keys(agent, 0, 1)]);

    holds_back(&mut bench, agent, "*");
    assert_eq!(bench.take(), []);
    bench.wait(s(1));
    assert_eq!(bench.take(), [keys(agent, 0, 1)]);
}

#[test]
fn a_customer_has_no_codes_and_nobody_has_any_outside_of_conversations() {
    let (mut bench, agent) = bench();
    holds_back(&mut bench, CUSTOMER, "*4");
    let passed = [keys(CUSTOMER, 0, 1), keys(CUSTOMER, 0, 1)];
    assert_eq!(bench.take(), passed);

    holds_back(&mut bench, agent, "*");
    bench.hangs_up(agent);
    bench.take();
    bench.wait(s(2));
    let said = bench.take();
    assert!(!said.iter().any(|it| matches!(it, Output::Code { .. })));
}

#[test]
fn who_asks_somebody_elsewhere_has_codes_while_that_rings() {
    let (mut bench, agent) = bench();
    for digit in ['*', '3'] {
        bench.event(Event::Digit { leg: agent, digit });
    }
    assert_eq!(bench.take(), [], "a key that was heard is no code any more");
    steers(&mut bench, agent, Steer::Away);
    bench.take();

    for digit in ['*', '3'] {
        bench.event(Event::Digit { leg: agent, digit });
    }

    assert_eq!(bench.take(), [code(agent, "cancel_consult", None)]);
}
