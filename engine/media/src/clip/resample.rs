//! Any sample rate to any other, well, at load time: a windowed sinc, sampled finely.

use std::sync::OnceLock;

use crate::codec::bessel;

/// Converts a stream of samples (−1 to 1) to 16-bit samples of another rate.
pub(super) struct Converter {
    /// Output samples stand `from / to` input samples apart.
    from: u32,
    to: u32,
    /// How much wider than at the output's rate the kernel is: above 1 when rates fall.
    stretch: f64,
    /// Input samples on each side of an output sample.
    reach: usize,
    /// The newest input, with what is still needed before it.
    line: Vec<f32>,
    /// Place of the next output sample in `line`, whole samples and parts of `to`: exact, so that
    /// half an hour has not one sample too many.
    place: usize,
    part: u64,
}

impl Converter {
    pub(super) fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from.max(1), to.max(1));
        let stretch = (f64::from(from) / f64::from(to)).max(1.0);
        let reach = (CROSSINGS as f64 * stretch).ceil() as usize;
        Self {
            from,
            to,
            stretch,
            reach,
            // As if silence had been before.
            line: vec![0.0; reach],
            place: reach,
            part: 0,
        }
    }

    pub(super) fn push(&mut self, sample: f32, out: &mut Vec<i16>) {
        if self.from == self.to {
            out.push(to_i16(sample));
            return;
        }
        self.line.push(sample);
        while self.place + self.reach < self.line.len() {
            out.push(to_i16(self.interpolate()));
            self.step();
        }
        if self.line.len() > BLOCK + 2 * self.reach {
            let done = self.place.saturating_sub(self.reach).min(self.line.len());
            self.line.drain(..done);
            self.place -= done;
        }
    }

    /// The samples that wait for what comes after them: silence does.
    pub(super) fn finish(&mut self, out: &mut Vec<i16>) {
        if self.from == self.to {
            return;
        }
        let end = self.line.len();
        self.line.resize(end + self.reach + 1, 0.0);
        while self.place < end {
            out.push(to_i16(self.interpolate()));
            self.step();
        }
    }

    fn step(&mut self) {
        self.part += u64::from(self.from);
        self.place += (self.part / u64::from(self.to)) as usize;
        self.part %= u64::from(self.to);
    }

    fn interpolate(&self) -> f32 {
        let kernel = kernel();
        let place = self.place as f64 + self.part as f64 / f64::from(self.to);
        let first = (self.place + 1).saturating_sub(self.reach);
        let scale = FINENESS as f64 / self.stretch;
        let (mut sum, mut weight) = (0.0_f32, 0.0_f32);
        for (index, &sample) in self
            .line
            .iter()
            .enumerate()
            .take(self.place + self.reach)
            .skip(first)
        {
            let distance = (index as f64 - place).abs() * scale;
            let (whole, part) = (distance as usize, distance.fract() as f32);
            let (Some(&a), Some(&b)) = (kernel.get(whole), kernel.get(whole + 1)) else {
                continue;
            };
            let tap = a + (b - a) * part;
            sum += sample * tap;
            weight += tap;
        }
        if weight == 0.0 { 0.0 } else { sum / weight }
    }
}

/// One side of the kernel, `FINENESS` points for each zero crossing.
fn kernel() -> &'static [f32] {
    static KERNEL: OnceLock<Vec<f32>> = OnceLock::new();
    KERNEL.get_or_init(|| {
        (0..=CROSSINGS * FINENESS)
            .map(|index| {
                let x = index as f64 / FINENESS as f64;
                let angle = std::f64::consts::PI * x * PASS_BAND;
                let sinc = if index == 0 { 1.0 } else { angle.sin() / angle };
                let reach = x / CROSSINGS as f64;
                (sinc * bessel(8.0 * (1.0 - reach * reach).max(0.0).sqrt()) / bessel(8.0)) as f32
            })
            .collect()
    })
}

fn to_i16(sample: f32) -> i16 {
    // The cast saturates, and makes silence of what is not a number.
    (sample * 32_768.0).round() as i16
}

/// Zero crossings on each side.
const CROSSINGS: usize = 24;
const FINENESS: usize = 256;
/// Where the cut begins, of the lower rate's half.
const PASS_BAND: f64 = 0.93;
/// Input is dropped in pieces of this size.
const BLOCK: usize = 4_096;
