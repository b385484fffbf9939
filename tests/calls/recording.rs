//! Recordings: customer left, agent right, through a hold and through a second agent.

use std::time::Duration;

use crate::support::{Exchange, Hold, Setup, pilot};

#[test]
fn the_two_channels_hold_the_right_tones_through_a_hold() {
    let exchange = Exchange::start(Setup::answering(
        "call:bridge(\"user:1049\", { record = true })",
    ));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let (call, agent) = carrier.reaches(&a1, "4001234567");

    agent.holds(Hold::SendOnly);
    call.hears(pilot::MUSIC);
    call.is_deaf_to(pilot::A1);
    agent.retrieves();
    call.hears(pilot::A1);
    call.is_deaf_to(pilot::MUSIC);
    call.hangs_up();

    let record = exchange.only_record();
    let sound = exchange.recording(record.call.begin.id);
    let (row, path) = &exchange.recordings(record.call.begin.id)[0];
    let kept = row.end.unwrap();
    assert_eq!(kept.bytes, std::fs::metadata(path).unwrap().len());
    assert!(kept.sha256.is_some(), "{kept:?}");
    assert_eq!(sound.channels.len(), 2);
    assert!(sound.time_of(0, pilot::C1) >= Duration::from_millis(1_500));
    assert!(sound.time_of(1, pilot::A1) >= Duration::from_millis(1_300));
    for (channel, foreign) in [
        (0, pilot::A1),
        (1, pilot::C1),
        (0, pilot::MUSIC),
        (1, pilot::MUSIC),
    ] {
        assert!(
            !sound.has(channel, foreign),
            "{foreign} Hz on channel {channel}"
        );
    }
}

#[test]
fn neither_side_of_a_recording_has_a_gap_of_200_ms() {
    let exchange = Exchange::start(Setup::answering(
        "call:bridge(\"user:1049\", { record = true })",
    ));
    let [a1] = exchange.phones(["1049"]);
    let carrier = exchange.carrier();
    let call = carrier.dials("4001234567");
    let agent = a1.rings();
    agent.answers();
    call.talks_for(Duration::from_secs(4));
    call.hangs_up();

    let record = exchange.only_record();
    let sound = exchange.recording(record.call.begin.id);
    let whole = Duration::ZERO..sound.duration();
    assert!(whole.end >= Duration::from_secs(3), "{whole:?}");
    for (channel, tone) in [(0, pilot::C1), (1, pilot::A1)] {
        let gap = sound.longest_gap(channel, tone, whole.clone());
        assert!(gap <= Duration::from_millis(200), "{gap:?} of {tone} Hz");
    }
}

#[test]
fn a_recording_of_wide_codecs_is_wide() {
    let exchange = Exchange::start(Setup::answering(
        "call:bridge(\"user:1049\", { record = true })",
    ));
    let a1 = exchange.phone_with("1049", |manner| {
        manner.codecs = vec![media::CodecKind::G722]
    });
    a1.registers();
    let a2 = exchange.phone_with("1050", |manner| {
        manner.codecs = vec![media::CodecKind::Opus]
    });

    let (call, _agent) = a2.reaches(&a1, "4001234567");
    call.hangs_up();

    let record = exchange.only_record();
    let sound = exchange.recording(record.call.begin.id);
    assert_eq!(sound.rate, 16_000);
    assert!(sound.has(0, pilot::A2) && sound.has(1, pilot::A1));
}
