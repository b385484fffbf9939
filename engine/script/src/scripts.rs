//! The scripts of all tenants, as the exchange sees them.

mod asked;
mod calls;
mod check;
mod queues;
mod tenancies;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, RwLock};

use call::TenantId;
use serde::Serialize;

use crate::generation::{ReloadReport, Tenancy};
use crate::host::Parts;
use crate::inbox::{Message, Pushed};
use crate::jobs::{Bell, Jobs};
use crate::plugin::database::Databases;
use crate::watch::{Changed, Watch};
use crate::{Clock, Exchange, Sounds, config, watchdog};

pub(crate) use calls::MOST_BEHIND;
pub use calls::Refused;
pub use check::Checked;
pub(crate) use tenancies::Inner;
use tenancies::day;

/// The scripts of all tenants. Dropping it ends them all.
pub struct Scripts {
    inner: Arc<Inner>,
    jobs: Arc<Jobs>,
    watch: Option<Watch>,
}

/// What scripts are started with.
pub struct ScriptsOptions {
    /// The project's root: `require` and `scripts/` start here.
    pub root: PathBuf,
    /// Each tenant with its part of `config.lua`.
    pub tenants: Vec<(TenantId, config::Tenant)>,
    /// Budgets.
    pub limits: config::Limits,
    /// Who does what scripts ask for.
    pub exchange: Arc<dyn Exchange>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The records.
    pub store: Arc<dyn store::Store>,
    /// Which sounds exist.
    pub sounds: Arc<dyn Sounds>,
    /// The folder that recordings' paths are relative to; nobody hears any when `None`.
    pub recordings: Option<PathBuf>,
    /// The folder of the tables of plugins; they have none when `None`.
    pub databases: Option<PathBuf>,
    /// Where the sources of published generations are kept, to go back to; nowhere when `None`.
    pub history: Option<PathBuf>,
    /// This exchange's name in the records: whose jobs are whose.
    pub node: String,
    /// A saved file waits for [`Scripts::reload`] instead of going live.
    pub reload_manually: bool,
    /// Called, on a thread of its own, when `config.lua` was saved; it reads the file and calls
    /// [`Scripts::reconfigure`].
    pub config_changed: Option<Box<dyn FnMut() + Send>>,
}

/// What starting came to. The exchange runs in any case: a tenant without a generation gives its
/// callers the fallback.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// One for each tenant.
    pub tenants: Vec<ReloadReport>,
}

/// Scripts could not be started at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system gave no thread.
    #[error("no thread for the scripts: {0}")]
    Thread(#[from] std::io::Error),
}

impl Scripts {
    /// Loads all tenants' scripts and begins to watch their folders.
    ///
    /// # Errors
    /// Only when nothing can run at all; wrong sources are in the report.
    pub fn start(options: ScriptsOptions) -> Result<(Self, Report), StartError> {
        let script_cpu = options.limits.script_cpu;
        let (manually, mut config_changed) = (options.reload_manually, options.config_changed);
        let parts = Parts {
            exchange: options.exchange,
            clock: options.clock,
            store: options.store,
            sounds: options.sounds,
            client: Arc::default(),
            lines: Arc::default(),
            bell: Arc::new(Bell::default()),
            databases: Arc::new(Databases::new(options.databases)),
            recordings: options.recordings,
            limits: options.limits,
            pins: Arc::default(),
            history: options.history,
        };
        let jobs = Jobs::new(
            Arc::clone(&parts.store),
            Arc::clone(&parts.clock),
            options.node,
            Arc::clone(&parts.bell),
        );
        let today = day(&*parts.clock);
        let inner = Arc::new(Inner {
            root: options.root,
            tenants: RwLock::default(),
            parts,
            restart: Mutex::default(),
            config_refused: Mutex::default(),
            // What is missing at the start is told when the files load.
            calendars_day: AtomicI64::new(today),
        });
        watchdog::start(Arc::downgrade(&inner), script_cpu)?;
        let report = Report {
            tenants: inner.reconfigure(options.tenants, false),
        };
        let weak = Arc::downgrade(&inner);
        let changed = move |changed: Changed| {
            if changed.config
                && let Some(config_changed) = &mut config_changed
            {
                config_changed();
            }
            if changed.sources
                && let Some(inner) = weak.upgrade()
            {
                inner.reload(None, false);
            }
        };
        let watch = if manually {
            None
        } else {
            let weak = Arc::downgrade(&inner);
            let folders = move || {
                let inner = weak.upgrade();
                inner.map_or_else(BTreeSet::new, |inner| inner.folders())
            };
            Watch::start(&inner.root, folders, changed)
                .inspect_err(|error| {
                    tracing::error!("saved files are not noticed, `moonswitch reload` is: {error}")
                })
                .ok()
        };
        jobs.start(Arc::downgrade(&inner))?;
        Ok((Self { inner, jobs, watch }, report))
    }

    /// There may be jobs to do.
    pub fn jobs_are_due(&self) {
        self.inner.parts.bell.ring();
    }

    /// As [`event`](Self::event), for what happens often: what is told is made only when somebody
    /// listens.
    pub fn live_event(
        &self,
        tenant: &TenantId,
        name: &str,
        about: impl FnOnce() -> serde_json::Value,
    ) {
        let host = self.inner.tenancy(tenant).and_then(|it| it.current());
        let routing = host.as_ref().and_then(|host| host.routing());
        if routing.is_some_and(|routing| routing.hears.contains(name)) {
            self.event(tenant, name, about());
        }
    }

    /// Tells the `on` handlers of a tenant's current generation.
    pub fn event(&self, tenant: &TenantId, name: &str, payload: serde_json::Value) {
        let Some(host) = self
            .inner
            .tenancy(tenant)
            .and_then(|tenancy| tenancy.current())
        else {
            return;
        };
        if host.inbox.push(Message::Event(name.to_owned(), payload)) == Pushed::Full {
            tracing::warn!(%tenant, "event {name} was dropped: the scripts are behind");
        }
    }

    /// One tenant's generations.
    pub(crate) fn tenancy(&self, tenant: &TenantId) -> Option<Arc<Tenancy>> {
        self.inner.tenancy(tenant)
    }

    /// Whether saved files are noticed.
    pub fn watches(&self) -> bool {
        self.watch.is_some()
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        self.jobs.stop();
        for tenancy in self.inner.tenancies() {
            tenancy.stop();
        }
    }
}
