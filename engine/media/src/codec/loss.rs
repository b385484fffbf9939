//! What is heard in place of lost packets: the last pitch period, repeated and faded.
//!
//! After the idea of G.711 Appendix I: speech goes on much as it was for some ten milliseconds.

/// Remembers what was heard, and goes on from there.
#[derive(Debug)]
pub(super) struct Concealer {
    /// Samples a millisecond.
    per_ms: usize,
    /// The last [`HISTORY_MS`] of what was heard, the newest last.
    history: Box<[i16]>,
    /// The period that is being repeated.
    period: Box<[i16]>,
    /// How much of `period` is in use.
    pitch: usize,
    /// How many samples of the present gap have been made up.
    made_up: usize,
}

impl Concealer {
    pub(super) fn new(rate: u32) -> Self {
        let per_ms = rate as usize / 1_000;
        Self {
            per_ms,
            history: vec![0; HISTORY_MS * per_ms].into(),
            period: vec![0; MAX_PITCH_MS * per_ms].into(),
            pitch: 0,
            made_up: 0,
        }
    }

    /// Notes sound that came, and blends its beginning with what was made up before it.
    pub(super) fn heard(&mut self, samples: &mut [i16]) {
        if self.made_up > 0 {
            let blend = samples.len().min(BLEND_MS * self.per_ms);
            for (index, sample) in samples.iter_mut().take(blend).enumerate() {
                let made_up = i32::from(self.next_made_up());
                let weight = (index + 1) as i32;
                let length = (blend + 1) as i32;
                let mixed = (i32::from(*sample) * weight + made_up * (length - weight)) / length;
                *sample = mixed as i16;
            }
            self.made_up = 0;
        }
        self.remember(samples);
    }

    /// Fills `out` with made-up sound.
    pub(super) fn conceal(&mut self, out: &mut [i16]) {
        if self.made_up == 0 {
            self.find_period();
        }
        for sample in out.iter_mut() {
            *sample = self.next_made_up();
        }
        self.remember(out);
    }

    fn next_made_up(&mut self) -> i16 {
        let position = self.made_up;
        self.made_up = self.made_up.saturating_add(1);
        let hold = HOLD_MS * self.per_ms;
        let fade = FADE_MS * self.per_ms;
        let gone = position.saturating_sub(hold).min(fade);
        let sample = self
            .pitch
            .checked_sub(1)
            .and_then(|last| self.period.get(position % (last + 1)))
            .map_or(0, |&sample| i32::from(sample));
        (sample * (fade - gone) as i32 / fade as i32) as i16
    }

    /// Takes the last period of the history, and makes its end flow into its beginning.
    fn find_period(&mut self) {
        let pitch = self.best_pitch();
        let end = self.history.len();
        self.pitch = pitch;
        self.period[..pitch].copy_from_slice(&self.history[end - pitch..]);
        let quarter = pitch / 4;
        for index in 0..quarter {
            let real = i32::from(self.history[end - quarter + index]);
            let earlier = i32::from(self.history[end - quarter - pitch + index]);
            let weight = (index + 1) as i32;
            let length = (quarter + 1) as i32;
            self.period[pitch - quarter + index] =
                ((real * (length - weight) + earlier * weight) / length) as i16;
        }
    }

    /// The lag at which the newest sound is most like what was before it. At 16 kHz every second
    /// sample tells enough.
    fn best_pitch(&self) -> usize {
        let end = self.history.len();
        let step = (self.per_ms / 8).max(1);
        let window = WINDOW_MS * self.per_ms;
        let newest = &self.history[end - window..];
        let mut best = (MIN_PITCH_MS * self.per_ms, f32::MIN);
        for lag in (MIN_PITCH_MS * self.per_ms..=MAX_PITCH_MS * self.per_ms).step_by(step) {
            let before = &self.history[end - window - lag..end - lag];
            // Sums of whole numbers have no order to keep: this becomes vector instructions.
            let (mut product, mut energy) = (0_i64, 1_i64);
            for (a, b) in newest.chunks_exact(step).zip(before.chunks_exact(step)) {
                product += i64::from(i32::from(a[0]) * i32::from(b[0]));
                energy += i64::from(i32::from(b[0]) * i32::from(b[0]));
            }
            let likeness = product as f32 / (energy as f32).sqrt();
            // A longer lag must be clearly better: multiples of the pitch are all alike.
            if likeness > best.1 * 1.01 || best.1 == f32::MIN {
                best = (lag, likeness);
            }
        }
        best.0
    }

    fn remember(&mut self, samples: &[i16]) {
        let length = self.history.len();
        if samples.len() >= length {
            self.history
                .copy_from_slice(&samples[samples.len() - length..]);
            return;
        }
        self.history.copy_within(samples.len().., 0);
        self.history[length - samples.len()..].copy_from_slice(samples);
    }
}

/// Pitch periods of 66 to 200 Hz, and above by their multiples.
const MIN_PITCH_MS: usize = 5;
const MAX_PITCH_MS: usize = 15;
/// What is compared to find the pitch.
const WINDOW_MS: usize = 20;
/// Room for the window at the greatest lag, and more.
const HISTORY_MS: usize = 40;
/// Repeated at full strength so long, then faded to nothing over [`FADE_MS`].
const HOLD_MS: usize = 10;
const FADE_MS: usize = 50;
/// How long made-up and real sound overlap when packets come again.
const BLEND_MS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Goertzel;

    #[test]
    fn a_lost_frame_of_a_tone_goes_on_with_the_tone() {
        let mut concealer = Concealer::new(8_000);
        for frame in 0..5 {
            concealer.heard(&mut tone(frame));
        }
        let mut made_up = [0; 160];

        concealer.conceal(&mut made_up);

        let level = Goertzel::new(200.0, 8_000).level(&made_up[..80]);
        assert!((-7.5..-4.5).contains(&level), "{level} dBFS");
        let expected = tone(5);
        let jump = (made_up[0] - expected[0]).abs();
        assert!(jump < 800, "it begins {jump} off");
    }

    #[test]
    fn a_long_gap_falls_silent_and_sound_returns_without_a_click() {
        let mut concealer = Concealer::new(8_000);
        concealer.heard(&mut tone(0));
        concealer.heard(&mut tone(1));
        let mut made_up = [0; 160];
        for _ in 0..4 {
            concealer.conceal(&mut made_up);
        }
        let last = made_up[159];

        let mut back = [12_000; 160];
        concealer.heard(&mut back);

        assert_eq!(last, 0);
        assert!(back[0] < 1_000, "blended from silence, not {}", back[0]);
        assert_eq!(back[159], 12_000);
    }

    #[test]
    fn a_gap_before_anything_was_heard_is_silent() {
        let mut concealer = Concealer::new(16_000);
        let mut made_up = [1; 320];

        concealer.conceal(&mut made_up);

        assert_eq!(made_up, [0; 320]);
    }

    fn tone(frame: usize) -> [i16; 160] {
        std::array::from_fn(|index| {
            let time = (frame * 160 + index) as f64 / 8_000.0;
            ((time * 200.0 * std::f64::consts::TAU).sin() * 16_384.0) as i16
        })
    }
}
