//! Giving up a call at every moment of its beginning.

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{EndedWhy, Event, Message, Method, Name, Reason, SessionId, Text};

#[test]
fn a_ringing_call_is_cancelled_with_the_reason_given() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    pair.incoming();

    let now = pair.now;
    pair.alice().hang_up(now, alice, Some(elsewhere()));
    pair.run_for(100);

    let Some(Event::Ended {
        why: EndedWhy::Cancelled(Some(reason)),
        ..
    }) = pair.take(BOB, |_| true)
    else {
        panic!("not cancelled");
    };
    assert_eq!(reason.text, Some(Text::from("Call completed elsewhere")));
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Ended {
            why: EndedWhy::HungUp,
            ..
        })
    ));
    assert_eq!(pair.responses(BOB, 487).len(), 1);
    pair.run_out();
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut pair = Pair::new();
    let alice = pair.call();
    let now = pair.now;

    pair.alice().hang_up(now, alice, None);
    pair.run_for(15);
    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 0);
    pair.run_for(100);

    let cancel = pair.requests(ALICE, Method::Cancel).remove(0);
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    assert_eq!(cancel.header(Name::Via), invite.header(Name::Via));
    assert_eq!(cancel.cseq().unwrap().number, invite.cseq().unwrap().number);
    assert_eq!(cancel.header(Name::To), invite.header(Name::To));
    pair.run_out();
}

#[test]
fn who_has_only_seen_the_branch_cancels_nothing() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    pair.incoming();
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let header = |name| invite.header(name).unwrap().to_string();
    let cancel = format!(
        "CANCEL {} SIP/2.0
Via: {}
Max-Forwards: 70
From: {}
To: {}
Call-ID: {}
CSeq: {} CANCEL

",
        invite.uri_text(),
        header(Name::Via),
        header(Name::From),
        header(Name::To),
        invite.call_id(),
        invite.cseq().unwrap().number,
    );

    pair.inject(BOB, "203.0.113.66:5060", &cancel);
    pair.inject(BOB, "192.0.2.1:5062", &cancel);
    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &cancel.replace("Call-ID: ", "Call-ID: x"),
    );
    pair.inject(BOB, "192.0.2.1:5060", &cancel.replace(";tag=", ";tag=x"));
    pair.run_for(100);

    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 0);
    assert_eq!(pair.responses(BOB, 487).len(), 0);
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
    pair.run_out();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.alice().hang_up(now, alice, Some(elsewhere()));
    pair.run_for(200);

    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 1);
    assert_eq!(pair.requests(ALICE, Method::Ack).len(), 1);
    let bye = pair.requests(ALICE, Method::Bye).remove(0);
    assert_eq!(
        bye.reasons().next().and_then(|reason| reason.cause),
        Some(200)
    );
    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Answered { .. })),
        0
    );
    assert!(matches!(
        pair.take(BOB, |e| matches!(e, Event::Ended { .. })),
        Some(Event::Ended {
            why: EndedWhy::Bye(_),
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn a_call_given_up_at_any_millisecond_is_over_on_both_sides() {
    for offset in 0..=100 {
        let mut pair = Pair::new();

        give_up_at(&mut pair, offset);

        check(&mut pair, offset);
    }
}

#[test]
fn a_call_given_up_at_any_moment_on_a_bad_network_is_over_on_both_sides() {
    for seed in 0..300 {
        let mut pair = Pair::lossy(seed, 20);

        give_up_at(&mut pair, seed * 7 % 2000);

        check(&mut pair, seed);
    }
}

#[test]
fn a_cancel_that_nobody_answers_ends_the_call_in_32_seconds() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    pair.loss = 100;

    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(31_900);
    assert_eq!(pair.alice().counters().sessions, 1);
    pair.run_for(200);

    assert_eq!(pair.alice().counters().sessions, 0);
    pair.loss = 0;
    pair.run_out();
}

#[test]
fn a_cancel_for_no_call_is_answered_with_481() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let text = String::from_utf8(invite.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");

    let cancel = text
        .replace("INVITE", "CANCEL")
        .replace("z9hG4bK", "z9hG4bKother");
    pair.inject(BOB, "192.0.2.1:5060", &cancel);

    assert_eq!(pair.responses(BOB, 481).len(), 1);
}

#[test]
fn a_lost_trying_delays_the_cancel_until_ringing_is_heard() {
    let mut pair = Pair::new();
    pair.drop = Some(|_, message| matches!(message, Message::Response(r) if r.status() == 100));
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);
    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 0);

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);

    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 1);
    pair.run_out();
}

/// Bob rings 20 ms after the INVITE came and answers 20 ms later; Alice gives up at `offset` ms.
fn give_up_at(pair: &mut Pair, offset: u64) {
    let alice = pair.call();
    let mut bob: Option<(SessionId, u64)> = None;
    let mut gave_up = false;
    for millisecond in 0..=4000 {
        if millisecond == offset {
            let now = pair.now;
            pair.alice().hang_up(now, alice, None);
            gave_up = true;
        }
        let incoming = pair.take(BOB, |e| matches!(e, Event::Incoming { .. }));
        if let Some(Event::Incoming { session, .. }) = incoming {
            bob = Some((session, millisecond));
        }
        if let Some((session, came)) = bob {
            let now = pair.now;
            if millisecond == came + 20 {
                pair.bob().ring(now, session, 180, None);
            }
            if millisecond == came + 40 {
                pair.bob().accept(now, session, Some(ANSWER));
            }
        }
        pair.run_for(1);
    }
    assert!(gave_up);
}

fn check(pair: &mut Pair, case: u64) {
    pair.run_for(40_000);
    let late = pair
        .take(BOB, |e| matches!(e, Event::Incoming { .. }))
        .is_some();
    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Ended { .. })),
        1,
        "case {case}"
    );
    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Refused { .. })),
        0,
        "case {case}"
    );
    let invited = late || pair.responses(BOB, 100).len() + pair.responses(BOB, 180).len() > 0;
    let ended = pair.count(BOB, |e| matches!(e, Event::Ended { .. }));
    assert!(
        ended == usize::from(invited),
        "case {case}: {:?}",
        pair.sides[BOB]
    );
    pair.run_out();
}

fn elsewhere() -> Reason {
    Reason {
        protocol: Text::from("SIP"),
        cause: Some(200),
        text: Some(Text::from("Call completed elsewhere")),
    }
}
