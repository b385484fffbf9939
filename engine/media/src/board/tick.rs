//! What is due at a tick: packets of our own, frames of the ears, and a slice of the coarse work.

use std::time::{Duration, Instant};

use super::Board;
use super::fault::Work;
use crate::leg::mouth::Turn;
use crate::{Event, Wire};

/// Who does something at a pace of its own, and when next.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    due: Vec<Due>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    at: Instant,
    pub(super) slot: u32,
    /// It has had no turn yet: the tick that gives it sets its pace.
    fresh: bool,
}

impl Due {
    /// When its frames are due: from now on where it is new, or later than a jitter buffer bears.
    pub(super) fn since(self, now: Instant) -> Instant {
        let late = now.saturating_duration_since(self.at) > BACKLOG;
        if self.fresh || late { now } else { self.at }
    }
}

impl Schedule {
    /// Enters a slot that is not in it.
    pub(super) fn enter(&mut self, slot: u32, at: Instant) {
        self.due.push(Due {
            at,
            slot,
            fresh: true,
        });
    }

    /// Takes a slot out.
    pub(super) fn leave(&mut self, slot: u32) {
        self.due.retain(|due| due.slot != slot);
    }

    /// Whether the slot is in it.
    pub(super) fn has(&self, slot: u32) -> bool {
        self.due.iter().any(|due| due.slot == slot)
    }

    /// Sets when the one in a place is due next.
    pub(super) fn moved(&mut self, place: usize, at: Instant) {
        if let Some(due) = self.due.get_mut(place) {
            due.at = at;
            due.fresh = false;
        }
    }

    /// The place of the first at or after `from` that is due.
    pub(super) fn next(&self, from: usize, now: Instant) -> Option<(usize, Due)> {
        let rest = self.due.get(from..)?;
        let (offset, due) = rest.iter().enumerate().find(|(_, due)| due.at <= now)?;
        Some((from + offset, *due))
    }
}

impl Board {
    /// Sends what is due; call it every 5 ms, after the packets that came were handed in.
    pub fn handle_tick(&mut self, now: Instant, wire: &mut impl Wire) {
        self.work = Work::Nobody;
        self.say_good_bye(now, wire);
        self.pump_ears(now, wire);
        self.mix_rooms(now, wire);
        self.mix_blends(now, wire);
        self.let_mouths_speak(now, wire);
        self.sweep_legs(now, wire);
        self.sweep_recordings(now);
    }

    fn let_mouths_speak(&mut self, now: Instant, wire: &mut impl Wire) {
        let mut from = 0;
        while let Some((place, due)) = self.mouths.next(from, now) {
            match self.speak_until(now, due, wire) {
                Some(next) => {
                    self.mouths.moved(place, next);
                    from = place + 1;
                }
                None => {
                    self.mouths.due.swap_remove(place);
                    from = place;
                }
            }
        }
    }

    /// Sends what a leg has due, and tells when it has more.
    fn speak_until(&mut self, now: Instant, due: Due, wire: &mut impl Wire) -> Option<Instant> {
        let leg = self.legs.leg_mut(due.slot)?;
        self.work = Work::Leg(leg.key);
        let ptime = leg.ptime();
        let mut at = if due.fresh { now } else { due.at };
        let over = leg.mouth.plays_over();
        if now.saturating_duration_since(at) > BACKLOG {
            // We were late by more than a jitter buffer holds: the stamps tell it, no burst.
            leg.sender.fall_silent();
            at = now;
        }
        let supervised = !leg.along.is_empty();
        let mut rests = false;
        while at <= now && !rests {
            let since_epoch = at.saturating_duration_since(self.epoch);
            let leg = self.legs.leg_mut(due.slot)?;
            let turn = leg.take_turn(at, since_epoch, &mut self.bench, wire);
            if supervised {
                self.share_own(due.slot);
            }
            let leg = self.legs.leg_mut(due.slot)?;
            match turn {
                Turn::More => {}
                Turn::Played(play) => self.events.push_back(Event::Played { leg: leg.key, play }),
                Turn::Rest => rests = true,
            }
            at += ptime;
        }
        let leg = self.legs.leg_mut(due.slot)?;
        leg.mouth.scheduled = !rests;
        if over && !leg.mouth.plays_over() {
            // Nothing is mixed any more: packets go on as they are, where they can.
            self.choose_paths(now, due.slot);
        }
        (!rests).then_some(at)
    }

    /// Decodes what the ears have due, for all who want it.
    fn pump_ears(&mut self, now: Instant, wire: &mut impl Wire) {
        let mut from = 0;
        while let Some((place, due)) = self.ears.next(from, now) {
            from = place + 1;
            let Some(frame) = self.frame_of(due.slot) else {
                self.ears.due.swap_remove(place);
                from = place;
                continue;
            };
            let mut at = due.since(now);
            while at <= now {
                self.pump(now, at, due.slot, wire);
                at += frame;
            }
            self.ears.moved(place, at);
        }
    }

    fn say_good_bye(&mut self, now: Instant, wire: &mut impl Wire) {
        let ntp = self.ntp(now);
        while let Some(mut leg) = self.leaving.pop() {
            leg.score_interval();
            leg.report(now, ntp, true, wire);
            self.traffic.left_out += leg.sender.sent().0;
            self.traffic.left_refused += leg.refused();
            self.events.push_back(Event::Left {
                leg: leg.key,
                quality: leg.quality(),
            });
        }
    }

    /// Looks after some of the legs, so that each has its turn once a second.
    fn sweep_legs(&mut self, now: Instant, wire: &mut impl Wire) {
        let places = self.legs.places();
        let ntp = self.ntp(now);
        for _ in 0..places.div_ceil(TICKS_PER_SWEEP) {
            self.swept.legs = (self.swept.legs + 1) % places;
            let Some(leg) = self.legs.leg_mut(self.swept.legs) else {
                continue;
            };
            self.work = Work::Leg(leg.key);
            leg.report_when_due(now, ntp, wire);
            leg.score_when_due(now);
            if leg.misses_its_peer(now) {
                self.events.push_back(Event::Lost { leg: leg.key });
            }
        }
    }
}

/// Ticks in a second.
const TICKS_PER_SWEEP: u32 = 200;
/// What was not sent for so long is not sent at all.
const BACKLOG: Duration = Duration::from_millis(100);
