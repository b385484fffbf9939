//! Which sound goes from one port of ours to another, so that none goes in circles.
//!
//! A phone that names a port of the exchange as its own has no sound to get there: it wants packets
//! to run from leg to leg, for ever. A carrier may do so rightly, when what left by it comes back and
//! it lets the sound take the short way; then each call has an end that is not the exchange.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr, UdpSocket};

use call::CallId;

/// The ports of all legs, and where within the exchange their sound goes.
#[derive(Debug, Default)]
pub(super) struct Wires {
    ends: HashMap<u16, End>,
}

/// One leg's port.
#[derive(Debug)]
struct End {
    call: CallId,
    bound: IpAddr,
    shown: IpAddr,
    /// Its far end is a user's phone, and none of our own legs.
    is_phone: bool,
    /// The port of ours that its sound goes to.
    to: Option<u16>,
}

impl Wires {
    /// A leg has opened its port at one address, and shows another.
    pub(super) fn opened(
        &mut self,
        (port, call): (u16, CallId),
        (bound, shown): (IpAddr, IpAddr),
        is_phone: bool,
    ) {
        let end = End {
            call,
            bound,
            shown,
            is_phone,
            to: None,
        };
        self.ends.insert(port, end);
    }

    pub(super) fn closed(&mut self, port: u16) {
        self.ends.remove(&port);
    }

    /// Whether a leg's sound goes to a port of ours.
    pub(super) fn goes_to_ours(&self, port: u16) -> bool {
        self.ends.get(&port).is_some_and(|end| end.to.is_some())
    }

    /// A leg is in another call now.
    pub(super) fn moved(&mut self, port: u16, call: CallId) {
        if let Some(end) = self.ends.get_mut(&port) {
            end.call = call;
        }
    }

    /// The sound of a leg is to go there: whether it may. What is no port of ours always may.
    /// `external` is the address of ours that is seen beyond a NAT.
    pub(super) fn lets(&mut self, port: u16, remote: SocketAddr, external: Option<IpAddr>) -> bool {
        let to = self.port_at(remote, external);
        let Some(end) = self.ends.get_mut(&port) else {
            return to.is_none();
        };
        end.to = None;
        let is_phone = end.is_phone;
        let Some(to) = to else { return true };
        if is_phone || to == port || self.leads(to, port) {
            return false;
        }
        if let Some(end) = self.ends.get_mut(&port) {
            end.to = Some(to);
        }
        true
    }

    /// The port of ours that an address means. RTCP's has the RTP port's neighbour.
    fn port_at(&self, remote: SocketAddr, external: Option<IpAddr>) -> Option<u16> {
        let port = remote.port() & !1;
        let end = self.ends.get(&port)?;
        let ip = remote.ip().to_canonical();
        let is_ours = ip == end.bound.to_canonical()
            || ip == end.shown.to_canonical()
            || external == Some(ip)
            // An address that can be listened on is this machine's.
            || (end.bound.is_unspecified() && UdpSocket::bind((ip, 0)).is_ok());
        is_ours.then_some(port)
    }

    /// Whether what comes in at one port of ours would go out at another, by whatever ways there are:
    /// in at one leg of a call, out at its others, and in again where those send.
    fn leads(&self, from: u16, to: u16) -> bool {
        let Some(home) = self.ends.get(&to).map(|end| end.call) else {
            return false;
        };
        let mut next = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(port) = next.pop() {
            let Some(call) = self.ends.get(&port).map(|end| end.call) else {
                continue;
            };
            if call == home && port != to {
                return true;
            }
            if seen.insert(port) {
                let others =
                    (self.ends.iter()).filter(|(own, end)| end.call == call && **own != port);
                next.extend(others.filter_map(|(_, end)| end.to));
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    #[test]
    fn a_phone_never_gets_its_sound_at_a_port_of_ours() {
        let mut wires = wires(&[(10, 1, true), (12, 2, true)]);

        for own in [
            "192.0.2.1:10",
            "192.0.2.1:12",
            "192.0.2.1:13",
            "198.51.100.1:12",
        ] {
            assert!(!lets(&mut wires, 10, at(own)), "{own}");
        }
        for other in ["192.0.2.1:14", "192.0.2.7:12", "198.51.100.7:12"] {
            assert!(lets(&mut wires, 10, at(other)), "{other}");
        }
    }

    #[test]
    fn what_left_by_a_carrier_and_comes_back_may_take_the_short_way() {
        // A phone, the carrier, the carrier again, another phone.
        let mut wires = wires(&[(10, 1, true), (12, 1, false), (14, 2, false), (16, 2, true)]);

        assert!(lets(&mut wires, 12, at("192.0.2.1:14")));
        assert!(lets(&mut wires, 14, at("192.0.2.1:12")));
    }

    #[test]
    fn no_ring_is_closed_within_a_call_or_over_several() {
        let mut wires = wires(&[
            (10, 1, false),
            (12, 1, false),
            (14, 2, false),
            (16, 2, false),
        ]);

        assert!(!lets(&mut wires, 10, at("192.0.2.1:10")), "itself");
        assert!(
            !lets(&mut wires, 10, at("192.0.2.1:12")),
            "the other one of its call"
        );
        assert!(lets(&mut wires, 12, at("192.0.2.1:14")));
        assert!(
            !lets(&mut wires, 16, at("192.0.2.1:10")),
            "over another call"
        );
        // Once the first way is gone, the other may be.
        assert!(lets(&mut wires, 12, at("192.0.2.9:14")));
        assert!(lets(&mut wires, 16, at("192.0.2.1:10")));
    }

    #[test]
    fn calls_that_become_one_are_looked_at_again() {
        let mut wires = wires(&[(10, 1, false), (12, 2, false)]);
        assert!(lets(&mut wires, 10, at("192.0.2.1:12")));

        wires.moved(12, call(1));

        assert!(!lets(&mut wires, 10, at("192.0.2.1:12")));
        wires.closed(12);
        assert!(
            lets(&mut wires, 10, at("192.0.2.1:12")),
            "nobody of ours is there"
        );
    }

    #[test]
    fn whoever_listens_everywhere_is_known_by_each_address_of_the_machine() {
        let mut wires = Wires::default();
        let anywhere = "0.0.0.0".parse().unwrap();
        wires.opened((10, call(1)), (anywhere, HERE.parse().unwrap()), true);

        assert!(!lets(&mut wires, 10, at("127.0.0.1:10")));
        assert!(lets(&mut wires, 10, at("203.0.113.1:10")));
    }

    fn wires(ends: &[(u16, u128, bool)]) -> Wires {
        let mut wires = Wires::default();
        let here: IpAddr = HERE.parse().unwrap();
        for (port, number, is_phone) in ends {
            wires.opened((*port, call(*number)), (here, here), *is_phone);
        }
        wires
    }

    fn lets(wires: &mut Wires, port: u16, remote: SocketAddr) -> bool {
        wires.lets(port, remote, Some("198.51.100.1".parse().unwrap()))
    }

    fn call(number: u128) -> CallId {
        CallId(uuid::Uuid::from_u128(number))
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }
}
