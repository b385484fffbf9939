//! What we want of session timers, RFC 4028: with everybody, or with one carrier.

use std::time::Duration;

use super::timer::MIN_SE;
use crate::Refresher;

/// How a session is kept alive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Whether there is a session timer at all; else we say nothing of it and take none.
    pub is_on: bool,
    /// The interval that we propose; `None` leaves it to the far end.
    pub interval: Option<Duration>,
    /// The shortest interval that we take. Below 90 s it counts as 90 s (§5).
    pub min_se: Duration,
    /// Who is to refresh, where the far end leaves it to us.
    pub keeper: Option<Keeper>,
}

/// Who refreshes a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keeper {
    /// We do.
    Us,
    /// The far end does.
    Them,
}

impl Timing {
    /// Proposes this interval, and takes what is usual.
    pub fn every(interval: Option<Duration>) -> Self {
        Self {
            is_on: true,
            interval,
            min_se: MIN_SE,
            keeper: None,
        }
    }

    /// The shortest interval that we take.
    pub(crate) fn least(&self) -> Duration {
        self.min_se.max(MIN_SE)
    }

    /// Who refreshes, in the words of a request that we send (`we_ask`) or get.
    pub(crate) fn wish(&self, we_ask: bool) -> Option<Refresher> {
        self.keeper.map(|keeper| {
            if (keeper == Keeper::Us) == we_ask {
                Refresher::Uac
            } else {
                Refresher::Uas
            }
        })
    }
}
