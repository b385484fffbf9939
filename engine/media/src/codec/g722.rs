//! G.722 at 64 kbit/s: two sub-bands of adaptive differential coding, in the Recommendation's
//! own fixed-point arithmetic, so that streams are bit for bit those of any other G.722.
//!
//! Names in capitals in comments are the Recommendation's blocks (ITU-T G.722 §6).

/// Samples at 16 kHz to bytes, one for two samples.
#[derive(Clone, Debug)]
pub struct Encoder {
    low: Band,
    high: Band,
    /// The last 24 samples, the newest last.
    history: [i32; TAPS],
}

impl Encoder {
    /// An encoder at rest.
    pub fn new() -> Self {
        Self {
            low: Band::LOW,
            high: Band::HIGH,
            history: [0; TAPS],
        }
    }

    /// Encodes pairs of samples; returns how many bytes it wrote. An odd last sample is dropped.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let mut bytes = 0;
        for (pair, byte) in samples.chunks_exact(2).zip(out) {
            *byte = self.encode_pair(pair[0], pair[1]);
            bytes += 1;
        }
        bytes
    }

    fn encode_pair(&mut self, first: i16, second: i16) -> u8 {
        // QMFTX: the sum and the difference of the two phases are the two halves of the spectrum.
        let (even, odd) = split(&mut self.history, i32::from(first), i32::from(second));
        let low = (even + odd) >> 14;
        let high = (even - odd) >> 14;

        let low_code = self.low.quantize_low(low);
        self.low.adapt_low(low_code >> 2);
        let high_code = self.high.quantize_high(high);
        self.high.adapt_high(high_code);
        (high_code << 6) | low_code
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes to samples at 16 kHz, two for each.
#[derive(Clone, Debug)]
pub struct Decoder {
    low: Band,
    high: Band,
    history: [i32; TAPS],
}

impl Decoder {
    /// A decoder at rest.
    pub fn new() -> Self {
        Self {
            low: Band::LOW,
            high: Band::HIGH,
            history: [0; TAPS],
        }
    }

    /// Decodes bytes; returns how many samples it wrote, an even number.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let mut samples = 0;
        for (&byte, pair) in payload.iter().zip(out.chunks_exact_mut(2)) {
            let (first, second) = self.decode_byte(byte);
            pair[0] = first;
            pair[1] = second;
            samples += 2;
        }
        samples
    }

    fn decode_byte(&mut self, byte: u8) -> (i16, i16) {
        let (low_code, high_code) = (byte & 0x3f, byte >> 6);

        let low = self.low.decode_low(low_code);
        let high = self.high.decode_high(high_code);

        // QMFRX.
        let (even, odd) = split(&mut self.history, low + high, low - high);
        (saturate(even >> 11) as i16, saturate(odd >> 11) as i16)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// One sub-band's quantizer step and its predictor: two poles, six zeros.
#[derive(Clone, Debug)]
struct Band {
    /// Quantizer step (DETL, DETH).
    step: i32,
    /// Its logarithm (NBL, NBH).
    log_step: i32,
    /// What the next sample should be (SL, SH).
    predicted: i32,
    /// The zeros' part of it (SZ).
    by_zeros: i32,
    /// Reconstructed samples, newest first (RLT).
    reconstructed: [i32; 2],
    /// Partial reconstructions, newest first (PLT).
    partial: [i32; 2],
    /// Pole coefficients (AL).
    poles: [i32; 2],
    /// Quantized differences, newest first (DLT).
    differences: [i32; 6],
    /// Zero coefficients (BL).
    zeros: [i32; 6],
}

impl Band {
    const LOW: Self = Self::at_rest(32);
    const HIGH: Self = Self::at_rest(8);

    const fn at_rest(step: i32) -> Self {
        Self {
            step,
            log_step: 0,
            predicted: 0,
            by_zeros: 0,
            reconstructed: [0; 2],
            partial: [0; 2],
            poles: [0; 2],
            differences: [0; 6],
            zeros: [0; 6],
        }
    }

    /// SUBTRA and QUANTL: six bits.
    fn quantize_low(&self, sample: i32) -> u8 {
        let error = saturate(sample - self.predicted);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        let decision = DECISIONS_6
            .iter()
            .position(|&level| magnitude < (level * self.step) >> 12)
            .unwrap_or(DECISIONS_6.len()) as u8;
        // The codes count downwards from the outermost level; the two smallest negative levels
        // have codes of their own, because no code may begin with four zeros.
        match (error < 0, decision) {
            (false, _) => 61 - decision,
            (true, 0) => 63,
            (true, 1) => 62,
            (true, _) => 33 - decision,
        }
    }

    /// SUBTRA and QUANTH: two bits.
    fn quantize_high(&self, sample: i32) -> u8 {
        let error = saturate(sample - self.predicted);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        let outer = magnitude >= (564 * self.step) >> 12;
        match (error < 0, outer) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        }
    }

    /// INVQBL, then RECONS limited to 15 bits. Adaptation uses the four upper bits alone.
    fn decode_low(&mut self, code: u8) -> i32 {
        let difference = (self.step * LEVELS_6[usize::from(code & 0x3f)]) >> 15;
        let sample = (self.predicted + difference).clamp(-16_384, 16_383);
        self.adapt_low(code >> 2);
        sample
    }

    /// INVQAH and RECONS, the same for the upper band.
    fn decode_high(&mut self, code: u8) -> i32 {
        let difference = (self.step * LEVELS_2[usize::from(code & 0x03)]) >> 15;
        let sample = (self.predicted + difference).clamp(-16_384, 16_383);
        self.adapt_high(code);
        sample
    }

    /// INVQAL, LOGSCL, SCALEL, then the predictor.
    fn adapt_low(&mut self, code: u8) {
        let code = usize::from(code & 0x0f);
        let difference = (self.step * LEVELS_4[code]) >> 15;
        let log_step = ((self.log_step * 127) >> 7) + LOG_STEPS_LOW[code];
        self.log_step = log_step.clamp(0, 18_432);
        self.step = scale(self.log_step, 8);
        self.predict(difference);
    }

    /// INVQAH, LOGSCH, SCALEH, then the predictor.
    fn adapt_high(&mut self, code: u8) {
        let code = usize::from(code & 0x03);
        let difference = (self.step * LEVELS_2[code]) >> 15;
        let log_step = ((self.log_step * 127) >> 7) + LOG_STEPS_HIGH[code];
        self.log_step = log_step.clamp(0, 22_528);
        self.step = scale(self.log_step, 10);
        self.predict(difference);
    }

    /// The adaptive predictor, common to both bands.
    fn predict(&mut self, difference: i32) {
        // RECONS, PARREC.
        let reconstructed = saturate(self.predicted + difference);
        let partial = saturate(self.by_zeros + difference);

        // UPPOL2: signs of the partial reconstructions, now against then, move the coefficients.
        let same_1 = (partial < 0) == (self.partial[0] < 0);
        let same_2 = (partial < 0) == (self.partial[1] < 0);
        let lean = saturate(self.poles[0] << 2);
        let lean = if same_1 { saturate(-lean) } else { lean };
        let push = if same_2 { 128 } else { -128 };
        let pole_2 = (lean >> 7) + push + ((self.poles[1] * 32_512) >> 15);
        let pole_2 = pole_2.clamp(-12_288, 12_288);

        // UPPOL1, kept inside the triangle in which the filter is stable.
        let push = if same_1 { 192 } else { -192 };
        let pole_1 = push + ((self.poles[0] * 32_640) >> 15);
        let limit = saturate(15_360 - pole_2);
        let pole_1 = saturate(pole_1).clamp(-limit, limit);

        // UPZERO.
        let push = if difference == 0 { 0 } else { 128 };
        for (zero, &past) in self.zeros.iter_mut().zip(&self.differences) {
            let push = if (past < 0) == (difference < 0) {
                push
            } else {
                -push
            };
            *zero = saturate(push + ((*zero * 32_640) >> 15));
        }

        // DELAYA.
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        self.poles = [pole_1, pole_2];

        // FILTEP, FILTEZ, PREDIC.
        let by_poles: i32 = self
            .poles
            .iter()
            .zip(&self.reconstructed)
            .map(|(&pole, &past)| (pole * saturate(past << 1)) >> 15)
            .sum();
        let by_zeros: i32 = self
            .zeros
            .iter()
            .zip(&self.differences)
            .map(|(&zero, &past)| (zero * saturate(past << 1)) >> 15)
            .sum();
        self.by_zeros = saturate(by_zeros);
        self.predicted = saturate(saturate(by_poles) + self.by_zeros);
    }
}

/// SCALEL and SCALEH: the step from its logarithm.
fn scale(log_step: i32, offset: i32) -> i32 {
    let mantissa = EXPONENTIAL[((log_step >> 6) & 31) as usize];
    let shift = offset - (log_step >> 11);
    let step = if shift < 0 {
        mantissa << -shift
    } else {
        mantissa >> shift
    };
    step << 2
}

/// Takes two samples into a history and returns the filter's two phases.
fn split(history: &mut [i32; TAPS], first: i32, second: i32) -> (i32, i32) {
    history.copy_within(2.., 0);
    history[TAPS - 2] = first;
    history[TAPS - 1] = second;
    let (mut even, mut odd) = (0, 0);
    for (index, pair) in history.chunks_exact(2).enumerate() {
        odd += pair[0] * FILTER[index];
        even += pair[1] * FILTER[TAPS / 2 - 1 - index];
    }
    (even, odd)
}

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

const TAPS: usize = 24;

/// Every second tap of the mirror filter; the others are the same backwards.
const FILTER: [i32; TAPS / 2] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Decision levels of the lower band (table 14), in units of the step.
const DECISIONS_6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// Output levels of the lower band, six bits.
const LEVELS_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// Output levels of the lower band, its four upper bits.
const LEVELS_4: [i32; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
    1200, 0,
];

/// Output levels of the upper band.
const LEVELS_2: [i32; 4] = [-7408, -1616, 7408, 1616];

/// How a lower-band code (its four upper bits) moves the logarithm of the step.
const LOG_STEPS_LOW: [i32; 16] = [
    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
];

/// How an upper-band code moves the logarithm of the step.
const LOG_STEPS_HIGH: [i32; 4] = [798, -214, 798, -214];

/// 2048 · 2^(i/32).
const EXPONENTIAL: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

#[cfg(test)]
mod tests;
