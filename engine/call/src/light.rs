//! What a lamp shows that stands for no user's calls.

use serde::{Deserialize, Serialize};

/// What a lamp shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Dark.
    #[default]
    Off,
    /// Lit: what it stands for is so.
    On,
    /// Blinking: somebody should look.
    Blinking,
}

impl From<bool> for Light {
    fn from(is_on: bool) -> Self {
        if is_on { Self::On } else { Self::Off }
    }
}
