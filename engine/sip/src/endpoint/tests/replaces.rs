//! Calls that take the place of others: RFC 3891 §3.

use super::pair::{ALICE, ANSWER, BOB, Pair, everything};
use crate::{Event, Method, Outgoing, Replaces, SessionId};

#[test]
fn a_call_takes_the_place_of_another_that_stands() {
    let mut pair = Pair::with(everything);
    let (alice, bob) = pair.talk();
    let named = named(&pair, false);

    let second = pair.call_with(|call| replace(call, &named));
    pair.run_for(100);
    let Some(Event::Incoming {
        session, replaces, ..
    }) = pair.take(BOB, |e| matches!(e, Event::Incoming { .. }))
    else {
        panic!("no call came in");
    };
    assert_eq!(replaces, Some(bob));
    let now = pair.now;
    pair.bob().accept(now, session, Some(ANSWER));
    pair.bob().hang_up(now, bob, None);
    pair.run_for(100);

    let answered = pair.take(ALICE, |e| matches!(e, Event::Answered { .. }));
    assert!(matches!(answered, Some(Event::Answered { session, .. }) if session == second));
    let ended = pair.take(ALICE, |e| matches!(e, Event::Ended { .. }));
    assert!(matches!(ended, Some(Event::Ended { session, .. }) if session == alice));
    finish(&mut pair, second);
}

#[test]
fn a_call_is_found_again_by_the_name_that_it_is_given() {
    let mut pair = Pair::with(everything);
    let (alice, bob) = pair.talk();

    let name = pair.alice().name_of(alice).unwrap();
    assert_eq!(pair.alice().session_of(&name), Some(alice));
    let other_end = pair.bob().name_of(bob).unwrap();
    assert_eq!(
        (other_end.to_tag, other_end.from_tag),
        (name.from_tag, name.to_tag)
    );

    let now = pair.now;
    let unheard = pair.call_with(|_| {});
    assert_eq!(pair.alice().name_of(unheard), None);
    pair.alice().hang_up(now, unheard, None);
    finish(&mut pair, alice);
    assert_eq!(pair.alice().name_of(alice), None);
}

#[test]
fn an_answered_call_is_no_early_one() {
    let mut pair = Pair::with(everything);
    let (alice, _) = pair.talk();
    let named = named(&pair, true);

    assert_eq!(refusal(&mut pair, &named), 486);

    finish(&mut pair, alice);
}

#[test]
fn a_call_that_nobody_knows_or_that_only_rings_here_is_not_replaced() {
    let mut pair = Pair::with(everything);
    let (alice, bob) = pair.talk();
    let right = named(&pair, false);
    for wrong in [
        "nobody;to-tag=1;from-tag=2".to_owned(),
        right.replace("from-tag=", "from-tag=x"),
        right.replace("to-tag=", "to-tag=x"),
    ] {
        assert_eq!(refusal(&mut pair, &wrong), 481, "{wrong}");
    }
    assert_eq!(refusal(&mut pair, "nonsense"), 400);
    let now = pair.now;
    // Bob's BYE is not answered for a while: his call is over, and known.
    pair.loss = 100;
    pair.bob().hang_up(now, bob, None);
    pair.run_for(10);
    pair.loss = 0;
    assert_eq!(refusal(&mut pair, &right), 603);
    finish(&mut pair, alice);

    let mut pair = Pair::with(everything);
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let ringing = pair.responses(BOB, 180).remove(0);
    let named = format!(
        "{};to-tag={};from-tag={}",
        invite.call_id(),
        ringing.to().unwrap().tag().unwrap(),
        invite.from().unwrap().tag().unwrap(),
    );
    assert_eq!(refusal(&mut pair, &named), 481);
    finish(&mut pair, alice);
}

/// A pick-up: Bob's phone rings for a call of Alice's, and somebody takes that over at her.
#[test]
fn a_call_of_ours_that_rings_elsewhere_can_be_picked_up() {
    let mut pair = Pair::with(everything);
    let alice = pair.call();
    pair.run_for(100);
    let bob = pair.incoming();
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let ringing = pair.responses(BOB, 180).remove(0);

    let text = format!(
        "INVITE sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKpick\n\
         From: <sip:carol@192.0.2.3>;tag=c\nTo: <sip:alice@192.0.2.1>\nCall-ID: pick\n\
         CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:carol@192.0.2.3>\nRequire: replaces\n\
         Replaces: {};to-tag={};from-tag={};early-only\nContent-Length: 0\n\n",
        invite.call_id(),
        invite.from().unwrap().tag().unwrap(),
        ringing.to().unwrap().tag().unwrap(),
    );
    pair.inject(ALICE, "192.0.2.3:5060", &text);

    let Some(Event::Incoming {
        session, replaces, ..
    }) = pair.take(ALICE, |e| matches!(e, Event::Incoming { .. }))
    else {
        panic!("no call came in");
    };
    assert_eq!(replaces, Some(alice));
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.alice().reject(now, session, 480, &[]);
    pair.run_out();
    assert_eq!(pair.requests(ALICE, Method::Cancel).len(), 1);
}

/// What watchers are told lets them pick up, and speak in the dialog not at all.
#[test]
fn an_alias_means_a_call_while_it_rings_and_says_nothing_of_its_dialog() {
    let mut pair = Pair::with(everything);
    let alice = pair.call();
    pair.run_for(100);
    assert_eq!(pair.alice().alias_of(alice), None, "nobody rings yet");
    let bob = pair.incoming();
    assert_eq!(pair.bob().alias_of(bob), None, "it rings here");
    let now = pair.now;
    pair.bob().ring(now, bob, 180, None);
    pair.run_for(100);

    let alias = pair.alice().alias_of(alice).unwrap();
    assert_eq!(pair.alice().alias_of(alice).as_ref(), Some(&alias));
    let name = pair.alice().name_of(alice).unwrap();
    assert_ne!(alias.call_id, name.call_id);
    assert_ne!(alias.to_tag, name.to_tag);
    assert_ne!(alias.from_tag, name.from_tag);
    assert_eq!(pair.alice().session_of(&alias), None, "no REFER finds it");

    // From the phone's own address, in what is no dialog: not even that is believed.
    let bye = format!(
        "BYE sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKbye\n\
         From: <sip:bob@192.0.2.2>;tag={}\nTo: <sip:alice@192.0.2.1>;tag={}\nCall-ID: {}\n\
         CSeq: 9 BYE\nMax-Forwards: 70\nContent-Length: 0\n\n",
        alias.from_tag, alias.to_tag, alias.call_id,
    );
    pair.inject(ALICE, "192.0.2.2:5060", &bye);
    assert_eq!(pair.responses(ALICE, 481).len(), 1);

    let replaces = |named: &str| picking_up(&alias, named);
    pair.inject(ALICE, "192.0.2.3:5060", &replaces("first"));
    let Some(Event::Incoming {
        session,
        replaces: meant,
        ..
    }) = pair.take(ALICE, |e| matches!(e, Event::Incoming { .. }))
    else {
        panic!("no call came in");
    };
    assert_eq!(meant, Some(alice));
    let now = pair.now;
    pair.alice().reject(now, session, 480, &[]);

    pair.bob().accept(now, bob, Some(ANSWER));
    pair.run_for(100);
    assert_eq!(pair.alice().alias_of(alice), None);
    pair.inject(ALICE, "192.0.2.3:5060", &replaces("second"));
    assert_eq!(pair.responses(ALICE, 481).len(), 2, "it is answered");
    finish(&mut pair, alice);
}

fn picking_up(alias: &Replaces, call: &str) -> String {
    format!(
        "INVITE sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK{call}\n\
         From: <sip:carol@192.0.2.3>;tag=c\nTo: <sip:alice@192.0.2.1>\nCall-ID: {call}\n\
         CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:carol@192.0.2.3>\nRequire: replaces\n\
         Replaces: {};to-tag={};from-tag={}\nContent-Length: 0\n\n",
        alias.call_id, alias.to_tag, alias.from_tag,
    )
}

#[test]
fn who_does_not_serve_it_says_so_or_rings() {
    let mut pair = Pair::new();
    let (alice, _) = pair.talk();
    let named = named(&pair, false);

    let second = pair.call_with(|call| replace(call, &named));
    pair.run_for(100);
    let incoming = pair.take(BOB, |e| matches!(e, Event::Incoming { .. }));
    assert!(matches!(
        incoming,
        Some(Event::Incoming { replaces: None, .. })
    ));
    let now = pair.now;
    pair.alice().hang_up(now, second, None);
    pair.run_for(100);

    pair.call_with(|call| {
        replace(call, &named);
        call.headers
            .push(("Require".to_owned(), "replaces".to_owned()));
    });
    pair.run_for(100);
    assert_eq!(pair.responses(BOB, 420).len(), 1);
    finish(&mut pair, alice);
}

/// The call of [`Pair::talk`], named from Bob's end.
fn named(pair: &Pair, early_only: bool) -> String {
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let ok = pair.responses(BOB, 200).remove(0);
    let early_only = if early_only { ";early-only" } else { "" };
    format!(
        "{};from-tag={};to-tag={}{early_only}",
        invite.call_id(),
        invite.from().unwrap().tag().unwrap(),
        ok.to().unwrap().tag().unwrap(),
    )
}

fn replace(call: &mut Outgoing, named: &str) {
    call.headers.push(("Replaces".to_owned(), named.to_owned()));
}

/// The status that Bob refuses such a call with.
fn refusal(pair: &mut Pair, named: &str) -> u16 {
    let session = pair.call_with(|call| replace(call, named));
    pair.run_for(100);
    let is_it = |e: &Event| matches!(e, Event::Refused { session: s, .. } if *s == session);
    match pair.take(ALICE, is_it) {
        Some(Event::Refused { status, .. }) => status,
        _ => panic!("not refused: {:?}", pair.sides[ALICE]),
    }
}

fn finish(pair: &mut Pair, alice: SessionId) {
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_out();
}
