//! Folders to changes: a saved file becomes a reload, a whole `git pull` becomes one.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What changed, when it is quiet again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Changed {
    /// Something below `scripts/` or `plugins/`.
    pub(crate) sources: bool,
    /// `config.lua`.
    pub(crate) config: bool,
}

/// Watches a project's folders until it is dropped.
pub(crate) struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches folders, not files, because editors replace files. `changed` is called on a thread
    /// of its own. Data and recordings are never watched.
    ///
    /// # Errors
    /// When the system gives no notices, as when its limit of watches is reached.
    pub(crate) fn start(
        root: &Path,
        mut changed: impl FnMut(Changed) + Send + 'static,
    ) -> notify::Result<Self> {
        let (noticed, notices) = channel();
        let mut watcher = watcher(root.to_owned(), noticed)?;
        watcher.watch(root, RecursiveMode::NonRecursive)?;
        for folder in WATCHED {
            let folder = root.join(folder);
            if folder.is_dir() {
                watcher.watch(&folder, RecursiveMode::Recursive)?;
            }
        }
        thread::Builder::new()
            .name("lua-watch".to_owned())
            .spawn(move || {
                while let Some(what) = settled(&notices, QUIET, LONGEST) {
                    changed(what);
                }
            })
            .map_err(notify::Error::io)?;
        Ok(Self { _watcher: watcher })
    }
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
            changed.config |= path == Path::new("config.lua");
            changed.sources |= WATCHED.iter().any(|folder| path.starts_with(folder));
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

const WATCHED: &[&str] = &["scripts", "plugins"];

/// So long without a change ends a change.
const QUIET: Duration = Duration::from_millis(200);

/// A change that goes on and on is looked at now and then.
const LONGEST: Duration = Duration::from_secs(2);
