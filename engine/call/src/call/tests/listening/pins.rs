//! Who may listen: mailboxes and their PINs.

use super::{check, choose, count, entered, first_pin, mailbox, message};
use crate::call::tests::{Bench, named, s, setup};
use crate::journal::What;
use crate::{Command, Ended, Event, Mailbox, Options, Output, PinVerdict, Reply};

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
    owner.user = Some("1049".to_owned()).into();
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
