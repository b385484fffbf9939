//! What `moonswitch status` says about scripts.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use call::{CallId, TenantId};
use serde::Serialize;

use crate::lines::Lines;
use crate::plugin::quarantine::{Quarantine, Shut};
use crate::smpp::LineStatus;
use crate::{Fault, GoneBack};

/// What runs, for all tenants.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// By name.
    pub tenants: Vec<TenantStatus>,
    /// Settings that changed and count only after a restart: `sip.listen`.
    pub waiting_for_restart: Vec<String>,
    /// The `config.lua` that was refused last, if none was accepted since.
    pub config_refused: Option<ConfigRefusal>,
}

/// A `config.lua` that was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigRefusal {
    /// When: microseconds since 1970, UTC.
    pub at: i64,
    /// What is wrong, by the line.
    pub errors: Vec<String>,
}

/// What runs, for one tenant. Times are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TenantStatus {
    /// Whose.
    pub tenant: TenantId,
    /// The generation that gets new calls; `None` when none was ever right.
    pub generation: Option<u64>,
    /// Of its sources.
    pub hash: Option<String>,
    /// Since when it runs.
    pub since: Option<i64>,
    /// Handlers that run in it.
    pub calls: usize,
    /// Bytes that its VM uses.
    pub memory: usize,
    /// Handlers and timers that failed since the exchange began, in any generation.
    pub failures: u64,
    /// The newest of them, newest last.
    pub last_failures: Vec<Failure>,
    /// What is amiss in the sources of the current generation and refused it not.
    pub warnings: Vec<Fault>,
    /// Older generations that still have calls.
    pub old: Vec<Old>,
    /// The plugins of the current generation.
    pub plugins: Vec<PluginStatus>,
    /// Threads that were given up and have not come back.
    pub stuck: usize,
    /// The sources that were refused last, if nothing was published since.
    pub refused: Option<Refusal>,
    /// Somebody has gone back to an earlier generation, and saved files wait.
    pub gone_back: Option<GoneBack>,
    /// The saved files that wait for that.
    pub held: Option<Held>,
    /// The generations that can be gone back to, newest first.
    pub kept: Vec<Earlier>,
}

/// A generation that can be gone back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// Its number.
    pub generation: u64,
    /// When it was published first.
    pub at: i64,
    /// The files that differ in the one after it.
    pub changed_after: Vec<String>,
}

/// Saved files that wait, because somebody has gone back to an earlier generation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// Since when.
    pub at: i64,
    /// What is wrong with them.
    pub errors: Vec<Fault>,
}

/// An older generation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Old {
    /// Its number.
    pub generation: u64,
    /// Calls that are still on it.
    pub calls: usize,
    /// Since it was published.
    pub age_seconds: i64,
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginStatus {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its faults since the exchange began, in any generation.
    pub faults: u64,
    /// Why it is left out, if it is.
    pub left_out: Option<Shut>,
    /// How its SMPP line stands, if it has one.
    pub line: Option<LineStatus>,
}

/// Sources that were refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// The number that they would have got.
    pub generation: u64,
    /// When.
    pub at: i64,
    /// All that is wrong.
    pub errors: Vec<Fault>,
}

/// A handler, timer or the like that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// When.
    pub at: i64,
    /// The generation that it ran on.
    pub generation: u64,
    /// The call, if it was one's.
    pub call: Option<String>,
    /// With file and line, where known.
    pub message: String,
}

/// A tenant's failures and how much its scripts log, whatever generation they were in.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    kept: Mutex<Kept>,
    pub(crate) lines: Lines,
    /// Those of plugins.
    pub(crate) quarantine: Quarantine,
}

#[derive(Debug, Default)]
struct Kept {
    count: u64,
    last: VecDeque<Failure>,
}

impl Failures {
    /// Notes a failure.
    pub(crate) fn add(&self, at: i64, generation: u64, call: Option<CallId>, message: &str) {
        let mut kept = self.kept();
        kept.count += 1;
        if kept.last.len() == MOST_KEPT {
            kept.last.pop_front();
        }
        kept.last.push_back(Failure {
            at,
            generation,
            call: call.map(|call| call.to_string()),
            message: message.to_owned(),
        });
    }

    /// How many there were, and the newest.
    pub(crate) fn all(&self) -> (u64, Vec<Failure>) {
        let kept = self.kept();
        (kept.count, kept.last.iter().cloned().collect())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enough to see what is wrong now; the log and the calls' records have them all.
const MOST_KEPT: usize = 5;
