//! One generation of one tenant, seen from outside: its inbox, its signs of life, its routes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use call::TenantId;
use call::acd::Plan;
use call::route::{Match, Routes};
use call::schedule::Schedule as OpeningHours;
use store::{Migration, Subscriber, event_job};

use crate::codes::CodeTable;
use crate::door::Doors;
use crate::inbox::Inbox;
use crate::jobs::{Bell, Schedule};
use crate::leash::Leash;
use crate::metered::panic_text;
use crate::pins::Pins;
use crate::plugin::database::Databases;
use crate::pulse::Pulse;
use crate::serve::{self, Boot};
use crate::snapshot::Snapshot;
use crate::status::Failures;
use crate::{Clock, Exchange, Fault, Place, Sounds, config, fault};

/// One generation of one tenant on its thread, seen from outside.
pub(crate) struct Host {
    pub(crate) tenant: TenantId,
    pub(crate) generation: u64,
    /// Since when it runs, microseconds since 1970, UTC.
    pub(crate) since: i64,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) settings: Arc<config::Tenant>,
    pub(crate) inbox: Inbox,
    pub(crate) pulse: Arc<Pulse>,
    /// Handlers that run at this moment.
    pub(crate) running: AtomicUsize,
    /// The tenant's handlers, timers and the like that failed.
    pub(crate) failures: Arc<Failures>,
    /// Bytes that the VM uses.
    pub(crate) memory: AtomicUsize,
    /// The VM is all but full: the generation is to begin afresh in another one.
    pub(crate) afresh: AtomicBool,
    /// It is loaded and serves.
    pub(crate) serving: AtomicBool,
    /// The thread has ended.
    pub(crate) ended: AtomicBool,
    /// Why the thread broke, if it did.
    pub(crate) broke: Mutex<Option<String>>,
    routing: OnceLock<Arc<Routing>>,
    /// Tests that failed when it was published all the same.
    red: OnceLock<Vec<Fault>>,
    started: Instant,
}

/// What every host is made from.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn store::Store>,
    pub(crate) sounds: Arc<dyn Sounds>,
    pub(crate) client: Arc<crate::http::Client>,
    pub(crate) lines: Arc<crate::smpp::Lines>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) databases: Arc<Databases>,
    /// The folder that recordings' paths are relative to.
    pub(crate) recordings: Option<PathBuf>,
    pub(crate) limits: config::Limits,
    pub(crate) pins: Arc<Pins>,
    /// Where the sources of published generations are kept.
    pub(crate) history: Option<PathBuf>,
}

/// The contexts of a generation, for looking numbers up outside of its thread.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    pub(crate) contexts: BTreeMap<String, Routes>,
    /// Where each of a context's routes is written.
    pub(crate) places: BTreeMap<String, Vec<Place>>,
    /// The lamps of codes, and what is typed in conversations.
    pub(crate) codes: CodeTable,
    /// What is amiss in the sources and refuses no generation.
    pub(crate) warnings: Vec<Fault>,
    /// The opening hours that files declare, each with where it is written.
    pub(crate) schedules: Vec<(Place, OpeningHours)>,
    /// The handlers of jobs, by owner and name, each with when it runs again.
    pub(crate) jobs: BTreeMap<(String, String), Schedule>,
    /// The queues that files declare, and what holds for all agents.
    pub(crate) queues: Arc<Plan>,
    /// The events that somebody listens to.
    pub(crate) hears: BTreeSet<String>,
    /// What is answered by HTTP.
    pub(crate) doors: Doors,
    /// The plugins that have tables, each with how they are made.
    pub(crate) tables: BTreeMap<String, Vec<Migration>>,
    /// The plugins that have a connection by SMPP, each with what it wants.
    pub(crate) lines: BTreeMap<String, crate::smpp::Line>,
    /// Names and versions.
    pub(crate) plugins: Vec<(String, String)>,
}

impl Routing {
    /// The route of a number in a context. Phones end what is dialled with #, and some send it.
    pub(crate) fn find(&self, context: &str, to: &str) -> Option<&Match> {
        let routes = self.contexts.get(context)?;
        let without = || routes.find(to.strip_suffix('#').filter(|it| it.starts_with('*'))?);
        routes.find(to).or_else(without)
    }
}

impl Host {
    /// A host that runs nothing yet. `routing` is known when the same generation ran before.
    pub(crate) fn new(
        tenant: TenantId,
        generation: u64,
        since: i64,
        snapshot: Arc<Snapshot>,
        settings: Arc<config::Tenant>,
        routing: Option<Arc<Routing>>,
        failures: Arc<Failures>,
    ) -> Arc<Self> {
        let known = OnceLock::new();
        if let Some(routing) = routing {
            let _ = known.set(routing);
        }
        Arc::new(Self {
            tenant,
            generation,
            since,
            snapshot,
            settings,
            inbox: Inbox::default(),
            pulse: Arc::default(),
            running: AtomicUsize::new(0),
            failures,
            memory: AtomicUsize::new(0),
            afresh: AtomicBool::new(false),
            serving: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            broke: Mutex::new(None),
            routing: known,
            red: OnceLock::new(),
            started: Instant::now(),
        })
    }

    /// A host of the same generation, which runs nothing yet.
    pub(crate) fn again(&self, since: i64) -> Arc<Self> {
        let fresh = Self::new(
            self.tenant.clone(),
            self.generation,
            since,
            Arc::clone(&self.snapshot),
            Arc::clone(&self.settings),
            self.routing().map(Arc::clone),
            Arc::clone(&self.failures),
        );
        if let Some(red) = self.red.get() {
            fresh.failed_tests(red.clone());
        }
        fresh
    }

    /// Whether another host ran the same generation before, and was retired because it was full.
    pub(crate) fn was_full(&self, current: &Arc<Self>) -> bool {
        self.generation == current.generation && !std::ptr::eq(self, &**current)
    }

    /// The sentence for a VM that uses more than half of its `limit`, in bytes.
    pub(crate) fn memory_warning(&self, limit: usize) -> Option<String> {
        let used = self.memory.load(Relaxed);
        (used >= limit / 2).then(|| {
            format!(
                "the scripts use {} of {} MB, more than half of limits.script_memory",
                used / 1_000_000,
                limit / 1_000_000
            )
        })
    }

    /// Loads the generation on a thread of its own and returns when it serves.
    ///
    /// # Errors
    /// All that is wrong with the sources; the thread has ended then, or will.
    pub(crate) fn run(self: &Arc<Self>, parts: &Parts) -> Result<(), Vec<Fault>> {
        let (ready, loaded) = sync_channel(1);
        self.spawn(parts, ready).map_err(|error| {
            vec![fault::plain(
                format!("no thread for the scripts: {error}"),
                None,
                &self.snapshot,
            )]
        })?;
        let longest = parts.limits.load_time + PATIENCE;
        loop {
            match loaded.recv_timeout(LOOK_EVERY) {
                Ok(result) => {
                    self.serves(result?);
                    return Ok(());
                }
                Err(RecvTimeoutError::Timeout) if self.pulse.cpu(self.started) < longest => {}
                Err(RecvTimeoutError::Timeout) => {
                    self.give_up();
                    let place = self.pulse.last_seen().place;
                    let seconds = parts.limits.load_time.as_secs();
                    let message =
                        format!("loading takes longer than {seconds} s (limits.load_time)");
                    return Err(vec![fault::plain(message, Some(place), &self.snapshot)]);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let why = self
                        .broke
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone();
                    let why = why.unwrap_or_else(|| "the thread ended".to_owned());
                    return Err(vec![fault::plain(
                        format!("loading broke: {why}"),
                        None,
                        &self.snapshot,
                    )]);
                }
            }
        }
    }

    /// It is loaded, with these contexts, and serves.
    pub(crate) fn serves(&self, routing: Routing) {
        let _ = self.routing.set(Arc::new(routing));
        self.serving.store(true, Relaxed);
    }

    /// These tests fail, and it is published all the same.
    pub(crate) fn failed_tests(&self, red: Vec<Fault>) {
        let _ = self.red.set(red);
    }

    /// What is amiss in its sources at this time, once it is loaded. `now` is in microseconds since
    /// 1970, UTC.
    pub(crate) fn warnings(&self, now: i64) -> Vec<Fault> {
        let Some(routing) = self.routing() else {
            return Vec::new();
        };
        let mut warnings = self.red.get().cloned().unwrap_or_default();
        warnings.extend(routing.warnings.iter().cloned());
        warnings.extend(self.calendar_warnings(now));
        warnings
    }

    /// The calendars that its schedules need and that have no data for a year which is here, or
    /// all but; each once.
    pub(crate) fn calendar_warnings(&self, now: i64) -> Vec<Fault> {
        let schedules = self.routing().map(|routing| routing.schedules.as_slice());
        let mut told = BTreeSet::new();
        schedules
            .unwrap_or_default()
            .iter()
            .filter_map(|(place, schedule)| {
                let missing = schedule.missing_calendar(now)?;
                let is_news = missing.is_urgent && told.insert(missing.sentence.clone());
                let place = Some(place.clone());
                is_news.then(|| fault::plain(missing.sentence, place, &self.snapshot))
            })
            .collect()
    }

    /// Its contexts, once it is loaded.
    pub(crate) fn routing(&self) -> Option<&Arc<Routing>> {
        self.routing.get()
    }

    /// The handlers that are told of events in any case.
    pub(crate) fn subscribers(&self) -> Vec<Subscriber> {
        let jobs = self.routing().map(|routing| routing.jobs.keys());
        let subscribers = jobs.into_iter().flatten().filter_map(|(owner, name)| {
            let mut events = store::EVENTS.iter();
            let event = events.find(|event| event_job(event) == *name)?;
            Some(Subscriber {
                event: (*event).to_owned(),
                owner: owner.clone(),
            })
        });
        subscribers.collect()
    }

    /// When a job that fails runs again; `None` when nobody here does it, or its plugin is left
    /// out.
    pub(crate) fn schedule(&self, due: &store::DueJobs) -> Option<Schedule> {
        let key = (due.owner.clone(), due.name.clone());
        let schedule = self.routing()?.jobs.get(&key)?;
        let left_out = self.failures.quarantine.is_shut(&due.owner);
        (!left_out).then(|| schedule.clone())
    }

    /// Nobody waits for it any more: what it does has no effect from now on.
    pub(crate) fn give_up(&self) {
        self.pulse.give_up();
        self.inbox.close();
        if !self.ended.load(Relaxed) {
            self.pulse.go_last();
        }
    }

    /// It was given up, and its thread goes on all the same.
    pub(crate) fn is_stuck(&self) -> bool {
        self.pulse.given_up() && !self.ended.load(Relaxed)
    }

    /// The CPU time of its thread.
    pub(crate) fn cpu(&self) -> Duration {
        self.pulse.cpu(self.started)
    }

    fn spawn(
        self: &Arc<Self>,
        parts: &Parts,
        ready: SyncSender<Result<Routing, Vec<Fault>>>,
    ) -> std::io::Result<()> {
        let host = Arc::clone(self);
        let exchange = Arc::new(Leash {
            exchange: Arc::clone(&parts.exchange),
            pulse: Arc::clone(&self.pulse),
        });
        let parts = parts.clone();
        let name = format!("lua-{}-{}", self.tenant, self.generation);
        thread::Builder::new().name(name).spawn(move || {
            host.pulse.this_thread();
            let boot = Boot {
                host: Arc::clone(&host),
                exchange,
                parts,
                ready,
            };
            let served =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| serve::thread(boot)));
            if let Err(panic) = served {
                let text = panic_text(&*panic);
                tracing::error!(tenant = %host.tenant, "a Lua thread panicked: {text}");
                *host.broke.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            }
            host.ended.store(true, Relaxed);
        })?;
        Ok(())
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much longer than its budget a thread may be silent.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);
