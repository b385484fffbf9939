//! The PIN alone: who is at the phone.

use super::{Bench, named};
use crate::{Command, Mailbox, Output, Pin, PinVerdict, Reply, RequestId, Why};

fn knock(found: Option<Mailbox>) -> (Bench, RequestId) {
    let mut bench = Bench::new();
    let request = bench.ask(Command::AskPin {
        mailbox: "1049".to_owned(),
        choose: true,
        change: false,
    });
    bench.mailbox("1049", found);
    (bench, request)
}

fn with_pin() -> Option<Mailbox> {
    Some(Mailbox {
        has_pin: true,
        ..Mailbox::default()
    })
}

#[test]
fn the_right_pin_tells_the_script_who_it_is_and_the_call_goes_on() {
    let (mut bench, request) = knock(with_pin());
    assert_eq!(bench.playing().1, [named("agent/enter-pw")]);

    bench.keys("2580#");
    assert!(bench.outputs.contains(&Output::CheckPin {
        mailbox: "1049".to_owned(),
        pin: Pin::new("2580"),
    }));
    bench.pin("1049", PinVerdict::Right);

    assert_eq!(bench.reply(request), Some(Reply::Right(Ok(()))));
    assert!(!bench.call.is_ended());
}

#[test]
fn who_is_at_somebody_elses_phone_chooses_no_pin_there() {
    let mut bench = Bench::new();
    bench.ask(Command::AskPin {
        mailbox: "1049".to_owned(),
        choose: false,
        change: false,
    });

    bench.mailbox("1049", Some(Mailbox::default()));

    assert_eq!(bench.playing().1, [named("agent/enter-pw")]);
}

#[test]
fn three_wrong_pins_let_nobody_in() {
    let (mut bench, request) = knock(with_pin());
    bench.take();
    for _ in 0..2 {
        bench.keys("1111#");
        bench.pin("1049", PinVerdict::Wrong);
        assert_eq!(
            bench.playing().1,
            [named("menu/invalid"), named("agent/enter-pw")]
        );
    }
    bench.keys("1111#");

    bench.pin("1049", PinVerdict::Wrong);

    assert_eq!(bench.reply(request), Some(Reply::Right(Err(Why::Rejected))));
}

#[test]
fn whoever_has_no_pin_yet_chooses_one() {
    let (mut bench, request) = knock(Some(Mailbox::default()));
    assert_eq!(bench.playing().1, [named("vm/choose-pin")]);
    bench.keys("2580#");
    bench.keys("2580#");
    bench.pin("1049", PinVerdict::Right);

    assert_eq!(bench.reply(request), Some(Reply::Right(Ok(()))));
}

#[test]
fn a_mailbox_that_is_not_there_is_a_mistake_of_the_script() {
    let (bench, request) = knock(None);

    let mistake = Reply::Mistake("no mailbox '1049'".to_owned());
    assert_eq!(bench.reply(request), Some(mistake));
}

#[test]
fn who_knows_the_old_pin_chooses_a_new_one_and_who_does_not_chooses_none() {
    let mut bench = Bench::new();
    let request = bench.ask(Command::AskPin {
        mailbox: "1049".to_owned(),
        choose: true,
        change: true,
    });
    bench.mailbox("1049", with_pin());
    bench.keys("1111#");
    bench.take();
    bench.pin("1049", PinVerdict::Wrong);
    let said = bench.playing().1;
    assert_eq!(said, [named("menu/invalid"), named("agent/enter-pw")]);

    bench.keys("2580#");
    bench.pin("1049", PinVerdict::Right);
    assert_eq!(bench.playing().1, [named("vm/choose-pin")]);
    bench.keys("3690#");
    bench.keys("3690#");
    let chosen = Output::ChoosePin {
        mailbox: "1049".to_owned(),
        pin: Pin::new("3690"),
        again: Pin::new("3690"),
    };
    assert!(bench.outputs.contains(&chosen));
    bench.pin("1049", PinVerdict::Right);

    assert_eq!(bench.reply(request), Some(Reply::Right(Ok(()))));
}
