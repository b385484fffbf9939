//! Calls whose first offer is the callee's: in the 2xx, or in a reliable provisional response.

use super::pair::{ALICE, ANSWER, BOB, OFFER, Pair};
use crate::{EndedWhy, Event, Method};

#[test]
fn the_offer_comes_with_the_answer_to_the_call_and_the_ack_answers_it() {
    let mut pair = Pair::new();
    let alice = pair.call_with(|outgoing| outgoing.sdp = None);
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().accept(now, bob, Some(OFFER));
    pair.run_for(100);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Answered { sdp: Some(sdp), .. }) if sdp == OFFER
    ));
    assert!(pair.requests(ALICE, Method::Ack).is_empty());
    let now = pair.now;
    pair.alice().answer(now, alice, ANSWER);
    pair.run_for(100);

    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Acknowledged { sdp: Some(sdp), .. }) if sdp == ANSWER
    ));
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_out();
}

#[test]
fn a_late_answer_gets_through_a_network_that_loses_a_fifth() {
    for seed in 0..50 {
        let mut pair = Pair::lossy(seed, 20);
        let alice = pair.call_with(|outgoing| outgoing.sdp = None);
        pair.run_for(30_000);
        let bob = pair.incoming();
        let now = pair.now;
        pair.bob().accept(now, bob, Some(OFFER));
        pair.run_for(5000);
        let now = pair.now;
        pair.alice().answer(now, alice, ANSWER);
        pair.run_for(20_000);

        assert!(
            matches!(
                pair.take(BOB, |e| matches!(e, Event::Acknowledged { .. })),
                Some(Event::Acknowledged { sdp: Some(_), .. })
            ),
            "seed {seed}"
        );
        let now = pair.now;
        pair.bob().hang_up(now, bob, None);
        pair.run_out();
    }
}

#[test]
fn an_application_that_hangs_up_instead_of_answering_acknowledges_all_the_same() {
    let mut pair = Pair::new();
    let alice = pair.call_with(|outgoing| outgoing.sdp = None);
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(OFFER));
    pair.run_for(100);

    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);

    assert_eq!(pair.requests(ALICE, Method::Ack).len(), 1);
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
fn an_application_that_never_answers_loses_the_call() {
    let mut pair = Pair::new();
    pair.call_with(|outgoing| outgoing.sdp = None);
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(OFFER));

    pair.run_for(70_000);

    assert!(
        pair.take(ALICE, |e| matches!(e, Event::Ended { .. }))
            .is_some()
    );
    assert!(matches!(
        pair.take(BOB, |e| matches!(e, Event::Ended { .. })),
        Some(Event::Ended {
            why: EndedWhy::NotAcknowledged | EndedWhy::Bye(_),
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_by_prack() {
    let mut pair = Pair::new();
    let alice = pair.call_with(|outgoing| outgoing.sdp = None);
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 183, Some(OFFER));
    pair.run_for(100);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Progress { status: 183, sdp: Some(sdp), .. }) if sdp == OFFER
    ));
    assert!(pair.requests(ALICE, Method::Prack).is_empty());
    let now = pair.now;
    pair.alice().answer(now, alice, ANSWER);
    pair.run_for(100);
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::OfferAnswered { sdp: Some(sdp), .. }) if sdp == ANSWER
    ));
    let now = pair.now;
    pair.bob().accept(now, bob, None);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Answered { sdp: None, .. })
    ));
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Acknowledged { sdp: None, .. })
    ));
    let now = pair.now;
    pair.bob().hang_up(now, bob, None);
    pair.run_out();
}
