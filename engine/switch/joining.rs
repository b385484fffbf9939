//! A leg goes from one call to another: its sessions, its sound, its line.

use std::time::Instant;

use call::{CallId, Event, LegId};

use super::Switch;
use super::live::{Leg, Live};

/// Where a leg comes in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the place of this one.
    Of(LegId),
    /// Where somebody is waited for: a parked call, a room with one other.
    Nobodys,
    /// As a third of three.
    Beside,
}

impl From<Option<LegId>> for Place {
    fn from(leg: Option<LegId>) -> Self {
        leg.map_or(Self::Nobodys, Self::Of)
    }
}

impl Switch {
    /// Makes a leg of one call a leg of another, in the place of somebody there; the call that it
    /// comes from is over. False when the other call does not take it: then nothing has happened.
    pub(super) fn move_leg(
        &mut self,
        now: Instant,
        (from, leg): (CallId, LegId),
        into: CallId,
        place: Place,
        by: Option<String>,
    ) -> bool {
        let mut moved = false;
        self.with_call(now, into, |switch, into| {
            let (instead_of, takes) = match place {
                Place::Of(leg) => (Some(leg), into.call.takes(Some(leg))),
                Place::Nobodys => (None, into.call.takes(None)),
                Place::Beside => (None, into.call.takes_third()),
            };
            if !takes {
                return;
            }
            let (to, number) = (into.id(), into.call.next_leg());
            let mut taken = None;
            switch.with_call(now, from, |switch, live| {
                let newcomer = live.call.leaving(now, leg, number);
                taken = newcomer.zip(switch.take_leg_out(now, live, leg, to));
            });
            let Some((newcomer, (mut leg, thread))) = taken else {
                return;
            };
            leg.id = number;
            switch.take_leg_in(thread, into, leg);
            moved = true;
            let joined = Event::Joined {
                newcomer,
                instead_of,
                by,
                beside: matches!(place, Place::Beside),
            };
            into.call.handle_event(now, joined);
        });
        moved
    }

    /// Ends a call but for one of its legs, which comes out with its media thread.
    fn take_leg_out(
        &mut self,
        now: Instant,
        live: &mut Live,
        id: LegId,
        to: CallId,
    ) -> Option<(Leg, usize)> {
        live.leg(id)?.is_moving = true;
        let moved = Event::Moved { leg: Some(id), to };
        live.call.handle_event(now, moved);
        // Answers it where that is due, parts it from whom it hears, and lets the others go.
        self.settle(now, live);
        let place = live.legs.iter().position(|leg| leg.id == id && !leg.over)?;
        let mut leg = live.legs.remove(place);
        leg.is_moving = false;
        leg.playing = None;
        Some((leg, live.thread))
    }

    fn take_leg_in(&mut self, thread: usize, into: &mut Live, mut leg: Leg) {
        // It stands in the other call's journal now.
        leg.told.dialog = None;
        let place = (into.id(), leg.id);
        for session in &leg.sessions {
            self.sessions.insert(*session, place);
        }
        if let Some(sound) = &leg.sound {
            self.legs.insert(sound.key, place);
            let key = sound.key;
            self.parts.media.move_leg(thread, into.thread, key);
            self.forget_held_keys(into.thread, key);
            self.wires.moved(sound.port, into.id());
        }
        into.legs.push(leg);
        // Two calls that have become one may close a ring.
        let (thread, wires) = (into.thread, &self.wires);
        let own = |leg: &&Leg| {
            let port = leg.sound.as_ref().map(|sound| sound.port);
            port.is_some_and(|port| wires.goes_to_ours(port))
        };
        let suspects: Vec<LegId> = (into.legs.iter().filter(own)).map(|leg| leg.id).collect();
        for id in suspects {
            let Some(leg) = into.leg(id) else { continue };
            let agreed = leg.sound.as_ref().and_then(|sound| sound.agreed.clone());
            if let Some(agreed) = agreed {
                self.set_sound(thread, leg, agreed);
            }
        }
    }
}
