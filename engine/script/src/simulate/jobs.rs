//! Jobs in simulated time: the exchange's own, handed out when the simulated clock says so.

use std::sync::Arc;

use call::TenantId;
use store::{JobRow, JobState, Store};

use super::clock::VirtualClock;
use crate::Clock;
use crate::host::Host;
use crate::jobs::{Bell, Jobs};

/// Hands out the jobs of one simulated exchange.
pub(super) struct JobDesk {
    jobs: Arc<Jobs>,
    bell: Arc<Bell>,
    store: Arc<dyn Store>,
    clock: VirtualClock,
    tenant: TenantId,
    /// When the next one is due, in microseconds since 1970, UTC.
    due: Option<i64>,
}

impl JobDesk {
    /// One without jobs; `bell` is rung when there is one.
    pub(super) fn new(
        store: Arc<dyn Store>,
        clock: VirtualClock,
        bell: Arc<Bell>,
        tenant: TenantId,
    ) -> Self {
        Self {
            jobs: Jobs::new(
                Arc::clone(&store),
                Arc::new(clock.clone()),
                "test".to_owned(),
                Arc::clone(&bell),
            ),
            bell,
            store,
            clock,
            tenant,
            due: None,
        }
    }

    /// Hands out what is due; false when nothing has changed.
    ///
    /// # Errors
    /// When the records fail.
    pub(super) fn turn(&mut self, host: &Arc<Host>) -> Result<bool, store::Error> {
        let now = self.clock.unix_micros();
        if !self.bell.was_rung() && self.due.is_none_or(|due| due > now) {
            return Ok(false);
        }
        self.wait_for_writes()?;
        self.jobs.turn(|_| Some(Arc::clone(host)))?;
        let waiting = self.jobs(Some(JobState::Waiting))?.into_iter();
        // One that is due by now and was not handed out has nobody who does it, or waits until
        // another one of its kind is done; then the bell rings.
        self.due = waiting
            .map(|row| row.job.due_at)
            .filter(|due| *due > now)
            .min();
        Ok(true)
    }

    /// When the next one is due, in microseconds since 1970, UTC.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.due
    }

    /// The jobs in a state, or all that are not done.
    ///
    /// # Errors
    /// When the records fail.
    pub(super) fn jobs(&self, state: Option<JobState>) -> Result<Vec<JobRow>, store::Error> {
        self.wait_for_writes()?;
        self.store.jobs(&self.tenant.to_string(), state).wait()
    }

    /// What became of jobs is written without anybody waiting for it; one more write comes behind
    /// all of these.
    fn wait_for_writes(&self) -> Result<(), store::Error> {
        self.store.purge_jobs(i64::MIN).wait().map(drop)
    }
}
