//! Customers' calls that nobody took (漏话), and what became of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A call that nobody took.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct MissedRow {
    /// Which.
    pub call: Uuid,
    /// The customer's number in canonical form; `None` if withheld or unknown: nobody can call back.
    pub number: Option<String>,
    /// The number as it came.
    pub raw: String,
    /// When it began.
    pub at: i64,
    /// The number that was dialled.
    pub to: String,
    /// What became of it: `abandoned_in_queue`, `rang_out` …
    pub result: String,
    /// The last queue that it waited in.
    pub queue: Option<String>,
    /// How long it waited in queues, microseconds.
    pub waited: i64,
    /// Whether somebody has seen to it.
    pub state: MissedState,
    /// How often the number was called since.
    pub tries: u32,
    /// Who called last, or has settled it: a user, `api:NAME`.
    pub last_by: Option<String>,
    /// When.
    pub last_at: Option<i64>,
    /// By which call.
    pub last_call: Option<Uuid>,
}

/// Whether somebody has seen to a call that nobody took.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedState {
    /// Nobody has called back.
    Open,
    /// The number was called, and nobody answered there.
    Tried,
    /// The number was called and answered (已回拨).
    CalledBack,
    /// The customer has called again and was answered.
    CameAgain,
    /// Somebody says so.
    Done,
}

impl MissedState {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Tried,
        Self::CalledBack,
        Self::CameAgain,
        Self::Done,
    ];

    /// The stored word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Tried => "tried",
            Self::CalledBack => "called_back",
            Self::CameAgain => "came_again",
            Self::Done => "done",
        }
    }

    /// Finds a state by its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A call to a customer's number is over, or somebody says that one is settled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CalledBack {
    /// The number in canonical form.
    pub number: String,
    /// The call.
    pub call: Uuid,
    /// Who called: a user, or a script.
    pub by: String,
    /// When it began: what was missed later is not settled by it.
    pub at: i64,
    /// Whether it was answered.
    pub answered: bool,
}

/// Which missed calls to list, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MissedFilter {
    /// Of this time or later.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Of this queue.
    pub queue: Option<String>,
    /// Only those that nobody has seen to (`true`), or only the others.
    pub unsettled: Option<bool>,
    /// After this place of the list: time and call of the last of the page before.
    pub before: Option<(i64, Uuid)>,
    /// At most so many; 0 means 100, and more than 1,000 are never given.
    pub limit: usize,
}

/// Whether a customer's call of this result was missed: somebody should call back. Who hung up in a menu
/// had not asked for anybody yet.
#[must_use]
pub fn is_missed(result: &str) -> bool {
    MISSED.contains(&result)
}

/// Results of calls that are missed.
const MISSED: [&str; 9] = [
    "rang_out",
    "abandoned_ringing",
    "abandoned_in_queue",
    "queue_timeout",
    "left_message",
    "refused",
    "unreachable",
    "no_capacity",
    "failed",
];
