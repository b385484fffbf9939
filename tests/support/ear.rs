//! What one party hears, kept as it came, and who can be found in it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use media::level::{ToneLevel, rms};

use super::PATIENCE;

/// The sound that has reached a party.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Debug, Default)]
struct Heard {
    pieces: VecDeque<Piece>,
    /// How many pieces are no longer kept.
    forgotten: usize,
    /// Packets of sound that have come.
    packets: u64,
    /// The longest time between two packets.
    longest_gap: Duration,
    last: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Piece {
    rate: u32,
    samples: Vec<i16>,
}

/// What can be asked of an ear about its packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Packets of sound that have come.
    pub(crate) packets: u64,
    /// The longest time between two packets.
    pub(crate) longest_gap: Duration,
}

impl Ear {
    /// Takes one packet's samples.
    pub(crate) fn take(&self, rate: u32, samples: &[i16]) {
        let (heard, more) = &*self.0;
        let mut heard = heard.lock().unwrap();
        let now = Instant::now();
        if let Some(last) = heard.last.replace(now) {
            heard.longest_gap = heard.longest_gap.max(now - last);
        }
        heard.packets += 1;
        heard.pieces.push_back(Piece {
            rate,
            samples: samples.to_vec(),
        });
        if heard.pieces.len() > KEPT {
            heard.pieces.pop_front();
            heard.forgotten += 1;
        }
        more.notify_all();
    }

    /// The keys whose tones are in what is still kept of a stream at 8 kHz.
    pub(crate) fn keys(&self) -> String {
        let heard = self.0.0.lock().unwrap();
        let mut detector = media::inband::ToneDetector::new();
        let pieces = heard.pieces.iter().filter(|piece| piece.rate == 8_000);
        pieces
            .flat_map(|piece| detector.push(&piece.samples))
            .collect()
    }

    /// How packets have come since the last call of this.
    pub(crate) fn watch(&self) -> Watch {
        let mut heard = self.0.0.lock().unwrap();
        let watch = Watch {
            packets: heard.packets,
            longest_gap: heard.longest_gap,
        };
        heard.longest_gap = Duration::ZERO;
        heard.last = None;
        watch
    }

    /// Listens from now on until a tone has been there for 300 ms without a break; fails when it is
    /// not there in time.
    pub(crate) fn hears(&self, who: &str, frequency: f64) {
        assert!(
            self.finds(frequency, PATIENCE),
            "{who} should hear {frequency} Hz; of the pilots it hears {:?}",
            self.pilots()
        );
    }

    /// Fails unless a tone was there for 300 ms in what is still kept, or comes in time.
    pub(crate) fn has_heard(&self, who: &str, frequency: f64) {
        let found = self.finds_from(0, frequency, LONG_ENOUGH, PATIENCE);
        assert!(found, "{who} should have heard {frequency} Hz");
    }

    /// Fails unless a tone was there for so long in what is still kept.
    pub(crate) fn has_heard_for(&self, who: &str, frequency: f64, length: Duration) {
        let found = self.finds_from(0, frequency, length, Duration::ZERO);
        assert!(found, "{who} should have heard {frequency} Hz");
    }

    /// Whether a tone is there for 300 ms within this time.
    pub(crate) fn finds(&self, frequency: f64, within: Duration) -> bool {
        self.finds_from(usize::MAX, frequency, LONG_ENOUGH, within)
    }

    fn finds_from(&self, first: usize, frequency: f64, length: Duration, within: Duration) -> bool {
        let mut tone: Option<(u32, ToneLevel)> = None;
        self.listen_from(first, within, |piece| {
            let tracked = match &mut tone {
                Some((rate, tracked)) if *rate == piece.rate => tracked,
                other => {
                    let level = ToneLevel::new(frequency, piece.rate, WINDOW, THRESHOLD);
                    &mut other.insert((piece.rate, level)).1
                }
            };
            tracked.push(&piece.samples);
            tracked.heard_for() >= length
        })
    }

    /// Listens from now on until a tone has been absent for a second, silence included; fails when
    /// it goes on.
    pub(crate) fn is_deaf_to(&self, who: &str, frequency: f64) {
        let until = Instant::now() + PATIENCE;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < ABSENT {
            assert!(
                Instant::now() < until,
                "{who} should not hear {frequency} Hz, and does"
            );
            let mut tone: Option<(u32, ToneLevel)> = None;
            let left = ABSENT.saturating_sub(quiet_since.elapsed());
            let heard = self.listen(left, |piece| {
                let tracked = match &mut tone {
                    Some((rate, tracked)) if *rate == piece.rate => tracked,
                    other => {
                        let level = ToneLevel::new(frequency, piece.rate, WINDOW, THRESHOLD);
                        &mut other.insert((piece.rate, level)).1
                    }
                };
                tracked.push(&piece.samples);
                tracked.heard_for() > Duration::ZERO
            });
            if heard {
                quiet_since = Instant::now();
            }
        }
    }

    /// Listens until something as loud as speech has been there for so long in all.
    pub(crate) fn hears_something(&self, who: &str, length: Duration) {
        let mut loud = Duration::ZERO;
        let found = self.listen(PATIENCE + length, |piece| {
            if rms(&piece.samples) > -40.0 {
                loud += Duration::from_secs_f64(piece.samples.len() as f64 / f64::from(piece.rate));
            }
            loud >= length
        });
        assert!(
            found,
            "{who} should hear {length:?} of sound, and hears {loud:?}"
        );
    }

    /// Waits until packets come, whatever they hold.
    pub(crate) fn hears_packets(&self, who: &str, count: u64) {
        let mut come = 0;
        let found = self.listen(PATIENCE, |_| {
            come += 1;
            come >= count
        });
        assert!(
            found,
            "{who} should receive {count} packets, and receives {come}"
        );
    }

    /// Whether no packet comes for so long.
    pub(crate) fn is_without_packets_for(&self, length: Duration) -> bool {
        !self.listen(length, |_| true)
    }

    /// Hands every piece that comes from now on to `is_enough`, until it says so or time is up.
    fn listen(&self, within: Duration, is_enough: impl FnMut(&Piece) -> bool) -> bool {
        self.listen_from(usize::MAX, within, is_enough)
    }

    /// As [`listen`](Self::listen), from this piece on where it has come already.
    fn listen_from(
        &self,
        first: usize,
        within: Duration,
        mut is_enough: impl FnMut(&Piece) -> bool,
    ) -> bool {
        let until = Instant::now() + within;
        let (heard, more) = &*self.0;
        let mut guard = heard.lock().unwrap();
        let mut next = first.min(guard.forgotten + guard.pieces.len());
        loop {
            next = next.max(guard.forgotten);
            while let Some(piece) = guard.pieces.get(next - guard.forgotten) {
                next += 1;
                if is_enough(piece) {
                    return true;
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = more.wait_timeout(guard, left).unwrap().0;
        }
    }

    /// The known tones in the last 200 ms; for messages.
    fn pilots(&self) -> Vec<String> {
        let heard = self.0.0.lock().unwrap();
        let Some(last) = heard.pieces.back() else {
            return Vec::new();
        };
        let mut samples: Vec<i16> = Vec::new();
        for piece in heard.pieces.iter().rev().take(10).rev() {
            samples.extend(&piece.samples);
        }
        [
            330.0, 400.0, 450.0, 500.0, 560.0, 620.0, 1_020.0, 1_120.0, 2_000.0,
        ]
        .into_iter()
        .map(|tone| {
            (
                tone,
                media::level::Goertzel::new(tone, last.rate).level(&samples),
            )
        })
        .filter(|(_, level)| *level >= THRESHOLD)
        .map(|(tone, level)| format!("{tone} Hz at {level:.0} dBFS"))
        .collect()
    }
}

/// One window of analysis.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);
/// dBFS from which a tone counts as heard.
pub(crate) const THRESHOLD: f32 = -30.0;
const LONG_ENOUGH: Duration = Duration::from_millis(300);
const ABSENT: Duration = Duration::from_secs(1);
/// Packets kept: some 20 s.
const KEPT: usize = 1_000;
