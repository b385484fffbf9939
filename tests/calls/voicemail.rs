//! A message is left, and its owner listens to it with *97.

use std::time::Duration;

use crate::support::{Exchange, Keys, Setup, pilot};

const BOXES: &str = "-- Every number is a mailbox.
local function leave(call)
  call:answer()
  call:voicemail(call.to, { greeting = false, silence = 1, review = false })
end
context \"inbound\" { [\"_10XX\"] = leave }
context \"internal\" {
  [\"_10XX\"] = leave,
  [\"*97\"] = function(call) return call:voicemail_menu(call.user.mailbox) end,
  [\"_1[3-9]X.\"] = function(call) call:bridge(\"trunk:carrier/\" .. call.to) end,
}
";

#[test]
fn a_message_is_left_and_its_owner_hears_it_after_choosing_a_pin() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.speaks(0.0);
    call.is_hung_up();

    let mailbox = exchange.mailbox("1049").unwrap();
    assert_eq!(mailbox.messages.len(), 1);
    let length = Duration::from_micros(mailbox.messages[0].duration as u64);
    assert!((2_500..6_000).contains(&length.as_millis()), "{length:?}");

    let listening = a1.dials("*97");
    listening.is_answered();
    listening.hears_something(Duration::from_millis(300));
    listening.presses("2580#", Keys::Rfc4733);
    listening.hears_something(Duration::from_millis(300));
    listening.presses("2580#", Keys::Rfc4733);
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    listening.presses("1", Keys::Rfc4733);
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    listening.hangs_up();
    listening.is_over();
    crate::support::eventually("the message to be marked as heard", || {
        exchange.mailbox("1049")?.messages[0].heard_at
    });
}

#[test]
fn a_caller_who_hangs_up_after_speaking_has_left_a_message_and_a_silent_one_has_not() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let carrier = exchange.carrier();

    let silent = carrier.dials("1050");
    silent.speaks(0.0);
    silent.hears(BEEP);
    silent.hangs_up();
    let speaker = carrier.dials("1049");
    speaker.hears(BEEP);
    speaker.talks_for(Duration::from_secs(3));
    speaker.hangs_up();

    exchange.ended_calls(2);
    assert_eq!(exchange.mailbox("1049").unwrap().messages.len(), 1);
    let none = exchange
        .mailbox("1050")
        .is_none_or(|mailbox| mailbox.messages.is_empty());
    assert!(none, "nothing was said");
}

#[test]
fn key_2_calls_back_who_has_left_the_message() {
    let exchange = Exchange::start(Setup::with(BOXES));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.hangs_up();
    exchange.ended_calls(1);

    let listening = a1.dials("*97");
    listening.is_answered();
    for _ in 0..2 {
        listening.hears_something(Duration::from_millis(300));
        listening.presses("2580#", Keys::Rfc4733);
    }
    listening.hears_within(pilot::C1, Duration::from_secs(20));
    listening.presses("2", Keys::Rfc4733);

    let called_back = carrier.rings();
    called_back.answers();
    called_back.hears(pilot::A1);
    listening.hangs_up();
    called_back.is_hung_up();
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
