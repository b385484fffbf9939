//! Records that live as long as one test.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

/// Records that live as long as one test, in a folder that nobody else can have made before us.
pub(super) struct Scratch {
    pub(super) store: Arc<store::Sqlite>,
    folder: Folder,
}

struct Folder(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos();
        let name = format!("moonswitch-test-{}-{now}-{number}", std::process::id());
        // In memory where there is a file system in memory: nothing has to survive.
        let places = [PathBuf::from(IN_MEMORY), std::env::temp_dir()];
        let mut made = Err(String::new());
        for path in places.map(|place| place.join(&name)) {
            made = match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => Ok(Folder(path)),
                Err(error) => Err(format!("cannot make {}: {error}", path.display())),
            };
            if made.is_ok() {
                break;
            }
        }
        let folder = made?;
        let path = folder.0.join("records.db");
        let store = store::Sqlite::open(&path, [0; 32]);
        let store = store.map_err(|error| format!("no records for the tests: {error}"))?;
        Ok(Self { store, folder })
    }

    /// Where the sound of recordings is.
    pub(super) fn recordings(&self) -> PathBuf {
        self.folder.0.join("recordings")
    }

    /// Where they are.
    pub(super) fn path(&self) -> &Path {
        &self.folder.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const IN_MEMORY: &str = "/dev/shm";
