//! Recordings: where they are and what they are of. The audio is in files.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One recording. Stored when it begins, so that a crash leaves no orphan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingRow {
    /// Version 7.
    pub id: Uuid,
    /// The enterprise number.
    pub tenant: String,
    /// The exchange whose disk it is on.
    pub node: String,
    /// The call.
    pub call_id: Uuid,
    /// Relative to that exchange's recordings folder.
    pub path: String,
    /// 2: customer left, agent right.
    pub channels: u16,
    /// Samples a second.
    pub rate: u32,
    /// When it began.
    pub started_at: i64,
    /// `call`, `script`, `message`, `greeting`.
    pub purpose: String,
    /// How it ended; `None` while it runs.
    pub end: Option<RecordingEnd>,
}

/// Which recordings to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RecordingFilter {
    /// Of this call.
    pub call: Option<Uuid>,
    /// Only conversations (`call`, `script`, `whisper`): no messages and no greetings.
    pub conversations: bool,
    /// Only of calls in which one of these users called or took part; of all when it is empty.
    pub among: Vec<String>,
    /// Begun at this time or later.
    pub since: Option<i64>,
    /// Begun before this time.
    pub until: Option<i64>,
    /// Older than this recording: `started_at` and id of the last one of the page before.
    pub before: Option<(i64, Uuid)>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}

/// A closed recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct RecordingEnd {
    /// Microseconds of audio.
    pub duration: i64,
    /// The file's size.
    pub bytes: u64,
    /// Of the whole file, where it was made.
    pub sha256: Option<[u8; 32]>,
    /// Its end is missing: the exchange or the disk failed while it ran.
    pub lost: bool,
}
