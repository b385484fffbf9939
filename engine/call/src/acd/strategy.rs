//! In which order free agents are offered a call.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::name::AgentIx;
use super::{AgentId, AskId};
use crate::nearest::nearest;

/// Who is offered a call first. Members with a lower penalty always go before those with a higher.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle for longest. Logging in and coming back from a break begin anew.
    #[default]
    LongestIdle,
    /// The next in the list after whoever this queue offered a call to last.
    RoundRobin,
    /// All at once; the first to answer has the call.
    RingAll,
    /// The list's order, from its head for each caller; after a refusal it goes on down the list.
    Linear,
    /// Who answered the fewest calls within the window, of whichever queue. Who logs in starts level with
    /// the least loaded colleague, so that nobody is flooded for being new.
    FewestCalls {
        /// How far back calls count.
        window: Duration,
    },
    /// A script says the order; `longest_idle` when it fails or takes too long.
    Choose,
}

/// No strategy has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no strategy '{word}'{}; there are {}", did_you_mean(.suggestion.as_deref()), known())]
pub struct UnknownStrategy {
    /// The name.
    pub word: String,
    /// What was likely meant.
    pub suggestion: Option<String>,
}

impl Strategy {
    /// Finds a strategy by our name for it, or by that of Asterisk or FreeSWITCH.
    ///
    /// # Errors
    /// When there is none: a queue must not quietly ring in another order than was asked for.
    pub fn from_word(word: &str) -> Result<Self, UnknownStrategy> {
        let found = NAMES.iter().find(|(name, _)| *name == word);
        found
            .map(|(_, strategy)| *strategy)
            .ok_or_else(|| UnknownStrategy {
                word: word.to_owned(),
                suggestion: nearest(word, NAMES.iter().map(|(name, _)| *name)).map(str::to_owned),
            })
    }

    /// Our name.
    pub fn word(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::RoundRobin => "round_robin",
            Self::RingAll => "ring_all",
            Self::Linear => "linear",
            Self::FewestCalls { .. } => "fewest_calls",
            Self::Choose => "choose",
        }
    }

    /// How far back calls count for this strategy's metric, and in explanations.
    pub(super) fn window(self) -> Duration {
        match self {
            Self::FewestCalls { window } => window,
            _ => HOUR,
        }
    }

    /// Sorts free agents, the first to be offered the call first. `after` is the place in the list
    /// that was offered a call last: the queue's for `round_robin`, the caller's for `linear`.
    pub(super) fn sort(self, free: &mut [Free], after: Option<usize>) {
        match self {
            Self::LongestIdle | Self::Choose => {
                free.sort_unstable_by_key(|free| (free.penalty, free.idle_since, free.place));
            }
            Self::RoundRobin | Self::Linear => free.sort_unstable_by_key(|free| {
                let wraps = after.is_some_and(|after| free.place <= after);
                (free.penalty, wraps, free.place)
            }),
            Self::RingAll => free.sort_unstable_by_key(|free| (free.penalty, free.place)),
            Self::FewestCalls { .. } => free.sort_unstable_by_key(|free| {
                (free.penalty, free.calls, free.idle_since, free.place)
            }),
        }
    }
}

/// An agent who could be offered a call now, and what strategies ask of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    pub(super) agent: AgentIx,
    /// In the queue's list.
    pub(super) place: usize,
    pub(super) penalty: u32,
    pub(super) idle_since: Instant,
    /// Answered within the window.
    pub(super) calls: usize,
}

/// A question to a script: whom should this call be offered to?
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Which question; the answer carries it.
    pub id: AskId,
    /// Who could take the call now, the longest idle first.
    pub candidates: Vec<Candidate>,
    /// An answer after this is too late.
    pub until: Instant,
}

/// An agent who could take a call, for a script to choose from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Idle for so long.
    pub idle: Duration,
    /// Calls answered within the last hour.
    pub calls: usize,
    /// The penalty in this queue.
    pub penalty: u32,
}

/// What a script's `choose` came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Chosen {
    /// Offer the call to the first of these who is still free. Nobody listed: the caller waits, and
    /// the script is asked again in a few seconds.
    Order(Vec<AgentId>),
    /// The script failed, with this message.
    Failed(String),
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
}

fn known() -> String {
    let ours: Vec<&str> = NAMES
        .iter()
        .filter(|(name, strategy)| *name == strategy.word())
        .map(|(name, _)| *name)
        .collect();
    ours.join(", ")
}

const HOUR: Duration = Duration::from_secs(3600);

/// Our names, then app_queue's, then mod_callcenter's.
const NAMES: &[(&str, Strategy)] = &[
    ("longest_idle", Strategy::LongestIdle),
    ("round_robin", Strategy::RoundRobin),
    ("ring_all", Strategy::RingAll),
    ("linear", Strategy::Linear),
    ("fewest_calls", Strategy::FewestCalls { window: HOUR }),
    ("choose", Strategy::Choose),
    ("leastrecent", Strategy::LongestIdle),
    ("rrmemory", Strategy::RoundRobin),
    ("rrordered", Strategy::RoundRobin),
    ("ringall", Strategy::RingAll),
    ("fewestcalls", Strategy::FewestCalls { window: HOUR }),
    ("longest-idle-agent", Strategy::LongestIdle),
    ("round-robin", Strategy::RoundRobin),
    ("ring-all", Strategy::RingAll),
    ("top-down", Strategy::Linear),
    ("sequentially-by-agent-order", Strategy::Linear),
    (
        "agent-with-fewest-calls",
        Strategy::FewestCalls { window: HOUR },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_has_the_names_that_peers_gave_it_and_no_other() {
        assert_eq!(Strategy::from_word("rrmemory"), Ok(Strategy::RoundRobin));
        assert_eq!(Strategy::from_word("top-down"), Ok(Strategy::Linear));
        for (word, strategy) in NAMES {
            assert_eq!(Strategy::from_word(word), Ok(*strategy));
            assert_eq!(Strategy::from_word(strategy.word()), Ok(*strategy));
        }

        let wrong = Strategy::from_word("longest_idel").unwrap_err().to_string();

        assert_eq!(
            wrong,
            "no strategy 'longest_idel' (did you mean 'longest_idle'?); there are longest_idle, \
             round_robin, ring_all, linear, fewest_calls, choose"
        );
    }
}
