//! Rooms: who hears whom when three and more are there, and when they leave.

use std::sync::Arc;

use super::record::{only, record};
use super::*;
use crate::{Clip, Music, RecordingKey, RoomKey};

const ROOM: RoomKey = RoomKey(1);

fn enters(lab: &mut Lab, leg: LegKey) {
    lab.command(Command::EnterRoom { room: ROOM, leg });
}

/// Everybody in the room hears all the others, and not itself.
fn everybody_hears_the_others(lab: &mut Lab, here: &[(LegKey, f64)], context: &str) {
    for (leg, own) in here {
        let phone = lab.of(*leg);
        for (_, tone) in here {
            let heard = phone.level(*tone) > -20.0;
            assert_eq!(heard, tone != own, "{leg:?} and {tone} Hz, {context}");
        }
        phone.assert_continuous();
    }
}

#[test]
fn each_of_three_hears_both_others_in_every_mixture_of_codecs() {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    for kinds in [
        [Pcma, Pcma, Pcma],
        [Pcma, Pcmu, Pcma],
        [Pcma, G722, Pcmu],
        [Opus, Pcma, G722],
        [Opus, Opus, Opus],
    ] {
        for lengths in [[20, 20, 20], [20, 30, 10], [60, 20, 40]] {
            let mut lab = Lab::new();
            let tones = [500.0, 1300.0, 2100.0];
            let legs: Vec<(LegKey, f64)> = (0..3)
                .map(|n| {
                    let leg =
                        lab.phone_with(kinds[n], tones[n], |config| config.ptime = lengths[n]);
                    (leg, tones[n])
                })
                .collect();

            for (leg, _) in &legs {
                enters(&mut lab, *leg);
            }
            lab.run(1500);

            let context = format!("{kinds:?} {lengths:?}");
            everybody_hears_the_others(&mut lab, &legs, &context);
        }
    }
}

#[test]
fn two_in_a_room_are_an_ordinary_conversation_before_and_after() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    let c = lab.phone(CodecKind::G722, 2100.0);
    enters(&mut lab, a);
    lab.run(300);
    assert!(lab.of(a).got.len() <= 1, "nobody is there");
    enters(&mut lab, b);
    lab.run(500);
    everybody_hears_the_others(&mut lab, &[(a, 500.0), (b, 1300.0)], "two");
    let relayed = lab.of(a).got.last().unwrap().at;
    enters(&mut lab, c);
    lab.run(500);
    let all = [(a, 500.0), (b, 1300.0), (c, 2100.0)];
    everybody_hears_the_others(&mut lab, &all, "three");

    lab.command(Command::LeaveRoom { leg: b });
    lab.run(500);

    everybody_hears_the_others(&mut lab, &[(a, 500.0), (c, 2100.0)], "two again");
    assert!(!lab.of(a).hears(1300.0) && !lab.of(c).hears(1300.0));
    assert!(lab.of(b).level(500.0) < -60.0 && lab.of(b).level(2100.0) < -60.0);
    lab.of(b).assert_continuous();
    lab.command(Command::RemoveLeg { leg: c });
    lab.run(300);
    assert!(lab.of(a).level(2100.0) < -60.0);
    assert!(lab.of(a).got.last().unwrap().at > relayed);
    enters(&mut lab, b);
    let before = lab.of(a).got.len();
    lab.run(300);
    let said: Vec<_> = lab.of(a).got[before + 2..].to_vec();
    everybody_hears_the_others(&mut lab, &[(a, 500.0), (b, 1300.0)], "without a mixer");
    assert!(said.len() > 10, "packets are relayed as they come");
}

#[test]
fn loss_of_one_is_heard_by_nobody_as_a_hole() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcmu, 0.0);
    let c = lab.phone(CodecKind::Pcma, 0.0);
    lab.of(a).network = |n| (n % 20 != 7).then_some(scattered(n, 20));
    for leg in [a, b, c] {
        enters(&mut lab, leg);
    }

    lab.run(5000);

    for leg in [b, c] {
        let got = lab.of(leg).got.len();
        assert!((240..=251).contains(&got), "{got}");
        lab.of(leg).assert_continuous();
        assert!(lab.of(leg).level(500.0) > -16.0);
    }
}

#[test]
fn who_holds_is_not_heard_and_what_is_played_covers_the_room_for_one() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    let c = lab.phone(CodecKind::Pcma, 2100.0);
    for leg in [a, b, c] {
        enters(&mut lab, leg);
    }
    lab.run(500);
    let mut held = config(CodecKind::Pcma, 0);
    held.direction = Direction::SendOnly;

    lab.command(Command::UpdateLeg {
        leg: a,
        config: held,
    });
    let clip = Arc::new(Clip::from_samples(8000, tone(440.0, 8000, 0, 8000)));
    lab.command(Command::Music {
        leg: b,
        music: Some(Music { clip }),
    });
    lab.run(1000);

    assert!(!lab.of(c).hears(500.0) && lab.of(c).hears(1300.0));
    assert!(lab.of(b).hears(440.0) && !lab.of(b).hears(2100.0));
    lab.command(Command::Music {
        leg: b,
        music: None,
    });
    lab.command(Command::UpdateLeg {
        leg: a,
        config: config(CodecKind::Pcma, 0),
    });
    lab.run(1000);
    let all = [(a, 500.0), (b, 1300.0), (c, 2100.0)];
    everybody_hears_the_others(&mut lab, &all, "after hold and music");
}

#[test]
fn another_codec_within_a_room_goes_on() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    let c = lab.phone(CodecKind::Pcma, 2100.0);
    for leg in [a, b, c] {
        enters(&mut lab, leg);
    }
    lab.run(500);

    let new = config(CodecKind::Opus, 1);
    let phone = lab.of(b);
    phone.codec = new.codec;
    phone.encoder = Encoder::new(CodecKind::Opus).ok();
    phone.decoder = Decoder::new(CodecKind::Opus).ok();
    phone.header.payload_type = new.codec.receive;
    phone.heard.clear();
    phone.got.clear();
    lab.command(Command::UpdateLeg {
        leg: b,
        config: new,
    });
    lab.run(1500);

    for (leg, tones) in [
        (a, [1300.0, 2100.0]),
        (b, [500.0, 2100.0]),
        (c, [500.0, 1300.0]),
    ] {
        for tone in tones {
            assert!(lab.of(leg).hears(tone), "{leg:?} {tone}");
        }
    }
}

#[test]
fn what_passes_through_only_is_not_heard_and_harms_nobody() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::G729, 1300.0);
    let c = lab.phone(CodecKind::Pcma, 2100.0);
    for leg in [a, b, c] {
        enters(&mut lab, leg);
    }

    lab.run(1000);

    assert!(lab.of(a).hears(2100.0) && lab.of(c).hears(500.0));
    assert!(lab.of(b).got.is_empty());
}

#[test]
fn a_recording_of_a_room_has_one_party_left_and_all_others_right() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    let c = lab.phone(CodecKind::G722, 2100.0);
    enters(&mut lab, a);
    enters(&mut lab, b);
    let tape = record(&mut lab, 8000, Some(a), None);
    lab.command(Command::RecordRoom {
        recording: RecordingKey(1),
        leg: a,
    });
    lab.run(1000);
    enters(&mut lab, c);
    lab.run(1000);
    lab.command(Command::LeaveRoom { leg: b });
    lab.run(1000);
    lab.command(Command::StopRecording {
        recording: RecordingKey(1),
    });
    lab.run(5);

    let (left, right) = tape.sides();
    assert_eq!(left.len(), 24_000);
    for from in [2000, 10_000, 18_000] {
        assert!(
            only(&left[from..from + 3000], 500.0, 1300.0),
            "left at {from}"
        );
    }
    assert!(only(&right[2000..5000], 1300.0, 2100.0));
    let both = &right[10_000..13_000];
    for tone in [1300.0, 2100.0] {
        assert!(
            Goertzel::new(tone, 8000).level(both) > -20.0,
            "{tone} of three"
        );
    }
    assert!(Goertzel::new(500.0, 8000).level(both) < -40.0);
    assert!(only(&right[18_000..21_000], 2100.0, 1300.0));
}

#[test]
fn keys_of_members_are_reported_once() {
    let mut lab = Lab::new();
    let [a, b, c] = [0; 3].map(|_| lab.phone(CodecKind::Pcma, 0.0));
    for leg in [a, b, c] {
        enters(&mut lab, leg);
    }
    lab.run(200);

    lab.command(Command::Press { leg: b, digit: '5' });
    lab.run(200);

    assert_eq!(lab.digits(), [(b, '5')]);
}

#[test]
fn a_moved_leg_goes_on_in_one_stream_and_a_moved_recording_in_one_time_line() {
    let mut here = Lab::new();
    let a = here.phone(CodecKind::Pcma, 500.0);
    let b = here.phone(CodecKind::Pcmu, 1300.0);
    here.connect(a, b);
    let tape = record(&mut here, 8000, Some(a), Some(b));
    here.run(1000);
    let mut there = Board::new(here.start);

    let now = here.now;
    let luggage = [a, b].map(|leg| here.board.give_leg(now, leg).unwrap());
    let recording = here.board.give_recording(now, RecordingKey(1)).unwrap();
    assert!(here.board.give_leg(now, a).is_none() && here.board.is_idle());
    for leg in luggage {
        there.take_leg(now, leg);
    }
    there.take_recording(recording);
    here.board = there;
    here.connect(a, b);
    here.command(Command::RecordLegs {
        recording: RecordingKey(1),
        left: Some(a),
        right: Some(b),
    });
    here.run(1000);

    everybody_hears_the_others(&mut here, &[(a, 500.0), (b, 1300.0)], "moved");
    here.command(Command::StopRecording {
        recording: RecordingKey(1),
    });
    here.run(5);
    let (left, right) = tape.sides();
    assert_eq!(left.len(), 16_000);
    for from in [4000, 9000, 12_000] {
        assert!(
            only(&left[from..from + 3000], 500.0, 1300.0),
            "left at {from}"
        );
        assert!(
            only(&right[from..from + 3000], 1300.0, 500.0),
            "right at {from}"
        );
    }
    let left = here
        .events
        .iter()
        .any(|event| matches!(event, Event::Left { .. }));
    assert!(!left, "a leg that moves does not leave");
}
