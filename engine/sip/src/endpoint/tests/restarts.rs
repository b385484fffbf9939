//! Subscriptions outlive a restart of the exchange, and their phones notice nothing of it; calls do
//! not, and their phones are told.

use super::pair::{ALICE, BOB, Pair};
use super::subscriber::Phone;
use super::subscriptions::{LAMP, end, unsubscribe, whole};
use crate::{
    EndedWhy, Endpoint, EndpointConfig, Event, Method, Name, Reason, SavedSubscription,
    SubscriptionEnd, SubscriptionId,
};

/// Another run of the exchange, with other secrets, that knows what was recorded.
fn restart(phone: &mut Phone, saved: &SavedSubscription) -> Option<SubscriptionId> {
    let mut config = EndpointConfig {
        seed: 77,
        ..EndpointConfig::default()
    };
    super::pair::everything(&mut config);
    phone.endpoint = Endpoint::new(config);
    phone.events.clear();
    let now = phone.now;
    (phone.endpoint).restore_subscription(now, 5_000, saved, "1050")
}

fn saved(phone: &Phone, lamp: SubscriptionId) -> SavedSubscription {
    (phone.endpoint)
        .save_subscription(phone.now, 0, lamp)
        .unwrap()
}

#[test]
fn a_phone_is_told_on_in_the_same_dialog_with_higher_numbers() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let kept = saved(&phone, lamp);
    assert_eq!(
        (&*kept.event, &*kept.resource),
        ("dialog;id=7", "sip:1049@192.0.2.9")
    );
    for number in 1..9 {
        let now = phone.now;
        phone.endpoint.notify(now, lamp, whole(number));
        phone.run_for(1_000);
    }
    let before = phone.notified.last().unwrap().clone();

    let again = restart(&mut phone, &kept).unwrap();
    let now = phone.now;
    phone.endpoint.notify(now, again, whole(9));
    phone.run_for(1_000);

    assert_eq!(phone.told().1, "whole 9");
    let after = phone.notified.last().unwrap();
    for (one, other) in [
        (before.from().unwrap().text(), after.from().unwrap().text()),
        (before.to().unwrap().text(), after.to().unwrap().text()),
        (&before.call_id(), &after.call_id()),
    ] {
        assert_eq!(one, other);
    }
    assert!(after.cseq().unwrap().number > before.cseq().unwrap().number);
    // The phone refreshes it as ever,
    phone.subscribe(LAMP);
    assert_eq!(phone.answers.pop().unwrap().status(), 200);
    assert!(
        phone
            .take(|e| matches!(e, Event::StateWanted { .. }))
            .is_some()
    );
    // and what it has said before is not said again.
    unsubscribe(&mut phone, again);
}

#[test]
fn it_lasts_as_long_as_it_would_have_and_no_clock_makes_it_last_longer() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let kept = saved(&phone, lamp);

    let again = restart(&mut phone, &kept).unwrap();
    phone.run_for(590_000);
    assert_eq!(end(&mut phone, again), None);
    phone.run_for(5_000);
    assert_eq!(end(&mut phone, again), Some(SubscriptionEnd::Expired));

    let expired = SavedSubscription {
        expires_unix_ms: 5_000,
        ..kept.clone()
    };
    assert_eq!(restart(&mut phone, &expired), None);
    let immortal = SavedSubscription {
        expires_unix_ms: u64::MAX,
        ..kept
    };
    let long = restart(&mut phone, &immortal).unwrap();
    phone.run_for(3_600_000);
    assert_eq!(end(&mut phone, long), Some(SubscriptionEnd::Expired));
}

#[test]
fn a_phone_that_was_switched_off_meanwhile_takes_its_own_place() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let kept = saved(&phone, lamp);
    let again = restart(&mut phone, &kept).unwrap();

    phone.restart();
    let anew = phone.subscribed(LAMP, "1050");

    assert_eq!(end(&mut phone, again), Some(SubscriptionEnd::Superseded));
    assert_eq!(phone.endpoint.counters().subscriptions, 1);
    unsubscribe(&mut phone, anew);
}

#[test]
fn what_cannot_be_read_is_left_out() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let kept = saved(&phone, lamp);
    let changes: [fn(&mut SavedSubscription); 5] = [
        |saved| saved.event = "<>".to_owned(),
        |saved| saved.dialog.local = "<sip:1049@192.0.2.9>".to_owned(),
        |saved| saved.dialog.remote = "<".to_owned(),
        |saved| saved.dialog.target = "not a URI".to_owned(),
        |saved| saved.dialog.routes = vec!["<".to_owned()],
    ];
    for change in changes {
        let mut broken = kept.clone();
        change(&mut broken);

        assert_eq!(restart(&mut phone, &broken), None, "{broken:?}");
        assert!(phone.endpoint.is_empty());
    }
    let asked = Phone::new().endpoint.save_subscription(phone.now, 0, lamp);
    assert_eq!(asked, None, "nobody knows that one");
}

#[test]
fn the_far_end_of_a_call_that_was_cut_is_told_that_it_is_over() {
    for side in [ALICE, BOB] {
        let mut pair = Pair::new();
        let ringing = pair.call();
        assert_eq!(pair.alice().save_call(ringing), None, "nobody talks yet");
        let mut pair = Pair::new();
        let (alice, bob) = pair.talk();
        let session = if side == ALICE { alice } else { bob };
        let kept = pair.sides[side].endpoint.save_call(session).unwrap();

        pair.sides[side].endpoint = Endpoint::new(EndpointConfig {
            seed: 77,
            ..EndpointConfig::default()
        });
        let now = pair.now;
        let reason = Reason {
            protocol: "Q.850".into(),
            cause: Some(41),
            text: None,
        };
        (pair.sides[side].endpoint).end_left_over(now, &kept, &reason);
        pair.run_for(100);

        let bye = pair.requests(side, Method::Bye).remove(0);
        assert_eq!(bye.header(Name::Reason).unwrap(), "Q.850;cause=41");
        let ended = pair.take(1 - side, |e| matches!(e, Event::Ended { .. }));
        assert!(matches!(
            ended,
            Some(Event::Ended {
                why: EndedWhy::Bye(_),
                ..
            })
        ));
        assert!(pair.sides[side].events.is_empty());
        pair.run_out();
    }
}

#[test]
fn who_does_not_answer_the_end_of_a_call_that_was_cut_is_forgotten() {
    let mut pair = Pair::new();
    let (_, bob) = pair.talk();
    let kept = pair.bob().save_call(bob).unwrap();
    let reason = Reason {
        protocol: "SIP".into(),
        cause: Some(503),
        text: None,
    };

    pair.sides[BOB].endpoint = Endpoint::new(EndpointConfig::default());
    pair.loss = 100;
    let now = pair.now;
    pair.bob().end_left_over(now, &kept, &reason);
    pair.run_for(33_000);

    assert!(pair.bob().is_empty());
    assert!(
        pair.sides[BOB]
            .events
            .iter()
            .all(|e| !matches!(e, Event::Ended { .. }))
    );
    let broken = crate::SavedDialog {
        target: "nonsense".to_owned(),
        ..kept
    };
    let now = pair.now;
    pair.bob().end_left_over(now, &broken, &reason);
    assert!(pair.bob().is_empty());
}
