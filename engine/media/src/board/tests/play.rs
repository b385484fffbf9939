//! Playings and music: whole, on time, and over when they are over.

use std::sync::Arc;

use super::*;
use crate::codec::g711;
use crate::{Clip, Music, PlayItem, PlayKey};

#[test]
fn a_list_is_heard_sample_by_sample_and_its_end_is_told_with_its_last_packet() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let (one, two) = (clip(440.0, 8000, 1000), clip(620.0, 8000, 920));

    play(&mut lab, a, 1, vec![one.clone(), two.clone()], 2);
    lab.run(500);

    let sound = [&one.samples[..], &two.samples, &one.samples, &two.samples].concat();
    let expected: Vec<i16> = sound
        .iter()
        .map(|&sample| g711::alaw_to_linear(g711::linear_to_alaw(sample)))
        .collect();
    assert_eq!(lab.of(a).heard[..expected.len()], expected);
    let played = Event::Played {
        leg: a,
        play: PlayKey(1),
    };
    assert_eq!(lab.events, [played]);
    lab.of(a).assert_continuous();
    assert!(lab.of(a).got[0].header.marker);
}

#[test]
fn a_playing_is_paced_by_its_packets() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);

    play(&mut lab, a, 1, vec![clip(440.0, 8000, 80_000)], 1);
    lab.run(9_900);
    let before = lab.events.len();
    lab.run(100);

    let gaps = lab
        .of(a)
        .got
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_millis());
    assert!(
        gaps.clone().all(|gap| gap == 20),
        "{:?}",
        gaps.collect::<Vec<_>>()
    );
    assert_eq!((before, lab.events.len()), (0, 1));
}

#[test]
fn a_playing_covers_a_bridge_while_it_lasts() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(300);

    play(&mut lab, a, 1, vec![clip(440.0, 8000, 4000)], 1);
    lab.run(400);
    let during = (
        lab.of(a).hears(440.0),
        lab.of(a).hears(800.0),
        lab.of(b).hears(500.0),
    );
    lab.run(500);

    assert_eq!(during, (true, false, true));
    assert!(lab.of(a).hears(800.0) && !lab.of(a).hears(440.0));
    lab.of(a).assert_continuous();
}

#[test]
fn a_playing_without_end_goes_on_until_it_is_stopped() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcmu, 0.0);
    play(&mut lab, a, 1, vec![clip(440.0, 8000, 400)], 0);
    lab.run(1000);
    let during = lab.of(a).hears(440.0);

    lab.command(Command::StopPlay {
        leg: a,
        play: PlayKey(9),
    });
    lab.command(Command::StopPlay {
        leg: a,
        play: PlayKey(1),
    });
    lab.run(400);

    assert!(during && !lab.of(a).hears(440.0));
    assert_eq!(lab.events, []);
    lab.of(a).assert_continuous();
}

#[test]
fn every_codec_hears_what_is_played() {
    for kind in [
        CodecKind::Pcma,
        CodecKind::Pcmu,
        CodecKind::G722,
        CodecKind::Opus,
    ] {
        for ptime in [10, 20, 30, 40, 60] {
            let mut lab = Lab::new();
            let a = lab.phone_with(kind, 0.0, |config| config.ptime = ptime);
            let rate = kind.clip_rate();

            play(&mut lab, a, 1, vec![clip(440.0, rate, rate as i64)], 1);
            lab.run(900);

            assert!(lab.of(a).hears(440.0), "{kind:?} {ptime}");
            lab.of(a).assert_continuous();
        }
    }
}

#[test]
fn a_playing_nobody_can_hear_takes_its_time_all_the_same() {
    for change in [
        (|config: &mut LegConfig| config.codec.kind = CodecKind::G729) as fn(&mut LegConfig),
        |config| config.direction = Direction::Inactive,
        |config| config.latch.hosts.clear(),
    ] {
        let mut lab = Lab::new();
        let a = lab.phone_with(CodecKind::Pcma, 0.0, change);

        play(&mut lab, a, 1, vec![clip(440.0, 8000, 8000)], 1);
        lab.run(900);
        let before = lab.events.len();
        lab.run(200);

        assert_eq!((before, lab.events.len()), (0, 1));
    }
}

#[test]
fn an_empty_playing_is_over_at_once() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);

    play(&mut lab, a, 1, vec![], 0);
    lab.run(20);

    assert_eq!(
        lab.events,
        [Event::Played {
            leg: a,
            play: PlayKey(1)
        }]
    );
}

#[test]
fn music_is_at_the_same_bar_for_everybody() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    // A slow ramp: each sample tells its place.
    let samples = (0..40_000).map(|n| ((n / 2) - 10_000) as i16).collect();
    let music = Music {
        clip: Arc::new(Clip::from_samples(8000, samples)),
    };

    lab.command(Command::Music {
        leg: a,
        music: Some(music.clone()),
    });
    lab.run(1230);
    lab.command(Command::Music {
        leg: b,
        music: Some(music),
    });
    lab.run(1000);

    let (start, first) = (lab.start, &lab.of(b).got[0].clone());
    let of_a = lab
        .of(a)
        .got
        .iter()
        .rfind(|got| got.at <= first.at)
        .unwrap();
    let between = (first.at - of_a.at).as_millis() as f32 * 8.0;
    let place = |got: &Got| f32::from(g711::alaw_to_linear(got.payload[0])) * 2.0 + 20_000.0;
    assert!(
        (place(first) - place(of_a) - between).abs() < 600.0,
        "by A-law's steps"
    );
    let since = (first.at - start).as_millis() as f32 * 8.0;
    assert!((place(first) - since).abs() < 600.0);
}

#[test]
fn who_is_connected_hears_music_no_more() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    let music = Music {
        clip: clip(440.0, 8000, 8000),
    };
    lab.command(Command::Music {
        leg: a,
        music: Some(music.clone()),
    });
    lab.run(300);

    lab.connect(a, b);
    lab.run(300);
    let connected = lab.of(a).hears(800.0) && !lab.of(a).hears(440.0);
    lab.command(Command::Music {
        leg: a,
        music: Some(music),
    });
    lab.run(300);
    let held = lab.of(a).hears(440.0) && !lab.of(a).hears(800.0);
    lab.command(Command::Music {
        leg: a,
        music: None,
    });
    lab.run(300);

    assert!(connected && held && lab.of(a).hears(800.0));
    lab.of(a).assert_continuous();
}

#[test]
fn a_thread_that_was_late_sends_no_burst() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    play(&mut lab, a, 1, vec![clip(440.0, 8000, 16_000)], 1);
    lab.run(200);
    let before = lab.of(a).got.len();

    lab.now += Duration::from_millis(700);
    lab.tick();
    let burst = lab.of(a).got.len() - before;
    lab.run(300);
    lab.now += Duration::from_millis(55);
    lab.tick();
    lab.run(300);

    assert_eq!(burst, 1);
    let got = &lab.of(a).got;
    let (first, last) = (&got[0], &got[got.len() - 1]);
    let stamps = last.header.timestamp.wrapping_sub(first.header.timestamp);
    let time = (last.at - first.at).as_millis() as i64 * 8;
    assert!((i64::from(stamps) - time).abs() <= 160, "{stamps} {time}");
    let next = |pair: &[Got]| pair[0].header.sequence.wrapping_add(1);
    assert!(
        got.windows(2)
            .all(|pair| pair[1].header.sequence == next(pair))
    );
}

#[test]
fn a_codec_may_change_in_the_middle_of_a_playing() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    play(&mut lab, a, 1, vec![clip(440.0, 8000, 16_000)], 1);
    lab.run(500);

    let config = config(CodecKind::G722, 0);
    lab.of(a).codec = config.codec;
    lab.of(a).decoder = Decoder::new(CodecKind::G722).ok();
    lab.of(a).heard.clear();
    lab.command(Command::UpdateLeg { leg: a, config });
    lab.run(1000);

    assert!(lab.of(a).hears(440.0));
    assert_eq!(lab.events, []);
    lab.run(600);
    assert_eq!(lab.events.len(), 1);
    lab.of(a).assert_continuous();
}

fn play(lab: &mut Lab, leg: LegKey, key: u64, clips: Vec<Arc<Clip>>, times: u32) {
    let items = clips.into_iter().map(PlayItem::Clip).collect();
    lab.command(Command::Play {
        leg,
        play: PlayKey(key),
        items,
        times,
    });
}

fn clip(frequency: f64, rate: u32, samples: i64) -> Arc<Clip> {
    Arc::new(Clip::from_samples(
        rate,
        tone(frequency, rate, 0, samples as usize),
    ))
}
