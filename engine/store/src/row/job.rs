//! Work that must not be lost.

use serde_json::Value;
use uuid::Uuid;

/// A job to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// The enterprise number.
    pub tenant: String,
    /// Its id; stays the same over all attempts.
    pub id: Uuid,
    /// Whose handler does it: a plugin's name, or `script`.
    pub owner: String,
    /// The handler's name.
    pub name: String,
    /// Of two with the same tenant, owner, name and key the second is not added.
    pub key: Option<String>,
    /// Plain data, up to 64 KB as JSON.
    pub data: Value,
    /// When it was added.
    pub added_at: i64,
    /// When it may run.
    pub due_at: i64,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// What was asked for.
    pub job: NewJob,
    /// How it stands.
    pub state: JobState,
    /// How often it has been begun.
    pub attempts: u32,
    /// When it failed for good or was done.
    pub ended_at: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Which jobs to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct JobFilter {
    /// Only those in this state; without it, all that are not done.
    pub state: Option<JobState>,
    /// Whose handler: a plugin's name, or `script`.
    pub owner: Option<String>,
    /// The handler's name.
    pub name: Option<String>,
    /// Older than this job: the last one of the page before.
    pub before: Option<Uuid>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JobState {
    /// It runs when it is due.
    Waiting,
    /// A handler has it.
    Running,
    /// It will not run again unless a person says so.
    Failed,
    /// It is done, and kept only for its key.
    Done,
}

/// Which jobs there are to do: a handler's name and when its first is due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DueJobs {
    /// The enterprise number.
    pub tenant: String,
    /// Whose handler: a plugin's name, or `script`.
    pub owner: String,
    /// The handler's name.
    pub name: String,
}

impl JobState {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Waiting, Self::Running, Self::Failed, Self::Done];

    /// The word in records and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.word() == word)
    }
}
