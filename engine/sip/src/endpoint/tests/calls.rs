//! Ordinary calls, over good and bad networks.

use super::pair::{ALICE, ANSWER, BOB, OFFER, Pair};
use crate::{EndedWhy, Event, Message, Method, Name, Reason, Text};

#[test]
fn a_call_rings_is_answered_and_ends_with_bye() {
    let mut pair = Pair::new();
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(1000);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Progress {
            status: 180,
            sdp: None,
            ..
        })
    ));
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Answered { sdp: Some(sdp), .. }) if sdp == ANSWER
    ));
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Acknowledged { sdp: None, .. })
    ));
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Ended {
            why: EndedWhy::HungUp,
            ..
        })
    ));
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Ended {
            why: EndedWhy::Bye(None),
            ..
        })
    ));
    assert_eq!(pair.alice().counters().retransmissions, 0);
    assert_eq!(pair.bob().counters().retransmissions, 0);
    pair.run_out();
}

#[test]
fn trying_is_sent_before_the_application_is_asked() {
    let mut pair = Pair::new();

    pair.call();
    pair.run_for(15);

    assert_eq!(pair.responses(BOB, 100).len(), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Incoming { .. })), 1);
}

#[test]
fn a_refusal_is_reported_with_its_headers() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();

    let now = pair.now;
    let headers = [("Retry-After".to_owned(), "7".to_owned())];
    pair.bob().reject(now, bob, 486, &headers);
    pair.run_for(100);

    let Some(Event::Refused {
        status: 486,
        response: Some(response),
        ..
    }) = pair.take(ALICE, |e| matches!(e, Event::Refused { .. }))
    else {
        panic!("not refused");
    };
    assert_eq!(response.header(Name::RetryAfter), Some(Text::from("7")));
    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Ended {
            why: EndedWhy::Rejected,
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn nobody_there_is_408_after_32_seconds_and_a_dead_address_503_at_once() {
    let mut pair = Pair::new();
    pair.loss = 100;
    pair.call();
    pair.run_for(31_900);
    assert!(pair.sides[ALICE].events.is_empty());
    pair.run_for(200);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Refused {
            status: 408,
            response: None,
            ..
        })
    ));

    pair.call();
    let (now, route) = (pair.now, pair.route(ALICE));
    pair.alice().handle_transport_failed(now, &route);
    pair.run_for(0);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Refused {
            status: 503,
            response: None,
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn the_callee_hangs_up_with_a_reason() {
    let mut pair = Pair::new();
    let (_, bob) = pair.talk();

    let reason = Reason {
        protocol: Text::from("Q.850"),
        cause: Some(16),
        text: Some(Text::from("done \"now\"")),
    };
    let now = pair.now;
    pair.bob().hang_up(now, bob, Some(reason));
    pair.run_for(100);

    let Some(Event::Ended {
        why: EndedWhy::Bye(Some(reason)),
        ..
    }) = pair.take(ALICE, |_| true)
    else {
        panic!("no BYE with a reason");
    };
    assert_eq!(reason.cause, Some(16));
    assert_eq!(reason.text, Some(Text::from("done \"now\"")));
    pair.run_out();
}

#[test]
fn calls_get_through_a_network_that_loses_a_fifth() {
    for seed in 0..100 {
        let mut pair = Pair::lossy(seed, 20);
        let alice = pair.call();
        pair.run_for(30_000);
        let bob = pair.incoming();
        let now = pair.now;
        pair.bob().ring(now, bob, 180, None);
        pair.run_for(3000);
        let now = pair.now;
        pair.bob().accept(now, bob, Some(ANSWER));
        pair.run_for(30_000);

        assert_eq!(
            pair.count(ALICE, |e| matches!(e, Event::Answered { .. })),
            1,
            "seed {seed}"
        );
        assert_eq!(
            pair.count(BOB, |e| matches!(e, Event::Acknowledged { .. })),
            1,
            "seed {seed}"
        );
        let now = pair.now;
        pair.alice().hang_up(now, alice, None);
        pair.run_for(30_000);
        assert_eq!(
            pair.count(BOB, |e| matches!(e, Event::Ended { .. })),
            1,
            "seed {seed}"
        );
        pair.run_out();
    }
}

#[test]
fn a_lost_bye_is_sent_again() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();

    pair.loss = 100;
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(1000);
    pair.loss = 0;
    pair.run_for(2000);

    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Ended {
            why: EndedWhy::Bye(_),
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn a_bye_that_never_arrives_is_given_up_after_32_seconds() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();

    pair.loss = 100;
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(31_900);
    assert_eq!(pair.alice().counters().sessions, 1);
    pair.run_for(200);

    assert_eq!(pair.alice().counters().sessions, 0);
    assert_eq!(pair.requests(ALICE, Method::Bye).len(), 11);
}

#[test]
fn crossing_byes_end_the_call_on_both_sides() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.bob().hang_up(now, bob, None);
    pair.run_for(100);

    assert_eq!(pair.alice().counters().sessions, 0);
    assert_eq!(pair.bob().counters().sessions, 0);
    assert_eq!(pair.count(ALICE, |e| matches!(e, Event::Ended { .. })), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
    pair.run_out();
}

#[test]
fn an_answer_whose_ack_is_lost_is_repeated_and_acknowledged_again() {
    let mut pair = Pair::new();
    pair.drop = Some(is_ack);
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(1000);
    assert_eq!(pair.requests(ALICE, Method::Ack).len(), 2);

    pair.drop = None;
    pair.run_for(2000);

    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Answered { .. })),
        1
    );
    assert_eq!(
        pair.count(BOB, |e| matches!(e, Event::Acknowledged { .. })),
        1
    );
    let acks = pair.requests(ALICE, Method::Ack);
    assert_eq!(
        acks.first().map(|ack| ack.to_bytes()),
        acks.last().map(|ack| ack.to_bytes())
    );
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_in_bye_within_35_seconds() {
    let mut pair = Pair::new();
    pair.drop = Some(is_ack);
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));

    pair.run_for(35_000);

    assert!(matches!(
        pair.take(BOB, |_| true),
        Some(Event::Ended {
            why: EndedWhy::NotAcknowledged,
            ..
        })
    ));
    assert!(matches!(
        pair.take(ALICE, |e| matches!(e, Event::Ended { .. })),
        Some(Event::Ended {
            why: EndedWhy::Bye(_),
            ..
        })
    ));
    pair.run_out();
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_waits_for_it_with_its_bye() {
    let mut pair = Pair::new();
    pair.drop = Some(is_ack);
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.bob().hang_up(now, bob, None);
    pair.run_for(300);
    assert_eq!(pair.requests(BOB, Method::Bye).len(), 0);

    pair.drop = None;
    pair.run_for(1000);

    assert_eq!(pair.requests(BOB, Method::Bye).len(), 1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
    pair.run_out();
}

#[test]
fn a_repeated_invite_after_the_answer_starts_no_second_call() {
    let mut pair = Pair::new();
    pair.talk();
    let invite = pair.requests(ALICE, Method::Invite).remove(0);

    let text = String::from_utf8(invite.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    pair.inject(BOB, "192.0.2.1:5060", &text);
    pair.run_for(100);

    assert!(pair.sides[BOB].events.is_empty());
    assert_eq!(pair.bob().counters().sessions, 1);
}

#[test]
fn an_info_travels_both_ways() {
    let mut pair = Pair::new();
    let (alice, bob) = pair.talk();

    let now = pair.now;
    pair.alice()
        .info(now, alice, "application/dtmf-relay", OFFER);
    pair.bob().info(now, bob, "application/dtmf-relay", ANSWER);
    pair.run_for(100);

    for (side, sent) in [(BOB, OFFER), (ALICE, ANSWER)] {
        let Some(Event::Info {
            content_type, body, ..
        }) = pair.take(side, |_| true)
        else {
            panic!("no INFO");
        };
        assert_eq!(
            (content_type.as_str(), body),
            ("application/dtmf-relay", sent)
        );
    }
}

#[test]
fn options_and_what_nobody_serves_are_answered_within_a_call() {
    let mut pair = Pair::new();
    pair.talk();
    let ok = pair.responses(BOB, 200).remove(0);
    let request = |method: &str, cseq: u32| {
        format!(
            "{method} sip:bob@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method};rport
Max-Forwards: 70
From: {}
To: {}
Call-ID: {}
CSeq: {cseq} {method}

",
            ok.header(Name::From).unwrap(),
            ok.header(Name::To).unwrap(),
            ok.call_id(),
        )
    };

    pair.inject(BOB, "192.0.2.1:5060", &request("OPTIONS", 7));
    pair.inject(BOB, "192.0.2.1:5060", &request("MESSAGE", 8));
    pair.inject(BOB, "192.0.2.1:5060", &request("DANCE", 9));

    let options = pair.responses(BOB, 200).remove(1);
    assert!(options.allow().any(|method| method == Method::Update));
    assert!(options.supports("100rel"));
    assert!(pair.responses(BOB, 405).remove(0).has(Name::Allow));
    assert_eq!(pair.responses(BOB, 501).len(), 1);
    assert!(pair.sides[BOB].events.is_empty());
}

#[test]
fn ringing_has_an_end_on_both_sides() {
    let mut pair = Pair::new();
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);

    pair.run_for(181_000);

    for side in [ALICE, BOB] {
        let ended = pair.take(side, |e| {
            matches!(e, Event::Ended { .. } | Event::Refused { .. })
        });
        assert!(ended.is_some());
    }
    pair.run_out();
}

fn is_ack(_: usize, message: &Message) -> bool {
    matches!(message, Message::Request(request) if *request.method() == Method::Ack)
}
