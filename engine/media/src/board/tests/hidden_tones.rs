//! Codes that are typed as tones in the sound: whoever hears the leg hears of each key its very beginning.

use super::held_keys::{STAR, held, keys_at, release};
use super::keys::packet;
use super::*;
use crate::codec::Encoder;
use crate::dtmf;
use crate::inband::ToneDetector;

/// A phone that knows tones only, whose keys may be codes, and one that hears it.
fn lab(kind: CodecKind, other: CodecKind) -> (Lab, LegKey, LegKey) {
    let mut lab = Lab::new();
    let a = lab.phone_with(kind, 0.0, |config| {
        config.telephone_event = None;
        config.detect_tones = true;
    });
    let b = lab.phone(other, 0.0);
    lab.connect(a, b);
    lab.command(Command::HoldKeys { leg: a, hold: true });
    (lab, a, b)
}

/// Says keys of 100 ms with 100 ms between them, the first so many samples of 8 kHz after a packet's beginning.
fn types(lab: &mut Lab, leg: LegKey, keys: &str, after: usize) {
    let kind = lab.of(leg).codec.kind;
    let rate = kind.clip_rate() as usize;
    let mut sound = vec![0; after * rate / 8_000 + rate / 10];
    for key in keys.chars() {
        let mut tone = vec![0; rate / 10];
        dtmf::tone(key, Duration::ZERO, kind.clip_rate(), &mut tone);
        sound.extend(tone);
        sound.resize(sound.len() + rate / 10, 0);
    }
    let from = lab.of(leg).address;
    let mut encoder = Encoder::new(kind).unwrap();
    for samples in sound.chunks_exact(rate / 50) {
        let mut payload = vec![0; MAX_PAYLOAD];
        let length = encoder.encode(samples, &mut payload);
        let phone = lab.of(leg);
        let said = packet(phone.header, &payload[..length]);
        phone.header.sequence = phone.header.sequence.wrapping_add(1);
        let span = kind.clock_rate() / 50;
        phone.header.timestamp = phone.header.timestamp.wrapping_add(span);
        lab.arrives(leg, from, &said);
        lab.run(20);
    }
    lab.run(200);
}

/// How long something was to be heard since the last call of this.
fn audible(lab: &mut Lab, leg: LegKey) -> Duration {
    let phone = lab.of(leg);
    let rate = phone.codec.kind.clip_rate();
    let heard = std::mem::take(&mut phone.heard);
    // In pieces of 1 ms, for tones go through zero.
    let pieces = heard.chunks(rate as usize / 1_000);
    let loud = pieces.filter(|piece| piece.iter().any(|sample| sample.unsigned_abs() > 400));
    Duration::from_millis(loud.count() as u64)
}

#[test]
fn of_a_code_in_the_sound_nobody_hears_more_than_the_first_25_ms_of_each_key() {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    for (kind, other) in [
        (Pcma, Pcma),
        (Pcmu, Pcma),
        (Pcma, G722),
        (G722, G722),
        (Opus, Pcma),
    ] {
        for after in (0..160).step_by(11) {
            let (mut lab, a, b) = lab(kind, other);
            types(&mut lab, a, "*2", after);
            assert_eq!(held(&mut lab), "*2", "{kind:?} to {other:?} after {after}");
            // Resampling smears what is before and behind.
            let most = if kind == other || kind == Pcmu {
                26
            } else {
                32
            };
            let heard = lab.of(b).heard.clone();
            let rate = lab.of(b).codec.kind.clip_rate();
            let loud = audible(&mut lab, b);
            assert!(
                loud <= 2 * Duration::from_millis(most),
                "{kind:?} to {other:?} after {after}: {loud:?}"
            );
            if rate == 8_000 {
                assert!(ToneDetector::new().push(&heard).is_empty(), "no key of it");
            }
        }
    }
}

#[test]
fn an_ordinary_key_in_the_sound_is_heard_from_its_beginning_to_its_end() {
    let (mut lab, a, b) = lab(CodecKind::Pcma, CodecKind::Pcma);

    types(&mut lab, a, "51", 40);

    assert_eq!(lab.digits(), [(a, '5'), (a, '1')]);
    let heard = lab.of(b).heard.clone();
    assert_eq!(ToneDetector::new().push(&heard)[..], ['5', '1']);
    assert!(audible(&mut lab, b) >= Duration::from_millis(195));
}

#[test]
fn keys_in_the_sound_that_were_no_code_are_sent_on_once_each() {
    let (mut lab, a, b) = lab(CodecKind::Pcma, CodecKind::Pcma);
    types(&mut lab, a, "*9", 0);
    assert_eq!(held(&mut lab), "*9");

    release(&mut lab, a, 0, 2);

    assert_eq!(keys_at(&lab, b), [STAR, 9]);
}

#[test]
fn the_last_key_of_a_code_is_hidden_to_its_end_and_what_follows_is_heard() {
    let (mut lab, a, b) = lab(CodecKind::Pcma, CodecKind::Pcma);
    types(&mut lab, a, "*", 0);
    audible(&mut lab, b);
    // The code is known for one while its last key still sounds.
    lab.command(Command::ReleaseKeys {
        leg: a,
        drop: 1,
        pass: 0,
    });
    types(&mut lab, a, "4", 0);
    assert!(audible(&mut lab, b) >= Duration::from_millis(95), "no code");

    let known = lab.events.len();
    types(&mut lab, a, "*", 0);
    audible(&mut lab, b);
    // Typed as one: the machine answers at the second key at once.
    let from = lab.of(a).address;
    let kind = lab.of(a).codec.kind;
    for n in 0..10 {
        let mut samples = vec![0; 160];
        let key = if n < 5 { '4' } else { ' ' };
        dtmf::tone(key, Duration::from_millis(20) * n, 8_000, &mut samples);
        let mut payload = vec![0; 160];
        Encoder::new(kind).unwrap().encode(&samples, &mut payload);
        let phone = lab.of(a);
        let said = packet(phone.header, &payload);
        phone.header.sequence = phone.header.sequence.wrapping_add(1);
        phone.header.timestamp = phone.header.timestamp.wrapping_add(160);
        lab.arrives(a, from, &said);
        lab.run(20);
        let new = &lab.events[known..];
        let is_typed = |event: &Event| matches!(event, Event::HeldDigit { digit: '4', .. });
        if new.iter().any(is_typed) {
            lab.events.truncate(known);
            lab.command(Command::ReleaseKeys {
                leg: a,
                drop: 2,
                pass: 0,
            });
        }
    }
    assert!(audible(&mut lab, b) <= Duration::from_millis(26));
    types(&mut lab, a, "7", 0);
    assert!(audible(&mut lab, b) >= Duration::from_millis(95));
}

#[test]
fn a_leader_who_listens_changes_nothing_about_what_is_hidden() {
    let (mut lab, a, b) = lab(CodecKind::Pcma, CodecKind::Pcma);
    let leader = lab.phone(CodecKind::Pcma, 0.0);
    lab.command(Command::Supervise {
        leader,
        agent: a,
        heard_by: crate::HeardBy::Nobody,
    });

    types(&mut lab, a, "*2", 50);

    assert_eq!(held(&mut lab), "*2");
    assert!(audible(&mut lab, b) <= Duration::from_millis(52));
    assert!(audible(&mut lab, leader) <= Duration::from_millis(52));
}

#[test]
fn three_who_talk_hear_nothing_of_a_code_either() {
    let (mut lab, a, b) = lab(CodecKind::Pcma, CodecKind::Pcma);
    let c = lab.phone(CodecKind::Pcmu, 0.0);
    for leg in [a, b, c] {
        let room = crate::RoomKey(1);
        lab.command(Command::EnterRoom { room, leg });
    }
    lab.run(100);

    types(&mut lab, a, "*3", 70);

    assert_eq!(held(&mut lab), "*3");
    for leg in [b, c] {
        assert!(audible(&mut lab, leg) <= Duration::from_millis(52));
    }
}

#[test]
fn a_phone_whose_keys_are_events_is_relayed_as_it_is() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::G722, 500.0, |config| config.detect_tones = true);
    let b = lab.phone(CodecKind::G722, 0.0);
    lab.connect(a, b);
    lab.command(Command::HoldKeys { leg: a, hold: true });

    keys::press(&mut lab, a, 5, |_| 1);
    lab.run(200);
    let before = lab.of(b).got.len();
    lab.run(200);

    assert!(lab.of(b).got.len() >= before + 9);
    let sequences = lab.of(b).got.iter().map(|got| got.payload.len());
    assert!(sequences.filter(|&length| length == 160).count() > 9);
}
