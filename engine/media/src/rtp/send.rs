//! What goes out: one stream a leg, whose SSRC, sequence and time stamps go on whoever speaks.

use std::time::{Duration, Instant};

use super::Header;
use crate::{LegKey, PlayKey};

/// Numbers and stamps everything that a leg is sent (RFC 3550 §5.1).
#[derive(Debug)]
pub(crate) struct Sender {
    ssrc: u32,
    next_sequence: u16,
    /// Of the next packet, if it follows the last without a pause.
    next_timestamp: u32,
    /// When the last packet in order was sent.
    last_at: Option<Instant>,
    voice: Voice,
    clock_rate: u32,
    /// Length of a packet of ours.
    ptime: Duration,
    packets: u64,
    octets: u32,
}

/// Who speaks in the stream. Where it changes the marker bit is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Voice {
    /// Nobody, or somebody whose time line was broken.
    Nobody,
    /// Another leg's packets, with new headers.
    Relay { from: LegKey, map: RelayMap },
    /// Another leg's sound, encoded by us.
    Ear(LegKey),
    /// All the others in its room, encoded by us.
    Room,
    /// A playing.
    Play(PlayKey),
    /// Music on the shared timeline.
    Music,
    /// Keys.
    Digits,
    /// Silence, so that the peer knows that we live.
    Silence,
}

/// How a relayed packet's numbers become ours.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct RelayMap {
    sequence: u16,
    timestamp: u32,
    /// Extended number of the first packet relayed; its elders come too late.
    first: u64,
}

impl Sender {
    /// A stream that begins at numbers taken from `seed`.
    pub(crate) fn new(seed: u64, clock_rate: u32, ptime: Duration) -> Self {
        let mut random = Random::new(seed);
        Self {
            ssrc: random.next() as u32,
            next_sequence: random.next() as u16,
            next_timestamp: random.next() as u32,
            last_at: None,
            voice: Voice::Nobody,
            clock_rate,
            ptime,
            packets: 0,
            octets: 0,
        }
    }

    /// Another codec or packet length: numbers go on.
    pub(crate) fn use_clock(&mut self, clock_rate: u32, ptime: Duration) {
        self.clock_rate = clock_rate;
        self.ptime = ptime;
        self.voice = Voice::Nobody;
    }

    /// The header for a packet that `from` sent, or `None` if it is older than its turn to speak.
    ///
    /// Its gaps and its order are kept. `anew` says that its numbers have nothing to do with
    /// those before.
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        from: LegKey,
        anew: bool,
        extended: u64,
        header: &Header,
    ) -> Option<Header> {
        let known = match self.voice {
            Voice::Relay { from: speaker, map } if speaker == from && !anew => Some(map),
            _ => None,
        };
        let map = known.unwrap_or_else(|| {
            self.pause(now);
            RelayMap {
                sequence: self.next_sequence.wrapping_sub(header.sequence),
                timestamp: self.next_timestamp.wrapping_sub(header.timestamp),
                first: extended,
            }
        });
        if extended < map.first {
            return None;
        }
        self.voice = Voice::Relay { from, map };
        let sequence = header.sequence.wrapping_add(map.sequence);
        let timestamp = header.timestamp.wrapping_add(map.timestamp);
        if sequence.wrapping_sub(self.next_sequence) < 1 << 15 {
            self.next_sequence = sequence.wrapping_add(1);
            self.next_timestamp = timestamp.wrapping_add(self.span(self.ptime));
            self.last_at = Some(now);
        }
        Some(Header {
            marker: header.marker || known.is_none(),
            sequence,
            timestamp,
            ssrc: self.ssrc,
            payload_type: header.payload_type,
        })
    }

    /// Gives the word to a voice of ours for a packet due at `at`; true when it did not speak
    /// last, or not just before.
    pub(crate) fn turn(&mut self, at: Instant, voice: Voice) -> bool {
        let just_before = self
            .last_at
            .is_some_and(|last| at.saturating_duration_since(last) <= self.ptime * 3 / 2);
        if self.voice == voice && just_before {
            return false;
        }
        self.pause(at);
        self.voice = voice;
        true
    }

    /// The header of our next packet, which lasts for `span`.
    pub(crate) fn own(
        &mut self,
        at: Instant,
        payload_type: u8,
        marker: bool,
        span: Duration,
    ) -> Header {
        let header = self.at_same_time(payload_type, marker, self.next_timestamp);
        self.move_on(at, span);
        header
    }

    /// The header of a packet that tells more of what began at `timestamp` (RFC 4733 §2.5.1.2).
    pub(crate) fn at_same_time(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
    ) -> Header {
        let header = Header {
            marker,
            payload_type,
            sequence: self.next_sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.next_sequence = self.next_sequence.wrapping_add(1);
        header
    }

    /// Moves the time line on by what was said, or kept back, at `at`.
    pub(crate) fn move_on(&mut self, at: Instant, span: Duration) {
        self.last_at = Some(at);
        self.next_timestamp = self.next_timestamp.wrapping_add(self.span(span));
    }

    /// Counts a packet that was written.
    pub(crate) fn count(&mut self, payload: usize) {
        self.packets += 1;
        self.octets = self.octets.wrapping_add(payload as u32);
    }

    /// When the last packet in order was sent.
    pub(crate) fn last_at(&self) -> Option<Instant> {
        self.last_at
    }

    /// Nobody has the word any more; the next voice begins after a pause.
    pub(crate) fn fall_silent(&mut self) {
        self.voice = Voice::Nobody;
    }

    /// The stream's SSRC.
    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The time stamp of the next packet of ours.
    pub(crate) fn next_timestamp(&self) -> u32 {
        self.next_timestamp
    }

    /// Packets and octets of payload that were sent.
    pub(crate) fn sent(&self) -> (u64, u32) {
        (self.packets, self.octets)
    }

    /// The stream's clock at `now`, for a sender report.
    pub(crate) fn timestamp_at(&self, now: Instant) -> u32 {
        let since = self
            .last_at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.next_timestamp.wrapping_add(self.span(since))
    }

    /// Time went by while nobody spoke. It is rounded to whole packets, and is one at least less
    /// the packet that was sent, so that a change of voice looks like no change in the stamps.
    fn pause(&mut self, at: Instant) {
        let Some(last) = self.last_at else {
            return;
        };
        let ptime = self.ptime.as_micros().max(1);
        let packets = (at.saturating_duration_since(last).as_micros() + ptime / 2) / ptime;
        let missed = (packets as u64).saturating_sub(1);
        let missed = Duration::from_micros(missed.saturating_mul(ptime as u64));
        self.next_timestamp = self.next_timestamp.wrapping_add(self.span(missed));
    }

    fn span(&self, time: Duration) -> u32 {
        (time.as_micros() as u64 * u64::from(self.clock_rate) / 1_000_000) as u32
    }
}

/// Numbers nobody needs to guess well (SplitMix64): SSRCs, first numbers, report intervals.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A sequence that depends on its seed alone.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    const PTIME: Duration = Duration::from_millis(20);

    #[test]
    fn a_relayed_stream_keeps_its_gaps_and_its_order() {
        let now = Instant::now();
        let mut sender = Sender::new(7, 8000, PTIME);

        let out = [5_u16, 6, 9, 8].map(|n| relay(&mut sender, now, LegKey(1), n, false).unwrap());

        let from_first = out.map(|header| header.sequence.wrapping_sub(out[0].sequence));
        assert_eq!(from_first, [0, 1, 4, 3]);
        assert_eq!(out.map(|header| header.marker), [true, false, false, false]);
        assert_eq!(out[2].timestamp.wrapping_sub(out[0].timestamp), 4 * 160);
    }

    #[test]
    fn a_change_of_voice_leaves_no_hole_in_the_numbers() {
        let mut now = Instant::now();
        let mut sender = Sender::new(7, 8000, PTIME);
        let first = relay(&mut sender, now, LegKey(1), 65_535, false).unwrap();

        now += Duration::from_millis(23);
        sender.turn(now, Voice::Music);
        let music = sender.own(now, 8, true, PTIME);
        now += Duration::from_millis(18);
        let second = relay(&mut sender, now, LegKey(2), 700, true).unwrap();

        for (before, after) in [(first, music), (music, second)] {
            assert_eq!(after.sequence, before.sequence.wrapping_add(1));
            assert_eq!(after.timestamp, before.timestamp.wrapping_add(160));
            assert_eq!(after.ssrc, before.ssrc);
            assert!(after.marker);
        }
    }

    #[test]
    fn a_pause_is_a_pause_in_the_stamps_too() {
        let now = Instant::now();
        let mut sender = Sender::new(7, 8000, PTIME);
        sender.turn(now, Voice::Music);
        let before = sender.own(now, 8, true, PTIME);

        let later = now + Duration::from_secs(1);
        sender.turn(later, Voice::Silence);
        let after = sender.own(later, 8, true, PTIME);

        assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 8000);
    }

    #[test]
    fn a_packet_older_than_its_turn_is_not_relayed() {
        let now = Instant::now();
        let mut sender = Sender::new(7, 8000, PTIME);
        relay(&mut sender, now, LegKey(1), 10, false);

        assert_eq!(relay(&mut sender, now, LegKey(1), 9, false), None);
    }

    fn relay(
        sender: &mut Sender,
        now: Instant,
        from: LegKey,
        sequence: u16,
        anew: bool,
    ) -> Option<Header> {
        let header = Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 9,
        };
        sender.relay(now, from, anew, 65_536 + u64::from(sequence), &header)
    }
}
