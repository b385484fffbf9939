//! MWI: the lamp of a phone shows what waits in its user's mailbox.

use std::time::Duration;

use crate::support::{Api, Exchange, Keys, PATIENCE, Phone, Setup, eventually, pilot};

const BOXES: &str = "-- Every number is a mailbox.
local function leave(call)
  call:answer()
  call:voicemail(call.to, { greeting = false, silence = 1, review = false })
end
context \"inbound\" { [\"_10XX\"] = leave, [\"8000\"] = leave }
context \"internal\" {
  [\"_10XX\"] = leave,
  [\"*97\"] = function(call) return call:voicemail_menu(call.user.mailbox) end,
}
";

/// A customer leaves a message.
fn leaves_a_message(carrier: &Phone, mailbox: &str) {
    let call = carrier.dials(mailbox);
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.hangs_up();
    call.is_over();
}

#[test]
fn the_lamp_goes_on_with_a_message_and_off_when_it_was_heard() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let carrier = exchange.carrier();
    let [a1] = exchange.phones(["1049"]);
    let lamp = a1.watches("message-summary", "1049");
    lamp.shows(&["Messages-Waiting: no\r\n", "Voice-Message: 0/0 (0/0)\r\n"]);

    leaves_a_message(&carrier, "1049");
    lamp.shows(&["Messages-Waiting: yes\r\n", "Voice-Message: 1/0 (0/0)\r\n"]);

    let listening = a1.dials("*97");
    listening.is_answered();
    for _ in 0..2 {
        listening.hears_something(Duration::from_millis(300));
        listening.presses("2580#", Keys::Rfc4733);
    }
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    lamp.shows(&["Messages-Waiting: no\r\n", "Voice-Message: 0/1 (0/0)\r\n"]);
    listening.hangs_up();
    assert!(
        lamp.told()
            .iter()
            .all(|told| told.state.starts_with("active;expires="))
    );
}

#[test]
fn the_lamp_follows_what_is_done_by_the_api() {
    let exchange = Exchange::start(Setup::with(BOXES).with_http());
    let carrier = exchange.carrier();
    let api = Api::of(&exchange, "8001");
    let [a1] = exchange.phones(["1049"]);
    leaves_a_message(&carrier, "1049");
    let id = eventually("the message", || {
        exchange
            .mailbox("1049")?
            .messages
            .first()
            .map(|message| message.id)
    });
    let lamp = a1.watches("message-summary", "1049");
    lamp.shows(&["Voice-Message: 1/0 (0/0)"]);

    for (method, what, shown) in [
        ("POST", "/heard", "Voice-Message: 0/1 (0/0)"),
        ("DELETE", "", "Voice-Message: 0/0 (0/0)"),
        ("POST", "/restore", "Voice-Message: 0/1 (0/0)"),
    ] {
        api.does(method, &format!("/voicemails/{id}{what}"));
        lamp.shows(&[shown]);
    }
}

#[test]
fn a_phone_that_does_not_subscribe_is_told_after_each_register_and_at_each_change() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let carrier = exchange.carrier();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let (lamp, other) = (a1.unasked_lamp(), a2.unasked_lamp());
    lamp.shows(&["Messages-Waiting: no"]);
    other.shows(&["Messages-Waiting: no"]);

    leaves_a_message(&carrier, "1049");
    lamp.shows(&["Messages-Waiting: yes", "Voice-Message: 1/0"]);
    let before = lamp.told().len();
    a1.registers();

    let told = lamp.is_told(before + 1);
    assert!(told.last().unwrap().body.contains("Voice-Message: 1/0"));
    assert!(told.iter().all(|told| told.state == "terminated"));
    assert_eq!(other.told().len(), 1, "that is nobody else's mailbox");
}

#[test]
fn after_a_restart_the_lamp_is_right_whether_the_phone_subscribes_or_not() {
    let mut exchange = Exchange::start(Setup::with(BOXES));
    let carrier = exchange.carrier();
    let [a1, a2] = exchange.phones(["1049", "1050"]);
    let asked = a1.watches("message-summary", "1049");
    asked.is_told(1);
    let unasked = a2.unasked_lamp();
    leaves_a_message(&carrier, "1050");
    unasked.shows(&["Voice-Message: 1/0"]);
    let before = unasked.told().len();

    exchange.stop();
    exchange.resume();

    // Nobody has registered anew, or subscribed.
    let told = unasked.is_told(before + 1);
    assert!(told.last().unwrap().body.contains("Voice-Message: 1/0"));
    let told = asked.is_told(2);
    assert!(told[1].state.starts_with("active;expires="), "{told:?}");
    assert_eq!(a1.refreshes(&asked, 600), Some(200));
    leaves_a_message(&carrier, "1049");
    asked.shows(&["Voice-Message: 1/0"]);
    assert_eq!(a1.refreshes(&asked, 0), Some(200));

    // What is over does not come back.
    exchange.stop();
    exchange.resume();
    assert_eq!(exchange.status()["subscriptions"], 0);
}

#[test]
fn a_lamp_that_has_come_over_a_connection_is_to_be_asked_for_again_after_a_stop() {
    let mut exchange = Exchange::start(Setup::with(BOXES));
    let a1 = exchange.phone_with("1049", |manner| manner.transport = sip::Transport::Tcp);
    a1.registers();
    let lamp = a1.watches("message-summary", "1049");
    lamp.is_told(1);

    exchange.stop();

    assert_eq!(lamp.is_over().state, "terminated;reason=deactivated");
}

#[test]
fn nobody_sees_what_waits_for_somebody_else() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    for (phone, user, status) in [
        (&a1, "1050", 404),
        (&a1, "1999", 404),
        (&carrier, "1049", 403),
    ] {
        let (lamp, answer) = phone.tries_to_watch("message-summary", user, 600, PATIENCE);

        assert_eq!((answer, lamp.told().len()), (Some(status), 0), "{user}");
    }
    let (_, unknown) = a1.tries_to_watch("presence", "1049", 600, PATIENCE);
    assert_eq!(unknown, Some(489));
}

#[test]
fn two_users_of_one_mailbox_have_the_same_lamp() {
    let exchange = Exchange::start(Setup {
        users: "[\"1060\"] = { password = \"demo-1060\", mailbox = \"8000\" },\n\
                [\"1061\"] = { password = \"demo-1061\", mailbox = \"8000\" },\n"
            .to_owned(),
        ..Setup::with(BOXES)
    });
    let carrier = exchange.carrier();
    let [first, second, other] = exchange.phones(["1060", "1061", "1049"]);
    let (by_name, by_account) = (
        first.watches("message-summary", "8000"),
        second.watches("message-summary", "1061"),
    );
    let unasked = other.unasked_lamp();

    leaves_a_message(&carrier, "8000");

    by_name.shows(&["Voice-Message: 1/0"]);
    by_account.shows(&["Voice-Message: 1/0"]);
    assert_eq!(unasked.told().len(), 1);
}

#[test]
fn a_subscription_is_refreshed_and_ends_when_its_phone_wants_no_more() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let [a1] = exchange.phones(["1049"]);
    let lamp = a1.watches("message-summary", "1049");
    lamp.is_told(1);

    assert_eq!(a1.refreshes(&lamp, 600), Some(200));
    lamp.is_told(2);
    assert_eq!(exchange.status()["subscriptions"], 1);
    assert_eq!(a1.refreshes(&lamp, 0), Some(200));
    lamp.is_over();
    eventually("no subscription", || {
        (exchange.status()["subscriptions"] == 0).then_some(())
    });

    let (once, status) = a1.tries_to_watch("message-summary", "1049", 0, PATIENCE);
    assert_eq!(status, Some(200));
    assert!(once.is_over().body.contains("Voice-Message: 0/0"));
}

#[test]
fn a_phone_that_has_forgotten_its_subscription_is_told_no_more() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let carrier = exchange.carrier();
    let [a1] = exchange.phones(["1049"]);
    a1.watches("message-summary", "1049").is_told(1);
    a1.answers_notices(481);

    leaves_a_message(&carrier, "1049");

    eventually("no subscription", || {
        (exchange.status()["subscriptions"] == 0).then_some(())
    });
}

/// The tone that asks to speak, in Hz.
const BEEP: f64 = 1_000.0;
