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
    /// The best way in which keys have come.
    best: Via,
    last_key: Option<(char, Instant, Via)>,
    /// The event that is under way was signalled before, and passed on for that.
    passed_on: bool,
    lengths: Lengths,
}

/// How a key came; of the ways that a peer uses at once the last one counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Via {
    /// In the sound, where a voice may be taken for a key.
    Tone,
    /// By INFO.
    Signal,
    /// By RFC 4733.
    Event,
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
            best: Via::Tone,
            last_key: None,
            passed_on: false,
            lengths: Lengths::new(ptime),
        }
    }

    /// A new offer or answer.
    pub(crate) fn renegotiated(&mut self, now: Instant, address_changed: bool) {
        self.gate.renegotiated(address_changed);
        self.quiet_since = now;
        self.lost_told = false;
        // Perhaps another device is behind it now.
        self.best = Via::Tone;
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
        let before = self.last_key.map(|(_, _, via)| via);
        let is_new = self.is_new(now, key, Via::Event);
        self.passed_on = !is_new && before == Some(Via::Signal);
        Some((key, is_new))
    }

    /// Whether the event that is under way has been passed on to others already.
    pub(crate) fn is_passed_on(&self) -> bool {
        self.passed_on
    }

    /// Whether a key is to be reported: not when it comes in a worse way than others did, nor when
    /// it is the first to come in a better way and was heard in the worse one just before.
    pub(crate) fn is_new(&mut self, now: Instant, key: char, via: Via) -> bool {
        if via < self.best {
            return false;
        }
        self.best = via;
        let doubled = self.last_key.is_some_and(|(last, at, last_via)| {
            last == key && last_via < via && now.saturating_duration_since(at) < SAME_KEY
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

/// A key that comes in two ways within this time is one key.
const SAME_KEY: Duration = Duration::from_millis(400);
/// A single short packet is no new length.
const TIMES_TO_SETTLE: u8 = 5;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_two_ways_is_one_whichever_comes_first_and_pressed_again_is_two() {
        for (first, second) in [(Via::Tone, Via::Event), (Via::Event, Via::Signal)] {
            for ways in [[first, second], [second, first]] {
                let mut now = Instant::now();
                let mut reception = Reception::new(now, 8000, 20);
                for _ in 0..3 {
                    let told = ways.map(|via| {
                        now += Duration::from_millis(60);
                        reception.is_new(now, '5', via)
                    });
                    assert_eq!(told.into_iter().filter(|&new| new).count(), 1, "{ways:?}");
                    now += Duration::from_millis(150);
                }
            }
        }
    }

    #[test]
    fn a_voice_that_was_taken_for_a_key_does_not_keep_signalled_keys_out() {
        let now = Instant::now();
        let mut reception = Reception::new(now, 8000, 20);

        assert!(reception.is_new(now, 'D', Via::Tone));
        assert!(reception.is_new(now + Duration::from_secs(9), '5', Via::Signal));
        assert!(!reception.is_new(now + Duration::from_secs(20), 'D', Via::Tone));
        assert!(reception.is_new(now + Duration::from_secs(21), '5', Via::Signal));
    }

    #[test]
    fn after_a_new_offer_keys_may_come_in_another_way() {
        let now = Instant::now();
        let mut reception = Reception::new(now, 8000, 20);
        reception.is_new(now, '5', Via::Event);

        reception.renegotiated(now, false);

        assert!(reception.is_new(now + Duration::from_secs(1), '5', Via::Signal));
    }

    #[test]
    fn packets_of_another_length_are_believed_at_the_fifth() {
        let mut reception = Reception::new(Instant::now(), 8000, 20);

        let changes = [30, 20, 30, 30, 30, 30, 30].map(|length| reception.note_length(length));

        assert_eq!(changes.iter().position(|&changed| changed), Some(6));
        assert_eq!(reception.packet_length(), 30);
    }
}
