//! Rooms: which calls are in them, on which media thread, and what each is told of the others.

use std::collections::HashMap;
use std::time::Instant;

use call::{CallId, Event, Guest, LegId, RoomNews, TenantId};
use media::{Command, RoomKey};

use super::live::Live;
use super::transfers::user_of;
use super::{Errand, Switch};

/// The rooms of all tenants that somebody is in.
#[derive(Debug, Default)]
pub(crate) struct Rooms(HashMap<Name, Room>);

/// A room's name within its tenant.
pub(crate) type Name = (TenantId, String);

#[derive(Debug)]
struct Room {
    key: RoomKey,
    /// All who are in it are on this media thread.
    thread: usize,
    members: Vec<CallId>,
}

impl Switch {
    /// The leg that a call's script serves goes into a room.
    pub(super) fn enter_room(&mut self, live: &mut Live, name: String, most: u32) {
        let place = (live.setup.tenant.clone(), name);
        let (key, thread) = match self.rooms.0.get(&place) {
            // An ear that another call has lent cannot go to another thread.
            Some(room) if live.beside().is_some() && room.thread != live.thread => {
                live.echoes.push_back(Event::Room(RoomNews::Full));
                return;
            }
            Some(room) if room.members.len() >= most as usize => {
                live.echoes.push_back(Event::Room(RoomNews::Full));
                return;
            }
            Some(room) => (room.key, room.thread),
            None => (RoomKey(self.next_key()), live.thread),
        };
        self.bring_to_thread(live, thread);
        let front = live.call.front();
        if let Some(leg) = live.leg(front).and_then(|leg| leg.key()) {
            let command = Command::EnterRoom { room: key, leg };
            self.parts.media.command(thread, command);
        }
        let room = self.rooms.0.entry(place.clone()).or_insert(Room {
            key,
            thread,
            members: Vec::new(),
        });
        room.members.push(live.setup.id);
        live.room = Some(place.clone());
        self.errands.push_back(Errand::TellRoom(place));
    }

    /// It leaves its room.
    pub(super) fn leave_room(&mut self, live: &mut Live) {
        let Some(place) = live.room.take() else {
            return;
        };
        let front = live.call.front();
        if let Some(leg) = live.leg(front).and_then(|leg| leg.key()) {
            let command = Command::LeaveRoom { leg };
            self.parts.media.command(live.thread, command);
        }
        self.forget_member(place, live.setup.id);
    }

    /// Whoever is served now has come in the place of somebody who was in a room.
    pub(super) fn stand_in_room(&mut self, live: &mut Live) {
        let Some(place) = live.room.clone() else {
            return;
        };
        let Some(room) = self.rooms.0.get(&place).map(|room| room.key) else {
            return;
        };
        let front = live.call.front();
        if let Some(leg) = live.leg(front).and_then(|leg| leg.key()) {
            let command = Command::EnterRoom { room, leg };
            self.parts.media.command(live.thread, command);
        }
        self.errands.push_back(Errand::TellRoom(place));
    }

    /// A leg is one of three who talk, in a room of the call's own.
    pub(super) fn enter_trio(&mut self, live: &mut Live, leg: LegId) {
        let known = live.trio;
        let room = known.unwrap_or_else(|| RoomKey(self.next_key()));
        live.trio = Some(room);
        live.forget_music([leg]);
        if let Some(leg) = live.leg(leg).and_then(|leg| leg.key()) {
            let command = Command::EnterRoom { room, leg };
            self.parts.media.command(live.thread, command);
        }
        self.hold_keys(live, leg);
    }

    /// It no longer is.
    pub(super) fn leave_trio(&self, live: &mut Live, leg: LegId) {
        if let Some(leg) = live.leg(leg).and_then(|leg| leg.key()) {
            let command = Command::LeaveRoom { leg };
            self.parts.media.command(live.thread, command);
        }
    }

    /// A call is no more, however it ended.
    pub(super) fn forget_in_rooms(&mut self, live: &Live) {
        if let Some(place) = live.room.clone() {
            self.forget_member(place, live.setup.id);
        }
    }

    fn forget_member(&mut self, place: Name, call: CallId) {
        if let Some(room) = self.rooms.0.get_mut(&place) {
            room.members.retain(|member| *member != call);
            if room.members.is_empty() {
                self.rooms.0.remove(&place);
            } else {
                self.errands.push_back(Errand::TellRoom(place));
            }
        }
    }

    /// Somebody in a room holds, or takes back.
    pub(super) fn tell_room_of_hold(&mut self, live: &Live) {
        if let Some(place) = live.room.clone() {
            self.errands.push_back(Errand::TellRoom(place));
        }
    }

    /// Tells everybody in a room who the others are.
    pub(super) fn tell_room(&mut self, now: Instant, place: &Name) {
        let Some(room) = self.rooms.0.get(place) else {
            return;
        };
        let guests: Vec<(CallId, Guest)> = room
            .members
            .iter()
            .filter_map(|member| Some((*member, guest(self.calls.get(member)?))))
            .collect();
        for (member, _) in &guests {
            let others = guests.iter().filter(|(other, _)| other != member);
            let others = others.map(|(_, guest)| guest.clone()).collect();
            let news = Event::Room(RoomNews::Others(others));
            self.with_machine(now, *member, |machine| machine.handle_event(now, news));
        }
    }

    /// The other call of a call's room, where there are two.
    pub(super) fn room_mate(&self, call: CallId) -> Option<CallId> {
        let place = self.calls.get(&call)?.room.as_ref()?;
        match self.rooms.0.get(place)?.members.as_slice() {
            [one, other] if *one == call => Some(*other),
            [one, other] if *other == call => Some(*one),
            _ => None,
        }
    }

    /// Brings all that a call has on its media thread to another.
    pub(super) fn bring_to_thread(&self, live: &mut Live, to: usize) {
        let from = std::mem::replace(&mut live.thread, to);
        let media = &self.parts.media;
        for leg in live.legs.iter().filter(|leg| !leg.over) {
            if let Some(sound) = &leg.sound {
                media.move_leg(from, to, sound.key);
            }
        }
        for recording in live.recordings.iter().filter(|one| !one.is_closed()) {
            media.move_recording(from, to, recording.key);
        }
    }
}

fn guest(live: &Live) -> Guest {
    let front = live.call.front();
    let is_held = |leg: LegId| {
        let mut legs = live.call.legs().iter();
        legs.find(|known| known.id() == leg)
            .is_some_and(call::Leg::is_held)
    };
    Guest {
        user: user_of(&live.call, front).map(str::to_owned),
        is_held: is_held(front),
    }
}
