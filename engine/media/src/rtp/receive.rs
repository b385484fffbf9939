//! What comes in: sequence validation, jitter and loss (RFC 3550 appendices A.1, A.3, A.8).

use std::time::Duration;

use super::Header;

/// Follows one peer's stream through restarts, and counts it.
#[derive(Debug)]
pub(crate) struct Receiver {
    stream: Option<Stream>,
    received: u64,
    /// Of streams that are over.
    past_expected: u64,
    jitter: Jitter,
    max_jitter: f32,
    clock_rate: u32,
    /// At the last report that we made: expected, received.
    reported: (u64, u64),
}

/// What a packet is in its stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arrival {
    /// The next one, or one after a gap; its extended sequence number.
    InOrder(u64),
    /// Younger ones came before it.
    Late(u64),
    /// A new stream begins with it.
    First(u64),
    /// Seen already, far too old, or far ahead of a stream that is going on.
    Useless,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    base: u64,
    highest: u64,
    /// Bit n: `highest - n` was seen.
    seen: u64,
    /// The sequence number that would prove a restart.
    suspect: Option<u16>,
}

#[derive(Debug, Default)]
struct Jitter {
    /// In time stamp units.
    estimate: f32,
    last_transit: Option<i64>,
}

impl Receiver {
    /// A receiver that has heard nothing, for a stream of `clock_rate` Hz.
    pub(crate) fn new(clock_rate: u32) -> Self {
        Self {
            stream: None,
            received: 0,
            past_expected: 0,
            jitter: Jitter::default(),
            max_jitter: 0.0,
            clock_rate,
            reported: (0, 0),
        }
    }

    /// Another codec, perhaps with another clock.
    pub(crate) fn use_clock(&mut self, clock_rate: u32) {
        if self.clock_rate != clock_rate {
            let scale = clock_rate as f32 / self.clock_rate as f32;
            self.jitter.estimate *= scale;
            self.max_jitter *= scale;
            self.jitter.last_transit = None;
            self.clock_rate = clock_rate;
        }
    }

    /// Takes a packet in. The source needs no probation: the latch has vouched for it.
    pub(crate) fn handle(&mut self, header: &Header) -> Arrival {
        let arrival = self.place(header);
        if arrival != Arrival::Useless {
            self.received += 1;
        }
        arrival
    }

    /// Measures jitter by a packet of sound (RFC 3550 A.8), `since` some fixed moment.
    pub(crate) fn measure(&mut self, since: Duration, timestamp: u32) {
        let clock = since.as_micros() as i64 * i64::from(self.clock_rate) / 1_000_000;
        let Some(last) = self.jitter.last_transit else {
            self.jitter.last_transit = Some(clock - i64::from(timestamp));
            return;
        };
        // Transit as a difference that survives the time stamp's wrapping.
        let step = (clock as u32)
            .wrapping_sub(timestamp)
            .wrapping_sub(last as u32) as i32;
        self.jitter.last_transit = Some(last + i64::from(step));
        // A jump of seconds is a new time base and no jitter.
        if step.unsigned_abs() > 2 * self.clock_rate {
            return;
        }
        self.jitter.estimate += (step.unsigned_abs() as f32 - self.jitter.estimate) / 16.0;
        self.max_jitter = self.max_jitter.max(self.jitter.estimate);
    }

    /// The SSRC of the stream that is heard.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// Packets that came.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Packets that should have come (RFC 3550 A.3).
    pub(crate) fn expected(&self) -> u64 {
        self.past_expected + self.stream.as_ref().map_or(0, Stream::expected)
    }

    /// Packets that never came.
    pub(crate) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// Interarrival jitter in time stamp units.
    pub(crate) fn jitter_units(&self) -> u32 {
        self.jitter.estimate as u32
    }

    /// Interarrival jitter now.
    pub(crate) fn jitter(&self) -> Duration {
        self.in_time(self.jitter.estimate)
    }

    /// The greatest jitter seen.
    pub(crate) fn max_jitter(&self) -> Duration {
        self.in_time(self.max_jitter)
    }

    /// The extended highest sequence number, as a report wants it.
    pub(crate) fn extended_highest(&self) -> u32 {
        self.stream
            .as_ref()
            .map_or(0, |stream| stream.highest as u32)
    }

    /// Loss since the last report in parts of 256 (RFC 3550 A.3), and begins a new interval.
    pub(crate) fn report_fraction_lost(&mut self) -> u8 {
        let (expected, received) = (self.expected(), self.received);
        let interval_expected = expected.saturating_sub(self.reported.0);
        let interval_received = received.saturating_sub(self.reported.1);
        self.reported = (expected, received);
        let lost = interval_expected.saturating_sub(interval_received);
        (lost * 256)
            .checked_div(interval_expected)
            .map_or(0, |fraction| fraction.min(255) as u8)
    }

    fn in_time(&self, units: f32) -> Duration {
        Duration::from_secs_f32(units.max(0.0) / self.clock_rate as f32)
    }

    fn place(&mut self, header: &Header) -> Arrival {
        match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => match stream.place(header.sequence) {
                Some(arrival) => arrival,
                None => self.begin(header),
            },
            _ => self.begin(header),
        }
    }

    fn begin(&mut self, header: &Header) -> Arrival {
        self.past_expected = self.expected();
        self.jitter.last_transit = None;
        // One cycle up, so that a packet from just before the first has a place.
        let sequence = CYCLE + u64::from(header.sequence);
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            base: sequence,
            highest: sequence,
            seen: 1,
            suspect: None,
        });
        Arrival::First(sequence)
    }
}

impl Stream {
    fn expected(&self) -> u64 {
        self.highest - self.base + 1
    }

    /// Where a sequence number belongs; `None` when it proves that the stream was restarted.
    fn place(&mut self, sequence: u16) -> Option<Arrival> {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if (1..MAX_DROPOUT).contains(&ahead) {
            self.highest += u64::from(ahead);
            self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.suspect = None;
            return Some(Arrival::InOrder(self.highest));
        }
        let behind = self.highest.wrapping_sub(u64::from(sequence)) as u16;
        if behind < MAX_MISORDER {
            return Some(self.place_late(behind));
        }
        // RFC 3550 A.1: two in a row after a great jump are a restart without telling.
        if self.suspect == Some(sequence) {
            return None;
        }
        self.suspect = Some(sequence.wrapping_add(1));
        Some(Arrival::Useless)
    }

    fn place_late(&mut self, behind: u16) -> Arrival {
        let extended = self.highest - u64::from(behind);
        let Some(bit) = 1_u64.checked_shl(u32::from(behind)) else {
            return Arrival::Useless;
        };
        if self.seen & bit != 0 {
            return Arrival::Useless;
        }
        self.seen |= bit;
        self.base = self.base.min(extended);
        Arrival::Late(extended)
    }
}

const CYCLE: u64 = 1 << 16;
/// RFC 3550 A.1.
const MAX_DROPOUT: u16 = 3000;
/// RFC 3550 A.1.
const MAX_MISORDER: u16 = 100;

#[cfg(test)]
mod tests;
