//! A list that is played over what the leg hears anyway: music, quieter meanwhile, or whom it talks
//! with.

use std::time::{Duration, Instant};

use super::Leg;
use super::mouth::{Mouth, Path, Turn, Workbench, samples_in};
use super::play;
use crate::Wire;
use crate::codec::MAX_FRAME;
use crate::rtp::HEADER;
use crate::rtp::send::Voice;

impl Mouth {
    /// A list is played over what is heard beneath, and takes nothing away.
    pub(crate) fn plays_over(&self) -> bool {
        self.playing
            .as_ref()
            .is_some_and(|playing| playing.is_over_others)
    }

    /// Others are heard beneath the list. What only passes through (G.729) is not, nor are several at once
    /// where a leader supervises: there the list covers them.
    pub(crate) fn mixes_others(&self) -> bool {
        let several = self.blend.is_some();
        self.plays_over()
            && !several
            && (self.is_mixed || self.bridge.is_some() && self.path == Path::Samples)
    }
}

impl Leg {
    /// Sends a packet of the list with what is heard beneath.
    pub(super) fn play_over(
        &mut self,
        at: Instant,
        since_epoch: Duration,
        bench: &mut Workbench,
        wire: &mut impl Wire,
    ) -> Turn {
        let Some(mut playing) = self.mouth.playing.take() else {
            return Turn::Rest;
        };
        let key = playing.key;
        let kind = self.config.codec.kind;
        let (rate, has_peer) = (kind.clip_rate(), self.destination().is_some());
        let want = samples_in(self.ptime(), rate);
        let sum = &mut bench.samples[..want];
        sum.fill(0);
        let since = self.mouth.music_since(since_epoch);
        if let Some(music) = &self.mouth.music {
            play::music_pieces(&music.clip, since, rate, want, |piece, from, samples| {
                play::as_samples(piece, rate, &mut sum[from..from + samples]);
            });
            sum.iter_mut().for_each(|sample| *sample /= SOFTER);
        } else {
            // Where too little has come yet there is silence beneath; no word waits for the next.
            self.mouth.cut(want, sum);
        }
        let mut list = [0_i16; MAX_FRAME];
        let list = &mut list[..want];
        playing.pieces(rate, want, |piece, from, samples| {
            play::as_samples(piece, rate, &mut list[from..from + samples]);
        });
        for (sample, more) in sum.iter_mut().zip(list) {
            *sample = sample.saturating_add(*more);
        }
        let payload = match has_peer {
            true => self.mouth.encode(kind, sum, &mut bench.packet[HEADER..]),
            false => 0,
        };
        self.send_own(at, Voice::Play(key), payload, bench, wire);
        if playing.is_over() {
            return Turn::Played(key);
        }
        self.mouth.playing = Some(playing);
        Turn::More
    }
}

/// Music beneath words has a quarter of its strength: 12 dB less.
const SOFTER: i16 = 4;
