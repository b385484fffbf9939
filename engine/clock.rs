//! The wall clock, which can be set off for trying out opening hours.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time with an offset. Timers never look at it: they use monotonic time, so that a jump of
/// the system's clock ends no call early.
#[derive(Debug, Default)]
pub struct WallClock {
    offset: AtomicI64,
}

impl WallClock {
    /// Sets the offset so that it is now `unix_micros`.
    pub fn set(&self, unix_micros: i64) {
        self.offset
            .store(unix_micros - system_micros(), Ordering::Relaxed);
    }

    /// Microseconds since 1970, UTC.
    pub fn unix_micros(&self) -> i64 {
        system_micros() + self.offset.load(Ordering::Relaxed)
    }
}

impl script::Clock for WallClock {
    fn unix_micros(&self) -> i64 {
        self.unix_micros()
    }
}

/// The system's own time: ids and recordings are dated by it.
pub(crate) fn system_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_goes_on_from_there() {
        let clock = WallClock::default();

        clock.set(1_000_000);
        let first = clock.unix_micros();

        assert!((1_000_000..2_000_000).contains(&first));
        assert!(clock.unix_micros() >= first);
    }
}
