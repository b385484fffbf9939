//! Session timers: RFC 4028.

use std::time::Duration;

use super::pair::{ALICE, ANSWER, BOB, Pair};
use crate::{EndedWhy, Event, Message, Method, Name, Refresher};

#[test]
fn the_callee_refreshes_by_update_at_half_time() {
    let mut pair = with_interval(Some(600));
    pair.talk();

    pair.run_for(1_000_000);

    assert_eq!(pair.requests(BOB, Method::Update).len(), 3);
    assert!(pair.requests(ALICE, Method::Update).is_empty());
    assert!(pair.sides[ALICE].events.is_empty() && pair.sides[BOB].events.is_empty());
    let ok = pair.responses(BOB, 200).remove(0);
    assert_eq!(
        ok.session_expires().unwrap().unwrap().refresher,
        Some(Refresher::Uas)
    );
    assert!(ok.requires("timer"));
}

#[test]
fn a_session_that_nobody_refreshes_ends_half_a_minute_early() {
    let mut pair = with_interval(Some(600));
    pair.talk();

    pair.loss = 100;
    pair.run_for(567_000);
    assert_eq!(pair.count(ALICE, |_| true), 0);
    pair.run_for(2000);

    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::Ended {
            why: EndedWhy::SessionExpired,
            ..
        })
    ));
    assert_eq!(pair.requests(ALICE, Method::Bye).len(), 2);
    pair.loss = 0;
    pair.run_out();
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
}

#[test]
fn the_shorter_wish_counts() {
    let mut pair = Pair::new();
    pair.sides[BOB].endpoint = crate::Endpoint::new(crate::EndpointConfig {
        seed: 2,
        session_expires: Some(Duration::from_secs(300)),
        ..Default::default()
    });
    pair.talk();

    let ok = pair.responses(BOB, 200).remove(0);
    let granted = ok.session_expires().unwrap().unwrap();
    assert_eq!(granted.interval, Duration::from_secs(300));
}

#[test]
fn without_a_wish_on_either_side_there_is_no_timer() {
    let mut pair = with_interval(None);
    pair.talk();

    pair.run_for(3_600_000);

    assert!(!pair.responses(BOB, 200).remove(0).has(Name::SessionExpires));
    assert_eq!(pair.alice().counters().sessions, 1);
}

#[test]
fn a_far_end_without_update_is_refreshed_by_reinvite_with_our_description() {
    let mut pair = Pair::new();
    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &invite("Supported: timer\nSession-Expires: 200\n"),
    );
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(1);
    let to = pair.responses(BOB, 200).remove(0).header(Name::To).unwrap();
    let ack = invite("")
        .replace("INVITE", "ACK")
        .replace("z9hG4bKt", "z9hG4bKa")
        .replace("To: <sip:bob@192.0.2.2>", &format!("To: {to}"));
    pair.inject(BOB, "192.0.2.1:5060", &ack);

    pair.run_for(101_000);

    let refresh = pair.requests(BOB, Method::Invite).remove(0);
    assert_eq!(*refresh.body(), ANSWER);
    assert_eq!(
        refresh.session_expires().unwrap().unwrap().refresher,
        Some(Refresher::Uac)
    );
}

#[test]
fn an_interval_that_is_too_short_is_refused_with_ours() {
    let mut pair = Pair::new();

    pair.inject(
        BOB,
        "192.0.2.1:5060",
        &invite("Supported: timer\nSession-Expires: 60\n"),
    );

    let refusal = pair.responses(BOB, 422).remove(0);
    assert_eq!(refusal.min_se().unwrap(), Some(Duration::from_secs(90)));
    assert_eq!(pair.bob().counters().sessions, 0);
}

#[test]
fn a_call_refused_for_its_interval_is_made_again_with_a_longer_one() {
    let mut pair = with_interval(Some(100));
    pair.loss = 100;
    pair.call();
    pair.run_for(1);
    let first = pair.requests(ALICE, Method::Invite).remove(0);

    let refusal = (crate::Response::reply_to(&first, 422).to_tag("x"))
        .header(Name::MinSe, "900")
        .finish();
    let text = String::from_utf8(refusal.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    pair.inject(ALICE, "192.0.2.2:5060", &text);

    let again = pair.requests(ALICE, Method::Invite).remove(1);
    assert_eq!(
        again.session_expires().unwrap().unwrap().interval,
        Duration::from_secs(900)
    );
    assert_eq!(again.min_se().unwrap(), Some(Duration::from_secs(900)));
    assert_eq!(again.cseq().unwrap().number, 2);
    assert!(pair.sides[ALICE].events.is_empty());
}

#[test]
fn a_refresh_survives_a_network_that_loses_a_fifth() {
    for seed in 0..20 {
        let mut pair = with_interval(Some(120));
        let (alice, _) = pair.talk();
        (pair.loss, pair.jitter) = (20, 80);
        pair.random = crate::random::Random::new(seed);

        pair.run_for(600_000);

        assert_eq!(pair.alice().counters().sessions, 1, "seed {seed}");
        assert_eq!(pair.bob().counters().sessions, 1, "seed {seed}");
        let now = pair.now;
        pair.alice().hang_up(now, alice, None);
        pair.run_out();
    }
}

#[test]
fn refreshes_that_are_refused_end_the_session_in_time() {
    let mut pair = with_interval(Some(600));
    pair.talk();
    pair.drop = Some(|from, message| {
        from == ALICE && matches!(message, Message::Response(r) if r.status() == 200)
    });

    pair.run_for(600_000);

    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Ended { .. })), 1);
    pair.drop = None;
    pair.run_out();
}

#[test]
fn a_far_end_that_cannot_be_reached_for_the_refresh_is_lost_when_the_session_expires() {
    let mut pair = with_interval(Some(600));
    let (_, bob) = pair.talk();
    pair.loss = 100;

    for _ in 0..600 {
        pair.run_for(1000);
        let (now, route) = (pair.now, pair.route(BOB));
        pair.bob().handle_transport_failed(now, &route);
    }

    assert!(matches!(
        pair.take(BOB, |e| matches!(e, Event::Ended { .. })),
        Some(Event::Ended { why: EndedWhy::TransportFailed, session }) if session == bob
    ));
    pair.loss = 0;
    pair.run_out();
}

fn with_interval(ours: Option<u64>) -> Pair {
    Pair::with(|config| config.session_expires = ours.map(Duration::from_secs))
}

fn invite(extra: &str) -> String {
    format!(
        "INVITE sip:bob@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKt
From: <sip:old@192.0.2.1>;tag=1
To: <sip:bob@192.0.2.2>
Call-ID: timers
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:old@192.0.2.1:5060>
{extra}Content-Type: application/sdp

v=0 x"
    )
}
