//! What a queue does for its callers besides letting them wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a queue does for its callers besides letting them wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Care {
    /// The music begins anew for each caller; else all hear the same bar.
    pub music_from_start: bool,
    /// Who hangs up and calls again within so long has the old place. `None`: nobody.
    pub resume: Option<Duration>,
    /// What the two hear when they are put through.
    pub greet: Greet,
    /// How callers are called back.
    pub callbacks: Callbacks,
}

/// What caller and agent are told when they are put through.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Greet {
    /// The caller hears the agent's number (工号播报), over the first words.
    pub say_agent: bool,
    /// The agent alone hears these sounds.
    pub whisper: Vec<String>,
    /// The agent alone hears how long the caller has waited.
    pub whisper_wait: bool,
    /// The agent hears it before the two are put through, and the caller waits for so long more.
    pub before_bridge: bool,
}

/// How callers are called back who do not want to wait on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callbacks {
    /// The trunk that they are called by; without one nobody is.
    pub trunk: Option<String>,
    /// The number that they are shown.
    pub caller_id: Option<String>,
    /// Their phone rings for so long.
    pub ring: Duration,
    /// They are called so often at most.
    pub tries: u32,
    /// After a try that came to nothing they are left alone for so long.
    pub retry: Duration,
    /// So many are called at the same time at most; each while an agent is held free for them.
    pub at_once: u32,
}

impl Greet {
    /// Whether the agent is to hear something.
    pub fn whispers(&self) -> bool {
        self.whisper_wait || !self.whisper.is_empty()
    }
}

impl Default for Callbacks {
    fn default() -> Self {
        Self {
            trunk: None,
            caller_id: None,
            ring: Duration::from_secs(30),
            tries: 3,
            retry: Duration::from_secs(300),
            at_once: 1,
        }
    }
}
