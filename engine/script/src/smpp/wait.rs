//! How long to wait before the next try, and between one message and the next.

use std::time::{Duration, Instant};

/// Waits that double, up to a longest one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with the first wait.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// This wait; the next one is twice as long.
    pub(super) fn take(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.longest);
        now
    }

    /// Begins again.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Keeps so much time between messages that no second has more of them than the provider allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    apart: Duration,
    next: Instant,
}

impl Pace {
    /// `per_second` is not 0.
    pub(super) fn new(now: Instant, per_second: u32) -> Self {
        Self {
            apart: Duration::from_secs(1) / per_second.max(1),
            next: now,
        }
    }

    /// When the next message may go.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// One goes now.
    pub(super) fn goes(&mut self, now: Instant) {
        self.next = self.next.max(now) + self.apart;
    }

    /// None goes before then.
    pub(super) fn rests_until(&mut self, at: Instant) {
        self.next = self.next.max(at);
    }
}
