//! Reliable provisional responses as the callee sends them: RFC 3262 §3.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::repeat::{Due, Repeat};

/// Numbers the responses of one INVITE and keeps one on its way at a time; the others queue.
#[derive(Debug)]
pub(crate) struct Reliable {
    next: u32,
    flying: Option<Flying>,
    waiting: VecDeque<Ring>,
}

/// A provisional response that waits for the one before it.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    /// 101 to 199.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) sdp: Option<Bytes>,
}

#[derive(Debug)]
struct Flying {
    rseq: u32,
    payload: Bytes,
    has_sdp: bool,
    repeat: Repeat,
}

impl Reliable {
    /// Begins to count at `first`, which is below 2^31.
    pub(crate) fn new(first: u32) -> Self {
        Self {
            next: first.max(1),
            flying: None,
            waiting: VecDeque::new(),
        }
    }

    /// Whether the next response may be sent at once.
    pub(crate) fn is_free(&self) -> bool {
        self.flying.is_none()
    }

    /// Whether a response with a body still waits for its PRACK, so that no 2xx may be sent.
    pub(crate) fn holds_answer_back(&self) -> bool {
        self.flying.as_ref().is_some_and(|flying| flying.has_sdp)
            || self.waiting.iter().any(|ring| ring.sdp.is_some())
    }

    /// Queues a response; of many without a body the oldest gives way.
    pub(crate) fn wait(&mut self, ring: Ring) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(ring);
    }

    /// The number for the next response.
    pub(crate) fn number(&self) -> u32 {
        self.next
    }

    /// The response of that number has been sent for the first time.
    pub(crate) fn sent(&mut self, now: Instant, payload: Bytes, has_sdp: bool) {
        self.flying = Some(Flying {
            rseq: self.next,
            payload,
            has_sdp,
            repeat: Repeat::new(now, None),
        });
        self.next = self.next.saturating_add(1);
    }

    /// A PRACK for `rseq` came: whether it was awaited, and then whether the response had a body.
    pub(crate) fn acknowledge(&mut self, rseq: u32) -> Option<bool> {
        let flying = self.flying.take_if(|flying| flying.rseq == rseq)?;
        Some(flying.has_sdp)
    }

    /// The next response that waited.
    pub(crate) fn next_waiting(&mut self) -> Option<Ring> {
        self.waiting.pop_front()
    }

    /// Says what is due, with the bytes to send again.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<(Due, Bytes)> {
        let flying = self.flying.as_mut()?;
        let due = flying.repeat.handle_timeout(now)?;
        Some((due, flying.payload.clone()))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        Some(self.flying.as_ref()?.repeat.poll_timeout())
    }
}

/// More than anybody rings; the queue is bounded all the same.
const MOST_WAITING: usize = 4;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_response_is_repeated_until_its_prack_comes() {
        let start = Instant::now();
        let mut reliable = Reliable::new(7);
        reliable.sent(start, Bytes::from_static(b"180"), false);

        let again = reliable.handle_timeout(start + Duration::from_millis(500));

        assert_eq!(again, Some((Due::Again, Bytes::from_static(b"180"))));
        assert_eq!(reliable.acknowledge(8), None);
        assert_eq!(reliable.acknowledge(7), Some(false));
        assert_eq!(reliable.poll_timeout(), None);
    }

    #[test]
    fn an_answer_waits_only_for_responses_with_a_body() {
        let start = Instant::now();
        let mut reliable = Reliable::new(7);

        reliable.sent(start, Bytes::from_static(b"180"), false);
        assert!(!reliable.holds_answer_back());
        reliable.wait(Ring {
            status: 183,
            sdp: Some(Bytes::from_static(b"v=0")),
        });

        assert!(reliable.holds_answer_back());
    }

    #[test]
    fn numbers_rise_by_one() {
        let start = Instant::now();
        let mut reliable = Reliable::new(7);

        reliable.sent(start, Bytes::new(), false);
        reliable.acknowledge(7);

        assert_eq!(reliable.number(), 8);
    }
}
