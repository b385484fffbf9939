//! The client transaction of everything but INVITE: RFC 3261 §17.1.2.

use std::collections::VecDeque;
use std::time::Instant;

use super::{LIFETIME, Resend, T2, T4, linger};

/// Sends one request until it has its final response.
///
/// It does no I/O and reads no clock. After every call of a `handle_*` method, drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first.
#[derive(Debug)]
pub(crate) struct Client {
    state: State,
    reliable: bool,
    outputs: VecDeque<Output>,
}

/// What the caller of [`Client`] is to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Output {
    /// Hand this response to whoever asked.
    Deliver(u16),
    /// Send the request, the first time or again.
    Request,
    /// No final response in 64 × T1; the transaction is over.
    TimeOut,
    /// The request could not be sent; the transaction is over.
    TransportFailed,
}

#[derive(Debug)]
enum State {
    /// Nothing heard yet. `resend` is timer E, unset on reliable transports; `give_up` is timer F.
    Trying {
        resend: Option<Resend>,
        give_up: Instant,
    },
    /// Heard a provisional response; repeats every T2, and timer F goes on.
    Proceeding {
        resend: Option<Resend>,
        give_up: Instant,
    },
    /// Answered; the answer may come again until timer K.
    Completed {
        until: Instant,
    },
    Terminated,
}

impl Client {
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        Self {
            state: State::Trying {
                resend: Resend::unless(reliable, now),
                give_up: now + LIFETIME,
            },
            reliable,
            outputs: VecDeque::from([Output::Request]),
        }
    }

    pub(crate) fn handle_response(&mut self, now: Instant, code: u16) {
        match (&self.state, code) {
            (&State::Trying { resend, give_up }, 100..=199) => {
                self.state = State::Proceeding { resend, give_up };
                self.outputs.push_back(Output::Deliver(code));
            }
            (State::Proceeding { .. }, 100..=199) => self.outputs.push_back(Output::Deliver(code)),
            (State::Trying { .. } | State::Proceeding { .. }, 200..=699) => {
                self.state = State::Completed {
                    until: linger(now, self.reliable, T4),
                };
                self.outputs.push_back(Output::Deliver(code));
            }
            _ => {}
        }
    }

    pub(crate) fn handle_transport_failed(&mut self) {
        if let State::Trying { .. } | State::Proceeding { .. } = self.state {
            self.state = State::Terminated;
            self.outputs.push_back(Output::TransportFailed);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Trying { give_up, .. } | State::Proceeding { give_up, .. }
                if *give_up <= now =>
            {
                self.state = State::Terminated;
                self.outputs.push_back(Output::TimeOut);
            }
            State::Trying {
                resend: Some(resend),
                ..
            } if resend.at <= now => {
                resend.double(now, Some(T2));
                self.outputs.push_back(Output::Request);
            }
            State::Proceeding {
                resend: Some(resend),
                ..
            } if resend.at <= now => {
                *resend = Resend {
                    at: now + T2,
                    interval: T2,
                };
                self.outputs.push_back(Output::Request);
            }
            State::Completed { until } if *until <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Trying { resend, give_up } | State::Proceeding { resend, give_up } => {
                Some(resend.map_or(give_up, |r| r.at.min(give_up)))
            }
            State::Completed { until } => Some(until),
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
    fn an_unanswered_request_is_sent_eleven_times_and_given_up_after_32_seconds() {
        let start = Instant::now();
        let mut client = Client::new(start, false);

        let (outputs, end) = run(&mut client, start);

        assert_eq!(
            outputs,
            [vec![Output::Request; 11], vec![Output::TimeOut]].concat()
        );
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn a_provisional_response_slows_the_repetition_to_four_seconds() {
        let start = Instant::now();
        let mut client = Client::new(start, false);
        client.handle_response(start, 100);
        drain(&mut client);

        client.handle_timeout(start + Duration::from_millis(500));

        assert_eq!(drain(&mut client), [Output::Request]);
        assert_eq!(
            client.poll_timeout(),
            Some(start + Duration::from_millis(4500))
        );
    }

    #[test]
    fn a_provisional_response_does_not_keep_a_request_alive() {
        let start = Instant::now();
        let mut client = Client::new(start, true);
        client.handle_response(start, 100);

        let (outputs, end) = run(&mut client, start);

        assert_eq!(outputs.last(), Some(&Output::TimeOut));
        assert_eq!(end - start, Duration::from_secs(32));
    }

    #[test]
    fn the_final_response_is_delivered_once_and_repetitions_are_swallowed_for_five_seconds() {
        let start = Instant::now();
        let mut client = Client::new(start, false);
        drain(&mut client);

        client.handle_response(start, 200);
        client.handle_response(start, 200);
        let (outputs, end) = run(&mut client, start);

        assert_eq!(outputs, [Output::Deliver(200)]);
        assert_eq!(end - start, Duration::from_secs(5));
        assert!(client.is_terminated());
    }

    fn run(client: &mut Client, start: Instant) -> (Vec<Output>, Instant) {
        let mut outputs = drain(client);
        let mut now = start;
        while let Some(next) = client.poll_timeout() {
            now = next;
            client.handle_timeout(now);
            outputs.extend(drain(client));
        }
        (outputs, now)
    }

    fn drain(client: &mut Client) -> Vec<Output> {
        std::iter::from_fn(|| client.poll_output()).collect()
    }
}
