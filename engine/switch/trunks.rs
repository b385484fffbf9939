//! Trunks: who may call without a password, where calls go, which hosts are alive.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::CallId;
use script::config::{Config, Transport, Trunk};
use sip::auth::Account;
use sip::registrar::BindingId;
use sip::{
    Method, Name, Request, RequestHandle, Response, Route, TrunkContact, TrunkOutput,
    TrunkRegistration, Uri,
};

use super::{Input, Switch};

/// All trunks.
#[derive(Debug)]
pub(crate) struct Trunks {
    by_name: HashMap<String, State>,
    /// Calls that hold a line.
    lines: HashMap<CallId, Vec<String>>,
    pub(crate) pings: HashMap<RequestHandle, Ping>,
    next_ping: Option<Instant>,
    ping_interval: Duration,
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

#[derive(Debug)]
struct State {
    settings: Trunk,
    trusted: Vec<Network>,
    /// In fail-over order.
    hosts: Vec<Host>,
    lines: u32,
    /// For trunks that want us to register.
    registration: Option<TrunkRegistration>,
    /// How that stands, for `moonswitch status`.
    registered: &'static str,
}

/// One address of a trunk.
#[derive(Clone, Debug)]
struct Host {
    address: SocketAddr,
    /// Unanswered OPTIONS since the last answer.
    missed: u32,
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
            .find(|(_, trunk)| trunk.trusted.iter().any(|network| network.contains(source)))
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
                    .map(|host| serde_json::json!({ "address": host.address, "alive": host.missed < DEAD }))
                    .collect();
                serde_json::json!({
                    "name": name, "hosts": hosts, "lines": trunk.lines,
                    "registration": trunk.settings.register.then_some(trunk.registered),
                })
            })
            .collect()
    }
}

impl Switch {
    /// Resolves every trunk's hosts; again at every ping, because addresses change.
    pub(super) fn begin_trunks(&self) {
        for (name, trunk) in &self.trunks.by_name {
            let (name, hosts) = (name.clone(), trunk.settings.hosts.clone());
            let entrance = self.parts.entrance.clone();
            tokio::spawn(async move {
                let mut resolved = Vec::with_capacity(hosts.len());
                for host in &hosts {
                    let found = net::resolve(host, 5060).await;
                    if let Err(error) = &found {
                        tracing::warn!(trunk = name, %error, "trunk");
                    }
                    resolved.push(found.unwrap_or_default());
                }
                let hosts = resolved;
                entrance
                    .put(Input::TrunkResolved { trunk: name, hosts })
                    .await;
            });
        }
    }

    pub(super) fn handle_trunk_resolved(
        &mut self,
        now: Instant,
        name: &str,
        hosts: &[Vec<SocketAddr>],
    ) {
        let Some(trunk) = self.trunks.by_name.get_mut(name) else {
            return;
        };
        let addresses: Vec<SocketAddr> = hosts.iter().flatten().copied().collect();
        if addresses.is_empty() {
            // Names that do not resolve now keep the addresses that they had.
            return;
        }
        trunk.hosts = addresses
            .into_iter()
            .map(|address| {
                let known = trunk.hosts.iter().find(|host| host.address == address);
                known.cloned().unwrap_or(Host { address, missed: 0 })
            })
            .collect();
        self.begin_registration(now, name);
    }

    pub(super) fn handle_trunk_timeouts(&mut self, now: Instant) {
        let due: Vec<String> = self
            .trunks
            .by_name
            .iter_mut()
            .filter_map(|(name, trunk)| {
                let registration = trunk.registration.as_mut()?;
                registration.poll_timeout().filter(|due| *due <= now)?;
                registration.handle_timeout(now);
                Some(name.clone())
            })
            .collect();
        for name in due {
            self.carry_registration(now, &name);
        }
        if self.trunks.next_ping.is_none_or(|due| due > now) {
            return;
        }
        self.trunks.next_ping = Some(now + self.trunks.ping_interval);
        self.begin_trunks();
        let targets: Vec<(String, Route)> = self
            .trunks
            .by_name
            .iter()
            .flat_map(|(name, trunk)| {
                trunk.hosts.iter().map(|host| {
                    let route = Route {
                        transport: transport(trunk.settings.transport),
                        local: None,
                        remote: host.address,
                        flow: None,
                    };
                    (name.clone(), route)
                })
            })
            .collect();
        for (name, route) in targets {
            let request = options(&route, &self.endpoint.token());
            let handle = self.endpoint.request(now, &request, route);
            self.trunks
                .pings
                .insert(handle, Ping::Trunk(name, route.remote));
        }
    }

    /// A request of ours outside of calls was answered, or was not (`None`).
    pub(super) fn handle_own_response(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        response: Option<&Response>,
    ) {
        match self.trunks.pings.remove(&handle) {
            Some(Ping::Trunk(name, address)) => self.note_host(&name, address, response.is_some()),
            Some(Ping::Phone(account, id, asked)) => {
                let answer = response.map(|_| now.saturating_duration_since(asked));
                self.registrar.handle_probe(&account, id, answer);
                self.handle_registrar_timeouts(now);
            }
            Some(Ping::Register(name)) => {
                let trunk = self.trunks.by_name.get_mut(&name);
                if let Some(registration) = trunk.and_then(|trunk| trunk.registration.as_mut()) {
                    match response {
                        Some(response) => registration.handle_response(now, response),
                        None => registration.handle_no_answer(now),
                    }
                }
                self.carry_registration(now, &name);
            }
            None => {}
        }
    }

    /// Any answer, whatever its status, says that a host lives.
    fn note_host(&mut self, name: &str, address: SocketAddr, answered: bool) {
        let Some(trunk) = self.trunks.by_name.get_mut(name) else {
            return;
        };
        let tenant = trunk.settings.tenant.as_str().into();
        let Some(host) = trunk.hosts.iter_mut().find(|host| host.address == address) else {
            return;
        };
        let was_alive = host.missed < DEAD;
        host.missed = if answered { 0 } else { host.missed + 1 };
        let alive = host.missed < DEAD;
        if was_alive == alive {
            return;
        }
        tracing::warn!(trunk = name, %address, alive, "trunk");
        let event = if alive { "trunk.up" } else { "trunk.down" };
        let payload = serde_json::json!({ "trunk": name, "address": address.to_string() });
        self.parts.scripts.event(&tenant, event, payload);
    }

    /// Begins to register a trunk that wants it, once its address is known.
    fn begin_registration(&mut self, now: Instant, name: &str) {
        let Some(trunk) = self.trunks.by_name.get(name) else {
            return;
        };
        if !trunk.settings.register || trunk.registration.is_some() {
            return;
        }
        let (Some(user), Some(host)) = (&trunk.settings.username, trunk.settings.hosts.first())
        else {
            return;
        };
        let Some(route) = self.trunks.routes(name).into_iter().next() else {
            return;
        };
        let Some(near) = self.listener_for(&route) else {
            tracing::error!(
                trunk = name,
                "no listener for this trunk's transport: add one to sip.listen"
            );
            return;
        };
        let shown = SocketAddr::new(self.shown_address(near.ip(), route.remote), near.port());
        let uri = |text: String| {
            Uri::parse(text).inspect_err(|error| tracing::error!(trunk = name, %error, "trunk"))
        };
        let (Ok(registrar), Ok(address), Ok(contact)) = (
            uri(format!("sip:{host}")),
            uri(format!("sip:{user}@{host}")),
            uri(format!("sip:{user}@{shown}")),
        ) else {
            return;
        };
        let terms = TrunkContact {
            registrar,
            address,
            contact,
            expires: REGISTRATION,
        };
        let account = self.trunk_credentials(name);
        let mut registration = TrunkRegistration::new(terms, account, rand::random());
        registration.register();
        if let Some(trunk) = self.trunks.by_name.get_mut(name) {
            trunk.registration = Some(registration);
        }
        self.carry_registration(now, name);
    }

    /// Carries out what a trunk's registration wants.
    fn carry_registration(&mut self, now: Instant, name: &str) {
        loop {
            let Some(trunk) = self.trunks.by_name.get_mut(name) else {
                return;
            };
            let Some(output) = trunk
                .registration
                .as_mut()
                .and_then(TrunkRegistration::poll_output)
            else {
                return;
            };
            match output {
                TrunkOutput::Send(request) => {
                    let Some(route) = self.trunks.routes(name).into_iter().next() else {
                        return;
                    };
                    let handle = self.endpoint.request(now, &request, route);
                    self.trunks
                        .pings
                        .insert(handle, Ping::Register(name.to_owned()));
                }
                TrunkOutput::Registered { .. } => {
                    if trunk.registered != "registered" {
                        tracing::info!(trunk = name, "registered");
                    }
                    trunk.registered = "registered";
                }
                TrunkOutput::Failed { why, .. } => {
                    tracing::warn!(trunk = name, %why, "not registered");
                    trunk.registered = "not registered";
                }
                TrunkOutput::Unregistered => trunk.registered = "not registered",
            }
        }
    }

    /// What answers a trunk's challenges: its own realm only.
    pub(super) fn trunk_credentials(&self, name: &str) -> Option<Account> {
        let settings = self.trunks.settings(name)?;
        let (user, password) = (settings.username.as_ref()?, settings.password.as_ref()?);
        let host = settings
            .hosts
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        let domain = host.rsplit_once(':').map_or(host, |(domain, _)| domain);
        Some(Account::new(
            user,
            password,
            settings.realm.as_deref(),
            domain,
            rand::random(),
        ))
    }

    pub(super) fn end_trunks(&mut self, now: Instant) {
        self.trunks.next_ping = None;
        let names: Vec<String> = self.trunks.by_name.keys().cloned().collect();
        for name in names {
            let trunk = self.trunks.by_name.get_mut(&name);
            if let Some(registration) = trunk.and_then(|trunk| trunk.registration.as_mut()) {
                registration.unregister();
            }
            self.carry_registration(now, &name);
        }
    }
}

/// An OPTIONS that asks whether a host lives.
pub(super) fn options(route: &Route, token: &str) -> Request {
    let uri = Uri::for_user("", &route.remote.ip().into(), Some(route.remote.port()));
    Request::build(Method::Options, &uri)
        .header(
            Name::From,
            format_args!("<sip:moonswitch@invalid>;tag={token}"),
        )
        .header(Name::To, format_args!("<{uri}>"))
        .header(Name::CallId, format_args!("{token}@moonswitch"))
        .header(Name::CSeq, "1 OPTIONS")
        .header(Name::Accept, "application/sdp")
        .finish()
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
const DEAD: u32 = 2;
/// What is asked of a carrier's registrar.
const REGISTRATION: Duration = Duration::from_secs(600);
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
