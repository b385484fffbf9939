//! A message is left, and its owner listens to it with *97.

use std::time::Duration;

use store::KvKey;

use crate::support::{Exchange, Keys, Line, Phone, Setup, eventually, pilot, prompt};

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
    eventually("the message to be marked as heard", || {
        exchange.mailbox("1049")?.messages[0].heard_at
    });
}

#[test]
fn a_message_left_after_nobody_was_there_is_what_became_of_the_call() {
    let exchange = Exchange::start(Setup::with(
        "-- A colleague, then their mailbox.
context \"internal\" { [\"_10XX\"] = function(call)
  call:bridge(\"user:\" .. call.to)
  call:voicemail(call.to, { greeting = false })
end }
",
    ));
    let [a1] = exchange.phones(["1049"]);

    let call = a1.dials("1050");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.hangs_up();

    let end = exchange.only_record().call.end.unwrap();
    assert_eq!((end.result.as_str(), end.sip_status), ("left_message", 200));
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

const DESK: &str = "-- A mailbox that greets by the hour; what is left in it is noted.
local hours = schedule { [\"mon-fri\"] = \"09:00-18:00\" }
local function leave(call)
  call:answer()
  call:voicemail(call.to, { greeting = hours:is_open() and \"tones/840\" or \"tones/1240\" })
end
context \"inbound\" { [\"_10XX\"] = leave }
context \"internal\" { [\"*97\"] = function(call) return call:voicemail_menu(call.user.mailbox) end }
on(\"voicemail.recorded\", function(about) store(\"left\"):set(about.mailbox, about.urgent) end)
";

/// The owner goes into their mailbox, past the count of messages, to the menu of greetings.
fn opens_the_greetings(phone: &Phone, first_time: bool) -> Line {
    let listening = phone.dials("*97");
    listening.is_answered();
    for _ in 0..if first_time { 2 } else { 1 } {
        listening.hears_something(Duration::from_millis(300));
        listening.presses("2580#", Keys::Rfc4733);
    }
    listening.hears_something(Duration::from_millis(300));
    listening.presses("0", Keys::Rfc4733);
    listening
}

#[test]
fn a_temporary_greeting_is_heard_instead_of_all_others_until_its_owner_deletes_it() {
    let exchange = Exchange::start(Setup::with(DESK));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();

    let recording = opens_the_greetings(&a1, true);
    recording.speaks(0.0);
    recording.presses("3#", Keys::Rfc4733);
    recording.hears(BEEP);
    recording.speaks(pilot::A1);
    recording.talks_for(Duration::from_secs(3));
    recording.speaks(0.0);
    recording.presses("#", Keys::Rfc4733);
    recording.hears_something(Duration::from_millis(300));
    recording.presses("2", Keys::Rfc4733);
    let greeting = eventually("the greeting on disk", || {
        let mailbox = exchange.mailbox("1049")?;
        mailbox.greetings.get("temporary").copied()
    });
    recording.hangs_up();
    let row = exchange.store().recording("8001", greeting);
    let row = row.wait().unwrap().unwrap();
    let file = exchange.data().join("recordings").join(row.path);
    assert!(file.is_file());

    let call = carrier.dials("1049");
    call.hears(pilot::A1);
    call.hears(BEEP);
    call.hangs_up();

    let deleting = opens_the_greetings(&a1, false);
    deleting.presses("3", Keys::Rfc4733);
    deleting.hears_something(Duration::from_millis(300));
    deleting.presses("7", Keys::Rfc4733);
    eventually("the greeting to go with its sound", || {
        let mailbox = exchange.mailbox("1049")?;
        (mailbox.greetings.is_empty() && !file.exists()).then_some(())
    });
    deleting.hangs_up();
    let call = carrier.dials("1049");
    call.hears(prompt::FIRST);
    call.hears(BEEP);
}

#[test]
fn the_greeting_goes_by_the_schedule_of_the_script() {
    let exchange = Exchange::start(Setup::with(DESK));
    let carrier = exchange.carrier();

    let at_noon = carrier.dials("1049");
    at_noon.hears(prompt::FIRST);
    at_noon.hangs_up();
    let evening: jiff::Timestamp = "2026-11-24T20:00:00+08:00".parse().unwrap();
    exchange.clock.set(evening.as_microsecond());
    let at_night = carrier.dials("1049");

    at_night.hears(prompt::SECOND);
    at_night.hears(BEEP);
    at_night.is_deaf_to(prompt::FIRST);
}

#[test]
fn a_message_that_its_caller_marks_is_urgent_in_the_records_and_for_scripts() {
    let exchange = Exchange::start(Setup::with(DESK));
    let carrier = exchange.carrier();

    let call = carrier.dials("1049");
    call.hears(BEEP);
    call.talks_for(Duration::from_secs(3));
    call.presses("#", Keys::Rfc4733);
    call.hears_something(Duration::from_millis(300));
    call.presses("4", Keys::Rfc4733);
    call.hears_something(Duration::from_millis(300));
    call.presses("2", Keys::Rfc4733);

    let noted = KvKey {
        tenant: "8001".to_owned(),
        scope: "script/left".to_owned(),
        key: "1049".to_owned(),
    };
    let urgent = eventually("the script to be told", || {
        let now = exchange.clock.unix_micros();
        exchange.store().kv_get(noted.clone(), now).wait().unwrap()
    });
    assert_eq!(urgent, true);
    // Scripts are told of what is on disk, and of nothing else.
    assert!(exchange.mailbox("1049").unwrap().messages[0].urgent);
}

/// What says "speak now".
const BEEP: f64 = 1_000.0;
