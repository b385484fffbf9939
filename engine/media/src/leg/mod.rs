//! One leg's media: what it says and what it hears.

pub(crate) mod blend;
pub(crate) mod ear;
pub(crate) mod held_keys;
pub(crate) mod mouth;
mod over;
pub(crate) mod play;
pub(crate) mod reception;
pub(crate) mod reports;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use self::ear::Ear;
use self::held_keys::HeldKeys;
use self::mouth::Mouth;
use self::reception::Reception;
use self::reports::Reports;
use crate::rtp::quality::{self, Impairment};
use crate::rtp::send::Sender;
use crate::{Channel, CodecKind, Direction, Event, LegConfig, LegKey, Quality, Side, Wire};

/// A leg and everything that it needs; legs know each other by their slots on the board.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) key: LegKey,
    pub(crate) config: LegConfig,
    /// What comes from the peer.
    pub(crate) reception: Reception,
    /// The decoded peer, while somebody wants samples.
    pub(crate) ear: Option<Box<Ear>>,
    /// The stream to the peer.
    pub(crate) sender: Sender,
    /// Who speaks in that stream.
    pub(crate) mouth: Mouth,
    pub(crate) reports: Reports,
    /// Keys that may be a code.
    pub(crate) held_keys: HeldKeys,
    /// Slots of the legs that hear this one.
    pub(crate) heard_by: SmallVec<[u32; 2]>,
    /// Slots of supervisors and of others who hear this one besides, in a [`blend::Blend`].
    pub(crate) aside: SmallVec<[u32; 2]>,
    /// Slots of supervisors who hear what this one hears.
    pub(crate) along: SmallVec<[u32; 2]>,
    /// The last addresses for sound and for reports that were no hold.
    signalled: [Option<SocketAddr>; 2],
    /// Recordings, by their place on the board, and the side.
    pub(crate) recorded_on: SmallVec<[(u32, Side); 1]>,
    /// The same, of what it hears in its room.
    pub(crate) heard_on: SmallVec<[(u32, Side); 1]>,
}

impl Leg {
    pub(crate) fn new(now: Instant, key: LegKey, config: LegConfig) -> Self {
        let clock_rate = config.codec.kind.clock_rate();
        let ptime = packet_time(&config);
        Self {
            key,
            reception: Reception::new(now, clock_rate, config.ptime),
            ear: None,
            sender: Sender::new(config.seed, clock_rate, ptime),
            mouth: Mouth::new(),
            reports: Reports::new(now, config.seed),
            held_keys: HeldKeys::default(),
            heard_by: SmallVec::new(),
            aside: SmallVec::new(),
            along: SmallVec::new(),
            recorded_on: SmallVec::new(),
            heard_on: SmallVec::new(),
            signalled: [config.remote, config.remote_rtcp],
            config,
        }
    }

    /// A new offer or answer.
    pub(crate) fn update(&mut self, now: Instant, config: LegConfig) {
        let [sound_moved, reports_moved] = self.moves_to([config.remote, config.remote_rtcp]);
        self.reception.renegotiated(now, sound_moved);
        self.reports.gate.renegotiated(reports_moved);
        if self.config.codec != config.codec || self.config.ptime != config.ptime {
            let clock_rate = config.codec.kind.clock_rate();
            self.sender.use_clock(clock_rate, packet_time(&config));
            self.reception.use_codec(clock_rate, config.ptime);
        }
        if self.config.codec.kind != config.codec.kind {
            self.mouth.forget_codec();
            self.ear = None;
        }
        self.config = config;
    }

    /// Notes where sound and reports are to go from now on; whether that is somewhere else than
    /// before. A hold by 0.0.0.0 moves nobody.
    fn moves_to(&mut self, signalled: [Option<SocketAddr>; 2]) -> [bool; 2] {
        let mut moved = [false; 2];
        for ((known, new), moved) in self.signalled.iter_mut().zip(signalled).zip(&mut moved) {
            let Some(new) = new.filter(|new| !new.ip().is_unspecified()) else {
                continue;
            };
            *moved = known.replace(new) != Some(new);
        }
        moved
    }

    /// Length of a packet that we send.
    pub(crate) fn ptime(&self) -> Duration {
        packet_time(&self.config)
    }

    /// Whether the peer may be sent sound, and where to.
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        match self.config.direction {
            Direction::SendRecv | Direction::SendOnly => self.peer(),
            Direction::RecvOnly | Direction::Inactive => None,
        }
    }

    /// Where the peer's port for sound is: what it signalled, or what was latched for its sake.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        // None is hold of old, by 0.0.0.0; so is the address itself. Port 0 refuses the stream.
        let signalled = self
            .config
            .remote
            .filter(|to| !to.ip().is_unspecified() && to.port() != 0)?;
        let latched = self.reception.gate.source();
        let latched = latched.filter(|_| self.config.latch.symmetric);
        Some(latched.unwrap_or(signalled))
    }

    /// Whether what the peer says is wanted.
    pub(crate) fn listens(&self) -> bool {
        matches!(
            self.config.direction,
            Direction::SendRecv | Direction::RecvOnly
        )
    }

    /// Whether silence from the peer is a fault.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.config.rtp_timeout.is_zero() && self.listens() && self.peer().is_some()
    }

    /// A key that was pressed, as it is reported: held back where it may be a code.
    pub(crate) fn pressed(&mut self, digit: char, sounded: bool) -> Event {
        let is_heard = !self.heard_by.is_empty() || self.mouth.is_mixed;
        let leg = self.key;
        match is_heard && self.held_keys.take(digit, sounded) {
            true => Event::HeldDigit { leg, digit },
            false => Event::Digit { leg, digit },
        }
    }

    /// Whether keys are looked for in the peer's sound.
    pub(crate) fn wants_tones(&self) -> bool {
        self.config.detect_tones && self.config.codec.kind.decodes() && !self.reception.sends_events
    }

    /// Whether tones that may be a code are kept from those who hear the leg.
    pub(crate) fn guards_tones(&self) -> bool {
        self.held_keys.is_armed() && self.wants_tones()
    }

    /// Whether what the peer says now is a code that nobody is to hear.
    pub(crate) fn hides_tone(&self) -> bool {
        self.guards_tones() && self.held_keys.hides_tone()
    }

    /// Whether tones of networks are looked for in the peer's sound.
    pub(crate) fn wants_progress(&self) -> bool {
        self.config.detect_progress && self.config.codec.kind.decodes()
    }

    /// Sends a packet whose payload of so many bytes lies behind room for a header.
    pub(crate) fn send(
        &mut self,
        header: crate::rtp::Header,
        packet: &mut [u8],
        payload: usize,
        wire: &mut impl Wire,
    ) -> bool {
        let Some(to) = self.destination().filter(|_| !self.config.passes_datagrams) else {
            return false;
        };
        let Some(packet) = packet.get_mut(..crate::rtp::HEADER + payload) else {
            return false;
        };
        crate::rtp::write(packet, header);
        self.sender.count(payload);
        wire.send(self.key, Channel::Rtp, to, packet);
        true
    }

    /// Whether the peer has been quiet for too long; true once.
    pub(crate) fn misses_its_peer(&mut self, now: Instant) -> bool {
        if !self.is_awaited() {
            self.reception.quiet_since = now;
            return false;
        }
        let quiet = now.saturating_duration_since(self.reception.quiet_since);
        let missed = quiet >= self.config.rtp_timeout;
        missed && !std::mem::replace(&mut self.reception.lost_told, true)
    }

    /// Ends an interval of the quality's watch when it is time.
    pub(crate) fn score_when_due(&mut self, now: Instant) {
        if now >= self.reports.next_score {
            self.reports.next_score = now + SCORE_INTERVAL;
            self.score_interval();
        }
    }

    /// Ends an interval of the quality's watch.
    pub(crate) fn score_interval(&mut self) {
        let impairment = self.impairment();
        let receiver = &self.reception.receiver;
        let (expected, lost) = (receiver.expected(), receiver.lost());
        self.reception
            .score
            .end_interval(expected, lost, impairment);
    }

    /// How it was, to be told when it leaves.
    pub(crate) fn quality(&self) -> Quality {
        let receiver = &self.reception.receiver;
        let expected = receiver.expected();
        let whole = (receiver.received() > 0)
            .then(|| quality::mos(expected, receiver.lost(), self.impairment()));
        Quality {
            received: receiver.received(),
            sent: self.sender.sent().0,
            lost: receiver.lost(),
            refused: self.refused(),
            jitter: receiver.jitter(),
            max_jitter: receiver.max_jitter(),
            round_trip: self.reports.round_trip,
            reported_loss: self.reports.reported_loss,
            mos: whole,
            mos_min: self.reception.score.lowest().or(whole),
        }
    }

    /// Packets of strangers, on both ports.
    pub(crate) fn refused(&self) -> u64 {
        self.reception.gate.refused() + self.reports.gate.refused()
    }

    fn impairment(&self) -> Impairment {
        Impairment {
            codec: self.config.codec.kind,
            ptime: self.ptime(),
            jitter: self.reception.receiver.jitter(),
            round_trip: self.reports.round_trip,
        }
    }
}

/// A packet's length that can be sent: 10 to 60 ms, in steps that the codec has.
fn packet_time(config: &LegConfig) -> Duration {
    let whole = match config.ptime {
        0 | 20..30 => 20,
        1..20 => 10,
        30..40 if config.codec.kind == CodecKind::Opus => 20,
        30..40 => 30,
        40..60 => 40,
        _ => 60,
    };
    Duration::from_millis(whole)
}

const SCORE_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_that_only_relays_takes_less_than_two_kilobytes() {
        let size = size_of::<Leg>();

        assert!(size < 2000, "{size} bytes");
    }
}
