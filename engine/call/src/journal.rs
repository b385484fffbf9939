//! Everything that went into a call and everything it decided, in order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One line of a call's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Since the call began, monotonic.
    pub at: Duration,
    /// What it was.
    pub what: What,
}

/// An input, or a decision with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// The call began; with the seed this is all that a replay needs besides the inputs.
    Began {
        /// What was known of it.
        setup: Box<crate::Setup>,
        /// How it was to behave.
        options: crate::Options,
    },
    /// The network, the audio or the store reported this. Digits of a PIN are `•` here; a replay
    /// types them so.
    Event(crate::Event),
    /// The script asked for this.
    Command {
        /// Which method.
        request: crate::RequestId,
        /// What.
        command: Box<crate::Command>,
    },
    /// The script ended.
    ScriptEnded(crate::Ended),
    /// A time-out was due.
    Timer {
        /// Of what: `gather`, `bridge`, `ring_limit`.
        of: String,
    },
    /// Somebody who is not in the call has ended it.
    HungUp {
        /// As the record names them: `api:desk`.
        by: String,
    },
    /// The exchange was stopped.
    Shutdown,
    /// The call decided something.
    Decision {
        /// What was decided, in words: `ring 1050`.
        what: String,
        /// Why: `1049 did not answer in 20 s`.
        because: String,
    },
}
