//! Tests before a generation is published: `reload = { tests = true }`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{Project, files, runner};
use crate::pulse::Pulse;
use crate::{Fault, fault};

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
        let (tell, told) = channel();
        let its = Arc::clone(&pulse);
        let trying = std::thread::Builder::new()
            .name("lua-tests".to_owned())
            .spawn(move || {
                let files = files::read(&self.root, &self.project.tenant, self.is_only);
                let tested = runner::run(&self.project, &files, &its, |_| true);
                // Nobody waits any more.
                let _ = tell.send(tested.faults());
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
}

/// Changes when any file of the tests does.
pub(crate) fn tests_hash(root: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    files::all(root).hash(&mut hasher);
    hasher.finish()
}

/// Tests of dialplans take milliseconds.
const LONGEST: Duration = Duration::from_secs(60);
