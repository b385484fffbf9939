//! Phones register: who they are, where they are reached, until when.

use std::net::SocketAddr;
use std::time::Instant;

use call::TenantId;
use script::config::Config;
use sip::registrar::{Binding, Registrar, RegistrarOutput, RegistrarPolicy, SavedBinding};
use sip::{
    Host, NameAddr, Outside, Request, RequestHandle, Response, Route, Source, Transport, Uri,
};
use store::{Pending, RegistrationRow};

use super::accounts::Judged;
use super::trunks::Ping;
use super::trunks::options;
use super::{Input, Switch};

/// A phone that can be rung.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) uri: Uri,
    pub(crate) path: Vec<Uri>,
    pub(crate) route: Route,
}

/// A REGISTER that was carried out, and its answer.
#[derive(Debug)]
pub(crate) struct Registered {
    handle: RequestHandle,
    response: Response,
    tenant: TenantId,
    user: String,
    remote: SocketAddr,
}

pub(super) fn registrar(config: &Config) -> Registrar {
    let sip = &config.sip;
    Registrar::new(RegistrarPolicy {
        min_expires: sip.min_expires,
        max_expires: sip.max_expires,
        default_expires: sip.max_expires,
        probe_interval: sip.options_interval,
        ..RegistrarPolicy::default()
    })
}

impl Switch {
    pub(super) fn handle_register(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        request: &Request,
        source: Source,
    ) {
        let refuse = |status: u16| Response::reply_to(request, status);
        let Some(tenant) = self.tenant_of(request) else {
            super::caller::no_such_tenant(source, request);
            self.endpoint.respond(now, handle, refuse(404).finish());
            return;
        };
        let judged = self.accounts.judge(now, &tenant, request, source.ip());
        let user = match judged {
            Judged::User(user) => user,
            Judged::Challenge(headers) => {
                self.endpoint
                    .respond(now, handle, with(refuse(401), &headers));
                return;
            }
            Judged::Wrong { user, headers } => {
                self.wrong_password(now, source, request, &tenant, &user);
                self.endpoint
                    .respond(now, handle, with(refuse(401), &headers));
                return;
            }
        };
        // A user registers nobody but themselves.
        let named = request
            .to()
            .ok()
            .and_then(|to| to.uri().ok())
            .and_then(|uri| uri.user_unescaped())
            .map(|named| named.to_string());
        if named.as_deref() != Some(&user) {
            tracing::warn!(
                target: "security", event = "foreign_registration", source = %source.ip(),
                tenant = %tenant, user
            );
            self.endpoint.respond(now, handle, refuse(403).finish());
            return;
        }
        self.bans.succeeded(source.remote, &user);
        let account = account(&tenant, &user);
        let registration = self
            .registrar
            .handle_register(now, &account, request, &source);
        let registered = Registered {
            handle,
            response: registration.reply.finish(),
            tenant,
            user,
            remote: source.remote,
        };
        let pending = self.record_registrations(now);
        if pending.is_empty() {
            self.finish_registering(now, registered);
            return;
        }
        // A phone that is told that it is registered still is after a crash.
        let entrance = self.parts.entrance.clone();
        tokio::spawn(async move {
            for one in pending {
                if let Err(error) = one.await {
                    tracing::error!(%error, "a registration holds until the next restart only");
                }
            }
            entrance.put(Input::Registered(registered)).await;
        });
    }

    /// Answers a REGISTER; what waits in the mailbox is told after that.
    pub(super) fn finish_registering(&mut self, now: Instant, registered: Registered) {
        let Registered {
            handle,
            response,
            tenant,
            user,
            remote,
        } = registered;
        let is_success = response.is_success();
        self.endpoint.respond(now, handle, response);
        // One that has taken its registration back is no longer there to be told.
        if is_success && self.registrar.has_phone_at(remote) {
            self.light_after_registering(now, &tenant, &user, remote);
        }
    }

    /// Carries out what the registrar wants; what waits for the disk is returned.
    fn record_registrations(&mut self, now: Instant) -> Vec<Pending<()>> {
        let mut pending = Vec::new();
        while let Some(output) = self.registrar.poll_output() {
            match output {
                RegistrarOutput::Probe { account, binding } => {
                    let route = self.leaving_here(binding.route);
                    let mut request = options(&route, &self.endpoint.token());
                    if let Ok(uri) = Uri::parse(binding.contact.text().clone()) {
                        request = request.edit().uri(&uri).finish();
                    }
                    let asked = self.endpoint.request(now, &request, route);
                    self.trunks
                        .pings
                        .insert(asked, Ping::Phone(account, binding.id, now));
                }
                RegistrarOutput::Changed { account, binding } => {
                    let Some((tenant, user)) = account.split_once('/') else {
                        continue;
                    };
                    let wall = self.parts.clock.unix_micros();
                    let row = row(tenant, user, &binding.save(&account, now, millis(wall)));
                    pending.push(self.parts.store.save_registration(row));
                    self.tell_of_phone(tenant, user, &binding);
                    self.tell_floor_of_phone(now, tenant, user);
                    if binding.registered_at == now {
                        tracing::debug!(tenant, user, "registered");
                        let about = || {
                            let contact = binding.contact.to_string();
                            serde_json::json!({ "user": user, "contact": contact })
                        };
                        let scripts = &self.parts.scripts;
                        scripts.live_event(&tenant.into(), "user.registered", about);
                    } else {
                        tracing::info!(tenant, user, reachable = binding.is_reachable, "phone");
                    }
                }
                RegistrarOutput::Gone {
                    account,
                    binding,
                    why,
                } => {
                    let Some((tenant, user)) = account.split_once('/') else {
                        continue;
                    };
                    tracing::debug!(tenant, user, ?why, "no longer registered");
                    self.tell_of_phone_gone(tenant, user, &binding);
                    self.tell_floor_of_phone(now, tenant, user);
                    let contact = binding.contact.to_string();
                    self.parts
                        .store
                        .delete_registration(tenant, user, &contact)
                        .forget();
                }
            }
        }
        pending
    }

    pub(super) fn handle_registrar_timeouts(&mut self, now: Instant) {
        if self.registrar.poll_timeout().is_some_and(|due| due <= now) {
            self.registrar.handle_timeout(now);
        }
        for pending in self.record_registrations(now) {
            pending.forget();
        }
    }

    pub(super) fn restore_registrations(&mut self, now: Instant) {
        let wall = self.parts.clock.unix_micros();
        let mut restored = 0;
        for row in std::mem::take(&mut self.parts.registrations) {
            let Some(saved) = saved(&row) else { continue };
            restored += u32::from(self.registrar.restore(now, millis(wall), saved));
        }
        if restored > 0 {
            tracing::info!(restored, "registrations are back");
        }
        for pending in self.record_registrations(now) {
            pending.forget();
        }
    }

    /// Where a user's phones are: those that still answer OPTIONS.
    pub(super) fn bindings_of(&self, tenant: &TenantId, user: &str) -> Vec<Phone> {
        let Some(seat) = self.seat_of(tenant, user) else {
            return Vec::new();
        };
        let all = self
            .registrar
            .bindings(Instant::now(), &account(tenant, &seat));
        let reachable: Vec<&Binding> = all.iter().copied().filter(|one| one.is_reachable).collect();
        reachable
            .into_iter()
            .map(|binding| Phone {
                uri: binding.contact.clone(),
                path: binding
                    .path
                    .iter()
                    .filter_map(|hop| hop.uri().ok())
                    .collect(),
                route: binding.route,
            })
            .collect()
    }

    /// Whether a phone of the user's answers.
    pub(super) fn is_reachable(&self, now: Instant, tenant: &TenantId, user: &str) -> bool {
        let Some(seat) = self.seat_of(tenant, user) else {
            return false;
        };
        let phones = self.registrar.bindings(now, &account(tenant, &seat));
        phones.iter().any(|phone| phone.is_reachable)
    }

    /// Whether a phone of the user's has registered from just there, and so said who it is.
    pub(super) fn is_registered_at(
        &self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
        source: Source,
    ) -> bool {
        let there = (source.transport, source.remote, source.flow);
        let phones = self.registrar.bindings(now, &account(tenant, user));
        phones
            .iter()
            .map(|phone| phone.route)
            .any(|route| (route.transport, route.remote, route.flow) == there)
    }

    /// A request to a user's phone, from a number and a name.
    pub(super) fn outside(
        &self,
        tenant: &TenantId,
        (number, name): (&str, &str),
        user: &str,
        phone: Phone,
    ) -> Outside {
        let destination = self.leaving_here(phone.route);
        let domain = self.tenants.get(&*tenant.0).map(|tenant| &*tenant.domain);
        let host = Host::parse(&domain.unwrap_or_default().into());
        let host = host.unwrap_or_else(|| Host::from(destination.remote.ip()));
        Outside {
            uri: phone.uri,
            from: NameAddr::named(name, &Uri::for_user(number, &host, None)),
            to: NameAddr::of(&Uri::for_user(user, &host, None)),
            route: phone.path,
            destination,
            allows_tcp: false,
            headers: Vec::new(),
            account: None,
        }
    }

    /// Phones of users who are no more are rung no more.
    pub(super) fn forget_unknown_phones(&mut self, now: Instant) {
        let all: Vec<std::sync::Arc<str>> = self.registrar.accounts().cloned().collect();
        for account in all {
            let known = account
                .split_once('/')
                .is_some_and(|(tenant, user)| self.accounts.user(&tenant.into(), user).is_some());
            if !known {
                self.registrar.remove_account(&account);
            }
        }
        for pending in self.record_registrations(now) {
            pending.forget();
        }
    }

    pub(super) fn registrations(&self) -> usize {
        self.registrar.len()
    }
}

fn account(tenant: &TenantId, user: &str) -> String {
    format!("{tenant}/{user}")
}

fn with(mut reply: sip::ResponseBuilder, headers: &[(String, String)]) -> Response {
    for (name, value) in headers {
        reply = reply.header_named(name, value);
    }
    reply.finish()
}

fn row(tenant: &str, user: &str, saved: &SavedBinding) -> RegistrationRow {
    RegistrationRow {
        tenant: tenant.to_owned(),
        user: user.to_owned(),
        contact: saved.contact.clone(),
        instance: saved.instance.clone(),
        call_id: saved.call_id.clone(),
        cseq: saved.cseq,
        path: saved.path.clone(),
        source: format!(
            "{}/{}",
            saved.source,
            saved.transport.via_name().to_lowercase()
        ),
        expires_at: i64::try_from(saved.expires_unix_ms).unwrap_or(i64::MAX / 1_000) * 1_000,
        user_agent: saved.user_agent.clone(),
    }
}

fn saved(row: &RegistrationRow) -> Option<SavedBinding> {
    let (source, transport) = row.source.split_once('/')?;
    Some(SavedBinding {
        account: format!("{}/{}", row.tenant, row.user),
        contact: row.contact.clone(),
        instance: row.instance.clone(),
        reg_id: None,
        q: 1_000,
        expires_unix_ms: millis(row.expires_at),
        source: source.parse().ok()?,
        transport: match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            _ => return None,
        },
        path: row.path.clone(),
        call_id: row.call_id.clone(),
        cseq: row.cseq,
        user_agent: row.user_agent.clone(),
    })
}

fn millis(micros: i64) -> u64 {
    u64::try_from(micros / 1_000).unwrap_or(0)
}
