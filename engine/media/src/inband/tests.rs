//! Keys, and what must not be taken for one.

use proptest::prelude::*;

use super::*;

const ALL: &str = "1234567890*#ABCD";

#[test]
fn keys_of_40_ms_with_pauses_of_40_ms_are_found_once_each_wherever_blocks_begin() {
    for offset in 0..BLOCK {
        let mut sound = Sound::default().silence(offset);
        for key in ALL.chars() {
            sound = sound.key(key, 320, 6_000.0, 6_000.0).silence(320);
        }

        assert_eq!(sound.heard(), ALL, "offset {offset}");
    }
}

#[test]
fn the_same_key_twice_is_two_and_held_long_is_one() {
    let twice = Sound::default()
        .key('5', 480, 4e3, 4e3)
        .silence(400)
        .key('5', 480, 4e3, 4e3);
    let held = Sound::default().key('5', 24_000, 4e3, 4e3);

    assert_eq!(twice.heard(), "55");
    assert_eq!(held.heard(), "5");
}

#[test]
fn a_hole_of_a_packet_does_not_double_a_key() {
    for offset in 0..BLOCK {
        let sound = Sound::default()
            .silence(offset)
            .key('7', 640, 5e3, 5e3)
            .silence(160)
            .key('7', 640, 5e3, 5e3)
            .silence(640);

        assert_eq!(sound.heard(), "7", "offset {offset}");
    }
}

#[test]
fn quiet_keys_and_unequal_tones_are_found_within_limits() {
    let heard = |low, high| Sound::default().key('9', 800, low, high).heard();

    assert_eq!(heard(800.0, 800.0), "9", "-32 dBFS each");
    assert_eq!(heard(200.0, 200.0), "", "-44 dBFS each");
    assert_eq!(heard(4_000.0, 9_000.0), "9", "7 dB of twist");
    assert_eq!(heard(6_000.0, 4_000.0), "9", "3.5 dB of reverse twist");
    assert_eq!(heard(2_000.0, 8_000.0), "", "12 dB of twist");
    assert_eq!(heard(8_000.0, 2_500.0), "", "10 dB of reverse twist");
}

#[test]
fn tones_that_are_off_by_little_are_found_and_by_much_are_not() {
    let heard = |by: f64| {
        Sound::default()
            .pair(770.0 * by, 1_336.0 * by, 800, 5e3, 5e3)
            .heard()
    };

    assert_eq!(heard(1.015), "5");
    assert_eq!(heard(0.985), "5");
    assert_eq!(heard(1.06), "");
    assert_eq!(heard(0.94), "");
}

#[test]
fn a_key_is_found_in_noise() {
    let sound = Sound::default().key('0', 800, 5e3, 5e3).noise(1_200.0);

    assert_eq!(sound.heard(), "0");
}

#[test]
fn single_tones_and_the_networks_tones_are_not_keys() {
    for frequency in [
        330.0, 440.0, 450.0, 500.0, 620.0, 697.0, 941.0, 1_020.0, 1_336.0,
    ] {
        let sound = Sound::default().pair(frequency, 0.0, 8_000, 8_000.0, 0.0);
        assert_eq!(sound.heard(), "", "{frequency} Hz");
    }
    // A dial tone of two frequencies, and a fax's answer tone.
    assert_eq!(
        Sound::default().pair(350.0, 440.0, 8_000, 6e3, 6e3).heard(),
        ""
    );
    assert_eq!(
        Sound::default().pair(2_100.0, 0.0, 8_000, 9e3, 0.0).heard(),
        ""
    );
}

#[test]
fn voices_are_not_keys() {
    // Voiced speech is a comb of harmonics that glides; half a minute of it, at every pitch.
    let mut sound = Sound::default();
    let mut phase = 0.0_f64;
    for n in 0..240_000 {
        let time = f64::from(n) / 8_000.0;
        let pitch = 90.0 + 160.0 * (0.5 + 0.5 * (time * 0.9).sin()) + 12.0 * (time * 31.0).sin();
        phase += std::f64::consts::TAU * pitch / 8_000.0;
        let sample: f64 = (1..=14_u32)
            .map(|harmonic| {
                let formant = 650.0 + 500.0 * (time * 2.3).sin();
                let distance = (f64::from(harmonic) * pitch - formant) / 350.0;
                (phase * f64::from(harmonic)).sin() / (1.0 + distance * distance)
            })
            .sum();
        sound.0.push((sample * 5_000.0) as i16);
    }

    assert_eq!(sound.heard(), "");
    // What may be the beginning of a code is hidden until it is known better: that must be seldom.
    let mut detector = ToneDetector::new();
    let packets = sound.0.chunks(160);
    let hidden = packets.filter(|packet| {
        detector.push(packet);
        matches!(detector.sounding(), Some('*' | '#'))
    });
    assert!(hidden.count() <= 1, "of 1,500 packets");
}

#[test]
fn keys_survive_g711_and_its_loss_concealment() {
    let sound = Sound::default()
        .silence(333)
        .key('3', 800, 5e3, 5e3)
        .silence(400);
    let mut decoder = crate::codec::Decoder::new(crate::CodecKind::Pcma).unwrap();
    let mut detector = ToneDetector::new();
    let mut keys = String::new();
    for (packet, samples) in sound.0.chunks(160).enumerate() {
        let (mut payload, mut out) = ([0; 160], [0; 160]);
        let bytes = crate::codec::g711::encode_alaw(samples, &mut payload);
        if packet == 4 {
            decoder.conceal(&mut out);
        } else {
            decoder.decode(&payload[..bytes], &mut out);
        }
        keys.extend(detector.push(&out[..bytes]));
    }

    assert_eq!(keys, "3");
}

#[test]
fn every_key_has_its_frequencies() {
    assert_eq!(frequencies('1'), Some((697.0, 1_209.0)));
    assert_eq!(frequencies('d'), Some((941.0, 1_633.0)));
    assert_eq!(frequencies('x'), None);
}

proptest! {
    #[test]
    fn no_sound_panics(sound: Vec<i16>) {
        ToneDetector::new().push(&sound);
    }
}

#[derive(Default)]
struct Sound(Vec<i16>);

impl Sound {
    fn silence(mut self, samples: usize) -> Self {
        self.0.resize(self.0.len() + samples, 0);
        self
    }

    fn key(self, key: char, samples: usize, low: f64, high: f64) -> Self {
        let (row, column) = frequencies(key).unwrap();
        self.pair(row, column, samples, low, high)
    }

    fn pair(mut self, low: f64, high: f64, samples: usize, a: f64, b: f64) -> Self {
        self.0.extend((0..samples).map(|n| {
            let time = std::f64::consts::TAU * n as f64 / 8_000.0;
            ((time * low).sin() * a + (time * high).sin() * b) as i16
        }));
        self
    }

    fn noise(mut self, amplitude: f64) -> Self {
        let mut state = 9_u32;
        for sample in &mut self.0 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (f64::from(state >> 8) / f64::from(1 << 23) - 1.0) * amplitude;
            *sample = sample.saturating_add(noise as i16);
        }
        self
    }

    fn heard(&self) -> String {
        let mut detector = ToneDetector::new();
        let mut keys: String = self
            .0
            .chunks(160)
            .flat_map(|part| detector.push(part))
            .collect();
        keys.extend(detector.push(&[0; 400]));
        keys
    }
}
