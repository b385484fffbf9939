//! The listening menu.

use uuid::Uuid;

use super::{Bench, named, s, setup};
use crate::journal::What;
use crate::{
    Command, Ended, Event, Mailbox, MailboxChange, MailboxMessage, MessageId, Options, Output, Pin,
    PinVerdict, Reply, RequestId, Say, Sound, Tone,
};

fn message(number: u128, heard: bool) -> MailboxMessage {
    MailboxMessage {
        id: MessageId(Uuid::from_u128(number)),
        from: Some("+8613800138000".to_owned()),
        at: 1_800_000_000,
        duration: s(9),
        urgent: false,
        heard,
    }
}

fn mailbox(messages: Vec<MailboxMessage>) -> Mailbox {
    Mailbox {
        has_pin: true,
        messages,
        ..Mailbox::default()
    }
}

/// A call in the menu of 1049's mailbox, the PIN given.
fn entered(messages: Vec<MailboxMessage>) -> (Bench, RequestId) {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(messages)));
    bench.take();
    bench.keys("2580#");
    bench.take();
    bench.pin("1049", PinVerdict::Right);
    (bench, request)
}

fn check(mailbox: &str, pin: &str) -> Output {
    Output::CheckPin {
        mailbox: mailbox.to_owned(),
        pin: Pin::new(pin),
    }
}

fn choose(pin: &str, again: &str) -> Output {
    Output::ChoosePin {
        mailbox: "1049".to_owned(),
        pin: Pin::new(pin),
        again: Pin::new(again),
    }
}

/// A call that is asked for the first PIN of 1049's mailbox.
fn first_pin() -> (Bench, RequestId) {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(Mailbox::default()));
    bench.take();
    (bench, request)
}

fn count(new: i64) -> [Sound; 3] {
    [
        named("vm/you-have"),
        Sound::Say(Say::Number(new)),
        named("vm/new"),
    ]
}

fn envelope(number: u128) -> [Sound; 3] {
    let message = message(number, false);
    [
        Sound::Say(Say::Date(message.at)),
        Sound::Say(Say::Time(message.at)),
        Sound::Message(message.id),
    ]
}

fn changes(bench: &Bench) -> Vec<MailboxChange> {
    let outputs = bench.outputs.iter();
    let changes = outputs.filter_map(|output| match output {
        Output::Mailbox(change) => Some(change.clone()),
        _ => None,
    });
    changes.collect()
}

fn heard(number: u128) -> MailboxChange {
    MailboxChange::Heard {
        message: MessageId(Uuid::from_u128(number)),
    }
}

#[test]
fn new_messages_are_counted_and_played_before_the_others() {
    let (mut bench, request) = entered(vec![message(1, true), message(2, false)]);

    bench.hears(&count(1));
    bench.hears(&envelope(2));
    assert_eq!(changes(&bench), [heard(2)]);
    bench.wait(s(5));
    bench.hears(&envelope(1));
    assert_eq!(changes(&bench), [], "it had been heard");
    bench.wait(s(5));
    bench.hears(&[named("bye/thanks")]);

    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn keys_repeat_go_on_go_back_and_delete() {
    let (mut bench, _) = entered(vec![message(1, false), message(2, false)]);
    bench.hears(&count(2));

    assert_eq!(bench.playing().1, envelope(1));
    bench.keys("1");
    assert_eq!(bench.playing().1, envelope(1));
    bench.keys("6");
    assert_eq!(bench.playing().1, envelope(2));
    bench.keys("4");
    assert_eq!(bench.playing().1, envelope(1));
    bench.keys("7");
    let deleted = MailboxChange::Delete {
        message: MessageId(Uuid::from_u128(1)),
    };
    assert_eq!(changes(&bench), [deleted]);
    bench.changed(true);
    bench.hears(&[Sound::Tone(Tone::Confirm)]);

    assert_eq!(bench.playing().1, envelope(2));
}

#[test]
fn a_message_is_not_called_deleted_before_it_is() {
    let (mut bench, _) = entered(vec![message(1, true)]);
    bench.hears(&count(0));
    bench.keys("7");
    bench.playing();

    bench.wait(s(2));
    assert_eq!(bench.take(), [], "it is not on disk");
    bench.wait(s(1));

    bench.hears(&[named("sys/error")]);
    assert!(bench.decided("the store did not answer in time"));
    bench.keys("1");
    assert_eq!(bench.playing().1, envelope(1), "it is still there");
}

#[test]
fn a_message_that_could_not_be_deleted_is_still_there() {
    let (mut bench, _) = entered(vec![message(1, true)]);
    bench.hears(&count(0));
    bench.keys("7");

    bench.take_plays();
    bench.changed(false);

    bench.hears(&[named("sys/error")]);
    assert!(bench.decided("do not call the message deleted"));
    bench.keys("1");
    assert_eq!(bench.playing().1, envelope(1));
}

#[test]
fn keys_that_are_pressed_while_a_message_is_deleted_are_not_lost() {
    let (mut bench, _) = entered(vec![message(1, true)]);
    bench.hears(&count(0));
    bench.keys("7*");

    bench.take_plays();
    bench.changed(true);

    bench.hears(&[Sound::Tone(Tone::Confirm)]);
    bench.hears(&[named("bye/thanks")]);
}

#[test]
fn a_message_that_could_not_be_noted_as_heard_is_noted_the_next_time() {
    let (mut bench, _) = entered(vec![message(1, false)]);
    bench.hears(&count(1));
    bench.hears(&envelope(1));
    assert_eq!(changes(&bench), [heard(1)]);

    bench.changed(false);
    bench.take();
    bench.keys("1");
    bench.hears(&envelope(1));

    assert_eq!(changes(&bench), [heard(1)]);
    bench.changed(true);
    bench.take();
    bench.keys("1");
    bench.hears(&envelope(1));
    assert_eq!(changes(&bench), []);
}

#[test]
fn key_2_calls_back_whoever_left_the_message_within_the_calls_own_context() {
    let (mut bench, request) = entered(vec![message(1, false)]);
    bench.hears(&count(1));
    bench.take();

    bench.keys("2");

    assert_eq!(changes(&bench), [heard(1)]);
    let route = Output::Route {
        context: "inbound".to_owned(),
        to: "13800138000".to_owned(),
    };
    assert!(bench.outputs.contains(&route));
    assert_eq!(bench.reply(request), None, "another handler has the call");
    assert!(bench.decided("called back"));
}

#[test]
fn only_a_number_that_can_be_dialled_is_called_back() {
    for (from, dialled) in [
        (Some("1050"), Some("1050")),
        (Some("+861087654321"), Some("01087654321")),
        (Some("4008123123"), Some("4008123123")),
        (Some("10690123456789"), None),
        (Some("alice"), None),
        (None, None),
    ] {
        let from = from.map(str::to_owned);
        let (mut bench, _) = entered(vec![MailboxMessage {
            from,
            ..message(1, true)
        }]);
        bench.hears(&count(0));
        bench.take();

        bench.keys("2");

        let called = bench.outputs.iter().find_map(|output| match output {
            Output::Route { to, .. } => Some(to.as_str()),
            _ => None,
        });
        assert_eq!(called, dialled);
        if dialled.is_none() {
            bench.hears(&[named("menu/invalid")]);
        }
    }
}

#[test]
fn an_empty_mailbox_says_so_and_waits_for_a_key() {
    let (mut bench, _) = entered(Vec::new());

    bench.hears(&count(0));
    bench.keys("7");
    bench.hears(&[named("menu/invalid")]);
    bench.keys("*");

    bench.hears(&[named("bye/thanks")]);
}

#[test]
fn a_message_that_cannot_be_played_is_not_marked_as_heard() {
    let (mut bench, _) = entered(vec![message(1, false)]);
    bench.hears(&count(1));
    let (play, _) = bench.playing();

    bench.event(Event::PlayFailed {
        play,
        why: "the file is gone".to_owned(),
    });

    assert_eq!(changes(&bench), []);
    bench.hears(&[named("sys/error")]);
}

#[test]
fn the_third_wrong_pin_ends_it() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(vec![message(1, false)])));
    bench.take();

    bench.keys("1111#");
    assert!(bench.take().contains(&check("1049", "1111")));
    bench.pin("1049", PinVerdict::Wrong);
    assert_eq!(
        bench.playing().1,
        [named("menu/invalid"), named("agent/enter-pw")]
    );
    bench.keys("2222#");
    bench.pin("1049", PinVerdict::Wrong);
    bench.keys("3333#");
    bench.take();
    bench.pin("1049", PinVerdict::Wrong);

    bench.hears(&[named("bye/thanks")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn a_locked_mailbox_lets_nobody_in_whatever_is_typed() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(vec![message(1, false)])));
    bench.keys("2580#");
    bench.take();

    bench.pin("1049", PinVerdict::Locked);

    bench.hears(&[named("bye/thanks")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
    assert!(bench.decided("too many wrong PINs have locked it"));
}

#[test]
fn the_verdict_on_another_mailboxs_pin_opens_nothing() {
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(vec![message(1, false)])));
    bench.keys("2580#");
    bench.take();

    bench.pin("1050", PinVerdict::Right);

    assert_eq!(bench.take(), []);
}

#[test]
fn a_pin_that_is_never_judged_opens_nothing() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(vec![message(1, false)])));
    bench.keys("2580#");
    bench.take();

    bench.wait(s(5));

    bench.hears(&[named("bye/thanks")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn a_pin_is_not_in_the_journal() {
    let (mut bench, _) = entered(vec![message(1, false)]);
    bench.keys("6");

    let written = format!("{:?}", bench.journal);
    assert!(!written.contains("2580"));
    let keys = bench.journal.iter().filter_map(|what| match what {
        What::Event(Event::Digit { digit, .. }) => Some(*digit),
        _ => None,
    });
    assert_eq!(keys.collect::<String>(), "••••#6");
}

#[test]
fn the_mailbox_is_asked_for_when_the_script_does_not_know_it() {
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu { mailbox: None });
    assert_eq!(bench.playing().1, [named("vm/enter-mailbox")]);

    bench.keys("1049#");

    let open = Output::OpenMailbox {
        mailbox: "1049".to_owned(),
    };
    assert!(bench.take().contains(&open));
    bench.mailbox("1049", Some(mailbox(Vec::new())));
    assert_eq!(bench.playing().1, [named("agent/enter-pw")]);
}

#[test]
fn a_stranger_cannot_tell_which_mailboxes_exist() {
    let story = |found: Option<Mailbox>| {
        let mut bench = Bench::new();
        bench.ask(Command::VoicemailMenu { mailbox: None });
        bench.keys("1050#");
        bench.mailbox("1050", found);
        for pin in ["1234#", "0000#", "9999#"] {
            bench.keys(pin);
            bench.pin("1050", PinVerdict::Wrong);
        }
        format!("{:?}", bench.take())
    };

    let without_a_pin = Mailbox::default();
    assert_eq!(story(None), story(Some(mailbox(Vec::new()))));
    assert_eq!(story(None), story(Some(without_a_pin)));
}

#[test]
fn a_mailbox_that_the_script_names_wrongly_is_a_mistake() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1094".to_owned()),
    });

    bench.mailbox("1094", None);

    let mistake = Reply::Mistake("no mailbox '1094'".to_owned());
    assert_eq!(bench.reply(request), Some(mistake));
}

#[test]
fn the_owner_chooses_a_pin_the_first_time() {
    let mut owner = setup();
    owner.user = Some("1049".to_owned());
    let mut bench = Bench::with(owner, Options::default());
    bench.ask(Command::VoicemailMenu { mailbox: None });
    bench.keys("1049#");
    bench.take();
    bench.mailbox("1049", Some(Mailbox::default()));
    assert_eq!(bench.playing().1, [named("vm/choose-pin")]);

    bench.keys("2580#");
    assert_eq!(bench.playing().1, [named("vm/repeat-pin")]);
    bench.keys("2580#");

    assert!(bench.take().contains(&choose("2580", "2580")));
    bench.pin("1049", PinVerdict::Right);
    bench.hears(&count(0));
}

#[test]
fn pins_that_anybody_would_guess_or_that_differ_are_asked_for_again() {
    let (mut bench, request) = first_pin();

    for (verdict, mistake) in [
        (PinVerdict::Guessable, "vm/pin-too-simple"),
        (PinVerdict::Different, "vm/pins-differ"),
    ] {
        bench.keys("1111#1112#");
        assert!(bench.take().contains(&choose("1111", "1112")));
        bench.pin("1049", verdict);
        assert_eq!(bench.playing().1, [named(mistake), named("vm/choose-pin")]);
    }
    bench.keys("1111#1111#");
    bench.take();
    bench.pin("1049", PinVerdict::Guessable);

    bench.hears(&[named("bye/thanks")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn an_owner_who_types_no_pin_is_asked_for_one_again() {
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(Mailbox::default()));
    bench.hears(&[named("vm/choose-pin")]);

    bench.wait(s(10));

    let again = [named("menu/invalid"), named("vm/choose-pin")];
    assert_eq!(bench.playing().1, again);
}

#[test]
fn a_new_pin_that_is_not_repeated_is_another_one() {
    let (mut bench, _) = first_pin();
    bench.keys("2580#");
    let (play, _) = bench.playing();
    bench.played(play);

    bench.wait(s(10));

    assert!(bench.take().contains(&choose("2580", "")));
}

#[test]
fn a_store_that_is_away_ends_the_menu() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.take();

    bench.wait(s(5));

    bench.hears(&[named("bye/thanks")]);
    assert_eq!(bench.reply(request), Some(Reply::Message(None)));
}

#[test]
fn keys_are_written_down_again_when_the_script_fails_during_the_pin() {
    let mut bench = Bench::new();
    bench.ask(Command::VoicemailMenu {
        mailbox: Some("1049".to_owned()),
    });
    bench.mailbox("1049", Some(mailbox(Vec::new())));
    bench.keys("1");

    bench.script_ends(Ended::Failed {
        message: "gone".to_owned(),
    });
    bench.keys("5");

    let keys = bench.journal.iter().filter_map(|what| match what {
        What::Event(Event::Digit { digit, .. }) => Some(*digit),
        _ => None,
    });
    assert_eq!(keys.collect::<String>(), "•5");
}
