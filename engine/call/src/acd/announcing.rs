//! What callers are told of their place and their wait, and when.

use std::time::Instant;

use super::caller::Caller;
use super::{Acd, Announce, Announcement, Output};
use crate::CallId;

/// What a caller has been told, and what comes next.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// Place and wait are looked at then.
    look_at: Option<Instant>,
    /// And told then, changed or not.
    tell_at: Option<Instant>,
    ahead: Option<usize>,
    minutes: Option<u32>,
    /// The next of the list is said then.
    list_at: Option<Instant>,
    listed: usize,
}

impl Announced {
    /// For a caller who has just lined up.
    pub(super) fn begins(plan: &Announce, arrived: Instant) -> Self {
        let place = plan.position || plan.wait;
        let first = place.then(|| arrived + plan.first);
        let list = !plan.list.is_empty();
        Self {
            look_at: first,
            tell_at: first,
            list_at: list.then(|| arrived + plan.list_every),
            ..Self::default()
        }
    }

    /// When there is something to be looked at.
    pub(super) fn due(&self) -> Option<Instant> {
        [self.look_at, self.list_at].into_iter().flatten().min()
    }

    /// Whether a place is to be told now; sets when to look again.
    fn tells_place(&mut self, now: Instant, plan: &Announce, ahead: usize) -> bool {
        if self.look_at.is_none_or(|at| at > now) {
            return false;
        }
        let improved = self.ahead.is_none_or(|before| ahead < before);
        let is_time = self.tell_at.is_some_and(|at| at <= now);
        let tells = improved || is_time && !plan.only_if_improved;
        if is_time || tells {
            self.tell_at = plan
                .every
                .filter(|every| !every.is_zero())
                .map(|it| now + it);
        }
        // A better place is not waited for; but nobody is told of it all the time.
        let soon = plan.at_least.map(|gap| now + gap);
        self.look_at = [self.tell_at, soon].into_iter().flatten().min();
        tells
    }

    fn next_of_list(&mut self, now: Instant, plan: &Announce) -> Option<String> {
        if self.list_at.is_none_or(|at| at > now) {
            return None;
        }
        self.list_at = Some(now + plan.list_every);
        let sound = plan.list.get(self.listed % plan.list.len().max(1))?;
        self.listed += 1;
        Some(sound.clone())
    }

    /// The minutes that may be said: never more than before. Where they should be more than half as many
    /// again, nothing is said: the last word was wrong, and saying so helps nobody.
    fn minutes(&mut self, expected: u32) -> Option<u32> {
        let said = match self.minutes {
            Some(before) if expected <= before => expected,
            Some(before) if expected * 2 <= before * 3 => before,
            Some(_) => return None,
            None => expected,
        };
        self.minutes = Some(said);
        Some(said)
    }
}

impl Acd {
    /// Tells a caller what is due.
    pub(super) fn announce(&mut self, call: CallId) {
        let now = self.clock.now;
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let queue = caller.queue;
        let ahead = self.queues[queue.0].ahead(caller.place);
        let expected = self.minutes_for(caller, ahead);
        let plan = &self.queues[queue.0].plan.announce;
        let Some(caller) = self.callers.get_mut(&call) else {
            return;
        };
        let announced = &mut caller.announced;
        let mut what = Vec::new();
        if announced.tells_place(now, plan, ahead) {
            announced.ahead = Some(ahead);
            if plan.position {
                let limit = plan.limit.unwrap_or(usize::MAX);
                what.push(Announcement::Position {
                    ahead: ahead.min(limit),
                    more: ahead > limit,
                });
            }
            let minutes = expected.and_then(|expected| announced.minutes(expected));
            what.extend(minutes.map(|minutes| Announcement::Wait { minutes }));
        }
        let listed = announced.next_of_list(now, plan);
        what.extend(listed.map(Announcement::Sound));
        if !what.is_empty() {
            self.outputs.push_back(Output::Announce { call, what });
        }
    }

    /// The expected wait in minutes, rounded up: nobody is told that it is none.
    fn minutes_for(&self, caller: &Caller, ahead: usize) -> Option<u32> {
        if !self.queues[caller.queue.0].plan.announce.wait {
            return None;
        }
        let wait = self.expected_wait(caller.queue, ahead + 1)?;
        let minutes = wait.as_millis().div_ceil(60_000).max(1);
        u32::try_from(minutes).ok()
    }
}
