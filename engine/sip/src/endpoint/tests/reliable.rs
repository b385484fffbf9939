//! Reliable provisional responses, both sides: RFC 3262.

use bytes::Bytes;

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{EndedWhy, Event, Message, Method, Name};

#[test]
fn ringing_is_acknowledged_by_prack() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(5000);

    let ringing = pair.responses(BOB, 180);
    assert_eq!(ringing.len(), 1);
    let ringing = ringing.first().unwrap();
    assert!(ringing.requires("100rel"));
    let prack = pair.requests(ALICE, Method::Prack).remove(0);
    let rack = prack.rack().unwrap().unwrap();
    assert_eq!(Some(rack.rseq), ringing.rseq().unwrap());
    assert_eq!((rack.cseq, rack.method), (1, Method::Invite));
    assert_eq!(pair.responses(BOB, 200).len(), 1);
}

#[test]
fn ringing_is_repeated_and_reported_once_while_pracks_are_lost() {
    let mut pair = Pair::new();
    pair.drop = Some(is_prack);
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(4000);
    pair.drop = None;
    pair.run_for(8000);

    assert!(pair.responses(BOB, 180).len() > 2);
    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Progress { .. })),
        1
    );
    let repeated = pair.responses(BOB, 180).len();
    pair.run_for(20_000);
    assert_eq!(pair.responses(BOB, 180).len(), repeated);
}

#[test]
fn a_caller_that_never_sends_prack_is_refused_with_504() {
    let mut pair = Pair::new();
    pair.drop = Some(is_prack);
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 183, Some(ANSWER));

    pair.run_for(33_000);

    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Ended {
            why: EndedWhy::NotAcknowledged,
            ..
        })
    ));
    assert!(matches!(
        pair.take(ALICE, |e| matches!(e, Event::Refused { .. })),
        Some(Event::Refused { status: 504, .. })
    ));
    pair.drop = None;
    pair.run_out();
}

#[test]
fn responses_follow_one_another_and_the_answer_waits_for_early_media() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.bob().ring(now, bob, 183, Some(ANSWER));
    pair.bob().accept(now, bob, None);
    pair.run_for(5);
    assert!(pair.responses(BOB, 183).is_empty() && pair.responses(BOB, 200).is_empty());
    pair.run_for(200);

    let order: Vec<u16> = std::iter::from_fn(|| pair.take(ALICE, |_| true))
        .filter_map(|event| match event {
            Event::Progress { status, .. } => Some(status),
            Event::Answered { sdp, .. } => {
                assert_eq!(sdp, None, "the answer has come with 183");
                Some(200)
            }
            _ => None,
        })
        .collect();
    assert_eq!(order, [180, 183, 200]);
    let numbers: Vec<u32> = pair
        .requests(ALICE, Method::Prack)
        .iter()
        .map(|prack| prack.rack().unwrap().unwrap().rseq)
        .collect();
    assert_eq!(
        numbers.last().zip(numbers.first()).map(|(l, f)| l - f),
        Some(1)
    );
}

#[test]
fn early_media_gets_through_a_network_that_loses_a_fifth() {
    for seed in 0..100 {
        let mut pair = Pair::lossy(seed, 20);
        let alice = pair.call();
        pair.run_for(30_000);
        let bob = pair.incoming();
        let now = pair.now;
        pair.bob().ring(now, bob, 180, None);
        pair.bob().ring(now, bob, 183, Some(ANSWER));
        pair.run_for(1000);
        let now = pair.now;
        pair.bob().accept(now, bob, None);
        pair.run_for(40_000);

        let has_sdp = |e: &Event| matches!(e, Event::Progress { sdp: Some(_), .. });
        assert_eq!(
            pair.count(ALICE, |e| matches!(e, Event::Progress { .. })),
            2,
            "seed {seed}"
        );
        assert_eq!(pair.count(ALICE, has_sdp), 1, "seed {seed}");
        assert_eq!(
            pair.count(ALICE, |e| matches!(e, Event::Answered { .. })),
            1,
            "seed {seed}"
        );
        let now = pair.now;
        pair.alice().hang_up(now, alice, None);
        pair.run_out();
    }
}

#[test]
fn a_caller_without_100rel_is_rung_as_of_old_and_told_the_answer_again() {
    let mut pair = Pair::new();
    pair.inject(BOB, "192.0.2.1:5060", &plain_invite(""));
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 183, Some(ANSWER));
    pair.bob().accept(now, bob, None);
    pair.run_for(1);

    let progress = pair.responses(BOB, 183).remove(0);
    assert!(!progress.has(Name::RSeq) && !progress.has(Name::Require));
    assert_eq!(*progress.body(), ANSWER);
    assert_eq!(*pair.responses(BOB, 200).remove(0).body(), ANSWER);
}

#[test]
fn a_caller_without_100rel_is_not_offered_anything_before_the_answer() {
    let mut pair = Pair::new();
    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &plain_invite("").replace("v=0 x", ""),
    );
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 183, Some(ANSWER));
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(1);

    assert!(pair.responses(BOB, 183).remove(0).body().is_empty());
    assert_eq!(*pair.responses(BOB, 200).remove(0).body(), ANSWER);
}

#[test]
fn a_caller_that_requires_100rel_gets_it() {
    let mut pair = Pair::new();
    pair.inject(BOB, "192.0.2.1:5060", &plain_invite("Require: 100rel\n"));
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(1);

    assert!(pair.responses(BOB, 180).remove(0).has(Name::RSeq));
}

#[test]
fn an_early_update_changes_the_media_before_the_answer() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 183, Some(ANSWER));
    pair.run_for(100);

    let other = Bytes::from_static(b"v=0 other");
    let now = pair.now;
    pair.alice().offer(now, alice, other.clone());
    pair.run_for(100);
    assert_eq!(pair.requests(ALICE, Method::Update).len(), 1);
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Offered { sdp: Some(sdp), .. }) if sdp == other
    ));
    let now = pair.now;
    pair.bob().answer(now, bob, ANSWER);
    pair.run_for(100);
    assert!(
        pair.take(ALICE, |e| matches!(e, Event::OfferAnswered { .. }))
            .is_some()
    );
    // And the other way round.
    let now = pair.now;
    pair.bob().offer(now, bob, other);
    pair.run_for(100);

    assert!(
        pair.take(ALICE, |e| matches!(e, Event::Offered { .. }))
            .is_some()
    );
}

fn is_prack(_: usize, message: &Message) -> bool {
    matches!(message, Message::Request(request) if *request.method() == Method::Prack)
}

fn plain_invite(extra: &str) -> String {
    format!(
        "INVITE sip:bob@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKplain
From: <sip:old@192.0.2.1>;tag=1
To: <sip:bob@192.0.2.2>
Call-ID: plain
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:old@192.0.2.1:5060>
{extra}Content-Type: application/sdp

v=0 x"
    )
}
