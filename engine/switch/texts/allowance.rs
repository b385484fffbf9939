//! How much somebody may send: a few at once, and one each second.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What everybody has left. Whoever has sent nothing for a while is not kept.
#[derive(Debug)]
pub(super) struct Allowances<K> {
    at_once: u32,
    each: Duration,
    /// When everything that was sent will have been made up for.
    spent: HashMap<K, Instant>,
}

impl<K: Eq + Hash> Allowances<K> {
    /// So many at once, and one more each time.
    pub(super) fn new(at_once: u32, each: Duration) -> Self {
        Self {
            at_once,
            each,
            spent: HashMap::new(),
        }
    }

    /// Takes one; `false` when somebody has sent too many.
    pub(super) fn take(&mut self, now: Instant, who: K) -> bool {
        if self.spent.len() >= MOST_KEPT {
            self.spent.retain(|_, until| *until > now);
        }
        let until = self.spent.entry(who).or_insert(now);
        let next = (*until).max(now) + self.each;
        let may = next <= now + self.each * self.at_once;
        if may {
            *until = next;
        }
        may
    }
}

/// Senders after which those are forgotten who owe nothing: there are no more than users.
const MOST_KEPT: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_at_once_and_then_one_each_second() {
        let start = Instant::now();
        let mut allowances = Allowances::new(5, Duration::from_secs(1));
        let mut sent = |who: &'static str, at: u64| {
            let now = start + Duration::from_secs(at);
            (0..100).filter(|_| allowances.take(now, who)).count()
        };

        assert_eq!(sent("1049", 0), 5);
        assert_eq!(sent("1050", 0), 5, "each has their own");
        assert_eq!(sent("1049", 1), 1);
        assert_eq!(sent("1049", 3), 2);
        assert_eq!(sent("1049", 100), 5, "what is not used does not add up");
    }

    #[test]
    fn whoever_owes_nothing_is_forgotten() {
        let start = Instant::now();
        let mut allowances = Allowances::new(5, Duration::from_secs(1));
        for who in 0..MOST_KEPT {
            assert!(allowances.take(start, who));
        }

        assert!(allowances.take(start + Duration::from_secs(2), MOST_KEPT));

        assert_eq!(allowances.spent.len(), 1);
    }
}
