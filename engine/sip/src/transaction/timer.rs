//! Who is to be woken when: a heap whose stale entries are skipped, not searched for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A heap of wake-ups for owners named by `K`.
///
/// Each owner keeps its [`Wake`], the earliest entry that counts. Postponing costs nothing: the
/// owner is woken at the old time, sees that nothing is due, and is entered again.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

/// The entry of one owner that counts, if any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wake(Option<Instant>);

impl Wake {
    /// Whether the entry that just came up is the one that counts; it is then used up.
    pub(crate) fn take(&mut self, at: Instant) -> bool {
        let counts = self.0 == Some(at);
        if counts {
            self.0 = None;
        }
        counts
    }
}

impl<K: Copy + Ord> Timers<K> {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
        }
    }

    /// Sees to it that `owner` is woken at `wanted` or before.
    pub(crate) fn arm(&mut self, owner: K, wake: &mut Wake, wanted: Option<Instant>) {
        let Some(at) = wanted else { return };
        if wake.0.is_none_or(|earlier| at < earlier) {
            wake.0 = Some(at);
            self.heap.push(Reverse((at, owner)));
        }
    }

    /// Takes the next entry that is due, stale ones too: ask [`Wake::take`].
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// When the next entry is due; it may turn out to be stale.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Drops the entries of owners that are gone, once they outnumber the `live` ones by far.
    pub(crate) fn sweep(&mut self, live: usize, is_live: impl Fn(&K) -> bool) {
        if self.heap.len() > 1024 + live * 4 {
            self.heap.retain(|Reverse((_, owner))| is_live(owner));
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn owners_are_woken_in_order_of_time() {
        let start = Instant::now();
        let mut timers = Timers::new();
        for (owner, seconds) in [(1, 3), (2, 1), (3, 2)] {
            let at = start + Duration::from_secs(seconds);
            timers.arm(owner, &mut Wake::default(), Some(at));
        }

        let order: Vec<_> =
            std::iter::from_fn(|| timers.pop_due(start + Duration::from_secs(2))).collect();

        assert_eq!(order.iter().map(|e| e.1).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(timers.next(), Some(start + Duration::from_secs(3)));
    }

    #[test]
    fn an_earlier_wish_makes_the_later_entry_stale() {
        let start = Instant::now();
        let mut timers = Timers::new();
        let mut wake = Wake::default();
        let (soon, late) = (
            start + Duration::from_secs(1),
            start + Duration::from_secs(9),
        );
        timers.arm(1, &mut wake, Some(late));

        timers.arm(1, &mut wake, Some(soon));

        assert!(wake.take(soon));
        assert!(!wake.take(late));
    }

    #[test]
    fn a_postponed_wish_adds_no_entry() {
        let start = Instant::now();
        let mut timers = Timers::new();
        let mut wake = Wake::default();

        for seconds in 1..100 {
            timers.arm(1, &mut wake, Some(start + Duration::from_secs(seconds)));
        }

        assert_eq!(timers.len(), 1);
    }

    #[test]
    fn entries_of_the_dead_are_swept_when_they_are_many() {
        let start = Instant::now();
        let mut timers = Timers::new();
        for owner in 0..3000 {
            timers.arm(owner, &mut Wake::default(), Some(start));
        }

        timers.sweep(10, |owner| *owner < 10);

        assert_eq!(timers.len(), 10);
    }
}
