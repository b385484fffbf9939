//! Trunks: who may call without a password, where calls go, which hosts are alive.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::CallId;
use script::config::{Config, Transport, Trunk};
use sip::registrar::BindingId;
use sip::{RequestHandle, Route, TrunkRegistration};

/// All trunks.
#[derive(Debug)]
pub(crate) struct Trunks {
    pub(super) by_name: HashMap<String, State>,
    /// Calls that hold a line.
    lines: HashMap<CallId, Vec<String>>,
    pub(crate) pings: HashMap<RequestHandle, Ping>,
    pub(super) next_ping: Option<Instant>,
    pub(super) ping_interval: Duration,
}

/// A request of ours outside of calls.
#[derive(Debug)]
pub(crate) enum Ping {
    /// OPTIONS to a trunk's host.
    Trunk(String, SocketAddr),
    /// OPTIONS to a registered phone.
    Phone(Arc<str>, BindingId, Instant),
    /// REGISTER to a trunk.
    Register(String),
}

/// One trunk.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Trunk,
    trusted: Vec<Network>,
    /// In fail-over order.
    pub(super) hosts: Vec<Host>,
    pub(super) lines: u32,
    /// For trunks that want us to register.
    pub(super) registration: Option<TrunkRegistration>,
    /// How that stands, for `moonswitch status`.
    pub(super) registered: &'static str,
}

/// One address of a trunk.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) address: SocketAddr,
    /// Unanswered OPTIONS since the last answer.
    pub(super) missed: u32,
    /// Whether it has answered one, or left as many unanswered as make it dead.
    pub(super) is_known: bool,
}

/// `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Trunks {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        let by_name = config
            .sip
            .trunks
            .iter()
            .map(|(name, settings)| {
                let state = State {
                    trusted: settings
                        .trusted
                        .iter()
                        .filter_map(|text| network(text))
                        .collect(),
                    settings: settings.clone(),
                    hosts: Vec::new(),
                    lines: 0,
                    registration: None,
                    registered: "not registered",
                };
                (name.clone(), state)
            })
            .collect();
        let ping_interval = config.sip.options_interval;
        Self {
            by_name,
            lines: HashMap::new(),
            pings: HashMap::new(),
            next_ping: (!ping_interval.is_zero()).then_some(now + FIRST_PING),
            ping_interval,
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let registrations = self
            .by_name
            .values()
            .filter_map(|trunk| trunk.registration.as_ref()?.poll_timeout());
        registrations.chain(self.next_ping).min()
    }

    /// The trunk whose calls come from this address.
    pub(crate) fn trusting(&self, source: IpAddr) -> Option<(&str, &Trunk)> {
        let source = source.to_canonical();
        self.by_name
            .iter()
            .find(|(_, trunk)| {
                trunk.trusted.iter().any(|network| network.contains(source))
                    || trunk.is_registered_at(source)
            })
            .map(|(name, trunk)| (name.as_str(), &trunk.settings))
    }

    pub(crate) fn settings(&self, name: &str) -> Option<&Trunk> {
        self.by_name.get(name).map(|trunk| &trunk.settings)
    }

    /// Where to try, in order: hosts that answer OPTIONS first, silent ones last.
    pub(crate) fn routes(&self, name: &str) -> Vec<Route> {
        let Some(trunk) = self.by_name.get(name) else {
            return Vec::new();
        };
        let mut hosts: Vec<&Host> = trunk.hosts.iter().collect();
        hosts.sort_by_key(|host| host.missed >= DEAD);
        hosts
            .into_iter()
            .map(|host| Route {
                transport: transport(trunk.settings.transport),
                local: None,
                remote: host.address,
                flow: None,
            })
            .collect()
    }

    /// Takes a line; false when all are in use.
    pub(crate) fn seize(&mut self, name: &str, call: CallId) -> bool {
        let Some(trunk) = self.by_name.get_mut(name) else {
            return false;
        };
        let limit = trunk.settings.max_calls;
        if limit > 0 && trunk.lines >= limit {
            return false;
        }
        trunk.lines += 1;
        self.lines.entry(call).or_default().push(name.to_owned());
        true
    }

    /// What a call has taken another goes on with.
    pub(crate) fn hand_over(&mut self, from: CallId, to: CallId) {
        if let Some(lines) = self.lines.remove(&from) {
            self.lines.entry(to).or_default().extend(lines);
        }
    }

    /// A call is over: its lines are free.
    pub(crate) fn forget(&mut self, call: CallId) {
        for name in self.lines.remove(&call).into_iter().flatten() {
            if let Some(trunk) = self.by_name.get_mut(&name) {
                trunk.lines = trunk.lines.saturating_sub(1);
            }
        }
    }

    /// Name, host, alive, lines in use; for `moonswitch status`.
    pub(crate) fn overview(&self) -> Vec<serde_json::Value> {
        let mut names: Vec<&String> = self.by_name.keys().collect();
        names.sort();
        names
            .into_iter()
            .map(|name| {
                let trunk = &self.by_name[name];
                let hosts: Vec<serde_json::Value> = trunk
                    .hosts
                    .iter()
                    .map(|host| {
                        let alive = host.is_known.then_some(host.missed < DEAD);
                        serde_json::json!({ "address": host.address, "alive": alive })
                    })
                    .collect();
                serde_json::json!({
                    "name": name, "hosts": hosts, "lines": trunk.lines,
                    "registration": trunk.settings.register.then_some(trunk.registered),
                })
            })
            .collect()
    }
}

impl State {
    /// Whether calls from there are those that we have registered for.
    fn is_registered_at(&self, source: IpAddr) -> bool {
        let mut hosts = self.hosts.iter();
        self.settings.register && hosts.any(|host| host.address.ip().to_canonical() == source)
    }
}

pub(crate) fn transport(transport: Transport) -> sip::Transport {
    match transport {
        Transport::Udp => sip::Transport::Udp,
        Transport::Tcp => sip::Transport::Tcp,
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.bits.min(32)))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits.min(128)))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    Some(Network {
        address,
        bits: bits.unwrap_or(whole),
    })
}

/// Unanswered OPTIONS after which a host is tried last.
pub(super) const DEAD: u32 = 2;
const FIRST_PING: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_only() {
        for (text, address, want) in [
            ("127.0.0.9", "127.0.0.9", true),
            ("127.0.0.9", "127.0.0.10", false),
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("2001:db8::/32", "2001:db8:7::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8", "::1", false),
        ] {
            let network = network(text).unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                want,
                "{text} {address}"
            );
        }
        assert!(network("carrier.example").is_none());
    }
}
