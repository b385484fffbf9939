//! The scripts of all tenants, as the exchange sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use call::acd::{Ask, AskId, Plan, QueueName};
use call::{CallId, Setup, TenantId};
use serde::Serialize;

use crate::generation::{Outcome, ReloadReport, Tenancy};
use crate::host::{Host, Parts};
use crate::http::Client;
use crate::inbox::{Message, Pushed};
use crate::jobs::{Bell, Jobs};
use crate::plugin::database::Databases;
use crate::status::{ConfigRefusal, Status};
use crate::suggest::did_you_mean;
use crate::watch::{Changed, Watch};
use crate::{CallNews, Clock, Exchange, Fault, Sounds, config, watchdog};

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

/// Scripts could not be started at all.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system gave no thread.
    #[error("no thread for the scripts: {0}")]
    Thread(#[from] std::io::Error),
}

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

/// What the watchdog and the folder watch share with [`Scripts`].
pub(crate) struct Inner {
    root: PathBuf,
    tenants: RwLock<BTreeMap<TenantId, Arc<Tenancy>>>,
    parts: Parts,
    restart: Mutex<Vec<String>>,
    config_refused: Mutex<Option<ConfigRefusal>>,
    /// The day since 1970 on which calendars were looked at last.
    calendars_day: AtomicI64,
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

    /// There may be jobs to do.
    pub fn jobs_are_due(&self) {
        self.inner.parts.bell.ring();
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

    /// The queues of a tenant's current generation, with its number; `None` while it has none.
    pub fn queues(&self, tenant: &TenantId) -> Option<(u64, Arc<Plan>)> {
        let host = self.inner.tenancy(tenant)?.current()?;
        let plan = Arc::clone(&host.routing()?.queues);
        Some((host.generation, plan))
    }

    /// Asks a queue's `choose` whom a call should be offered to; `about` is the call as scripts see
    /// it. The answer comes by [`Exchange::chosen`]. False when it cannot be asked.
    pub fn choose(
        &self,
        tenant: &TenantId,
        queue: &QueueName,
        ask: Ask,
        about: serde_json::Value,
    ) -> bool {
        let message = Message::Choose(queue.clone(), Box::new(ask), about);
        let tenancy = self.inner.tenancy(tenant);
        let host = tenancy.and_then(|tenancy| tenancy.current());
        host.is_some_and(|host| host.inbox.push(message) == Pushed::Taken)
    }

    /// It is too late for an answer of `choose`.
    pub fn forget_choose(&self, tenant: &TenantId, ask: AskId) {
        let tenancy = self.inner.tenancy(tenant);
        if let Some(host) = tenancy.and_then(|tenancy| tenancy.current()) {
            host.inbox.push(Message::ForgetChoose(ask));
        }
    }

    /// Makes new generations of what has changed or was refused, of one tenant or of all. Blocks
    /// while they load.
    pub fn reload(&self, tenant: Option<&TenantId>) -> Vec<ReloadReport> {
        self.inner.reload(tenant, true)
    }

    /// What plugins of a tenant may do has changed in the records: its next reload makes a new
    /// generation, whether files have changed or not.
    pub fn grants_changed(&self, tenant: &TenantId) {
        if let Some(tenancy) = self.inner.tenancy(tenant) {
            tenancy.grants_changed();
        }
    }

    /// Takes the tenants of a changed `config.lua`: new ones begin, changed ones are reloaded, and
    /// those that are gone get no new calls. Who has `asked` for it also ends what
    /// [`roll_back`](Self::roll_back) began. Blocks while they load.
    pub fn reconfigure(
        &self,
        tenants: Vec<(TenantId, config::Tenant)>,
        asked: bool,
    ) -> Vec<ReloadReport> {
        self.inner.reconfigure(tenants, asked)
    }

    /// Goes back to an earlier generation of a tenant, the one before when none is named. Saved
    /// files wait from then on, until [`reload`](Self::reload) is called or they are the same again.
    /// Blocks while it loads.
    ///
    /// # Errors
    /// The sentence that says why nothing was tried.
    pub fn roll_back(&self, tenant: &TenantId, to: Option<u64>) -> Result<ReloadReport, String> {
        match self.inner.tenancy(tenant) {
            Some(tenancy) => tenancy.roll_back(to),
            None => {
                let known = self.inner.tenancies();
                let known = known.iter().map(|tenancy| &*tenancy.id.0);
                Err(format!(
                    "no tenant '{tenant}'{}",
                    did_you_mean(&tenant.0, known)
                ))
            }
        }
    }

    /// Says which settings changed and wait for a restart.
    pub fn wait_for_restart(&self, settings: Vec<String>) {
        *self
            .inner
            .restart
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Says what is wrong with the saved `config.lua`; `None` when it is right.
    pub fn refuse_config(&self, errors: Option<Vec<String>>) {
        let at = self.inner.parts.clock.unix_micros();
        *self
            .inner
            .config_refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner) =
            errors.map(|errors| ConfigRefusal { at, errors });
    }

    /// What runs.
    pub fn status(&self) -> Status {
        Status {
            tenants: self
                .inner
                .tenancies()
                .iter()
                .map(|tenancy| tenancy.status())
                .collect(),
            waiting_for_restart: self
                .inner
                .restart
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            config_refused: self
                .inner
                .config_refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// Tells, once a day, which calendars have no data for a year that is here or all but: an
    /// exchange runs for months without loading a file. Returns what it told; [`status`](Self::status)
    /// has it too.
    pub fn look_at_calendars(&self) -> Vec<Fault> {
        let today = day(&*self.inner.parts.clock);
        if self.inner.calendars_day.swap(today, Relaxed) == today {
            return Vec::new();
        }
        let mut told = Vec::new();
        for tenancy in self.inner.tenancies() {
            for warning in tenancy.calendar_warnings() {
                tracing::warn!(tenant = %tenancy.id, "{}", warning.message);
                told.push(warning);
            }
        }
        told
    }

    /// One tenant's generations.
    pub(crate) fn tenancy(&self, tenant: &TenantId) -> Option<Arc<Tenancy>> {
        self.inner.tenancy(tenant)
    }

    /// Whether saved files are noticed.
    pub fn watches(&self) -> bool {
        self.watch.is_some()
    }

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

impl Drop for Scripts {
    fn drop(&mut self) {
        self.jobs.stop();
        for tenancy in self.inner.tenancies() {
            tenancy.stop();
        }
    }
}

impl Inner {
    /// All tenants.
    pub(crate) fn tenancies(&self) -> Vec<Arc<Tenancy>> {
        self.tenants
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect()
    }

    /// The folders below the root that hold scripts.
    fn folders(&self) -> BTreeSet<String> {
        let dialplans = self.tenancies().into_iter().filter_map(|tenancy| {
            let dialplan = tenancy.dialplan();
            dialplan.split('.').next().map(str::to_owned)
        });
        let ours = ["scripts", "plugins", "tests/dialplan"].map(str::to_owned);
        dialplans.chain(ours).collect()
    }

    /// One tenant.
    pub(crate) fn tenancy(&self, id: &TenantId) -> Option<Arc<Tenancy>> {
        self.tenants
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .map(Arc::clone)
    }

    fn reload(&self, tenant: Option<&TenantId>, asked: bool) -> Vec<ReloadReport> {
        let wanted = |tenancy: &Arc<Tenancy>| tenant.is_none_or(|tenant| *tenant == tenancy.id);
        self.tenancies()
            .into_iter()
            .filter(wanted)
            .map(|tenancy| tenancy.reload(asked))
            .collect()
    }

    fn reconfigure(
        &self,
        tenants: Vec<(TenantId, config::Tenant)>,
        asked: bool,
    ) -> Vec<ReloadReport> {
        let all: Vec<String> = tenants
            .iter()
            .map(|(_, tenant)| tenant.dialplan.clone())
            .collect();
        let mut known = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *known);
        for (id, settings) in tenants {
            let tenancy = match before.remove(&id) {
                Some(tenancy) => {
                    tenancy.set(settings, all.clone());
                    tenancy
                }
                None => {
                    let root = Path::to_path_buf(&self.root);
                    Arc::new(Tenancy::new(
                        id.clone(),
                        settings,
                        all.clone(),
                        root,
                        self.parts.clone(),
                    ))
                }
            };
            known.insert(id, tenancy);
        }
        drop(known);
        before.into_values().for_each(|tenancy| tenancy.withdraw());
        let reports = self.reload(None, asked);
        reports
            .into_iter()
            .filter(|report| report.outcome != Outcome::Unchanged)
            .collect()
    }
}

/// The day since 1970, UTC.
fn day(clock: &dyn Clock) -> i64 {
    clock.unix_micros().div_euclid(24 * 3_600 * 1_000_000)
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
