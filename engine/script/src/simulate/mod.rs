//! Calls without a network: `moonswitch test`, `moonswitch call`, and the tests before a reload.
//!
//! The call machine and the script host are the real ones; phones, sounds, records and time are
//! simulated. A sound takes no time, waits do; a day of calls runs in less than a second.

mod clock;
mod files;
mod floor;
mod gate;
mod http;
mod jobs;
mod lists;
mod lua;
mod mailboxes;
mod offline;
mod others;
mod perform;
mod phones;
mod plugins;
mod post;
mod records;
mod runner;
mod scene;
mod scratch;
mod several;
mod smsc;
mod stage;
mod story;
#[cfg(test)]
mod tests;
mod when;
mod wire;
mod world;

use std::sync::Arc;

use call::TenantId;

use crate::snapshot::Snapshot;
use crate::{Sounds, config};

pub(crate) use gate::{Gate, tests_hash};
pub use offline::{CallPlan, CallStory, Offline};
pub use runner::{TestResult, Tested};
pub use story::{StoryLine, Who};

/// The scripts of a tenant that are tried.
pub(crate) struct Project {
    pub(crate) tenant: TenantId,
    pub(crate) generation: u64,
    pub(crate) settings: Arc<config::Tenant>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) limits: config::Limits,
    pub(crate) sounds: Arc<dyn Sounds>,
}
