//! A tenant's generations: load, check, publish by one pointer swap, drain; replace what is stuck.

mod rollback;
mod status;
mod stuck;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use call::TenantId;
use serde::Serialize;

use crate::history::{GoneBack, History, Kept};
use crate::host::{Host, Parts};
use crate::inbox::Message;
use crate::simulate::{Gate, Project, tests_hash};
use crate::snapshot::{Scope, Snapshot};
use crate::status::{Failures, Held, Refusal};
use crate::{Checked, Fault, ScriptNews, advice, config, fault};

/// A tenant with its generations.
pub(crate) struct Tenancy {
    pub(crate) id: TenantId,
    root: PathBuf,
    parts: Parts,
    /// The one that gets new calls.
    current: RwLock<Option<Arc<Host>>>,
    state: Mutex<State>,
    /// Held while a generation is made, so that there is one at a time.
    making: Mutex<Making>,
    failures: Arc<Failures>,
    /// The next reload makes a generation whether sources have changed or not.
    anew: AtomicBool,
    /// Where the sources of published generations are kept.
    history: Option<History>,
}

/// What a reload came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReloadReport {
    /// Whose.
    pub tenant: TenantId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a reload came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The sources are those that were tried last.
    Unchanged,
    /// New calls get this generation.
    Published {
        /// Its number.
        generation: u64,
        /// What is amiss all the same: names that a call will not find.
        warnings: Vec<Fault>,
    },
    /// The sources are wrong and change nothing.
    Refused {
        /// The number that they would have got.
        generation: u64,
        /// The generation that goes on; `None` when there is none yet.
        stays: Option<u64>,
        /// All that is wrong.
        errors: Vec<Fault>,
    },
    /// Somebody has gone back to an earlier generation, so that saved files wait.
    Held {
        /// The one that runs.
        generation: u64,
        /// What is wrong with the saved files.
        errors: Vec<Fault>,
    },
}

#[derive(Default)]
struct State {
    /// Retired, and still with calls.
    old: Vec<Arc<Host>>,
    /// Given up, and still stuck.
    stuck: Vec<Arc<Host>>,
    refused: Option<Refusal>,
    gone_back: Option<GoneBack>,
    held: Option<Held>,
    /// What can be gone back to, oldest first.
    kept: Vec<Kept>,
}

struct Making {
    settings: Arc<config::Tenant>,
    others: Vec<String>,
    number: u64,
    /// Of the sources, the tests and the settings that were tried last.
    tried: Option<(u64, u64, Arc<config::Tenant>)>,
    /// Of the saved files that were looked at last while they are held.
    held: Option<u64>,
}

impl Tenancy {
    /// A tenant without a generation yet. `others` are the other tenants' dialplans.
    pub(crate) fn new(
        id: TenantId,
        settings: config::Tenant,
        others: Vec<String>,
        root: PathBuf,
        parts: Parts,
    ) -> Self {
        let settings = Arc::new(settings);
        let folder = parts.history.as_deref();
        let history = folder.map(|folder| History::new(folder, &id));
        let kept = history.as_ref().map_or_else(Vec::new, History::all);
        let number = kept.last().map_or(0, |newest| newest.generation);
        let state = State {
            gone_back: history.as_ref().and_then(History::gone_back),
            kept,
            ..State::default()
        };
        Self {
            id,
            root,
            parts,
            current: RwLock::new(None),
            state: Mutex::new(state),
            making: Mutex::new(Making {
                settings,
                others,
                number,
                tried: None,
                held: None,
            }),
            failures: Arc::default(),
            anew: AtomicBool::new(false),
            history,
        }
    }

    /// What plugins may do has changed: the next reload makes a generation in any case.
    pub(crate) fn grants_changed(&self) {
        self.anew.store(true, Relaxed);
    }

    /// The generation that gets new calls.
    pub(crate) fn current(&self) -> Option<Arc<Host>> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The module of its dialplan.
    pub(crate) fn dialplan(&self) -> String {
        self.making().settings.dialplan.clone()
    }

    /// New settings from `config.lua`; they count from the next reload.
    pub(crate) fn set(&self, settings: config::Tenant, others: Vec<String>) {
        let mut making = self.making();
        making.settings = Arc::new(settings);
        making.others = others;
    }

    /// Makes a generation of the sources as they are now and publishes it, if they have changed
    /// and nothing is wrong with them. Who has `asked` for it is told once more what is wrong.
    pub(crate) fn reload(&self, asked: bool) -> ReloadReport {
        let mut making = self.making();
        let snapshot = self.snapshot(&making);
        if let Some(report) = self.while_gone_back(&mut making, &snapshot, asked) {
            return report;
        }
        let key = self.key(&making, &snapshot);
        let amiss = self.state().refused.is_some() || self.failures.quarantine.shuts_any();
        let again = (asked && amiss) || self.anew.swap(false, Relaxed);
        if making.tried.as_ref() == Some(&key) && !again {
            return self.report(Outcome::Unchanged);
        }
        let now = self.parts.clock.unix_micros();
        // Not tried: the next look at the same sources does.
        if let Some(sentence) = self.too_many_stuck() {
            let errors = vec![fault::plain(sentence, None, &snapshot)];
            return self.report(self.refuse(making.number + 1, now, errors));
        }
        let generation = self.number_of(&making, &snapshot);
        making.tried = Some(key);
        making.number = making.number.max(generation);
        let outcome = match self.make(&making, generation, snapshot, true) {
            Ok(warnings) => Outcome::Published {
                generation,
                warnings,
            },
            Err(errors) => {
                self.recover(&making);
                self.refuse(generation, now, errors)
            }
        };
        self.report(outcome)
    }

    /// Makes a generation of these sources and publishes it; what is amiss all the same. `may_stay`
    /// lets tests keep it from being published.
    ///
    /// # Errors
    /// All that is wrong, and nothing has changed.
    fn make(
        &self,
        making: &Making,
        generation: u64,
        snapshot: Arc<Snapshot>,
        may_stay: bool,
    ) -> Result<Vec<Fault>, Vec<Fault>> {
        let now = self.parts.clock.unix_micros();
        let host = Host::new(
            self.id.clone(),
            generation,
            now,
            snapshot,
            Arc::clone(&making.settings),
            None,
            Arc::clone(&self.failures),
        );
        if let Err(errors) = host.run(&self.parts) {
            self.keep_if_stuck(&host);
            return Err(errors);
        }
        let red = match may_stay {
            true => self.try_first(making, &host),
            false => Vec::new(),
        };
        // Who has nothing to stay with is better off with scripts that fail some tests.
        if !red.is_empty() && self.current().is_some() {
            host.give_up();
            return Err(red);
        }
        if let Err(wrong) = self.make_tables(&host) {
            host.give_up();
            return Err(wrong);
        }
        self.publish(&host);
        self.keep(&host);
        tracing::info!(tenant = %self.id, "generation {generation} is published");
        host.failed_tests(red);
        let warnings = host.warnings(now);
        for warning in &warnings {
            tracing::warn!(tenant = %self.id, "{}", warning.message);
        }
        let news = ScriptNews::Published {
            generation,
            hash: format!("{:016x}", host.snapshot.hash()),
            warnings: warnings.len(),
        };
        self.parts.exchange.report(&self.id, news);
        Ok(warnings)
    }

    /// Makes the tables of plugins, and changes those of earlier versions. Last of all, because a
    /// generation that is refused must leave the tables of the one that goes on as they are.
    fn make_tables(&self, host: &Host) -> Result<(), Vec<Fault>> {
        let tables = host.routing().map(|routing| &routing.tables);
        for (plugin, migrations) in tables.into_iter().flatten() {
            let made = self.parts.databases.migrate(&self.id, plugin, migrations);
            made.map_err(|error| vec![fault::plain(error, None, &host.snapshot)])?;
        }
        Ok(())
    }

    /// What sources, tests and settings there are now.
    fn key(&self, making: &Making, snapshot: &Snapshot) -> (u64, u64, Arc<config::Tenant>) {
        let tests = match making.settings.tests_first {
            true => tests_hash(&self.root, &making.settings),
            false => 0,
        };
        (snapshot.hash(), tests, Arc::clone(&making.settings))
    }

    /// What is red of the tests, where they are to hold before a generation is published.
    fn try_first(&self, making: &Making, host: &Arc<Host>) -> Vec<Fault> {
        if !making.settings.tests_first {
            return Vec::new();
        }
        let gate = Gate {
            project: Project {
                tenant: self.id.clone(),
                generation: host.generation,
                settings: Arc::clone(&making.settings),
                snapshot: Arc::clone(&host.snapshot),
                limits: self.parts.limits.clone(),
                sounds: Arc::clone(&self.parts.sounds),
            },
            root: self.root.clone(),
            is_only: making.others.len() < 2,
        };
        gate.red()
    }

    /// Loads the sources as they are now, and publishes nothing: what is wrong, and what is amiss.
    pub(crate) fn check(&self) -> Checked {
        let making = self.making();
        let snapshot = self.snapshot(&making);
        let now = self.parts.clock.unix_micros();
        let host = Host::new(
            self.id.clone(),
            0,
            now,
            snapshot,
            Arc::clone(&making.settings),
            None,
            Arc::default(),
        );
        let result = host.run(&self.parts);
        host.inbox.push(Message::Retired);
        let contexts = host.routing().map(|routing| routing.contexts.keys());
        let mut warnings = host.warnings(now);
        warnings.extend(advice::of(&host, &self.parts));
        Checked {
            tenant: self.id.clone(),
            errors: result.err().unwrap_or_default(),
            warnings,
            contexts: contexts.into_iter().flatten().cloned().collect(),
            queues: host
                .routing()
                .map(|routing| Arc::clone(&routing.queues))
                .unwrap_or_default(),
        }
    }

    /// All hosts that are alive, for the watchdog.
    pub(crate) fn hosts(&self) -> Vec<Arc<Host>> {
        let mut state = self.state();
        state.old.retain(|host| !host.ended.load(Relaxed));
        state.stuck.retain(|host| !host.ended.load(Relaxed));
        let mut hosts = state.old.clone();
        drop(state);
        hosts.extend(self.current());
        hosts
    }

    /// Says how many lines its scripts would have logged besides.
    pub(crate) fn tell_left_out_lines(&self, now: Instant) {
        if let Some(count) = self.failures.lines.left_out(now) {
            tracing::warn!(tenant = %self.id, "{count} lines of its scripts were left out of the log");
        }
    }

    /// The tenant is gone from the configuration: no new calls, the others finish.
    pub(crate) fn withdraw(&self) {
        let current = self
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(current) = current {
            current.inbox.push(Message::Retired);
        }
        self.parts.lines.withdraw(&self.id);
        // Nobody is there to be told.
        let none = self.parts.store.set_subscribers(&self.id.0, Vec::new());
        none.forget();
    }

    /// No new generation, and the end for those there are.
    pub(crate) fn stop(&self) {
        let current = self
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.parts.lines.withdraw(&self.id);
        current
            .into_iter()
            .chain(self.state().old.drain(..))
            .for_each(|host| host.give_up());
    }

    /// The calendars that the current generation needs and that have no data.
    pub(crate) fn calendar_warnings(&self) -> Vec<Fault> {
        let now = self.parts.clock.unix_micros();
        let current = self.current();
        current.map_or_else(Vec::new, |host| host.calendar_warnings(now))
    }

    fn publish(&self, host: &Arc<Host>) {
        let before = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            current.replace(Arc::clone(host))
        };
        let now = self.parts.clock.unix_micros();
        // Before anything of it runs.
        self.failures.quarantine.lift();
        self.subscribe(host);
        self.parts.lines.publish(host, &self.parts.clock);
        host.inbox.push(Message::Published(now));
        self.parts.exchange.published(&self.id);
        self.state().refused = None;
        if let Some(before) = before {
            self.retire(before);
        }
    }

    /// Tells the records who is told of events from now on.
    fn subscribe(&self, host: &Host) {
        let store = &self.parts.store;
        store
            .set_subscribers(&self.id.0, host.subscribers())
            .forget();
    }

    fn retire(&self, host: Arc<Host>) {
        let mut state = self.state();
        state.old.push(Arc::clone(&host));
        if state.old.len() > MANY_OLD {
            let count = state.old.len();
            tracing::warn!(tenant = %self.id, "{count} old generations still have calls");
        }
        drop(state);
        host.inbox.push(Message::Retired);
    }

    fn refuse(&self, generation: u64, at: i64, errors: Vec<Fault>) -> Outcome {
        let stays = self.current().map(|host| host.generation);
        let list: String = errors
            .iter()
            .map(|fault| format!("\n  {}", fault.message))
            .collect();
        match stays {
            Some(stays) => {
                tracing::error!(tenant = %self.id, "generation {generation} refused, {stays} stays{list}")
            }
            None => {
                tracing::error!(tenant = %self.id, "generation {generation} refused, there is none{list}")
            }
        }
        let news = ScriptNews::Refused {
            generation,
            stays,
            errors: errors.iter().map(|fault| fault.message.clone()).collect(),
        };
        self.parts.exchange.report(&self.id, news);
        self.state().refused = Some(Refusal {
            generation,
            at,
            errors: errors.clone(),
        });
        Outcome::Refused {
            generation,
            stays,
            errors,
        }
    }

    fn snapshot(&self, making: &Making) -> Arc<Snapshot> {
        let scope = Scope {
            dialplan: &making.settings.dialplan,
            others: &making.others,
            plugins: making.settings.plugins.keys().map(String::as_str).collect(),
        };
        Arc::new(Snapshot::take(&self.root, &scope))
    }

    fn report(&self, outcome: Outcome) -> ReloadReport {
        ReloadReport {
            tenant: self.id.clone(),
            outcome,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn making(&self) -> MutexGuard<'_, Making> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More old generations than this are worth a warning.
const MANY_OLD: usize = 8;
