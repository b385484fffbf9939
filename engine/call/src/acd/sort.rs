//! Free agents in the order of a strategy.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::name::AgentIx;
use super::strategy::{Strategy, Ties};

/// An agent who could be offered a call now, and what strategies ask of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    pub(super) agent: AgentIx,
    /// In the queue's list.
    pub(super) place: usize,
    /// What the admin numbers them by, within their level.
    pub(super) position: u32,
    pub(super) level: u32,
    /// As the caller sees it by now.
    pub(super) penalty: u32,
    pub(super) weight: u32,
    pub(super) idle_since: Instant,
    /// The login, or the end of the last call of a queue.
    pub(super) last_call: Instant,
    pub(super) last_offered: Option<Instant>,
    /// Answered within the window.
    pub(super) calls: usize,
    /// Talked within the window.
    pub(super) talk: Duration,
    /// How many of the skills that the call would like they lack.
    pub(super) lacks: usize,
    /// Their proficiencies in what the call needs and would like, added up.
    pub(super) skill: u32,
    /// Drawn for this decision.
    pub(super) drawn: u64,
}

/// Who was offered a call last, as far as it matters: by the queue for round robin, for the caller for
/// `linear` and `top-down`.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// For each level, the place in the list.
    pub(super) places: Vec<(u32, usize)>,
    /// The last of all.
    pub(super) last: Option<Mark>,
}

/// A member's level and position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) level: u32,
    pub(super) position: u32,
}

impl Before {
    /// Whether the list begins anew with this member, in their level.
    fn wraps(&self, free: &Free) -> bool {
        let mut places = self.places.iter();
        let after = places.find(|(level, _)| *level == free.level);
        after.is_some_and(|(_, after)| free.place <= *after)
    }

    /// Whether this member stands below the last, in the same level.
    fn goes_on(&self, free: &Free) -> bool {
        self.last
            .is_some_and(|last| last.level == free.level && free.position > last.position)
    }
}

impl Strategy {
    /// Sorts free agents, the first to be offered the call first.
    pub(super) fn sort(self, free: &mut [Free], before: &Before) {
        match self {
            Self::LongestIdle | Self::Choose => {
                free.sort_unstable_by_key(|it| (it.tier(), it.idle_since, it.place));
            }
            Self::LeastRecent => {
                free.sort_unstable_by_key(|it| (it.tier(), it.last_call, it.top()));
            }
            Self::RoundRobin | Self::Linear => {
                free.sort_unstable_by_key(|it| (it.tier(), before.wraps(it), it.place));
            }
            Self::RoundRobinOfLevel => {
                free.sort_unstable_by_key(|it| (!before.goes_on(it), it.tier(), it.top()));
            }
            Self::TopDown => free.sort_unstable_by_key(|it| {
                let next = before.last.is_some_and(|last| it.level > last.level);
                (!before.goes_on(it), !next, it.tier(), it.top())
            }),
            Self::Sequential => free.sort_unstable_by_key(|it| (it.tier(), it.top())),
            Self::RingAll => {
                free.sort_unstable_by_key(|it| (it.penalty, it.level, it.place));
            }
            Self::RingProgressive { .. } => {
                free.sort_unstable_by_key(|it| (it.tier(), it.place));
            }
            Self::FewestCalls { ties, .. } => {
                free.sort_unstable_by_key(|it| (it.tier(), it.calls, it.tie(ties)));
            }
            Self::LeastTalk { ties, .. } => {
                free.sort_unstable_by_key(|it| (it.tier(), it.talk, it.tie(ties)));
            }
            Self::Random => free.sort_unstable_by_key(|it| (it.tier(), it.drawn, it.place)),
            Self::Weighted => {
                free.sort_unstable_by_key(|it| (it.tier(), it.race().to_bits(), it.place));
            }
            Self::RandomByPenalty => free.sort_unstable_by_key(|it| {
                let faces = (u64::from(it.penalty) + 1) * 1000;
                (it.level, it.drawn % faces, it.place)
            }),
            Self::SkillBest => free.sort_unstable_by_key(|it| {
                (
                    it.level,
                    it.penalty,
                    Reverse(it.skill),
                    it.idle_since,
                    it.place,
                )
            }),
        }
    }
}

impl Free {
    /// What comes before a strategy's own order: levels, penalties, and what the call would like.
    fn tier(&self) -> (u32, u32, usize) {
        (self.level, self.penalty, self.lacks)
    }

    /// The admin's order.
    fn top(&self) -> (u32, Option<Instant>, usize) {
        (self.position, self.last_offered, self.place)
    }

    fn tie(&self, ties: Ties) -> (Option<Instant>, usize) {
        match ties {
            Ties::Idle => (Some(self.idle_since), self.place),
            Ties::Place => (None, self.place),
        }
    }

    /// Who runs a race at random, the faster the greater their weight: each comes in first as often
    /// as their part of all the weights (an exponential variate). Never negative.
    fn race(&self) -> f64 {
        let unit = (self.drawn >> 11) as f64 / (1_u64 << 53) as f64;
        (1.0 - unit).ln().abs() / f64::from(self.weight.max(1))
    }
}
