//! Numbers and addresses of callers, as a log may show them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A caller's number or address in a log line. Whoever has to know it whole finds it in the call's
/// record; a log is read by more people, and kept in more places.
///
/// The four digits before the last four are hidden, as is usual in China: `138****8000`. Numbers of
/// up to five digits are extensions and services and stay whole. Of an address the part that tells
/// hosts of one network apart is hidden. Security events need the source itself and do not use this.
#[derive(Clone, Copy, Debug)]
pub struct Masked<T>(pub T);

impl fmt::Display for Masked<&str> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.chars().count();
        let (head, tail) = match count {
            0..=5 => (count, 0),
            6..=7 => (2, 2),
            _ => (count - 8, 4),
        };
        for (at, letter) in self.0.chars().enumerate() {
            let shown = match letter {
                _ if at >= head && at < count - tail => '*',
                // What came from outside must not begin a line of its own.
                _ if letter.is_control() || letter.is_whitespace() => '?',
                _ => letter,
            };
            write!(f, "{shown}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Masked<IpAddr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ip if ip.is_loopback() => write!(f, "{ip}"),
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                write!(f, "{a}.{b}.{c}.x")
            }
            IpAddr::V6(ip) => {
                let [a, b, c, ..] = ip.segments();
                write!(f, "{a:x}:{b:x}:{c:x}::x")
            }
        }
    }
}

impl fmt::Display for Masked<SocketAddr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ip, port) = (Masked(self.0.ip()), self.0.port());
        match self.0 {
            SocketAddr::V4(_) => write!(f, "{ip}:{port}"),
            SocketAddr::V6(_) => write!(f, "[{ip}]:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_number_is_hidden() {
        for (number, shown) in [
            ("13800138000", "138****8000"),
            ("+8613800138000", "+86138****8000"),
            ("01087654321", "010****4321"),
            ("12345678", "****5678"),
            ("9601234", "96***34"),
        ] {
            assert_eq!(Masked(number).to_string(), shown);
        }
    }

    #[test]
    fn extensions_and_services_stay_whole() {
        for number in ["", "110", "1049", "10086"] {
            assert_eq!(Masked(number).to_string(), number);
        }
    }

    #[test]
    fn no_number_begins_a_line_of_its_own() {
        assert_eq!(Masked("a\nb c").to_string(), "a?b?c");
    }

    #[test]
    fn the_host_of_an_address_is_hidden() {
        let shown = |address: &str| Masked(address.parse::<SocketAddr>().unwrap()).to_string();

        assert_eq!(shown("192.0.2.77:5060"), "192.0.2.x:5060");
        assert_eq!(shown("[2001:db8:1:2:3:4:5:6]:5060"), "[2001:db8:1::x]:5060");
        assert_eq!(shown("127.0.0.1:5070"), "127.0.0.1:5070");
    }
}
