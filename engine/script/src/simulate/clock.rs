//! Time that passes only when the simulation lets it: a monotonic clock, a wall clock, sleepers.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::Clock;

/// Time that passes only when somebody moves it.
#[derive(Clone)]
pub(super) struct VirtualClock {
    /// What `Instant`s are counted from.
    base: Instant,
    shared: Arc<Mutex<Hands>>,
}

#[derive(Default)]
struct Hands {
    passed: Duration,
    /// Microseconds since 1970 when nothing had passed.
    wall: i64,
    sleepers: Vec<Sleeper>,
    next: u64,
}

struct Sleeper {
    number: u64,
    due: Duration,
    waker: Waker,
}

impl VirtualClock {
    /// A clock that shows `wall`, in microseconds since 1970, UTC.
    pub(super) fn new(wall: i64) -> Self {
        let hands = Hands {
            wall,
            ..Hands::default()
        };
        Self {
            base: Instant::now(),
            shared: Arc::new(Mutex::new(hands)),
        }
    }

    /// The monotonic time.
    pub(super) fn now(&self) -> Instant {
        self.base + self.hands().passed
    }

    /// Sets the wall clock. Nothing that waits is due any sooner: the monotonic time stays.
    pub(super) fn set_wall(&self, micros: i64) {
        let mut hands = self.hands();
        hands.wall = micros.saturating_sub(as_micros(hands.passed));
    }

    /// Lets time pass until `at`, and wakes whom that wakes.
    pub(super) fn move_to(&self, at: Instant) {
        let mut hands = self.hands();
        hands.passed = hands.passed.max(at.saturating_duration_since(self.base));
        let passed = hands.passed;
        let (due, still): (Vec<Sleeper>, Vec<Sleeper>) = std::mem::take(&mut hands.sleepers)
            .into_iter()
            .partition(|sleeper| sleeper.due <= passed);
        hands.sleepers = still;
        drop(hands);
        for sleeper in due {
            sleeper.waker.wake();
        }
    }

    /// When the next sleeper wakes.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let hands = self.hands();
        let due = hands.sleepers.iter().map(|sleeper| sleeper.due).min()?;
        Some(self.base + due)
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn unix_micros(&self) -> i64 {
        let hands = self.hands();
        hands.wall.saturating_add(as_micros(hands.passed))
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let due = self.hands().passed.saturating_add(time.min(LONGEST));
        Box::pin(Nap {
            clock: self.clone(),
            due,
            number: None,
        })
    }
}

/// One wait. Dropped, it leaves no sleeper behind.
struct Nap {
    clock: VirtualClock,
    due: Duration,
    number: Option<u64>,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (due, number) = (self.due, self.number);
        let mut hands = self.clock.hands();
        if hands.passed >= due {
            return Poll::Ready(());
        }
        hands
            .sleepers
            .retain(|sleeper| Some(sleeper.number) != number);
        let number = hands.next;
        hands.next += 1;
        hands.sleepers.push(Sleeper {
            number,
            due,
            waker: context.waker().clone(),
        });
        drop(hands);
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let mut hands = self.clock.hands();
            hands.sleepers.retain(|sleeper| sleeper.number != number);
        }
    }
}

fn as_micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// More than anybody waits for.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_goes_with_the_time_and_can_be_set_without_waking_anybody() {
        let clock = VirtualClock::new(1_000_000);
        let began = clock.now();

        clock.move_to(began + Duration::from_secs(2));
        assert_eq!(clock.unix_micros(), 3_000_000);
        clock.set_wall(50_000_000);

        assert_eq!(clock.unix_micros(), 50_000_000);
        assert_eq!(clock.now() - began, Duration::from_secs(2));
    }

    #[test]
    fn who_sleeps_wakes_at_its_time_and_who_is_dropped_is_forgotten() {
        let clock = VirtualClock::new(0);
        let mut context = Context::from_waker(Waker::noop());
        let mut nap = clock.sleep(Duration::from_secs(3));
        let mut dropped = clock.sleep(Duration::from_secs(1));
        assert!(nap.as_mut().poll(&mut context).is_pending());
        assert!(dropped.as_mut().poll(&mut context).is_pending());

        drop(dropped);
        let due = clock.next_due().unwrap();
        assert_eq!(due - clock.now(), Duration::from_secs(3));
        clock.move_to(due);

        assert!(nap.as_mut().poll(&mut context).is_ready());
        assert!(clock.next_due().is_none());
    }
}
