//! How a stream sounded: the E-model (ITU-T G.107), simplified to delay and loss.

use std::time::Duration;

use crate::CodecKind;

/// Watches a leg's reception in intervals of five seconds.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// Expected and lost at the end of the last interval.
    seen: (u64, u64),
    lowest: Option<f32>,
}

/// What the E-model needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Impairment {
    pub(crate) codec: CodecKind,
    pub(crate) ptime: Duration,
    pub(crate) jitter: Duration,
    pub(crate) round_trip: Option<Duration>,
}

impl Score {
    /// Ends an interval in which so much was expected and lost since the leg began.
    pub(crate) fn end_interval(&mut self, expected: u64, lost: u64, impairment: Impairment) {
        let interval_expected = expected.saturating_sub(self.seen.0);
        let interval_lost = lost.saturating_sub(self.seen.1);
        // A handful of packets says nothing: a hold that begins, a leg that just came.
        if interval_expected < FEWEST {
            return;
        }
        self.seen = (expected, lost);
        let mos = mos(interval_expected, interval_lost, impairment);
        self.lowest = Some(self.lowest.map_or(mos, |lowest| lowest.min(mos)));
    }

    /// The lowest of all intervals.
    pub(crate) fn lowest(&self) -> Option<f32> {
        self.lowest
    }
}

/// Mean opinion score, 1.0 to 4.5, of a stream with so many packets expected and lost.
pub(crate) fn mos(expected: u64, lost: u64, impairment: Impairment) -> f32 {
    let loss = 100.0 * lost as f32 / expected.max(1) as f32;
    let (equipment, robustness) = codec_factors(impairment.codec);
    // G.107 equation 7-29 with random loss (BurstR = 1).
    let effective = equipment + (95.0 - equipment) * loss / (loss + robustness);
    let rating = (BEST_RATING - delay_impairment(impairment) - effective).clamp(0.0, 100.0);
    // G.107 annex B.
    let mos = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    mos.clamp(1.0, 4.5)
}

/// Id of G.107, in the approximation for echo-free connections.
fn delay_impairment(impairment: Impairment) -> f32 {
    // One way over the network, one packet to fill, a jitter buffer of twice the jitter.
    let network = impairment.round_trip.unwrap_or_default() / 2;
    let delay = (network + impairment.ptime + 2 * impairment.jitter).as_secs_f32() * 1000.0;
    0.024 * delay + 0.11 * (delay - 177.3).max(0.0)
}

/// Ie and Bpl: G.113 appendix I for G.711 with concealment and G.729A; the others are set beside
/// them by their published robustness, for no narrow-band figures exist.
fn codec_factors(codec: CodecKind) -> (f32, f32) {
    match codec {
        CodecKind::Pcma | CodecKind::Pcmu => (0.0, 25.1),
        CodecKind::G722 => (0.0, 20.0),
        CodecKind::Opus => (0.0, 28.0),
        CodecKind::G729 => (11.0, 19.0),
    }
}

/// R of a connection with all default values (G.107 table 2).
const BEST_RATING: f32 = 93.2;
const FEWEST: u64 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_call_scores_as_g711_can() {
        assert!((mos(1000, 0, quiet(CodecKind::Pcma)) - 4.4).abs() < 0.05);
        assert!(mos(1000, 0, quiet(CodecKind::G729)) < 4.2);
    }

    #[test]
    fn five_percent_loss_and_twenty_milliseconds_of_jitter_stay_above_three_and_a_half() {
        let bad = Impairment {
            jitter: Duration::from_millis(20),
            round_trip: Some(Duration::from_millis(60)),
            ..quiet(CodecKind::Pcmu)
        };

        let mos = mos(1000, 50, bad);

        assert!((3.5..4.2).contains(&mos), "{mos}");
    }

    #[test]
    fn nothing_is_worse_than_one() {
        let awful = Impairment {
            round_trip: Some(Duration::from_secs(4)),
            ..quiet(CodecKind::Pcma)
        };

        assert!((mos(10, 10, awful) - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn the_worst_interval_is_remembered() {
        let mut score = Score::default();
        score.end_interval(250, 0, quiet(CodecKind::Pcma));
        score.end_interval(500, 25, quiet(CodecKind::Pcma));
        score.end_interval(750, 25, quiet(CodecKind::Pcma));

        let lowest = score.lowest().unwrap();

        assert!((lowest - mos(250, 25, quiet(CodecKind::Pcma))).abs() < 1e-6);
    }

    fn quiet(codec: CodecKind) -> Impairment {
        Impairment {
            codec,
            ptime: Duration::from_millis(20),
            jitter: Duration::ZERO,
            round_trip: None,
        }
    }
}
