//! RTCP: the reports that we send and what we take from the peer's (RFC 3550 §6.4 to §6.6).

use std::time::Duration;

/// What a peer's compound packet says about our stream and its own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heard {
    /// The middle of the NTP time in the peer's sender report.
    pub(crate) sender_report: Option<u32>,
    /// The peer's view of our stream.
    pub(crate) view: Option<View>,
    /// The peer says good-bye.
    pub(crate) bye: bool,
}

/// A report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct View {
    /// Whose stream it is about.
    pub(crate) ssrc: u32,
    /// In parts of 256, since the last report.
    pub(crate) fraction_lost: u8,
    /// Since the beginning, 24 bits.
    pub(crate) lost: u32,
    pub(crate) extended_highest: u32,
    /// In time stamp units.
    pub(crate) jitter: u32,
    /// Middle of the NTP time of the last sender report; 0 when there was none.
    pub(crate) last_report: u32,
    /// Since it came, in units of 1/65536 s.
    pub(crate) delay: u32,
}

/// What we say of our own stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) ssrc: u32,
    /// `None` when nothing was sent since the last report: then it is a receiver report.
    pub(crate) sent: Option<Sent>,
}

/// The sender's part of a sender report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// 64 bits of NTP time; ours counts from the board's epoch.
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// Room for every compound packet that we write.
pub(crate) const ROOM: usize = 512;

/// Writes SR or RR, SDES with the CNAME, and BYE if it is the last; returns the length.
pub(crate) fn write(
    room: &mut [u8; ROOM],
    own: &Own,
    view: Option<&View>,
    cname: &str,
    bye: bool,
) -> usize {
    let mut out = Out { room, length: 0 };
    out.report(own, view);
    out.description(own.ssrc, cname);
    if bye {
        out.words(&[0x81cb_0001, own.ssrc]);
    }
    out.length
}

/// Reads a compound packet; what is about our stream `ours`, and whether it was well formed.
pub(crate) fn read(packet: &[u8], ours: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    let mut rest = packet;
    while !rest.is_empty() {
        let head = rest.first_chunk::<4>()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let count = usize::from(head[0] & 0x1f);
        let length = 4 * (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1);
        let body = rest.get(4..length)?;
        match head[1] {
            SENDER_REPORT => {
                heard.sender_report = Some(word(body, 6)?);
                heard.view = views(body.get(24..)?, count, ours).or(heard.view);
            }
            RECEIVER_REPORT => {
                heard.view = views(body.get(4..)?, count, ours).or(heard.view);
            }
            BYE => heard.bye = true,
            _ => {}
        }
        rest = rest.get(length..)?;
    }
    (!packet.is_empty()).then_some(heard)
}

/// The round trip that a report proves, if its times make sense (RFC 3550 §6.4.1).
pub(crate) fn round_trip(view: &View, now_ntp: u64) -> Option<Duration> {
    if view.last_report == 0 {
        return None;
    }
    let now = middle(now_ntp);
    let trip = now.wrapping_sub(view.last_report).wrapping_sub(view.delay);
    // More than a minute, or less than nothing, is a peer that cannot count.
    (trip < 60 << 16).then(|| Duration::from_micros((u64::from(trip) * 1_000_000) >> 16))
}

/// The middle 32 bits of an NTP time.
pub(crate) fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A span in NTP's units, 2⁻³² s.
pub(crate) fn ntp(since: Duration) -> u64 {
    (since.as_secs() << 32) | ((u64::from(since.subsec_nanos()) << 32) / 1_000_000_000)
}

struct Out<'a> {
    room: &'a mut [u8; ROOM],
    length: usize,
}

impl Out<'_> {
    fn report(&mut self, own: &Own, view: Option<&View>) {
        let blocks = u32::from(view.is_some());
        match own.sent {
            Some(sent) => self.words(&[
                0x80c8_0006 + (blocks << 24) + 6 * blocks,
                own.ssrc,
                (sent.ntp >> 32) as u32,
                sent.ntp as u32,
                sent.timestamp,
                sent.packets,
                sent.octets,
            ]),
            None => self.words(&[0x80c9_0001 + (blocks << 24) + 6 * blocks, own.ssrc]),
        }
        if let Some(view) = view {
            self.words(&[
                view.ssrc,
                u32::from(view.fraction_lost) << 24 | view.lost.min(0x7f_ffff),
                view.extended_highest,
                view.jitter,
                view.last_report,
                view.delay,
            ]);
        }
    }

    fn description(&mut self, ssrc: u32, cname: &str) {
        let name = cname.as_bytes();
        let name = &name[..name.len().min(255)];
        // SSRC, type and length of the item, the name, and at least one zero to end the chunk.
        let words = (4 + 2 + name.len() + 1).div_ceil(4);
        self.words(&[0x81ca_0000 | words as u32, ssrc]);
        let end = self.length + 4 * (words - 1);
        self.bytes(&[1, name.len() as u8]);
        self.bytes(name);
        while self.length < end {
            self.bytes(&[0]);
        }
    }

    fn words(&mut self, words: &[u32]) {
        for word in words {
            self.bytes(&word.to_be_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }
}

fn views(blocks: &[u8], count: usize, ours: u32) -> Option<View> {
    blocks
        .chunks_exact(24)
        .take(count)
        .filter_map(view)
        .find(|view| view.ssrc == ours)
}

fn view(block: &[u8]) -> Option<View> {
    let loss = word(block, 4)?;
    Some(View {
        ssrc: word(block, 0)?,
        fraction_lost: (loss >> 24) as u8,
        lost: loss & 0xff_ffff,
        extended_highest: word(block, 8)?,
        jitter: word(block, 12)?,
        last_report: word(block, 16)?,
        delay: word(block, 20)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(word.try_into().ok()?))
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const BYE: u8 = 203;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_we_report_is_understood_by_one_of_us() {
        let mut room = [0; ROOM];
        let sent = Sent {
            ntp: 0x0000_0102_0304_0506,
            timestamp: 160,
            packets: 7,
            octets: 1120,
        };
        let own = Own {
            ssrc: 1,
            sent: Some(sent),
        };

        let length = write(&mut room, &own, Some(&view_of(2)), "a@b", true);
        let heard = read(&room[..length], 2).unwrap();

        assert_eq!(length % 4, 0);
        assert_eq!(heard.sender_report, Some(0x0102_0304));
        assert_eq!(heard.view, Some(view_of(2)));
        assert!(heard.bye);
    }

    #[test]
    fn a_name_of_any_length_keeps_the_packet_in_words() {
        for length in [0, 1, 2, 3, 254, 255, 300] {
            let mut room = [0; ROOM];
            let own = Own {
                ssrc: 1,
                sent: None,
            };

            let length = write(
                &mut room,
                &own,
                Some(&view_of(2)),
                &"x".repeat(length),
                true,
            );

            assert!(read(&room[..length], 2).unwrap().bye, "{length}");
        }
    }

    #[test]
    fn a_view_of_somebody_else_is_none_of_ours() {
        let mut room = [0; ROOM];
        let own = Own {
            ssrc: 1,
            sent: None,
        };

        let length = write(&mut room, &own, Some(&view_of(2)), "a", false);

        assert_eq!(read(&room[..length], 3).unwrap().view, None);
    }

    #[test]
    fn the_round_trip_is_what_the_report_leaves_of_the_time() {
        let view = View {
            last_report: middle(ntp(Duration::from_secs(10))),
            delay: 65_536 / 2,
            ..View::default()
        };

        let trip = round_trip(&view, ntp(Duration::from_millis(10_625))).unwrap();

        assert_eq!(trip, Duration::from_millis(125));
        assert_eq!(round_trip(&view, ntp(Duration::from_secs(10))), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = read(&bytes, 1);
        }

        #[test]
        fn a_report_with_any_byte_changed_is_read_or_refused_without_a_panic(
            at in 0..80_usize,
            value: u8,
        ) {
            let mut room = [0; ROOM];
            let sent = Sent { ntp: 1, timestamp: 2, packets: 3, octets: 4 };
            let own = Own { ssrc: 1, sent: Some(sent) };
            let length = write(&mut room, &own, Some(&view_of(2)), "name@host", true);
            room[at.min(length - 1)] = value;

            let _ = read(&room[..length], 2);
        }
    }

    fn view_of(ssrc: u32) -> View {
        View {
            ssrc,
            fraction_lost: 12,
            lost: 345,
            extended_highest: 70_000,
            jitter: 80,
            last_report: 9,
            delay: 65_536,
        }
    }
}
