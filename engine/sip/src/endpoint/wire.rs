//! What sessions act on: requests out, responses out, events out, random numbers in.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::config::EndpointConfig;
use super::event::{Event, SessionId};
use crate::dialog::peer::Peer;
use crate::message::Reason;
use crate::random::Random;
use crate::session::body::SDP;
use crate::subscription::{SubscriptionId, granted};
use crate::transaction::key::{Key, Keys};
use crate::transaction::table::{Owner, Sending, Table};
use crate::transport::{Route, Source, Transmit, Transport};
use crate::{
    Host, Method, Name, NameAddr, Request, RequestBuilder, Response, ResponseBuilder, Text, Uri,
    Via,
};

/// The one way out of the endpoint: transactions, events, and what new messages are made with.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) table: Table,
    pub(crate) keys: Keys,
    pub(crate) random: Random,
    pub(crate) config: EndpointConfig,
    /// The methods that we serve, as Allow lists them.
    pub(crate) allow: String,
    /// The event packages that we serve, as Allow-Events lists them; empty for none.
    allow_events: String,
    /// The extensions that we understand, as Supported lists them.
    supported: String,
    /// The same without session timers.
    untimed: String,
    last_subscription: u64,
    pub(crate) events: VecDeque<Event>,
    /// Those that took no connection when a large request was to go by TCP, until when they are
    /// spared another try: each costs a caller seconds.
    without_tcp: HashMap<SocketAddr, Instant>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) route: Route,
    /// Whether requests over 1,300 bytes may go by TCP.
    pub(crate) allows_tcp: bool,
}

impl From<&Peer> for Hop {
    fn from(peer: &Peer) -> Self {
        Self {
            route: peer.route(),
            allows_tcp: peer.allows_tcp,
        }
    }
}

impl Wire {
    pub(crate) fn new(config: EndpointConfig) -> Self {
        let mut random = Random::new(config.seed);
        let mut methods = CALL_METHODS.to_vec();
        let mut events = config.events.clone();
        let mut supported = vec!["100rel", "timer"];
        for method in &config.allow {
            if !methods.contains(method) && *method != Method::Subscribe {
                methods.push(method.clone());
            }
        }
        if !events.is_empty() {
            methods.push(Method::Subscribe);
        }
        if config.replaces {
            supported.push("replaces");
        }
        if config.allow.contains(&Method::Refer) {
            // Who can be asked to transfer can ask, and is then told.
            methods.push(Method::Notify);
            events.push("refer".to_owned());
            supported.push("norefersub");
        }
        let allow: Vec<String> = methods.iter().map(Method::to_string).collect();
        Self {
            table: Table::new(),
            keys: Keys::new([random.next(), random.next()]),
            random,
            allow: allow.join(", "),
            allow_events: events.join(", "),
            untimed: supported.join(", ").replacen(", timer", "", 1),
            supported: supported.join(", "),
            last_subscription: 0,
            config,
            events: VecDeque::new(),
            without_tcp: HashMap::new(),
        }
    }

    /// Sends a request of ours: adds Via, Max-Forwards and User-Agent, and opens a transaction.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        owner: Owner,
        request: RequestBuilder,
        hop: Hop,
    ) -> (Key, Request) {
        let branch = self.branch();
        let mut route = hop.route;
        let mut fallback = None;
        let mut request = request
            .prepend(Name::Via, self.via(&route, &branch))
            .header(Name::UserAgent, &self.config.user_agent)
            .finish();
        if hop.allows_tcp
            && route.transport == Transport::Udp
            && request.to_bytes().len() > LARGEST_DATAGRAM
            && (self.without_tcp.get(&route.remote)).is_none_or(|until| *until <= now)
        {
            fallback = Some(route);
            route = Route {
                transport: Transport::Tcp,
                flow: None,
                ..route
            };
            let via = self.via(&route, &branch);
            request = request.edit().replace_first(Name::Via, via).finish();
        }
        let key = self.client_key(branch.as_bytes(), request.method());
        let sending = Sending {
            owner,
            is_invite: *request.method() == Method::Invite,
            payload: request.to_bytes(),
            route,
            fallback,
        };
        self.table.start(now, key, sending);
        (key, request)
    }

    /// Sends by UDP, under the same key, what could not go by TCP (RFC 3261 §18.1.1).
    pub(crate) fn fall_back(
        &mut self,
        now: Instant,
        key: Key,
        owner: Owner,
        to: Route,
        request: &Request,
    ) {
        let Ok(branch) = request.via().map(|via| via.branch().unwrap_or_default()) else {
            return;
        };
        if self.without_tcp.len() >= MOST_WITHOUT_TCP {
            self.without_tcp.clear();
        }
        self.without_tcp.insert(to.remote, now + WITHOUT_TCP);
        let via = self.via(&to, &branch.to_str());
        let request = request.edit().replace_first(Name::Via, via).finish();
        let sending = Sending {
            owner,
            is_invite: *request.method() == Method::Invite,
            payload: request.to_bytes(),
            route: to,
            fallback: None,
        };
        self.table.start(now, key, sending);
    }

    /// Makes an ACK ready to be sent: it has a branch of its own and no transaction.
    pub(crate) fn ack(&mut self, ack: RequestBuilder, route: Route) -> Transmit {
        let branch = self.branch();
        let ack = ack
            .prepend(Name::Via, self.via(&route, &branch))
            .header(Name::MaxForwards, "70")
            .finish();
        Transmit {
            route,
            payload: ack.to_bytes(),
        }
    }

    /// Begins a response; `tag` is ours, for requests that come without.
    pub(crate) fn reply(&self, request: &Request, status: u16, tag: &str) -> ResponseBuilder {
        let reply = Response::reply_to(request, status);
        if status == 100 {
            return reply;
        }
        reply
            .to_tag(tag)
            .header(Name::Server, &self.config.user_agent)
    }

    /// Responds within a transaction; says whether the response still counted.
    pub(crate) fn respond(&mut self, now: Instant, key: Key, response: &Response) -> bool {
        (self.table).respond(now, key, response.status(), response.to_bytes())
    }

    /// The extensions that we understand, with session timers or without.
    pub(crate) fn supported(&self, timed: bool) -> &str {
        match timed {
            true => &self.supported,
            false => &self.untimed,
        }
    }

    /// Adds what we can do, as the answer to an OPTIONS says it.
    pub(crate) fn with_abilities(&self, reply: ResponseBuilder) -> ResponseBuilder {
        let reply = (reply.header(Name::Allow, &self.allow))
            .header(Name::Accept, SDP)
            .header(Name::Supported, &self.supported);
        self.with_events(reply)
    }

    /// Adds which event packages we serve, if there are some.
    pub(crate) fn with_events(&self, reply: ResponseBuilder) -> ResponseBuilder {
        match self.allow_events.is_empty() {
            true => reply,
            false => reply.header(Name::AllowEvents, &self.allow_events),
        }
    }

    /// Whether the application serves a method that not everybody serves.
    pub(crate) fn serves(&self, method: &Method) -> bool {
        match method {
            Method::Subscribe => !self.config.events.is_empty(),
            method => self.config.allow.contains(method),
        }
    }

    /// The status that refuses what nobody here serves, outside of dialogs and whoever sends it.
    pub(crate) fn unserved(&self, request: &Request) -> Option<u16> {
        let method = request.method();
        if !self.serves(method) && !CALL_METHODS.contains(method) {
            return match method {
                Method::Other(_) => Some(501),
                Method::Subscribe => Some(489),
                Method::Refer => Some(603),
                // Nobody here has subscribed to it: no business of the application's.
                Method::Notify => None,
                _ => Some(405),
            };
        }
        if *method != Method::Subscribe {
            return None;
        }
        let is_known = request.event().is_ok_and(|event| {
            let mut packages = self.config.events.iter();
            packages.any(|package| event.package == **package)
        });
        match is_known {
            false => Some(489),
            true => granted(&self.config, request).is_none().then_some(423),
        }
    }

    /// Adds to a refusal what would not have been refused.
    pub(crate) fn with_remedy(&self, refusal: ResponseBuilder, status: u16) -> ResponseBuilder {
        match status {
            405 | 501 => refusal.header(Name::Allow, &self.allow),
            423 => refusal.header(Name::MinExpires, self.config.min_expires.as_secs()),
            489 => self.with_events(refusal),
            _ => refusal,
        }
    }

    /// The extensions that a request demands and that nobody here knows.
    pub(crate) fn unsupported(&self, request: &Request) -> Option<String> {
        if !request.has(Name::Require) {
            return None;
        }
        let understood = |token: &Text| {
            let mut known = self.supported.split(", ").chain(["path"]);
            known.any(|known| token.eq_ignore_case(known))
        };
        let unknown: Vec<String> = (request.require())
            .filter(|token| !understood(token))
            .map(|token| token.to_string())
            .collect();
        (!unknown.is_empty()).then(|| unknown.join(", "))
    }

    /// The name of a new subscription, which lives in the dialog of a call or in one of its own.
    pub(crate) fn next_subscription(&mut self, session: Option<SessionId>) -> SubscriptionId {
        self.last_subscription += 1;
        SubscriptionId {
            number: self.last_subscription,
            session,
        }
    }

    /// Responds to a request in a dialog, with nothing but a status.
    pub(crate) fn refuse(&mut self, now: Instant, key: Key, request: &Request, status: u16) {
        let reply = self.reply(request, status, "");
        let reply = self.with_remedy(reply, status);
        self.respond(now, key, &reply.finish());
    }

    /// Reports something.
    pub(crate) fn event(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// The key of a client transaction.
    pub(crate) fn client_key(&self, branch: &[u8], method: &Method) -> Key {
        self.keys.transaction(branch, b"", method.as_bytes())
    }

    /// The key of a server transaction; that of a CANCEL's or ACK's INVITE when `method` is INVITE.
    /// Without a branch of RFC 3261, what RFC 2543 compared.
    pub(crate) fn server_key(&self, request: &Request, via: &Via, method: &Method) -> Key {
        if via.has_unique_branch() {
            let branch = via.branch().unwrap_or_default();
            let sent_by = via.sent_by();
            return (self.keys).transaction(
                branch.as_bytes(),
                sent_by.as_bytes(),
                method.as_bytes(),
            );
        }
        let cseq = request.cseq().map_or(0, |cseq| cseq.number).to_be_bytes();
        let from_tag = request.from().ok().and_then(|from| from.tag());
        self.keys.of(&[
            b"2543",
            request.uri_text().as_bytes(),
            from_tag.unwrap_or_default().as_bytes(),
            request.call_id().as_bytes(),
            &cseq,
            via.text().as_bytes(),
            method.as_bytes(),
        ])
    }

    /// What a dialog is found by: its Call-ID and our tag.
    pub(crate) fn dialog_key(&self, call_id: &Text, local_tag: &[u8]) -> Key {
        self.keys.of(&[b"dialog", call_id.as_bytes(), local_tag])
    }

    /// What a call is found by when nothing but a message is seen: its Call-ID.
    pub(crate) fn call_key(&self, call_id: &[u8]) -> Key {
        self.keys.of(&[b"call", call_id])
    }

    /// What tells apart the parties that answer one INVITE.
    pub(crate) fn party_key(&self, tag: Option<&Text>) -> Key {
        let tag = tag.map(Text::as_bytes).unwrap_or_default();
        self.keys.of(&[b"party", tag])
    }

    /// Our Contact for who is at the other end of `route`: `host` if given, or the address that they
    /// know us by.
    pub(crate) fn contact(
        &self,
        user: Option<&str>,
        host: Option<&str>,
        route: &Route,
    ) -> NameAddr {
        let host = host.map_or_else(|| self.host(route), str::to_owned);
        let mut text = match user {
            Some(user) if !user.is_empty() => {
                let placeholder = Host::Name(Text::from_static("x"));
                let escaped = Uri::for_user(user, &placeholder, None)
                    .user()
                    .unwrap_or_default();
                format!("<sip:{escaped}@{host}")
            }
            _ => format!("<sip:{host}"),
        };
        if let Some(transport) = route.transport.uri_parameter() {
            text.push_str(";transport=");
            text.push_str(transport);
        }
        text.push('>');
        NameAddr::parse(text).unwrap_or_else(|| {
            NameAddr::of(&Uri::for_user(
                "",
                &Host::Name(Text::from_static("localhost")),
                None,
            ))
        })
    }

    fn via(&self, route: &Route, branch: &str) -> String {
        let transport = route.transport.via_name();
        let host = self.host(route);
        format!("SIP/2.0/{transport} {host};branch={branch};rport")
    }

    /// The host and port to name ourselves by.
    fn host(&self, route: &Route) -> String {
        if let Some(host) = &self.config.host {
            return host.clone();
        }
        let is_here = route.remote.ip().to_canonical().is_loopback();
        let external = self.config.external.filter(|_| !is_here);
        match (external, route.local) {
            (Some(ip), Some(local)) => SocketAddr::new(ip, local.port()).to_string(),
            (None, Some(local)) if !local.ip().is_unspecified() => {
                SocketAddr::new(local.ip().to_canonical(), local.port()).to_string()
            }
            _ => "localhost".to_owned(),
        }
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.random.token())
    }
}

/// Where the response to a request goes: back over the connection; on UDP to the port that it came
/// from if the sender wishes so (RFC 3581), else to the one that its Via names (RFC 3261 §18.2.2).
pub(crate) fn reply_route(via: &Via, source: &Source) -> Route {
    let mut route = source.reply_route();
    if !source.transport.is_reliable() && !via.wants_rport() {
        route.remote.set_port(via.port().unwrap_or(5060));
    }
    route
}

/// A Reason header's value (RFC 3326).
pub(crate) fn reason_value(reason: &Reason) -> String {
    let mut value = reason.protocol.to_string();
    if let Some(cause) = reason.cause {
        value.push_str(&format!(";cause={cause}"));
    }
    if let Some(text) = &reason.text {
        let quoted = text.to_str().replace('\\', "\\\\").replace('"', "\\\"");
        value.push_str(&format!(";text=\"{quoted}\""));
    }
    value
}

/// Methods that every call may use, and OPTIONS.
pub(crate) const CALL_METHODS: [Method; 8] = [
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Prack,
    Method::Update,
    Method::Info,
    Method::Options,
];

/// Larger requests risk fragments (RFC 3261 §18.1.1).
const LARGEST_DATAGRAM: usize = 1300;
/// How long a host that took no connection is sent large requests by UDP.
const WITHOUT_TCP: Duration = Duration::from_secs(600);
/// Hosts that are remembered so; more than a switchboard calls.
const MOST_WITHOUT_TCP: usize = 1_024;
