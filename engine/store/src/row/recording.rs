//! Recordings: where they are and what they are of. The audio is in files.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::CallDetails;

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

/// What a conversation has of a recording, or why it has none (E77).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recorded {
    /// It is recorded.
    Whole,
    /// Nobody has asked for it.
    NotAsked,
    /// It was deleted.
    Deleted,
    /// The disk could not take it, or not all of it.
    Disk,
    /// The exchange's own end has cut it.
    Cut,
    /// It was asked for, and nothing is known of it.
    Unknown,
    /// The call is over, and it was never closed.
    Open,
    /// It should be on the disk, and is not, or has another length.
    FileGone,
}

impl Recorded {
    /// The word in the API and in `moonswitch status`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "recorded",
            Self::NotAsked => "not_asked",
            Self::Deleted => "deleted",
            Self::Disk => "disk",
            Self::Cut => "cut",
            Self::Unknown => "unknown",
            Self::Open => "open",
            Self::FileGone => "file_gone",
        }
    }

    /// Whether somebody should look for it.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::Unknown | Self::Open | Self::FileGone)
    }
}

/// What a call that is over has of a recording by the records, or why it has none; whether its file is
/// there, the disk knows.
#[must_use]
pub fn recorded(call: &CallDetails, recordings: &[RecordingRow]) -> Recorded {
    let is_conversation = |row: &&RecordingRow| ["call", "script"].contains(&row.purpose.as_str());
    let rows: Vec<&RecordingRow> = recordings.iter().filter(is_conversation).collect();
    let is_cut = call
        .call
        .end
        .as_ref()
        .is_some_and(|it| it.ended_by == "system:cut");
    let talks = call.segments.iter();
    let talks =
        talks.filter(|it| matches!(it.kind.as_str(), "talk" | "hold" | "consult" | "conference"));
    if rows.is_empty() {
        let asked = talks.clone().any(|it| it.recording.is_some());
        let deleted = talks.clone().any(|it| it.note.as_deref() == Some(DELETED));
        return match (asked, deleted, is_cut) {
            (true, _, false) => Recorded::Unknown,
            (_, true, _) => Recorded::Deleted,
            (_, _, true) => Recorded::Cut,
            (false, false, false) => Recorded::NotAsked,
        };
    }
    let is_open = rows.iter().any(|row| row.end.is_none());
    let is_lost = rows.iter().any(|row| row.end.is_some_and(|end| end.lost));
    match (is_open, is_lost, is_cut) {
        (false, false, _) => Recorded::Whole,
        (_, _, true) => Recorded::Cut,
        (true, _, false) => Recorded::Open,
        (false, true, false) => Recorded::Disk,
    }
}

/// What a stretch of a call says whose recording was deleted.
pub(crate) const DELETED: &str = "recording deleted";
