//! The strategies: by which order free agents are offered a call. The sorting stands in `sort.rs`.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{AgentId, AskId};
use crate::nearest::nearest;

/// Who is offered a call first. Members of a lower level go before those of a higher, then members
/// with a lower penalty before those with a higher, unless a strategy says otherwise.
///
/// The last six are those of the strategies of Asterisk's app_queue and FreeSWITCH's mod_callcenter
/// whose order is not quite one of ours.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has been idle for longest. Logging in and coming back from a break begin anew.
    #[default]
    LongestIdle,
    /// The next in the list after whoever this queue offered a call to last, level by level.
    RoundRobin,
    /// Who answered the fewest calls within the window, of whichever queue. Who logs in starts level with
    /// the least loaded colleague, so that nobody is flooded for being new.
    FewestCalls {
        /// How far back calls count.
        window: Duration,
        /// Who goes first of those with as many.
        ties: Ties,
    },
    /// Who talked for the shortest time within the window, of whichever queue; newcomers likewise.
    LeastTalk {
        /// How far back calls count.
        window: Duration,
        /// Who goes first of those with as much.
        ties: Ties,
    },
    /// The list's order, from its head for each caller; after a refusal it goes on down the list.
    Linear,
    /// Anybody, each as likely as the other.
    Random,
    /// Anybody, each as likely as their weight.
    Weighted,
    /// All at once; the first to answer has the call.
    RingAll,
    /// One, and one more after each such time; the first to answer has the call.
    RingProgressive {
        /// Until the next rings too.
        every: Duration,
    },
    /// Who is best at what the call needs, and of those who is idle for longest.
    SkillBest,
    /// A script says the order; `longest_idle` when it fails or takes too long.
    Choose,
    /// `leastrecent`, `longest-idle-agent`: whose last call ended first, breaks and 事后 apart.
    LeastRecent,
    /// `round-robin`: on down the level of whoever was offered a call last, then from the top.
    RoundRobinOfLevel,
    /// `top-down`: for each caller on down the level that was tried last, then the next levels,
    /// then from the top.
    TopDown,
    /// `sequentially-by-agent-order`: always from the top.
    Sequential,
    /// `wrandom`: anybody; who has a penalty is the less likely the higher it is.
    RandomByPenalty,
}

/// Who goes first of two who are as loaded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// Who is idle for longer.
    #[default]
    Idle,
    /// Who stands further up in the list.
    Place,
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
        let mut names = OURS.iter().chain(PEERS);
        let found = names.find(|(name, _)| *name == word);
        found
            .map(|(_, strategy)| *strategy)
            .ok_or_else(|| UnknownStrategy {
                word: word.to_owned(),
                suggestion: {
                    let names = OURS.iter().chain(PEERS).map(|(name, _)| *name);
                    nearest(word, names).map(str::to_owned)
                },
            })
    }

    /// Its name: ours, or the peer's where the order is only theirs.
    pub fn word(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::RoundRobin => "round_robin",
            Self::FewestCalls { .. } => "fewest_calls",
            Self::LeastTalk { .. } => "least_talk",
            Self::Linear => "linear",
            Self::Random => "random",
            Self::Weighted => "weighted",
            Self::RingAll => "ring_all",
            Self::RingProgressive { .. } => "ring_progressive",
            Self::SkillBest => "skill_best",
            Self::Choose => "choose",
            Self::LeastRecent => "leastrecent",
            Self::RoundRobinOfLevel => "round-robin",
            Self::TopDown => "top-down",
            Self::Sequential => "sequentially-by-agent-order",
            Self::RandomByPenalty => "wrandom",
        }
    }

    /// The same with another window, where there is one that an admin may set: the peers' count
    /// without end, which is a day here.
    #[must_use]
    pub fn with_window(self, window: Duration) -> Self {
        match self {
            Self::FewestCalls {
                ties: Ties::Idle, ..
            } => Self::FewestCalls {
                window,
                ties: Ties::Idle,
            },
            Self::LeastTalk {
                ties: Ties::Idle, ..
            } => Self::LeastTalk {
                window,
                ties: Ties::Idle,
            },
            other => other,
        }
    }

    /// How far back calls count for this strategy's metric, and in explanations.
    pub(super) fn window(self) -> Duration {
        match self {
            Self::FewestCalls { window, .. } | Self::LeastTalk { window, .. } => window,
            _ => HOUR,
        }
    }

    /// Whether newcomers are to start level with their colleagues.
    pub(super) fn counts_load(self) -> bool {
        matches!(self, Self::FewestCalls { .. } | Self::LeastTalk { .. })
    }

    /// Whether several ring for one caller.
    pub(super) fn rings_several(self) -> bool {
        matches!(self, Self::RingAll | Self::RingProgressive { .. })
    }
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
    /// The level in this queue.
    pub level: u32,
    /// How good they are at what the call needs: their proficiencies in it, added up.
    pub skill: u32,
}

/// What a script has said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Chosen {
    /// These, in this order; nobody when empty. Others than the candidates are passed over.
    Order(Vec<AgentId>),
    /// The script failed, with this message.
    Failed(String),
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean '{word}'?)"))
}

fn known() -> String {
    let ours: Vec<&str> = OURS.iter().map(|(name, _)| *name).collect();
    ours.join(", ")
}

const HOUR: Duration = Duration::from_secs(3600);
/// What calls are remembered for.
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// As mod_callcenter has it.
const NEXT_RINGS_AFTER: Duration = Duration::from_secs(10);

const OURS: &[(&str, Strategy)] = &[
    ("longest_idle", Strategy::LongestIdle),
    ("round_robin", Strategy::RoundRobin),
    (
        "fewest_calls",
        Strategy::FewestCalls {
            window: HOUR,
            ties: Ties::Idle,
        },
    ),
    (
        "least_talk",
        Strategy::LeastTalk {
            window: HOUR,
            ties: Ties::Idle,
        },
    ),
    ("linear", Strategy::Linear),
    ("random", Strategy::Random),
    ("weighted", Strategy::Weighted),
    ("ring_all", Strategy::RingAll),
    (
        "ring_progressive",
        Strategy::RingProgressive {
            every: NEXT_RINGS_AFTER,
        },
    ),
    ("skill_best", Strategy::SkillBest),
    ("choose", Strategy::Choose),
];

/// app_queue's, then mod_callcenter's; `linear` and `random` are ours as well.
const PEERS: &[(&str, Strategy)] = &[
    ("ringall", Strategy::RingAll),
    ("leastrecent", Strategy::LeastRecent),
    (
        "fewestcalls",
        Strategy::FewestCalls {
            window: DAY,
            ties: Ties::Place,
        },
    ),
    ("rrmemory", Strategy::RoundRobin),
    ("rrordered", Strategy::RoundRobin),
    ("wrandom", Strategy::RandomByPenalty),
    ("longest-idle-agent", Strategy::LeastRecent),
    ("round-robin", Strategy::RoundRobinOfLevel),
    ("top-down", Strategy::TopDown),
    (
        "agent-with-least-talk-time",
        Strategy::LeastTalk {
            window: DAY,
            ties: Ties::Place,
        },
    ),
    (
        "agent-with-fewest-calls",
        Strategy::FewestCalls {
            window: DAY,
            ties: Ties::Place,
        },
    ),
    ("sequentially-by-agent-order", Strategy::Sequential),
    ("ring-all", Strategy::RingAll),
    (
        "ring-progressively",
        Strategy::RingProgressive {
            every: NEXT_RINGS_AFTER,
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_has_the_names_that_peers_gave_it_and_no_other() {
        let theirs = [
            "ringall",
            "leastrecent",
            "fewestcalls",
            "random",
            "rrmemory",
            "rrordered",
            "linear",
            "wrandom",
            "longest-idle-agent",
            "round-robin",
            "top-down",
            "agent-with-least-talk-time",
            "agent-with-fewest-calls",
            "sequentially-by-agent-order",
            "random",
            "ring-all",
            "ring-progressively",
        ];
        for name in theirs {
            assert!(Strategy::from_word(name).is_ok(), "{name}");
        }
        for (word, strategy) in OURS {
            assert_eq!(strategy.word(), *word);
        }
        for (word, strategy) in OURS.iter().chain(PEERS) {
            assert_eq!(Strategy::from_word(word), Ok(*strategy));
            let by_its_word = Strategy::from_word(strategy.word()).unwrap();
            assert_eq!(by_its_word.word(), strategy.word());
        }

        let wrong = Strategy::from_word("longest_idel").unwrap_err().to_string();

        assert_eq!(
            wrong,
            "no strategy 'longest_idel' (did you mean 'longest_idle'?); there are longest_idle, \
             round_robin, fewest_calls, least_talk, linear, random, weighted, ring_all, \
             ring_progressive, skill_best, choose"
        );
    }
}
