//! What is looked at once an hour: scripts' values that have expired and messages that were deleted
//! a month ago, which are forgotten with their sound, and calendars that run out.

use std::path::Path;
use std::time::{Duration, Instant};

use store::RecordingRow;

use super::Switch;

impl Switch {
    pub(super) fn clean_when_due(&mut self, now: Instant) {
        if now < self.next_cleaning {
            return;
        }
        self.next_cleaning = now + CLEANING;
        self.parts.scripts.look_at_calendars();
        self.reconcile_recordings();
        let wall = self.parts.clock.unix_micros();
        let (store, root) = (self.parts.store.clone(), self.parts.recordings.clone());
        tokio::spawn(async move {
            if let Err(error) = store.kv_purge(wall).await {
                tracing::warn!(%error, "expired values stay for now");
            }
            let day_ago = crate::clock::system_micros() - ANSWERS_ARE_KEPT;
            if let Err(error) = store.purge_answers(day_ago).await {
                tracing::warn!(%error, "answers to repeated requests stay for now");
            }
            match store.purge_deleted(wall - RESTORABLE).await {
                Ok(gone) => {
                    let _ = tokio::task::spawn_blocking(move || remove(&root, &gone)).await;
                }
                Err(error) => tracing::warn!(%error, "deleted messages stay for now"),
            }
        });
    }
}

/// Removes the files of recordings whose rows are gone.
pub(super) fn remove(root: &Path, gone: &[RecordingRow]) {
    for recording in gone {
        let path = root.join(&recording.path);
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "cannot remove a recording");
        }
    }
}

/// How long answers to requests that may be repeated are kept, in microseconds: 24 hours.
const ANSWERS_ARE_KEPT: i64 = 24 * 3_600 * 1_000_000;
const CLEANING: Duration = Duration::from_secs(3_600);
/// How long a deleted message can be restored, in microseconds: 30 days.
const RESTORABLE: i64 = 30 * 24 * 3_600 * 1_000_000;
