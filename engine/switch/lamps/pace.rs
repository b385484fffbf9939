//! What is to be told, and when: at once the first time, and not again before a rest.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Turns a flood of changes into few notices: the first change of a thing is told at once, those
/// that follow are told together when its rest is over.
///
/// It reads no clock. What is wanted comes out of [`pop_due`](Self::pop_due); nothing is kept of
/// things that have not changed for a rest.
#[derive(Debug)]
pub(super) struct Pace<K> {
    rest: Duration,
    things: HashMap<K, State>,
    /// Each thing once: when it is to be told, or forgotten.
    due: BTreeSet<(Instant, K)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// To be told then.
    Wanted(Instant),
    /// Told; until then it rests. `again` is when it is to be told once more.
    Resting {
        until: Instant,
        again: Option<Instant>,
    },
}

impl<K: Clone + Eq + Hash + Ord> Pace<K> {
    pub(super) fn new(rest: Duration) -> Self {
        Self {
            rest,
            things: HashMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// A thing is to be told at `at`, or when its rest is over.
    pub(super) fn want(&mut self, at: Instant, thing: K) {
        match self.things.get_mut(&thing) {
            Some(State::Resting { again, .. }) => {
                *again = Some(again.map_or(at, |before| before.min(at)));
            }
            Some(State::Wanted(before)) if *before <= at => {}
            Some(State::Wanted(before)) => {
                self.due.remove(&(*before, thing.clone()));
                *before = at;
                self.due.insert((at, thing));
            }
            None => {
                self.things.insert(thing.clone(), State::Wanted(at));
                self.due.insert((at, thing));
            }
        }
    }

    /// The next thing to be told; each begins its rest by that.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<K> {
        while self.poll_timeout().is_some_and(|due| due <= now) {
            let (_, thing) = self.due.pop_first()?;
            if let Some(State::Resting { again, .. }) = self.things.get(&thing).copied() {
                let Some(at) = again else {
                    self.things.remove(&thing);
                    continue;
                };
                if at > now {
                    self.things.insert(thing.clone(), State::Wanted(at));
                    self.due.insert((at, thing));
                    continue;
                }
            }
            let until = now + self.rest;
            let again = None;
            self.things
                .insert(thing.clone(), State::Resting { until, again });
            self.due.insert((until, thing.clone()));
            return Some(thing);
        }
        None
    }

    /// When [`pop_due`](Self::pop_due) is to be asked next.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Whether anything is to be told, now or after a rest.
    pub(super) fn has_news(&self) -> bool {
        let mut states = self.things.values();
        states.any(|state| !matches!(state, State::Resting { again: None, .. }))
    }

    /// Nobody wants to be told of a thing any more.
    pub(super) fn forget(&mut self, thing: &K) {
        if let Some(State::Wanted(at) | State::Resting { until: at, .. }) =
            self.things.remove(thing)
        {
            self.due.remove(&(at, thing.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_millis(100);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_first_change_is_told_at_once_and_a_flood_once_a_rest() {
        let start = Instant::now();
        let mut pace = Pace::new(REST);
        let mut told = Vec::new();

        for step in 0..1_000 {
            let now = start + ms(step);
            if step < 450 {
                pace.want(now, "lamp");
            }
            while pace.pop_due(now).is_some() {
                told.push(step);
            }
        }

        assert_eq!(told, [0, 100, 200, 300, 400, 500]);
        assert!(pace.things.is_empty() && pace.poll_timeout().is_none());
    }

    #[test]
    fn the_last_change_is_never_lost() {
        let start = Instant::now();
        let mut pace = Pace::new(REST);
        pace.want(start, 1);
        assert_eq!(pace.pop_due(start), Some(1));

        assert!(!pace.has_news());
        pace.want(start + ms(99), 1);
        assert!(pace.has_news());

        assert_eq!(pace.pop_due(start + ms(99)), None);
        assert_eq!(pace.pop_due(start + ms(100)), Some(1));
    }

    #[test]
    fn what_is_put_off_is_told_earlier_when_it_is_wanted_earlier() {
        let start = Instant::now();
        let mut pace = Pace::new(REST);
        pace.want(start + ms(5_000), 1);
        pace.want(start + ms(6_000), 1);
        pace.want(start + ms(7_000), 2);

        pace.want(start + ms(10), 1);

        assert_eq!(pace.poll_timeout(), Some(start + ms(10)));
        assert_eq!(pace.pop_due(start + ms(10)), Some(1));
        assert_eq!(pace.pop_due(start + ms(6_999)), None);
        assert_eq!(pace.pop_due(start + ms(7_000)), Some(2));
    }

    #[test]
    fn what_is_wanted_later_waits_beyond_the_rest() {
        let start = Instant::now();
        let mut pace = Pace::new(REST);
        pace.want(start, 1);
        assert_eq!(pace.pop_due(start), Some(1));

        pace.want(start + ms(9_000), 1);
        pace.want(start + ms(5_000), 1);

        assert_eq!(pace.pop_due(start + ms(4_999)), None);
        assert_eq!(pace.pop_due(start + ms(5_000)), Some(1));
        assert_eq!(pace.pop_due(start + ms(20_000)), None);
    }

    #[test]
    fn what_is_forgotten_is_not_told_and_leaves_no_trace() {
        let start = Instant::now();
        let mut pace = Pace::new(REST);
        pace.want(start, 1);
        pace.want(start, 2);
        assert_eq!(pace.pop_due(start), Some(1));

        pace.forget(&1);
        pace.forget(&2);

        assert!(pace.things.is_empty() && pace.due.is_empty());
        pace.want(start, 1);
        assert_eq!(pace.pop_due(start), Some(1), "there is no rest to wait for");
    }
}
