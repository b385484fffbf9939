//! Transactions: RFC 3261 §17 and RFC 6026. Four machines that know no messages, and the table
//! that gives them some.

pub(crate) mod client;
pub(crate) mod client_invite;
pub(crate) mod key;
mod machine;
pub(crate) mod server;
pub(crate) mod server_invite;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::time::{Duration, Instant};

/// Estimated round trip, RFC 3261 §17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// The longest pause between two sendings of anything but an INVITE.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may wander through the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// 64 × T1: timers B, F, H, J, L and M.
pub(crate) const LIFETIME: Duration = Duration::from_secs(32);

/// When to send again, and how long the pause was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resend {
    pub(crate) at: Instant,
    interval: Duration,
}

impl Resend {
    /// The first repetition, T1 from now.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            at: now + T1,
            interval: T1,
        }
    }

    /// The first repetition, unless the transport repeats by itself.
    pub(crate) fn unless(reliable: bool, now: Instant) -> Option<Self> {
        (!reliable).then(|| Self::new(now))
    }

    /// Doubles the pause, up to `limit` where there is one.
    pub(crate) fn double(&mut self, now: Instant, limit: Option<Duration>) {
        self.interval *= 2;
        if let Some(limit) = limit {
            self.interval = self.interval.min(limit);
        }
        self.at = now + self.interval;
    }
}

/// Waits `wait` on unreliable transports and not at all on others: timers D, I, J and K.
pub(crate) fn linger(now: Instant, reliable: bool, wait: Duration) -> Instant {
    if reliable { now } else { now + wait }
}
