//! Collecting digits.

use super::{Bench, named, play, s};
use crate::{Command, Event, Gather, Keys, LegId, Output, Reply, Why};

fn gather() -> Gather {
    Gather {
        prompt: vec![named("menu/main")],
        min_digits: 1,
        max_digits: 4,
        timeout: s(5),
        digit_timeout: s(2),
        finish_on: Keys::Of("#".to_owned()),
        pattern: None,
        barge_in: true,
    }
}

fn digits(digits: &str) -> Option<Reply> {
    Some(Reply::Digits(Ok(digits.to_owned())))
}

#[test]
fn the_first_key_cuts_the_prompt_and_the_last_one_ends_it() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(gather()));
    let (play, _) = bench.playing();

    bench.keys("10");
    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    assert_eq!(bench.take(), [stop]);
    bench.keys("49");

    assert_eq!(bench.reply(request), digits("1049"));
}

#[test]
fn the_first_digit_may_come_until_the_time_out_after_the_prompt() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(gather()));
    bench.wait(s(60));
    bench.hears(&[named("menu/main")]);

    bench.wait(s(4));
    assert_eq!(bench.reply(request), None);
    bench.wait(s(1));

    assert_eq!(bench.reply(request), Some(Reply::Digits(Err(Why::Timeout))));
}

#[test]
fn a_pause_after_digits_ends_the_input() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(gather()));

    bench.keys("20");
    bench.wait(s(1));
    bench.keys("1");
    bench.wait(s(1));
    assert_eq!(bench.reply(request), None);
    bench.wait(s(1));

    assert_eq!(bench.reply(request), digits("201"));
}

#[test]
fn too_few_digits_are_a_time_out() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(Gather {
        min_digits: 3,
        ..gather()
    }));

    bench.keys("12#");

    assert_eq!(bench.reply(request), Some(Reply::Digits(Err(Why::Timeout))));
}

#[test]
fn the_finishing_key_is_not_part_of_the_input() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(gather()));

    bench.keys("12#");

    assert_eq!(bench.reply(request), digits("12"));
}

#[test]
fn digits_that_fit_no_pattern_are_no_match() {
    let outcome = |keys: &str| {
        let mut bench = Bench::answered();
        let request = bench.ask(Command::Gather(Gather {
            pattern: Some("_2XX".to_owned()),
            ..gather()
        }));
        bench.keys(keys);
        bench.reply(request)
    };

    assert_eq!(outcome("201#"), digits("201"));
    assert_eq!(outcome("301#"), Some(Reply::Digits(Err(Why::NoMatch))));
    assert_eq!(outcome("20#"), Some(Reply::Digits(Err(Why::NoMatch))));
}

#[test]
fn a_pattern_that_is_none_is_a_mistake() {
    let mut bench = Bench::answered();

    let request = bench.ask(Command::Gather(Gather {
        pattern: Some("_[1".to_owned()),
        ..gather()
    }));

    assert!(matches!(bench.reply(request), Some(Reply::Mistake(why)) if why.contains("'_[1'")));
}

#[test]
fn keys_pressed_ahead_count_and_spare_the_prompt() {
    let mut bench = Bench::answered();
    bench.keys("12");

    let request = bench.ask(Command::Gather(Gather {
        max_digits: 1,
        ..gather()
    }));
    let next = bench.ask(Command::Gather(Gather {
        max_digits: 1,
        ..gather()
    }));

    assert_eq!(bench.reply(request), digits("1"));
    assert_eq!(bench.reply(next), digits("2"));
    assert!(
        !bench
            .outputs
            .iter()
            .any(|it| matches!(it, Output::Play { .. }))
    );
}

#[test]
fn without_barge_in_the_prompt_is_heard_to_its_end() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(Gather {
        max_digits: 1,
        barge_in: false,
        ..gather()
    }));

    bench.keys("7");
    assert_eq!(bench.reply(request), None);
    bench.hears(&[named("menu/main")]);

    assert_eq!(bench.reply(request), digits("7"));
}

#[test]
fn an_announcement_drops_keys_from_before_and_keeps_those_during_it() {
    let mut bench = Bench::answered();
    bench.keys("99");
    bench.ask(play("menu/invalid"));
    bench.keys("1");
    bench.hears(&[named("menu/invalid")]);

    let request = bench.ask(Command::Gather(Gather {
        max_digits: 1,
        ..gather()
    }));

    assert_eq!(bench.reply(request), digits("1"));
}

#[test]
fn no_more_than_64_keys_wait() {
    let mut bench = Bench::answered();
    bench.keys(&"1".repeat(100));

    let request = bench.ask(Command::Gather(Gather {
        max_digits: 0,
        ..gather()
    }));

    assert_eq!(bench.reply(request), digits(&"1".repeat(64)));
}

#[test]
fn a_prompt_that_cannot_be_played_is_a_mistake() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(gather()));
    let (play, _) = bench.playing();

    bench.event(Event::PlayFailed {
        play,
        why: "sound 'menu/main' not found".to_owned(),
    });

    let mistake = Reply::Mistake("sound 'menu/main' not found".to_owned());
    assert_eq!(bench.reply(request), Some(mistake));
}

#[test]
fn keys_of_others_do_not_count() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Gather(Gather {
        max_digits: 1,
        ..gather()
    }));

    bench.event(Event::Digit {
        leg: LegId(1),
        digit: '1',
    });

    assert_eq!(bench.reply(request), None);
}
