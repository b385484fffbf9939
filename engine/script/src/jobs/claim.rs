//! One job in the hands of a generation: settled once, whatever becomes of who has it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use store::JobRow;

use super::{Jobs, Later};

/// One job in the hands of a generation. Dropped before it began, its job waits as before; dropped
/// later, it has failed.
pub(crate) struct Claim {
    pub(crate) row: JobRow,
    jobs: Arc<Jobs>,
    has_begun: bool,
    /// What came of it is told. Somebody else may have the job by now.
    is_settled: bool,
}

impl Claim {
    pub(super) fn new(row: JobRow, jobs: Arc<Jobs>) -> Self {
        Self {
            row,
            jobs,
            has_begun: false,
            is_settled: false,
        }
    }

    /// Its handler begins.
    pub(crate) fn begin(&mut self) {
        self.has_begun = true;
    }

    /// Its handler has returned.
    pub(crate) fn done(mut self) {
        self.is_settled = true;
        self.jobs.done(self.row.job.id);
    }

    /// Its handler wants to be asked later.
    pub(crate) fn put_off(mut self, later: &Later) {
        self.is_settled = true;
        self.jobs.put_off(&self.row.job, later);
    }

    /// Its handler has failed.
    pub(crate) fn failed(mut self, why: &str) {
        self.is_settled = true;
        self.jobs.failed(self.row.job.id, why);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let id = self.row.job.id;
        if self.has_begun && !self.jobs.stopping.load(Relaxed) {
            self.jobs
                .failed(id, "the scripts that ran it were given up");
        } else {
            self.jobs.put_back(id);
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&self.row.job.id).finish()
    }
}
