//! Proxies before the server, which say who asks and whether that was encrypted; nobody else is believed.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Addresses and networks of proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<(IpAddr, u8)>);

/// Whether a request has come over TLS: to us, or to a proxy that is believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Encrypted(pub(crate) bool);

impl Proxies {
    /// From `192.0.2.7` and `10.0.0.0/8`; what is neither is left out, which the configuration has refused before.
    pub fn new(networks: &[String]) -> Self {
        let read = |text: &String| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
                None => (text.as_str(), None),
            };
            Some((address.parse::<IpAddr>().ok()?, bits.unwrap_or(128)))
        };
        Self(networks.iter().filter_map(read).collect())
    }

    /// Whether this is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_in = |&(network, bits): &(IpAddr, u8)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let apart = network.to_bits() ^ address.to_bits();
                apart.leading_zeros() >= u32::from(bits.min(32))
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let apart = network.to_bits() ^ address.to_bits();
                apart.leading_zeros() >= u32::from(bits.min(128))
            }
            _ => false,
        };
        self.0.iter().any(is_in)
    }

    /// Who asks: whoever has connected, or behind proxies that are believed the nearest one who is none of them.
    ///
    /// A header can be written by anybody: of `X-Forwarded-For` only what our own proxies have added counts, which
    /// stands at its end.
    pub(crate) fn source(&self, remote: IpAddr, headers: &HeaderMap) -> (IpAddr, Encrypted) {
        if !self.trusts(remote) {
            return (remote, Encrypted(false));
        }
        let lines = headers.get_all("x-forwarded-for").into_iter();
        let texts: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let mut source = remote;
        for hop in texts.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            source = address.to_canonical();
            if !self.trusts(source) {
                break;
            }
        }
        let scheme = headers.get_all("x-forwarded-proto").into_iter().next_back();
        let scheme = scheme.and_then(|line| line.to_str().ok()?.rsplit(',').next());
        let is_https = scheme.is_some_and(|it| it.trim().eq_ignore_ascii_case("https"));
        (source, Encrypted(is_https))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_what_our_own_proxies_have_added_is_believed() {
        let proxies = Proxies::new(&[
            "10.0.0.0/8".into(),
            "192.0.2.7".into(),
            "2001:db8::/32".into(),
        ]);
        let forged = "203.0.113.9";
        for (remote, forwarded, source) in [
            ("198.51.100.4", &[forged][..], "198.51.100.4"),
            ("192.0.2.8", &[forged], "192.0.2.8"),
            ("192.0.2.7", &[], "192.0.2.7"),
            ("192.0.2.7", &["198.51.100.4"], "198.51.100.4"),
            ("192.0.2.7", &["203.0.113.9, 198.51.100.4"], "198.51.100.4"),
            (
                "192.0.2.7",
                &["203.0.113.9", "198.51.100.4"],
                "198.51.100.4",
            ),
            (
                "192.0.2.7",
                &["203.0.113.9, 198.51.100.4, 10.1.2.3"],
                "198.51.100.4",
            ),
            ("192.0.2.7", &["203.0.113.9, nonsense"], "192.0.2.7"),
            ("192.0.2.7", &["10.1.1.1, 10.1.2.3"], "10.1.1.1"),
            (
                "::ffff:192.0.2.7",
                &["2001:db8::1, ::ffff:10.0.0.1"],
                "2001:db8::1",
            ),
        ] {
            let lines: Vec<_> = forwarded
                .iter()
                .map(|it| ("x-forwarded-for", *it))
                .collect();
            let (found, _) = proxies.source(remote.parse().unwrap(), &headers(&lines));
            assert_eq!(
                found,
                source.parse::<IpAddr>().unwrap(),
                "{remote} {forwarded:?}"
            );
        }
    }

    #[test]
    fn only_our_own_proxies_say_that_it_was_encrypted() {
        let proxies = Proxies::new(&["192.0.2.7".into()]);
        let encrypted = |remote: &str, scheme: &str| {
            let headers = headers(&[("x-forwarded-proto", scheme)]);
            proxies.source(remote.parse().unwrap(), &headers).1
        };

        assert_eq!(encrypted("192.0.2.7", "https"), Encrypted(true));
        assert_eq!(encrypted("192.0.2.7", "http, https"), Encrypted(true));
        assert_eq!(encrypted("192.0.2.7", "http"), Encrypted(false));
        assert_eq!(encrypted("192.0.2.8", "https"), Encrypted(false));
        assert_eq!(
            Proxies::default()
                .source(
                    "127.0.0.1".parse().unwrap(),
                    &headers(&[("x-forwarded-proto", "https")])
                )
                .1,
            Encrypted(false)
        );
    }
}
