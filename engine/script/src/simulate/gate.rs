//! Tests before a generation is published: `reload = { tests = true }`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tracing::subscriber::NoSubscriber;

use super::{Project, files, plugins, runner};
use crate::pulse::Pulse;
use crate::{Fault, config, fault};

/// The tests of a generation that is loaded and not yet published.
pub(crate) struct Gate {
    pub(crate) project: Project,
    pub(crate) root: PathBuf,
    /// Whether there is no other tenant, so that files outside of tenants' folders are its own.
    pub(crate) is_only: bool,
}

impl Gate {
    /// What is red, on a thread of its own: C code in a test may never come back.
    pub(crate) fn red(self) -> Vec<Fault> {
        let snapshot = Arc::clone(&self.project.snapshot);
        let pulse: Arc<Pulse> = Arc::default();
        let (tell, told) = sync_channel(1);
        let its = Arc::clone(&pulse);
        let trying = std::thread::Builder::new()
            .name("lua-tests".to_owned())
            .spawn(move || {
                // What tried scripts log is nothing that has happened.
                let silent = NoSubscriber::default();
                let red = tracing::subscriber::with_default(silent, || self.all_red(&its));
                // Nobody waits any more.
                let _ = tell.send(red);
            });
        let why = match trying {
            Ok(_) => match told.recv_timeout(LONGEST) {
                Ok(red) => return red,
                Err(_) => {
                    pulse.give_up();
                    format!("the tests have not ended in {} s", LONGEST.as_secs())
                }
            },
            Err(error) => format!("no thread for the tests: {error}"),
        };
        vec![fault::plain(why, None, &snapshot)]
    }

    fn all_red(&self, pulse: &Arc<Pulse>) -> Vec<Fault> {
        let project = &self.project;
        let files = files::read(&self.root, &project.tenant, self.is_only);
        let mut red = runner::run(project, &files, pulse, |_| true).faults();
        for name in project.settings.plugins.keys() {
            let files = files::of_plugin(&self.root, name);
            for party in plugins::parties(name, &files) {
                if pulse.given_up() {
                    break;
                }
                let (limits, sounds) = (&project.limits, &project.sounds);
                match plugins::project(&self.root, &party, limits, sounds) {
                    Ok(plugin) => {
                        let mut tested = runner::run(&plugin, &party.files, pulse, |_| true);
                        plugins::name_settings(&mut tested, &party);
                        red.extend(tested.faults());
                    }
                    Err(wrong) => red.extend(wrong),
                }
            }
        }
        if red.len() > MOST_TOLD {
            let more = red.len() - MOST_TOLD;
            red.truncate(MOST_TOLD);
            let all = format!("and {more} more that fail: `moonswitch test` tells them all");
            red.push(fault::plain(all, None, &project.snapshot));
        }
        red
    }
}

/// Changes when any file of a tenant's tests does.
pub(crate) fn tests_hash(root: &Path, settings: &config::Tenant) -> u64 {
    let mut hasher = DefaultHasher::new();
    files::all(root).hash(&mut hasher);
    for name in settings.plugins.keys() {
        files::of_plugin(root, name).hash(&mut hasher);
    }
    hasher.finish()
}

/// One mistake makes many tests fail.
const MOST_TOLD: usize = 5;
/// Tests of dialplans take milliseconds.
const LONGEST: Duration = Duration::from_secs(60);
