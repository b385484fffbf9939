//! Names of agents and queues, and the numbers of what the machine hands out.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        pub struct $name(pub Arc<str>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }
    };
}

name! {
    /// An agent (工号): the name of the user whose phones ring.
    AgentId
}
name! {
    /// A queue, by the name that scripts use.
    QueueName
}

/// One reservation of one agent for one call. It is never given twice, not even after a restart.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct LeaseId(pub u64);

/// One question to a script's `choose`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct AskId(pub u64);

/// Where an agent stands in the machine's list. Agents keep their place for ever.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct AgentIx(pub(super) usize);

/// Where a queue stands in the machine's list. Queues keep their place for ever.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct QueueIx(pub(super) usize);
