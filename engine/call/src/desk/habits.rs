//! What people set for themselves, as deeds.

use std::time::Duration;

use super::Deed;
use crate::acd::Habit;

impl Deed {
    /// What it sets, if it sets something; all of it or nothing.
    pub fn habits(&self) -> Vec<Habit> {
        let own = |seconds: Option<u32>| {
            let longest = seconds.map(|it| Duration::from_secs(u64::from(it)));
            longest.map(|longest| Habit::WrapUp(Some(longest)))
        };
        match self {
            Self::AutoAnswer { on, internal } => {
                let internal = internal.map(Habit::AutoAnswerInternal);
                [Some(Habit::AutoAnswer(*on)), internal]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Self::DoNotDisturb { on } => vec![Habit::DoNotDisturb(*on)],
            Self::AcceptItems { on } => vec![Habit::AcceptItems(*on)],
            Self::AutoIdle { on, seconds } => {
                let first = Some(Habit::AutoIdle(*on));
                [first, own(*seconds)].into_iter().flatten().collect()
            }
            Self::AutoBusy { on, seconds } => {
                let first = Some(Habit::AutoBusy(*on));
                [first, own(*seconds)].into_iter().flatten().collect()
            }
            _ => Vec::new(),
        }
    }
}
