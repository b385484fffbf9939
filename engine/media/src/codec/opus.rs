//! Opus (RFC 6716, RFC 7587) through libopus: mono at 48 kHz.

use crate::error::CodecError;

/// One leg's Opus decoder.
pub(super) struct Decoder(::opus::Decoder);

impl Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        ::opus::Decoder::new(RATE, ::opus::Channels::Mono)
            .map(Self)
            .map_err(refused)
    }

    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        // An empty payload would mean "lost" to libopus.
        if payload.is_empty() {
            return 0;
        }
        self.0.decode(payload, out, false).unwrap_or(0)
    }

    pub(super) fn conceal(&mut self, out: &mut [i16]) {
        let samples = self.0.decode(&[], out, false).unwrap_or(0);
        out.iter_mut().skip(samples).for_each(|sample| *sample = 0);
    }

    pub(super) fn recover(&mut self, following: &[u8], out: &mut [i16]) {
        let samples = self.0.decode(following, out, true).unwrap_or(0);
        out.iter_mut().skip(samples).for_each(|sample| *sample = 0);
    }
}

/// One leg's Opus encoder: speech, with forward error correction.
pub(super) struct Encoder(::opus::Encoder);

impl Encoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut encoder =
            ::opus::Encoder::new(RATE, ::opus::Channels::Mono, ::opus::Application::Voip)
                .map_err(refused)?;
        encoder
            .set_bitrate(::opus::Bitrate::Bits(BITRATE))
            .map_err(refused)?;
        encoder.set_inband_fec(true).map_err(refused)?;
        encoder
            .set_packet_loss_perc(EXPECTED_LOSS)
            .map_err(refused)?;
        encoder.set_complexity(COMPLEXITY).map_err(refused)?;
        // What comes from telephones has no more than 8 kHz; the rest would cost time for nothing.
        encoder
            .set_max_bandwidth(::opus::Bandwidth::Wideband)
            .map_err(refused)?;
        Ok(Self(encoder))
    }

    pub(super) fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        self.0.encode(samples, out).unwrap_or(0)
    }

    pub(super) fn expect_loss(&mut self, percent: u8) {
        // The only refusal is of more than 100.
        let _ = self.0.set_packet_loss_perc(i32::from(percent.min(100)));
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus::Decoder")
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("opus::Encoder")
    }
}

/// Samples at 48 kHz in a payload, from its first bytes (RFC 6716 §3.1).
pub(super) fn samples_in(payload: &[u8]) -> Option<usize> {
    let toc = *payload.first()?;
    let config = toc >> 3;
    let frame = match config {
        0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        12..=15 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(*payload.get(1)? & 0x3f),
    };
    Some(frame * frames).filter(|&samples| samples > 0 && samples <= super::MAX_FRAME)
}

fn refused(error: ::opus::Error) -> CodecError {
    CodecError::Opus(error.to_string())
}

const RATE: u32 = 48_000;
/// Wideband speech with room for error correction.
const BITRATE: i32 = 32_000;
/// Percent; below some 5 libopus leaves the redundancy out.
const EXPECTED_LOSS: i32 = 5;
/// Of 10: each step costs much time, and what the higher ones add is not heard in speech.
const COMPLEXITY: i32 = 2;
