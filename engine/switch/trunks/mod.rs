//! Trunks: who may call without a password, where calls go, which hosts are alive.

mod capacity;
mod dialing;
mod health;
mod network;
mod order;
mod registering;
mod shown;
mod timing;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::number::{Plan, normalise};
use call::{CallId, Cause, LegId};
use script::config::{Config, Transport, Trunk, Way};
use sip::registrar::BindingId;
use sip::{RequestHandle, Route, TrunkRegistration};

pub(crate) use capacity::{Busy, Line};
pub(crate) use health::options;
pub(crate) use shown::Identity;

use capacity::Lines;
use network::{Network, network};
use shown::Pool;

/// All trunks.
#[derive(Debug)]
pub(crate) struct Trunks {
    pub(super) by_name: HashMap<String, State>,
    /// Groups of trunks by name.
    groups: BTreeMap<String, Vec<Way>>,
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
    pub(super) lines: Lines,
    /// The numbers that it may show, and how they fare.
    pub(super) pool: Pool,
    /// For trunks that want us to register.
    pub(super) registration: Option<TrunkRegistration>,
    /// Attempts that have failed: each is made at the next of the hosts.
    pub(super) failed: usize,
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
                    lines: Lines::default(),
                    pool: Pool::default(),
                    registration: None,
                    failed: 0,
                    registered: "not registered",
                };
                (name.clone(), state)
            })
            .collect();
        let ping_interval = config.sip.options_interval;
        Self {
            by_name,
            groups: config.sip.groups.clone(),
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
        let waiting = self.by_name.values();
        let waiting = waiting.filter_map(|trunk| trunk.lines.poll_timeout(&trunk.settings.carried));
        registrations.chain(self.next_ping).chain(waiting).min()
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

    /// Goes on from what was known before `config.lua` changed: lines in use, which hosts live, which
    /// numbers rest.
    pub(crate) fn succeed(&mut self, before: Self) {
        for (name, old) in before.by_name {
            let Some(trunk) = self.by_name.get_mut(&name) else {
                continue;
            };
            trunk.lines = old.lines;
            trunk.pool = old.pool;
            if trunk.settings.hosts == old.settings.hosts {
                trunk.hosts = old.hosts;
            }
        }
    }

    /// The trunks by which a number can leave, in the order in which they are tried: a trunk alone, or
    /// those of a group, whose hosts all say nothing last.
    pub(crate) fn ways(
        &self,
        name: &str,
        number: &str,
        tenant: &str,
        draw: impl FnMut(u64) -> u64,
    ) -> Result<Vec<String>, Cause> {
        let names = match self.groups.get(name) {
            None => vec![name.to_owned()],
            Some(ways) => {
                let number = normalise(number, &Plan::default());
                let mut order = order::ordered(ways, &number, draw);
                order.sort_by_key(|way| self.is_dead(&way.trunk));
                order.iter().map(|way| way.trunk.clone()).collect()
            }
        };
        for name in &names {
            let trunk = self.by_name.get(name).ok_or(Cause::Unallocated)?;
            // The fence: a trunk belongs to one tenant.
            if trunk.settings.tenant != tenant {
                tracing::warn!(trunk = name, "this trunk is another tenant's");
                return Err(Cause::Forbidden);
            }
        }
        match names.is_empty() {
            true => Err(Cause::Unallocated),
            false => Ok(names),
        }
    }

    fn is_dead(&self, name: &str) -> bool {
        let hosts = self.by_name.get(name).map(|trunk| &trunk.hosts);
        hosts.is_none_or(|hosts| hosts.iter().all(|host| host.missed >= DEAD))
    }

    /// A trunk, or the first of a group.
    pub(crate) fn first_of(&self, name: &str) -> Option<&Trunk> {
        let first = self.groups.get(name).and_then(|ways| ways.first());
        self.settings(first.map_or(name, |way| way.trunk.as_str()))
    }

    /// Whether a host of a trunk is there that has not left our questions unanswered.
    pub(crate) fn answers(&self, name: &str) -> bool {
        !self.is_dead(name)
    }

    /// Whether all lines to there are in use.
    pub(crate) fn is_full(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|trunk| {
            let (limits, lines) = (&trunk.settings.carried, &trunk.lines);
            let full = |limit: u32, used: u32| limit > 0 && used >= limit;
            full(limits.max_calls, lines.all()) || full(limits.max_out, lines.outgoing)
        })
    }

    /// Where it is registered: after a failure at the next of its hosts.
    fn registrar(&self, name: &str) -> Option<Route> {
        let failed = self.by_name.get(name)?.failed;
        let routes = self.routes(name);
        let turn = failed.checked_rem(routes.len())?;
        routes.into_iter().nth(turn)
    }

    /// Takes a line for a call to there.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        name: &str,
        who: (CallId, LegId),
        is_urgent: bool,
    ) -> Result<Line, Busy> {
        let trunk = self.by_name.get_mut(name).ok_or(Busy::Full)?;
        let limits = &trunk.settings.carried;
        trunk.lines.leave(now, limits, who, is_urgent)?;
        Ok(Line {
            trunk: name.to_owned(),
            leaves: true,
        })
    }

    /// Takes a line for a call from there.
    pub(crate) fn come(&mut self, now: Instant, name: &str) -> Result<Line, Busy> {
        let trunk = self.by_name.get_mut(name).ok_or(Busy::Full)?;
        trunk.lines.come(now, &trunk.settings.carried)?;
        Ok(Line {
            trunk: name.to_owned(),
            leaves: false,
        })
    }

    /// Who waits for a second of this trunk, and may leave or has waited for too long (`true`).
    fn due(&self, now: Instant, name: &str) -> Option<((CallId, LegId), bool)> {
        let trunk = self.by_name.get(name)?;
        trunk.lines.due(now, &trunk.settings.carried)
    }

    /// Whether the next host or trunk is tried after this refusal.
    pub(crate) fn tries_another(&self, name: &str, status: u16) -> bool {
        let statuses = self.settings(name).map(|trunk| &trunk.retry_on);
        statuses.is_some_and(|all| all.iter().any(|one| one.contains(status)))
    }

    /// A line is free again.
    pub(crate) fn free(&mut self, line: &Line) {
        if let Some(trunk) = self.by_name.get_mut(&line.trunk) {
            trunk.lines.free(line.leaves);
        }
    }

    /// Name, host, alive, lines in use; for `moonswitch status`.
    pub(crate) fn overview(&self, now: Instant) -> Vec<serde_json::Value> {
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
                    "name": name, "hosts": hosts, "lines": trunk.lines.all(),
                    "registration": trunk.settings.register.then_some(trunk.registered),
                    "resting": trunk.pool.resting(now),
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

/// Unanswered OPTIONS after which a host is tried last.
pub(super) const DEAD: u32 = 2;
const FIRST_PING: Duration = Duration::from_secs(2);
