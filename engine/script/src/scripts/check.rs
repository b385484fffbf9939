//! Scripts that are looked at and not run.

use std::sync::Arc;

use call::TenantId;
use call::acd::Plan;

use super::{Scripts, ScriptsOptions};
use crate::Fault;
use crate::generation::Tenancy;
use crate::host::Parts;
use crate::http::Client;

/// What was found in a tenant's scripts without running them.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Whose.
    pub tenant: TenantId,
    /// What would be refused.
    pub errors: Vec<Fault>,
    /// What would run until a call comes to it.
    pub warnings: Vec<Fault>,
    /// The contexts that are declared; none when the scripts do not load.
    pub contexts: Vec<String>,
    /// The queues that are declared, likewise.
    pub queues: Arc<Plan>,
}

impl Scripts {
    /// Loads all tenants' scripts as they are, for `moonswitch check`, and runs nothing: all that
    /// is wrong, by tenant.
    pub fn check(options: ScriptsOptions) -> Vec<Checked> {
        let parts = Parts {
            exchange: options.exchange,
            clock: options.clock,
            store: options.store,
            sounds: options.sounds,
            client: Arc::new(Client::offline()),
            // Nothing is published: none of them is opened.
            lines: Arc::default(),
            bell: Arc::default(),
            databases: Arc::default(),
            recordings: None,
            limits: options.limits,
            pins: Arc::default(),
            history: None,
        };
        let all: Vec<String> = options
            .tenants
            .iter()
            .map(|(_, tenant)| tenant.dialplan.clone())
            .collect();
        options
            .tenants
            .into_iter()
            .map(|(id, settings)| {
                let tenancy = Tenancy::new(
                    id,
                    settings,
                    all.clone(),
                    options.root.clone(),
                    parts.clone(),
                );
                tenancy.check()
            })
            .collect()
    }
}
