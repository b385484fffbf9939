//! What comes from a leg's peer: whom it believes, what it counts, which keys were pressed.

use std::time::{Duration, Instant};

use crate::dtmf::{KeyListener, Telephone};
use crate::rtp::Header;
use crate::rtp::latch::Gate;
use crate::rtp::quality::Score;
use crate::rtp::receive::Receiver;

/// The receiving half of a leg.
#[derive(Debug)]
pub(crate) struct Reception {
    pub(crate) gate: Gate,
    pub(crate) receiver: Receiver,
    pub(crate) score: Score,
    /// The peer has sent telephone-events: tones need not be looked for.
    pub(crate) sends_events: bool,
    /// Since when the peer is not heard, while it should be.
    pub(crate) quiet_since: Instant,
    /// The silence has been reported.
    pub(crate) lost_told: bool,
    heard: bool,
    keys: KeyListener,
    last_key: Option<(char, Instant, Via)>,
    lengths: Lengths,
}

/// How a key came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Via {
    Event,
    Tone,
}

/// Follows how long the peer's packets really are.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    /// Milliseconds.
    settled: u8,
    candidate: u8,
    times: u8,
}

impl Reception {
    pub(crate) fn new(now: Instant, clock_rate: u32, ptime: u8) -> Self {
        Self {
            gate: Gate::new(),
            receiver: Receiver::new(clock_rate),
            score: Score::default(),
            sends_events: false,
            quiet_since: now,
            lost_told: false,
            heard: false,
            keys: KeyListener::default(),
            last_key: None,
            lengths: Lengths::new(ptime),
        }
    }

    /// A new offer or answer.
    pub(crate) fn renegotiated(&mut self, now: Instant, address_changed: bool) {
        self.gate.renegotiated(address_changed);
        self.quiet_since = now;
        self.lost_told = false;
    }

    /// Another codec or packet length was agreed.
    pub(crate) fn use_codec(&mut self, clock_rate: u32, ptime: u8) {
        self.receiver.use_clock(clock_rate);
        self.lengths = Lengths::new(ptime);
    }

    /// The peer is alive; true the first time.
    pub(crate) fn note_life(&mut self, now: Instant) -> bool {
        self.quiet_since = now;
        self.lost_told = false;
        !std::mem::replace(&mut self.heard, true)
    }

    /// The peer began a new stream.
    pub(crate) fn restart(&mut self) {
        self.keys.restart();
    }

    /// Takes an event packet in; the key, when it is a new one.
    pub(crate) fn event(
        &mut self,
        now: Instant,
        header: &Header,
        payload: &[u8],
    ) -> Option<(char, bool)> {
        let key = self.keys.handle(header, Telephone::read(payload)?)?;
        self.sends_events = true;
        Some((key, self.is_new(now, key, Via::Event)))
    }

    /// Whether a key is to be reported: not when it was heard the other way already.
    pub(crate) fn is_new(&mut self, now: Instant, key: char, via: Via) -> bool {
        let doubled = self.last_key.is_some_and(|(last, at, last_via)| {
            last == key && last_via != via && now.saturating_duration_since(at) < SAME_KEY
        });
        self.last_key = Some((key, now, via));
        !doubled
    }

    /// Notes a packet of so many milliseconds; true when packets have come to be of that length.
    pub(crate) fn note_length(&mut self, milliseconds: usize) -> bool {
        self.lengths.note(milliseconds.min(255) as u8)
    }

    /// How long the peer's packets are, in milliseconds.
    pub(crate) fn packet_length(&self) -> u8 {
        self.lengths.settled
    }
}

impl Lengths {
    fn new(ptime: u8) -> Self {
        Self {
            settled: ptime,
            candidate: ptime,
            times: 0,
        }
    }

    fn note(&mut self, milliseconds: u8) -> bool {
        if milliseconds == self.settled {
            self.times = 0;
            return false;
        }
        if milliseconds != self.candidate {
            self.candidate = milliseconds;
            self.times = 0;
        }
        self.times += 1;
        if self.times < TIMES_TO_SETTLE {
            return false;
        }
        *self = Self::new(milliseconds);
        true
    }
}

/// A key by event and by tone within this time is one key.
const SAME_KEY: Duration = Duration::from_millis(400);
/// A single short packet is no new length.
const TIMES_TO_SETTLE: u8 = 5;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    #[test]
    fn a_key_heard_as_event_and_as_tone_is_one_and_pressed_again_is_two() {
        let now = Instant::now();
        let mut reception = Reception::new(now, 8000, 20);

        assert!(reception.is_new(now, '5', Via::Event));
        assert!(!reception.is_new(now + Duration::from_millis(60), '5', Via::Tone));
        assert!(reception.is_new(now + Duration::from_millis(100), '5', Via::Tone));
        assert!(reception.is_new(now + Duration::from_secs(1), '5', Via::Event));
    }

    #[test]
    fn packets_of_another_length_are_believed_at_the_fifth() {
        let mut reception = Reception::new(Instant::now(), 8000, 20);

        let changes = [30, 20, 30, 30, 30, 30, 30].map(|length| reception.note_length(length));

        assert_eq!(changes.iter().position(|&changed| changed), Some(6));
        assert_eq!(reception.packet_length(), 30);
    }
}
