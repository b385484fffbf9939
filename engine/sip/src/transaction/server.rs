//! The server transaction of everything but INVITE: RFC 3261 §17.2.2, silent when late (RFC 4320).

use std::collections::VecDeque;
use std::time::Instant;

use super::{LIFETIME, linger};

/// Repeats the response to one request whenever the request comes again.
///
/// After every call of a `handle_*` method or of [`respond`](Self::respond), drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first.
#[derive(Debug)]
pub(crate) struct Server {
    state: State,
    reliable: bool,
    outputs: VecDeque<Output>,
}

/// What the caller of [`Server`] is to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Output {
    /// Send the latest response, the first time or again.
    Respond,
    /// Nobody here had an answer in 64 × T1, when the client no longer waits for one.
    TimeOut,
}

#[derive(Debug)]
enum State {
    /// Not answered; the client waits until `give_up`.
    Trying {
        give_up: Instant,
    },
    /// Answered provisionally.
    Proceeding {
        give_up: Instant,
    },
    /// Answered; repetitions of the request get the answer again until timer J.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl Server {
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        Self {
            state: State::Trying {
                give_up: now + LIFETIME,
            },
            reliable,
            outputs: VecDeque::new(),
        }
    }

    /// The same request came again.
    pub(crate) fn handle_request(&mut self) {
        if let State::Proceeding { .. } | State::Completed { .. } = self.state {
            self.outputs.push_back(Output::Respond);
        }
    }

    /// The application answers; says whether this answer still counts.
    pub(crate) fn respond(&mut self, now: Instant, code: u16) -> bool {
        let (State::Trying { give_up } | State::Proceeding { give_up }) = self.state else {
            return false;
        };
        self.state = match code {
            ..=199 => State::Proceeding { give_up },
            200.. => State::Completed {
                until: linger(now, self.reliable, LIFETIME),
            },
        };
        self.outputs.push_back(Output::Respond);
        true
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Trying { give_up } | State::Proceeding { give_up } if give_up <= now => {
                self.state = State::Terminated;
                self.outputs.push_back(Output::TimeOut);
            }
            State::Completed { until } if until <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Trying { give_up } | State::Proceeding { give_up } => Some(give_up),
            State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Whether a final response may still be given.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Trying { .. } | State::Proceeding { .. })
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_repeated_request_gets_the_same_answer_for_32_seconds() {
        let start = Instant::now();
        let mut server = Server::new(start, false);

        server.handle_request();
        assert_eq!(drain(&mut server), []);
        server.respond(start, 200);
        server.handle_request();

        assert_eq!(drain(&mut server), [Output::Respond, Output::Respond]);
        assert_eq!(server.poll_timeout(), Some(start + Duration::from_secs(32)));
        server.handle_timeout(start + Duration::from_secs(32));
        assert!(server.is_terminated());
    }

    #[test]
    fn a_reliable_transport_forgets_at_once() {
        let start = Instant::now();
        let mut server = Server::new(start, true);
        server.respond(start, 200);

        server.handle_timeout(start);

        assert!(server.is_terminated());
    }

    #[test]
    fn an_answer_after_32_seconds_is_not_sent() {
        let start = Instant::now();
        let mut server = Server::new(start, false);

        server.handle_timeout(start + Duration::from_secs(32));

        assert_eq!(drain(&mut server), [Output::TimeOut]);
        assert!(!server.respond(start + Duration::from_secs(33), 200));
        assert!(server.is_terminated());
    }

    fn drain(server: &mut Server) -> Vec<Output> {
        std::iter::from_fn(|| server.poll_output()).collect()
    }
}
