//! Subscriptions outlive a restart of the exchange, and their phones notice nothing of it.

use super::subscriber::Phone;
use super::subscriptions::{LAMP, end, unsubscribe, whole};
use crate::{Endpoint, EndpointConfig, Event, SavedSubscription, SubscriptionEnd, SubscriptionId};

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
