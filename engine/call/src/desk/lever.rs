//! How a switch of queues stands.

use serde::{Deserialize, Serialize};

/// What a switch says to whoever comes: it goes before opening hours until it is open again.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchState {
    /// 开放: by the hours.
    #[default]
    Open,
    /// 关闭: as out of hours.
    Closed,
    /// 紧急: callers hear of an emergency.
    Emergency,
}

impl SwitchState {
    /// The word everywhere: `emergency`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Emergency => "emergency",
        }
    }
}
