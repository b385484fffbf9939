//! What `moonswitch status` says about scripts.

use call::TenantId;
use serde::Serialize;

use crate::Fault;

/// What runs, for all tenants.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// By name.
    pub tenants: Vec<TenantStatus>,
    /// Settings that changed and count only after a restart: `sip.listen`.
    pub waiting_for_restart: Vec<String>,
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
    /// Handlers and timers that failed, in all living generations.
    pub failures: u64,
    /// Older generations that still have calls.
    pub old: Vec<Old>,
    /// Threads that were given up and have not come back.
    pub stuck: usize,
    /// The sources that were refused last, if nothing was published since.
    pub refused: Option<Refusal>,
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
