//! What the last run left open: cut calls get their record, cut recordings their length.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use media::wav::{WavHeader, repair};
use script::config::Config;
use store::{RecordingEnd, RecordingRow, RegistrationRow, Store, UserRecord};

/// Closes what was cut, and reads what is to be known before the first call.
pub(crate) async fn recover(
    store: &Arc<dyn Store>,
    node: &str,
    recordings: &Path,
    config: &Config,
    now: i64,
) -> (Vec<RegistrationRow>, Vec<UserRecord>) {
    match store.close_cut_calls(node, now).await {
        Ok(cut) if !cut.is_empty() => {
            tracing::warn!(
                calls = cut.len(),
                "the last run was cut; its calls have records now"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "cut calls stay open"),
    }
    match store.unfinished_recordings(node).await {
        Ok(cut) => {
            for row in cut {
                mend(store, recordings, &row).await;
            }
        }
        Err(error) => tracing::error!(%error, "cut recordings stay open"),
    }
    let registrations = store.all_registrations(now).await.unwrap_or_else(|error| {
        tracing::error!(%error, "registrations cannot be read; phones will register again");
        Vec::new()
    });
    let mut users = Vec::new();
    for tenant in config.tenants.keys() {
        match store.users(tenant).await {
            Ok(found) => users.extend(found),
            Err(error) => tracing::error!(%error, tenant, "users cannot be read"),
        }
    }
    (registrations, users)
}

/// Makes the header of a file that was cut off say what is there.
async fn mend(store: &Arc<dyn Store>, root: &Path, row: &RecordingRow) {
    let path = root.join(&row.path);
    let mended = tokio::task::spawn_blocking(move || mend_file(&path)).await;
    let bytes = match mended {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            tracing::warn!(%error, recording = %row.id, "a cut recording cannot be mended");
            0
        }
        Err(_) => 0,
    };
    let samples = bytes.saturating_sub(WavHeader::LENGTH as u64) / 2;
    let frames = samples / u64::from(row.channels.max(1));
    let duration = frames * 1_000_000 / u64::from(row.rate.max(1));
    let end = RecordingEnd {
        duration: i64::try_from(duration).unwrap_or(i64::MAX),
        bytes,
        sha256: None,
        lost: true,
    };
    store.finish_recording(&row.tenant, row.id, end).forget();
}

/// Returns the file's length; 0 where it holds no sound.
fn mend_file(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut head = [0; WavHeader::LENGTH];
    let length = file.metadata()?.len();
    if length < head.len() as u64 {
        return Ok(0);
    }
    file.read_exact(&mut head)?;
    let Some(repair) = repair(&head, length) else {
        return Ok(0);
    };
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&repair.header)?;
    file.set_len(repair.length)?;
    file.sync_data()?;
    Ok(repair.length)
}
