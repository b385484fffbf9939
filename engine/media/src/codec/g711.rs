//! G.711: A-law and μ-law, by tables that are computed when the crate is compiled.

/// Writes the A-law form of `samples` to `out`; returns how many bytes, the shorter of the two.
pub fn encode_alaw(samples: &[i16], out: &mut [u8]) -> usize {
    for (byte, &sample) in out.iter_mut().zip(samples) {
        *byte = linear_to_alaw(sample);
    }
    out.len().min(samples.len())
}

/// Writes the μ-law form of `samples` to `out`; returns how many bytes, the shorter of the two.
pub fn encode_ulaw(samples: &[i16], out: &mut [u8]) -> usize {
    for (byte, &sample) in out.iter_mut().zip(samples) {
        *byte = linear_to_ulaw(sample);
    }
    out.len().min(samples.len())
}

/// Writes the samples of A-law `bytes` to `out`; returns how many, the shorter of the two.
pub fn decode_alaw(bytes: &[u8], out: &mut [i16]) -> usize {
    for (sample, &byte) in out.iter_mut().zip(bytes) {
        *sample = alaw_to_linear(byte);
    }
    out.len().min(bytes.len())
}

/// Writes the samples of μ-law `bytes` to `out`; returns how many, the shorter of the two.
pub fn decode_ulaw(bytes: &[u8], out: &mut [i16]) -> usize {
    for (sample, &byte) in out.iter_mut().zip(bytes) {
        *sample = ulaw_to_linear(byte);
    }
    out.len().min(bytes.len())
}

/// Turns μ-law into A-law in place: the nearest level, without a linear copy.
pub fn ulaw_to_alaw(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = ULAW_TO_ALAW[usize::from(*byte)];
    }
}

/// Turns A-law into μ-law in place: the nearest level, without a linear copy.
pub fn alaw_to_ulaw(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = ALAW_TO_ULAW[usize::from(*byte)];
    }
}

/// One sample as A-law.
#[inline]
pub fn linear_to_alaw(sample: i16) -> u8 {
    ENCODE_ALAW[usize::from(sample as u16 >> 4)]
}

/// One sample as μ-law.
#[inline]
pub fn linear_to_ulaw(sample: i16) -> u8 {
    ENCODE_ULAW[usize::from(sample as u16 >> 2)]
}

/// The sample of one A-law byte.
#[inline]
pub fn alaw_to_linear(byte: u8) -> i16 {
    DECODE_ALAW[usize::from(byte)]
}

/// The sample of one μ-law byte.
#[inline]
pub fn ulaw_to_linear(byte: u8) -> i16 {
    DECODE_ULAW[usize::from(byte)]
}

/// Silence in A-law.
pub const ALAW_SILENCE: u8 = 0xd5;
/// Silence in μ-law.
pub const ULAW_SILENCE: u8 = 0xff;

static DECODE_ALAW: [i16; 256] = decode_table(true);
static DECODE_ULAW: [i16; 256] = decode_table(false);
// A-law knows 12 bits and the sign, μ-law 13 and the sign: the rest of a sample is not looked at.
static ENCODE_ALAW: [u8; 1 << 12] = alaw_table();
static ENCODE_ULAW: [u8; 1 << 14] = ulaw_table();
static ULAW_TO_ALAW: [u8; 256] = crossing(true);
static ALAW_TO_ULAW: [u8; 256] = crossing(false);

const fn decode_table(alaw: bool) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = if alaw {
            expand_alaw(code as u8)
        } else {
            expand_ulaw(code as u8)
        };
        code += 1;
    }
    table
}

const fn alaw_table() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress_alaw(((index << 4) as u16) as i16);
        index += 1;
    }
    table
}

const fn ulaw_table() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress_ulaw(((index << 2) as u16) as i16);
        index += 1;
    }
    table
}

const fn crossing(to_alaw: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = if to_alaw {
            compress_alaw(expand_ulaw(code as u8))
        } else {
            compress_ulaw(expand_alaw(code as u8))
        };
        code += 1;
    }
    table
}

/// G.711 table 1: eight segments of sixteen steps, even bits inverted on the line.
const fn expand_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let step = (code & 0x0f) as i16;
    let segment = (code >> 4) & 7;
    let magnitude = if segment == 0 {
        (step << 4) + 8
    } else {
        ((step << 4) + 0x108) << (segment - 1)
    };
    if code & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }
}

const fn compress_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 {
        (0x80, sample)
    } else {
        (0, !sample)
    };
    let level = (magnitude >> 4) as u16;
    let code = if level < 32 {
        level as u8
    } else {
        let shift = 11 - level.leading_zeros();
        (((shift + 1) << 4) as u8) | ((level >> shift) & 0x0f) as u8
    };
    (code | sign) ^ 0x55
}

/// G.711 table 2: as A-law, with a bias of 33 steps of four, and all bits inverted on the line.
const fn expand_ulaw(code: u8) -> i16 {
    let code = !code;
    let step = (code & 0x0f) as i32;
    let segment = (code >> 4) & 7;
    let magnitude = (((step << 3) + 0x84) << segment) - 0x84;
    (if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }) as i16
}

const fn compress_ulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 {
        (0, sample)
    } else {
        (0x80, !sample)
    };
    let biased = (magnitude >> 2) as u16 + 33;
    let biased = if biased > 0x1fff { 0x1fff } else { biased };
    let segment = 10 - biased.leading_zeros();
    let step = (biased >> (segment + 1)) & 0x0f;
    !(sign | ((segment as u8) << 4) | step as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_recommendation_are_met() {
        // Positive full scale, the smallest positive level, silence and negative full scale.
        assert_eq!(linear_to_alaw(32767), 0xaa);
        assert_eq!(linear_to_alaw(0), 0xd5);
        assert_eq!(linear_to_alaw(-32768), 0x2a);
        assert_eq!(alaw_to_linear(0xd5), 8);
        assert_eq!(alaw_to_linear(0xaa), 32256);
        assert_eq!(linear_to_ulaw(32767), 0x80);
        assert_eq!(linear_to_ulaw(0), 0xff);
        assert_eq!(linear_to_ulaw(-32768), 0x00);
        assert_eq!(ulaw_to_linear(0xff), 0);
        assert_eq!(ulaw_to_linear(0x80), 32124);
        assert_eq!(ulaw_to_linear(0x00), -32124);
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in 0..=255 {
            assert_eq!(linear_to_alaw(alaw_to_linear(code)), code);

            // μ-law has two zeros; the negative one comes back as the positive.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(linear_to_ulaw(ulaw_to_linear(code)), expected);
        }
    }

    #[test]
    fn no_sample_is_further_from_its_code_than_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();

            let alaw =
                (i32::from(alaw_to_linear(linear_to_alaw(sample))) - i32::from(sample)).abs();
            let ulaw =
                (i32::from(ulaw_to_linear(linear_to_ulaw(sample))) - i32::from(sample)).abs();

            // Steps are 1/16 of a segment's start at the least: half of one is 1/32, plus rounding.
            assert!(alaw <= magnitude / 32 + 16, "{sample}: A-law is {alaw} off");
            assert!(
                ulaw <= (magnitude + 132) / 32 + 8 || magnitude > 32_124,
                "{sample}: {ulaw}"
            );
        }
    }

    #[test]
    fn a_crossing_lands_on_the_nearest_level() {
        for code in 0..=255 {
            let (mut to_a, mut to_u) = ([code], [code]);

            ulaw_to_alaw(&mut to_a);
            alaw_to_ulaw(&mut to_u);

            assert_eq!(to_a[0], linear_to_alaw(ulaw_to_linear(code)));
            assert_eq!(to_u[0], linear_to_ulaw(alaw_to_linear(code)));
        }
    }

    #[test]
    fn slices_of_different_lengths_use_the_shorter() {
        let mut out = [0; 2];

        assert_eq!(encode_alaw(&[0, 0, 0], &mut out), 2);
        assert_eq!(encode_ulaw(&[0], &mut out), 1);
        assert_eq!(decode_alaw(&[ALAW_SILENCE; 3], &mut [0; 2]), 2);
        assert_eq!(decode_ulaw(&[ULAW_SILENCE], &mut [0; 2]), 1);
    }
}
