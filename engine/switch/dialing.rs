//! Ringing somebody: a target becomes addresses, addresses become INVITEs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::{CallId, Cause, Event, LegId, Target};
use media::{CodecKind, Direction};
use script::config::NumberFormat;
use sip::{Host, NameAddr, Outgoing, Route, Transport, Uri};
use smallvec::SmallVec;

use super::live::{Leg, Live, Role};
use super::{Input, Switch, sound, supervising};
use crate::log::Masked;

/// One way to try: an INVITE that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    uri: Uri,
    route: Vec<Uri>,
    destination: Route,
    /// Which user it rings.
    user: Option<String>,
    trunk: Option<String>,
}

/// The answer of the resolver for a target that named a host.
#[derive(Debug)]
pub(crate) struct Resolved {
    call: CallId,
    leg: LegId,
    uri: Uri,
    caller: Caller,
    found: Vec<SocketAddr>,
}

/// Who is shown as calling.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    number: Option<String>,
    name: Option<String>,
}

impl Switch {
    pub(super) fn dial(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        target: Target,
        number: Option<String>,
        name: Option<String>,
    ) {
        let caller = Caller { number, name };
        let role = Role::Called {
            next: Vec::new(),
            users: SmallVec::new(),
            resolving: false,
        };
        live.legs.push(Leg::new(id, role));
        match &target {
            Target::User(user) => {
                let attempts = self.phones_of(live, user);
                if attempts.is_empty() {
                    self.unreachable(live, id, Cause::Unavailable);
                    return;
                }
                self.ring_all(now, live, id, attempts, &caller);
            }
            Target::Trunk { trunk, number } => {
                self.dial_trunk(now, live, id, trunk, number, caller);
            }
            Target::Uri(text) => self.dial_uri(now, live, id, text, caller),
        }
    }

    fn dial_trunk(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        trunk: &str,
        number: &str,
        mut caller: Caller,
    ) {
        let Some(settings) = self.trunks.settings(trunk) else {
            self.unreachable(live, id, Cause::Unallocated);
            return;
        };
        // The fence: a trunk belongs to one tenant.
        if settings.tenant != *live.setup.tenant.0 {
            tracing::warn!(trunk, "this trunk is another tenant's");
            self.unreachable(live, id, Cause::Forbidden);
            return;
        }
        let number = self.number_for(trunk, number);
        let settings = settings.clone();
        if let Some(own) = &settings.caller_id {
            // Outside, an extension is no number that could be called back.
            if caller.number.is_none()
                || (live.setup.user.is_some() && caller.number == live.setup.from)
            {
                caller = Caller {
                    number: Some(own.clone()),
                    name: None,
                };
            }
        }
        let routes = self.trunks.routes(trunk);
        if routes.is_empty() {
            self.unreachable(live, id, Cause::Unavailable);
            return;
        }
        if !self.trunks.seize(trunk, live.id()) {
            self.unreachable(live, id, Cause::Congestion);
            return;
        }
        live.trunk_out = Some(trunk.to_owned());
        let mut attempts: Vec<Attempt> = routes
            .into_iter()
            .map(|destination| Attempt {
                uri: uri_at(&number, destination.remote),
                route: Vec::new(),
                destination,
                user: None,
                trunk: Some(trunk.to_owned()),
            })
            .collect();
        let first = attempts.remove(0);
        if let Some(leg) = live.leg(id) {
            leg.caller = caller.clone();
            if let Role::Called { next, .. } = &mut leg.role {
                *next = attempts;
            }
        }
        self.ring_all(now, live, id, vec![first], &caller);
    }

    fn dial_uri(&mut self, now: Instant, live: &mut Live, id: LegId, text: &str, caller: Caller) {
        let Ok(uri) = Uri::parse(text) else {
            self.unreachable(live, id, Cause::Unallocated);
            return;
        };
        let Some(host) = uri.host() else {
            self.unreachable(live, id, Cause::Unallocated);
            return;
        };
        let name = format!("{host}:{}", uri.port().unwrap_or(5060));
        let call = live.id();
        if let Ok(address) = name.parse() {
            let resolved = Resolved {
                call,
                leg: id,
                uri,
                caller,
                found: vec![address],
            };
            self.dial_resolved(now, live, resolved);
            return;
        }
        if let Some(Role::Called { resolving, .. }) = live.leg(id).map(|leg| &mut leg.role) {
            *resolving = true;
        }
        let entrance = self.parts.entrance.clone();
        tokio::spawn(async move {
            let found = net::resolve(&name, 5060).await.unwrap_or_default();
            let resolved = Resolved {
                call,
                leg: id,
                uri,
                caller,
                found,
            };
            entrance.put(Input::Resolved(resolved)).await;
        });
    }

    pub(super) fn handle_resolved(&mut self, now: Instant, resolved: Resolved) {
        let call = resolved.call;
        self.with_call(now, call, |switch, live| {
            switch.dial_resolved(now, live, resolved)
        });
    }

    fn dial_resolved(&mut self, now: Instant, live: &mut Live, resolved: Resolved) {
        let id = resolved.leg;
        let Some(leg) = live.leg(id).filter(|leg| !leg.over) else {
            return;
        };
        if let Role::Called { resolving, .. } = &mut leg.role {
            *resolving = false;
        }
        let Some(&remote) = resolved.found.first() else {
            self.unreachable(live, id, Cause::Unavailable);
            return;
        };
        let tcp = resolved
            .uri
            .param("transport")
            .is_some_and(|name| name.eq_ignore_case("tcp"));
        let attempt = Attempt {
            uri: resolved.uri,
            route: Vec::new(),
            destination: Route {
                transport: if tcp { Transport::Tcp } else { Transport::Udp },
                local: None,
                remote,
                flow: None,
            },
            user: None,
            trunk: None,
        };
        self.ring_all(now, live, id, vec![attempt], &resolved.caller);
    }

    /// Sends an INVITE for each attempt; they share the leg's ports.
    fn ring_all(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        attempts: Vec<Attempt>,
        caller: &Caller,
    ) {
        let Some(first) = attempts.first() else {
            return;
        };
        let far = first.destination.remote;
        let trunk = first.trunk.clone();
        let Some(near) = self.listener_for(&first.destination) else {
            tracing::warn!(far = %Masked(far), "no listener for this transport and address family");
            self.unreachable(live, id, Cause::Unavailable);
            return;
        };
        if let Some(leg) = live.leg(id) {
            leg.addresses = Some((near, far));
        }
        if let Err(cause) = self.open_sound(live, id) {
            self.unreachable(live, id, cause);
            return;
        }
        let codecs = self.codecs_for(live, trunk.as_deref());
        let (call, domain) = (live.id(), live.tenant.domain.clone());
        let hops = live.hops.saturating_sub(1);
        let shown = live
            .setup
            .from
            .clone()
            .unwrap_or_else(|| "anonymous".to_owned());
        let answer_at_once = match live.supervises && id == LegId::CALLER {
            true => supervising::answer_at_once(&domain),
            false => Vec::new(),
        };
        let Some(leg) = live.leg(id) else { return };
        let Some(sound) = &mut leg.sound else { return };
        let sdp = Bytes::from(sound.negotiator.offer(&codecs, Direction::SendRecv));
        for attempt in attempts {
            let number = caller.number.as_deref().unwrap_or(&shown);
            let host =
                Host::parse(&domain.as_str().into()).unwrap_or_else(|| Host::from(near.ip()));
            let from = Uri::for_user(number, &host, None);
            let from = NameAddr::named(caller.name.as_deref().unwrap_or_default(), &from);
            let destination = self.leaving_here(attempt.destination);
            let remote = destination.remote;
            let session = self.endpoint.invite(
                now,
                Outgoing {
                    to: NameAddr::of(&attempt.uri),
                    uri: attempt.uri,
                    from,
                    route: attempt.route,
                    allows_tcp: attempt.user.is_none() && self.listens_on_tcp(),
                    contact_user: None,
                    contact_host: self.contact_host(near, remote),
                    destination,
                    sdp: Some(sdp.clone()),
                    headers: answer_at_once.clone(),
                    max_forwards: hops,
                    account: attempt
                        .trunk
                        .as_deref()
                        .and_then(|trunk| self.trunk_credentials(trunk)),
                },
            );
            if attempt.user.is_none() {
                self.endpoint.trust_host(now, session);
            }
            leg.sessions.push(session);
            leg.rung.push((session, remote));
            if matches!(&leg.role, Role::Called { next, .. } if !next.is_empty()) {
                self.endpoint.expect_reaction(now, session, REACTION);
            }
            if let (Role::Called { users, .. }, Some(user)) = (&mut leg.role, attempt.user) {
                users.push((session, user));
            }
            self.sessions.insert(session, (call, id));
        }
    }

    /// The next host of a trunk after one that failed; false when there is none.
    pub(super) fn try_next(&mut self, now: Instant, live: &mut Live, id: LegId) -> bool {
        let Some(leg) = live
            .leg(id)
            .filter(|leg| !leg.over && leg.sessions.is_empty())
        else {
            return false;
        };
        let Role::Called { next, .. } = &mut leg.role else {
            return false;
        };
        if next.is_empty() {
            return false;
        }
        let attempt = next.remove(0);
        let caller = leg.caller.clone();
        tracing::info!(to = %attempt.destination.remote, "next host of the trunk");
        self.ring_all(now, live, id, vec![attempt], &caller);
        true
    }

    fn unreachable(&mut self, live: &mut Live, id: LegId, cause: Cause) {
        let thread = live.thread;
        if let Some(leg) = live.leg(id) {
            leg.over = true;
            self.silence_leg(thread, leg);
        }
        live.echoes.push_back(Event::Refused { leg: id, cause });
    }

    /// The caller's codec first, so that packets need no transcoding; what is only passed through
    /// is offered only when the caller speaks it.
    fn codecs_for(&self, live: &Live, trunk: Option<&str>) -> Vec<CodecKind> {
        let own = trunk
            .and_then(|trunk| self.trunks.settings(trunk))
            .map(|settings| sound::codecs(&settings.codecs))
            .filter(|codecs| !codecs.is_empty());
        let ours = own.as_deref().unwrap_or(&self.codecs);
        let spoken = live.caller_codec();
        let mut codecs: Vec<CodecKind> = ours
            .iter()
            .copied()
            .filter(|kind| kind.decodes() || Some(*kind) == spoken)
            .collect();
        if let Some(spoken) = spoken.filter(|spoken| codecs.contains(spoken)) {
            codecs.sort_by_key(|kind| *kind != spoken);
        }
        if spoken == Some(CodecKind::G729) {
            codecs.retain(|kind| *kind == CodecKind::G729);
        }
        codecs
    }

    fn number_for(&self, trunk: &str, number: &str) -> String {
        let Some(settings) = self.trunks.settings(trunk) else {
            return number.to_owned();
        };
        let plan = call::number::Plan {
            area_code: settings.area_code.clone(),
            ..call::number::Plan::default()
        };
        let known = call::number::normalise(number, &plan);
        match settings.number_format {
            NumberFormat::AsIs => number.to_owned(),
            NumberFormat::E164 => known.dialable_e164().unwrap_or_else(|| number.to_owned()),
            NumberFormat::National => known.national().unwrap_or_else(|| number.to_owned()),
        }
    }

    /// Our own address towards a destination.
    pub(super) fn listener_for(&self, destination: &Route) -> Option<SocketAddr> {
        if destination.local.is_some() {
            return destination.local;
        }
        self.parts
            .signalling
            .listening()
            .iter()
            .find(|(transport, local)| {
                *transport == destination.transport
                    && local.is_ipv4() == destination.remote.is_ipv4()
            })
            .map(|(_, local)| *local)
    }

    /// The same way, from the address of ours that Via is to name.
    pub(super) fn leaving_here(&self, route: Route) -> Route {
        let near = self.listener_for(&route);
        let local = near
            .map(|near| SocketAddr::new(self.shown_address(near.ip(), route.remote), near.port()));
        Route {
            local: route.local.or(local),
            ..route
        }
    }

    fn listens_on_tcp(&self) -> bool {
        let listening = self.parts.signalling.listening();
        listening
            .iter()
            .any(|(transport, _)| *transport == Transport::Tcp)
    }

    /// What Contact says where the socket's own address would not do.
    fn contact_host(&self, near: SocketAddr, far: SocketAddr) -> Option<String> {
        let shown = self.shown_address(near.ip(), far);
        Some(SocketAddr::new(shown, near.port()).to_string())
    }

    /// Every phone that is registered for a user.
    fn phones_of(&self, live: &Live, user: &str) -> Vec<Attempt> {
        self.bindings_of(&live.setup.tenant, user)
            .into_iter()
            .map(|phone| Attempt {
                uri: phone.uri,
                route: phone.path,
                destination: phone.route,
                user: Some(user.to_owned()),
                trunk: None,
            })
            .collect()
    }
}

fn uri_at(user: &str, address: SocketAddr) -> Uri {
    Uri::for_user(user, &Host::from(address.ip()), Some(address.port()))
}

/// How long a trunk's host may say nothing while there is another: four tries of the INVITE.
const REACTION: Duration = Duration::from_millis(3_600);
