//! Files of every kind, whole and broken.

use proptest::prelude::*;

use super::*;
use crate::level::Goertzel;
use crate::wav::WavHeader;

/// 0.4 s of 1 kHz at 44.1 kHz in stereo, −6 dBFS left and −12 dBFS right.
const FILES: [(&str, &[u8]); 3] = [
    ("mp3", include_bytes!("../../tests/sounds/tone.mp3")),
    ("flac", include_bytes!("../../tests/sounds/tone.flac")),
    ("ogg", include_bytes!("../../tests/sounds/tone.ogg")),
];

#[test]
fn every_format_is_decoded_mixed_and_converted_to_every_rate() {
    for (extension, bytes) in FILES {
        for rate in [8_000, 16_000, 48_000] {
            let clip = Clip::decode(bytes.to_vec(), extension, rate).unwrap();

            let milliseconds = clip.duration().as_millis();
            assert!(
                (395..=430).contains(&milliseconds),
                "{extension}: {milliseconds} ms"
            );
            let middle = &clip.samples[clip.samples.len() / 4..clip.samples.len() / 4 * 3];
            let level = Goertzel::new(1_000.0, rate).level(middle);
            // The mean of both channels: 0.375 of full scale.
            assert!(
                (-9.2..-7.9).contains(&level),
                "{extension} at {rate}: {level} dBFS"
            );
            assert_eq!(clip.g711.is_some(), rate == 8_000);
        }
    }
}

#[test]
fn a_wrong_extension_does_not_matter() {
    assert!(Clip::decode(FILES[1].1.to_vec(), "wav", 8_000).is_ok());
    assert!(Clip::decode(FILES[0].1.to_vec(), "", 8_000).is_ok());
}

#[test]
fn samples_at_the_same_rate_are_not_touched() {
    let samples: Vec<i16> = (0..1_000)
        .map(|n| (n * 31 % 2_000 - 1_000) as i16)
        .collect();

    let clip = Clip::decode(wav(16_000, &samples), "wav", 16_000).unwrap();

    assert_eq!(clip.samples[..], samples[..]);
    assert_eq!(clip.duration(), Duration::from_micros(62_500));
}

#[test]
fn g711_files_are_read() {
    for (format, code) in [
        (6_u16, g711::linear_to_alaw(8_000)),
        (7, g711::linear_to_ulaw(8_000)),
    ] {
        let shape = WavHeader {
            channels: 1,
            rate: 8_000,
        };
        let mut file = shape.bytes(Some(800)).to_vec();
        file[16] = 18;
        file[20..22].copy_from_slice(&format.to_le_bytes());
        file[28..32].copy_from_slice(&8_000_u32.to_le_bytes());
        file[32..36].copy_from_slice(&[1, 0, 8, 0]);
        file.splice(36..36, [0, 0]);
        file.extend([code; 800]);

        let clip = Clip::decode(file, "wav", 8_000).unwrap();

        assert_eq!(clip.samples.len(), 800);
        let off = i32::from(clip.samples[400]) - 8_000;
        assert!(off.abs() <= 256, "format {format}: {off} off");
    }
}

#[test]
fn a_higher_rate_loses_only_what_the_lower_cannot_carry() {
    let samples: Vec<i16> = (0..44_100)
        .map(|n| {
            let time = f64::from(n) / 44_100.0;
            let sine = |frequency: f64| (time * frequency * std::f64::consts::TAU).sin();
            ((sine(3_000.0) + sine(5_100.0)) * 8_192.0) as i16
        })
        .collect();

    let clip = Clip::decode(wav(44_100, &samples), "wav", 8_000).unwrap();

    assert_eq!(clip.samples.len(), 8_000);
    let middle = &clip.samples[800..7_200];
    let kept = Goertzel::new(3_000.0, 8_000).level(middle);
    assert!((-12.3..-11.8).contains(&kept), "{kept} dBFS");
    // 5.1 kHz would have folded back to 2.9 kHz.
    let rest = crate::level::rms(middle) + 3.01;
    assert!(
        (rest - kept).abs() < 0.1,
        "all that is heard is the tone: {rest}"
    );
}

#[test]
fn a_clip_is_made_for_legs_of_other_rates() {
    let clip = Clip::decode(FILES[1].1.to_vec(), "flac", 16_000).unwrap();

    let narrow = clip.at_rate(8_000).unwrap();

    assert_eq!(narrow.samples.len(), clip.samples.len().div_ceil(2));
    let level = Goertzel::new(1_000.0, 8_000).level(&narrow.samples[400..2_400]);
    assert!((-8.9..-8.2).contains(&level), "{level} dBFS");
    assert!(narrow.g711.is_some());
    assert_eq!(clip.at_rate(44_100).err(), Some(ClipError::Rate(44_100)));
}

#[test]
fn what_is_not_sound_is_refused_with_a_reason() {
    let decode = |bytes: &[u8]| Clip::decode(bytes.to_vec(), "wav", 8_000).err();

    assert!(matches!(decode(b""), Some(ClipError::Unreadable(_))));
    assert!(matches!(
        decode(&[0; 5_000]),
        Some(ClipError::Unreadable(_))
    ));
    assert_eq!(decode(&wav(8_000, &[])), Some(ClipError::Empty));
    assert_eq!(
        Clip::decode(wav(8_000, &[1]), "wav", 11_025).err(),
        Some(ClipError::Rate(11_025))
    );
}

#[test]
fn a_wav_file_of_no_rate_is_refused_before_a_decoder_sees_it() {
    for before in [&b""[..], b"LIST\x03\0\0\0abc\0"] {
        let mut file = wav(8_000, &[1_000; 800]);
        file[24..28].copy_from_slice(&0_u32.to_le_bytes());
        file.splice(12..12, before.iter().copied());

        assert_eq!(
            Clip::decode(file, "wav", 8_000).err(),
            Some(ClipError::Unreadable("0 samples a second".into()))
        );
    }
}

#[test]
fn only_regular_files_that_fit_into_memory_are_read() {
    let check = |path: &std::path::Path| Clip::check_file(&std::fs::metadata(path).unwrap());
    let path = std::env::temp_dir().join(format!("moonswitch-clip-{}.wav", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();

    file.set_len(MAX_FILE).unwrap();
    assert_eq!(check(&path), Ok(()));
    file.set_len(MAX_FILE + 1).unwrap();
    assert_eq!(check(&path), Err(ClipError::TooLarge));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(check(&std::env::temp_dir()), Err(ClipError::NoFile));
    assert_eq!(check("/dev/zero".as_ref()), Err(ClipError::NoFile));
}

#[test]
fn more_than_half_an_hour_is_refused() {
    let samples = vec![0; 4_000 * 1_801];
    let file = wav(4_000, &samples);

    assert_eq!(
        Clip::decode(file, "wav", 8_000).err(),
        Some(ClipError::TooLong)
    );
}

#[test]
fn a_file_that_breaks_off_keeps_what_came_before() {
    for (extension, bytes) in &FILES[..2] {
        let half = bytes[..bytes.len() * 3 / 4].to_vec();

        let clip = Clip::decode(half, extension, 8_000).unwrap();

        assert!(
            clip.samples.len() > 800,
            "{extension}: {} samples",
            clip.samples.len()
        );
    }
}

#[test]
fn samples_at_8_khz_come_with_their_g711_forms() {
    let clip = Clip::from_samples(8_000, vec![0, 1_000, -1_000]);

    let (alaw, ulaw) = clip.g711.unwrap();
    assert_eq!(alaw[1], g711::linear_to_alaw(1_000));
    assert_eq!(ulaw[2], g711::linear_to_ulaw(-1_000));
    assert!(Clip::from_samples(16_000, vec![0]).g711.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_broken_file_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        kind in 0..4_usize,
    ) {
        let mut bytes = FILES.get(kind).map_or_else(
            || wav(11_025, &[1_000; 2_000]),
            |(_, bytes)| bytes[..bytes.len().min(6_000)].to_vec(),
        );
        for (at, byte) in changes {
            // Heads decide most: half of the changes go there.
            let range = if byte % 2 == 0 { 64 } else { bytes.len() };
            bytes[at.index(range)] = byte;
        }
        bytes.truncate(bytes.len().max(cut.index(bytes.len() * 2)));
        let result = Clip::decode(bytes, "", 8_000);
        prop_assert_ne!(result.err(), Some(ClipError::DecoderFailed));
    }

    #[test]
    fn no_octets_panic(bytes: Vec<u8>, extension in "(wav|mp3|flac|ogg)") {
        let _ = Clip::decode(bytes, &extension, 48_000);
    }
}

fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let shape = WavHeader { channels: 1, rate };
    let mut file = shape.bytes(Some(samples.len() as u64 * 2)).to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
