//! Requests within dialogs from elsewhere than the far end: whoever reads along knows the tags, and may
//! share the address.

use super::pair::{ALICE, ANSWER, BOB, Pair, everything};
use crate::{Dialogue, Doubt, Event, Method, Name, Response};

#[test]
fn whoever_knows_the_tags_and_shares_the_address_is_doubted_whatever_it_asks() {
    for from in ["192.0.2.1:5061", "203.0.113.66:5060"] {
        let mut pair = Pair::with(everything);
        let (_, bob) = pair.talk();
        for (number, method) in [
            "BYE",
            "INVITE",
            "UPDATE",
            "REFER",
            "INFO",
            "MESSAGE",
            "PRACK",
            "SUBSCRIBE",
            "NOTIFY",
            "OPTIONS",
        ]
        .into_iter()
        .enumerate()
        {
            let request = inside(&pair, method, 90 + number);

            pair.inject(BOB, from, &request);

            let doubt = doubted(&mut pair);
            assert_eq!(doubt.dialogue(), Dialogue::Session(bob), "{method}");
            assert_eq!(doubt.request().method().as_bytes(), method.as_bytes());
            assert_eq!(doubt.source().remote.to_string(), from);
            let challenge = ("WWW-Authenticate".to_owned(), "Digest x".to_owned());
            pair.bob().disbelieve(&doubt, 401, &[challenge]);
            pair.run_for(1);
            let refusal = pair.responses(BOB, 401).pop().unwrap();
            assert_eq!(refusal.header(Name::WwwAuthenticate).unwrap(), "Digest x");
            assert_eq!(pair.responses(BOB, 401).len(), number + 1, "{method}");
        }
        assert!(pair.sides[BOB].events.is_empty(), "{:?}", pair.sides[BOB]);
        let counters = pair.bob().counters();
        assert_eq!(counters.sessions, 1, "the call goes on");
        // What a stranger has sent counts for nothing: neither its numbers nor its place.
        let now = pair.now;
        pair.bob().hang_up(now, bob, None);
        pair.run_for(100);
        assert_eq!(pair.count(ALICE, is_end), 1);
        pair.run_out();
    }
}

#[test]
fn tags_that_are_wrong_are_not_even_doubted() {
    let mut pair = Pair::new();
    pair.talk();
    let bye = inside(&pair, "BYE", 99);

    for wrong in [
        bye.replacen(";tag=", ";tag=x", 1),
        bye.replace("Call-ID: ", "Call-ID: x"),
    ] {
        pair.inject(BOB, "192.0.2.1:5061", &wrong);
    }

    assert_eq!(pair.responses(BOB, 481).len(), 2);
    assert!(pair.sides[BOB].events.is_empty());
}

#[test]
fn who_is_believed_has_moved_the_far_end() {
    let mut pair = Pair::with(everything);
    let (_, bob) = pair.talk();

    pair.inject(BOB, "192.0.2.1:40000", &inside(&pair, "INFO", 90));
    let doubt = doubted(&mut pair);
    let now = pair.now;
    pair.bob().believe(now, &doubt);
    pair.run_for(1);
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Info { .. })), 1);

    // It is known there now.
    pair.inject(BOB, "192.0.2.1:40000", &inside(&pair, "BYE", 91));
    assert_eq!(pair.count(BOB, is_end), 1);
    assert!(matches!(pair.take(BOB, is_end), Some(Event::Ended { session, .. }) if session == bob));
}

#[test]
fn the_address_that_a_phone_has_named_in_its_contact_is_its_own() {
    let mut pair = Pair::with(everything);
    pair.call_with(|outgoing| {
        outgoing.contact_host = Some("192.0.2.1:5070".to_owned());
    });
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    pair.take(BOB, |e| matches!(e, Event::Acknowledged { .. }));

    pair.inject(BOB, "192.0.2.1:5070", &inside(&pair, "BYE", 90));

    assert_eq!(pair.count(BOB, is_end), 1);
}

#[test]
fn the_whole_host_of_one_without_a_password_speaks_for_it_and_no_other_host() {
    let mut pair = Pair::with(everything);
    let call = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().trust_host(now, bob);
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    assert!(
        pair.take(
            ALICE,
            |e| matches!(e, Event::Answered { session, .. } if *session == call)
        )
        .is_some()
    );
    pair.take(BOB, |e| matches!(e, Event::Acknowledged { .. }));

    pair.inject(BOB, "203.0.113.66:5060", &inside(&pair, "BYE", 90));
    assert!(pair.take(BOB, |e| matches!(e, Event::Doubted(_))).is_some());
    pair.inject(BOB, "192.0.2.1:40000", &inside(&pair, "BYE", 91));

    assert_eq!(pair.count(BOB, is_end), 1);
}

#[test]
fn a_neighbours_ack_is_not_heard() {
    let mut pair = Pair::new();
    pair.drop = Some(|side, message| {
        let is_ack = matches!(message, crate::Message::Request(it) if *it.method() == Method::Ack);
        side == ALICE && is_ack
    });
    pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    let ack = inside(&pair, "ACK", 1);

    pair.inject(BOB, "192.0.2.1:5061", &ack);
    assert!(pair.sides[BOB].events.is_empty(), "{:?}", pair.sides[BOB]);
    pair.inject(BOB, "192.0.2.1:5060", &ack);

    assert_eq!(
        pair.count(BOB, |e| matches!(e, Event::Acknowledged { .. })),
        1
    );
}

/// A request of Alice's within the call, as anybody could write it who has read along.
fn inside(pair: &Pair, method: &str, number: usize) -> String {
    let ok: &Response = &pair.responses(BOB, 200)[0];
    let extra = match method {
        "REFER" => "Refer-To: <sip:carol@192.0.2.3>\n",
        "SUBSCRIBE" | "NOTIFY" => "Event: dialog\n",
        "PRACK" => "RAck: 1 1 INVITE\n",
        _ => "",
    };
    format!(
        "{method} sip:bob@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5061;rport;branch=z9hG4bK{number}
Max-Forwards: 70
From: {}
To: {}
Call-ID: {}
CSeq: {number} {method}
Contact: <sip:evil@203.0.113.66>
{extra}Content-Length: 0

",
        ok.header(Name::From).unwrap(),
        ok.header(Name::To).unwrap(),
        ok.call_id(),
    )
}

fn doubted(pair: &mut Pair) -> Doubt {
    match pair.take(BOB, |e| matches!(e, Event::Doubted(_))) {
        Some(Event::Doubted(doubt)) => *doubt,
        _ => panic!("nothing was doubted: {:?}", pair.sides[BOB]),
    }
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}
