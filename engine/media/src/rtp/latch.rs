//! Whom a leg believes: the first packet from a signalled host, then only its source.

use std::net::{IpAddr, SocketAddr};

use crate::Latch;

/// Decides packet by packet whether a source is believed, before anything is read of it.
#[derive(Debug)]
pub(crate) struct Gate {
    state: State,
    refused: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nobody has been heard; the first who may speak is believed.
    Open,
    /// Only this source is believed, or its host on another port with the same SSRC.
    Latched(Source),
    /// As latched, but a new offer or answer allows one more choice.
    Relearning(Source),
    /// A new address was signalled. What the old source still says is heard, for it was on its
    /// way; sound goes to the new address, and whoever speaks from elsewhere is the new source.
    /// The old one is when it goes on: the peer did not move after all.
    Moved { old: Source, still: u8 },
}

#[derive(Clone, Copy, Debug)]
struct Source {
    address: SocketAddr,
    ssrc: u32,
}

impl Gate {
    /// A gate that has heard nobody.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Open,
            refused: 0,
        }
    }

    /// Whether the packet is believed; a stranger's is counted.
    ///
    /// `ssrc` is what the packet claims to be, nothing if it is no RTP; `signalled` is the address
    /// from the SDP.
    pub(crate) fn admits(
        &mut self,
        from: SocketAddr,
        ssrc: Option<u32>,
        signalled: Option<SocketAddr>,
        latch: &Latch,
    ) -> bool {
        let admitted = self.recognises(from, ssrc)
            || ssrc.is_some_and(|ssrc| self.learns(from, ssrc, signalled, latch));
        self.refused += u64::from(!admitted);
        admitted
    }

    /// Whether a report comes from the source that is believed on this port.
    pub(crate) fn knows(&mut self, from: SocketAddr) -> bool {
        let known = self.source() == Some(from);
        self.refused += u64::from(!known);
        known
    }

    /// A new offer or answer has come.
    pub(crate) fn renegotiated(&mut self, address_changed: bool) {
        self.state = match self.state {
            State::Latched(old) | State::Relearning(old) | State::Moved { old, .. }
                if address_changed =>
            {
                State::Moved { old, still: 0 }
            }
            State::Latched(source) => State::Relearning(source),
            state => state,
        };
    }

    /// The source that is believed.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        match self.state {
            State::Open | State::Moved { .. } => None,
            State::Latched(source) | State::Relearning(source) => Some(source.address),
        }
    }

    /// How many packets of strangers were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// The source that is believed may begin a new stream.
    fn recognises(&mut self, from: SocketAddr, claimed: Option<u32>) -> bool {
        let (State::Latched(source) | State::Relearning(source)) = &mut self.state else {
            return false;
        };
        if source.address != from {
            return false;
        }
        source.ssrc = claimed.unwrap_or(source.ssrc);
        true
    }

    fn learns(
        &mut self,
        from: SocketAddr,
        ssrc: u32,
        signalled: Option<SocketAddr>,
        latch: &Latch,
    ) -> bool {
        let signalled_host = latch.hosts.iter().any(|host| same_host(*host, from.ip()));
        let same_stream =
            |source: Source| same_host(source.address.ip(), from.ip()) && source.ssrc == ssrc;
        let host_may = match self.state {
            State::Open | State::Moved { .. } => signalled_host,
            State::Relearning(source) => signalled_host || same_stream(source),
            State::Latched(source) => same_stream(source),
        };
        let port_may = latch.symmetric || signalled.is_some_and(|to| to.port() == from.port());
        if !host_may || !port_may {
            return false;
        }
        if let State::Moved { old, still } = &mut self.state
            && old.address == from
            && signalled != Some(from)
            && *still < STRAGGLERS
        {
            *still += 1;
            return true;
        }
        self.state = State::Latched(Source {
            address: from,
            ssrc,
        });
        true
    }
}

/// Packets that a phone that has moved may have had on their way: half a second.
const STRAGGLERS: u8 = 25;

/// Whether two addresses are one host, however an IPv6 socket writes IPv4.
fn same_host(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.to_canonical() == other.to_canonical()
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;

    const PHONE: &str = "192.0.2.7:4000";

    #[test]
    fn the_first_packet_is_believed_only_from_a_signalled_host() {
        let mut gate = Gate::new();

        assert!(!gate.admits(
            at("203.0.113.9:4000"),
            Some(1),
            Some(at(PHONE)),
            &latch(true)
        ));
        assert!(gate.admits(at(PHONE), Some(1), Some(at(PHONE)), &latch(true)));

        assert_eq!(gate.refused(), 1);
        assert_eq!(gate.source(), Some(at(PHONE)));
    }

    #[test]
    fn without_symmetric_rtp_the_port_must_be_the_signalled_one() {
        let mut gate = Gate::new();

        assert!(!gate.admits(
            at("192.0.2.7:4002"),
            Some(1),
            Some(at(PHONE)),
            &latch(false)
        ));
        assert!(!gate.admits(at("192.0.2.7:4002"), Some(1), None, &latch(false)));
        assert!(gate.admits(at(PHONE), Some(1), Some(at(PHONE)), &latch(false)));
    }

    #[test]
    fn after_the_latch_another_host_that_may_speak_is_refused_too() {
        let mut gate = Gate::new();
        let latch = Latch {
            hosts: smallvec![at(PHONE).ip(), at("198.51.100.1:1").ip()],
            symmetric: true,
        };
        gate.admits(at(PHONE), Some(1), None, &latch);

        assert!(!gate.admits(at("198.51.100.1:9"), Some(1), None, &latch));
        assert!(!gate.admits(at("192.0.2.7:9"), Some(2), None, &latch));
    }

    #[test]
    fn the_same_host_and_stream_may_move_to_another_port() {
        let mut gate = Gate::new();
        gate.admits(at(PHONE), Some(1), None, &latch(true));

        assert!(gate.admits(at("192.0.2.7:9"), Some(1), None, &latch(true)));

        assert_eq!(gate.source(), Some(at("192.0.2.7:9")));
        assert!(
            !gate.admits(at(PHONE), Some(2), None, &latch(true)),
            "the old port is a stranger"
        );
    }

    #[test]
    fn after_a_new_offer_one_new_source_may_be_learned_while_the_old_is_still_heard() {
        let mut gate = Gate::new();
        gate.admits(at(PHONE), Some(1), None, &latch(true));

        gate.renegotiated(false);

        assert!(gate.admits(at(PHONE), Some(1), None, &latch(true)));
        assert!(gate.admits(at("192.0.2.7:9"), Some(2), None, &latch(true)));
        assert!(!gate.admits(at("192.0.2.7:11"), Some(3), None, &latch(true)));
    }

    #[test]
    fn a_new_address_forgets_the_old_source() {
        let mut gate = Gate::new();
        gate.admits(at(PHONE), Some(1), None, &latch(true));

        gate.renegotiated(true);

        assert_eq!(gate.source(), None);
    }

    #[test]
    fn what_was_on_its_way_from_the_old_address_does_not_keep_the_new_one_out() {
        let (moved, mut gate) = (at("198.51.100.1:5000"), Gate::new());
        let latch = Latch {
            hosts: smallvec![at(PHONE).ip(), moved.ip()],
            symmetric: true,
        };
        gate.admits(at(PHONE), Some(1), Some(at(PHONE)), &latch);

        gate.renegotiated(true);

        assert!(gate.admits(at(PHONE), Some(1), Some(moved), &latch));
        assert_eq!(gate.source(), None, "sound goes where the new offer says");
        assert!(gate.admits(moved, Some(2), Some(moved), &latch));
        assert_eq!(gate.source(), Some(moved));
        assert!(!gate.admits(at(PHONE), Some(1), Some(moved), &latch));
    }

    #[test]
    fn a_phone_that_says_a_new_address_and_speaks_from_the_old_one_is_answered_there() {
        let (inside, mut gate) = (at("10.0.0.7:5000"), Gate::new());
        gate.admits(at(PHONE), Some(1), Some(inside), &latch(true));

        gate.renegotiated(true);
        for _ in 0..=STRAGGLERS {
            assert!(gate.admits(at(PHONE), Some(1), Some(inside), &latch(true)));
        }

        assert_eq!(gate.source(), Some(at(PHONE)));
        assert!(!gate.admits(at("192.0.2.7:9"), Some(2), Some(inside), &latch(true)));
    }

    #[test]
    fn a_mapped_ipv4_address_is_the_same_host() {
        let mut gate = Gate::new();

        assert!(gate.admits(at("[::ffff:192.0.2.7]:4000"), Some(1), None, &latch(true)));
    }

    fn latch(symmetric: bool) -> Latch {
        Latch {
            hosts: smallvec![at(PHONE).ip()],
            symmetric,
        }
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }
}
