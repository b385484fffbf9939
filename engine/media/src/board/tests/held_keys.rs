//! Keys that may be codes: nobody hears them until it is known that they are none.

use super::keys::{events_of, key_packets, press};
use super::*;

fn lab() -> (Lab, LegKey, LegKey) {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    lab.command(Command::HoldKeys { leg: a, hold: true });
    (lab, a, b)
}

pub(super) fn release(lab: &mut Lab, leg: LegKey, drop: usize, pass: usize) {
    lab.command(Command::ReleaseKeys { leg, drop, pass });
    lab.run(1500);
}

/// The keys that a phone got as events, each once.
pub(super) fn keys_at(lab: &Lab, leg: LegKey) -> Vec<u8> {
    let events = events_of(lab, leg);
    let mut keys: Vec<(u32, u8)> = events
        .iter()
        .map(|(got, told)| (got.header.timestamp, told.event))
        .collect();
    keys.dedup();
    keys.into_iter().map(|(_, key)| key).collect()
}

pub(super) fn held(lab: &mut Lab) -> String {
    let events = std::mem::take(&mut lab.events).into_iter();
    let held = events.filter_map(|event| match event {
        Event::HeldDigit { digit, .. } => Some(digit),
        _ => None,
    });
    held.collect()
}

pub(super) const STAR: u8 = 10;

#[test]
fn a_code_is_reported_and_nobody_hears_it() {
    let (mut lab, a, b) = lab();

    for key in [STAR, 4] {
        press(&mut lab, a, key, |_| 1);
    }

    assert_eq!(held(&mut lab), "*4");
    release(&mut lab, a, 2, 0);
    assert_eq!(keys_at(&lab, b), []);
    // It is over: the next key is an ordinary one.
    press(&mut lab, a, 5, |_| 1);
    assert_eq!(keys_at(&lab, b), [5]);
}

#[test]
fn keys_that_were_no_code_arrive_once_and_in_order_with_those_that_follow() {
    let (mut lab, a, b) = lab();
    press(&mut lab, a, 1, |_| 1);
    for key in [STAR, 9, 7] {
        press(&mut lab, a, key, |_| 2);
    }
    assert_eq!(keys_at(&lab, b), [1], "the rest waits");

    // The next key comes while these are still being sent.
    lab.command(Command::ReleaseKeys {
        leg: a,
        drop: 0,
        pass: 3,
    });
    press(&mut lab, a, 2, |_| 1);
    lab.run(1500);
    assert_eq!(keys_at(&lab, b), [1, STAR, 9, 7, 2]);
}

#[test]
fn a_key_by_signalling_is_held_back_too_and_its_event_with_it() {
    let (mut lab, a, b) = lab();
    lab.command(Command::Press { leg: a, digit: '*' });
    lab.run(100);
    press(&mut lab, a, STAR, |_| 1);
    assert_eq!(held(&mut lab), "*", "one key in two ways");
    assert_eq!(keys_at(&lab, b), []);

    release(&mut lab, a, 0, 1);

    assert_eq!(keys_at(&lab, b), [STAR]);
}

#[test]
fn nothing_is_held_back_where_that_was_not_asked_for_nor_where_nobody_hears() {
    let (mut lab, a, b) = lab();
    press(&mut lab, b, STAR, |_| 1);
    assert_eq!(keys_at(&lab, a), [STAR], "the other party has no codes");
    assert_eq!(held(&mut lab), "");

    lab.command(Command::Disconnect { a, b });
    press(&mut lab, a, STAR, |_| 1);

    assert_eq!(held(&mut lab), "");
}

#[test]
fn of_a_key_that_began_while_nobody_heard_it_whoever_comes_then_hears_nothing() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    let from = lab.of(a).address;
    let key = key_packets(lab.of(a), 7);

    for packet in &key[..3] {
        lab.arrives(a, from, packet);
        lab.run(20);
    }
    // The key itself has brought it about.
    lab.connect(a, b);
    for packet in &key[3..] {
        lab.arrives(a, from, packet);
        lab.run(20);
    }

    assert_eq!(keys_at(&lab, b), []);
    press(&mut lab, a, 8, |_| 1);
    assert_eq!(keys_at(&lab, b), [8]);
}
