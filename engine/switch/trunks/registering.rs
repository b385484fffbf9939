//! Trunks that want us to register: when, with what, and how that stands.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::TenantId;
use sip::auth::Account;
use sip::{TrunkContact, TrunkOutput, TrunkRegistration, Uri};
use web::News;

use super::Ping;
use crate::switch::Switch;

impl Switch {
    /// Begins to register a trunk that wants it, once its address is known.
    pub(in crate::switch) fn begin_registration(&mut self, now: Instant, name: &str) {
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
        let Some(route) = self.trunks.registrar(name) else {
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
        let transport = match route.transport {
            sip::Transport::Tcp => ";transport=tcp",
            _ => "",
        };
        let uri = |text: String| {
            Uri::parse(text).inspect_err(|error| tracing::error!(trunk = name, %error, "trunk"))
        };
        let (Ok(registrar), Ok(address), Ok(contact)) = (
            uri(format!("sip:{host}")),
            uri(format!("sip:{user}@{host}")),
            uri(format!("sip:{user}@{shown}{transport}")),
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
    pub(in crate::switch) fn carry_registration(&mut self, now: Instant, name: &str) {
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
                    let Some(route) = self.trunks.registrar(name) else {
                        return;
                    };
                    let route = self.leaving_here(route);
                    let handle = self.endpoint.request(now, &request, route);
                    self.trunks
                        .pings
                        .insert(handle, Ping::Register(name.to_owned()));
                }
                TrunkOutput::Registered { .. } => {
                    if trunk.registered != REGISTERED {
                        tracing::info!(trunk = name, "registered");
                    }
                    self.note_registration(name, REGISTERED, None);
                }
                TrunkOutput::Failed { why, .. } => {
                    tracing::warn!(trunk = name, %why, "not registered");
                    trunk.failed = trunk.failed.wrapping_add(1);
                    self.note_registration(name, NOT_REGISTERED, Some(why.to_string()));
                }
                TrunkOutput::Unregistered => self.note_registration(name, NOT_REGISTERED, None),
            }
        }
    }

    /// How our registration at a trunk stands; that is told when it is news.
    fn note_registration(&mut self, name: &str, stands: &'static str, why: Option<String>) {
        let Some(trunk) = self.trunks.by_name.get_mut(name) else {
            return;
        };
        if std::mem::replace(&mut trunk.registered, stands) == stands {
            return;
        }
        let tenant: TenantId = trunk.settings.tenant.as_str().into();
        let news = News::TrunkRegistrationChanged {
            trunk: name.to_owned(),
            registered: stands == REGISTERED,
            why,
        };
        self.tell(&tenant, None, news);
    }

    /// What answers a trunk's challenges: its own realm only.
    pub(in crate::switch) fn trunk_credentials(&self, name: &str) -> Option<Account> {
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

    pub(in crate::switch) fn end_trunks(&mut self, now: Instant) {
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

const REGISTERED: &str = "registered";
const NOT_REGISTERED: &str = "not registered";
/// What is asked of a carrier's registrar.
const REGISTRATION: Duration = Duration::from_secs(600);
