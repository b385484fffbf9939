//! Two sides, a clock and a sink.
#![allow(
    clippy::disallowed_methods,
    reason = "simulated time begins at some instant"
)]

use std::sync::{Arc, Mutex};

use super::*;
use crate::level::{Goertzel, rms};

#[test]
fn two_parties_stand_side_by_side_for_as_long_as_they_talked() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);

    for tick in 0..100 {
        let (left, right) = (tone(500.0, 8_000, tick), tone(620.0, 8_000, tick));
        table.take(Side::Left, 8_000, &left);
        table.take(Side::Right, 8_000, &right);
        table.tick();
    }
    let (closed, sound) = table.close();

    assert_eq!(closed.duration, Duration::from_secs(2));
    assert_eq!(closed.lost_samples, 0);
    let (left, right) = channels(&sound);
    assert_eq!(left.len(), 16_000);
    assert!(level(500.0, &left) > -13.0 && level(620.0, &left) < -60.0);
    assert!(level(620.0, &right) > -13.0 && level(500.0, &right) < -60.0);
}

#[test]
fn one_channel_holds_the_sum_of_both() {
    let mut table = Table::new(false, 16_000, Duration::ZERO);

    for tick in 0..50 {
        table.take(Side::Left, 16_000, &tone(500.0, 16_000, tick));
        table.take(Side::Right, 16_000, &tone(1_500.0, 16_000, tick));
        table.tick();
    }
    let (_, sound) = table.close();

    assert_eq!(sound.len(), 16_000);
    assert!(Goertzel::new(500.0, 16_000).level(&sound) > -13.0);
    assert!(Goertzel::new(1_500.0, 16_000).level(&sound) > -13.0);
}

#[test]
fn gaps_are_silence_and_what_follows_stands_where_it_was_said() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);

    for tick in 0..100 {
        if !(25..75).contains(&tick) {
            table.take(Side::Left, 8_000, &[1_000; 160]);
        }
        table.tick();
    }
    let (closed, sound) = table.close();

    let (left, right) = channels(&sound);
    assert_eq!(closed.duration, Duration::from_secs(2));
    assert!(left[..4_000].iter().all(|&sample| sample == 1_000));
    assert!(left[4_000..12_000].iter().all(|&sample| sample == 0));
    assert!(left[12_000..].iter().all(|&sample| sample == 1_000));
    assert!(right.iter().all(|&sample| sample == 0));
}

#[test]
fn packets_find_their_places_in_whatever_order_they_come() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    let ramp = |packet: u32| -> Vec<i16> { (0..160).map(|n| (packet * 160 + n) as i16).collect() };
    // Each group of four comes backwards, the time stamps pass zero, and one comes twice.
    let first = u32::MAX - 1_000;
    table.place(Side::Left, 8_000, first, &ramp(0));
    table.tick();
    for group in 0..10 {
        for place in (1..=4).rev() {
            let packet = group * 4 + place;
            let timestamp = first.wrapping_add(packet * 160);
            table.place(Side::Left, 8_000, timestamp, &ramp(packet));
            table.place(Side::Left, 8_000, timestamp, &ramp(packet));
            table.tick();
        }
    }
    let (_, sound) = table.close();

    let (left, _) = channels(&sound);
    let expected: Vec<i16> = (0..41 * 160).map(|n| n as i16).collect();
    assert_eq!(left, expected);
}

#[test]
fn a_packet_that_comes_far_too_late_is_left_out_and_moves_nothing() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    for packet in 0..100_u32 {
        if packet == 60 {
            table.place(Side::Left, 8_000, 40 * 160, &[9_000; 160]);
        }
        if packet != 40 {
            table.place(Side::Left, 8_000, packet * 160, &[packet as i16 + 1; 160]);
        }
        table.tick();
    }
    let (_, sound) = table.close();

    let (left, _) = channels(&sound);
    for (packet, samples) in left.chunks(160).enumerate() {
        let expected = if packet == 40 { 0 } else { packet as i16 + 1 };
        assert!(
            samples.iter().all(|&sample| sample == expected),
            "packet {packet}"
        );
    }
}

#[test]
fn a_sender_whose_clock_is_off_stays_with_the_other_side() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    // A hundredth slow: after a minute its time stamps are 600 ms behind.
    let packets = 3_000_u32;
    for packet in 0..packets {
        let level = if packet >= packets - 10 { 5_000 } else { 0 };
        let timestamp = (f64::from(packet) * 160.0 * 0.99) as u32;
        table.place(Side::Left, 8_000, timestamp, &[level; 160]);
        table.tick();
    }
    let (_, sound) = table.close();

    let (left, _) = channels(&sound);
    let begins = left.iter().position(|&sample| sample > 1_000).unwrap();
    let expected = (packets as usize - 10) * 160;
    assert!(
        begins.abs_diff(expected) <= 1_760,
        "{} samples off",
        begins.abs_diff(expected)
    );
}

#[test]
fn a_new_leg_with_another_codec_goes_on_at_once() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    for tick in 0..50 {
        table.place(
            Side::Right,
            8_000,
            77 + tick * 160,
            &tone(500.0, 8_000, tick),
        );
        table.tick();
    }
    table.recorder.change_source(Side::Right);
    for tick in 0..50 {
        table.place(
            Side::Right,
            48_000,
            9_999 + tick * 960,
            &tone(620.0, 48_000, tick),
        );
        table.tick();
    }
    let (_, sound) = table.close();

    let (_, right) = channels(&sound);
    assert!(level(500.0, &right[..8_000]) > -13.0);
    assert!(level(620.0, &right[8_000..]) > -13.0);
    assert!(rms(&right[8_100..8_260]) > -20.0, "no gap after the change");
    assert!(level(500.0, &right[8_160..]) < -50.0);
}

#[test]
fn silence_is_reported_once_and_again_after_speech() {
    let mut table = Table::new(false, 8_000, Duration::from_secs(2));
    let mut reports = Vec::new();
    for tick in 0..500_u32 {
        // Speech from 3 s to 4 s.
        if (150..200).contains(&tick) {
            table.take(Side::Left, 8_000, &tone(300.0, 8_000, tick));
        }
        // The other side does not count.
        table.take(Side::Right, 8_000, &tone(300.0, 8_000, tick));
        if table.tick() {
            reports.push(tick / 10);
        }
    }
    let (closed, _) = table.close();

    assert_eq!(reports.len(), 2, "{reports:?}");
    // In tenths of … 200 ms: 2 s and 6 s, and up to 400 ms and the end of a word later.
    assert!((10..=12).contains(&reports[0]), "{reports:?}");
    assert!((30..=33).contains(&reports[1]), "{reports:?}");
    let speech = closed.speech.as_millis();
    assert!((900..=1_250).contains(&speech), "{speech} ms");
}

#[test]
fn what_the_sink_cannot_take_becomes_silence_and_the_clock_goes_on() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    for tick in 0..150 {
        table.sink.lock().unwrap().full = (50..100).contains(&tick);
        table.take(Side::Left, 8_000, &[1_000; 160]);
        table.tick();
    }
    let (closed, sound) = table.close();

    let (left, _) = channels(&sound);
    assert_eq!(left.len(), 24_000);
    assert_eq!(closed.duration, Duration::from_secs(3));
    let lost = left.iter().filter(|&&sample| sample == 0).count();
    assert_eq!(closed.lost_samples, lost as u64 * 2);
    assert!((7_000..=10_000).contains(&lost), "{lost}");
    assert_eq!(left[23_999], 1_000);
}

#[test]
fn nobody_calling_for_long_loses_time_to_silence_only() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    table.take(Side::Left, 8_000, &[1_000; 160]);
    table.now += Duration::from_secs(60);
    table.take(Side::Left, 8_000, &[2_000; 160]);
    table.now += Duration::from_secs(1);
    let (closed, sound) = table.close();

    let (left, _) = channels(&sound);
    assert_eq!(closed.duration, Duration::from_secs(61));
    assert_eq!(
        (left[0], left[160], left[60 * 8_000], left[60 * 8_000 + 160]),
        (1_000, 0, 2_000, 0)
    );
}

#[test]
fn a_rate_without_a_filter_is_refused() {
    let mut table = Table::new(true, 8_000, Duration::ZERO);
    let refused = table
        .recorder
        .take(Side::Left, 44_100, &[1; 882], table.now);

    assert_eq!(
        refused,
        Err(CodecError::Rates {
            from: 44_100,
            to: 8_000
        })
    );
}

/// A recording on a simulated clock of 20 ms.
struct Table {
    recorder: Recorder,
    sink: Arc<Mutex<Tape>>,
    now: Instant,
}

#[derive(Debug, Default)]
struct Tape {
    samples: Vec<i16>,
    full: bool,
    closed: bool,
}

#[derive(Debug)]
struct Head(Arc<Mutex<Tape>>);

impl RecordingSink for Head {
    fn write(&mut self, samples: &[i16]) -> bool {
        let mut tape = self.0.lock().unwrap();
        if !tape.full {
            tape.samples.extend_from_slice(samples);
        }
        !tape.full
    }

    fn close(&mut self) -> bool {
        self.0.lock().unwrap().closed = true;
        true
    }
}

impl Table {
    fn new(stereo: bool, rate: u32, silence: Duration) -> Self {
        let sink = Arc::new(Mutex::new(Tape::default()));
        let now = Instant::now();
        let head = Box::new(Head(Arc::clone(&sink)));
        Self {
            recorder: Recorder::new(stereo, rate, head, silence, now),
            sink,
            now,
        }
    }

    fn take(&mut self, side: Side, rate: u32, samples: &[i16]) {
        self.recorder.take(side, rate, samples, self.now).unwrap();
    }

    fn place(&mut self, side: Side, rate: u32, timestamp: u32, samples: &[i16]) {
        self.recorder
            .place(side, rate, timestamp, samples, self.now)
            .unwrap();
    }

    fn tick(&mut self) -> bool {
        self.now += Duration::from_millis(20);
        self.recorder.advance(self.now)
    }

    fn close(self) -> (Closed, Vec<i16>) {
        let (closed, mut sink) = self.recorder.close(self.now);
        assert!(sink.close());
        let mut tape = self.sink.lock().unwrap();
        assert!(tape.closed);
        (closed, std::mem::take(&mut tape.samples))
    }
}

fn channels(sound: &[i16]) -> (Vec<i16>, Vec<i16>) {
    sound
        .chunks_exact(2)
        .map(|frame| (frame[0], frame[1]))
        .unzip()
}

fn level(frequency: f64, samples: &[i16]) -> f32 {
    Goertzel::new(frequency, 8_000).level(samples)
}

/// 20 ms of a tone at −12 dBFS.
fn tone(frequency: f64, rate: u32, tick: u32) -> Vec<i16> {
    let frame = rate / 50;
    (0..frame)
        .map(|n| {
            let time = f64::from(tick * frame + n) / f64::from(rate);
            ((time * frequency * std::f64::consts::TAU).sin() * 8_192.0) as i16
        })
        .collect()
}
