//! Host names to addresses, with a limit on how long that may take.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::Error;

/// Resolves `host`, `host:port`, `1.2.3.4`, `[::1]:5060`. All addresses that were found, in order;
/// the port is `default_port` where none is written.
///
/// # Errors
/// [`Error::Unresolved`] when there is none or the resolver is silent for two seconds.
pub async fn resolve(name: &str, default_port: u16) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = name.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    if let Ok(ip) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, default_port)]);
    }
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(default_port)),
        None => (name, default_port),
    };
    let look_up = tokio::net::lookup_host((host, port));
    let found: Vec<SocketAddr> = match tokio::time::timeout(PATIENCE, look_up).await {
        Ok(Ok(found)) => found.collect(),
        _ => Vec::new(),
    };
    if found.is_empty() {
        return Err(Error::Unresolved(name.to_owned()));
    }
    Ok(found)
}

/// A dead resolver must not hold a call up: the next trunk is to be tried within four seconds.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_need_no_resolver() {
        for (text, want) in [
            ("127.0.0.9:5090", "127.0.0.9:5090"),
            ("127.0.0.9", "127.0.0.9:5060"),
            ("[::1]:5070", "[::1]:5070"),
            ("[::1]", "[::1]:5060"),
        ] {
            assert_eq!(resolve(text, 5060).await.unwrap(), [want.parse().unwrap()]);
        }
    }

    #[tokio::test]
    async fn a_name_has_the_port_that_is_written_or_else_the_usual_one() {
        for (text, port) in [("localhost", 5060), ("localhost:5070", 5070)] {
            let found = resolve(text, 5060).await.unwrap();

            assert!(found.iter().all(|address| address.ip().is_loopback()));
            assert!(found.iter().all(|address| address.port() == port));
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_is_an_error_in_two_seconds() {
        let begun = std::time::Instant::now();

        let found = resolve("nobody.invalid", 5060).await;

        assert!(matches!(found, Err(Error::Unresolved(name)) if name == "nobody.invalid"));
        assert!(begun.elapsed() < 2 * PATIENCE);
    }
}
