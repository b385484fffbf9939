//! Callers who call too often, or with several calls at once.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// How much is too much.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Calls of one number within the time; 0 is no limit.
    pub calls: u32,
    /// The time.
    pub within: Duration,
    /// Calls of one number at once; 0 is no limit.
    pub at_once: u32,
}

/// What was too much.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TooMany {
    /// So many calls within the time.
    Often(u32),
    /// So many go on.
    AtOnce(u32),
}

/// Remembers who has called when. Of so many callers that memory would run short, those are forgotten who have not
/// called for longest.
#[derive(Clone, Debug, Default)]
pub struct Nuisance {
    callers: HashMap<String, VecDeque<Instant>>,
}

impl Nuisance {
    /// A number calls, of which so many calls go on already. Calls that are refused count too, so that who goes on
    /// trying stays out.
    ///
    /// # Errors
    /// What is too much.
    pub fn calls(
        &mut self,
        now: Instant,
        number: &str,
        going_on: u32,
        limits: Limits,
    ) -> Result<(), TooMany> {
        let often = self.count(now, number, limits);
        if limits.at_once > 0 && going_on >= limits.at_once {
            return Err(TooMany::AtOnce(going_on));
        }
        match often {
            Some(count) if count > limits.calls => Err(TooMany::Often(count)),
            _ => Ok(()),
        }
    }

    /// How often it has called within the time, this call among them; nothing where that is nobody's concern.
    fn count(&mut self, now: Instant, number: &str, limits: Limits) -> Option<u32> {
        if limits.calls == 0 {
            self.callers.clear();
            return None;
        }
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= limits.within;
        if self.callers.len() >= MOST_CALLERS && !self.callers.contains_key(number) {
            self.callers
                .retain(|_, calls| calls.back().is_some_and(|at| !is_old(at)));
        }
        if self.callers.len() >= MOST_CALLERS && !self.callers.contains_key(number) {
            let oldest = self.callers.iter().min_by_key(|(_, calls)| calls.back());
            if let Some(oldest) = oldest.map(|(number, _)| number.clone()) {
                self.callers.remove(&oldest);
            }
        }
        let calls = self.callers.entry(number.to_owned()).or_default();
        while calls.front().is_some_and(is_old) {
            calls.pop_front();
        }
        calls.push_back(now);
        // One more than the limit is enough to know that it is too much.
        while calls.len() > limits.calls as usize + 1 {
            calls.pop_front();
        }
        u32::try_from(calls.len()).ok()
    }
}

/// Callers that are remembered.
const MOST_CALLERS: usize = 10_000;
