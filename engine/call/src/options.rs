//! How a call behaves where neither network nor script says.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Codes, Queue, Sound, Supervise, Target};

/// How a call behaves where neither network nor script says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Randomness for the ids that the call makes.
    pub seed: u64,
    /// What a caller gets when the script fails.
    pub fallback: Fallback,
    /// How long a call may go unanswered, and how long anything may ring.
    pub ring_limit: Duration,
    /// For a call that the exchange makes itself: who is rung first, and is its caller once they
    /// have answered.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// How long it rings for a transferred party before whoever transferred it is rung.
    #[serde(default = "recall")]
    pub recall: Duration,
    /// How long somebody may be on hold before whoever holds is reminded, again and again; never
    /// when zero.
    #[serde(default)]
    pub hold_reminder: Duration,
    /// How long whoever has had nobody to talk with elsewhere hears so before they have the other one
    /// back; they have to fetch them themselves when zero.
    #[serde(default = "auto_retrieve")]
    pub auto_retrieve: Duration,
    /// The codes that users may type in conversations.
    #[serde(default, skip_serializing_if = "Codes::is_empty")]
    pub codes: Codes,
    /// It is made beside another call, by whoever is in that one, over the same phone line: its caller
    /// is there already, and where it finds nobody it is over.
    #[serde(default)]
    pub aside: bool,
}

fn auto_retrieve() -> Duration {
    Duration::from_secs(2)
}

fn recall() -> Duration {
    Duration::from_secs(20)
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            fallback: Fallback::default(),
            ring_limit: Duration::from_secs(180),
            recall: recall(),
            origin: None,
            hold_reminder: Duration::ZERO,
            auto_retrieve: auto_retrieve(),
            codes: Codes::default(),
            aside: false,
        }
    }
}

/// Who is rung first in a call that the exchange makes itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Who.
    pub target: Target,
    /// How long they may ring.
    pub timeout: Duration,
    /// The number that they are shown.
    pub shown: Option<String>,
    /// Whom they supervise once they have answered; then no script runs.
    #[serde(default)]
    pub supervises: Option<Supervise>,
    /// They have asked to be called back: no handler runs, and when they have confirmed it they wait here.
    #[serde(default)]
    pub returns_to: Option<Box<Queue>>,
}

/// What a caller gets when the script fails: an apology, then a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fallback {
    /// What is said; [`Tone::Apology`](crate::Tone) when `None` or when it cannot be played.
    pub sound: Option<Sound>,
    /// Who takes the call then; it ends when `None`.
    pub target: Option<Target>,
    /// Nothing is said before: the caller is in need.
    #[serde(default)]
    pub at_once: bool,
}
