//! RTP ports: even numbers at random, so that nobody guesses the next one.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use rand::Rng;

use crate::Error;

/// Hands out pairs of sockets (RTP on an even port, RTCP on the next) and takes the numbers back.
#[derive(Debug)]
pub(crate) struct Ports {
    first: u16,
    last: u16,
    /// One flag a pair.
    taken: Vec<bool>,
    free: usize,
}

/// Two sockets bound beside each other.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) port: u16,
}

impl Ports {
    /// Uses the even ports of `first..=last` that have their odd neighbour in the range.
    pub(crate) fn new(first: u16, last: u16) -> Self {
        let first = first.saturating_add(first % 2);
        let pairs = (usize::from(last) + 1).saturating_sub(usize::from(first)) / 2;
        Self {
            first,
            last,
            taken: vec![false; pairs],
            free: pairs,
        }
    }

    /// Binds a pair at random; ports that somebody else holds are passed over.
    pub(crate) fn open(&mut self, address: IpAddr) -> Result<Pair, Error> {
        if self.free == 0 {
            return Err(Error::OutOfPorts(self.first, self.last));
        }
        let start = rand::rng().random_range(0..self.taken.len());
        for step in 0..self.taken.len() {
            let index = (start + step) % self.taken.len();
            if self.taken[index] {
                continue;
            }
            let port = self.first + 2 * index as u16;
            match bind_pair(address, port) {
                Ok((rtp, rtcp)) => {
                    self.taken[index] = true;
                    self.free -= 1;
                    return Ok(Pair { rtp, rtcp, port });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::OutOfPorts(self.first, self.last))
    }

    /// Takes a pair back, after its sockets are closed.
    pub(crate) fn release(&mut self, port: u16) {
        let index = usize::from(port.saturating_sub(self.first)) / 2;
        if let Some(taken) = self.taken.get_mut(index).filter(|taken| **taken) {
            *taken = false;
            self.free += 1;
        }
    }

    /// How many pairs are left.
    pub(crate) fn free(&self) -> usize {
        self.free
    }
}

fn bind_pair(address: IpAddr, port: u16) -> io::Result<(UdpSocket, UdpSocket)> {
    let rtp = UdpSocket::bind(SocketAddr::new(address, port))?;
    let rtcp = UdpSocket::bind(SocketAddr::new(address, port + 1))?;
    rtp.set_nonblocking(true)?;
    rtcp.set_nonblocking(true)?;
    Ok((rtp, rtcp))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn every_pair_is_handed_out_once_and_then_there_are_none() {
        let mut ports = Ports::new(47_101, 47_110);

        let pairs: Vec<Pair> = (0..4).map(|_| ports.open(HERE).unwrap()).collect();

        let mut numbers: Vec<u16> = pairs.iter().map(|pair| pair.port).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [47_102, 47_104, 47_106, 47_108]);
        assert!(matches!(ports.open(HERE), Err(Error::OutOfPorts(..))));
    }

    #[test]
    fn a_released_pair_can_be_had_again() {
        let mut ports = Ports::new(47_120, 47_121);
        let pair = ports.open(HERE).unwrap();
        let port = pair.port;

        drop(pair);
        ports.release(port);

        assert_eq!(ports.open(HERE).unwrap().port, port);
    }

    #[test]
    fn a_port_that_somebody_else_holds_is_passed_over() {
        let _other = UdpSocket::bind((HERE, 47_131)).unwrap();
        let mut ports = Ports::new(47_130, 47_133);

        assert_eq!(ports.open(HERE).unwrap().port, 47_132);
    }
}
