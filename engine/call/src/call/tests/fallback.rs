//! What a caller gets when the script fails.

use super::{Bench, bridge, named, play, s, setup};
use crate::record::Outcome;
use crate::{
    Cause, Command, Ended, Event, Fallback, LegId, Options, Output, Reply, Sound, Target, Tone,
};

fn with_fallback(target: Option<&str>) -> Bench {
    let fallback = Fallback {
        at_once: false,
        sound: Some(named("sys/error")),
        target: target.map(|user| Target::User(user.to_owned())),
    };
    Bench::with(
        setup(),
        Options {
            fallback,
            ..Options::default()
        },
    )
}

fn fail(bench: &mut Bench) {
    bench.script_ends(Ended::Failed {
        message: "reception.lua:19: sound 'menu/mian' not found".to_owned(),
    });
}

#[test]
fn the_caller_is_answered_hears_an_apology_and_gets_a_person() {
    let mut bench = with_fallback(Some("1001"));

    fail(&mut bench);
    assert_eq!(bench.outputs[0], Output::Answer);
    bench.hears(&[named("sys/error")]);
    let leg = bench.invited("1001");
    bench.answers(leg);
    assert_eq!(bench.call.state(), "talking");
    bench.hangs_up(leg);

    let record = bench.record();
    assert_eq!(record.result, Outcome::Answered);
    assert_eq!(record.ended_by, "agent:1001");
    assert!(bench.decided("reception.lua:19"));
}

#[test]
fn what_played_before_stops_for_the_apology() {
    let mut bench = with_fallback(None);
    bench.ask(Command::Answer);
    let request = bench.ask(play("menu/main"));
    let (play, _) = bench.playing();

    fail(&mut bench);

    let stop = Output::StopPlay {
        leg: LegId::CALLER,
        play,
    };
    assert_eq!(bench.outputs[0], stop);
    assert_eq!(bench.reply(request), None, "nobody is there to be told");
}

#[test]
fn a_missing_apology_is_the_built_in_tone() {
    let mut bench = with_fallback(None);
    fail(&mut bench);
    let (play, _) = bench.playing();

    bench.event(Event::PlayFailed {
        play,
        why: "sound 'sys/error' not found".to_owned(),
    });

    bench.hears(&[Sound::Tone(Tone::Apology)]);
    assert!(bench.call.is_ended());
}

#[test]
fn without_any_settings_the_tone_is_heard_and_the_call_ends_with_41() {
    let mut bench = Bench::new();

    fail(&mut bench);
    bench.hears(&[Sound::Tone(Tone::Apology)]);

    let record = bench.record();
    assert_eq!(record.cause.q850(), 41);
    assert_eq!(record.result, Outcome::Failed);
    assert_eq!(record.ended_by, "system:script_failed");
}

#[test]
fn a_fallback_that_fails_too_ends_the_call() {
    let mut bench = with_fallback(Some("1001"));
    fail(&mut bench);
    bench.hears(&[named("sys/error")]);

    bench.refuses(bench.invited("1001"), Cause::Busy);

    assert!(bench.call.is_ended());
    assert_eq!(bench.record().cause, Cause::Failure);
}

#[test]
fn an_apology_that_cannot_be_played_at_all_goes_on_to_the_person() {
    let mut bench = with_fallback(Some("1001"));
    fail(&mut bench);
    for _ in 0..2 {
        let (play, _) = bench.playing();
        bench.event(Event::PlayFailed {
            play,
            why: "no sound at all".to_owned(),
        });
    }

    bench.answers(bench.invited("1001"));

    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn an_apology_that_never_ends_does_not_keep_the_caller() {
    let mut bench = with_fallback(None);
    fail(&mut bench);

    bench.wait(s(60));

    assert!(bench.call.is_ended());
}

#[test]
fn phones_that_ring_when_the_script_fails_may_still_answer() {
    let mut bench = with_fallback(Some("1001"));
    bench.ask(Command::Bridge(bridge(&["1049"])));
    let leg = bench.invited("1049");
    bench.rings(leg);
    bench.take();

    fail(&mut bench);
    assert_eq!(bench.take(), []);
    bench.wait(s(20));

    bench.hears(&[named("sys/error")]);
    bench.answers(bench.invited("1001"));
    assert_eq!(bench.call.state(), "talking");
}

#[test]
fn a_script_that_failed_has_nothing_more_to_say() {
    let mut bench = with_fallback(None);
    fail(&mut bench);
    bench.take();

    let request = bench.ask(play("menu/main"));

    assert!(matches!(bench.reply(request), Some(Reply::Mistake(_))));
}

#[test]
fn the_caller_may_hang_up_at_every_point_of_the_fallback() {
    for moment in 0..4 {
        let mut bench = with_fallback(Some("1001"));
        fail(&mut bench);
        if moment > 0 {
            bench.hears(&[named("sys/error")]);
        }
        if moment > 1 {
            bench.rings(bench.invited("1001"));
        }
        if moment > 2 {
            bench.answers(bench.invited("1001"));
        }

        bench.hangs_up(LegId::CALLER);

        assert!(bench.call.is_ended(), "moment {moment}");
        assert!(!bench.outputs.contains(&Output::StopScript), "it is gone");
    }
}
