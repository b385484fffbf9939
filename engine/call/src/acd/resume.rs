//! Places that are kept for callers who have left the line: for who hung up and calls again, for who
//! looks at something else and comes back, and over a restart of the exchange.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Place, Rank};
use super::name::QueueIx;
use super::{Acd, Decided, Decision, Leave, Output, QueueName, micros};
use crate::CallId;

/// Places without callers.
#[derive(Debug, Default)]
pub(super) struct KeptPlaces(BTreeMap<(QueueIx, Who), Left>);

/// By what who comes back is known.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Who {
    Number(String),
    Call(CallId),
}

/// One place, and until when it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    pub(super) place: Place,
    /// In the first of the queues since then.
    pub(super) first: Instant,
    left: Instant,
    until: Instant,
}

/// A place of a caller whose number is known, for the records: over a restart it is theirs still.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct PlaceChange {
    /// In which queue.
    pub queue: QueueName,
    /// Whose.
    pub number: String,
    /// When they came, less a head start, in microseconds since 1970, UTC: who came first is served first.
    pub came: i64,
    /// When they came to the first of their queues, likewise.
    pub first: i64,
    /// What has become of it.
    pub state: PlaceState,
    /// When, likewise.
    pub at: i64,
}

/// What has become of a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// Its caller waits.
    Taken,
    /// Its caller has hung up, and may come back.
    Left,
    /// It is nobody's any more.
    Over,
}

impl Acd {
    /// Takes over the places that an earlier life has noted last, right after [`new`](Self::new): those of
    /// callers who waited when it ended are kept from now on, others as long as they would have been.
    pub fn restore_places(&mut self, now: Instant, places: impl IntoIterator<Item = PlaceChange>) {
        self.begin(now);
        let (now, wall) = (self.clock.now, self.clock.wall(self.clock.now));
        let began = self.clock.wall(self.clock.began);
        for kept in places {
            let Some(&queue) = self.names.queues.get(&kept.queue) else {
                continue;
            };
            let ago = |at: i64| {
                let age = u64::try_from(wall.saturating_sub(at)).unwrap_or_default();
                now.checked_sub(Duration::from_micros(age)).unwrap_or(now)
            };
            let left = match kept.state {
                PlaceState::Taken => now,
                PlaceState::Left => ago(kept.at),
                PlaceState::Over => continue,
            };
            let first = ago(kept.first);
            let place = self.place_at(kept.came.saturating_sub(began));
            self.keep(queue, Who::Number(kept.number), (place, first, left));
        }
        self.finish();
    }

    /// The place that waits for somebody who comes to a queue; it is kept no longer.
    pub(super) fn kept_place(
        &mut self,
        queue: QueueIx,
        call: CallId,
        from: Option<&str>,
    ) -> Option<Left> {
        let now = self.clock.now;
        let number = from.map(|from| Who::Number(from.to_owned()));
        let known = [Some(Who::Call(call)), number];
        let found = known.into_iter().flatten().find_map(|who| {
            let left = self.left_places.0.remove(&(queue, who))?;
            (left.until > now).then_some(left)
        })?;
        let away = now.saturating_duration_since(found.left).as_secs();
        self.outputs.push_back(Output::Decision(Decision {
            call,
            queue: self.queue_name(queue),
            what: Decided::Wait,
            because: format!("back after {away} s: has the old place").into(),
            candidates: Vec::new(),
        }));
        Some(found)
    }

    /// A caller has left the line: keeps the place for them where that is wanted.
    pub(super) fn keep_place(&mut self, caller: &Caller, why: &Leave) {
        let (queue, now) = (caller.queue, self.clock.now);
        let kept = (caller.place, caller.first, now);
        match (why, &caller.from) {
            // The call goes on, and may come back.
            (Leave::Left, _) => self.keep(queue, Who::Call(caller.call), kept),
            (Leave::Gone, Some(from)) if self.queues[queue.0].plan.care.resume.is_some() => {
                self.keep(queue, Who::Number(from.clone()), kept);
                return self.note_place(caller, PlaceState::Left);
            }
            _ => {}
        }
        self.note_place(caller, PlaceState::Over);
    }

    /// Tells the records of a place.
    pub(super) fn note_place(&mut self, caller: &Caller, state: PlaceState) {
        let queue = &self.queues[caller.queue.0];
        let (Some(number), Some(_)) = (&caller.from, queue.plan.care.resume) else {
            return;
        };
        let began = self.clock.wall(self.clock.began);
        let change = PlaceChange {
            queue: queue.plan.name.clone(),
            number: number.clone(),
            came: began.saturating_add(caller.place.came),
            first: self.clock.wall(caller.first),
            state,
            at: self.clock.wall(self.clock.now),
        };
        self.outputs.push_back(Output::Place(change));
    }

    /// A place of its own for who came at this time, in microseconds since the machine began.
    pub(super) fn place_at(&mut self, came: i64) -> Place {
        self.work.arrivals += 1;
        Place {
            rank: Rank::Usual,
            came,
            number: self.work.arrivals,
        }
    }

    /// The time of a place so long ago, with a head start in seconds.
    pub(super) fn came(&self, waited: Duration, priority: u32) -> i64 {
        let now = self.clock.now.saturating_duration_since(self.clock.began);
        micros(now) - micros(waited) - i64::from(priority) * 1_000_000
    }

    fn keep(&mut self, queue: QueueIx, who: Who, kept: (Place, Instant, Instant)) {
        let (now, (place, first, left)) = (self.clock.now, kept);
        let long = match &who {
            Who::Call(_) => Some(BACK_WITHIN),
            Who::Number(_) => self.queues[queue.0].plan.care.resume,
        };
        let Some(until) = long.map(|long| left + long).filter(|until| *until > now) else {
            return;
        };
        let places = &mut self.left_places.0;
        if places.len() >= MOST_KEPT {
            places.retain(|_, left| left.until > now);
        }
        if places.len() < MOST_KEPT {
            let left = Left {
                place,
                first,
                left,
                until,
            };
            places.insert((queue, who), left);
        }
    }
}

/// A call that has left a queue by a key or its script finds its place for so long.
const BACK_WITHIN: Duration = Duration::from_secs(600);
/// Places that are kept at the same time; beyond, who comes back stands at the end.
const MOST_KEPT: usize = 10_000;
