//! Transfers outside of calls: in dialogs of their own, with challenges, forks, and bad networks.

use super::pair::{ALICE, BOB, Pair, everything};
use super::transfers::{carol, end, outcome, progress, referred, report};
use crate::auth::Account;
use crate::{Event, Method, Name, ReferOutcome, SubscriptionEnd};

#[test]
fn a_transfer_outside_of_calls_has_a_dialog_of_its_own() {
    let mut pair = Pair::with(everything);
    let (now, outside) = (pair.now, pair.outside(ALICE));
    let refer = pair.alice().refer_outside(now, outside, &carol(), true);
    pair.run_for(100);
    let (asked, session, _) = referred(&mut pair);
    assert_eq!(session, None);
    assert_eq!(pair.alice().counters().subscriptions, 1);

    report(&mut pair, asked, 180);
    report(&mut pair, asked, 200);

    assert_eq!(progress(&mut pair), [100, 180]);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(200));
    assert_eq!(end(&mut pair, asked), SubscriptionEnd::Ended);
    pair.run_out();
}

#[test]
fn a_challenge_is_answered_and_a_second_notifier_is_turned_away() {
    let mut pair = Pair::with(everything);
    let (now, mut outside) = (pair.now, pair.outside(ALICE));
    let account = Account::new("alice", "secret", Some("here"), "192.0.2.2", [7; 32]);
    outside.account = Some(account);
    let refer = pair.alice().refer_outside(now, outside, &carol(), true);
    pair.run_for(100);
    let (stranger, ..) = referred(&mut pair);
    let challenge = (
        "WWW-Authenticate",
        "Digest realm=\"here\", nonce=\"n\", qop=\"auth\"",
    );
    let headers = [(challenge.0.to_owned(), challenge.1.to_owned())];
    let now = pair.now;
    pair.bob().refuse_refer(now, stranger, 401, &headers);
    pair.run_for(100);
    let (asked, ..) = referred(&mut pair);
    assert!(pair.requests(ALICE, Method::Refer)[1].has(Name::Authorization));
    let now = pair.now;
    pair.bob().accept_refer(now, asked);
    pair.run_for(100);

    let sent = pair.requests(ALICE, Method::Refer).remove(1);
    let from = sent.header(Name::From).unwrap();
    let notify = format!(
        "NOTIFY sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKfork\n\
         From: <sip:bob@192.0.2.2>;tag=other\nTo: {from}\nCall-ID: {}\nCSeq: 1 NOTIFY\n\
         Contact: <sip:bob@192.0.2.7>\nEvent: refer\nSubscription-State: active\n\
         Content-Length: 0\n\n",
        sent.call_id()
    );
    pair.inject(ALICE, "192.0.2.7:5060", &notify);
    assert_eq!(pair.responses(ALICE, 481).len(), 1);
    report(&mut pair, asked, 200);
    assert_eq!(outcome(&mut pair, refer), ReferOutcome::Done(200));
    pair.run_out();
}

#[test]
fn transfers_come_to_their_end_on_a_bad_network() {
    for seed in 0..40 {
        let mut pair = Pair::lossy(seed, 25);
        let (now, outside) = (pair.now, pair.outside(ALICE));
        let refer = pair.alice().refer_outside(now, outside, &carol(), true);
        while pair.count(BOB, |e| matches!(e, Event::Referred { .. })) == 0 {
            pair.run_for(100);
        }
        let Some(Event::Referred { refer: asked, .. }) =
            pair.take(BOB, |e| matches!(e, Event::Referred { .. }))
        else {
            panic!("seed {seed}: never asked");
        };
        let now = pair.now;
        pair.bob().accept_refer(now, asked);
        pair.run_for(5);
        for status in [180, 183, 200] {
            let now = pair.now;
            pair.bob().report_refer(now, asked, status);
        }
        pair.run_for(60_000);

        let asked_again = pair.count(BOB, |e| matches!(e, Event::Referred { .. }));
        assert_eq!(asked_again, 0, "seed {seed}");
        assert_eq!(
            outcome(&mut pair, refer),
            ReferOutcome::Done(200),
            "seed {seed}"
        );
        pair.run_out();
    }
}
