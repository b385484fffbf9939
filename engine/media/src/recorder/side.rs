//! One side of a recording: where a packet belongs, and its way to the recording's rate.

use super::ring::Ring;
use super::{AHEAD, LONGEST, RING, SLIP, WINDOW, frames};
use crate::CodecError;
use crate::codec::Resampler;

/// One side's sound that has not gone to the sink yet, and its source.
#[derive(Debug)]
pub(super) struct SideState {
    pub(super) ring: Ring,
    rate: u32,
    /// How the source's time stamps lie on the recording.
    anchor: Option<Anchor>,
    /// Where a steady source goes on.
    pub(super) next: Option<u64>,
    conversion: Option<Conversion>,
}

/// A packet of a source, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    rate: u32,
    timestamp: u32,
    position: u64,
    /// The latest time stamp that was seen.
    newest: u32,
}

/// From a source's rate to the recording's.
#[derive(Debug)]
struct Conversion {
    from: u32,
    resampler: Resampler,
    out: Box<[i16]>,
}

impl SideState {
    pub(super) fn new(rate: u32) -> Self {
        let ring = Ring::new(frames(RING, rate));
        Self {
            ring,
            rate,
            anchor: None,
            next: None,
            conversion: None,
        }
    }

    /// Another source from now on.
    pub(super) fn forget_source(&mut self) {
        self.anchor = None;
        self.next = None;
        self.conversion = None;
    }

    /// Where a packet belongs, by its time stamp; by the clock when that makes no sense; nowhere
    /// when it comes too late.
    pub(super) fn locate(&mut self, rate: u32, timestamp: u32, present: u64) -> Option<u64> {
        let fresh = Anchor {
            rate,
            timestamp,
            position: present,
            newest: timestamp,
        };
        let known = self.anchor.filter(|anchor| anchor.rate == rate);
        let anchor = known.unwrap_or(fresh);
        let distance = i64::from(timestamp.wrapping_sub(anchor.timestamp) as i32);
        let distance = distance * i64::from(self.rate) / i64::from(rate.max(1));
        let at = anchor.position.saturating_add_signed(distance);
        let behind = i64::from(timestamp.wrapping_sub(anchor.newest) as i32);
        let newest = if behind > 0 { timestamp } else { anchor.newest };

        let earliest = present.saturating_sub(frames(WINDOW, self.rate) as u64);
        let latest = present + frames(AHEAD, self.rate) as u64;
        if (earliest..=latest).contains(&at) {
            // Moves on now and then, before time stamps are too far apart to compare.
            let moved = distance > i64::from(self.rate);
            let kept = if moved {
                Anchor {
                    timestamp,
                    position: at,
                    ..anchor
                }
            } else {
                anchor
            };
            self.anchor = Some(Anchor { newest, ..kept });
            return Some(at);
        }
        if at < earliest && (-2 * i64::from(rate)..0).contains(&behind) {
            return None;
        }
        // A sender whose clock is slow or fast is followed in small steps; a new stream begins at
        // the present.
        let slip = frames(SLIP, self.rate) as u64;
        let position = if at < earliest && at + slip >= earliest {
            at + slip
        } else if at > latest && at <= latest + slip {
            at - slip
        } else {
            present
        };
        self.anchor = Some(Anchor { position, ..fresh });
        Some(position)
    }

    /// Puts samples of a rate at a place; `flushed` is the place of the next that goes out.
    pub(super) fn write(
        &mut self,
        rate: u32,
        at: u64,
        flushed: u64,
        samples: &[i16],
    ) -> Result<(), CodecError> {
        let offset = at as i64 - flushed as i64;
        if rate == self.rate {
            self.next = Some(at + samples.len() as u64);
            self.ring.put(offset, samples);
            return Ok(());
        }
        if self
            .conversion
            .as_ref()
            .is_none_or(|conversion| conversion.from != rate)
        {
            self.conversion = Some(Conversion {
                from: rate,
                resampler: Resampler::new(rate, self.rate)?,
                out: vec![0; frames(LONGEST, self.rate)].into(),
            });
        }
        let Some(conversion) = &mut self.conversion else {
            return Ok(());
        };
        let converted = conversion.resampler.process(samples, &mut conversion.out);
        self.next = Some(at + converted as u64);
        self.ring.put(offset, &conversion.out[..converted]);
        Ok(())
    }
}
