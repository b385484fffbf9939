//! Repeating a response until it is acknowledged: a 2xx until its ACK (RFC 3261 §13.3.1.4), a
//! reliable provisional response until its PRACK (RFC 3262 §3).

use std::time::{Duration, Instant};

use crate::transaction::{LIFETIME, Resend};

/// Says when to send again and when to give up. Unlike a transaction, it does so on reliable
/// transports too: a proxy further on may use another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    resend: Resend,
    limit: Option<Duration>,
    give_up: Instant,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// Send it again.
    Again,
    /// 64 × T1 are over.
    GiveUp,
}

impl Repeat {
    /// Repeats with pauses that double from T1 up to `limit`.
    pub(crate) fn new(now: Instant, limit: Option<Duration>) -> Self {
        Self {
            resend: Resend::new(now),
            limit,
            give_up: now + LIFETIME,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Due> {
        if self.give_up <= now {
            return Some(Due::GiveUp);
        }
        if self.resend.at > now {
            return None;
        }
        self.resend.double(now, self.limit);
        Some(Due::Again)
    }

    pub(crate) fn poll_timeout(&self) -> Instant {
        self.resend.at.min(self.give_up)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;
    use crate::transaction::T2;

    #[test]
    fn an_answer_is_repeated_ten_times_and_given_up_after_32_seconds() {
        let start = Instant::now();
        let mut repeat = Repeat::new(start, Some(T2));

        let (times, end) = run(&mut repeat);

        assert_eq!(times, 10);
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn a_provisional_response_is_repeated_with_ever_longer_pauses() {
        let start = Instant::now();
        let mut repeat = Repeat::new(start, None);

        let (times, end) = run(&mut repeat);

        assert_eq!(times, 6);
        assert_eq!(end - start, Duration::from_secs(32));
    }

    fn run(repeat: &mut Repeat) -> (u32, Instant) {
        let mut times = 0;
        loop {
            let now = repeat.poll_timeout();
            match repeat.handle_timeout(now) {
                Some(Due::Again) => times += 1,
                Some(Due::GiveUp) => return (times, now),
                None => {}
            }
        }
    }
}
