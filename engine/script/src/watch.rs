//! Folders to changes: a saved file becomes a reload, a whole `git pull` becomes one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What changed, when it is quiet again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Changed {
    /// Something below a folder of scripts, or such a folder itself.
    pub(crate) sources: bool,
    /// `config.lua`, by whatever name.
    pub(crate) config: bool,
}

/// Watches a project's folders until it is dropped.
pub(crate) struct Watch {
    _watcher: Arc<Mutex<RecommendedWatcher>>,
}

impl Watch {
    /// Watches folders, not files, because editors replace files. `folders` names those below the
    /// root that hold scripts; it and `changed` are called on a thread of their own. Data and
    /// recordings are never watched.
    ///
    /// # Errors
    /// When the system gives no notices, as when its limit of watches is reached.
    pub(crate) fn start(
        root: &Path,
        folders: impl Fn() -> BTreeSet<String> + Send + 'static,
        mut changed: impl FnMut(Changed) + Send + 'static,
    ) -> notify::Result<Self> {
        let (noticed, notices) = channel();
        let mut watcher = watcher(root.to_owned(), noticed)?;
        watcher.watch(root, RecursiveMode::NonRecursive)?;
        look_into(&mut watcher, root, &folders())?;
        let watcher = Arc::new(Mutex::new(watcher));
        // Weak, because the notices end with the watcher, and the thread with them.
        let (weak, root) = (Arc::downgrade(&watcher), root.to_owned());
        thread::Builder::new()
            .name("lua-watch".to_owned())
            .spawn(move || {
                while let Some(what) = settled(&notices, QUIET, LONGEST) {
                    // A folder may be new, or another one under an old name, as after a checkout.
                    if let Some(watcher) = weak.upgrade() {
                        let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Err(error) = look_into(&mut watcher, &root, &folders()) {
                            tracing::error!("some saved files are not noticed: {error}");
                        }
                    }
                    changed(what);
                }
            })
            .map_err(notify::Error::io)?;
        Ok(Self { _watcher: watcher })
    }
}

fn look_into(
    watcher: &mut RecommendedWatcher,
    root: &Path,
    folders: &BTreeSet<String>,
) -> notify::Result<()> {
    for folder in folders {
        let folder = root.join(folder);
        if folder.is_dir() {
            watcher.watch(&folder, RecursiveMode::Recursive)?;
        }
    }
    Ok(())
}

fn watcher(root: PathBuf, noticed: Sender<Changed>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        // Reading is no change; without this a reload would notice itself.
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        let mut changed = Changed::default();
        for path in &event.paths {
            let Ok(path) = path.strip_prefix(&root) else {
                continue;
            };
            if path.components().count() > 1 {
                changed.sources = true;
            } else if path.extension().is_some_and(|end| end == "lua") {
                changed.config = true;
            } else {
                // Whether it is a folder of scripts, their contents will tell.
                changed.sources |= !matches!(
                    event.kind,
                    EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))
                );
            }
        }
        if changed != Changed::default() {
            // The receiver ends with the process only.
            let _ = noticed.send(changed);
        }
    })
}

/// Waits for a notice and then until there was none for `quiet`, but `longest` at most; `None`
/// when nothing will come any more.
fn settled(notices: &Receiver<Changed>, quiet: Duration, longest: Duration) -> Option<Changed> {
    let mut changed = notices.recv().ok()?;
    let began = Instant::now();
    loop {
        let left = longest.saturating_sub(began.elapsed());
        match notices.recv_timeout(quiet.min(left)) {
            Ok(more) => {
                changed.sources |= more.sources;
                changed.config |= more.config;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Some(changed);
            }
        }
        if began.elapsed() >= longest {
            return Some(changed);
        }
    }
}

/// So long without a change ends a change.
const QUIET: Duration = Duration::from_millis(200);

/// A change that goes on and on is looked at now and then.
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A project's folder, watched.
    struct Project {
        root: PathBuf,
        notices: Receiver<Changed>,
        _watch: Watch,
    }

    impl Project {
        fn new(name: &str) -> Self {
            let root =
                std::env::temp_dir().join(format!("moonswitch-{name}-{}", std::process::id()));
            for folder in ["scripts/8001", "data"] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            let root = root.canonicalize().unwrap();
            let (noticed, notices) = channel();
            let folders = || BTreeSet::from(["scripts".to_owned(), "plans".to_owned()]);
            let watch = Watch::start(&root, folders, move |changed| {
                let _ = noticed.send(changed);
            });
            Self {
                root,
                notices,
                _watch: watch.unwrap(),
            }
        }

        fn write(&self, path: &str) {
            fs::write(self.root.join(path), "-- changed").unwrap();
        }

        /// The next change, of however many notices.
        fn change(&self) -> Changed {
            self.notices.recv_timeout(Duration::from_secs(30)).unwrap()
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.root);
        }
    }

    const SOURCES: Changed = Changed {
        sources: true,
        config: false,
    };
    const CONFIG: Changed = Changed {
        sources: false,
        config: true,
    };

    #[test]
    fn a_configuration_is_noticed_by_any_name_and_data_never() {
        let project = Project::new("watch-config");

        project.write("data/moonswitch.db");
        project.write("office.lua");

        assert_eq!(project.change(), CONFIG);
    }

    #[test]
    fn many_files_saved_at_once_are_one_change() {
        let project = Project::new("watch-many");

        for number in 0..50 {
            project.write(&format!("scripts/8001/{number}.lua"));
        }

        assert_eq!(project.change(), SOURCES);
        project.write("config.lua");
        assert_eq!(project.change(), CONFIG);
    }

    #[test]
    fn a_folder_that_took_anothers_place_and_a_new_one_are_watched() {
        let project = Project::new("watch-replaced");
        let folder = |name: &str| project.root.join(name);

        fs::rename(folder("scripts"), folder("scripts.old")).unwrap();
        fs::create_dir_all(folder("scripts/8001")).unwrap();
        fs::create_dir(folder("plans")).unwrap();
        assert_eq!(project.change(), SOURCES);

        project.write("scripts/8001/init.lua");
        assert_eq!(project.change(), SOURCES);
        project.write("plans/init.lua");
        assert_eq!(project.change(), SOURCES);
    }
}
