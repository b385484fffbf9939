//! Calls on their way into the generations of their tenants, and out of them.

use std::sync::Arc;
use std::time::Duration;

use call::{CallId, Codes, Setup, TenantId};

use super::Scripts;
use crate::CallNews;
use crate::generation::Tenancy;
use crate::host::Host;
use crate::inbox::{Message, Pushed};

/// Why a call's handler was not started.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// There is no such tenant.
    #[error("no tenant '{0}'")]
    NoTenant(TenantId),
    /// The number is not in the context: 404.
    #[error("context '{context}' has no route for '{to}'")]
    NoRoute {
        /// Where it was looked for.
        context: String,
        /// What was dialled.
        to: String,
    },
    /// The scripts do not keep up: 503 with Retry-After.
    #[error("the scripts are {} ms behind", .by.as_millis())]
    Behind {
        /// How far.
        by: Duration,
    },
    /// The tenant's scripts do not run; the call gets the fallback.
    #[error("{0}")]
    NoGeneration(String),
}

impl Scripts {
    /// Runs the handler of a call's number, and returns the generation that it got. Never blocks.
    /// A call that has a handler already gets another one, on its own generation.
    ///
    /// # Errors
    /// When there is no handler, or no time for one; nothing has happened then.
    pub fn start_call(&self, setup: Setup) -> Result<u64, Refused> {
        let tenancy = self
            .inner
            .tenancy(&setup.tenant)
            .ok_or_else(|| Refused::NoTenant(setup.tenant.clone()))?;
        let call = setup.id;
        let mut message = Message::Start(Box::new(setup));
        // A host may be replaced between the look and the push; the next one is taken then.
        for _ in 0..TRIES {
            let Message::Start(setup) = &message else {
                break;
            };
            let pinned = self.inner.parts.pins.host(call);
            let host = match &pinned {
                Some(host) => Arc::clone(host),
                None => tenancy.current().ok_or_else(|| {
                    Refused::NoGeneration(format!("tenant {} has no scripts that load", tenancy.id))
                })?,
            };
            check_route(&host, setup)?;
            check_keeps_up(&host, &tenancy)?;
            let generation = host.generation;
            if pinned.is_none() {
                self.inner.parts.pins.put(call, &host);
            }
            match host.inbox.offer(message) {
                (Pushed::Taken, _) => return Ok(generation),
                (Pushed::Full, _) => {
                    if pinned.is_none() && !self.inner.parts.pins.take_from(call, &host) {
                        return Ok(generation);
                    }
                    return Err(Refused::Behind {
                        by: host.inbox.behind(),
                    });
                }
                (Pushed::Closed, back) => {
                    // Who has taken it out has told its end: begun again, it would end twice.
                    if !self.inner.parts.pins.take_from(call, &host) {
                        return Ok(generation);
                    }
                    let Some(back) = back else { break };
                    message = back;
                }
            }
        }
        Err(Refused::NoGeneration(format!(
            "the scripts of tenant {} are being replaced",
            tenancy.id
        )))
    }

    /// Whether a number has a handler in a context of a tenant's current generation.
    pub fn has_route(&self, tenant: &TenantId, context: &str, to: &str) -> bool {
        let host = self.inner.tenancy(tenant).and_then(|it| it.current());
        let routing = host.as_ref().and_then(|host| host.routing());
        routing.is_some_and(|routing| routing.find(context, to).is_some())
    }

    /// What a tenant's users type in conversations, where its scripts have a table of it.
    pub fn typed_codes(&self, tenant: &TenantId) -> Option<Codes> {
        let host = self.inner.tenancy(tenant).and_then(|it| it.current())?;
        host.routing()?.codes.in_call.clone()
    }

    /// Whether this is a code that a tenant's users type in conversations.
    pub fn is_typed_code(&self, tenant: &TenantId, keys: &str) -> bool {
        let host = self.inner.tenancy(tenant).and_then(|it| it.current());
        let routing = host.as_ref().and_then(|host| host.routing());
        routing.is_some_and(|routing| routing.codes.is_typed(keys))
    }

    /// The lamp behind a code that a phone's key dials, by the table of codes; `me` watches it.
    pub fn lamp_of_code(
        &self,
        tenant: &TenantId,
        context: &str,
        (dialled, me): (&str, &str),
    ) -> Option<String> {
        let host = self.inner.tenancy(tenant).and_then(|it| it.current())?;
        let routing = host.routing()?;
        let route = routing.find(context, dialled).map(|found| &found.pattern);
        routing.codes.lamp(context, route, (dialled, me))
    }

    /// The caller is gone: the script is dropped at its wait, and no end is reported.
    pub fn hang_up(&self, call: CallId) {
        if let Some(host) = self.inner.parts.pins.take(call) {
            host.inbox.push(Message::HangUp(call));
        }
    }

    /// Tells a call's `call:on` handlers.
    pub fn notify(&self, call: CallId, news: CallNews) {
        if let Some(host) = self.inner.parts.pins.host(call) {
            host.inbox.push(Message::News(call, news));
        }
    }
}

fn check_route(host: &Host, setup: &Setup) -> Result<(), Refused> {
    let found = host
        .routing()
        .and_then(|routing| routing.find(&setup.context, &setup.to));
    found.map(|_| ()).ok_or_else(|| Refused::NoRoute {
        context: setup.context.clone(),
        to: setup.to.clone(),
    })
}

fn check_keeps_up(host: &Host, tenancy: &Tenancy) -> Result<(), Refused> {
    let by = host.inbox.behind();
    if by > MOST_BEHIND {
        return Err(Refused::Behind { by });
    }
    match tenancy.too_many_stuck() {
        Some(sentence) => Err(Refused::NoGeneration(sentence)),
        None => Ok(()),
    }
}

/// Further behind than this, new calls are better refused at once.
pub(crate) const MOST_BEHIND: Duration = Duration::from_millis(500);

const TRIES: usize = 4;
