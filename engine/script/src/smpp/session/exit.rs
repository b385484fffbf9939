//! How a connection ends, by itself, by the provider, or because it is not wanted any more.

use std::time::{Duration, Instant};

use rusmpp::Pdu;

use super::super::{Error, pdu};
use super::{Delivery, Output, Session, State};

impl Session {
    /// The connection broke, or could not be made; why, as the system says it.
    pub(in super::super) fn handle_lost(&mut self, now: Instant, why: String) {
        if matches!(self.state, State::Leaving { .. } | State::Over) {
            return self.end();
        }
        if let State::Bound { since, .. } = self.state
            && now.saturating_duration_since(since) >= STEADY
        {
            self.again.reset();
        }
        let failure = Error::NotReached {
            place: self.line.place(),
            why: why.clone(),
        };
        let wait = self.again.take();
        let was_bound = matches!(self.state, State::Bound { .. });
        self.lose(&why);
        if was_bound {
            // Those that wait may yet have their turn: it may be back in a second.
            self.state = State::Resting { until: now + wait };
            self.failure = Some(failure);
        } else {
            self.rest_until(now + wait, failure);
        }
    }

    /// It is not wanted any more.
    pub(in super::super) fn handle_leave(&mut self, now: Instant) {
        self.give_up_waiting(&Error::NoLine);
        match self.state {
            State::Bound { .. } => {
                let sequence = self.next_sequence();
                self.send(pdu::octets(0, sequence, Pdu::Unbind));
                self.state = State::Leaving {
                    until: now + FAREWELL,
                };
            }
            State::Leaving { .. } => {}
            _ => self.end(),
        }
    }

    /// Nobody is asked until then; what waits is refused, because it would wait in vain.
    pub(super) fn rest_until(&mut self, until: Instant, failure: Error) {
        self.give_up_waiting(&failure);
        self.failure = Some(failure);
        self.state = State::Resting { until };
    }

    pub(super) fn end(&mut self) {
        if !matches!(self.state, State::Over) {
            self.outputs.push_back(Output::Disconnect);
        }
        self.lose("it is not wanted any more");
        self.give_up_waiting(&Error::NoLine);
        self.state = State::Over;
    }

    pub(super) fn forget_late_ones(&mut self, now: Instant) {
        let (place, after) = (self.line.place(), self.line.timeout);
        while let Some(first) = self.waiting.front()
            && first.until <= now
        {
            let ticket = first.ticket;
            self.waiting.pop_front();
            let place = place.clone();
            self.answered(ticket, Err(Error::NoTurn { place, after }));
        }
        let late = self.sent.iter().filter(|(_, it)| it.until <= now);
        let late: Vec<u32> = late.map(|(sequence, _)| *sequence).collect();
        for sent in late
            .iter()
            .filter_map(|it| self.sent.remove(it))
            .collect::<Vec<_>>()
        {
            let place = place.clone();
            self.answered(sent.ticket, Err(Error::NoAnswer { place, after }));
        }
        let late = self.told.iter().filter(|(_, it)| it.until <= now);
        let late: Vec<Delivery> = late.map(|(delivery, _)| *delivery).collect();
        late.into_iter()
            .for_each(|delivery| self.handle_taken(delivery, false));
    }

    /// What was sent over a connection that is gone has no answer any more, and what came over it
    /// needs none.
    fn lose(&mut self, why: &str) {
        self.told.clear();
        self.frames.clear();
        for sent in std::mem::take(&mut self.sent).into_values() {
            let lost = Error::Lost {
                place: self.line.place(),
                why: why.to_owned(),
            };
            self.answered(sent.ticket, Err(lost));
        }
    }

    fn give_up_waiting(&mut self, why: &Error) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.answered(waiting.ticket, Err(why.clone()));
        }
    }
}

/// A connection that stood for so long was a good one: the next is tried soon.
const STEADY: Duration = Duration::from_secs(60);
/// How long the provider has to take leave.
const FAREWELL: Duration = Duration::from_secs(2);
