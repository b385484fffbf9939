//! Files to samples, through symphonia, within bounds.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{CODEC_TYPE_NULL, CodecParameters, Decoder, DecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{Limit, MetadataOptions};
use symphonia::core::probe::Hint;

use super::MAX_DURATION;
use super::resample::Converter;
use crate::error::ClipError;

/// Decodes `bytes` to mono at `rate`.
pub(super) fn decode(bytes: Vec<u8>, extension: &str, rate: u32) -> Result<Vec<i16>, ClipError> {
    // The decoders are others' code that reads strangers' files: should one of them panic, the
    // file is refused and nothing else is touched.
    catch_unwind(AssertUnwindSafe(|| read(bytes, extension, rate)))
        .unwrap_or(Err(ClipError::DecoderFailed))
}

fn read(bytes: Vec<u8>, extension: &str, rate: u32) -> Result<Vec<i16>, ClipError> {
    let length = bytes.len() as u64;
    if let Some(rate) = rate_of_wav(&bytes).filter(|rate| !SOURCE_RATES.contains(rate)) {
        return Err(wrong_rate(rate));
    }
    let mut format = open(bytes, extension)?;
    let track = format
        .default_track()
        .filter(|track| track.codec_params.codec != CODEC_TYPE_NULL)
        .ok_or_else(|| ClipError::Unreadable("no sound in it".into()))?;
    let id = track.id;
    if claims_too_much(&track.codec_params, length) {
        return Err(ClipError::TooLong);
    }
    let mut decoder = symphonia::default::get_codecs()
        .make(&track.codec_params, &DecoderOptions::default())
        .map_err(unreadable)?;

    let mut sound = Sound::new(rate);
    let mut broken = 0;
    // A file that breaks off ends there: what was read is good.
    while let Ok(packet) = format.next_packet() {
        if packet.track_id() != id {
            continue;
        }
        match take(&mut *decoder, &packet, &mut sound) {
            Ok(()) => {}
            Err(Failure::Clip(error)) => return Err(error),
            Err(Failure::Packet) if broken < MAX_BROKEN_PACKETS => broken += 1,
            Err(Failure::Packet) => break,
        }
    }
    sound.finish()
}

/// Whether the head says that the sound is too long, and the file is large enough for that to be
/// true: an unfinished recording claims anything.
fn claims_too_much(parameters: &CodecParameters, length: u64) -> bool {
    let (Some(frames), Some(rate)) = (parameters.n_frames, parameters.sample_rate) else {
        return false;
    };
    frames / u64::from(rate.max(1)) > MAX_DURATION.as_secs() && frames <= length.saturating_mul(64)
}

fn open(bytes: Vec<u8>, extension: &str) -> Result<Box<dyn FormatReader>, ClipError> {
    let stream = MediaSourceStream::new(
        Box::new(Cursor::new(bytes)),
        MediaSourceStreamOptions::default(),
    );
    let mut hint = Hint::new();
    hint.with_extension(extension);
    let format = FormatOptions {
        enable_gapless: true,
        ..FormatOptions::default()
    };
    let metadata = MetadataOptions {
        limit_metadata_bytes: Limit::Maximum(MAX_METADATA),
        limit_visual_bytes: Limit::Maximum(MAX_METADATA),
    };
    symphonia::default::get_probe()
        .format(&hint, stream, &format, &metadata)
        .map(|probed| probed.format)
        .map_err(unreadable)
}

enum Failure {
    /// This packet is broken; the next may be good.
    Packet,
    /// The file is refused.
    Clip(ClipError),
}

fn take(
    decoder: &mut dyn Decoder,
    packet: &symphonia::core::formats::Packet,
    sound: &mut Sound,
) -> Result<(), Failure> {
    let audio = match decoder.decode(packet) {
        Ok(audio) => audio,
        Err(Error::DecodeError(_) | Error::IoError(_)) => return Err(Failure::Packet),
        Err(error) => return Err(Failure::Clip(unreadable(error))),
    };
    let spec = *audio.spec();
    let channels = spec.channels.count();
    if channels == 0 || audio.frames() == 0 {
        return Ok(());
    }
    let mut samples = SampleBuffer::<f32>::new(audio.capacity() as u64, spec);
    samples.copy_interleaved_ref(audio);
    sound
        .push(samples.samples(), channels, spec.rate)
        .map_err(Failure::Clip)
}

/// What has been decoded so far, mixed and converted.
struct Sound {
    rate: u32,
    /// From the file's rate, known with its first packet.
    converter: Option<(u32, Converter)>,
    samples: Vec<i16>,
}

impl Sound {
    fn new(rate: u32) -> Self {
        Self {
            rate,
            converter: None,
            samples: Vec::new(),
        }
    }

    fn push(&mut self, interleaved: &[f32], channels: usize, from: u32) -> Result<(), ClipError> {
        if !SOURCE_RATES.contains(&from) {
            return Err(wrong_rate(from));
        }
        if self
            .converter
            .as_ref()
            .is_none_or(|(rate, _)| *rate != from)
        {
            self.converter = Some((from, Converter::new(from, self.rate)));
        }
        let Some((_, converter)) = &mut self.converter else {
            return Ok(());
        };
        for frame in interleaved.chunks_exact(channels) {
            let mixed = frame.iter().sum::<f32>() / channels as f32;
            converter.push(mixed, &mut self.samples);
        }
        if self.samples.len() as u64 > MAX_DURATION.as_secs() * u64::from(self.rate) {
            return Err(ClipError::TooLong);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<i16>, ClipError> {
        if let Some((_, converter)) = &mut self.converter {
            converter.finish(&mut self.samples);
        }
        if self.samples.is_empty() {
            return Err(ClipError::Empty);
        }
        self.samples.shrink_to_fit();
        Ok(self.samples)
    }
}

/// The rate in the head of a WAV file: symphonia divides by it before anybody can look.
fn rate_of_wav(bytes: &[u8]) -> Option<u32> {
    let head = bytes.get(..HEAD_SEARCHED.min(bytes.len()))?;
    let riff = head.windows(4).position(|four| four == b"RIFF")?;
    let mut chunks = head.get(riff + 12..)?;
    loop {
        let (name, rest) = chunks.split_first_chunk::<4>()?;
        let (length, content) = rest.split_first_chunk::<4>()?;
        if name == b"fmt " {
            return Some(u32::from_le_bytes(content.get(4..8)?.try_into().ok()?));
        }
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        // Chunks begin at even places.
        chunks = content.get(length.checked_add(length % 2)?..)?;
    }
}

fn wrong_rate(rate: u32) -> ClipError {
    ClipError::Unreadable(format!("{rate} samples a second"))
}

fn unreadable(error: Error) -> ClipError {
    ClipError::Unreadable(error.to_string())
}

/// Rates that sound files have; others are a broken header.
const SOURCE_RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// So far symphonia looks for the beginning of a format.
const HEAD_SEARCHED: usize = 1 << 20;
/// Pictures and tags are not looked at, and not kept.
const MAX_METADATA: usize = 1 << 20;
/// A file with more is noise.
const MAX_BROKEN_PACKETS: u32 = 100;
