//! What goes wrong with sound and its descriptions; each sentence says what to do about it.

/// Why a session description was not usable.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SdpError {
    /// Larger than [`sdp::MAX_BYTES`](crate::sdp::MAX_BYTES).
    #[error("the session description has {0} bytes: refuse it, 65536 are the limit")]
    TooLong(usize),
    /// More than [`sdp::MAX_MEDIA`](crate::sdp::MAX_MEDIA) m-lines.
    #[error("the session description has more than 32 m-lines: refuse it")]
    TooManyMedia,
    /// A line that is not `letter=value`, or one that RFC 8866 puts elsewhere.
    #[error("line {line} of the session description cannot be read: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What was expected there.
        why: &'static str,
    },
    /// No v= or o= line.
    #[error("the session description lacks its {0} line")]
    Missing(&'static str),
    /// No m-line that we could take: no audio, no plain RTP, or no usable address.
    #[error("the session description has no audio over plain RTP with an address: answer 488")]
    NoAudio,
    /// No m-line of a fax that we could pass on.
    #[error("the session description has no T.38 over UDPTL with an address: answer 488")]
    NoImage,
    /// Audio, and no codec of ours in it.
    #[error("no codec in common (they have {theirs}): answer 488")]
    NoCodec {
        /// Their payload types and names.
        theirs: String,
    },
    /// The answer does not fit our offer.
    #[error("the answer does not fit the offer: {0}; end the leg")]
    Mismatch(&'static str),
}

/// Why a file did not become a clip.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClipError {
    /// Not a format that we read, or broken before its first sample.
    #[error("not a sound that can be read ({0}): use WAV, MP3, FLAC or Ogg Vorbis")]
    Unreadable(String),
    /// It has no samples.
    #[error("the sound is empty: record it again")]
    Empty,
    /// Longer than [`clip::MAX_DURATION`](crate::clip::MAX_DURATION).
    #[error("the sound is longer than 30 minutes: cut it")]
    TooLong,
    /// More octets than [`clip::MAX_FILE`](crate::clip::MAX_FILE).
    #[error("the file is larger than 256 MiB: cut the sound, or convert it to 16-bit WAV")]
    TooLarge,
    /// A folder, a pipe or a device.
    #[error("it is no regular file")]
    NoFile,
    /// A rate that no leg has.
    #[error("clips are made for 8000, 16000 or 48000 samples a second, not {0}")]
    Rate(u32),
    /// The decoder library gave up in a way that it should not.
    #[error("the decoder failed on this sound: convert it to 16-bit WAV")]
    DecoderFailed,
}

/// Why a codec could not be set up.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CodecError {
    /// It is passed through and has no samples here.
    #[error("{0:?} is passed through and never decoded: bridge it to a leg with the same codec")]
    PassThrough(crate::CodecKind),
    /// libopus refused.
    #[error("libopus could not be set up: {0}")]
    Opus(String),
    /// A pair of rates without a filter.
    #[error("no conversion from {from} to {to} samples a second: use 8000, 16000 or 48000")]
    Rates {
        /// Samples a second that come in.
        from: u32,
        /// Samples a second that go out.
        to: u32,
    },
}
