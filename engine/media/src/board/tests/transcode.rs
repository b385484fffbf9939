//! Legs of other codecs and other packet lengths hear each other.

use super::*;

#[test]
fn every_pair_of_codecs_hears_each_other_in_every_packet_length() {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    let kinds = [Pcma, Pcmu, G722, Opus];
    for (n, (one, other)) in kinds
        .iter()
        .flat_map(|a| kinds.iter().map(move |b| (*a, *b)))
        .enumerate()
    {
        let lengths = [(20, 20), (20, 30), (10, 20), (60, 20), (40, 10)][n % 5];
        let mut lab = Lab::new();
        let a = lab.phone_with(one, 500.0, |config| config.ptime = lengths.0);
        let b = lab.phone_with(other, 1300.0, |config| config.ptime = lengths.1);

        lab.connect(a, b);
        lab.run(1500);

        let context = format!("{one:?} {other:?} {lengths:?}");
        assert!(
            lab.of(a).hears(1300.0) && !lab.of(a).hears(500.0),
            "{context}"
        );
        assert!(
            lab.of(b).hears(500.0) && !lab.of(b).hears(1300.0),
            "{context}"
        );
        lab.of(a).assert_continuous();
        lab.of(b).assert_continuous();
    }
}

#[test]
fn another_packet_length_of_the_same_codec_is_cut_anew() {
    let mut lab = Lab::new();
    let a = lab.phone_with(CodecKind::Pcma, 500.0, |config| config.ptime = 30);
    let b = lab.phone(CodecKind::Pcma, 1300.0);

    lab.connect(a, b);
    lab.run(1500);

    assert!(lab.of(a).got.iter().all(|got| got.payload.len() == 240));
    assert!(lab.of(b).got.iter().all(|got| got.payload.len() == 160));
}

#[test]
fn a_peer_that_sends_other_lengths_than_agreed_is_noticed() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 0.0);
    lab.of(a).ptime = Duration::from_millis(30);

    lab.connect(a, b);
    lab.run(1000);

    let last = lab.of(b).got.last().unwrap();
    assert_eq!(last.payload.len(), 160);
    assert!(lab.of(b).hears(500.0));
    lab.of(b).assert_continuous();
}

#[test]
fn loss_is_made_up_and_the_stream_to_the_listener_has_no_hole() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::G722, 0.0);
    lab.of(a).network = |n| (n % 20 != 7).then_some(scattered(n, 20));

    lab.connect(a, b);
    lab.run(5000);

    let got = lab.of(b).got.len();
    assert!((240..=250).contains(&got), "{got}");
    lab.of(b).assert_continuous();
    assert!(lab.of(b).level(500.0) > -16.0);
}

#[test]
fn who_falls_silent_is_not_transcoded_on() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::G722, 0.0);
    lab.connect(a, b);
    lab.run(1000);

    lab.of(a).tone = None;
    lab.run(500);
    let silent = lab.of(b).got.len();
    lab.run(500);
    let still = lab.of(b).got.len();
    lab.of(a).tone = Some(500.0);
    lab.run(500);

    assert_eq!(silent, still);
    assert!(lab.of(b).got.len() > still + 18);
    assert!(lab.of(b).hears(500.0));
    lab.of(b).assert_continuous();
}

#[test]
fn what_cannot_be_decoded_is_heard_by_nobody_of_another_codec() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::G729, 500.0);
    let b = lab.phone(CodecKind::Pcma, 500.0);

    lab.connect(a, b);
    lab.run(500);

    assert!(lab.of(a).got.is_empty() && lab.of(b).got.is_empty());
}

#[test]
fn a_codec_may_change_in_a_conversation() {
    let mut lab = Lab::new();
    let a = lab.phone(CodecKind::Pcma, 500.0);
    let b = lab.phone(CodecKind::Pcma, 1300.0);
    lab.connect(a, b);
    lab.run(500);

    let config = config(CodecKind::Opus, 1);
    let mut changed = Phone::new(lab.now, b, &config, 1300.0, 1);
    changed.got = std::mem::take(&mut lab.of(b).got);
    let before = changed.got.len();
    *lab.of(b) = changed;
    lab.command(Command::UpdateLeg { leg: b, config });
    lab.run(1000);

    assert!(lab.of(a).hears(1300.0) && lab.of(b).hears(500.0));
    let got = &lab.of(b).got;
    let (last, first) = (got[before - 1].header, got[before].header);
    assert_eq!(
        (first.ssrc, first.sequence),
        (last.ssrc, last.sequence.wrapping_add(1))
    );
    assert!(first.marker);
}
