//! When to come back, and for what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::LeaseId;
use super::name::{AgentIx, QueueIx};
use crate::CallId;

/// What a timer is of: one for each thing, at the first of its deadlines.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Timer {
    /// An offer has rung long enough, a connection took too long, or a leg does not die.
    Lease(LeaseId),
    /// A caller has waited long enough, or is to hear where they stand.
    Caller(CallId),
    /// A wrap-up or a delay ends, or a lost phone stays lost.
    Agent(AgentIx),
    /// A script has thought long enough.
    Ask(QueueIx),
    /// A queue has been without agents long enough.
    Empty(QueueIx),
    /// Time to look whether anybody waits who need not.
    Watchdog,
}

/// Timers as data, the next one first.
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<Timer, Instant>,
    due: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    /// Sets a timer, or stops it.
    pub(super) fn set(&mut self, timer: Timer, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.at.insert(timer, at),
            None => self.at.remove(&timer),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, timer));
        }
        if let Some(at) = at {
            self.due.insert((at, timer));
        }
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes the first timer that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.set(timer, None);
        Some(timer)
    }
}
