//! What we play to a leg: lists without gaps, and music on the shared timeline.

use std::time::Duration;

use crate::codec::g711;
use crate::{Clip, CodecKind, PlayItem, PlayKey};

/// A list that is being played.
#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) key: PlayKey,
    /// What is heard beneath goes on.
    pub(crate) is_over_others: bool,
    items: Vec<PlayItem>,
    /// Rounds left; `None` until stopped.
    rounds: Option<u32>,
    item: usize,
    /// Samples of the item that were played, at `rate`.
    offset: usize,
    rate: u32,
}

/// A stretch of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// From here on, in samples at the leg's rate.
    Clip {
        clip: &'a Clip,
        from: usize,
    },
    Silence,
}

impl Playing {
    pub(crate) fn new(key: PlayKey, items: Vec<PlayItem>, times: u32) -> Self {
        Self {
            key,
            is_over_others: false,
            items,
            rounds: (times > 0).then_some(times),
            item: 0,
            offset: 0,
            rate: 8000,
        }
    }

    /// A list that is heard over what the leg hears anyway, once.
    pub(crate) fn over_others(key: PlayKey, items: Vec<PlayItem>) -> Self {
        Self {
            is_over_others: true,
            ..Self::new(key, items, 1)
        }
    }

    /// Gives out the next `want` samples at `rate` in pieces: each with where it begins in the
    /// packet, and how long it is. Returns how many samples there were.
    pub(crate) fn pieces(
        &mut self,
        rate: u32,
        want: usize,
        mut out: impl FnMut(Piece<'_>, usize, usize),
    ) -> usize {
        self.use_rate(rate);
        let mut done = 0;
        while done < want && !self.is_over() {
            let Some(item) = self.items.get(self.item) else {
                self.next_round();
                continue;
            };
            let left = length(item, rate).saturating_sub(self.offset);
            let samples = left.min(want - done);
            if samples > 0 {
                out(piece(item, self.offset), done, samples);
            }
            done += samples;
            self.offset += samples;
            if samples == left {
                self.item += 1;
                self.offset = 0;
            }
        }
        // The end of the last round shows with the packet that brings it, not one later.
        if self.items.get(self.item).is_none() {
            self.next_round();
        }
        done
    }

    /// Nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.rounds == Some(0)
    }

    fn next_round(&mut self) {
        self.item = 0;
        self.offset = 0;
        self.rounds = self.rounds.map(|rounds| rounds.saturating_sub(1));
        if self.items.iter().all(|item| length(item, self.rate) == 0) {
            self.rounds = Some(0);
        }
    }

    /// The leg's codec may change while we play.
    fn use_rate(&mut self, rate: u32) {
        if self.rate != rate {
            self.offset = scale(self.offset, self.rate, rate);
            self.rate = rate;
        }
    }
}

/// As [`Playing::pieces`], for music that everybody hears at the same place: `since` its beginning.
pub(crate) fn music_pieces(
    clip: &Clip,
    since: Duration,
    rate: u32,
    want: usize,
    mut out: impl FnMut(Piece<'_>, usize, usize),
) {
    let length = scale(clip.samples.len(), clip.rate, rate);
    if length == 0 {
        return;
    }
    let position = since.as_micros() * u128::from(rate) / 1_000_000;
    let mut from = (position % length as u128) as usize;
    let mut done = 0;
    while done < want {
        let samples = (length - from).min(want - done);
        out(Piece::Clip { clip, from }, done, samples);
        done += samples;
        from = 0;
    }
}

/// Writes a piece as samples at `rate`.
pub(crate) fn as_samples(piece: Piece<'_>, rate: u32, out: &mut [i16]) {
    let Piece::Clip { clip, from } = piece else {
        out.fill(0);
        return;
    };
    match clip.samples.get(from..from + out.len()) {
        Some(samples) if clip.rate == rate => out.copy_from_slice(samples),
        // A clip that was made for the codec before: it is heard, if not at its best.
        _ => {
            for (index, sample) in out.iter_mut().enumerate() {
                let at = scale(from + index, rate, clip.rate);
                *sample = clip.samples.get(at).copied().unwrap_or_default();
            }
        }
    }
}

/// Writes a piece as G.711; a clip that has its bytes costs no encoding.
pub(crate) fn as_g711(piece: Piece<'_>, kind: CodecKind, out: &mut [u8]) {
    let is_alaw = kind == CodecKind::Pcma;
    let Piece::Clip { clip, from } = piece else {
        out.fill(if is_alaw { 0xd5 } else { 0xff });
        return;
    };
    let ready = clip.g711.as_ref().filter(|_| clip.rate == 8000);
    let ready = ready.and_then(|(alaw, ulaw)| {
        let bytes = if is_alaw { alaw } else { ulaw };
        bytes.get(from..from + out.len())
    });
    if let Some(bytes) = ready {
        out.copy_from_slice(bytes);
        return;
    }
    for (index, byte) in out.iter_mut().enumerate() {
        let at = scale(from + index, 8000, clip.rate);
        let sample = clip.samples.get(at).copied().unwrap_or_default();
        *byte = if is_alaw {
            g711::linear_to_alaw(sample)
        } else {
            g711::linear_to_ulaw(sample)
        };
    }
}

fn piece(item: &PlayItem, from: usize) -> Piece<'_> {
    match item {
        PlayItem::Clip(clip) => Piece::Clip { clip, from },
        PlayItem::Silence(_) => Piece::Silence,
    }
}

fn length(item: &PlayItem, rate: u32) -> usize {
    match item {
        PlayItem::Clip(clip) => scale(clip.samples.len(), clip.rate, rate),
        PlayItem::Silence(time) => (time.as_micros() * u128::from(rate) / 1_000_000) as usize,
    }
}

fn scale(samples: usize, from: u32, to: u32) -> usize {
    if from == to {
        return samples;
    }
    (samples as u64 * u64::from(to) / u64::from(from.max(1))) as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_list_is_played_without_a_gap_and_as_often_as_asked() {
        let items = vec![
            PlayItem::Clip(count(100, 250)),
            PlayItem::Silence(Duration::from_millis(5)),
            PlayItem::Clip(count(1000, 100)),
        ];
        let mut playing = Playing::new(PlayKey(1), items, 2);

        let heard = play(&mut playing, 160);

        let round: Vec<i16> = (100..350)
            .chain(std::iter::repeat_n(0, 40))
            .chain(1000..1100)
            .collect();
        assert_eq!(heard, [round.clone(), round].concat());
    }

    #[test]
    fn the_end_shows_with_the_last_packet() {
        let mut playing = Playing::new(PlayKey(1), vec![PlayItem::Clip(count(0, 320))], 1);

        playing.pieces(8000, 160, |_, _, _| {});
        assert!(!playing.is_over());
        playing.pieces(8000, 160, |_, _, _| {});

        assert!(playing.is_over());
    }

    #[test]
    fn a_list_of_nothing_is_over_even_without_an_end() {
        for items in [vec![], vec![PlayItem::Clip(count(0, 0))]] {
            let mut playing = Playing::new(PlayKey(1), items, 0);

            assert_eq!(playing.pieces(8000, 160, |_, _, _| {}), 0);
            assert!(playing.is_over());
        }
    }

    #[test]
    fn a_clip_of_another_rate_lasts_as_long() {
        let mut playing = Playing::new(PlayKey(1), vec![PlayItem::Clip(count(0, 800))], 1);
        let mut samples = 0;

        while !playing.is_over() {
            samples += playing.pieces(16_000, 320, |_, _, _| {});
        }

        assert_eq!(samples, 1600);
    }

    #[test]
    fn music_goes_round_within_a_packet() {
        let clip = count(0, 200);
        let mut heard = vec![0; 160];

        music_pieces(
            &clip,
            Duration::from_millis(20),
            8000,
            160,
            |piece, at, samples| {
                as_samples(piece, 8000, &mut heard[at..at + samples]);
            },
        );

        assert_eq!(heard, (160..200).chain(0..120).collect::<Vec<i16>>());
    }

    fn play(playing: &mut Playing, packet: usize) -> Vec<i16> {
        let mut heard = Vec::new();
        while !playing.is_over() {
            let mut frame = vec![0; packet];
            let samples = playing.pieces(8000, packet, |piece, at, samples| {
                as_samples(piece, 8000, &mut frame[at..at + samples]);
            });
            heard.extend_from_slice(&frame[..samples]);
        }
        heard
    }

    fn count(from: i16, samples: i16) -> Arc<Clip> {
        Arc::new(Clip {
            rate: 8000,
            samples: (from..from + samples).collect(),
            g711: None,
        })
    }
}
