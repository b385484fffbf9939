//! Packets that go on as they came: who hears whom, and streams without a seam.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Clip, Music, PlayItem, PlayKey};

#[test]
fn two_phones_hear_each_other_and_no_packet_is_changed() {
    for kind in [
        CodecKind::Pcma,
        CodecKind::Pcmu,
        CodecKind::G722,
        CodecKind::Opus,
    ] {
        let mut lab = Lab::new();
        let a = lab.phone(kind, 500.0);
        let b = lab.phone(kind, 800.0);

        lab.connect(a, b);
        lab.run(1000);

        assert!(
            lab.of(a).hears(800.0) && !lab.of(a).hears(500.0),
            "{kind:?}"
        );
        assert!(
            lab.of(b).hears(500.0) && !lab.of(b).hears(800.0),
            "{kind:?}"
        );
        assert!(lab.of(a).got.len() >= 48, "{kind:?}");
        lab.of(a).assert_continuous();
        let send = lab.of(b).codec.send;
        assert!(
            lab.of(b)
                .got
                .iter()
                .all(|got| got.header.payload_type == send)
        );
    }
}

#[test]
fn g729_passes_through() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::G729, 500.0);
    let b = lab.phone(CodecKind::G729, 500.0);

    lab.connect(a, b);
    lab.run(1000);

    assert!(lab.of(a).got.len() >= 48);
    assert!(lab.of(b).got.iter().all(|got| got.payload.len() == 20));
}

#[test]
fn alaw_and_mulaw_hear_each_other_without_delay() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcmu, 800.0);

    lab.connect(a, b);
    lab.run(1000);

    assert!(lab.of(a).hears(800.0) && lab.of(b).hears(500.0));
    lab.of(a).assert_continuous();
    let first = lab.of(a).got[0].at - lab.start;
    assert_eq!(
        first,
        Duration::from_millis(10),
        "sent with the tick in which it came"
    );
}

#[test]
fn loss_and_reordering_go_on_as_they_came() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.of(a).network = |n| match n % 10 {
        3 => None,
        6 => Some(Duration::from_millis(30)),
        _ => Some(Duration::ZERO),
    };

    lab.connect(a, b);
    lab.run(200);

    let first = lab.of(b).got[0].header.sequence;
    let got: Vec<u16> = lab
        .of(b)
        .got
        .iter()
        .map(|got| got.header.sequence.wrapping_sub(first))
        .collect();
    assert_eq!(got[..9], [0, 1, 2, 4, 5, 7, 6, 8, 9]);
}

#[test]
fn held_legs_are_sent_nothing_and_the_numbers_go_on_afterwards() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(500);
    let before = lab.of(b).got.len();

    let hold = |direction| LegConfig {
        direction,
        ..config(CodecKind::Pcma, 1)
    };
    lab.command(Command::UpdateLeg {
        leg: b,
        config: hold(Direction::RecvOnly),
    });
    lab.run(500);
    let held = lab.of(b).got.len();
    lab.command(Command::UpdateLeg {
        leg: b,
        config: hold(Direction::SendRecv),
    });
    lab.run(500);

    assert_eq!(held, before);
    assert!(lab.of(b).got.len() > held + 20);
    assert!(lab.of(b).got[held].header.marker);
    lab.of(b).assert_continuous();
    assert!(lab.of(a).hears(800.0));
}

#[test]
fn nothing_is_sent_to_an_unspecified_address() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone_with(CodecKind::Pcma, 0.0, |config| {
        config.remote = Some("0.0.0.0:4000".parse().unwrap());
    });

    lab.connect(a, b);
    lab.command(Command::SendDigits {
        leg: b,
        digits: "1".into(),
    });
    lab.run(500);

    assert!(lab.of(b).got.is_empty());
}

#[test]
fn early_media_is_heard_one_way() {
    let mut lab = Lab::new();
    let caller = lab.phone(CodecKind::Pcma, 500.0);
    let callee = lab.phone(CodecKind::Pcma, 800.0);

    lab.command(Command::Listen {
        from: callee,
        to: caller,
    });
    lab.run(500);

    assert!(lab.of(caller).hears(800.0));
    assert!(lab.of(callee).got.is_empty());
}

#[test]
fn who_listens_to_itself_hears_its_echo_in_every_codec() {
    for kind in [
        CodecKind::Pcma,
        CodecKind::Pcmu,
        CodecKind::G722,
        CodecKind::Opus,
    ] {
        let mut lab = Lab::new();
        let phone = lab.phone(kind, 500.0);
        let (from, to) = (phone, phone);

        lab.command(Command::Listen { from, to });
        lab.run(500);
        assert!(lab.of(phone).hears(500.0), "{kind:?}");

        lab.command(Command::Disconnect { a: from, b: to });
        lab.run(100);
        lab.of(phone).heard.clear();
        lab.run(500);
        assert!(!lab.of(phone).hears(500.0), "{kind:?}");
    }
}

#[test]
fn a_transferred_leg_hears_its_new_partner_in_the_same_stream() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    let c = lab.phone(CodecKind::Pcma, 1100.0);
    lab.connect(a, b);
    lab.run(500);

    lab.connect(a, c);
    lab.run(500);

    assert!(lab.of(a).hears(1100.0) && !lab.of(a).hears(800.0));
    assert!(lab.of(c).hears(500.0));
    lab.of(a).assert_continuous();
    let markers = lab.of(a).got.iter().filter(|got| got.header.marker);
    assert_eq!(markers.count(), 2);
}

#[test]
fn a_partner_that_leaves_is_followed_by_silence_and_a_report() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    lab.connect(a, b);
    lab.run(500);

    lab.command(Command::RemoveLeg { leg: b });
    lab.run(500);

    let left = lab.events.iter().find_map(|event| match event {
        Event::Left { leg, quality } if *leg == b => Some(quality.clone()),
        _ => None,
    });
    let left = left.unwrap();
    assert!(
        left.received >= 23 && left.sent >= 23 && left.lost == 0,
        "{left:?}"
    );
    assert!(left.mos.unwrap() > 4.3);
    assert!(!lab.of(a).hears(800.0));
    assert!(lab.of(a).got.last().unwrap().at + Duration::from_millis(25) > lab.now);
    lab.of(a).assert_continuous();
    assert!(!lab.board.is_idle());
    lab.command(Command::RemoveLeg { leg: a });
    lab.run(5);
    assert!(lab.board.is_idle());
}

#[test]
fn a_peer_that_restarts_its_stream_is_relayed_in_the_same_one() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    lab.run(300);

    lab.of(a).header = Header {
        ssrc: 77,
        sequence: 9,
        timestamp: 123_456,
        ..lab.of(a).header
    };
    lab.run(300);

    assert!(lab.of(b).got.len() >= 28);
    lab.of(b).assert_continuous();
}

#[test]
fn contributors_and_extensions_of_a_peer_are_not_relayed() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 0.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    let mut packet = vec![0x91, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
    packet.extend([9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 1, 1, 1]);
    packet.extend([0xd5; 160]);

    lab.arrives(a, address(0), &packet);
    lab.tick();

    assert_eq!(lab.of(b).got[0].payload, [0xd5; 160]);
}

#[test]
fn a_partner_who_is_heard_again_before_anybody_else_was_leaves_no_hole() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 800.0);
    let c = lab.phone(CodecKind::Pcma, 0.0);
    lab.connect(a, b);
    lab.run(150);

    lab.connect(a, c);
    lab.run(60);
    lab.connect(a, b);
    lab.run(150);

    lab.of(a).assert_continuous();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_speaks_to_a_leg_its_stream_has_no_seam(
        changes in proptest::collection::vec((0..9_u8, 1..60_u64), 1..14),
    ) {
        let mut lab = Lab::new();
        let a = lab.phone(CodecKind::Pcma, 500.0);
        let b = lab.phone(CodecKind::Pcma, 800.0);
        let c = lab.phone(CodecKind::Pcmu, 1100.0);
        let d = lab.phone(CodecKind::G722, 1300.0);
        let clip = Arc::new(Clip::from_samples(8000, tone(300.0, 8000, 0, 1000)));
        for (change, ticks) in changes {
            match change {
                0 => lab.connect(a, b),
                1 => lab.connect(a, c),
                2 => lab.connect(a, d),
                3 => lab.command(Command::Disconnect { a, b }),
                4 => lab.command(Command::Play {
                    leg: a,
                    play: PlayKey(1),
                    items: vec![PlayItem::Clip(clip.clone())],
                    times: 2,
                }),
                5 => lab.command(Command::StopPlay { leg: a, play: PlayKey(1) }),
                6 => lab.command(Command::Music { leg: a, music: Some(Music { clip: clip.clone() }) }),
                7 => lab.command(Command::Music { leg: a, music: None }),
                _ => lab.connect(b, c),
            }
            lab.run(ticks * 5);
        }

        lab.of(a).assert_continuous();
    }
}
