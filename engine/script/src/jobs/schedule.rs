//! When a failed job runs again.

use std::sync::Arc;
use std::time::Duration;

/// The waits between a job's attempts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Schedule(Arc<[Duration]>);

impl Schedule {
    /// The usual waits, for so many attempts.
    pub(crate) fn usual(attempts: usize) -> Self {
        let waits = (0..attempts.saturating_sub(1)).map(|index| {
            let last = USUAL.len() - 1;
            Duration::from_secs(USUAL[index.min(last)])
        });
        Self(waits.collect())
    }

    /// These waits; there is one attempt more than waits.
    pub(crate) fn of(waits: Vec<Duration>) -> Self {
        Self(waits.into())
    }

    /// The wait after an attempt has failed, from 1; `None` after the last.
    pub(super) fn after(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.max(1) - 1).ok()?;
        self.0.get(index).copied()
    }
}

/// Seconds: 10 s, 30 s, 2 m, 10 m, 1 h, 3 h, 6 h, 12 h, and then each day.
const USUAL: [u64; 9] = [10, 30, 120, 600, 3_600, 10_800, 21_600, 43_200, 86_400];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_waits_grow_and_end_with_the_attempts() {
        let schedule = Schedule::usual(12);

        let waits: Vec<u64> = (1..=12)
            .map_while(|attempt| schedule.after(attempt))
            .map(|wait| wait.as_secs())
            .collect();

        let expected = [
            10, 30, 120, 600, 3_600, 10_800, 21_600, 43_200, 86_400, 86_400, 86_400,
        ];
        assert_eq!(waits, expected);
        assert_eq!(Schedule::usual(1).after(1), None);
    }

    #[test]
    fn waits_of_ones_own_are_taken_in_order() {
        let schedule = Schedule::of(vec![Duration::from_secs(5), Duration::from_secs(300)]);

        assert_eq!(schedule.after(1), Some(Duration::from_secs(5)));
        assert_eq!(schedule.after(2), Some(Duration::from_secs(300)));
        assert_eq!(schedule.after(3), None);
    }
}
