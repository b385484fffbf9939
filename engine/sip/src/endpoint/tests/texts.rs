//! Text within calls and outside of them, and events that nobody subscribed to.

use super::pair::{ALICE, BOB, Pair, everything};
use crate::auth::Account;
use crate::body::{MessageCounts, MessageSummary, media_type};
use crate::{Event, Method, Name, RequestHandle, Response};

#[test]
fn text_goes_both_ways_within_a_call() {
    let mut pair = Pair::with(everything);
    let (alice, bob) = pair.talk();
    for (side, session) in [(ALICE, alice), (BOB, bob)] {
        let now = pair.now;
        let endpoint = &mut pair.sides[side].endpoint;
        let sent = endpoint.message_within(now, session, "text/plain", "hello".into());
        pair.run_for(100);

        let Some(Event::Message {
            content_type, body, ..
        }) = pair.take(1 - side, |e| matches!(e, Event::Message { .. }))
        else {
            panic!("no text");
        };
        assert_eq!((&*content_type, &body[..]), ("text/plain", &b"hello"[..]));
        let answered = pair.take(side, |e| matches!(e, Event::MessageAnswered { .. }));
        assert!(matches!(
            answered,
            Some(Event::MessageAnswered { handle, status: 200, .. }) if Some(handle) == sent
        ));
    }

    pair.loss = 100;
    let now = pair.now;
    pair.alice()
        .message_within(now, alice, "text/plain", "lost".into());
    pair.run_for(33_000);
    let answered = pair.take(ALICE, |e| matches!(e, Event::MessageAnswered { .. }));
    assert!(matches!(
        answered,
        Some(Event::MessageAnswered { status: 408, .. })
    ));
    pair.loss = 0;
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    assert_eq!(
        pair.alice()
            .message_within(now, alice, "text/plain", "late".into()),
        None
    );
    pair.run_out();
}

#[test]
fn text_is_refused_where_it_is_not_served() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();
    let now = pair.now;
    pair.alice()
        .message_within(now, alice, "text/plain", "hello".into());
    pair.run_for(100);

    let answered = pair.take(ALICE, |e| matches!(e, Event::MessageAnswered { .. }));
    assert!(matches!(
        answered,
        Some(Event::MessageAnswered { status: 405, .. })
    ));
    let allowed = pair.responses(BOB, 405).remove(0);
    assert!(!allowed.allow().any(|method| method == Method::Message));
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Message { .. })), 0);
}

#[test]
fn text_outside_of_calls_is_the_applications_to_answer() {
    for seed in 0..20 {
        let mut pair = Pair::lossy(seed, 25);
        let (now, outside) = (pair.now, pair.outside(ALICE));
        let handle = pair
            .alice()
            .message(now, outside, "text/plain", "hello".into());
        pair.run_for(15_000);
        let request = respond(&mut pair, 200, None);
        assert_eq!(request.body(), "hello");
        assert!(!request.has(Name::Contact));
        pair.run_for(20_000);

        assert_eq!(final_status(&mut pair, handle), Some(200), "seed {seed}");
        assert_eq!(pair.count(BOB, |e| matches!(e, Event::Request { .. })), 0);
        pair.run_out();
    }
}

#[test]
fn a_challenge_of_a_text_is_answered_by_its_account() {
    let challenge = "Digest realm=\"here\", nonce=\"n\", qop=\"auth\"";
    for (password, status) in [(true, 202), (false, 401)] {
        let mut pair = Pair::with(everything);
        let (now, mut outside) = (pair.now, pair.outside(ALICE));
        let account = Account::new("alice", "secret", Some("here"), "192.0.2.2", [7; 32]);
        outside.account = password.then_some(account);
        let handle = pair
            .alice()
            .message(now, outside, "text/plain", "hello".into());
        pair.run_for(100);

        respond(&mut pair, 401, Some(challenge));
        if password {
            let again = respond(&mut pair, 202, None);
            assert!(again.has(Name::Authorization));
            assert_eq!(again.cseq().unwrap().number, 2);
            assert_eq!(again.body(), "hello");
        }

        assert_eq!(final_status(&mut pair, handle), Some(status));
        pair.run_out();
    }
}

#[test]
fn a_lamp_is_lit_at_a_phone_that_never_asked() {
    let mut pair = Pair::with(everything);
    let summary = MessageSummary {
        account: None,
        voice: MessageCounts {
            new: 2,
            ..MessageCounts::default()
        },
    };
    let (now, outside) = (pair.now, pair.outside(ALICE));
    let content = Some((media_type::MESSAGE_SUMMARY, summary.to_bytes()));
    let handle = (pair.alice()).notify_unasked(now, outside, "message-summary", content);
    pair.run_for(100);

    let notify = pair.requests(ALICE, Method::Notify).remove(0);
    assert_eq!(notify.header(Name::Event).unwrap(), "message-summary");
    assert_eq!(
        notify.header(Name::SubscriptionState).unwrap(),
        "terminated"
    );
    assert!(notify.has(Name::Contact));
    assert!(notify.body().starts_with(b"Messages-Waiting: yes"));
    // Bob is no phone: he has subscribed to nothing.
    assert_eq!(final_status(&mut pair, handle), Some(481));

    pair.loss = 100;
    let (now, outside) = (pair.now, pair.outside(ALICE));
    let handle = (pair.alice()).notify_unasked(now, outside, "message-summary", None);
    pair.run_for(33_000);
    assert!(matches!(
        pair.take(ALICE, |_| true),
        Some(Event::RequestTimedOut { handle: h }) if h == handle
    ));
    pair.run_out();
}

#[test]
fn a_phone_that_rings_is_told_to_answer() {
    let mut pair = Pair::with(everything);
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.alice().notify_unasked_within(now, alice, "talk", None);
    assert!(
        pair.requests(ALICE, Method::Notify).is_empty(),
        "nobody rings yet"
    );
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);

    let now = pair.now;
    pair.alice().notify_unasked_within(now, alice, "talk", None);
    pair.run_for(100);

    let notify = pair.requests(ALICE, Method::Notify).remove(0);
    let ringing = pair.responses(BOB, 180).remove(0);
    assert_eq!(notify.header(Name::Event).unwrap(), "talk");
    assert_eq!(notify.to().unwrap().tag(), ringing.to().unwrap().tag());
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_out();
}

/// Bob's application answers what came; returns it.
fn respond(pair: &mut Pair, status: u16, challenge: Option<&str>) -> crate::Request {
    let Some(Event::Request {
        handle, request, ..
    }) = pair.take(BOB, |e| matches!(e, Event::Request { .. }))
    else {
        panic!("no request");
    };
    let mut reply = Response::reply_to(&request, status);
    if let Some(challenge) = challenge {
        reply = reply.header(Name::WwwAuthenticate, challenge);
    }
    let now = pair.now;
    pair.bob().respond(now, handle, reply.finish());
    pair.run_for(100);
    request
}

fn final_status(pair: &mut Pair, wanted: RequestHandle) -> Option<u16> {
    let is_it = |e: &Event| {
        matches!(e, Event::Response { handle, response }
            if *handle == wanted && !response.is_provisional())
    };
    assert!(pair.count(ALICE, is_it) <= 1);
    match pair.take(ALICE, is_it)? {
        Event::Response { response, .. } => Some(response.status()),
        _ => None,
    }
}
