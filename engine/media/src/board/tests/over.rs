//! What is played over others: they are heard beneath it, and as before when it is over.

use std::sync::Arc;

use super::*;
use crate::{Clip, Music, PlayItem, PlayKey};

#[test]
fn words_are_heard_over_the_music_and_the_music_goes_on_beneath_and_after() {
    for kind in [CodecKind::Pcma, CodecKind::G722, CodecKind::Opus] {
        let mut lab = Lab::new();
        let a = lab.phone(kind, 0.0);
        let rate = kind.clip_rate();
        music(&mut lab, a, clip(440.0, rate, i64::from(rate)));
        lab.run(400);

        play_over(&mut lab, a, clip(800.0, rate, i64::from(rate)));
        lab.run(700);
        let during = (lab.of(a).hears(800.0), lab.of(a).level(440.0) > -35.0);
        lab.run(900);

        assert_eq!(during, (true, true), "{kind:?}");
        assert!(lab.of(a).hears(440.0) && !lab.of(a).hears(800.0));
        assert_eq!(played(&lab), 1, "its end is told once");
        lab.of(a).assert_continuous();
    }
}

#[test]
fn words_are_heard_over_a_conversation_which_nobody_else_notices() {
    for [one, other] in [
        [CodecKind::Pcma, CodecKind::Pcma],
        [CodecKind::Pcma, CodecKind::Pcmu],
        [CodecKind::G722, CodecKind::Pcma],
        [CodecKind::Opus, CodecKind::Opus],
    ] {
        let mut lab = Lab::new();
        let a = lab.phone(one, 500.0);
        let b = lab.phone(other, 800.0);
        lab.connect(a, b);
        lab.run(400);

        let rate = one.clip_rate();
        play_over(&mut lab, a, clip(1240.0, rate, i64::from(rate)));
        lab.run(700);
        let during = (lab.of(a).hears(1240.0), lab.of(a).hears(800.0));
        let others = (lab.of(b).hears(500.0), lab.of(b).hears(1240.0));
        lab.run(900);

        assert_eq!(during, (true, true), "{one:?} {other:?}");
        assert_eq!(others, (true, false), "{one:?} {other:?}");
        assert!(lab.of(a).hears(800.0) && !lab.of(a).hears(1240.0));
        assert!(lab.of(b).hears(500.0));
        assert_eq!(played(&lab), 1);
        lab.of(a).assert_continuous();
        lab.of(b).assert_continuous();
    }
}

#[test]
fn who_begins_to_talk_while_words_are_played_over_it_is_heard_at_once() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    music(&mut lab, a, clip(440.0, 8000, 8000));
    lab.run(200);

    play_over(&mut lab, a, clip(1240.0, 8000, 16_000));
    lab.connect(a, b);
    lab.run(600);
    let during = (lab.of(a).hears(1240.0), lab.of(a).hears(800.0));
    lab.command(Command::StopPlay {
        leg: a,
        play: PlayKey(7),
    });
    lab.run(400);

    assert_eq!(during, (true, true));
    assert!(lab.of(a).hears(800.0) && !lab.of(a).hears(1240.0) && !lab.of(a).hears(440.0));
    assert_eq!(played(&lab), 0);
}

#[test]
fn keys_pass_while_words_are_played_over_a_conversation() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    play_over(&mut lab, a, clip(1240.0, 8000, 8000));
    lab.run(100);

    lab.command(Command::Press { leg: b, digit: '5' });
    lab.run(1500);

    assert!(lab.of(a).got.iter().any(|got| got.header.payload_type != 8));
}

#[test]
fn music_may_begin_anew_for_one_leg() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    // A slow ramp: each sample tells its place.
    let samples = (0..40_000).map(|n| ((n / 2) - 10_000) as i16).collect();
    let ramp = Arc::new(Clip::from_samples(8000, samples));
    lab.run(1230);

    music(&mut lab, a, ramp);
    lab.command(Command::RestartMusic { leg: a });
    lab.run(500);

    let first = crate::codec::g711::alaw_to_linear(lab.of(a).got[0].payload[0]);
    assert!(first < -9_700, "at {first} it has played for a while");
    let last = lab.of(a).got.last().unwrap().payload[0];
    assert!(crate::codec::g711::alaw_to_linear(last) > -8_500);
}

fn played(lab: &Lab) -> usize {
    let played = |event: &&Event| matches!(event, Event::Played { .. });
    lab.events.iter().filter(played).count()
}

fn music(lab: &mut Lab, leg: LegKey, clip: Arc<Clip>) {
    let music = Some(Music { clip });
    lab.command(Command::Music { leg, music });
}

fn play_over(lab: &mut Lab, leg: LegKey, clip: Arc<Clip>) {
    lab.command(Command::PlayOver {
        leg,
        play: PlayKey(7),
        items: vec![PlayItem::Clip(clip)],
    });
}

fn clip(frequency: f64, rate: u32, samples: i64) -> Arc<Clip> {
    Arc::new(Clip::from_samples(
        rate,
        tone(frequency, rate, 0, samples as usize),
    ))
}
