//! What the last run left open: cut calls get their record, cut recordings their length.

mod alive;
mod cut_call;
mod cut_stay;

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use media::wav::{WavHeader, repair};
use script::config::Config;
use store::{
    CallBegin, FloorRow, JournalLine, KvEntry, QueueLogFilter, RecordingEnd, RecordingRow,
    RegistrationRow, Store, UserRecord, WatcherRow,
};
use uuid::Uuid;

pub(crate) use alive::keep_alive;

use crate::checksum::sha256_of;

/// What is to be known before the first call.
pub(crate) struct Recovered {
    /// Where phones are.
    pub(crate) registrations: Vec<RegistrationRow>,
    /// What phones watch.
    pub(crate) watchers: Vec<WatcherRow>,
    /// Far ends that may still talk in calls that were cut.
    pub(crate) left_over: Vec<sip::SavedDialog>,
    /// Users whose passwords the store knows.
    pub(crate) users: Vec<UserRecord>,
    /// How agents stood, by tenant.
    pub(crate) floors: HashMap<String, FloorRow>,
    /// The figures of today, by tenant.
    pub(crate) figures: HashMap<String, store::Figures>,
    /// How switches of queues stood, by tenant.
    pub(crate) switches: HashMap<String, Vec<KvEntry>>,
}

/// Closes what was cut, and reads what is to be known before the first call.
pub(crate) async fn recover(
    store: &Arc<dyn Store>,
    node: &str,
    data: &Path,
    config: &Config,
    now: i64,
) -> Recovered {
    // Recordings first: their length is part of what the calls were.
    let mended = mend_recordings(store, node, &data.join("recordings")).await;
    let left_over = close_calls(store, node, &mended, alive::last_alive(data), now).await;
    let registrations = store.all_registrations(now).await.unwrap_or_else(|error| {
        tracing::error!(%error, "registrations cannot be read; phones will register again");
        Vec::new()
    });
    let watchers = store.all_watchers(now).await.unwrap_or_else(|error| {
        tracing::error!(%error, "subscriptions cannot be read; phones will subscribe again");
        Vec::new()
    });
    let (mut users, mut floors, mut figures) = (Vec::new(), HashMap::new(), HashMap::new());
    let mut switches = HashMap::new();
    for (tenant, settings) in &config.tenants {
        match store
            .figures(tenant, crate::switch::today(settings, now))
            .await
        {
            Ok(found) => drop(figures.insert(tenant.clone(), found)),
            Err(error) => {
                tracing::error!(%error, tenant, "the figures of today cannot be read: they begin anew")
            }
        }
        match store.users(tenant).await {
            Ok(found) => users.extend(found),
            Err(error) => tracing::error!(%error, tenant, "users cannot be read"),
        }
        match store.floor(tenant).await {
            Ok(kept) => drop(floors.insert(tenant.clone(), kept)),
            Err(error) => {
                tracing::error!(%error, tenant, "agents cannot be read: all log in again")
            }
        }
        let kept = crate::switch::switch_key(tenant, "");
        match store.kv_each(kept, None, now).await {
            Ok(found) => drop(switches.insert(tenant.clone(), found)),
            Err(error) => {
                tracing::error!(%error, tenant, "switches cannot be read: all are open")
            }
        }
    }
    Recovered {
        registrations,
        watchers,
        left_over,
        users,
        floors,
        figures,
        switches,
    }
}

async fn close_calls(
    store: &Arc<dyn Store>,
    node: &str,
    mended: &HashMap<Uuid, RecordingEnd>,
    alive: Option<i64>,
    now: i64,
) -> Vec<sip::SavedDialog> {
    let cut = store.unfinished_calls(node).await.unwrap_or_else(|error| {
        tracing::error!(%error, "cut calls cannot be read");
        Vec::new()
    });
    if !cut.is_empty() {
        tracing::warn!(
            calls = cut.len(),
            "the last run was cut; its calls get their records now"
        );
    }
    // A mark of another clock, or of a run after these calls', would stretch them.
    let alive = alive.filter(|alive| *alive <= now);
    let (mut pending, mut left_over) = (Vec::new(), Vec::new());
    for begin in &cut {
        let mut cut_at = alive.unwrap_or(begin.started_at);
        let journal = match store.journal(&begin.tenant, begin.id).await {
            Ok(journal) => journal,
            Err(error) => {
                tracing::error!(%error, call = %begin.id, "its journal cannot be read");
                Vec::new()
            }
        };
        left_over.extend(crate::switch::left_over(&journal));
        match relived(store, begin, &journal, mended, alive).await {
            Ok(Some(call)) => {
                cut_at = call.record.end.ended_at;
                pending.push(store.finish_call(call.record));
                pending.extend(
                    call.messages
                        .into_iter()
                        .map(|one| store.leave_message(one)),
                );
            }
            Ok(None) => {
                tracing::warn!(call = %begin.id, "no whole journal; its record says only that it was cut");
            }
            Err(error) => {
                tracing::error!(%error, call = %begin.id, "its recordings cannot be read")
            }
        }
        pending.extend(end_stay(store, begin, cut_at).await);
    }
    // Writes are applied in the order of the calls: what has its record is not closed again.
    if let Err(error) = store.close_cut_calls(node, now).await {
        tracing::error!(%error, "cut calls stay open");
    }
    pending.into_iter().for_each(store::Pending::forget);
    left_over
}

/// Writes the end of the stay in a queue that was cut with its call, if it was in one.
async fn end_stay(
    store: &Arc<dyn Store>,
    begin: &CallBegin,
    at: i64,
) -> Option<store::Pending<()>> {
    let filter = QueueLogFilter {
        call: Some(begin.id),
        limit: MOST_LINES,
        ..QueueLogFilter::default()
    };
    let lines = store.queue_log(&begin.tenant, filter).await;
    let mut lines = lines.unwrap_or_else(|error| {
        tracing::error!(%error, call = %begin.id, "the queue log cannot be read");
        Vec::new()
    });
    lines.reverse();
    let notes = cut_stay::end(begin, &lines, at)?;
    Some(store.note_floor(&begin.tenant, notes))
}

async fn relived(
    store: &Arc<dyn Store>,
    begin: &CallBegin,
    journal: &[JournalLine],
    mended: &HashMap<Uuid, RecordingEnd>,
    alive: Option<i64>,
) -> Result<Option<cut_call::CutCall>, store::Error> {
    let recordings: Vec<(RecordingRow, RecordingEnd)> = store
        .recordings(&begin.tenant, begin.id)
        .await?
        .into_iter()
        .filter_map(|row| {
            let end = row.end.or_else(|| mended.get(&row.id).copied())?;
            (end.bytes > 0).then_some((row, end))
        })
        .collect();
    let found = recordings.iter().map(|(row, end)| (row.id, *end)).collect();
    // The sound itself may tell of more than mark and journal do.
    let heard = recordings
        .iter()
        .map(|(row, end)| row.started_at.saturating_add(end.duration));
    let alive = heard.chain(alive).max();
    Ok(cut_call::relive(begin, journal, alive, &found))
}

/// Gives cut recordings a true header and a closed row at once, and their checksums when there is
/// time: hashing a night's recordings must not keep the exchange from starting, and neither must a
/// disk that cannot be written now.
async fn mend_recordings(
    store: &Arc<dyn Store>,
    node: &str,
    root: &Path,
) -> HashMap<Uuid, RecordingEnd> {
    let cut = store
        .unfinished_recordings(node)
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "cut recordings stay open");
            Vec::new()
        });
    let (mut mended, mut with_sound) = (HashMap::new(), Vec::new());
    for row in cut {
        let path = root.join(&row.path);
        let end = mend(&path, &row).await;
        store.finish_recording(&row.tenant, row.id, end).forget();
        mended.insert(row.id, end);
        if end.bytes > 0 {
            with_sound.push((path, row, end));
        }
    }
    tokio::spawn(add_checksums(store.clone(), with_sound));
    mended
}

async fn mend(path: &Path, row: &RecordingRow) -> RecordingEnd {
    let (at, id) = (path.to_owned(), row.id);
    let mended = tokio::task::spawn_blocking(move || mend_file(&at)).await;
    let Mended { bytes, is_whole } = match mended {
        Ok(Ok(mended)) => mended,
        Ok(Err(error)) => {
            tracing::warn!(%error, recording = %id, "a cut recording cannot be mended");
            Mended::default()
        }
        Err(_) => Mended::default(),
    };
    let samples = bytes.saturating_sub(WavHeader::LENGTH as u64) / 2;
    let frames = samples / u64::from(row.channels.max(1));
    let duration = frames * 1_000_000 / u64::from(row.rate.max(1));
    RecordingEnd {
        duration: i64::try_from(duration).unwrap_or(i64::MAX),
        bytes,
        sha256: None,
        lost: !is_whole,
    }
}

async fn add_checksums(store: Arc<dyn Store>, mended: Vec<(PathBuf, RecordingRow, RecordingEnd)>) {
    for (path, row, end) in mended {
        let hashed = tokio::task::spawn_blocking(move || sha256_of(&path)).await;
        match hashed {
            Ok(Ok(sum)) => {
                let end = RecordingEnd {
                    sha256: Some(sum),
                    ..end
                };
                store.finish_recording(&row.tenant, row.id, end).forget();
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, recording = %row.id, "a recording has no checksum");
            }
            Err(_) => return,
        }
    }
}

/// What a recording's file was found to hold.
#[derive(Clone, Copy, Debug, Default)]
struct Mended {
    /// The file's length; 0 where it holds no sound.
    bytes: u64,
    /// It had been closed when the exchange was cut, and only its row was not.
    is_whole: bool,
}

/// Makes the header of a file that was cut off say what is there.
fn mend_file(path: &Path) -> io::Result<Mended> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut head = [0; WavHeader::LENGTH];
    let length = file.metadata()?.len();
    if length < head.len() as u64 {
        return Ok(Mended::default());
    }
    file.read_exact(&mut head)?;
    let Some(repair) = repair(&head, length) else {
        return Ok(Mended::default());
    };
    if !repair.is_whole {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&repair.header)?;
        file.set_len(repair.length)?;
        file.sync_data()?;
    }
    let bytes = match repair.length {
        length if length > WavHeader::LENGTH as u64 => length,
        _ => 0,
    };
    Ok(Mended {
        bytes,
        is_whole: repair.is_whole,
    })
}

/// Lines of the queue log that are looked at for one call: more than a night of offers makes.
const MOST_LINES: usize = 1_000;

#[cfg(test)]
mod tests;
