//! Whatever comes from the network, the board stands.

use proptest::prelude::*;

use super::*;
use crate::{RecordingKey, RecordingSink};

#[derive(Debug)]
struct Nowhere;

impl RecordingSink for Nowhere {
    fn write(&mut self, _: &[i16]) -> bool {
        true
    }

    fn close(&mut self) -> bool {
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn packets_of_any_bytes_do_not_panic(
        packets in proptest::collection::vec(
            (0..5_usize, any::<bool>(), proptest::collection::vec(any::<u8>(), 0..400)),
            1..60,
        ),
    ) {
        let mut lab = conference();
        for (number, report, mut packet) in packets {
            let channel = if report { Channel::Rtcp } else { Channel::Rtp };
            let from = if report { report_address(number as u64) } else { address(number as u64) };
            let (now, leg) = (lab.now, lab.phones[number].leg);
            lab.board.handle_packet(now, leg, channel, from, &mut packet, &mut lab.sent);
            lab.run(5);
        }
    }

    #[test]
    fn packets_that_are_nearly_right_do_not_panic(
        packets in proptest::collection::vec(
            (0..5_usize, any::<(bool, u8, u16, u32)>(), 0..4_u8,
                proptest::collection::vec(any::<u8>(), 0..1400)),
            1..80,
        ),
    ) {
        let mut lab = conference();
        for (number, (marker, first, sequence, timestamp), kind, payload) in packets {
            let phone = &lab.phones[number];
            let payload_type = match kind {
                0 => 101 + number as u8,
                1 => first & 0x7f,
                _ => phone.codec.receive,
            };
            let ssrc = 1000 + u32::from(first % 8 == 0);
            // Mostly near each other, so that they are taken for one stream.
            let header = Header { marker, payload_type, sequence: sequence % 200, timestamp, ssrc };
            let mut packet = vec![0; HEADER];
            rtp::write(&mut packet, header);
            packet[0] |= if kind == 3 { first & 0x3f } else { 0 };
            packet.extend(payload);
            let (leg, from) = (phone.leg, phone.address);
            lab.arrives(leg, from, &packet);
            lab.run(5);
        }
    }
}

/// Legs of all codecs, connected, recorded, listened to for keys.
fn conference() -> Lab {
    use CodecKind::{G722, Opus, Pcma, Pcmu};
    let mut lab = Lab::new();
    let legs = [Pcma, Pcmu, G722, Opus, Pcma]
        .map(|kind| lab.phone_with(kind, 0.0, |config| config.detect_tones = true));
    lab.connect(legs[0], legs[1]);
    lab.connect(legs[2], legs[3]);
    lab.command(Command::Listen {
        from: legs[3],
        to: legs[4],
    });
    for (index, pair) in legs.windows(2).enumerate() {
        let recording = RecordingKey(index as u64);
        lab.command(Command::StartRecording {
            recording,
            stereo: true,
            rate: 8000,
            sink: Box::new(Nowhere),
            silence: Duration::from_secs(1),
        });
        let (left, right) = (Some(pair[0]), Some(pair[1]));
        lab.command(Command::RecordLegs {
            recording,
            left,
            right,
        });
    }
    lab
}
