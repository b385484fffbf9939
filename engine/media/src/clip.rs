//! Sound in memory, ready for a leg: decoded and resampled once, shared by all who hear it.

use std::sync::Arc;

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
    pub g711: Option<(Arc<[u8]>, Arc<[u8]>)>,
}
