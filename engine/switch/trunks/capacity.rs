//! What a trunk carries: its lines, calls in a second, and who waits for theirs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use call::{CallId, LegId};
use script::config::Carried;

/// A line of a trunk in use; it is given back once, to the trunk.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) trunk: String,
    /// A call of ours to there.
    pub(crate) leaves: bool,
}

/// Why a call does not get a line now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Busy {
    /// All lines that it may have are in use.
    Full,
    /// There were too many calls in the last second.
    TooSoon,
}

/// The lines of one trunk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) incoming: u32,
    pub(crate) outgoing: u32,
    pace_in: Pace,
    pace_out: Pace,
    /// Who waits for a second with room, oldest first; at most `cps_queue`.
    waiting: VecDeque<Waiter>,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    call: CallId,
    leg: LegId,
    since: Instant,
}

/// When calls began lately.
#[derive(Clone, Debug, Default)]
struct Pace {
    /// As many as may begin in one window, at most.
    begun: VecDeque<Instant>,
}

impl Lines {
    /// All in use.
    pub(crate) fn all(&self) -> u32 {
        self.incoming + self.outgoing
    }

    /// Takes a line for a call to there. A call for help is refused by no limit: the carrier may
    /// still have a line for it.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        limits: &Carried,
        who: (CallId, LegId),
        is_urgent: bool,
    ) -> Result<(), Busy> {
        if !is_urgent {
            let free =
                |limit: u32, used: u32| limit == 0 || used.saturating_add(limits.reserved) < limit;
            if !free(limits.max_calls, self.all()) || !free(limits.max_out, self.outgoing) {
                return Err(Busy::Full);
            }
            let others_wait = self.waiting.front().is_some_and(|first| !first.is(who));
            if others_wait || !self.pace_out.has_room(now, limits.cps) {
                return Err(Busy::TooSoon);
            }
        }
        self.pace_out.note(now, limits.cps);
        self.waiting.retain(|waiter| !waiter.is(who));
        self.outgoing += 1;
        Ok(())
    }

    /// Takes a line for a call from there.
    pub(crate) fn come(&mut self, now: Instant, limits: &Carried) -> Result<(), Busy> {
        let free = |limit: u32, used: u32| limit == 0 || used < limit;
        if !free(limits.max_calls, self.all()) || !free(limits.max_in, self.incoming) {
            return Err(Busy::Full);
        }
        if !self.pace_in.has_room(now, limits.cps_in) {
            return Err(Busy::TooSoon);
        }
        self.pace_in.note(now, limits.cps_in);
        self.incoming += 1;
        Ok(())
    }

    /// A call waits for its second; false when as many wait as may.
    pub(crate) fn wait(&mut self, now: Instant, limits: &Carried, who: (CallId, LegId)) -> bool {
        if self.waiting.iter().any(|waiter| waiter.is(who)) {
            return true;
        }
        if self.waiting.len() >= limits.cps_queue as usize {
            return false;
        }
        self.waiting.push_back(Waiter {
            call: who.0,
            leg: who.1,
            since: now,
        });
        true
    }

    /// When somebody who waits is to be looked at.
    pub(crate) fn poll_timeout(&self, limits: &Carried) -> Option<Instant> {
        let first = self.waiting.front()?;
        let room = self.pace_out.room_at(limits.cps).unwrap_or(first.since);
        Some(room.min(first.since + LONGEST_WAIT))
    }

    /// Who may leave now, or has waited for too long: whether it is too long says the second.
    pub(crate) fn due(&self, now: Instant, limits: &Carried) -> Option<((CallId, LegId), bool)> {
        let first = self.waiting.front()?;
        let who = (first.call, first.leg);
        if first.since + LONGEST_WAIT <= now {
            return Some((who, true));
        }
        (self.pace_out.has_room(now, limits.cps)).then_some((who, false))
    }

    /// It does not wait any longer.
    pub(crate) fn stop_waiting(&mut self, who: (CallId, LegId)) {
        self.waiting.retain(|waiter| !waiter.is(who));
    }

    /// Somebody has left.
    pub(crate) fn free(&mut self, leaves: bool) {
        let used = match leaves {
            true => &mut self.outgoing,
            false => &mut self.incoming,
        };
        *used = used.saturating_sub(1);
    }
}

impl Waiter {
    fn is(&self, who: (CallId, LegId)) -> bool {
        (self.call, self.leg) == who
    }
}

impl Pace {
    /// Whether a call may begin now. Five a second are at most five in any second: carriers count
    /// so, and a bucket that fills while nobody calls would let ten through.
    fn has_room(&self, now: Instant, cps: f64) -> bool {
        self.room_at(cps).is_none_or(|at| at <= now)
    }

    /// When the next may begin; `None` where none has to wait.
    fn room_at(&self, cps: f64) -> Option<Instant> {
        let (most, window) = window(cps)?;
        let oldest = self.begun.len().checked_sub(most)?;
        self.begun.get(oldest).map(|begun| *begun + window)
    }

    fn note(&mut self, now: Instant, cps: f64) {
        let Some((most, _)) = window(cps) else { return };
        while self.begun.len() >= most {
            self.begun.pop_front();
        }
        self.begun.push_back(now);
    }
}

/// So many calls in so long: one in two seconds is 0.5 a second.
fn window(cps: f64) -> Option<(usize, Duration)> {
    if cps <= 0.0 || !cps.is_finite() {
        return None;
    }
    let most = cps.floor().max(1.0);
    Some((most as usize, Duration::from_secs_f64(most / cps)))
}

/// A caller who has heard nothing for so long is told that the lines are busy.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: u32) -> (CallId, LegId) {
        let [a, b, c, d] = number.to_be_bytes();
        let id = CallId::new(1, [0, 0, 0, 0, 0, 0, a, b, c, d]);
        (id, LegId(1))
    }

    #[test]
    fn lines_are_counted_by_way_and_together() {
        let now = Instant::now();
        let limits = Carried {
            max_calls: 3,
            max_in: 1,
            max_out: 2,
            ..Carried::default()
        };
        let mut lines = Lines::default();

        assert_eq!(lines.come(now, &limits), Ok(()));
        assert_eq!(lines.come(now, &limits), Err(Busy::Full));
        assert_eq!(lines.leave(now, &limits, call(1), false), Ok(()));
        assert_eq!(lines.leave(now, &limits, call(2), false), Ok(()));
        assert_eq!(lines.leave(now, &limits, call(3), false), Err(Busy::Full));
        lines.free(true);
        assert_eq!(lines.leave(now, &limits, call(3), false), Ok(()));
        assert_eq!(lines.all(), 3);
    }

    #[test]
    fn reserved_lines_are_for_emergencies_which_no_limit_refuses() {
        let now = Instant::now();
        let limits = Carried {
            max_calls: 2,
            reserved: 1,
            cps: 0.1,
            ..Carried::default()
        };
        let mut lines = Lines::default();

        assert_eq!(lines.leave(now, &limits, call(1), false), Ok(()));
        assert_eq!(lines.leave(now, &limits, call(2), false), Err(Busy::Full));
        for urgent in 3..6 {
            assert_eq!(lines.leave(now, &limits, call(urgent), true), Ok(()));
        }
    }

    #[test]
    fn no_second_has_more_calls_than_it_may() {
        let begin = Instant::now();
        let limits = Carried {
            cps: 5.0,
            ..Carried::default()
        };
        let mut lines = Lines::default();
        let mut begun = Vec::new();

        // A call is tried every 7 ms, for ten seconds.
        for step in 0..1_430_u32 {
            let now = begin + Duration::from_millis(7) * step;
            if lines.leave(now, &limits, call(step), false).is_ok() {
                begun.push(now);
            }
        }

        assert!((49..=52).contains(&begun.len()), "{}", begun.len());
        for window in begun.windows(6) {
            assert!(window[5] - window[0] >= Duration::from_secs(1));
        }
    }

    #[test]
    fn half_a_call_a_second_is_one_in_two() {
        let now = Instant::now();
        let limits = Carried {
            cps_in: 0.5,
            ..Carried::default()
        };
        let mut lines = Lines::default();

        assert_eq!(lines.come(now, &limits), Ok(()));
        let soon = now + Duration::from_millis(1_999);
        assert_eq!(lines.come(soon, &limits), Err(Busy::TooSoon));
        assert_eq!(lines.come(now + Duration::from_secs(2), &limits), Ok(()));
    }

    #[test]
    fn who_waits_goes_first_and_in_order() {
        let now = Instant::now();
        let limits = Carried {
            cps: 1.0,
            cps_queue: 2,
            ..Carried::default()
        };
        let mut lines = Lines::default();
        assert_eq!(lines.leave(now, &limits, call(1), false), Ok(()));

        assert!(lines.wait(now, &limits, call(2)));
        assert!(lines.wait(now, &limits, call(2)), "it waits already");
        assert!(lines.wait(now, &limits, call(3)));
        assert!(!lines.wait(now, &limits, call(4)), "two may wait");

        let second = now + Duration::from_secs(1);
        assert_eq!(lines.poll_timeout(&limits), Some(second));
        assert_eq!(lines.due(now, &limits), None);
        assert_eq!(lines.due(second, &limits), Some((call(2), false)));
        let newcomer = lines.leave(second, &limits, call(9), false);
        assert_eq!(newcomer, Err(Busy::TooSoon), "nobody overtakes");
        assert_eq!(lines.leave(second, &limits, call(2), false), Ok(()));
        let third = second + Duration::from_secs(1);
        assert_eq!(lines.due(third, &limits), Some((call(3), false)));
    }

    #[test]
    fn nobody_waits_longer_than_ten_seconds() {
        let now = Instant::now();
        let limits = Carried {
            cps: 0.01,
            cps_queue: 1,
            ..Carried::default()
        };
        let mut lines = Lines::default();
        assert_eq!(lines.leave(now, &limits, call(1), false), Ok(()));
        assert!(lines.wait(now, &limits, call(2)));

        let then = now + LONGEST_WAIT;
        assert_eq!(lines.poll_timeout(&limits), Some(then));
        assert_eq!(lines.due(then, &limits), Some((call(2), true)));
        lines.stop_waiting(call(2));
        assert_eq!(lines.due(then, &limits), None);
    }
}
