//! The INVITE client transaction: RFC 3261 §17.1.1, with the Accepted state of RFC 6026.

use std::collections::VecDeque;
use std::time::Instant;

use super::{LIFETIME, Resend, linger};

/// Sends one INVITE until it is answered, and acknowledges refusals.
///
/// It does no I/O and reads no clock. After every call of a `handle_*` method, drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first.
#[derive(Debug)]
pub(crate) struct ClientInvite {
    state: State,
    reliable: bool,
    /// Whether the session has stopped waiting for somebody to pick up.
    is_abandoned: bool,
    outputs: VecDeque<Output>,
}

/// What the caller of [`ClientInvite`] is to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Output {
    /// Send the ACK that belongs to the transaction, for a refusal.
    Acknowledge,
    /// Hand this response to the session.
    Deliver(u16),
    /// Send the INVITE, the first time or again.
    Invite,
    /// Nobody answered in 64 × T1, or nobody answered a CANCEL; the transaction is over.
    TimeOut,
    /// The request could not be sent; the transaction is over.
    TransportFailed,
}

#[derive(Debug)]
enum State {
    /// Nothing heard yet. `resend` is timer A, unset on reliable transports; `give_up` is timer B.
    Calling {
        resend: Option<Resend>,
        give_up: Instant,
    },
    /// Heard a provisional response; the far end rings for as long as the session lets it.
    /// `give_up` is set once the session has stopped waiting (RFC 3261 §9.1).
    Proceeding {
        give_up: Option<Instant>,
    },
    /// Heard a 2xx; more may follow from other branches until timer M.
    Accepted {
        until: Instant,
    },
    /// Refused; the refusal may come again until timer D.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl ClientInvite {
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        Self {
            state: State::Calling {
                resend: Resend::unless(reliable, now),
                give_up: now + LIFETIME,
            },
            reliable,
            is_abandoned: false,
            outputs: VecDeque::from([Output::Invite]),
        }
    }

    pub(crate) fn handle_response(&mut self, now: Instant, code: u16) {
        match (&self.state, code) {
            (State::Calling { .. }, 100..=199) => {
                self.state = State::Proceeding {
                    give_up: self.is_abandoned.then(|| now + LIFETIME),
                };
                self.outputs.push_back(Output::Deliver(code));
            }
            (State::Proceeding { .. }, 100..=199) => self.outputs.push_back(Output::Deliver(code)),
            (State::Calling { .. } | State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted {
                    until: now + LIFETIME,
                };
                self.outputs.push_back(Output::Deliver(code));
            }
            (State::Accepted { .. }, 200..=299) => self.outputs.push_back(Output::Deliver(code)),
            (State::Calling { .. } | State::Proceeding { .. }, 300..=699) => {
                self.state = State::Completed {
                    until: linger(now, self.reliable, LIFETIME),
                };
                self.outputs
                    .extend([Output::Acknowledge, Output::Deliver(code)]);
            }
            (State::Completed { .. }, 300..=699) => self.outputs.push_back(Output::Acknowledge),
            _ => {}
        }
    }

    /// The session no longer waits for somebody to pick up: without a final response in 64 × T1, or
    /// in 64 × T1 after the first provisional one, the transaction ends.
    pub(crate) fn abandon(&mut self, now: Instant) {
        self.is_abandoned = true;
        if let State::Proceeding { give_up: None } = self.state {
            self.state = State::Proceeding {
                give_up: Some(now + LIFETIME),
            };
        }
    }

    pub(crate) fn handle_transport_failed(&mut self) {
        if let State::Calling { .. } | State::Proceeding { .. } = self.state {
            self.state = State::Terminated;
            self.outputs.push_back(Output::TransportFailed);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Calling { give_up, .. } if *give_up <= now => {
                self.state = State::Terminated;
                self.outputs.push_back(Output::TimeOut);
            }
            State::Calling {
                resend: Some(resend),
                ..
            } if resend.at <= now => {
                resend.double(now, None);
                self.outputs.push_back(Output::Invite);
            }
            State::Proceeding {
                give_up: Some(give_up),
            } if *give_up <= now => {
                self.state = State::Terminated;
                self.outputs.push_back(Output::TimeOut);
            }
            State::Accepted { until } | State::Completed { until } if *until <= now => {
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
            State::Calling { resend, give_up } => {
                Some(resend.map_or(give_up, |r| r.at.min(give_up)))
            }
            State::Proceeding { give_up } => give_up,
            State::Accepted { until } | State::Completed { until } => Some(until),
            State::Terminated => None,
        }
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
    fn an_unanswered_invite_is_sent_seven_times_and_given_up_after_32_seconds() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);

        let (outputs, end) = run(&mut invite, start);

        assert_eq!(
            outputs,
            [vec![Output::Invite; 7], vec![Output::TimeOut]].concat()
        );
        assert_eq!(end - start, Duration::from_secs(32));
        assert!(invite.is_terminated());
    }

    #[test]
    fn a_reliable_transport_sends_once() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, true);

        let (outputs, _) = run(&mut invite, start);

        assert_eq!(outputs, [Output::Invite, Output::TimeOut]);
    }

    #[test]
    fn ringing_stops_the_timers() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);

        invite.handle_response(start, 180);

        assert_eq!(drain(&mut invite), [Output::Invite, Output::Deliver(180)]);
        assert_eq!(invite.poll_timeout(), None);
    }

    #[test]
    fn an_abandoned_invite_that_rings_on_is_given_up_after_32_seconds() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);
        invite.handle_response(start, 180);
        drain(&mut invite);

        invite.abandon(start);
        invite.handle_response(start, 180);
        let (outputs, end) = run(&mut invite, start);

        assert_eq!(outputs, [Output::Deliver(180), Output::TimeOut]);
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn an_invite_that_was_abandoned_before_it_rang_is_given_up_too() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);
        drain(&mut invite);

        invite.abandon(start);
        invite.handle_response(start, 100);
        let (outputs, end) = run(&mut invite, start);

        assert_eq!(outputs, [Output::Deliver(100), Output::TimeOut]);
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn a_repeated_refusal_is_acknowledged_again_and_delivered_once() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);
        drain(&mut invite);

        invite.handle_response(start, 486);
        invite.handle_response(start, 486);

        assert_eq!(
            drain(&mut invite),
            [
                Output::Acknowledge,
                Output::Deliver(486),
                Output::Acknowledge
            ]
        );
    }

    #[test]
    fn every_branch_that_answers_is_heard() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);
        drain(&mut invite);

        invite.handle_response(start, 200);
        invite.handle_response(start, 200);

        assert_eq!(
            drain(&mut invite),
            [Output::Deliver(200), Output::Deliver(200)]
        );
    }

    #[test]
    fn a_refusal_after_the_answer_is_not_heard() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, false);
        drain(&mut invite);

        invite.handle_response(start, 200);
        invite.handle_response(start, 486);

        assert_eq!(drain(&mut invite), [Output::Deliver(200)]);
    }

    #[test]
    fn a_broken_transport_is_reported_once() {
        let start = Instant::now();
        let mut invite = ClientInvite::new(start, true);
        drain(&mut invite);

        invite.handle_transport_failed();
        invite.handle_transport_failed();

        assert_eq!(drain(&mut invite), [Output::TransportFailed]);
        assert!(invite.is_terminated());
    }

    /// Lets time pass, from one timeout to the next, until nothing is left to wait for.
    fn run(invite: &mut ClientInvite, start: Instant) -> (Vec<Output>, Instant) {
        let mut outputs = drain(invite);
        let mut now = start;
        while let Some(next) = invite.poll_timeout() {
            now = next;
            invite.handle_timeout(now);
            outputs.extend(drain(invite));
        }
        (outputs, now)
    }

    fn drain(invite: &mut ClientInvite) -> Vec<Output> {
        std::iter::from_fn(|| invite.poll_output()).collect()
    }
}
