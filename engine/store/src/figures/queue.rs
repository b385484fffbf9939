//! What is counted of a queue, and the figures that follow from it.

use super::Measure;
use super::agent::ratio;
use super::contact::Part;
use crate::EpisodeRow;

/// Sums of a queue. Times are microseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueSums {
    /// Callers who came in; those who found no room did not.
    pub entered: u64,
    /// Who found no room.
    pub full: u64,
    /// Who left of their own accord before it was long enough to count.
    pub short: u64,
    /// Who was answered.
    pub answered: u64,
    /// Of those, who was answered soon enough.
    pub answered_within: u64,
    /// Who gave up, after it was long enough to count.
    pub abandoned: u64,
    /// Who gave up before it was long enough.
    pub abandoned_short: u64,
    /// Who gave up within the time in which they should have been answered.
    pub abandoned_within: u64,
    /// Who has waited for as long as one may.
    pub timed_out: u64,
    /// Who left because no agent was there.
    pub no_agent: u64,
    /// Who left by a key.
    pub by_key: u64,
    /// Who was sent elsewhere by a step of the overflow chain.
    pub overflowed: u64,
    /// Whose wait the exchange's own end has cut.
    pub cut: u64,
    /// The waits of those who were answered.
    pub wait_answered: i64,
    /// The waits of those who gave up.
    pub wait_abandoned: i64,
    /// The longest wait of all.
    pub longest_wait: i64,
    /// Calls in which somebody was talked to.
    pub handled: u64,
    /// Talking, in those.
    pub talk: i64,
    /// Holding, in those.
    pub hold: i64,
    /// Wrapping up after them.
    pub wrap_up: i64,
    /// Calls that went on to another party.
    pub transferred: u64,
    /// Calls that were held.
    pub held: u64,
}

impl QueueSums {
    pub(super) fn stay(&mut self, stay: &EpisodeRow, measure: Measure) {
        let wait = stay.waited;
        if stay.outcome == "full" {
            self.full += 1;
            return;
        }
        self.entered += 1;
        self.longest_wait = self.longest_wait.max(wait);
        let (is_short, is_within) = (wait < measure.short, wait <= measure.within);
        match stay.outcome.as_str() {
            "answered" => {
                self.answered += 1;
                self.answered_within += u64::from(is_within);
                self.wait_answered += wait;
            }
            "abandoned" => {
                self.wait_abandoned += wait;
                self.abandoned_within += u64::from(is_within);
                match is_short {
                    true => {
                        self.abandoned_short += 1;
                        self.short += 1;
                    }
                    false => self.abandoned += 1,
                }
            }
            "timeout" => self.timed_out += 1,
            "no_agent" => self.no_agent += 1,
            "key" => {
                self.by_key += 1;
                self.short += u64::from(is_short);
            }
            "overflow" => self.overflowed += 1,
            _ => self.cut += 1,
        }
    }

    pub(super) fn contact(&mut self, part: Part) {
        self.handled += 1;
        self.talk += part.talk;
        self.hold += part.hold;
        self.transferred += u64::from(part.moved);
        self.held += u64::from(part.hold > 0);
    }

    /// Callers who came in, without those who left before it was long enough to count.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.entered - self.short
    }

    /// Answered soon enough, of the offered.
    #[must_use]
    pub fn service_level(&self) -> Option<f64> {
        ratio(self.answered_within as f64, self.offered() as f64)
    }

    /// `SL` as Asterisk has it: answered soon enough, of the answered.
    #[must_use]
    pub fn asterisk_sl(&self) -> Option<f64> {
        ratio(self.answered_within as f64, self.answered as f64)
    }

    /// `SL2` as Asterisk has it: answered or given up soon enough, of all who were answered or gave up.
    #[must_use]
    pub fn asterisk_sl2(&self) -> Option<f64> {
        let soon = self.answered_within + self.abandoned_within;
        let all = self.answered + self.abandoned + self.abandoned_short;
        ratio(soon as f64, all as f64)
    }

    /// The average wait of the answered (ASA), microseconds.
    #[must_use]
    pub fn average_wait(&self) -> Option<i64> {
        average(self.wait_answered, self.answered)
    }

    /// Who gave up after it was long enough to count, of the offered.
    #[must_use]
    pub fn abandon_rate(&self) -> Option<f64> {
        ratio(self.abandoned as f64, self.offered() as f64)
    }

    /// Talking, holding and wrapping up, for each call that was handled (AHT), microseconds.
    #[must_use]
    pub fn average_handling(&self) -> Option<i64> {
        average(self.talk + self.hold + self.wrap_up, self.handled)
    }

    /// Calls that went on to another party, of the handled.
    #[must_use]
    pub fn transfer_rate(&self) -> Option<f64> {
        ratio(self.transferred as f64, self.handled as f64)
    }

    /// Calls that were held, of the handled.
    #[must_use]
    pub fn hold_rate(&self) -> Option<f64> {
        ratio(self.held as f64, self.handled as f64)
    }
}

pub(super) fn average(sum: i64, count: u64) -> Option<i64> {
    let count = i64::try_from(count).ok().filter(|count| *count > 0)?;
    Some(sum / count)
}
