//! Folders to changes: a saved file becomes a reload, a whole `git pull` becomes one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
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
        let (noticed, notices) = notices();
        let mut watcher = watcher(root.to_owned(), noticed)?;
        watcher.watch(root, RecursiveMode::NonRecursive)?;
        look_into(&mut watcher, root, &folders())?;
        let watcher = Arc::new(Mutex::new(watcher));
        // Weak, because the notices end with the watcher, and the thread with them.
        let (weak, root) = (Arc::downgrade(&watcher), root.to_owned());
        thread::Builder::new()
            .name("lua-watch".to_owned())
            .spawn(move || {
                while let Some(what) = notices.settled(QUIET, LONGEST) {
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

fn watcher(root: PathBuf, noticed: Noticed) -> notify::Result<RecommendedWatcher> {
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
            noticed.add(changed);
        }
    })
}

/// Takes notices down. However many come, they are two facts and one knock: no notice is lost, and whoever
/// gives them never waits.
struct Noticed {
    pending: Arc<Mutex<Changed>>,
    knock: SyncSender<()>,
}

/// Where they are looked at.
struct Notices {
    pending: Arc<Mutex<Changed>>,
    knocks: Receiver<()>,
}

fn notices() -> (Noticed, Notices) {
    let (knock, knocks) = sync_channel(1);
    let pending = Arc::<Mutex<Changed>>::default();
    let noticed = Noticed {
        pending: Arc::clone(&pending),
        knock,
    };
    (noticed, Notices { pending, knocks })
}

impl Noticed {
    fn add(&self, changed: Changed) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.sources |= changed.sources;
        pending.config |= changed.config;
        drop(pending);
        // Full: it knocks already.
        let _ = self.knock.try_send(());
    }
}

impl Notices {
    /// Waits for a notice and then until there was none for `quiet`, but `longest` at most; `None`
    /// when nothing will come any more.
    fn settled(&self, quiet: Duration, longest: Duration) -> Option<Changed> {
        loop {
            self.knocks.recv().ok()?;
            let until = Instant::now() + longest;
            let left = || until.saturating_duration_since(Instant::now());
            while self.knocks.recv_timeout(quiet.min(left())).is_ok() && !left().is_zero() {}
            let changed = {
                let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *pending)
            };
            // A notice may have been taken before it knocked.
            if changed != Changed::default() {
                return Some(changed);
            }
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
            let (noticed, notices) = sync_channel(8);
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
    fn no_kind_of_change_is_lost_among_thousands_that_nobody_has_looked_at() {
        let (noticed, notices) = notices();
        for _ in 0..10_000 {
            noticed.add(SOURCES);
        }
        noticed.add(CONFIG);
        drop(noticed);

        let both = Changed {
            sources: true,
            config: true,
        };
        assert_eq!(notices.settled(QUIET, LONGEST), Some(both));
        assert_eq!(notices.settled(QUIET, LONGEST), None);
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
