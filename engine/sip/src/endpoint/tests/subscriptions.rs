//! Subscriptions of phones: RFC 6665 §4.2, on good networks and bad ones.

use proptest::prelude::*;

use super::subscriber::Phone;
use crate::{
    Event, Method, Name, Notice, Request, SubscriptionEnd, SubscriptionId, Termination, Text,
};

#[test]
fn a_phone_is_told_the_state_at_once_and_each_change() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    assert_eq!(
        phone.told(),
        ("active;expires=600".into(), "whole 0".into())
    );
    let first = phone.notified[0].clone();
    assert_eq!(first.header(Name::Event).unwrap(), "dialog;id=7");
    assert_eq!(first.uri_text(), "sip:1050@192.0.2.1:5060");
    assert!(first.has(Name::Contact));

    let now = phone.now;
    phone.endpoint.notify(now, lamp, whole(1));
    phone.run_for(1_000);

    assert_eq!(phone.told().1, "whole 1");
    let ok = phone.answers.remove(0);
    assert_eq!((ok.status(), ok.expires()), (200, Some(600)));
    assert!(ok.has(Name::Contact));
    unsubscribe(&mut phone, lamp);
}

#[test]
fn a_refresh_prolongs_it_and_asks_for_the_whole_state() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");

    for round in 1..5 {
        phone.run_for(500_000);
        phone.subscribe(LAMP);
        let wanted = phone.take(|e| matches!(e, Event::StateWanted { .. }));
        assert!(wanted.is_some());
        let now = phone.now;
        phone.endpoint.notify(now, lamp, whole(round));
        phone.run_for(1_000);
        assert_eq!(phone.told().1, format!("whole {round}"));
    }

    assert_eq!(end(&mut phone, lamp), None);
    unsubscribe(&mut phone, lamp);
}

#[test]
fn what_is_not_refreshed_ends_and_the_phone_is_told() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");

    phone.run_for(600_000);

    assert_eq!(end(&mut phone, lamp), Some(SubscriptionEnd::Expired));
    assert_eq!(phone.told().0, "terminated;reason=timeout");
    phone.run_out();
    // The phone comes back with its old dialog, is told that it is gone, and subscribes anew.
    phone.subscribe(LAMP);
    assert_eq!(phone.answers.pop().unwrap().status(), 481);
    phone.restart();
    let again = phone.subscribed(LAMP, "1050");
    assert_ne!(again, lamp);
    unsubscribe(&mut phone, again);
}

#[test]
fn who_asks_for_no_time_is_told_once() {
    let mut phone = Phone::new();

    let once = phone.subscribed("Event: message-summary\nExpires: 0\n", "1050");

    let told = ("terminated;reason=timeout".to_owned(), "whole 0".to_owned());
    assert_eq!(phone.told(), told);
    assert_eq!(end(&mut phone, once), Some(SubscriptionEnd::Unsubscribed));
    phone.run_out();
}

#[test]
fn each_end_has_its_reason() {
    let minute = std::time::Duration::from_secs(60);
    for (termination, state) in [
        (Termination::Deactivated, "terminated;reason=deactivated"),
        (
            Termination::Probation(Some(minute)),
            "terminated;reason=probation;retry-after=60",
        ),
        (Termination::Rejected, "terminated;reason=rejected"),
        (Termination::Timeout, "terminated;reason=timeout"),
        (Termination::GiveUp(None), "terminated;reason=giveup"),
        (Termination::NoResource, "terminated;reason=noresource"),
    ] {
        let mut phone = Phone::new();
        let lamp = phone.subscribed(LAMP, "1050");

        let now = phone.now;
        (phone.endpoint).end_subscription(now, lamp, termination, Some(whole(9)));
        phone.run_for(1_000);

        assert_eq!(phone.told(), (state.to_owned(), "whole 9".to_owned()));
        assert_eq!(end(&mut phone, lamp), Some(SubscriptionEnd::Ended));
        phone.run_out();
    }
}

#[test]
fn a_phone_that_knows_nothing_of_it_or_is_silent_is_told_no_more() {
    for answer in [Some(481), Some(405), Some(489), None] {
        let mut phone = Phone::new();
        let lamp = phone.subscribed(LAMP, "1050");
        phone.answer = answer;

        let now = phone.now;
        phone.endpoint.notify(now, lamp, whole(1));
        phone.run_for(40_000);

        assert_eq!(end(&mut phone, lamp), Some(SubscriptionEnd::Gone));
        phone.run_out();
    }
    // Trouble of one moment is no reason.
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    phone.answer = Some(500);
    let now = phone.now;
    phone.endpoint.notify(now, lamp, whole(1));
    phone.run_for(1_000);
    assert_eq!(end(&mut phone, lamp), None);
    unsubscribe(&mut phone, lamp);
}

#[test]
fn notices_keep_their_order_and_whole_ones_stand_for_those_before() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let now = phone.now;
    // The first leaves at once; the others wait for its response.
    for notice in [part(1), whole(2), part(3), whole(4), part(5), part(6)] {
        phone.endpoint.notify(now, lamp, notice);
    }
    phone.run_for(1_000);

    let bodies: Vec<_> = phone.notified.iter().map(|n| n.body().clone()).collect();
    assert_eq!(bodies, ["whole 0", "part 1", "whole 4", "part 5", "part 6"]);

    for number in 0..40 {
        let now = phone.now;
        phone.endpoint.notify(now, lamp, part(number));
    }
    phone.run_for(1_000);
    let wanted = phone.take(|e| matches!(e, Event::StateWanted { .. }));
    assert!(wanted.is_some(), "more changed than may wait");
    unsubscribe(&mut phone, lamp);
}

#[test]
fn strangers_learn_what_is_served_and_leave_no_trace() {
    for (headers, status) in [
        ("Expires: 600\n", 489),
        ("Event: presence\nExpires: 600\n", 489),
        ("Event: Dialog\nExpires: 600\n", 489),
        ("Event: refer\nExpires: 600\n", 489),
        ("Event: dialog\nExpires: 59\n", 423),
        ("Event: dialog\nRequire: eventlist\n", 420),
    ] {
        let mut phone = Phone::new();
        phone.subscribe(headers);

        let refusal = phone.answers.remove(0);
        assert_eq!(refusal.status(), status, "{headers}");
        let events: Vec<_> = refusal.allow_events().map(|e| e.to_string()).collect();
        match status {
            489 => assert_eq!(events, ["message-summary", "dialog", "refer"]),
            423 => assert_eq!(refusal.min_expires(), Some(60)),
            _ => {}
        }
        assert!(phone.endpoint.is_empty());
        assert!(phone.events.is_empty());
    }
}

#[test]
fn a_challenge_leaves_no_trace_and_the_same_request_gets_the_same_one() {
    let mut phone = Phone::new();
    let mut tags = Vec::new();
    for _ in 0..2 {
        phone.restart();
        phone.call = 1;
        phone.subscribe(LAMP);
        let asked = phone.asked();
        let challenge = [(
            "WWW-Authenticate".to_owned(),
            "Digest realm=\"a\"".to_owned(),
        )];
        let now = phone.now;
        (phone.endpoint).refuse_subscription(now, asked, 401, &challenge);
        phone.run_for(100);
        let refusal = phone.answers.pop().unwrap();
        assert!(refusal.has(Name::WwwAuthenticate));
        tags.push(refusal.to().unwrap().tag());
        assert_eq!(end(&mut phone, asked), Some(SubscriptionEnd::Refused));
        assert!(phone.endpoint.is_empty());
    }
    assert_eq!(tags[0], tags[1]);
}

#[test]
fn times_are_kept_within_bounds() {
    let mut phone = Phone::with(|config| {
        config.max_expires = std::time::Duration::from_secs(1800);
    });
    for (expires, granted) in [
        ("Expires: 86400\n", 1800),
        ("", 1800),
        ("Expires: 60\n", 60),
    ] {
        phone.restart();
        let lamp = phone.subscribed(&format!("Event: dialog\n{expires}"), "1050");
        assert_eq!(phone.answers.pop().unwrap().expires(), Some(granted));
        unsubscribe(&mut phone, lamp);
    }
    phone.restart();
    let lamp = phone.subscribed("Event: dialog\nExpires: 600\n", "1050");
    phone.subscribe("Event: dialog\nExpires: 5\n");
    assert_eq!(phone.answers.pop().unwrap().status(), 423);
    phone.subscribe("Event: message-summary\nExpires: 600\n");
    assert_eq!(phone.answers.pop().unwrap().status(), 481);
    unsubscribe(&mut phone, lamp);
}

#[test]
fn an_account_has_a_limit_and_a_restarted_phone_takes_its_own_place() {
    let mut phone = Phone::with(|config| config.max_subscriptions_per_account = 2);
    let first = phone.subscribed(LAMP, "1050");
    phone.restart();
    phone.subscribed("Event: message-summary\nExpires: 600\n", "1050");
    // A third one is too many,
    phone.restart();
    phone.subscribe("Event: dialog;id=8\nExpires: 600\n");
    let third = phone.asked();
    let now = phone.now;
    (phone.endpoint).accept_subscription(now, third, "1050", whole(0));
    phone.run_for(1_000);
    assert_eq!(end(&mut phone, third), Some(SubscriptionEnd::Refused));
    // but the first one again is not, nor one of somebody else.
    phone.restart();
    let again = phone.subscribed(LAMP, "1050");
    assert_eq!(end(&mut phone, first), Some(SubscriptionEnd::Superseded));
    assert_eq!(end(&mut phone, again), None);
    phone.restart();
    phone.subscribed("Event: dialog;id=8\nExpires: 600\n", "1051");

    assert_eq!(phone.endpoint.counters().subscriptions, 3);
    phone.run_for(700_000);
    phone.run_out();
}

#[test]
fn there_is_a_limit_for_all() {
    let mut phone = Phone::with(|config| config.max_subscriptions = 2);
    for number in 0..2 {
        phone.subscribed(LAMP, &number.to_string());
        phone.restart();
    }

    phone.subscribe(LAMP);

    let refusal = phone.answers.pop().unwrap();
    assert_eq!(refusal.status(), 503);
    assert!(refusal.retry_after().is_some());
    phone.run_for(700_000);
    phone.run_out();
}

#[test]
fn nobody_else_speaks_for_a_subscriber() {
    let mut phone = Phone::new();
    let lamp = phone.subscribed(LAMP, "1050");
    let contact = phone.answers[0].header(Name::To).unwrap();
    let stranger = format!(
        "SUBSCRIBE sip:1049@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bKs\r\n\
         From: <sip:1050@192.0.2.9>;tag=phone0\r\nTo: {contact}\r\nCall-ID: call0\r\n\
         CSeq: 9 SUBSCRIBE\r\nContact: <sip:evil@192.0.2.66>\r\nEvent: dialog;id=7\r\n\
         Expires: 0\r\nContent-Length: 0\r\n\r\n"
    );
    for remote in [([192, 0, 2, 66], 5060), ([192, 0, 2, 1], 5061)] {
        let source = crate::Source {
            transport: crate::Transport::Udp,
            local: ([192, 0, 2, 9], 5060).into(),
            remote: remote.into(),
            flow: None,
        };
        let now = phone.now;
        (phone.endpoint).handle_message(now, source, stranger.clone().into());
        phone.run_for(1_000);
        let Some(Event::Doubted(doubt)) = phone.take(|e| matches!(e, Event::Doubted(_))) else {
            panic!("not doubted: {remote:?}");
        };
        assert_eq!(doubt.dialogue(), crate::Dialogue::Subscription(lamp));
    }

    assert_eq!(end(&mut phone, lamp), None);
    unsubscribe(&mut phone, lamp);
}

#[test]
fn options_tell_which_packages_are_served() {
    let phone = Phone::new();
    let request = Request::build(Method::Options, &crate::Uri::parse("sip:a").unwrap());
    let reply = crate::Response::reply_to(&request.finish(), 200);

    let told = phone.endpoint.wire.with_abilities(reply).finish();

    let allowed: Vec<Method> = told.allow().collect();
    for method in [
        Method::Subscribe,
        Method::Refer,
        Method::Notify,
        Method::Message,
    ] {
        assert_eq!(allowed.iter().filter(|m| **m == method).count(), 1);
    }
    let supported: Vec<_> = told.supported().map(|s| s.to_string()).collect();
    assert_eq!(supported, ["100rel", "timer", "replaces", "norefersub"]);
    assert_eq!(told.allow_events().count(), 3);
}

/// What application and phone may do.
#[derive(Clone, Copy, Debug)]
enum Action {
    Subscribe { expires: u32 },
    Restart,
    Accept,
    Refuse,
    Notify { is_partial: bool },
    End,
    Answer(Option<u16>),
    BreakConnection,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, each subscription ends once, the account's book is right, and the phone hears
    /// notices in the order in which they were given.
    #[test]
    fn every_subscription_ends_exactly_once_on_a_bad_network(
        steps in prop::collection::vec((action(), prop_oneof![0_u64..200, 0_u64..60_000]), 1..40),
        seed in any::<u64>(),
        loss in 0_u64..40,
    ) {
        let mut phone = Phone::with(|config| config.max_subscriptions_per_account = 3);
        phone.loss = loss;
        phone.random = crate::random::Random::new(seed);
        let mut number = 0;
        for &(action, pause) in &steps {
            number += 1;
            act(&mut phone, action, number);
            phone.run_for(pause);
        }
        phone.loss = 0;
        phone.run_for(4_000_000);
        phone.run_out();

        for id in born(&phone) {
            let ends = phone.events.iter().filter(|event| matches!(event,
                Event::SubscriptionEnded { subscription, .. } if *subscription == id
            ));
            prop_assert_eq!(ends.count(), 1);
        }
        // One that was sent before the connection broke may come after the next.
        let is_broken = steps.iter().any(|(action, _)| matches!(action, Action::BreakConnection));
        let mut heard: Vec<_> = phone.notified.iter().collect();
        heard.sort_by_key(|notify| {
            let number = notify.cseq().map_or(0, |cseq| cseq.number);
            (notify.call_id(), tag(notify), if is_broken { number } else { 0 })
        });
        for pair in heard.windows(2) {
            let [first, second] = pair else { continue };
            let is_one_dialog = first.call_id() == second.call_id() && tag(first) == tag(second);
            if let (true, Some(first), Some(second)) = (is_one_dialog, told(first), told(second)) {
                prop_assert!(first < second, "{heard:?}");
            }
        }
    }
}

fn act(phone: &mut Phone, action: Action, number: u32) {
    let (now, ids) = (phone.now, born(phone));
    match action {
        Action::Subscribe { expires } => {
            return phone.subscribe(&format!("Event: dialog\nExpires: {expires}\n"));
        }
        Action::Restart => return phone.restart(),
        Action::Answer(answer) => return phone.answer = answer,
        Action::BreakConnection => {
            let route = crate::Route {
                transport: crate::Transport::Udp,
                local: None,
                remote: ([192, 0, 2, 1], 5060).into(),
                flow: None,
            };
            return phone.endpoint.handle_transport_failed(now, &route);
        }
        _ => {}
    }
    for id in ids {
        let endpoint = &mut phone.endpoint;
        match action {
            Action::Accept => endpoint.accept_subscription(now, id, "1050", whole(number)),
            Action::Refuse => endpoint.refuse_subscription(now, id, 403, &[]),
            Action::Notify { is_partial } => {
                let notice = if is_partial {
                    part(number)
                } else {
                    whole(number)
                };
                endpoint.notify(now, id, notice);
            }
            _ => endpoint.end_subscription(now, id, Termination::Deactivated, None),
        }
    }
}

fn action() -> impl Strategy<Value = Action> {
    let answers = [Some(200), Some(200), Some(200), Some(481), Some(500), None];
    prop_oneof![
        4 => prop::sample::select(vec![0, 60, 600, 3600])
            .prop_map(|expires| Action::Subscribe { expires }),
        1 => Just(Action::Restart),
        4 => Just(Action::Accept),
        1 => Just(Action::Refuse),
        6 => any::<bool>().prop_map(|is_partial| Action::Notify { is_partial }),
        1 => Just(Action::End),
        1 => prop::sample::select(answers.to_vec()).prop_map(Action::Answer),
        1 => Just(Action::BreakConnection),
    ]
}

fn born(phone: &Phone) -> Vec<SubscriptionId> {
    let ids = phone.events.iter().filter_map(|event| match event {
        Event::Subscribed { subscription, .. } => Some(*subscription),
        _ => None,
    });
    ids.collect()
}

/// Which subscription of a call it was that told a phone.
fn tag(notify: &Request) -> Option<Text> {
    notify.from().ok()?.tag()
}

/// The number in what a phone was told.
fn told(notify: &Request) -> Option<u32> {
    let (_, number) = str::from_utf8(notify.body()).ok()?.split_once(' ')?;
    number.parse().ok()
}

pub(super) fn unsubscribe(phone: &mut Phone, subscription: SubscriptionId) {
    phone.answer = Some(200);
    phone.subscribe("Event: dialog;id=7\nExpires: 0\n");
    if end(phone, subscription).is_none() {
        phone.subscribe("Event: dialog\nExpires: 0\n");
    }
    assert_eq!(phone.told().0, "terminated;reason=timeout");
    phone.run_out();
}

pub(super) fn end(phone: &mut Phone, wanted: SubscriptionId) -> Option<SubscriptionEnd> {
    let is_it = |e: &Event| matches!(e, Event::SubscriptionEnded { subscription, .. } if *subscription == wanted);
    match phone.take(is_it)? {
        Event::SubscriptionEnded { why, .. } => Some(why),
        _ => None,
    }
}

pub(super) fn whole(number: u32) -> Notice {
    Notice {
        content_type: "text/plain".to_owned(),
        body: format!("whole {number}").into(),
        is_partial: false,
    }
}

fn part(number: u32) -> Notice {
    Notice {
        body: format!("part {number}").into(),
        is_partial: true,
        ..whole(number)
    }
}

pub(super) const LAMP: &str = "Event: dialog;id=7\nExpires: 600\n";
