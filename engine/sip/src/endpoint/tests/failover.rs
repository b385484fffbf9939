//! Calls to where nobody may be, by those who can call somebody else.

use std::time::Duration;

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{Event, Message, Method, SessionId};

const PATIENCE: Duration = Duration::from_millis(3_600);

#[test]
fn a_silent_host_is_given_up_in_time_for_the_next() {
    let mut pair = Pair::new();
    pair.loss = 100;
    let alice = call(&mut pair);

    pair.run_for(3_599);
    assert!(pair.sides[ALICE].events.is_empty());
    pair.run_for(1);

    assert_refused_once(&mut pair, alice);
    assert_eq!(pair.requests(ALICE, Method::Invite).len(), 4);
    pair.run_out();
    assert!(pair.sides[ALICE].events.is_empty());
}

#[test]
fn whoever_has_reacted_may_ring_for_as_long_as_ever() {
    let mut pair = Pair::new();
    call(&mut pair);

    pair.run_for(60_000);

    assert!(pair.sides[ALICE].events.is_empty());
    pair.incoming();
    pair.run_out();
}

#[test]
fn a_host_that_wakes_up_too_late_is_cancelled() {
    let mut pair = Pair::new();
    pair.drop = Some(|side, message| side == BOB && matches!(message, Message::Response(_)));
    let alice = call(&mut pair);
    pair.run_for(4_000);
    assert_refused_once(&mut pair, alice);

    pair.drop = None;
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);

    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
    pair.run_out();
    assert!(pair.sides[ALICE].events.is_empty());
}

#[test]
fn a_host_that_answers_too_late_is_acknowledged_and_hung_up() {
    let mut pair = Pair::new();
    pair.drop = Some(|side, message| side == BOB && matches!(message, Message::Response(_)));
    let alice = call(&mut pair);
    pair.run_for(4_000);
    assert_refused_once(&mut pair, alice);

    pair.drop = None;
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);

    assert_eq!(pair.requests(ALICE, Method::Ack).len(), 1);
    assert_eq!(pair.requests(ALICE, Method::Bye).len(), 1);
    pair.run_out();
    assert!(pair.sides[ALICE].events.is_empty());
}

fn call(pair: &mut Pair) -> SessionId {
    let alice = pair.call();
    let now = pair.now;
    pair.alice().expect_reaction(now, alice, PATIENCE);
    alice
}

fn assert_refused_once(pair: &mut Pair, alice: SessionId) {
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Refused { session, status: 408, response: None }) if session == alice
    ));
    assert!(pair.sides[ALICE].events.is_empty());
}
