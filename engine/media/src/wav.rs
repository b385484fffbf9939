//! The head of a WAV file, written so that the file plays even when nobody could finish it.

/// The shape of a 16-bit PCM file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WavHeader {
    /// 1 or 2.
    pub channels: u16,
    /// Samples a second, of each channel.
    pub rate: u32,
}

/// A file that was found, perhaps unfinished, as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Repair {
    /// What it holds.
    pub shape: WavHeader,
    /// To be written over its first bytes.
    pub header: [u8; WavHeader::LENGTH],
    /// To be cut to this many bytes: half a sample may stand at its end.
    pub length: u64,
    /// Its head says already how long it is, and it is: it was finished, and nothing is missing.
    pub is_whole: bool,
}

impl WavHeader {
    /// Bytes before the samples.
    pub const LENGTH: usize = 44;

    /// The head of a file with `data_length` bytes of samples. `None` while it is being written:
    /// players then read to the end of the file.
    pub fn bytes(self, data_length: Option<u64>) -> [u8; Self::LENGTH] {
        let data = data_length.map_or(UNFINISHED, at_most_32_bits);
        let riff = data_length.map_or(UNFINISHED, |length| {
            at_most_32_bits(length.saturating_add(Self::LENGTH as u64 - 8))
        });
        let frame = self.channels.saturating_mul(2);
        let mut bytes = [0; Self::LENGTH];
        let mut fields = bytes.iter_mut();
        let mut put = |field: &[u8]| {
            for (&byte, slot) in field.iter().zip(fields.by_ref()) {
                *slot = byte;
            }
        };
        put(b"RIFF");
        put(&riff.to_le_bytes());
        put(b"WAVEfmt ");
        put(&16_u32.to_le_bytes());
        put(&1_u16.to_le_bytes());
        put(&self.channels.to_le_bytes());
        put(&self.rate.to_le_bytes());
        put(&self.rate.saturating_mul(u32::from(frame)).to_le_bytes());
        put(&frame.to_le_bytes());
        put(&16_u16.to_le_bytes());
        put(b"data");
        put(&data.to_le_bytes());
        bytes
    }

    /// Reads a head that [`bytes`](Self::bytes) wrote, and nothing else.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let channels = u16::from_le_bytes(header.get(22..24)?.try_into().ok()?);
        let rate = u32::from_le_bytes(header.get(24..28)?.try_into().ok()?);
        let shape = Self { channels, rate };
        let expected = shape.bytes(None);
        let same = |range: std::ops::Range<usize>| header.get(range.clone()) == expected.get(range);
        let ours = same(0..4) && same(8..40) && matches!(channels, 1 | 2) && rate > 0;
        (ours && header.len() >= Self::LENGTH).then_some(shape)
    }
}

/// What to do with a recording that was found at the start, by its first bytes and its length;
/// `None` when it is none of ours. One without a sample gets the length 0.
pub fn repair(header: &[u8], file_length: u64) -> Option<Repair> {
    let shape = WavHeader::parse(header)?;
    let frame = u64::from(shape.channels) * 2;
    let data = file_length.checked_sub(WavHeader::LENGTH as u64)? / frame * frame;
    let (repaired, length) = (shape.bytes(Some(data)), data + WavHeader::LENGTH as u64);
    Some(Repair {
        shape,
        header: repaired,
        length,
        is_whole: header.starts_with(&repaired) && length == file_length,
    })
}

fn at_most_32_bits(length: u64) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The length that says "not known": readers go on to the end of the file.
const UNFINISHED: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clip;

    const SHAPE: WavHeader = WavHeader {
        channels: 1,
        rate: 16_000,
    };

    #[test]
    fn an_unfinished_file_plays_to_its_last_sample() {
        let mut file = SHAPE.bytes(None).to_vec();
        file.extend((0..16_000_i16).flat_map(i16::to_le_bytes));

        let clip = Clip::decode(file, "wav", 16_000).unwrap();

        assert_eq!(clip.samples.len(), 16_000);
        assert_eq!(clip.samples[15_999], 15_999);
    }

    #[test]
    fn a_repaired_file_has_its_true_length_and_whole_frames() {
        let stereo = WavHeader {
            channels: 2,
            rate: 8_000,
        };

        let repaired = repair(&stereo.bytes(None), 44 + 1_003).unwrap();

        assert_eq!(repaired.shape, stereo);
        assert_eq!(repaired.length, 44 + 1_000);
        assert_eq!(repaired.header[40..44], 1_000_u32.to_le_bytes());
        assert_eq!(repaired.header[4..8], 1_036_u32.to_le_bytes());
        assert!(!repaired.is_whole);
        let again = repair(&repaired.header, repaired.length).unwrap();
        assert!(again.is_whole);
        assert_eq!(again.header, repaired.header);
        // Its head is of another length: what came after it was lost with the machine's power, say.
        assert!(
            !repair(&repaired.header, repaired.length - 4)
                .unwrap()
                .is_whole
        );
    }

    #[test]
    fn a_repaired_file_without_sound_claims_none() {
        for length in [44, 45] {
            let repaired = repair(&SHAPE.bytes(None), length).unwrap();

            assert_eq!(repaired.length, 44);
            assert_eq!(repaired.header[40..44], [0; 4]);
            assert_eq!(repaired.header[4..8], 36_u32.to_le_bytes());
        }
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let mut foreign = SHAPE.bytes(None);
        foreign[20] = 6;

        assert_eq!(repair(&foreign, 10_000), None);
        assert_eq!(repair(b"RIFF", 4), None);
        assert_eq!(repair(&SHAPE.bytes(None), 43), None);
        assert_eq!(repair(&SHAPE.bytes(None)[..43], 10_000), None);
    }

    #[test]
    fn a_file_beyond_4_gib_claims_what_the_format_can_say() {
        let header = SHAPE.bytes(Some(1 << 33));

        assert_eq!(header[40..44], [0xff; 4]);
    }
}
