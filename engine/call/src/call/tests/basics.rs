//! Answering, playing, waiting, keys, music, and what may run beside what.

use super::{Bench, named, play, s, setup};
use crate::journal::What;
use crate::{Command, Ended, Event, Keys, LegId, Music, Options, Output, Reply, Sound, Tone};

#[test]
fn a_call_is_answered_once() {
    let mut bench = Bench::new();

    let first = bench.ask(Command::Answer);
    let second = bench.ask(Command::Answer);

    let reply = |request| Output::Reply {
        request,
        reply: Reply::Done,
    };
    assert_eq!(bench.take(), [Output::Answer, reply(first), reply(second)]);
}

#[test]
fn ringing_is_sent_once_and_not_after_early_media() {
    let mut bench = Bench::new();

    for command in [
        Command::Ring,
        Command::Ring,
        Command::Progress,
        Command::Progress,
        Command::Ring,
    ] {
        bench.ask(command);
    }

    let sent: Vec<Output> = bench
        .take()
        .into_iter()
        .filter(|output| !matches!(output, Output::Reply { .. }))
        .collect();
    let ring = |early_media| Output::Ring { early_media };
    assert_eq!(sent, [ring(false), ring(true)]);
}

#[test]
fn a_sound_before_the_answer_answers() {
    let mut bench = Bench::new();

    bench.ask(play("greet/welcome"));

    assert!(matches!(
        bench.take().as_slice(),
        [Output::Answer, Output::Play { .. }]
    ));
    assert!(bench.decided("no early media is open"));
}

#[test]
fn a_sound_in_early_media_does_not_answer() {
    let mut bench = Bench::new();
    bench.ask(Command::Progress);
    bench.take();

    bench.ask(play("call/busy"));

    assert!(matches!(bench.take().as_slice(), [Output::Play { .. }]));
}

#[test]
fn playing_to_the_end_is_replied_to_without_a_key() {
    let mut bench = Bench::answered();
    let request = bench.ask(play("greet/welcome"));

    bench.hears(&[named("greet/welcome")]);

    assert_eq!(bench.reply(request), Some(Reply::Key(None)));
}

#[test]
fn a_key_that_interrupts_stops_the_playing_and_others_wait() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Play {
        sounds: vec![named("menu/main")],
        interrupt_on: Keys::Of("12".to_owned()),
        times: 0,
    });
    let (play, _) = bench.playing();

    bench.keys("91");

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    assert_eq!(bench.outputs.first(), Some(&stop));
    assert_eq!(bench.reply(request), Some(Reply::Key(Some('1'))));
}

#[test]
fn a_missing_sound_is_a_mistake_with_its_sentence() {
    let mut bench = Bench::answered();
    let request = bench.ask(play("menu/mian"));
    let (play, _) = bench.playing();

    let why = "sound 'menu/mian' not found (did you mean 'menu/main'?)".to_owned();
    bench.event(Event::PlayFailed {
        play,
        why: why.clone(),
    });

    assert_eq!(bench.reply(request), Some(Reply::Mistake(why)));
}

#[test]
fn the_end_of_another_playing_is_not_the_end_of_this_one() {
    let mut bench = Bench::answered();
    bench.ask(play("a"));
    let (first, _) = bench.playing();
    bench.played(first);
    let request = bench.ask(play("b"));

    bench.played(first);

    assert_eq!(bench.reply(request), None);
}

#[test]
fn sleep_lasts_as_long_as_it_says_and_notices_keys() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Sleep { duration: s(3) });

    bench.keys("5");
    bench.wait(s(2));
    assert_eq!(bench.reply(request), None);
    bench.wait(s(1));

    assert_eq!(bench.reply(request), Some(Reply::Done));
    let request = bench.ask(Command::Play {
        sounds: vec![named("menu/main")],
        interrupt_on: Keys::Any,
        times: 1,
    });
    assert_eq!(bench.reply(request), Some(Reply::Key(Some('5'))));
}

#[test]
fn an_echo_lasts_until_hash_and_then_there_is_silence() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Echo);
    let (from, to) = (LegId::CALLER, LegId::CALLER);
    assert_eq!(bench.take(), [Output::PassEarlyMedia { from, to }]);

    bench.keys("5");
    bench.wait(s(600));
    assert_eq!(bench.take(), []);
    bench.keys("#");

    let reply = Reply::Done;
    assert_eq!(
        bench.take(),
        [
            Output::Disconnect { a: from, b: to },
            Output::Reply { request, reply }
        ]
    );
}

#[test]
fn two_things_that_are_heard_do_not_run_at_once() {
    let mut bench = Bench::answered();
    let first = bench.ask(play("menu/main"));

    let second = bench.ask(play("menu/main"));

    let Some(Reply::Mistake(why)) = bench.reply(second) else {
        panic!("the second is refused");
    };
    assert!(why.contains("play cannot run beside play"), "{why}");
    assert_eq!(bench.reply(first), None);
}

#[test]
fn keys_music_and_recording_run_beside_anything() {
    let mut bench = Bench::answered();
    let playing = bench.ask(play("menu/main"));

    let requests = [
        Command::SendDtmf {
            digits: "12,#".to_owned(),
        },
        Command::Music(Music::Default),
        Command::StartRecording(crate::StartRecording::default()),
    ]
    .map(|command| bench.ask(command));

    assert_eq!(bench.reply(playing), None);
    for request in requests {
        let reply = bench.reply(request);
        assert!(matches!(reply, Some(Reply::Done | Reply::Recording(Ok(_)))));
    }
}

#[test]
fn only_keys_can_be_sent() {
    let mut bench = Bench::answered();

    let request = bench.ask(Command::SendDtmf {
        digits: "12x".to_owned(),
    });

    assert!(matches!(bench.reply(request), Some(Reply::Mistake(why)) if why.contains("'x'")));
}

#[test]
fn music_goes_on_behind_a_prompt() {
    let mut bench = Bench::answered();
    let music = Output::Music {
        leg: LegId::CALLER,
        name: Some("piano".to_owned()),
    };
    bench.ask(Command::Music(Music::Named("piano".to_owned())));
    assert!(bench.take().contains(&music));

    bench.ask(play("queue/busy"));
    bench.hears(&[named("queue/busy")]);

    assert!(bench.take().contains(&music));
    bench.ask(Command::Music(Music::Off));
    let quiet = Output::Quiet { leg: LegId::CALLER };
    assert!(bench.take().contains(&quiet));
}

#[test]
fn the_ack_of_our_answer_is_no_news() {
    let mut bench = Bench::answered();

    bench.answers(LegId::CALLER);

    assert_eq!(bench.take(), []);
}

#[test]
fn every_input_is_in_the_journal_in_order() {
    let mut bench = Bench::with(setup(), Options::default());
    bench.ask(Command::Answer);
    bench.keys("1");
    bench.ask(Command::Sleep { duration: s(1) });
    bench.wait(s(1));
    bench.script_ends(Ended::Returned);

    let words: Vec<&str> = bench
        .journal
        .iter()
        .map(|what| match what {
            What::Began { .. } => "began",
            What::Command { command, .. } => command.method(),
            What::Event(_) => "event",
            What::Timer { .. } => "timer",
            What::ScriptEnded(_) => "script ended",
            What::Decision { .. } => "decision",
            What::HungUp { .. } => "hung up",
            What::Shutdown => "shutdown",
        })
        .collect();

    assert_eq!(
        words,
        ["began", "answer", "event", "sleep", "timer", "script ended"]
    );
}

#[test]
fn strange_keys_are_ignored() {
    let mut bench = Bench::answered();
    let request = bench.ask(Command::Play {
        sounds: vec![Sound::Tone(Tone::Beep)],
        interrupt_on: Keys::Any,
        times: 1,
    });

    bench.keys("é ");

    assert_eq!(bench.reply(request), None);
}
