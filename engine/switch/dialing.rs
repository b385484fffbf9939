//! Ringing somebody: a target becomes addresses, addresses become INVITEs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use call::{CallId, Cause, Event, LegId, Target};
use media::{CodecKind, Direction};
use sip::{Host, NameAddr, Outgoing, Route, Transport, Uri};
use smallvec::SmallVec;

use super::live::{Leg, Live, Role};
use super::{Input, Switch, answering, sound};
use crate::log::Masked;

/// One way to try: an INVITE that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    uri: Uri,
    route: Vec<Uri>,
    destination: Route,
    /// Which user it rings.
    user: Option<String>,
    pub(super) trunk: Option<String>,
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
    pub(super) number: Option<String>,
    pub(super) name: Option<String>,
}

impl Attempt {
    /// To a trunk's host.
    pub(super) fn by_trunk(trunk: &str, number: &str, destination: Route) -> Self {
        Self {
            uri: uri_at(number, destination.remote),
            route: Vec::new(),
            destination,
            user: None,
            trunk: Some(trunk.to_owned()),
        }
    }
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
            Target::User(user) if self.is_not_to_be_disturbed(live, id, user) => {
                self.unreachable(live, id, Cause::Busy);
            }
            Target::User(user) => {
                let attempts = self.phones_of(live, user);
                if attempts.is_empty() {
                    self.unreachable(live, id, Cause::Unavailable);
                    return;
                }
                self.ring_all(now, live, id, attempts, &caller);
            }
            Target::Trunk { number, .. } if self.must_be_busy(live, number) => {
                self.unreachable(live, id, Cause::Forbidden);
            }
            Target::Trunk { trunk, number } => {
                self.dial_trunk(now, live, id, (trunk, number), caller);
            }
            Target::Uri(text) => self.dial_uri(now, live, id, text, caller),
        }
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
    pub(super) fn ring_all(
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
        let first_user = first.user.clone();
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
        let itself = first_user.is_some_and(|user| self.answers_itself(live, id, &user));
        let at_once = match itself || (live.supervises && id == LegId::CALLER) {
            true => answering::headers(&domain),
            false => Vec::new(),
        };
        let Some(leg) = live.leg(id) else { return };
        let identity = leg.identity.clone();
        leg.beeps = itself;
        let Some(sound) = &mut leg.sound else { return };
        let sdp = Bytes::from(sound.negotiator.offer(&codecs, Direction::SendRecv));
        for attempt in attempts {
            let host =
                Host::parse(&domain.as_str().into()).unwrap_or_else(|| Host::from(near.ip()));
            let (from, headers) = match (&attempt.trunk, &identity) {
                (Some(trunk), Some(identity)) => self.presented(trunk, identity, &host),
                _ => {
                    let number = caller.number.as_deref().unwrap_or(&shown);
                    let from = Uri::for_user(number, &host, None);
                    let name = caller.name.as_deref().unwrap_or_default();
                    (NameAddr::named(name, &from), Vec::new())
                }
            };
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
                    headers: [at_once.clone(), headers].concat(),
                    max_forwards: hops,
                    account: attempt
                        .trunk
                        .as_deref()
                        .and_then(|trunk| self.trunk_credentials(trunk)),
                    timing: (attempt.trunk.as_deref()).and_then(|trunk| self.timing_at(trunk)),
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

    pub(super) fn unreachable(&mut self, live: &mut Live, id: LegId, cause: Cause) {
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
