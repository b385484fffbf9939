//! Sound in memory, ready for a leg: decoded and resampled once, shared by all who hear it.

mod decode;
mod resample;

use std::fs::Metadata;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::g711;
use crate::error::ClipError;

/// Mono sound at one sample rate, with its G.711 forms where the rate is 8 kHz.
///
/// Made off the media threads; a board only reads it.
#[derive(Clone, Debug)]
pub struct Clip {
    /// 8000, 16000 or 48000.
    pub rate: u32,
    /// Linear samples.
    pub samples: Arc<[i16]>,
    /// The same as A-law and as μ-law, when `rate` is 8000: a prompt costs no encoding.
    pub g711: Option<BothLaws>,
}

impl Clip {
    /// Whether a file may be read to be decoded: asked before, because a pipe has no end and a
    /// large file no room.
    pub fn check_file(file: &Metadata) -> Result<(), ClipError> {
        if !file.is_file() {
            return Err(ClipError::NoFile);
        }
        match file.len() {
            0..=MAX_FILE => Ok(()),
            _ => Err(ClipError::TooLarge),
        }
    }

    /// Decodes a WAV, MP3, FLAC or Ogg Vorbis file, mixes its channels, and converts it to `rate`
    /// (8000, 16000 or 48000). The extension (`wav`, without the dot) is only a hint.
    ///
    /// A file that breaks off keeps what came before the break. This takes time: call it where
    /// waiting is allowed.
    pub fn decode(bytes: Vec<u8>, extension: &str, rate: u32) -> Result<Self, ClipError> {
        if !matches!(rate, 8_000 | 16_000 | 48_000) {
            return Err(ClipError::Rate(rate));
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(ClipError::TooLarge);
        }
        Ok(Self::from_samples(
            rate,
            decode::decode(bytes, extension, rate)?,
        ))
    }

    /// A clip of ready samples at `rate`.
    pub fn from_samples(rate: u32, samples: Vec<i16>) -> Self {
        let g711 = (rate == 8_000).then(|| {
            let (mut alaw, mut ulaw) = (vec![0; samples.len()], vec![0; samples.len()]);
            g711::encode_alaw(&samples, &mut alaw);
            g711::encode_ulaw(&samples, &mut ulaw);
            (alaw.into(), ulaw.into())
        });
        Self {
            rate,
            samples: samples.into(),
            g711,
        }
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        let rate = u64::from(self.rate.max(1));
        Duration::from_micros(self.samples.len() as u64 * 1_000_000 / rate)
    }

    /// The same sound for legs of another rate (8000, 16000 or 48000).
    pub fn at_rate(&self, rate: u32) -> Result<Self, ClipError> {
        if !matches!(rate, 8_000 | 16_000 | 48_000) {
            return Err(ClipError::Rate(rate));
        }
        if rate == self.rate {
            return Ok(self.clone());
        }
        let mut converter = resample::Converter::new(self.rate, rate);
        let mut samples = Vec::new();
        for &sample in self.samples.iter() {
            converter.push(f32::from(sample) / 32_768.0, &mut samples);
        }
        converter.finish(&mut samples);
        Ok(Self::from_samples(rate, samples))
    }
}

/// The same sound as A-law and as μ-law bytes.
pub type BothLaws = (Arc<[u8]>, Arc<[u8]>);

/// The longest file that is taken.
pub const MAX_DURATION: Duration = Duration::from_secs(30 * 60);

/// Octets of the largest file that is taken: half an hour of 24 bits in stereo, and a little.
pub const MAX_FILE: u64 = 256 << 20;

#[cfg(test)]
mod tests;
