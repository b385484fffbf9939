//! What the switch stands on.

use std::collections::HashMap;
use std::sync::Arc;

use net::Signalling;
use script::Scripts;
use script::config::Config;
use store::Store;

use super::{Entrance, Library, Meters, Vitals};
use crate::clock::WallClock;

/// Everything that the switch stands on; made by `Engine`.
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    /// What it was at the start: some of it can only change with the next.
    pub(crate) started_with: Arc<Config>,
    pub(crate) clock: Arc<WallClock>,
    pub(crate) signalling: Signalling,
    pub(crate) media: net::MediaPool,
    pub(crate) files: net::RecordingFiles,
    pub(crate) library: Arc<Library>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) entrance: Entrance,
    pub(crate) meters: Meters,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) events: Arc<web::Events>,
    /// This exchange's name in the records.
    pub(crate) node: String,
    pub(crate) recordings: std::path::PathBuf,
    /// `config.lua` and the data folder.
    pub(crate) places: (std::path::PathBuf, std::path::PathBuf),
    pub(crate) registrations: Vec<store::RegistrationRow>,
    pub(crate) watchers: Vec<store::WatcherRow>,
    /// Far ends of calls that the last run was cut in.
    pub(crate) left_over: Vec<sip::SavedDialog>,
    pub(crate) users: Vec<store::UserRecord>,
    /// What the last run knew of agents and queues, by tenant.
    pub(crate) floors: HashMap<String, store::FloorRow>,
    /// What there is of today's figures, by tenant.
    pub(crate) figures: HashMap<String, store::Figures>,
    /// How switches of queues stood, by tenant.
    pub(crate) switches: HashMap<String, Vec<store::KvEntry>>,
}
