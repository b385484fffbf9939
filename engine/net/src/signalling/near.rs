//! The address of ours that a far end sees, where the socket listens on all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Finds the address that a far end reaches us at: Via and Contact cannot name `0.0.0.0`.
#[derive(Debug)]
pub(super) struct Near {
    bound: SocketAddr,
    /// Our address by theirs; asking the system costs three calls.
    found: HashMap<IpAddr, IpAddr>,
    since: Instant,
}

impl Near {
    pub(super) fn new(bound: SocketAddr) -> Self {
        Self {
            bound,
            found: HashMap::new(),
            since: Instant::now(),
        }
    }

    pub(super) fn towards(&mut self, remote: SocketAddr) -> SocketAddr {
        if !self.bound.ip().is_unspecified() {
            return self.bound;
        }
        if self.found.len() >= REMEMBERED || self.since.elapsed() >= GOOD_FOR {
            self.found.clear();
            self.since = Instant::now();
        }
        let bound = self.bound.ip();
        let found = self.found.entry(remote.ip());
        let ip = *found.or_insert_with(|| routed(remote).unwrap_or(bound));
        SocketAddr::new(ip, self.bound.port())
    }
}

/// The address from which the system would send there. Nothing is sent.
fn routed(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match remote {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Far ends that are remembered at most.
const REMEMBERED: usize = 4_096;
/// How long what was found is believed: interfaces come and go.
const GOOD_FOR: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_on_all_addresses_is_seen_at_one() {
        let mut near = Near::new("0.0.0.0:5060".parse().unwrap());

        let seen = near.towards("127.0.0.7:40000".parse().unwrap());

        assert_eq!(seen, "127.0.0.1:5060".parse().unwrap());
    }

    #[test]
    fn a_socket_on_one_address_is_seen_there() {
        let bound = "127.0.0.3:5060".parse().unwrap();
        let mut near = Near::new(bound);

        assert_eq!(near.towards("127.0.0.7:40000".parse().unwrap()), bound);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut near = Near::new("0.0.0.0:5060".parse().unwrap());
        for number in 0..=u32::try_from(REMEMBERED).unwrap() {
            near.found
                .insert(Ipv4Addr::from(number).into(), near.bound.ip());
        }

        near.towards("127.0.0.7:40000".parse().unwrap());

        assert_eq!(near.found.len(), 1);
    }
}
