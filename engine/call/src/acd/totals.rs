//! How long an agent has been in each state today (累计时间).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::agent::Agent;
use super::{Acd, State};

/// The tenant's day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    /// Counted since 1970 in the tenant's zone.
    number: i64,
    began: Instant,
}

/// Time spent in each state on one day, finished stays only.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Totals {
    day: i64,
    ms: BTreeMap<String, u64>,
}

impl Totals {
    pub(super) fn is_empty(&self) -> bool {
        self.ms.is_empty()
    }

    /// A state is over: it counts from midnight on.
    pub(super) fn count(&mut self, now: Instant, state: State, since: Instant, day: Day) {
        if self.day != day.number {
            *self = Self {
                day: day.number,
                ..Self::default()
            };
        }
        self.add(state, now.saturating_duration_since(since.max(day.began)));
    }

    fn add(&mut self, state: State, long: Duration) {
        let millis = u64::try_from(long.as_millis()).unwrap_or(u64::MAX);
        if millis > 0 {
            let sum = self.ms.entry(state.word().to_owned()).or_default();
            *sum = sum.saturating_add(millis);
        }
    }
}

impl Day {
    /// A day that nothing is known of: it began with the machine.
    pub(super) fn unknown(now: Instant) -> Self {
        let number = i64::MIN;
        Self { number, began: now }
    }
}

impl Acd {
    /// It is this day in the tenant's zone, counted since 1970, and so much of it has passed. To be
    /// told at the start, and again whenever it may be another.
    pub fn handle_day(&mut self, now: Instant, number: i64, passed: Duration) {
        let (now, new) = (self.clock.now.max(now), self.day.number != number);
        if new {
            // A machine that began today may have no instant that lies so far back.
            let began = now.checked_sub(passed).unwrap_or(now);
            self.day = Day { number, began };
        }
    }

    /// The time of an agent's day in each state until now, the states in their order and only those
    /// that there were.
    pub(super) fn today(&self, now: Instant, agent: &Agent) -> Vec<(State, Duration)> {
        let (mut totals, shown) = (agent.totals.clone(), agent.shown);
        totals.count(now, shown.state, shown.since, self.day);
        let spent = |state: State| {
            let millis = *totals.ms.get(state.word())?;
            Some((state, Duration::from_millis(millis)))
        };
        State::ALL.into_iter().filter_map(spent).collect()
    }
}
