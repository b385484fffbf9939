//! Messages: counted, played, called back, deleted.

use uuid::Uuid;

use super::{changes, count, entered, entered_in, envelope, heard, message};
use crate::call::tests::{Bench, named, s, setup};
use crate::{
    Command, Event, MailboxChange, MailboxMessage, MessageId, Options, Output, Reply, Setup, Sound,
    Tone,
};

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
fn key_5_gives_the_message_to_the_user_who_listens_and_says_so_when_it_is_on_disk() {
    let of_user = Setup {
        user: Some("1050".to_owned()).into(),
        ..setup()
    };
    let messages = vec![message(1, true), message(2, true)];
    let (mut bench, _) = entered_in(Bench::with(of_user, Options::default()), messages);
    bench.hears(&count(0));
    bench.keys("6");
    bench.take_plays();
    bench.keys("5");

    let taken = MailboxChange::Assign {
        message: MessageId(Uuid::from_u128(2)),
        to: "1050".to_owned(),
    };
    assert_eq!(changes(&bench).last(), Some(&taken));
    bench.changed(true);
    bench.hears(&[named("vm/yours")]);
    bench.keys("5");
    bench.take_plays();
    bench.changed(false);
    bench.hears(&[named("sys/error")]);
    assert!(bench.decided("do not call the message assigned"));
}

#[test]
fn a_caller_from_outside_takes_no_message() {
    let (mut bench, _) = entered(vec![message(1, true)]);
    bench.hears(&count(0));
    bench.take_plays();

    bench.keys("5");

    bench.hears(&[named("menu/invalid")]);
    assert!(changes(&bench).is_empty());
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
