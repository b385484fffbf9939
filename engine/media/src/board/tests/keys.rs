//! Keys, both ways: each once, whatever the network does to them.

use super::*;
use crate::dtmf::{self, Telephone};
use crate::inband::ToneDetector;

#[test]
fn a_key_is_reported_once_and_relayed_with_the_listeners_payload_type() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);

    press(&mut lab, a, 5, |_| 1);

    assert_eq!(lab.digits(), [(a, '5')]);
    let events = events_of(&lab, b);
    assert_eq!(events.len(), 8);
    assert!(
        events
            .iter()
            .all(|(got, told)| got.header.payload_type == 102 && told.event == 5)
    );
    let stamp = events[0].0.header.timestamp;
    assert!(events.iter().all(|(got, _)| got.header.timestamp == stamp));
    assert_eq!(events.iter().filter(|(_, told)| told.end).count(), 3);
}

#[test]
fn a_key_survives_loss_and_duplication() {
    // Of the eight packets of a key, the last three are its end.
    let fates: [fn(usize) -> usize; 4] = [
        |n| usize::from(n == 7),
        |n| usize::from(n < 5),
        |_| 3,
        |n| usize::from(n == 1 || n == 6),
    ];
    for (index, copies) in fates.into_iter().enumerate() {
        let mut lab = Lab::new();
        let a = lab.phone(CodecKind::Pcma, 0.0);

        for event in [1, 1, 11] {
            press(&mut lab, a, event, copies);
        }

        assert_eq!(lab.digits(), [(a, '1'), (a, '1'), (a, '#')], "fate {index}");
    }
}

#[test]
fn a_straggler_of_a_key_after_the_next_one_is_none() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let first = key_packets(lab.of(a), 1);
    let second = key_packets(lab.of(a), 2);

    for packet in first[..6]
        .iter()
        .chain(&second[..4])
        .chain(&first[6..])
        .chain(&second[4..])
    {
        lab.arrives(a, address(0), packet);
    }
    lab.run(50);

    assert_eq!(lab.digits(), [(a, '1'), (a, '2')]);
}

#[test]
fn a_key_to_a_leg_without_events_is_heard_as_a_tone() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone_with(CodecKind::Pcma, 0.0, |config| config.telephone_event = None);
    lab.connect(a, b);

    press(&mut lab, a, 9, |_| 1);
    lab.run(400);

    assert_eq!(lab.digits(), [(a, '9')]);
    assert_eq!(ToneDetector::new().push(&lab.of(b).heard)[..], ['9']);
    lab.of(b).assert_continuous();
}

#[test]
fn a_key_across_codecs_is_sent_anew_as_an_event() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::G722, 0.0);
    lab.connect(a, b);
    lab.run(200);
    lab.of(a).tone = None;

    press(&mut lab, a, 9, |_| 1);
    lab.run(400);

    let events = events_of(&lab, b);
    assert_eq!(lab.digits(), [(a, '9')]);
    assert_eq!(events.len(), 7);
    assert!(events.iter().all(|(_, told)| told.event == 9));
}

#[test]
fn keys_are_sent_by_rfc_4733() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);

    lab.command(Command::SendDigits {
        leg: a,
        digits: "4,2".into(),
    });
    lab.run(2000);

    let events = events_of(&lab, a);
    let four: Vec<_> = events.iter().filter(|(_, told)| told.event == 4).collect();
    let two: Vec<_> = events.iter().filter(|(_, told)| told.event == 2).collect();
    let durations: Vec<u16> = four.iter().map(|(_, told)| told.duration).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
    let markers: Vec<bool> = four.iter().map(|(got, _)| got.header.marker).collect();
    assert_eq!(markers, [true, false, false, false, false, false, false]);
    assert_eq!(events.len(), 14);
    let sequence = |n: usize| events[n].0.header.sequence;
    assert!((1..14).all(|n| sequence(n) == sequence(n - 1).wrapping_add(1)));
    let stamps = two[0]
        .0
        .header
        .timestamp
        .wrapping_sub(four[0].0.header.timestamp);
    let time = two[0].0.at - four[0].0.at;
    assert_eq!(
        time,
        Duration::from_millis(1200),
        "a key, its gap, a second"
    );
    assert_eq!(stamps, 1200 * 8);
}

#[test]
fn a_peer_that_numbers_keys_in_its_own_way_is_sent_its_number_and_heard_under_ours() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 0.0, |config| {
        config.telephone_event = Some(TelephoneEvent {
            send: 96,
            ..events(101)
        });
    });
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);

    press(&mut lab, a, 5, |_| 1);
    press(&mut lab, b, 6, |_| 1);

    assert_eq!(lab.digits(), [(a, '5'), (b, '6')]);
    let relayed: Vec<u8> = lab
        .of(a)
        .got
        .iter()
        .map(|got| got.header.payload_type)
        .filter(|&number| number != 8)
        .collect();
    assert_eq!(relayed, [96; 8]);
}

#[test]
fn keys_in_a_conversation_are_followed_by_the_conversation() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    lab.run(200);

    lab.command(Command::SendDigits {
        leg: b,
        digits: "12".into(),
    });
    lab.run(1000);

    let events = events_of(&lab, b);
    assert_eq!(events.len(), 14);
    assert!(lab.of(b).hears(500.0));
    let during = lab.of(b).got.iter().filter(|got| {
        got.header.payload_type == 8 && got.at >= events[0].0.at && got.at <= events[13].0.at
    });
    assert_eq!(during.count(), 0, "no sound between a key's packets");
    let sequences: Vec<u16> = lab
        .of(b)
        .got
        .iter()
        .map(|got| got.header.sequence)
        .collect();
    assert!(
        sequences
            .windows(2)
            .all(|pair| pair[1] == pair[0].wrapping_add(1))
    );
}

#[test]
fn tones_are_found_only_where_they_are_looked_for() {
    for (looked_for, kind) in [
        (true, CodecKind::Pcmu),
        (true, CodecKind::G722),
        (true, CodecKind::Opus),
        (false, CodecKind::Pcmu),
    ] {
        let mut lab = Lab::new();
        let a = lab.phone_with(kind, 0.0, |config| {
            config.telephone_event = None;
            config.detect_tones = looked_for;
        });

        for key in ['1', '#', '#'] {
            press_tone(&mut lab, a, key);
        }

        let expected = [(a, '1'), (a, '#'), (a, '#')];
        let expected = if looked_for { &expected[..] } else { &[] };
        assert_eq!(lab.digits(), expected, "{kind:?}");
    }
}

#[test]
fn tones_are_found_where_the_sound_is_transcoded_too() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcmu, 0.0, |config| {
        config.telephone_event = None;
        config.detect_tones = true;
    });
    let b = lab.phone(CodecKind::G722, 0.0);
    lab.connect(a, b);

    for key in ['7', '0'] {
        press_tone(&mut lab, a, key);
    }
    lab.run(300);

    assert_eq!(lab.digits(), [(a, '7'), (a, '0')]);
}

#[test]
fn a_signalled_key_is_reported_and_sent_to_who_hears_it_but_for_the_covered() {
    for kind in [CodecKind::Pcma, CodecKind::G722] {
        let mut lab = Lab::new();
        let (a, b) = (lab.phone(kind, 500.0), lab.phone(CodecKind::Pcma, 800.0));
        lab.connect(a, b);
        lab.run(200);

        signal(&mut lab, a, '6');
        lab.command(Command::Music {
            leg: b,
            music: Some(crate::Music {
                clip: std::sync::Arc::new(crate::tone::busy(8_000)),
            }),
        });
        signal(&mut lab, a, '7');

        assert_eq!(lab.digits(), [(a, '6'), (a, '7')]);
        let keys = events_of(&lab, b);
        assert_eq!(keys.len(), 7, "{kind:?}");
        assert!(keys.iter().all(|(_, told)| told.event == 6));
        assert!(events_of(&lab, a).is_empty());
    }
}

#[test]
fn a_key_by_event_and_by_signal_reaches_the_other_party_once_whichever_comes_first() {
    for signalled_first in [true, false] {
        for kind in [CodecKind::Pcma, CodecKind::G722] {
            let mut lab = Lab::new();
            let (a, b) = (lab.phone(kind, 500.0), lab.phone(CodecKind::Pcma, 0.0));
            lab.connect(a, b);
            lab.run(200);

            for event in [6, 6] {
                if signalled_first {
                    signal(&mut lab, a, '6');
                }
                press(&mut lab, a, event, |_| 1);
                if !signalled_first {
                    signal(&mut lab, a, '6');
                }
                lab.run(500);
            }

            assert_eq!(lab.digits(), [(a, '6'), (a, '6')]);
            let keys = events_of(&lab, b);
            let mut stamps: Vec<u32> = keys.iter().map(|(got, _)| got.header.timestamp).collect();
            stamps.dedup();
            assert_eq!(stamps.len(), 2, "{kind:?}, signal first: {signalled_first}");
        }
    }
}

#[test]
fn keys_in_quick_succession_all_arrive_where_they_are_made_anew() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::G722, 500.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    lab.run(200);

    for event in [1, 2, 3, 4] {
        for packet in key_packets(lab.of(a), event) {
            lab.arrives(a, address(0), &packet);
        }
        lab.run(60);
    }
    lab.run(1_000);

    let mut keys: Vec<u8> = events_of(&lab, b)
        .iter()
        .map(|(_, told)| told.event)
        .collect();
    keys.dedup();
    assert_eq!(keys, [1, 2, 3, 4]);
}

#[test]
fn a_key_sent_both_ways_at_once_is_reported_once() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcmu, 0.0, |config| config.detect_tones = true);

    for event in [3, 3, 8] {
        let key = char::from(b'0' + event);
        let events = key_packets(lab.of(a), event);
        for (n, packet) in events.iter().enumerate() {
            lab.arrives(a, address(0), packet);
            let sound = tone_packet(lab.of(a), key, n as u32);
            lab.arrives(a, address(0), &sound);
            lab.run(20);
        }
        lab.run(500);
    }

    assert_eq!(lab.digits(), [(a, '3'), (a, '3'), (a, '8')]);
}

/// A key by INFO.
fn signal(lab: &mut Lab, leg: LegKey, digit: char) {
    lab.command(Command::Press { leg, digit });
    lab.run(300);
}

/// Presses a key; of its n-th packet so many copies arrive.
pub(super) fn press(lab: &mut Lab, leg: LegKey, event: u8, copies: fn(usize) -> usize) {
    let from = lab.of(leg).address;
    for (n, packet) in key_packets(lab.of(leg), event).iter().enumerate() {
        for _ in 0..copies(n) {
            lab.arrives(leg, from, packet);
        }
        lab.run(20);
    }
    lab.run(100);
}

/// The eight packets of a key, as a phone sends them.
pub(super) fn key_packets(phone: &mut Phone, event: u8) -> Vec<Vec<u8>> {
    let stamp = phone.header.timestamp;
    let payload_type = 101 + (phone.leg.0 - 100) as u8;
    let packets = (0..8_u16).map(|n| {
        let told = Telephone {
            event,
            end: n >= 5,
            volume: 10,
            duration: 160 * (n.min(5) + 1),
        };
        let header = Header {
            marker: n == 0,
            payload_type,
            timestamp: stamp,
            ..phone.header
        };
        phone.header.sequence = phone.header.sequence.wrapping_add(1);
        packet(header, &told.write())
    });
    let packets = packets.collect();
    phone.header.timestamp = stamp.wrapping_add(9 * 160);
    packets
}

/// A key of 100 ms and 100 ms of nothing, as sound.
fn press_tone(lab: &mut Lab, leg: LegKey, key: char) {
    let from = lab.of(leg).address;
    for n in 0..10 {
        let sound = tone_packet(lab.of(leg), if n < 5 { key } else { ' ' }, n);
        lab.arrives(leg, from, &sound);
        lab.run(20);
    }
}

fn tone_packet(phone: &mut Phone, key: char, n: u32) -> Vec<u8> {
    let kind = phone.codec.kind;
    let mut samples = vec![0; kind.clip_rate() as usize / 50];
    dtmf::tone(
        key,
        Duration::from_millis(20) * n,
        kind.clip_rate(),
        &mut samples,
    );
    let mut payload = vec![0; MAX_PAYLOAD];
    let length = phone
        .encoder
        .as_mut()
        .unwrap()
        .encode(&samples, &mut payload);
    let sound = packet(phone.header, &payload[..length]);
    phone.header.sequence = phone.header.sequence.wrapping_add(1);
    phone.header.timestamp = phone.header.timestamp.wrapping_add(kind.clock_rate() / 50);
    sound
}

pub(super) fn packet(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; HEADER];
    rtp::write(&mut packet, header);
    packet.extend_from_slice(payload);
    packet
}

pub(super) fn events_of(lab: &Lab, leg: LegKey) -> Vec<(Got, Telephone)> {
    let phone = lab.phones.iter().find(|phone| phone.leg == leg).unwrap();
    let payload_type = 101 + (leg.0 - 100) as u8;
    let events = phone
        .got
        .iter()
        .filter(|got| got.header.payload_type == payload_type);
    events
        .map(|got| (got.clone(), Telephone::read(&got.payload).unwrap()))
        .collect()
}
