//! The codecs as legs use them.

use proptest::prelude::*;

use super::*;
use crate::level::Goertzel;

const DECODED: [CodecKind; 4] = [
    CodecKind::Pcma,
    CodecKind::Pcmu,
    CodecKind::G722,
    CodecKind::Opus,
];

#[test]
fn a_tone_survives_every_codec() {
    for kind in DECODED {
        let (mut encoder, mut decoder) = pair(kind);
        let frame = kind.clip_rate() as usize / 50;
        let input = tone(1_000.0, kind.clip_rate(), frame * 25);
        let mut heard = Vec::new();

        for samples in input.chunks(frame) {
            heard.extend(through(&mut encoder, &mut decoder, samples));
        }

        assert_eq!(heard.len(), input.len(), "{kind:?}");
        let late = &heard[frame * 5..];
        let level = Goertzel::new(1_000.0, kind.clip_rate()).level(late);
        assert!((-13.5..-11.0).contains(&level), "{kind:?}: {level} dBFS");
    }
}

#[test]
fn signal_to_noise_is_that_of_the_law_or_better() {
    for (kind, least) in [
        (CodecKind::Pcma, 35.0),
        (CodecKind::Pcmu, 35.0),
        (CodecKind::G722, 30.0),
    ] {
        let (mut encoder, mut decoder) = pair(kind);
        let rate = kind.clip_rate();
        let frame = rate as usize / 50;
        let input = tone(1_000.0, rate, frame * 50);
        let mut heard = Vec::new();
        for samples in input.chunks(frame) {
            heard.extend(through(&mut encoder, &mut decoder, samples));
        }

        // G.722's filters delay by 22 samples.
        let delay = if kind == CodecKind::G722 { 22 } else { 0 };
        let ratio = signal_to_noise(&input[frame * 5..frame * 45], &heard[frame * 5 + delay..]);

        assert!(ratio > least, "{kind:?}: {ratio} dB");
    }
}

#[test]
fn a_lost_packet_is_bridged_by_every_codec() {
    for kind in DECODED {
        let (mut encoder, mut decoder) = pair(kind);
        let frame = kind.clip_rate() as usize / 50;
        let input = tone(400.0, kind.clip_rate(), frame * 20);
        for samples in input.chunks(frame).take(19) {
            through(&mut encoder, &mut decoder, samples);
        }
        let mut made_up = vec![0; frame];

        decoder.conceal(&mut made_up);

        let level = Goertzel::new(400.0, kind.clip_rate()).level(&made_up[..frame / 2]);
        assert!(level > -18.0, "{kind:?}: {level} dBFS");
    }
}

#[test]
fn opus_brings_a_lost_packet_back_from_the_next() {
    let (mut encoder, mut decoder) = pair(CodecKind::Opus);
    encoder.expect_loss(30);
    let input = tone(400.0, 48_000, 960 * 30);
    let mut payloads = Vec::new();
    for samples in input.chunks(960) {
        let mut payload = [0; MAX_PAYLOAD];
        let bytes = encoder.encode(samples, &mut payload);
        payloads.push(payload[..bytes].to_vec());
    }
    let mut out = [0; MAX_FRAME];
    for payload in &payloads[..20] {
        decoder.decode(payload, &mut out);
    }
    let mut recovered = [0; 960];

    decoder.recover(&payloads[21], &mut recovered);
    let samples = decoder.decode(&payloads[21], &mut out);

    assert_eq!(samples, 960);
    let level = Goertzel::new(400.0, 48_000).level(&recovered);
    assert!(level > -16.0, "{level} dBFS");
}

#[test]
fn the_length_of_a_payload_is_known_before_it_is_decoded() {
    for kind in DECODED {
        let (mut encoder, mut decoder) = pair(kind);
        for milliseconds in [10, 20, 40, 60] {
            let samples = kind.clip_rate() as usize * milliseconds / 1_000;
            let mut payload = [0; MAX_PAYLOAD];
            let bytes = encoder.encode(&vec![0; samples], &mut payload);

            assert_eq!(
                decoder.samples_in(&payload[..bytes]),
                Some(samples),
                "{kind:?}"
            );
            assert_eq!(
                decoder.decode(&payload[..bytes], &mut [0; MAX_FRAME]),
                samples
            );
        }
    }
    assert_eq!(Decoder::new(CodecKind::Opus).unwrap().samples_in(&[]), None);
}

#[test]
fn what_is_passed_through_has_no_decoder() {
    assert!(Decoder::new(CodecKind::G729).is_err());
    assert!(Encoder::new(CodecKind::G729).is_err());
}

#[test]
fn only_the_two_laws_convert_in_place() {
    let negotiated = |kind| Negotiated {
        kind,
        send: 0,
        receive: 0,
    };
    let (alaw, ulaw) = (negotiated(CodecKind::Pcma), negotiated(CodecKind::Pcmu));
    let mut payload = [g711::linear_to_alaw(1_000); 4];

    assert!(convert_in_place(alaw, ulaw, &mut payload));
    assert_eq!(payload, [g711::linear_to_ulaw(1_000); 4]);
    assert!(!convert_in_place(
        alaw,
        negotiated(CodecKind::G722),
        &mut payload
    ));
    assert!(!convert_in_place(alaw, alaw, &mut payload));
}

proptest! {
    #[test]
    fn no_payload_panics(payload: Vec<u8>, room in 0..MAX_FRAME) {
        for kind in DECODED {
            let mut decoder = Decoder::new(kind).unwrap();
            let mut out = vec![0; room];
            let samples = decoder.decode(&payload, &mut out);
            prop_assert!(samples <= room);
            decoder.recover(&payload, &mut out);
            decoder.conceal(&mut out);
            decoder.samples_in(&payload);
        }
    }

    #[test]
    fn no_samples_panic(samples: Vec<i16>, room in 0..200_usize) {
        for kind in DECODED {
            let mut out = vec![0; room];
            prop_assert!(Encoder::new(kind).unwrap().encode(&samples, &mut out) <= room);
        }
    }
}

fn pair(kind: CodecKind) -> (Encoder, Decoder) {
    (Encoder::new(kind).unwrap(), Decoder::new(kind).unwrap())
}

fn through(encoder: &mut Encoder, decoder: &mut Decoder, samples: &[i16]) -> Vec<i16> {
    let (mut payload, mut out) = ([0; MAX_PAYLOAD], [0; MAX_FRAME]);
    let bytes = encoder.encode(samples, &mut payload);
    let decoded = decoder.decode(&payload[..bytes], &mut out);
    out[..decoded].to_vec()
}

fn tone(frequency: f64, rate: u32, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| {
            let time = n as f64 / f64::from(rate);
            ((time * frequency * std::f64::consts::TAU).sin() * 8_000.0) as i16
        })
        .collect()
}

fn signal_to_noise(signal: &[i16], heard: &[i16]) -> f64 {
    let (mut power, mut noise) = (0.0, 1e-9);
    for (&a, &b) in signal.iter().zip(heard) {
        power += f64::from(a).powi(2);
        noise += (f64::from(a) - f64::from(b)).powi(2);
    }
    10.0 * (power / noise).log10()
}
