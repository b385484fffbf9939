//! The INVITE server transaction: RFC 3261 §17.2.1, with the Accepted state of RFC 6026.

use std::collections::VecDeque;
use std::time::Instant;

use super::{LIFETIME, Resend, T2, T4, linger};

/// Repeats the latest response to an INVITE, and refusals until they are acknowledged.
///
/// A 2xx is repeated by the session, not here. After every call of a `handle_*` method or of
/// [`respond`](Self::respond), drain [`poll_output`](Self::poll_output) until it returns `None`;
/// then wait for input or for [`poll_timeout`](Self::poll_timeout), whichever is first.
#[derive(Debug)]
pub(crate) struct ServerInvite {
    state: State,
    reliable: bool,
    outputs: VecDeque<Output>,
}

/// What the caller of [`ServerInvite`] is to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Output {
    /// Send the latest response, the first time or again.
    Respond,
    /// The refusal was never acknowledged; the transaction is over.
    TimeOut,
}

#[derive(Debug)]
enum State {
    /// Not answered yet; `responded` once there is a provisional response to repeat.
    Proceeding {
        responded: bool,
    },
    /// Answered with a 2xx; repetitions of the INVITE are swallowed until timer L.
    Accepted {
        until: Instant,
    },
    /// Refused. `resend` is timer G, unset on reliable transports; `give_up` is timer H.
    Completed {
        resend: Option<Resend>,
        give_up: Instant,
    },
    /// The refusal is acknowledged; further ACKs are swallowed until timer I.
    Confirmed {
        until: Instant,
    },
    Terminated,
}

impl ServerInvite {
    pub(crate) fn new(reliable: bool) -> Self {
        Self {
            state: State::Proceeding { responded: false },
            reliable,
            outputs: VecDeque::new(),
        }
    }

    /// The same INVITE came again.
    pub(crate) fn handle_invite(&mut self) {
        if let State::Proceeding { responded: true } | State::Completed { .. } = self.state {
            self.outputs.push_back(Output::Respond);
        }
    }

    /// An ACK of this transaction came.
    pub(crate) fn handle_ack(&mut self, now: Instant) {
        if let State::Completed { .. } = self.state {
            self.state = State::Confirmed {
                until: linger(now, self.reliable, T4),
            };
        }
    }

    /// The session answers; says whether this answer still counts.
    pub(crate) fn respond(&mut self, now: Instant, code: u16) -> bool {
        let State::Proceeding { .. } = self.state else {
            return false;
        };
        self.state = match code {
            ..=199 => State::Proceeding { responded: true },
            200..=299 => State::Accepted {
                until: now + LIFETIME,
            },
            300.. => State::Completed {
                resend: Resend::unless(self.reliable, now),
                give_up: now + LIFETIME,
            },
        };
        self.outputs.push_back(Output::Respond);
        true
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Completed { give_up, .. } if *give_up <= now => {
                self.state = State::Terminated;
                self.outputs.push_back(Output::TimeOut);
            }
            State::Completed {
                resend: Some(resend),
                ..
            } if resend.at <= now => {
                resend.double(now, Some(T2));
                self.outputs.push_back(Output::Respond);
            }
            State::Accepted { until } | State::Confirmed { until } if *until <= now => {
                self.state = State::Terminated;
            }
            _ => {}
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Proceeding { .. } | State::Terminated => None,
            State::Accepted { until } | State::Confirmed { until } => Some(until),
            State::Completed { resend, give_up } => {
                Some(resend.map_or(give_up, |r| r.at.min(give_up)))
            }
        }
    }

    /// Whether a final response may still be given.
    pub(crate) fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether it was answered with a 2xx.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted { .. })
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
    fn a_refusal_that_nobody_acknowledges_is_sent_eleven_times_and_given_up_after_32_seconds() {
        let start = Instant::now();
        let mut server = ServerInvite::new(false);
        server.respond(start, 486);

        let (outputs, end) = run(&mut server, start);

        assert_eq!(
            outputs,
            [vec![Output::Respond; 11], vec![Output::TimeOut]].concat()
        );
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn an_acknowledged_refusal_is_repeated_no_more_and_forgotten_after_five_seconds() {
        let start = Instant::now();
        let mut server = ServerInvite::new(false);
        server.respond(start, 486);
        drain(&mut server);

        server.handle_ack(start);
        server.handle_invite();
        let (outputs, end) = run(&mut server, start);

        assert_eq!(outputs, []);
        assert_eq!(end - start, Duration::from_secs(5));
        assert!(server.is_terminated());
    }

    #[test]
    fn a_repeated_invite_gets_the_latest_provisional_response() {
        let start = Instant::now();
        let mut server = ServerInvite::new(false);

        server.handle_invite();
        assert_eq!(drain(&mut server), []);
        server.respond(start, 100);
        server.handle_invite();

        assert_eq!(drain(&mut server), [Output::Respond, Output::Respond]);
    }

    #[test]
    fn a_repeated_invite_after_the_answer_is_swallowed() {
        let start = Instant::now();
        let mut server = ServerInvite::new(false);
        server.respond(start, 200);
        drain(&mut server);

        server.handle_invite();
        let (outputs, end) = run(&mut server, start);

        assert_eq!(outputs, []);
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn there_is_one_final_response() {
        let start = Instant::now();
        let mut server = ServerInvite::new(false);

        assert!(server.respond(start, 200));
        assert!(!server.respond(start, 487));

        assert_eq!(drain(&mut server), [Output::Respond]);
    }

    #[test]
    fn a_reliable_transport_sends_a_refusal_once() {
        let start = Instant::now();
        let mut server = ServerInvite::new(true);
        server.respond(start, 486);

        let (outputs, _) = run(&mut server, start);

        assert_eq!(outputs, [Output::Respond, Output::TimeOut]);
    }

    fn run(server: &mut ServerInvite, start: Instant) -> (Vec<Output>, Instant) {
        let mut outputs = drain(server);
        let mut now = start;
        while let Some(next) = server.poll_timeout() {
            now = next;
            server.handle_timeout(now);
            outputs.extend(drain(server));
        }
        (outputs, now)
    }

    fn drain(server: &mut ServerInvite) -> Vec<Output> {
        std::iter::from_fn(|| server.poll_output()).collect()
    }
}
