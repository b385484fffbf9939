//! One connection to a provider: binding, sending within a window and a pace, taking what comes,
//! asking whether it lives, and beginning again when it does not (SMPP 3.4 §2 and §4).

mod bound;
mod exit;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusmpp::Pdu;
use rusmpp::pdus::BindTransceiver;
use rusmpp::values::InterfaceVersion;

use super::line::c_string;
use super::pdu::{self, Frames};
use super::wait::{Backoff, Pace};
use super::{Answer, Error, Incoming, Line, Outgoing};

/// A connection that is kept up.
///
/// It does no I/O and reads no clock. After every call of a `handle_*` method, drain
/// [`poll_output`](Self::poll_output) until it returns `None`; then wait for input or for
/// [`poll_timeout`](Self::poll_timeout), whichever is first.
pub(super) struct Session {
    line: Arc<Line>,
    state: State,
    frames: Frames,
    /// Of the last request of ours.
    sequence: u32,
    /// Messages that have not had their turn; [`MOST_WAITING`] at most.
    waiting: VecDeque<Waiting>,
    /// Messages that were sent and are not answered, by sequence number; the window at most.
    sent: BTreeMap<u32, Sent>,
    /// What scripts have been told and have not taken; [`MOST_TOLD`] at most.
    told: BTreeMap<Delivery, Told>,
    /// Of the last one of these.
    delivery: Delivery,
    pace: Pace,
    /// Waits after the provider has said that there is too much.
    rest: Backoff,
    /// Waits between connections that break.
    again: Backoff,
    /// Waits after logins that were refused: who asks too often is locked out.
    refused: Backoff,
    /// What kept us from being bound last, while we are not.
    failure: Option<Error>,
    outputs: VecDeque<Output>,
}

enum State {
    /// Nobody is asked until then.
    Resting { until: Instant },
    /// The connection is being made.
    Connecting { until: Instant },
    /// It stands, and the provider has not said whether we may.
    Binding { sequence: u32, until: Instant },
    /// Messages go and come.
    Bound {
        since: Instant,
        /// When the provider is asked whether it is there, unless something comes before.
        enquire_at: Instant,
        /// When it must have answered that.
        answer_by: Option<Instant>,
    },
    /// We have taken leave; the provider has until then to say so too.
    Leaving { until: Instant },
    /// It is over.
    Over,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Output {
    /// Connect; [`Session::handle_connected`] or [`Session::handle_lost`] says how it went.
    Connect,
    /// Send these octets.
    Send(Bytes),
    /// Give the connection up; nothing is to be heard of it any more.
    Disconnect,
    /// What has become of a message.
    Answered(Ticket, Result<Answer, Error>),
    /// Tell the scripts; [`Session::handle_taken`] says whether they have it.
    Deliver(Delivery, Incoming),
    /// A line for the log.
    Unreadable(String),
}

/// Names a message between [`Session::handle_submit`] and its answer.
pub(super) type Ticket = u64;

/// Names something that scripts were told, whatever connection it came by.
pub(super) type Delivery = u64;

struct Told {
    /// The provider's sequence number.
    sequence: u32,
    until: Instant,
}

struct Waiting {
    ticket: Ticket,
    message: Box<Outgoing>,
    until: Instant,
}

struct Sent {
    ticket: Ticket,
    until: Instant,
}

/// How a connection stands, in a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// It is being made.
    Connecting,
    /// Messages can go and come.
    Bound,
    /// It is tried again later.
    Resting,
    /// It has ended.
    Over,
}

impl Session {
    /// Wants to be connected at once.
    pub(super) fn new(now: Instant, line: Arc<Line>) -> Self {
        let mut session = Self {
            pace: Pace::new(now, line.per_second),
            state: State::Over,
            frames: Frames::default(),
            sequence: 0,
            waiting: VecDeque::new(),
            sent: BTreeMap::new(),
            told: BTreeMap::new(),
            delivery: 0,
            rest: Backoff::new(SHORTEST_REST, LONGEST_REST),
            again: Backoff::new(FIRST_AGAIN, LAST_AGAIN),
            refused: Backoff::new(FIRST_REFUSED, LAST_REFUSED),
            failure: None,
            outputs: VecDeque::new(),
            line,
        };
        session.connect(now);
        session
    }

    /// How it stands, and what keeps it from being bound.
    pub(super) fn standing(&self) -> (Standing, Option<&Error>) {
        let standing = match self.state {
            State::Resting { .. } => Standing::Resting,
            State::Connecting { .. } | State::Binding { .. } => Standing::Connecting,
            State::Bound { .. } => Standing::Bound,
            State::Leaving { .. } | State::Over => Standing::Over,
        };
        (standing, self.failure.as_ref())
    }

    /// Messages that wait for their turn, and for their answer.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.waiting.len(), self.sent.len())
    }

    /// Whether nothing more will come of it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// The connection stands.
    pub(super) fn handle_connected(&mut self, now: Instant) {
        let sequence = self.next_sequence();
        let bind = BindTransceiver::builder()
            .system_id(c_string(&self.line.system_id))
            .password(c_string(&self.line.password.0))
            .system_type(c_string(&self.line.system_type))
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        self.frames.clear();
        self.send(pdu::octets(0, sequence, bind));
        self.state = State::Binding {
            sequence,
            until: now + self.line.timeout,
        };
    }

    /// Octets have come.
    pub(super) fn handle_octets(&mut self, now: Instant, octets: &[u8]) {
        if let State::Bound {
            enquire_at,
            answer_by,
            ..
        } = &mut self.state
        {
            (*enquire_at, *answer_by) = (now + self.line.enquire_link, None);
        }
        self.frames.push(octets);
        loop {
            match self.frames.next() {
                Ok(Some(frame)) => self.handle_frame(now, frame),
                Ok(None) => return,
                Err(length) => {
                    let why = format!("it speaks no SMPP: a PDU of {length} octets");
                    self.outputs.push_back(Output::Disconnect);
                    return self.handle_lost(now, why);
                }
            }
            if !self.is_connected() {
                return;
            }
        }
    }

    /// Somebody wants a message sent.
    pub(super) fn handle_submit(&mut self, now: Instant, ticket: Ticket, message: Outgoing) {
        let place = || self.line.place();
        let refusal = match (&self.state, &self.failure) {
            (State::Leaving { .. } | State::Over, _) => Some(Error::NoLine),
            // Who waits for it waits for nothing; whoever asks has the time to ask again.
            (
                State::Resting { .. } | State::Connecting { .. } | State::Binding { .. },
                Some(why),
            ) => Some(why.clone()),
            _ if self.waiting.len() >= MOST_WAITING => Some(Error::Busy {
                place: place(),
                most: MOST_WAITING,
            }),
            _ => None,
        };
        if let Some(why) = refusal {
            return self.answered(ticket, Err(why));
        }
        self.waiting.push_back(Waiting {
            ticket,
            message: Box::new(message),
            until: now + self.line.timeout,
        });
        self.send_what_may(now);
    }

    /// The scripts have what they were told, or will not.
    pub(super) fn handle_taken(&mut self, delivery: Delivery, is_taken: bool) {
        // Its connection may be gone, and the provider hands it over again.
        if let Some(told) = self.told.remove(&delivery) {
            let status = if is_taken { 0 } else { TRY_AGAIN };
            self.acknowledge(status, told.sequence);
        }
    }

    /// Time has passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.forget_late_ones(now);
        match self.state {
            State::Resting { until } if until <= now => self.connect(now),
            State::Connecting { until } | State::Binding { until, .. } if until <= now => {
                let seconds = self.line.timeout.as_secs_f64();
                self.outputs.push_back(Output::Disconnect);
                self.handle_lost(now, format!("it has not answered within {seconds} s"));
            }
            State::Bound {
                answer_by: Some(by),
                ..
            } if by <= now => {
                self.outputs.push_back(Output::Disconnect);
                self.handle_lost(now, "it does not say that it is there".to_owned());
            }
            State::Bound {
                since,
                enquire_at,
                answer_by: None,
            } if enquire_at <= now => {
                let sequence = self.next_sequence();
                self.send(pdu::octets(0, sequence, Pdu::EnquireLink));
                self.state = State::Bound {
                    since,
                    enquire_at,
                    answer_by: Some(now + self.line.timeout),
                };
            }
            State::Leaving { until } if until <= now => self.end(),
            _ => {}
        }
        self.send_what_may(now);
    }

    /// What is to be done next.
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let state = match self.state {
            State::Resting { until }
            | State::Connecting { until }
            | State::Binding { until, .. }
            | State::Leaving { until } => Some(until),
            State::Bound {
                enquire_at,
                answer_by,
                ..
            } => Some(answer_by.unwrap_or(enquire_at)),
            State::Over => None,
        };
        let waiting = self.waiting.iter().map(|it| it.until).min();
        let sent = self.sent.values().map(|it| it.until).min();
        let told = self.told.values().map(|it| it.until).min();
        let turn = self.may_send_more().then(|| self.pace.next());
        [state, waiting, sent, told, turn]
            .into_iter()
            .flatten()
            .min()
    }

    fn connect(&mut self, now: Instant) {
        self.outputs.push_back(Output::Connect);
        self.state = State::Connecting {
            until: now + self.line.timeout,
        };
    }

    fn is_connected(&self) -> bool {
        matches!(
            self.state,
            State::Binding { .. } | State::Bound { .. } | State::Leaving { .. }
        )
    }

    fn may_send_more(&self) -> bool {
        matches!(self.state, State::Bound { .. })
            && !self.waiting.is_empty()
            && self.sent.len() < self.line.window
    }

    fn send_what_may(&mut self, now: Instant) {
        while self.may_send_more() && self.pace.next() <= now {
            let Some(next) = self.waiting.pop_front() else {
                return;
            };
            let sequence = self.next_sequence();
            self.send(pdu::octets(0, sequence, next.message.submit()));
            self.pace.goes(now);
            self.sent.insert(
                sequence,
                Sent {
                    ticket: next.ticket,
                    until: now + self.line.timeout,
                },
            );
        }
    }

    fn send(&mut self, octets: Bytes) {
        self.outputs.push_back(Output::Send(octets));
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Answer, Error>) {
        self.outputs.push_back(Output::Answered(ticket, answer));
    }

    /// §5.1.4: from 1, and around.
    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence % LAST_SEQUENCE + 1;
        self.sequence
    }
}

/// Messages that wait for their turn; one more is refused at once.
const MOST_WAITING: usize = 256;
/// What scripts are told at one time; one more is put off, and the provider hands it over again.
const MOST_TOLD: usize = 32;

/// ESME_RX_T_APPN: hand it over again later.
const TRY_AGAIN: u32 = 0x64;

const LAST_SEQUENCE: u32 = 0x7fff_ffff;

const SHORTEST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
const FIRST_AGAIN: Duration = Duration::from_secs(1);
const LAST_AGAIN: Duration = Duration::from_secs(60);
const FIRST_REFUSED: Duration = Duration::from_secs(30);
const LAST_REFUSED: Duration = Duration::from_secs(600);
