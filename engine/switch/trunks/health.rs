//! Which hosts of trunks are alive, and where they are: resolved and asked again and again.

use std::net::SocketAddr;
use std::time::Instant;

use call::TenantId;
use sip::{Method, Name, Request, RequestHandle, Response, Route, Uri};
use web::News;

use super::{DEAD, Host, Ping, transport};
use crate::switch::{Input, Switch};

impl Switch {
    /// Resolves every trunk's hosts; again at every ping, because addresses change.
    pub(in crate::switch) fn begin_trunks(&self) {
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

    pub(in crate::switch) fn handle_trunk_resolved(
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
                known.cloned().unwrap_or(Host {
                    address,
                    missed: 0,
                    is_known: false,
                })
            })
            .collect();
        self.begin_registration(now, name);
    }

    pub(in crate::switch) fn handle_trunk_timeouts(&mut self, now: Instant) {
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
        self.let_waiting_leave(now);
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
            let route = self.leaving_here(route);
            let request = options(&route, &self.endpoint.token());
            let handle = self.endpoint.request(now, &request, route);
            self.trunks
                .pings
                .insert(handle, Ping::Trunk(name, route.remote));
        }
    }

    /// A request of ours outside of calls was answered, or was not (`None`).
    pub(in crate::switch) fn handle_own_response(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        response: Option<&Response>,
    ) {
        if self.handle_text_answer(now, handle, response) {
            return;
        }
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
    pub(super) fn note_host(&mut self, name: &str, address: SocketAddr, answered: bool) {
        let Some(trunk) = self.trunks.by_name.get_mut(name) else {
            return;
        };
        let tenant: TenantId = trunk.settings.tenant.as_str().into();
        let Some(host) = trunk.hosts.iter_mut().find(|host| host.address == address) else {
            return;
        };
        let was_alive = host.missed < DEAD;
        host.missed = if answered { 0 } else { host.missed + 1 };
        let alive = host.missed < DEAD;
        host.is_known |= answered || !alive;
        if was_alive == alive {
            return;
        }
        tracing::warn!(trunk = name, %address, alive, "trunk");
        let event = if alive { "trunk.up" } else { "trunk.down" };
        let payload = serde_json::json!({ "trunk": name, "address": address.to_string() });
        self.parts.scripts.event(&tenant, event, payload);
        let (trunk, address) = (name.to_owned(), address.to_string());
        let news = match alive {
            true => News::TrunkUp { trunk, address },
            false => News::TrunkDown { trunk, address },
        };
        self.tell(&tenant, None, news);
    }
}

/// An OPTIONS that asks whether a host lives.
pub(crate) fn options(route: &Route, token: &str) -> Request {
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
