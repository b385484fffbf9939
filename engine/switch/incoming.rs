//! A call comes in: whose it is, whether it may, and what runs for it.

use std::sync::Arc;
use std::time::Instant;

use call::number::{Kind, normalise, tidy};
use call::{CallId, Ended, Setup, TenantId};
use media::sdp::Description;
use script::Refused;
use sip::{Request, SessionId, Source};

use super::Switch;
use super::caller::Caller;
use super::emergency::calls_for_help;
use super::live::{Leg, Live, Role};
use super::printable::printable;
use crate::log::Masked;

impl Switch {
    pub(super) fn handle_incoming(
        &mut self,
        now: Instant,
        (session, replaces): (SessionId, Option<SessionId>),
        request: &Request,
        source: Source,
    ) {
        let caller = match self.identify(now, request, source) {
            Ok(caller) => caller,
            Err((status, headers)) => {
                self.endpoint.reject(now, session, status, &headers);
                return;
            }
        };
        if caller.trunk.is_some() {
            self.endpoint.trust_host(now, session);
        }
        if let Some(why) = self.overload(&caller, request) {
            self.parts.meters.calls_refused.increment(1);
            // Not a security event: the source is often a carrier's, which must not be banned.
            tracing::warn!(tenant = %caller.tenant, why, "call refused");
            let retry = vec![("Retry-After".to_owned(), "5".to_owned())];
            self.endpoint.reject(now, session, 503, &retry);
            return;
        }
        let offer = match sip::session_description(request) {
            None => None,
            Some(sdp) => match Description::parse(&sdp) {
                Ok(offer) if self.speaks(&offer) => Some(Box::new(offer)),
                Ok(_) => {
                    self.endpoint.reject(now, session, 488, &[]);
                    return;
                }
                Err(error) => {
                    tracing::info!(%error, "INVITE without a usable description");
                    self.endpoint.reject(now, session, 400, &[]);
                    return;
                }
            },
        };
        match replaces {
            Some(old) => {
                let coming = (request, source);
                self.handle_replacing(now, (session, old), coming, &caller, offer);
            }
            None => self.begin(now, session, request, source, caller, offer),
        }
    }

    /// Whether there is a codec in common: nobody is to be rung for a call that cannot be heard.
    fn speaks(&self, offer: &Description) -> bool {
        offer
            .audio()
            .is_some_and(|audio| audio.kinds().any(|kind| self.codecs.contains(&kind)))
    }

    fn begin(
        &mut self,
        now: Instant,
        session: SessionId,
        request: &Request,
        source: Source,
        caller: Caller,
        offer: Option<Box<Description>>,
    ) {
        let Some(tenant) = self.tenants.get(&*caller.tenant.0).cloned() else {
            self.endpoint.reject(now, session, 404, &[]);
            return;
        };
        let timing = (caller.trunk.as_deref()).and_then(|trunk| self.timing_at(trunk));
        if timing.is_some_and(|timing| !self.endpoint.time(now, session, timing)) {
            return;
        }
        let line = match caller.trunk.as_deref() {
            None => None,
            Some(trunk) => match self.trunks.come(now, trunk) {
                Ok(line) => Some(line),
                Err(busy) => {
                    self.parts.meters.calls_refused.increment(1);
                    tracing::warn!(trunk, ?busy, "call refused");
                    let retry = vec![("Retry-After".to_owned(), "1".to_owned())];
                    self.endpoint.reject(now, session, 503, &retry);
                    return;
                }
            },
        };
        let caller = self.seated(caller);
        let mut setup = self.setup(request, &caller, &tenant);
        let id = setup.id;
        let span = tracing::info_span!("call", %id, tenant = %setup.tenant);
        let entered = span.clone().entered();
        tracing::info!(
            from = %Masked(setup.from_raw.as_str()),
            to = %Masked(setup.to.as_str()),
            context = setup.context,
            "call begins"
        );
        let screened = self.screen(now, &setup);
        let started = match screened {
            None => self.start_script(&mut setup),
            Some(_) => Ok(0),
        };
        let for_help = calls_for_help(setup.calling_user(), &setup.to);
        let (generation, trouble) = match started {
            Ok(generation) => (generation, None),
            Err(Refused::Behind { by }) if !for_help => {
                tracing::warn!(
                    behind_ms = by.as_millis() as u64,
                    "scripts are behind: call refused"
                );
                self.parts.meters.calls_refused.increment(1);
                let retry = vec![("Retry-After".to_owned(), "2".to_owned())];
                self.endpoint.reject(now, session, 503, &retry);
                if let Some(line) = &line {
                    self.trunks.free(line);
                }
                return;
            }
            Err(refused) => (0, Some(refused)),
        };
        let mut options = self.call_options(&setup.tenant, &tenant);
        let help = for_help.then(|| self.help_without_script(&setup.tenant, &setup.to));
        if let Some(help) = help.flatten() {
            options.fallback = help;
        }
        let mut leg = Leg::new(call::LegId::CALLER, Role::Caller { offer });
        leg.sessions.push(session);
        leg.up = Some(session);
        leg.addresses = Some((source.local, source.remote));
        leg.line = line;
        leg.user_agent = request
            .header_named("User-Agent")
            .map(|text| printable(&text.to_str()));
        self.next_thread = self.next_thread.wrapping_add(1);
        let mut live = Live::new(now, setup, tenant, options);
        live.span = span;
        live.generation = generation;
        live.thread = self.next_thread;
        live.hops = request.max_forwards().ok().flatten().unwrap_or(70);
        live.legs.push(leg);
        drop(entered);
        self.begin_record(&live);
        self.begin_sip_log(&live, request.call_id().as_bytes());
        self.sessions.insert(session, (id, call::LegId::CALLER));
        self.calls.insert(id, Box::new(live));
        self.parts.meters.calls_started.increment(1);
        self.with_call(now, id, |switch, live| {
            if let Some(ended) = screened {
                live.call.handle_script_ended(now, ended);
            }
            if let Some(refused) = trouble {
                switch.refuse_route(now, live, refused);
            }
        });
    }

    /// Starts the handler of the dialled number. One that has none as it is written may have one
    /// as it is dialled within the country: `+86 138-0013-8000` is `13800138000`.
    pub(super) fn start_script(&self, setup: &mut Setup) -> Result<u64, Refused> {
        if let Some(tidy) = tidy(&setup.to) {
            setup.to = tidy;
        }
        let started = self.parts.scripts.start_call(setup.clone());
        if !matches!(started, Err(Refused::NoRoute { .. })) {
            return started;
        }
        let known = normalise(&setup.to, &self.accounts.plan(&setup.tenant, None));
        let Some(mut to) = known.national() else {
            return started;
        };
        if let Some(keys) = &known.post_dial {
            to = format!("{to},{keys}");
        }
        let written = Setup {
            to,
            ..setup.clone()
        };
        match self.parts.scripts.start_call(written.clone()) {
            Err(Refused::NoRoute { .. }) => started,
            other => {
                *setup = written;
                other
            }
        }
    }

    /// There is no handler for a number, or no scripts at all.
    pub(super) fn refuse_route(&self, now: Instant, live: &mut Live, refused: Refused) {
        let message = refused.to_string();
        let for_help = calls_for_help(live.setup.calling_user(), &live.setup.to);
        match refused {
            Refused::NoRoute { to, .. } if !for_help => {
                tracing::info!(
                    to = %Masked(to.as_str()),
                    context = live.setup.context,
                    "no context has this number"
                );
                live.call.handle_script_ended(now, Ended::NoRoute { to });
            }
            _ => {
                tracing::error!(message, "no script for this call: fallback");
                live.script_error = Some(message.clone());
                live.call
                    .handle_script_ended(now, Ended::Failed { message });
            }
        }
    }

    fn overload(&self, caller: &Caller, request: &Request) -> Option<&'static str> {
        let user = caller.user.as_deref();
        // Help can be called whatever else is going on.
        if calls_for_help(user, &dialled(request)) {
            return None;
        }
        self.is_full(&caller.tenant, user)
    }

    /// Why no further call can be taken, this user's own limit among it.
    pub(super) fn is_full(&self, tenant: &TenantId, user: Option<&str>) -> Option<&'static str> {
        if self.calls.len() >= self.parts.config.limits.max_calls {
            return Some("limits.max_calls is reached");
        }
        if self.parts.entrance.room() < ROOM {
            return Some("the switch is behind");
        }
        if self.parts.media.free_ports() < 2 {
            return Some("no RTP ports are free");
        }
        let user = user?;
        let limit = self.accounts.user(tenant, user)?.max_calls;
        if limit == 0 {
            return None;
        }
        let running = self
            .calls
            .values()
            .filter(|live| live.setup.tenant == *tenant && live.setup.calling_user() == Some(user))
            .count();
        (running >= limit as usize).then_some("the user's max_calls is reached")
    }

    fn setup(
        &self,
        request: &Request,
        caller: &Caller,
        tenant: &Arc<script::config::Tenant>,
    ) -> Setup {
        let from = request.from().ok();
        let is_believed = caller
            .trunk
            .as_deref()
            .and_then(|trunk| self.trunks.settings(trunk))
            .is_some_and(|trunk| trunk.trusts_identity);
        let raw = match &caller.user {
            // A user calls as nobody else.
            Some(user) => user.clone(),
            None => Some(request)
                .filter(|_| is_believed)
                .and_then(asserted)
                .or_else(|| {
                    let user = from.as_ref()?.uri().ok()?.user_unescaped()?;
                    Some(user.to_string())
                })
                .map(|raw| printable(&raw))
                .unwrap_or_default(),
        };
        let name = match &caller.user {
            Some(user) => self
                .accounts
                .user(&caller.tenant, user)
                .and_then(|account| account.name.clone()),
            None => from
                .as_ref()
                .map(|from| printable(&from.display().to_string()))
                .filter(|name| !name.is_empty()),
        };
        let area_code = caller
            .trunk
            .as_deref()
            .and_then(|trunk| self.trunks.settings(trunk)?.area_code.clone());
        let plan = self.accounts.plan(&caller.tenant, area_code);
        let canonical = match &caller.user {
            Some(user) => Some(user.clone()),
            None => {
                let known = normalise(&raw, &plan);
                known
                    .canonical
                    .clone()
                    .or_else(|| (known.kind != Kind::Withheld).then(|| raw.clone()))
            }
        };
        let to = dialled(request);
        // Numbers of strangers' own assertion are not handed to scripts as facts.
        let headers = request
            .headers()
            .filter(|field| {
                !HIDDEN
                    .iter()
                    .any(|hidden| field.name_text().eq_ignore_case(hidden))
            })
            .filter(|field| {
                is_believed
                    || !ASSERTIONS
                        .iter()
                        .any(|name| field.name_text().eq_ignore_case(name))
            })
            .take(MOST_HEADERS)
            .map(|field| (field.name_text().to_string(), field.value().to_string()))
            .collect();
        Setup {
            id: CallId::new(
                crate::clock::system_micros().unsigned_abs() / 1_000,
                rand::random(),
            ),
            tenant: caller.tenant.clone(),
            context: caller.context.clone(),
            from: canonical,
            from_raw: raw,
            from_name: name,
            to,
            user: caller.user.clone().into(),
            trunk: caller.trunk.clone(),
            headers,
            transferred_by: None,
            language: tenant.language_of(caller.user.as_deref()).to_owned(),
            started_at: self.parts.clock.unix_micros(),
        }
    }
}

/// The number in the Request-URI.
fn dialled(request: &Request) -> String {
    request
        .uri()
        .ok()
        .and_then(|uri| uri.user_unescaped())
        .map(|user| printable(&user.to_string()))
        .unwrap_or_default()
}

/// The number that a trusted trunk asserts (RFC 3325).
fn asserted(request: &Request) -> Option<String> {
    let value = request.header_named("P-Asserted-Identity")?;
    let address = sip::NameAddr::parse(value)?;
    Some(address.uri().ok()?.user_unescaped()?.to_string())
}

/// Inputs that must fit before new calls are taken.
const ROOM: usize = 8_192;
/// Header fields that a script sees.
const MOST_HEADERS: usize = 64;
/// Fields that hold secrets or only serve the transport.
const HIDDEN: [&str; 8] = [
    "Authorization",
    "Proxy-Authorization",
    "Via",
    "v",
    "Content-Length",
    "l",
    "Route",
    "Record-Route",
];
/// Fields that only a trusted peer may assert.
const ASSERTIONS: [&str; 4] = [
    "P-Asserted-Identity",
    "Remote-Party-ID",
    "Diversion",
    "P-Preferred-Identity",
];
