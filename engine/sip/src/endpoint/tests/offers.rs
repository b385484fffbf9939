//! Changes of a call: re-INVITE, UPDATE, glare.

use bytes::Bytes;

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{EndedWhy, Event, Message, Method, Name};

const HOLD: Bytes = Bytes::from_static(b"v=0 hold");
const HELD: Bytes = Bytes::from_static(b"v=0 held");

#[test]
fn a_change_is_offered_and_answered() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(100);
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Offered { sdp: Some(sdp), .. }) if sdp == HOLD
    ));
    let now = pair.now;
    pair.bob().answer(now, bob, HELD);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::OfferAnswered { sdp: Some(sdp), .. }) if sdp == HELD
    ));
    assert_eq!(pair.requests(ALICE, Method::Ack).len(), 2);
    assert!(pair.sides[BOB].events.is_empty());
    assert_eq!(pair.bob().counters().retransmissions, 0);
}

#[test]
fn the_callee_may_offer_too() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.bob().offer(now, bob, HOLD);
    pair.run_for(100);
    let now = pair.now;
    pair.alice().answer(now, alice, HELD);
    pair.run_for(100);

    assert_eq!(
        pair.count(BOB, |e| matches!(e, Event::OfferAnswered { .. })),
        1
    );
}

#[test]
fn a_refused_change_leaves_the_call_as_it_was() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(100);
    let now = pair.now;
    pair.bob().refuse_offer(now, bob, 488);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::OfferRefused { status: 488, .. })
    ));
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_out();
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
}

#[test]
fn two_changes_that_meet_are_both_made_in_the_end() {
    for seed in 0..30 {
        let mut pair = Pair::with(|config| config.seed += seed * 100);
        let (alice, bob) = pair.talk();

        let now = pair.now;
        pair.alice().offer(now, alice, HOLD);
        pair.bob().offer(now, bob, HOLD);
        answer_for(&mut pair, 6000);

        assert!(pair.responses(ALICE, 491).len() + pair.responses(BOB, 491).len() >= 2);
        for side in [ALICE, BOB] {
            assert_eq!(
                pair.count(side, |e| matches!(e, Event::OfferAnswered { .. })),
                1
            );
            assert_eq!(
                pair.count(side, |e| matches!(e, Event::OfferRefused { .. })),
                0
            );
        }
    }
}

#[test]
fn after_glare_the_callee_tries_first_and_the_caller_waits_two_seconds() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.bob().offer(now, bob, HOLD);
    answer_for(&mut pair, 2090);

    assert_eq!(pair.requests(BOB, Method::Invite).len(), 2);
    assert_eq!(pair.requests(ALICE, Method::Invite).len(), 2);
    answer_for(&mut pair, 2000);
    assert_eq!(pair.requests(ALICE, Method::Invite).len(), 3);
}

#[test]
fn a_reinvite_stands_for_an_ack_that_was_lost() {
    let mut pair = Pair::new();
    pair.drop = Some(is_ack);
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(50);

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(50);

    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Acknowledged { .. })
    ));
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Offered { .. })
    ));
}

#[test]
fn a_reinvite_does_not_stand_for_an_ack_that_brings_the_answer() {
    let mut pair = Pair::new();
    pair.drop = Some(is_ack);
    let alice = pair.call_with(|outgoing| outgoing.sdp = None);
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(50);

    let now = pair.now;
    pair.alice().answer(now, alice, HELD);
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(50);

    assert_eq!(pair.responses(BOB, 500).len(), 1);
    assert!(pair.take(BOB, |_| true).is_none());
}

#[test]
fn who_has_hung_up_serves_nothing_but_bye() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();
    pair.drop = Some(|from, _| from == BOB);
    let now = pair.now;
    pair.bob().hang_up(now, bob, None);

    let now = pair.now;
    pair.alice().info(now, alice, "text/plain", HOLD);
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(50);

    assert_eq!(pair.responses(BOB, 481).len(), 2);
    assert_eq!(pair.count(BOB, |e| !matches!(e, Event::Ended { .. })), 0);
}

#[test]
fn a_change_that_is_never_answered_ends_the_call() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();
    pair.drop = Some(|from, message| {
        from == BOB && matches!(message, Message::Response(r) if r.status() > 100)
    });

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(40_000);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Ended {
            why: EndedWhy::Gone,
            ..
        })
    ));
    pair.drop = None;
    pair.run_out();
}

#[test]
fn a_second_offer_waits_for_the_first() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.alice()
        .offer(now, alice, Bytes::from_static(b"v=0 other"));
    answer_for(&mut pair, 1000);

    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::OfferAnswered { .. })),
        2
    );
    assert_eq!(pair.requests(ALICE, Method::Invite).len(), 3);
    assert!(pair.responses(BOB, 491).is_empty() && pair.responses(BOB, 500).is_empty());
}

#[test]
fn an_offer_of_the_callee_waits_for_the_ack() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.bob().offer(now, bob, HOLD);
    pair.run_for(5);
    assert!(pair.requests(BOB, Method::Invite).is_empty());
    answer_for(&mut pair, 1000);

    assert_eq!(
        pair.count(BOB, |e| matches!(e, Event::OfferAnswered { .. })),
        1
    );
}

#[test]
fn a_reinvite_while_it_rings_is_put_off() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);
    let ringing = pair.responses(BOB, 180).remove(0);
    let invite = pair.requests(ALICE, Method::Invite).remove(0);

    let reinvite = (invite.edit())
        .replace(
            Name::Via,
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnew;rport",
        )
        .replace(Name::To, ringing.header(Name::To).unwrap())
        .replace(Name::CSeq, "9 INVITE")
        .finish();
    let text = String::from_utf8(reinvite.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    pair.inject(BOB, "192.0.2.1:5060", &text);

    let refusal = pair.responses(BOB, 500).remove(0);
    assert!(
        refusal
            .retry_after()
            .is_some_and(|wait| wait.as_secs() <= 10)
    );
    assert!(
        pair.take(BOB, |e| matches!(e, Event::Offered { .. }))
            .is_none()
    );
}

#[test]
fn an_offer_that_the_application_forgets_is_refused_in_32_seconds() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(33_000);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::OfferRefused { status: 500, .. })
    ));
}

#[test]
fn changes_get_through_a_network_that_loses_a_fifth() {
    for seed in 0..100 {
        let mut pair = Pair::new();
        let (alice, bob) = pair.talk();
        (pair.loss, pair.doubled, pair.jitter) = (20, 10, 80);
        pair.random = crate::random::Random::new(seed);

        let now = pair.now;
        pair.alice().offer(now, alice, HOLD);
        if seed % 2 == 0 {
            pair.bob().offer(now, bob, HOLD);
        }
        answer_for(&mut pair, 60_000);

        let done = |e: &Event| matches!(e, Event::OfferAnswered { .. });
        assert_eq!(pair.count(ALICE, done), 1, "seed {seed}");
        assert_eq!(
            pair.count(BOB, done),
            usize::from(seed % 2 == 0),
            "seed {seed}"
        );
        let now = pair.now;
        pair.bob().hang_up(now, bob, None);
        pair.run_out();
        assert_eq!(
            pair.count(ALICE, |e| matches!(e, Event::Ended { .. })),
            1,
            "seed {seed}"
        );
    }
}

#[test]
fn a_far_end_that_has_forgotten_the_call_ends_it() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();
    pair.sides[BOB].endpoint = Pair::new().sides.into_iter().nth(BOB).unwrap().endpoint;

    let now = pair.now;
    pair.alice().offer(now, alice, HOLD);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Ended {
            why: EndedWhy::Gone,
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn an_offer_in_an_update_is_answered_in_its_response() {
    let mut pair = Pair::new();
    let (_, bob) = pair.talk();
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let answer = pair.responses(BOB, 200).remove(0);

    let update = update_of(&invite, &answer, "z9hG4bKu1", 2).body("application/sdp", HOLD);
    inject(&mut pair, &update.finish());
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Offered { sdp: Some(_), .. })
    ));
    let second = update_of(&invite, &answer, "z9hG4bKu2", 3).body("application/sdp", HOLD);
    inject(&mut pair, &second.finish());
    let now = pair.now;
    pair.bob().answer(now, bob, HELD);
    pair.run_for(1);

    assert_eq!(pair.responses(BOB, 500).len(), 1);
    let answered = pair.responses(BOB, 200).pop().unwrap();
    assert_eq!(answered.cseq().unwrap().method, Method::Update);
    assert_eq!(*answered.body(), HELD);
}

#[test]
fn an_update_without_offer_is_answered_without_the_application() {
    let mut pair = Pair::new();
    pair.talk();
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let answer = pair.responses(BOB, 200).remove(0);

    let update = update_of(&invite, &answer, "z9hG4bKu1", 2);
    inject(&mut pair, &update.finish());

    assert!(pair.sides[BOB].events.is_empty());
    assert_eq!(pair.responses(BOB, 200).len(), 2);
}

#[test]
fn a_request_that_comes_out_of_order_is_refused() {
    let mut pair = Pair::new();
    pair.talk();
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let answer = pair.responses(BOB, 200).remove(0);

    inject(
        &mut pair,
        &update_of(&invite, &answer, "z9hG4bKu1", 5).finish(),
    );
    inject(
        &mut pair,
        &update_of(&invite, &answer, "z9hG4bKu2", 4).finish(),
    );

    assert_eq!(pair.responses(BOB, 500).len(), 1);
}

fn update_of(
    invite: &crate::Request,
    answer: &crate::Response,
    branch: &str,
    cseq: u32,
) -> crate::RequestBuilder {
    crate::Request::build(Method::Update, &invite.uri().unwrap())
        .header(
            Name::Via,
            format!("SIP/2.0/UDP 192.0.2.1:5060;branch={branch};rport"),
        )
        .header(Name::MaxForwards, "70")
        .header(Name::From, invite.header(Name::From).unwrap())
        .header(Name::To, answer.header(Name::To).unwrap())
        .header(Name::CallId, invite.call_id())
        .header(Name::CSeq, format!("{cseq} UPDATE"))
        .header(Name::Contact, "<sip:alice@192.0.2.1:5060>")
}

fn inject(pair: &mut Pair, request: &crate::Request) {
    let text = String::from_utf8(request.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    pair.inject(BOB, "192.0.2.1:5060", &text);
    assert!(Message::parse(request.to_bytes()).is_ok());
}

/// Both applications answer every offer at once.
fn answer_for(pair: &mut Pair, milliseconds: u64) {
    let end = pair.now + std::time::Duration::from_millis(milliseconds);
    while pair.now < end {
        pair.run_for(5);
        for side in [ALICE, BOB] {
            if let Some(Event::Offered { session, .. }) =
                pair.take(side, |e| matches!(e, Event::Offered { .. }))
            {
                let now = pair.now;
                pair.sides[side].endpoint.answer(now, session, HELD);
            }
        }
    }
}

fn is_ack(_: usize, message: &Message) -> bool {
    matches!(message, Message::Request(request) if *request.method() == Method::Ack)
}
