//! Recordings: what each party said, on its side, through everything that happens to a call.

use std::sync::{Arc, Mutex};

use super::*;
use crate::{Clip, Music, PlayItem, PlayKey, RecordingKey, RecordingSink};

#[test]
fn each_party_is_on_its_own_side_in_every_codec() {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    let pairs = [
        (Pcma, Pcma),
        (Pcmu, Pcma),
        (G722, G722),
        (Pcma, Opus),
        (Opus, G722),
        (Opus, Opus),
    ];
    for (one, other) in pairs {
        let mut lab = Lab::new();
        let a = lab.phone(one, 500.0);
        let b = lab.phone(other, 1300.0);
        lab.connect(a, b);
        let tape = record(&mut lab, 8000, Some(a), Some(b));

        lab.run(2000);
        lab.command(Command::StopRecording {
            recording: RecordingKey(1),
        });
        lab.run(5);

        let (left, right) = tape.sides();
        assert_eq!(left.len(), 16_000, "{one:?} {other:?}");
        for from in [4000, 8000, 12_000] {
            let part = from..from + 3000;
            assert!(
                only(&left[part.clone()], 500.0, 1300.0),
                "{one:?} {other:?} left at {from}"
            );
            assert!(
                only(&right[part], 1300.0, 500.0),
                "{one:?} {other:?} right at {from}"
            );
        }
        assert!(tape.is_closed());
        let closed = lab.events.iter().find_map(|event| match event {
            Event::RecordingClosed {
                duration,
                lost_samples,
                ..
            } => Some((*duration, *lost_samples)),
            _ => None,
        });
        assert_eq!(closed, Some((Duration::from_secs(2), 0)));
    }
}

#[test]
fn a_recording_goes_on_through_hold_playing_and_a_new_partner() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    let c = lab.phone(CodecKind::Pcmu, 1700.0);
    let clip = Arc::new(Clip::from_samples(8000, tone(440.0, 8000, 0, 8000)));
    lab.connect(a, b);
    let tape = record(&mut lab, 8000, Some(a), Some(b));
    lab.run(1000);

    let hold = LegConfig {
        direction: Direction::SendOnly,
        ..config(CodecKind::Pcma, 0)
    };
    lab.command(Command::UpdateLeg {
        leg: a,
        config: hold,
    });
    lab.command(Command::Music {
        leg: a,
        music: Some(Music { clip: clip.clone() }),
    });
    lab.run(1000);
    lab.command(Command::UpdateLeg {
        leg: a,
        config: config(CodecKind::Pcma, 0),
    });
    lab.command(Command::Music {
        leg: a,
        music: None,
    });
    lab.command(Command::Play {
        leg: b,
        play: PlayKey(1),
        items: vec![PlayItem::Clip(clip)],
        times: 1,
    });
    lab.run(1000);
    lab.command(Command::RecordLegs {
        recording: RecordingKey(1),
        left: Some(a),
        right: Some(c),
    });
    lab.connect(a, c);
    lab.run(1000);
    lab.command(Command::RemoveLeg { leg: c });
    lab.run(1000);
    lab.command(Command::StopRecording {
        recording: RecordingKey(1),
    });

    let (left, right) = tape.sides();
    let second = |side: &[i16], n: usize| side[n * 8000 + 1600..n * 8000 + 6400].to_vec();
    assert_eq!(left.len(), 40_000);
    for n in [0, 2, 3, 4] {
        assert!(only(&second(&left, n), 500.0, 1300.0), "left, second {n}");
    }
    assert!(level(&second(&left, 1), 500.0) < -50.0, "held");
    for n in [0, 1, 2] {
        assert!(only(&second(&right, n), 1300.0, 440.0), "right, second {n}");
    }
    assert!(only(&second(&right, 3), 1700.0, 1300.0));
    assert!(level(&second(&right, 4), 1700.0) < -50.0, "gone");
}

#[test]
fn loss_and_reordering_do_not_shift_a_recording() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    lab.of(a).network = |n| match n % 20 {
        5 => None,
        11 => Some(Duration::from_millis(45)),
        _ => Some(Duration::ZERO),
    };
    let tape = record(&mut lab, 8000, Some(a), None);

    lab.run(4000);
    lab.command(Command::StopRecording {
        recording: RecordingKey(1),
    });

    let (left, _) = tape.sides();
    // The tone's phase at the end is that of the beginning: no sample was added or lost.
    let first = phase(&left[800..1600], 0);
    let last = phase(&left[30_400..31_200], 29_600);
    let turn = (first - last).rem_euclid(std::f64::consts::TAU);
    assert!(
        turn.min(std::f64::consts::TAU - turn) < 0.2,
        "{first} {last}"
    );
}

#[test]
fn silence_on_the_left_is_told_once() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    lab.command(Command::StartRecording {
        recording: RecordingKey(1),
        stereo: false,
        rate: 8000,
        sink: Box::new(Tape::default()),
        silence: Duration::from_secs(3),
    });
    lab.command(Command::RecordLegs {
        recording: RecordingKey(1),
        left: Some(a),
        right: None,
    });

    lab.run(8000);

    let silent = Event::Silent {
        recording: RecordingKey(1),
    };
    assert_eq!(
        lab.events.iter().filter(|event| **event == silent).count(),
        1
    );
}

#[test]
fn a_leg_that_is_only_recorded_is_sent_silence_so_that_its_peer_stays() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    record(&mut lab, 8000, Some(a), None);

    lab.run(1000);

    assert!(lab.of(a).got.len() >= 48);
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tape(Arc<Mutex<(Vec<i16>, bool)>>);

impl Tape {
    pub(super) fn sides(&self) -> (Vec<i16>, Vec<i16>) {
        let tape = self.0.lock().unwrap();
        let side = |n: usize| tape.0.iter().skip(n).step_by(2).copied().collect();
        (side(0), side(1))
    }

    fn is_closed(&self) -> bool {
        self.0.lock().unwrap().1
    }
}

impl RecordingSink for Tape {
    fn write(&mut self, samples: &[i16]) -> bool {
        self.0.lock().unwrap().0.extend_from_slice(samples);
        true
    }

    fn close(&mut self) -> bool {
        self.0.lock().unwrap().1 = true;
        true
    }
}

pub(super) fn record(
    lab: &mut Lab,
    rate: u32,
    left: Option<LegKey>,
    right: Option<LegKey>,
) -> Tape {
    let tape = Tape::default();
    let recording = RecordingKey(1);
    lab.command(Command::StartRecording {
        recording,
        stereo: true,
        rate,
        sink: Box::new(tape.clone()),
        silence: Duration::ZERO,
    });
    lab.command(Command::RecordLegs {
        recording,
        left,
        right,
    });
    tape
}

pub(super) fn only(samples: &[i16], this: f64, not_that: f64) -> bool {
    level(samples, this) > -20.0 && level(samples, not_that) < -40.0
}

fn level(samples: &[i16], frequency: f64) -> f32 {
    Goertzel::new(frequency, 8000).level(samples)
}

/// The phase of a tone of 500 Hz, as if it had begun `offset` samples before.
fn phase(samples: &[i16], offset: usize) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * 500.0 * (n + offset) as f64 / 8000.0;
        real += f64::from(sample) * angle.cos();
        imaginary += f64::from(sample) * angle.sin();
    }
    imaginary.atan2(real)
}
