//! Codecs: payloads to samples and back, without an allocation per packet.

pub mod g711;
pub mod g722;
mod loss;
mod opus;
mod resample;

pub use resample::Resampler;
pub(crate) use resample::bessel;

use self::loss::Concealer;
use crate::error::CodecError;
use crate::{CodecKind, Negotiated};

/// The longest packet that is decoded: 120 ms of Opus at 48 kHz. A buffer of this many samples
/// always suffices.
pub const MAX_FRAME: usize = 5_760;

/// The most bytes that 60 ms of any codec need. A buffer of this many bytes always suffices for
/// packets of up to 60 ms.
pub const MAX_PAYLOAD: usize = 1_275;

/// Turns one leg's payloads into samples at [`rate`](Self::rate).
///
/// Feed payloads in order: [`decode`](Self::decode) for each that came,
/// [`conceal`](Self::conceal) for each that did not.
#[derive(Debug)]
pub struct Decoder {
    kind: CodecKind,
    codec: DecoderState,
}

#[derive(Debug)]
enum DecoderState {
    Alaw(Concealer),
    Ulaw(Concealer),
    G722(Box<g722::Decoder>, Concealer),
    Opus(opus::Decoder),
}

impl Decoder {
    /// Sets a decoder up; refuses what is only passed through.
    pub fn new(kind: CodecKind) -> Result<Self, CodecError> {
        let codec = match kind {
            CodecKind::Pcma => DecoderState::Alaw(Concealer::new(8_000)),
            CodecKind::Pcmu => DecoderState::Ulaw(Concealer::new(8_000)),
            CodecKind::G722 => DecoderState::G722(Box::default(), Concealer::new(16_000)),
            CodecKind::Opus => DecoderState::Opus(opus::Decoder::new()?),
            CodecKind::G729 => return Err(CodecError::PassThrough(kind)),
        };
        Ok(Self { kind, codec })
    }

    /// Which codec it is.
    pub fn kind(&self) -> CodecKind {
        self.kind
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.kind.clip_rate()
    }

    /// Decodes one payload and returns how many samples it wrote; 0 for a payload that is broken
    /// or does not fit `out` (see [`MAX_FRAME`]).
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match &mut self.codec {
            DecoderState::Alaw(concealer) => {
                let samples = g711::decode_alaw(payload, out);
                concealer.heard(&mut out[..samples]);
                samples
            }
            DecoderState::Ulaw(concealer) => {
                let samples = g711::decode_ulaw(payload, out);
                concealer.heard(&mut out[..samples]);
                samples
            }
            DecoderState::G722(decoder, concealer) => {
                let samples = decoder.decode(payload, out);
                concealer.heard(&mut out[..samples]);
                samples
            }
            DecoderState::Opus(decoder) => decoder.decode(payload, out),
        }
    }

    /// Fills `out` with what the lost sound may have been; it fades after some 60 ms.
    ///
    /// Opus wants the length of a packet (a multiple of 2.5 ms).
    pub fn conceal(&mut self, out: &mut [i16]) {
        match &mut self.codec {
            DecoderState::Alaw(concealer)
            | DecoderState::Ulaw(concealer)
            | DecoderState::G722(_, concealer) => concealer.conceal(out),
            DecoderState::Opus(decoder) => decoder.conceal(out),
        }
    }

    /// As [`conceal`](Self::conceal), when the payload after the lost one is already here: Opus
    /// may carry the lost one inside it. `following` is still to be decoded after this.
    pub fn recover(&mut self, following: &[u8], out: &mut [i16]) {
        match &mut self.codec {
            DecoderState::Opus(decoder) => decoder.recover(following, out),
            _ => self.conceal(out),
        }
    }

    /// Samples of [`rate`](Self::rate) in a payload, without decoding it; `None` when broken.
    pub fn samples_in(&self, payload: &[u8]) -> Option<usize> {
        match self.kind {
            CodecKind::Opus => opus::samples_in(payload),
            CodecKind::G722 => payload.len().checked_mul(2),
            _ => Some(payload.len()),
        }
    }
}

/// Turns samples at [`rate`](Self::rate) into one leg's payloads.
#[derive(Debug)]
pub struct Encoder {
    kind: CodecKind,
    codec: EncoderState,
}

#[derive(Debug)]
enum EncoderState {
    Alaw,
    Ulaw,
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

impl Encoder {
    /// Sets an encoder up; refuses what is only passed through.
    pub fn new(kind: CodecKind) -> Result<Self, CodecError> {
        let codec = match kind {
            CodecKind::Pcma => EncoderState::Alaw,
            CodecKind::Pcmu => EncoderState::Ulaw,
            CodecKind::G722 => EncoderState::G722(Box::default()),
            CodecKind::Opus => EncoderState::Opus(opus::Encoder::new()?),
            CodecKind::G729 => return Err(CodecError::PassThrough(kind)),
        };
        Ok(Self { kind, codec })
    }

    /// Which codec it is.
    pub fn kind(&self) -> CodecKind {
        self.kind
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.kind.clip_rate()
    }

    /// Encodes one packet's samples and returns how many bytes it wrote; 0 when it cannot.
    ///
    /// G.722 wants an even number of samples, Opus 2.5, 5, 10, 20, 40 or 60 ms.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match &mut self.codec {
            EncoderState::Alaw => g711::encode_alaw(samples, out),
            EncoderState::Ulaw => g711::encode_ulaw(samples, out),
            EncoderState::G722(encoder) => encoder.encode(samples, out),
            EncoderState::Opus(encoder) => encoder.encode(samples, out),
        }
    }

    /// Tells the encoder what the peer loses, in percent: Opus then repeats itself more.
    pub fn expect_loss(&mut self, percent: u8) {
        if let EncoderState::Opus(encoder) = &mut self.codec {
            encoder.expect_loss(percent);
        }
    }
}

/// Turns a payload of one G.711 law into the other in place; `false` (and untouched) for other
/// pairs, which need a decoder and an encoder.
pub fn convert_in_place(from: Negotiated, to: Negotiated, payload: &mut [u8]) -> bool {
    match (from.kind, to.kind) {
        (CodecKind::Pcma, CodecKind::Pcmu) => g711::alaw_to_ulaw(payload),
        (CodecKind::Pcmu, CodecKind::Pcma) => g711::ulaw_to_alaw(payload),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests;
