//! A leg's RTCP: reports every five seconds or so, and what the peer's reports say.

use std::time::{Duration, Instant};

use super::Leg;
use crate::rtp::latch::Gate;
use crate::rtp::rtcp::{self, Own, ROOM, Sent, View};
use crate::rtp::send::Random;
use crate::{Channel, Wire};

/// The state of a leg's reports.
#[derive(Debug)]
pub(crate) struct Reports {
    /// Who is believed on the port for reports.
    pub(crate) gate: Gate,
    pub(crate) round_trip: Option<Duration>,
    pub(crate) reported_loss: Option<u8>,
    /// When the present interval of the quality's watch ends.
    pub(crate) next_score: Instant,
    /// When the next report is due.
    next: Instant,
    random: Random,
    /// The peer's last sender report, and when it came.
    peer: Option<(u32, Instant)>,
    /// Packets sent at our last report.
    sent: u64,
}

impl Reports {
    pub(crate) fn new(now: Instant, seed: u64) -> Self {
        // Not the stream's own numbers again.
        let mut random = Random::new(!seed);
        let next = now + interval(&mut random);
        Self {
            gate: Gate::new(),
            round_trip: None,
            reported_loss: None,
            next_score: now + Duration::from_secs(5),
            next,
            random,
            peer: None,
            sent: 0,
        }
    }
}

impl Leg {
    /// Takes a report in. `ntp` is the board's time.
    pub(crate) fn handle_report(&mut self, now: Instant, ntp: u64, packet: &[u8]) {
        let Some(heard) = rtcp::read(packet, self.sender.ssrc()) else {
            return;
        };
        self.reception.quiet_since = now;
        if let Some(middle) = heard.sender_report {
            self.reports.peer = Some((middle, now));
        }
        if let Some(view) = heard.view {
            self.reports.reported_loss = Some(view.fraction_lost);
            let trip = rtcp::round_trip(&view, ntp);
            self.reports.round_trip = trip.or(self.reports.round_trip);
            self.mouth.expect_loss(view.fraction_lost);
        }
    }

    /// Sends a report when it is due.
    pub(crate) fn report_when_due(&mut self, now: Instant, ntp: u64, wire: &mut impl Wire) {
        if now < self.reports.next {
            return;
        }
        self.reports.next = now + interval(&mut self.reports.random);
        self.report(now, ntp, false, wire);
    }

    /// Sends a report, with a good-bye if it is the last.
    pub(crate) fn report(&mut self, now: Instant, ntp: u64, bye: bool, wire: &mut impl Wire) {
        let Some((channel, to)) = self.report_address() else {
            return;
        };
        let (packets, octets) = self.sender.sent();
        if packets == 0 && self.reception.receiver.received() == 0 {
            return;
        }
        let sent = (packets > self.reports.sent).then(|| Sent {
            ntp,
            timestamp: self.sender.timestamp_at(now),
            packets: packets as u32,
            octets,
        });
        self.reports.sent = packets;
        let own = Own {
            ssrc: self.sender.ssrc(),
            sent,
        };
        let view = self.view(now);
        let mut room = [0; ROOM];
        let length = rtcp::write(&mut room, &own, view.as_ref(), &self.config.cname, bye);
        wire.send(self.key, channel, to, &room[..length.min(ROOM)]);
    }

    /// What we say of the peer's stream.
    fn view(&mut self, now: Instant) -> Option<View> {
        let receiver = &mut self.reception.receiver;
        let ssrc = receiver.ssrc()?;
        let (last_report, delay) = self.reports.peer.map_or((0, 0), |(middle, at)| {
            let since = rtcp::ntp(now.saturating_duration_since(at));
            (middle, rtcp::middle(since))
        });
        Some(View {
            ssrc,
            fraction_lost: receiver.report_fraction_lost(),
            lost: receiver.lost().min(0x7f_ffff) as u32,
            extended_highest: receiver.extended_highest(),
            jitter: receiver.jitter_units(),
            last_report,
            delay,
        })
    }

    fn report_address(&self) -> Option<(Channel, std::net::SocketAddr)> {
        if self.config.rtcp_mux {
            return Some((Channel::Rtp, self.peer()?));
        }
        let signalled = self.config.remote_rtcp?;
        if signalled.ip().is_unspecified() || signalled.port() == 0 {
            return None;
        }
        let latched = self.reports.gate.source();
        let to = latched.filter(|_| self.config.latch.symmetric);
        Some((Channel::Rtcp, to.unwrap_or(signalled)))
    }
}

/// RFC 3550 §6.2: five seconds, between half and one and a half of it by chance.
fn interval(random: &mut Random) -> Duration {
    Duration::from_millis(2_500 + random.next() % 5_000)
}
