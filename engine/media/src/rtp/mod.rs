//! RTP and RTCP (RFC 3550): what is believed, what is counted, what is sent.

pub(crate) mod jitter;
pub(crate) mod latch;
pub(crate) mod quality;
pub(crate) mod receive;
pub(crate) mod rtcp;
pub(crate) mod send;

use rtp_rs::RtpReader;

/// Bytes of an RTP header without contributors and extension (RFC 3550 §5.1).
pub(crate) const HEADER: usize = 12;

/// What a packet's header says, and where its payload lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

/// Reads a packet: its header and the range of its payload, without padding.
///
/// `None` when it is no RTP packet of version 2.
pub(crate) fn read(packet: &[u8]) -> Option<(Header, std::ops::Range<usize>)> {
    let reader = RtpReader::new(packet).ok()?;
    let start = reader.payload_offset();
    let header = Header {
        marker: reader.mark(),
        payload_type: reader.payload_type(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
    };
    Some((header, start..start + reader.payload().len()))
}

/// Writes a header into the first twelve bytes of `packet`, which must be there.
pub(crate) fn write(packet: &mut [u8], header: Header) {
    let Some(room) = packet.first_chunk_mut::<HEADER>() else {
        return;
    };
    room[0] = 0x80;
    room[1] = header.payload_type & 0x7f | u8::from(header.marker) << 7;
    room[2..4].copy_from_slice(&header.sequence.to_be_bytes());
    room[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    room[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
}

/// Whether a packet that came on a shared port is a report (RFC 5761 §4).
pub(crate) fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet.get(1), Some(192..=223))
}

/// The synchronisation source that a packet claims, if it looks like RTP at all; nothing else of
/// it is believed.
pub(crate) fn claimed_ssrc(packet: &[u8]) -> Option<u32> {
    ssrc_at(packet, 8)
}

/// The same of a report, which has it elsewhere.
pub(crate) fn reporting_ssrc(packet: &[u8]) -> Option<u32> {
    ssrc_at(packet, 4)
}

fn ssrc_at(packet: &[u8], at: usize) -> Option<u32> {
    let bytes = packet.get(at..at + 4)?;
    let is_version_2 = packet.first().is_some_and(|first| first >> 6 == 2);
    is_version_2.then_some(u32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let header = Header {
            marker: true,
            payload_type: 101,
            sequence: 65_535,
            timestamp: 0xdead_beef,
            ssrc: 0x0102_0304,
        };
        let mut packet = [7_u8; HEADER + 3];

        write(&mut packet, header);

        assert_eq!(read(&packet), Some((header, HEADER..HEADER + 3)));
        assert_eq!(claimed_ssrc(&packet), Some(0x0102_0304));
    }

    #[test]
    fn contributors_extension_and_padding_are_no_payload() {
        let mut packet = vec![0xb1, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        packet.extend([9, 9, 9, 9]); // one contributor
        packet.extend([0xbe, 0xde, 0, 1, 1, 1, 1, 1]); // an extension of one word
        packet.extend([42, 43, 0, 2]); // two bytes of sound, two of padding

        let (_, payload) = read(&packet).unwrap();

        assert_eq!(packet[payload], [42, 43]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Some((_, payload)) = read(&bytes) {
                prop_assert!(bytes.get(payload).is_some());
            }
        }
    }
}
