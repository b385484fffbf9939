//! Transfers: who asks, who is asked, and how it is told. RFC 3515, RFC 4488.

use super::pair::{ALICE, BOB, Pair, everything};
use crate::{
    Event, Method, Name, ReferOutcome, ReferTo, Replaces, Response, SessionId, SubscriptionEnd,
    SubscriptionId, Uri,
};

#[test]
fn a_transfer_is_agreed_to_and_told_to_its_end() {
    let (mut pair, alice, bob) = talking();
    let refer = ask(&mut pair, alice, true);
    let asked = referred(&mut pair);
    assert_eq!(asked.1, Some(bob));
    assert_eq!(asked.2.uri().to_string(), "sip:carol@example.com");

    for status in [180, 183, 200] {
        report(&mut pair, asked.0, status);
    }

    assert_eq!(pair.responses(BOB, 202).len(), 1);
    assert_eq!(progress(&mut pair), [100, 180, 183]);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(200));
    assert_eq!(end(&mut pair, asked.0), SubscriptionEnd::Ended);
    let notifies = pair.requests(BOB, Method::Notify);
    let bodies: Vec<_> = notifies.iter().map(|n| n.body().clone()).collect();
    assert_eq!(bodies[0], "SIP/2.0 100 Trying\r\n");
    assert_eq!(bodies[3], "SIP/2.0 200 OK\r\n");
    for notify in &notifies {
        assert_eq!(notify.header(Name::Event).unwrap(), "refer");
        assert!(notify.is_content_type("message/sipfrag"));
    }
    let state = notifies[0].header(Name::SubscriptionState).unwrap();
    assert!(state.to_str().starts_with("active;expires="), "{state}");
    let state = notifies[3].header(Name::SubscriptionState).unwrap();
    assert_eq!(state, "terminated;reason=noresource");
    hang_up_all(&mut pair, alice);
}

#[test]
fn news_go_on_when_the_call_is_over() {
    let (mut pair, alice, bob) = talking();
    let refer = ask(&mut pair, alice, true);
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    pair.run_for(100);
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(100);
    assert!(
        pair.take(
            BOB,
            |e| matches!(e, Event::Ended { session, .. } if *session == bob)
        )
        .is_some()
    );

    pair.run_for(20_000);
    report(&mut pair, asked, 486);

    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(486));
    pair.run_out();
}

/// One phone says BYE as soon as it has its 202, another NOTIFY is on its way then.
#[test]
fn who_asked_may_hang_up_and_still_hears_how_it_went() {
    let (mut pair, alice, bob) = talking();
    let refer = ask(&mut pair, alice, true);
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    pair.bob().hang_up(now, bob, None);
    pair.run_for(1_000);

    report(&mut pair, asked, 200);

    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(200));
    pair.run_out();
}

#[test]
fn who_wants_no_news_gets_none() {
    let (mut pair, alice, _) = talking();
    let refer = ask(&mut pair, alice, false);
    let (asked, ..) = referred(&mut pair);

    report(&mut pair, asked, 200);

    let accepted = pair.responses(BOB, 202).remove(0);
    assert_eq!(accepted.header(Name::ReferSub).unwrap(), "false");
    assert!(pair.requests(BOB, Method::Notify).is_empty());
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Unreported);
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Ended);
    hang_up_all(&mut pair, alice);
}

#[test]
fn a_refusal_is_told_and_the_call_goes_on() {
    let (mut pair, alice, bob) = talking();
    let refer = ask(&mut pair, alice, true);
    let (asked, ..) = referred(&mut pair);

    let now = pair.now;
    pair.bob().refuse_refer(now, asked, 603, &[]);
    pair.run_for(100);

    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Refused(603));
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Refused);
    let now = pair.now;
    pair.bob()
        .message_within(now, bob, "text/plain", "still here".into());
    pair.run_for(100);
    assert!(
        pair.take(ALICE, |e| matches!(e, Event::Message { .. }))
            .is_some()
    );
    hang_up_all(&mut pair, alice);
}

#[test]
fn silence_ends_each_side_in_time() {
    let (mut pair, alice, _) = talking();
    // Nobody decides.
    let refer = ask(&mut pair, alice, true);
    let (undecided, ..) = referred(&mut pair);
    pair.run_for(33_000);
    assert_eq!(end(&mut pair, undecided), SubscriptionEnd::Refused);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Refused(500));

    // It is agreed to, and nothing more is said: the news run out.
    let refer = ask(&mut pair, alice, true);
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    pair.run_for(301_000);
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Expired);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Unreported);

    // Nothing arrives at all.
    pair.loss = 100;
    let refer = ask(&mut pair, alice, true);
    pair.run_for(33_000);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Refused(408));
    pair.run_out_all(alice);
}

#[test]
fn who_agrees_and_never_notifies_is_not_waited_for() {
    let (mut pair, alice, _) = talking();
    pair.drop = Some(|side, message| {
        matches!(message, crate::Message::Request(request)
            if side == BOB && *request.method() == Method::Notify)
    });
    let refer = ask(&mut pair, alice, true);
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);

    pair.run_for(40_000);

    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Unreported);
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Gone);
    hang_up_all(&mut pair, alice);
}

#[test]
fn several_transfers_of_one_call_are_told_apart_and_bounded() {
    let (mut pair, alice, _) = talking();
    let mut refers = Vec::new();
    let mut asked = Vec::new();
    for _ in 0..4 {
        refers.push(ask(&mut pair, alice, true));
        asked.push(referred(&mut pair).0);
    }
    let (now, to) = (pair.now, carol());
    assert_eq!(pair.alice().refer(now, alice, &to, None, true), None);

    for (index, asked) in asked.iter().enumerate().rev() {
        report(&mut pair, *asked, 200 + index as u16);
    }

    for (index, refer) in refers.iter().enumerate() {
        let expected = ReferOutcome::Done(200 + index as u16);
        assert_eq!(outcome(&mut pair, *refer), expected);
    }
    let number = pair.requests(ALICE, Method::Refer)[1]
        .cseq()
        .unwrap()
        .number;
    let event = format!("refer;id={number}");
    let notifies = pair.requests(BOB, Method::Notify);
    assert!(
        notifies
            .iter()
            .any(|n| n.header(Name::Event).unwrap() == *event)
    );
    hang_up_all(&mut pair, alice);
}

#[test]
fn a_fifth_transfer_at_once_is_put_off() {
    let (mut pair, alice, _) = talking();
    for number in 0..6 {
        inside(&mut pair, "REFER", 10 + number, "Refer-To: <sip:c@d>\n");
    }

    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Referred { .. })), 4);
    assert_eq!(pair.responses(BOB, 503).len(), 2);
    pair.run_for(40_000);
    hang_up_all(&mut pair, alice);
}

#[test]
fn what_is_no_transfer_is_refused() {
    let (mut pair, alice, _) = talking();
    for (number, (header, status)) in [
        ("", 400),
        ("Refer-To: nonsense\n", 400),
        ("Refer-To: <sip:c@d?Replaces=x>\n", 400),
        ("Refer-To: <sip:c@d>\nRefer-To: <sip:e@f>\n", 400),
    ]
    .into_iter()
    .enumerate()
    {
        inside(&mut pair, "REFER", 10 + number as u32, header);
        assert!(!pair.responses(BOB, status).is_empty(), "{header}");
    }
    assert_eq!(pair.count(BOB, |e| matches!(e, Event::Referred { .. })), 0);
    hang_up_all(&mut pair, alice);

    let mut pair = Pair::new();
    let (alice, _) = pair.talk();
    let now = pair.now;
    let refer = pair
        .alice()
        .refer(now, alice, &carol(), None, true)
        .unwrap();
    pair.run_for(100);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Refused(603));
    hang_up_all(&mut pair, alice);
}

#[test]
fn the_news_of_a_transfer_can_be_prolonged_and_ended_but_no_others_begun() {
    let (mut pair, alice, _) = talking();
    inside(&mut pair, "REFER", 10, "Refer-To: <sip:c@d>\n");
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    pair.run_for(33_000);
    assert_eq!(
        end(&mut pair, asked),
        SubscriptionEnd::Gone,
        "481 from Alice"
    );

    inside(&mut pair, "SUBSCRIBE", 11, "Event: refer\nExpires: 60\n");
    inside(&mut pair, "SUBSCRIBE", 12, "Event: dialog\nExpires: 60\n");
    assert_eq!(pair.responses(BOB, 481).len(), 1);
    let allowed = pair.responses(BOB, 489).remove(0);
    let allowed: Vec<_> = allowed.allow_events().map(|e| e.to_string()).collect();
    assert_eq!(allowed, ["message-summary", "dialog", "refer"]);

    pair.loss = 100;
    inside(&mut pair, "REFER", 13, "Refer-To: <sip:c@d>\n");
    let (asked, ..) = referred(&mut pair);
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    inside(
        &mut pair,
        "SUBSCRIBE",
        14,
        "Event: refer;id=13\nExpires: 0\n",
    );
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Unsubscribed);
    pair.run_for(33_000);
    pair.loss = 0;
    hang_up_all(&mut pair, alice);
}

#[test]
fn an_attended_transfer_names_the_call_to_replace() {
    let (mut pair, alice, bob) = talking();
    let sent = pair.requests(ALICE, Method::Invite).remove(0);
    let ok = pair.responses(BOB, 200).remove(0);
    // From Bob's end: his own tag is in To.
    let replaces = Replaces {
        call_id: sent.call_id(),
        to_tag: ok.to().unwrap().tag().unwrap(),
        from_tag: sent.from().unwrap().tag().unwrap(),
        early_only: false,
    };
    let to = ReferTo::replacing(&carol().uri(), &replaces);
    let now = pair.now;
    let refer = pair.alice().refer(now, alice, &to, None, true).unwrap();
    pair.run_for(100);
    let (asked, _, to) = referred(&mut pair);

    let named = to.replaces().unwrap().unwrap();

    assert_eq!(pair.bob().session_of(&named), Some(bob));
    let other_end = Replaces {
        to_tag: named.from_tag.clone(),
        from_tag: named.to_tag.clone(),
        ..named
    };
    assert_eq!(pair.bob().session_of(&other_end), None);
    assert_eq!(pair.alice().session_of(&other_end), Some(alice));
    report(&mut pair, asked, 200);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(200));
    hang_up_all(&mut pair, alice);
}

impl Pair {
    /// Hangs up, and lets time pass until nothing is left.
    fn run_out_all(&mut self, alice: SessionId) {
        self.loss = 0;
        self.drop = None;
        hang_up_all(self, alice);
    }
}

fn talking() -> (Pair, SessionId, SessionId) {
    let mut pair = Pair::with(everything);
    let (alice, bob) = pair.talk();
    (pair, alice, bob)
}

pub(super) fn carol() -> ReferTo {
    ReferTo::to(&Uri::parse("sip:carol@example.com").unwrap())
}

/// Alice asks Bob to call Carol.
fn ask(pair: &mut Pair, alice: SessionId, wants_news: bool) -> SubscriptionId {
    let now = pair.now;
    let refer = pair.alice().refer(now, alice, &carol(), None, wants_news);
    pair.run_for(100);
    refer.unwrap()
}

pub(super) fn referred(pair: &mut Pair) -> (SubscriptionId, Option<SessionId>, Box<ReferTo>) {
    match pair.take(BOB, |e| matches!(e, Event::Referred { .. })) {
        Some(Event::Referred {
            refer, session, to, ..
        }) => (refer, session, to),
        _ => panic!("nobody asked: {:?}", pair.sides[BOB]),
    }
}

/// Bob agrees if he has not yet, and tells how it goes.
pub(super) fn report(pair: &mut Pair, refer: SubscriptionId, status: u16) {
    let now = pair.now;
    pair.bob().accept_refer(now, refer);
    pair.run_for(100);
    let now = pair.now;
    pair.bob().report_refer(now, refer, status);
    pair.run_for(100);
}

pub(super) fn progress(pair: &mut Pair) -> Vec<u16> {
    let next = || match pair.take(ALICE, |e| matches!(e, Event::ReferProgress { .. }))? {
        Event::ReferProgress { status, .. } => Some(status),
        _ => None,
    };
    std::iter::from_fn(next).collect()
}

pub(super) fn outcome(pair: &mut Pair, wanted: SubscriptionId) -> ReferOutcome {
    let is_it = |e: &Event| matches!(e, Event::ReferEnded { refer, .. } if *refer == wanted);
    assert_eq!(pair.count(ALICE, is_it), 1, "{:?}", pair.sides[ALICE]);
    match pair.take(ALICE, is_it) {
        Some(Event::ReferEnded { outcome, .. }) => outcome,
        _ => unreachable!(),
    }
}

pub(super) fn end(pair: &mut Pair, wanted: SubscriptionId) -> SubscriptionEnd {
    let is_it = |e: &Event| matches!(e, Event::SubscriptionEnded { subscription, .. } if *subscription == wanted);
    assert_eq!(pair.count(BOB, is_it), 1, "{:?}", pair.sides[BOB]);
    match pair.take(BOB, is_it) {
        Some(Event::SubscriptionEnded { why, .. }) => why,
        _ => unreachable!(),
    }
}

/// Something in Alice's dialog that her endpoint would not send.
fn inside(pair: &mut Pair, method: &str, number: u32, headers: &str) {
    let invite = pair.requests(ALICE, Method::Invite).remove(0);
    let ok: Response = pair.responses(BOB, 200).remove(0);
    let text = format!(
        "{method} sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{method}{number}\n\
         From: {}\nTo: {}\nCall-ID: {}\nCSeq: {number} {method}\nMax-Forwards: 70\n\
         Contact: <sip:alice@192.0.2.1>\n{headers}Content-Length: 0\n\n",
        invite.header(Name::From).unwrap(),
        ok.header(Name::To).unwrap(),
        invite.call_id(),
    );
    pair.inject(BOB, "192.0.2.1:5060", &text);
    pair.run_for(50);
}

/// Both hang up: requests that were slipped in have used up Alice's numbers.
fn hang_up_all(pair: &mut Pair, alice: SessionId) {
    let now = pair.now;
    pair.alice().hang_up(now, alice, None);
    pair.run_for(1_000);
    let bobs: Vec<SessionId> = pair.bob().sessions.keys().copied().collect();
    for session in bobs {
        let now = pair.now;
        pair.bob().hang_up(now, session, None);
    }
    pair.run_out();
}
