//! Jobs: work that is on disk before anybody counts on it, done by the handlers of the tenants'
//! current generations, and done again when it fails.

mod claim;
mod schedule;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use store::{DueJobs, NewJob, Store};
use uuid::Uuid;

use crate::Clock;
use crate::host::Host;
use crate::inbox::{Message, Pushed};
use crate::scripts::Inner;

pub(crate) use claim::Claim;
pub(crate) use schedule::Schedule;

/// How a handler says that its job is not to be done now (`jobs.later`).
#[derive(Clone, Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Later {
    pub(crate) after: Duration,
    pub(crate) why: String,
}

impl Later {
    /// Whether an error is one of these.
    pub(crate) fn of(error: &mlua::Error) -> Option<&Self> {
        match error {
            mlua::Error::ExternalError(external) => external.downcast_ref(),
            mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => {
                Self::of(cause)
            }
            _ => None,
        }
    }
}

/// Hands out what is due, and writes down what came of it.
pub(crate) struct Jobs {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// This exchange's name in the records.
    node: String,
    bell: Arc<Bell>,
    running: Mutex<HashMap<Uuid, Running>>,
    stopping: AtomicBool,
}

/// A job that a generation has.
struct Running {
    tenant: String,
    /// Owner and name.
    handler: (String, String),
    attempt: u32,
    schedule: Schedule,
    host: Weak<Host>,
}

/// Rung when there may be something to do.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    /// Wakes who waits.
    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }

    /// Whether it was rung since this was asked last.
    pub(crate) fn was_rung(&self) -> bool {
        std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait(&self, longest: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(rung, longest, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

impl Jobs {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        node: String,
        bell: Arc<Bell>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            clock,
            node,
            bell,
            running: Mutex::default(),
            stopping: AtomicBool::new(false),
        })
    }

    /// Hands jobs out on a thread of its own, until the scripts are gone.
    pub(crate) fn start(self: &Arc<Self>, inner: Weak<Inner>) -> std::io::Result<()> {
        let jobs = Arc::clone(self);
        thread::Builder::new()
            .name("lua-jobs".to_owned())
            .spawn(move || jobs.serve(&inner))?;
        Ok(())
    }

    /// The exchange ends: what does not come to its end is begun again at the next start.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Relaxed);
        self.bell.ring();
    }

    fn serve(self: &Arc<Self>, inner: &Weak<Inner>) {
        let mut released = false;
        let mut purge = Instant::now();
        let mut told = false;
        loop {
            let Some(inner) = inner.upgrade() else { return };
            // What a killed exchange was doing, before anything else is handed out.
            if !released {
                released = self.store.release_jobs(&self.node).wait().is_ok();
            }
            let turn = match released {
                true => self.turn(|tenant| inner.tenancy(&tenant.into())?.current()),
                false => Ok(()),
            };
            if let Err(error) = &turn
                && !told
            {
                tracing::warn!(%error, "jobs wait for the records");
            }
            told = turn.is_err();
            if Instant::now() >= purge {
                purge = Instant::now() + PURGE_EVERY;
                let before = self.clock.unix_micros() - KEYS_ARE_KEPT;
                self.store.purge_jobs(before).forget();
            }
            drop(inner);
            self.bell.wait(LOOK_EVERY);
        }
    }

    /// Hands out what is due to the tenants' hosts.
    ///
    /// # Errors
    /// When the records cannot be read or written.
    pub(crate) fn turn(
        self: &Arc<Self>,
        host_of: impl Fn(&str) -> Option<Arc<Host>>,
    ) -> Result<(), store::Error> {
        self.take_back_from_the_given_up();
        let now = self.clock.unix_micros();
        for due in self.store.due_jobs(now).wait()? {
            let Some(host) = host_of(&due.tenant) else {
                continue;
            };
            if let Some(schedule) = host.schedule(&due) {
                self.hand_out(&due, &host, &schedule, now)?;
            }
        }
        Ok(())
    }

    fn hand_out(
        self: &Arc<Self>,
        due: &DueJobs,
        host: &Arc<Host>,
        schedule: &Schedule,
        now: i64,
    ) -> Result<(), store::Error> {
        let handler = (due.owner.clone(), due.name.clone());
        let running = self.running();
        let same = |it: &&Running| it.tenant == due.tenant && it.handler == handler;
        let busy = running.values().filter(same).count();
        drop(running);
        let free = MOST_AT_ONCE.saturating_sub(busy);
        if free == 0 {
            return Ok(());
        }
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        let by = (due.owner.as_str(), due.name.as_str());
        let claimed = self
            .store
            .claim_jobs(&due.tenant, by, &self.node, now, free);
        for row in claimed.wait()? {
            let running = Running {
                tenant: due.tenant.clone(),
                handler: handler.clone(),
                attempt: row.attempts,
                schedule: schedule.clone(),
                host: Arc::downgrade(host),
            };
            self.running().insert(row.job.id, running);
            let claim = Box::new(Claim::new(row, Arc::clone(self)));
            // A claim that is not taken puts its job back when it is dropped.
            if host.inbox.push(Message::Job(claim)) != Pushed::Taken {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A thread that is stuck somewhere may never tell.
    fn take_back_from_the_given_up(&self) {
        let running = self.running();
        let lost = running.iter().filter(|(_, it)| {
            let host = it.host.upgrade();
            host.is_none_or(|host| host.pulse.given_up())
        });
        let lost: Vec<Uuid> = lost.map(|(id, _)| *id).collect();
        drop(running);
        for id in lost {
            self.failed(id, "the VM that ran it was given up");
        }
    }

    fn done(&self, id: Uuid) {
        let Some(running) = self.running().remove(&id) else {
            return;
        };
        let now = self.clock.unix_micros();
        self.store.finish_job(&running.tenant, id, now).forget();
        self.bell.ring();
    }

    fn failed(&self, id: Uuid, why: &str) {
        let Some(running) = self.running().remove(&id) else {
            return;
        };
        let now = self.clock.unix_micros();
        let delay = running.schedule.after(running.attempt);
        let retry_at = delay.map(|delay| {
            let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
            now.saturating_add(micros)
        });
        let (tenant, attempt) = (&running.tenant, running.attempt);
        let (owner, name) = &running.handler;
        match delay {
            Some(delay) => tracing::warn!(
                %tenant, job = %id, "job {name} of {owner} failed (attempt {attempt}), again in {} s: {why}", delay.as_secs()
            ),
            None => tracing::error!(
                %tenant, job = %id, "job {name} of {owner} failed (attempt {attempt}) and is given up; `moonswitch jobs retry {id}` runs it again: {why}"
            ),
        }
        self.store
            .fail_job(tenant, id, why.to_owned(), retry_at, now)
            .forget();
        self.bell.ring();
    }

    /// Puts a job off; one that was put off for a week has failed.
    fn put_off(&self, job: &NewJob, later: &Later) {
        let now = self.clock.unix_micros();
        let after = i64::try_from(later.after.as_micros()).unwrap_or(i64::MAX);
        let due_at = now.saturating_add(after);
        if due_at > job.added_at.saturating_add(LONGEST_PUT_OFF) {
            return self.failed(job.id, &later.why);
        }
        if let Some(running) = self.running().remove(&job.id) {
            let why = later.why.clone();
            let put_off = self.store.put_off_job(&running.tenant, job.id, why, due_at);
            put_off.forget();
            self.bell.ring();
        }
    }

    fn put_back(&self, id: Uuid) {
        if let Some(running) = self.running().remove(&id) {
            self.store.put_back_job(&running.tenant, id).forget();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Jobs of one handler at one time, so that a slow one leaves the others their turn.
const MOST_AT_ONCE: usize = 4;

/// Also without the bell: jobs become due, and `moonswitch jobs retry` writes from another process.
const LOOK_EVERY: Duration = Duration::from_millis(500);

const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// How long a job can be put off without an attempt, in microseconds: seven days.
const LONGEST_PUT_OFF: i64 = 7 * 24 * 3_600 * 1_000_000;

/// How long a key keeps a second job out after the first was done, in microseconds: seven days.
const KEYS_ARE_KEPT: i64 = 7 * 24 * 3_600 * 1_000_000;
