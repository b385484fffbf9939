//! Calls of ours that a proxy forks: several phones ring, several may answer.

use super::pair::{ALICE, Pair};
use crate::{EarlyId, Event, Method, Name, Request};

#[test]
fn each_phone_that_rings_is_told_apart() {
    let mut pair = Pair::new();
    let invite = invite(&mut pair);

    for tag in ["one", "two", "one"] {
        respond(&mut pair, &invite, "180 Ringing", tag, "");
    }

    let early: Vec<EarlyId> = std::iter::from_fn(|| pair.take(ALICE, |_| true))
        .filter_map(|event| match event {
            Event::Progress { early, .. } => Some(early),
            _ => None,
        })
        .collect();
    assert_eq!(early.len(), 3);
    assert_ne!(early[0], early[1]);
    assert_eq!(early[0], early[2]);
}

#[test]
fn the_first_answer_is_taken_and_the_second_acknowledged_and_ended() {
    let mut pair = Pair::new();
    let invite = invite(&mut pair);
    respond(&mut pair, &invite, "180 Ringing", "one", "");
    respond(&mut pair, &invite, "180 Ringing", "two", "");

    respond(&mut pair, &invite, "200 OK", "two", "");
    respond(&mut pair, &invite, "200 OK", "one", "");
    respond(&mut pair, &invite, "200 OK", "one", "");
    respond(&mut pair, &invite, "200 OK", "two", "");

    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Answered { .. })),
        1
    );
    let acks = tags(&pair.requests(ALICE, Method::Ack));
    assert_eq!(acks, ["two", "one", "one", "two"]);
    assert_eq!(tags(&pair.requests(ALICE, Method::Bye)), ["one"]);
    assert_eq!(pair.count(ALICE, |e| matches!(e, Event::Ended { .. })), 0);
}

#[test]
fn an_answer_after_the_call_was_over_is_ended_too() {
    let mut pair = Pair::new();
    let invite = invite(&mut pair);
    respond(&mut pair, &invite, "200 OK", "one", "");
    let Some(Event::Answered { session, .. }) =
        pair.take(ALICE, |e| matches!(e, Event::Answered { .. }))
    else {
        panic!("not answered");
    };
    let now = pair.now;
    pair.alice().hang_up(now, session, None);
    pair.run_for(1);
    let bye = pair.requests(ALICE, Method::Bye).remove(0);
    let ok = crate::Response::reply_to(&bye, 200).finish();
    let ok = String::from_utf8(ok.to_bytes().to_vec())
        .unwrap()
        .replace("\r\n", "\n");
    pair.inject(ALICE, "192.0.2.2:5060", &ok);
    assert_eq!(pair.alice().counters().sessions, 0);

    respond(&mut pair, &invite, "200 OK", "late", "");

    assert_eq!(tags(&pair.requests(ALICE, Method::Bye)), ["one", "late"]);
    assert_eq!(tags(&pair.requests(ALICE, Method::Ack)), ["one", "late"]);
}

#[test]
fn reliable_responses_of_two_phones_have_numbers_of_their_own() {
    let mut pair = Pair::new();
    let invite = invite(&mut pair);

    respond(
        &mut pair,
        &invite,
        "183 Progress",
        "one",
        "Require: 100rel\nRSeq: 10\n",
    );
    respond(
        &mut pair,
        &invite,
        "183 Progress",
        "two",
        "Require: 100rel\nRSeq: 700\n",
    );
    respond(
        &mut pair,
        &invite,
        "183 Progress",
        "one",
        "Require: 100rel\nRSeq: 12\n",
    );
    respond(
        &mut pair,
        &invite,
        "183 Progress",
        "one",
        "Require: 100rel\nRSeq: 11\n",
    );

    let pracks = pair.requests(ALICE, Method::Prack);
    let numbers: Vec<u32> = pracks
        .iter()
        .map(|prack| prack.rack().unwrap().unwrap().rseq)
        .collect();
    assert_eq!(numbers, [10, 700, 11]);
    assert_eq!(tags(&pracks), ["one", "two", "one"]);
}

#[test]
fn a_flood_of_forks_is_bounded() {
    let mut pair = Pair::new();
    let invite = invite(&mut pair);

    for number in 0..100 {
        respond(&mut pair, &invite, "180 Ringing", &format!("t{number}"), "");
    }

    assert_eq!(
        pair.count(ALICE, |e| matches!(e, Event::Progress { .. })),
        16
    );
}

/// Alice calls into the void; returns her INVITE.
fn invite(pair: &mut Pair) -> Request {
    pair.loss = 100;
    pair.call();
    pair.run_for(1);
    pair.requests(ALICE, Method::Invite).remove(0)
}

fn respond(pair: &mut Pair, invite: &Request, status: &str, tag: &str, extra: &str) {
    let text = format!(
        "SIP/2.0 {status}
Via: {}
{extra}From: {}
To: <sip:bob@192.0.2.2>;tag={tag}
Call-ID: {}
CSeq: 1 INVITE
Contact: <sip:{tag}@192.0.2.2:5060>
Content-Length: 0

",
        invite.header(Name::Via).unwrap(),
        invite.header(Name::From).unwrap(),
        invite.call_id(),
    );
    pair.inject(ALICE, "192.0.2.2:5060", &text);
}

fn tags(requests: &[Request]) -> Vec<String> {
    let tags = requests
        .iter()
        .map(|request| request.to().unwrap().tag().unwrap().to_string());
    tags.collect()
}
