//! What concerns several calls at once: places to park at, rooms, calls that take others.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use call::acd::PickError;
use call::{CallId, Event, Fetch, Guest, Leg, LegId, LegState, RoomNews, Target, TransferId, Why};

use super::scene::{Fate, Line, Scene};
use super::stage::{Halt, Stage};
use super::story::Who;
use super::world::World;

/// Parked calls and rooms, and what is to be done for them between two calls.
#[derive(Debug, Default)]
pub(super) struct Several {
    lot: BTreeMap<String, CallId>,
    rooms: BTreeMap<String, Vec<CallId>>,
    errands: VecDeque<Errand>,
    transfers: u64,
}

#[derive(Debug)]
enum Errand {
    Fetch(CallId, Fetch),
    TellRoom(String),
}

impl Several {
    fn park(&mut self, call: CallId, wanted: Option<String>) -> Result<String, Why> {
        let slot = match wanted {
            Some(slot) if self.lot.contains_key(&slot) => return Err(Why::Busy),
            Some(slot) => slot,
            None => SLOTS
                .map(|slot| slot.to_string())
                .find(|slot| !self.lot.contains_key(slot))
                .ok_or(Why::Full)?,
        };
        self.lot.insert(slot.clone(), call);
        Ok(slot)
    }

    fn enter(&mut self, call: CallId, room: &str, most: u32) -> bool {
        let members = self.rooms.entry(room.to_owned()).or_default();
        if members.len() >= most as usize {
            return false;
        }
        members.push(call);
        self.errands.push_back(Errand::TellRoom(room.to_owned()));
        true
    }

    fn leave(&mut self, call: CallId, room: String) {
        if let Some(members) = self.rooms.get_mut(&room) {
            members.retain(|member| *member != call);
            if members.is_empty() {
                self.rooms.remove(&room);
            } else {
                self.errands.push_back(Errand::TellRoom(room));
            }
        }
    }

    pub(super) fn look_for(&mut self, call: CallId, what: Fetch) {
        self.errands.push_back(Errand::Fetch(call, what));
    }
}

impl Scene {
    pub(super) fn park(&mut self, now: Instant, world: &mut World, wanted: Option<String>) {
        let slot = world.several.park(self.setup.id, wanted);
        if let Ok(slot) = &slot {
            self.tell(now, Who::Exchange, format!("parks the call at {slot}"));
            self.parked_at = Some(slot.clone());
        }
        self.echoes.push_back(Event::Parked { slot });
    }

    pub(super) fn unpark(&mut self, world: &mut World) {
        if let Some(slot) = self.parked_at.take() {
            world.several.lot.remove(&slot);
        }
    }

    pub(super) fn enter_room(&mut self, now: Instant, world: &mut World, room: String, most: u32) {
        if world.several.enter(self.setup.id, &room, most) {
            self.tell(now, Who::Caller, format!("enters room {room}"));
            self.room = Some(room);
        } else {
            self.echoes.push_back(Event::Room(RoomNews::Full));
        }
    }

    pub(super) fn leave_room(&mut self, now: Instant, world: &mut World) {
        if let Some(room) = self.room.take() {
            self.tell(now, Who::Caller, format!("leaves room {room}"));
            world.several.leave(self.setup.id, room);
        }
    }

    fn guest(&self) -> Guest {
        let front = self.call.front();
        let leg = self.call.legs().iter().find(|leg| leg.id() == front);
        Guest {
            user: leg.and_then(Leg::user).map(str::to_owned),
            is_held: leg.is_some_and(Leg::is_held),
        }
    }

    /// Where one of these targets rings.
    fn rings_at(&self, targets: &[Target]) -> Option<LegId> {
        let rings = |leg: &&Leg| {
            let state = leg.state();
            let rings = [LegState::Trying, LegState::Ringing, LegState::Early].contains(&state);
            let wanted = leg.target().is_some_and(|target| targets.contains(target));
            rings && wanted && self.call.is_ringing(leg.id())
        };
        self.call.legs().iter().find(rings).map(Leg::id)
    }

    /// The leg of a user who talks in this call.
    fn talks_here(&self, user: &str) -> Option<LegId> {
        let pair = self.call.pair()?;
        let mut legs = self.call.legs().iter();
        let leg = legs.find(|leg| pair.contains(&leg.id()) && leg.user() == Some(user))?;
        Some(leg.id())
    }
}

impl Stage {
    /// Does the next thing between two calls; false when there is none.
    pub(super) fn run_errand(&mut self) -> bool {
        match self.world.several.errands.pop_front() {
            Some(Errand::Fetch(call, what)) => self.fetch(call, &what),
            Some(Errand::TellRoom(room)) => self.tell_room(&room),
            None => return false,
        }
        true
    }

    fn place_of(&self, call: CallId) -> Option<usize> {
        let mut scenes = self.scenes.iter();
        scenes.rposition(|scene| scene.setup.id == call && scene.record.is_none())
    }

    /// A call takes another, and goes on as a part of it.
    fn fetch(&mut self, call: CallId, what: &Fetch) {
        let (now, Some(place)) = (self.now(), self.place_of(call)) else {
            return;
        };
        let mut in_vain = Event::NothingFetched;
        let found = match what {
            Fetch::Slot(slot) => {
                let parked = self.world.several.lot.get(slot);
                parked.and_then(|parked| Some((self.place_of(*parked)?, None)))
            }
            Fetch::Ringing(targets) => {
                let mut scenes = self.scenes.iter().enumerate();
                scenes.find_map(|(into, scene)| Some((into, Some(scene.rings_at(targets)?))))
            }
            Fetch::Waiting(pick) => match self.world.floor.pickable(pick) {
                Ok(waits) => self.place_of(waits).map(|place| (place, None)),
                Err(why) => {
                    if why == PickError::Taken {
                        in_vain = Event::FetchedByOther;
                    }
                    None
                }
            },
        };
        let found = found.filter(|(into, at)| {
            let takes = self.scenes[*into].call.takes(*at);
            takes && *into != place
        });
        let front = self.scenes[place].call.front();
        let newcomer = found.and_then(|(into, at)| {
            let number = self.scenes[into].call.next_leg();
            let newcomer = self.scenes[place].call.leaving(now, front, number)?;
            Some((into, at, newcomer))
        });
        let Some((into, instead_of, newcomer)) = newcomer else {
            let machine = &mut self.scenes[place].call;
            return machine.handle_event(now, in_vain);
        };
        let to = self.scenes[into].setup.id;
        let moves = &mut self.scenes[place];
        moves.tell(now, Who::Exchange, format!("lets it go on in call {to}"));
        moves.end(Fate::GoesOn);
        let leg = Some(front);
        moves.call.handle_event(now, Event::Moved { leg, to });
        let takes = &mut self.scenes[into];
        let user = || newcomer.user.clone().map(Target::User);
        let target = newcomer.target.clone().or_else(user);
        takes.lines.push(Line::new(newcomer.leg, target));
        let joined = Event::Joined {
            newcomer,
            instead_of,
            by: None,
            beside: false,
        };
        takes.call.handle_event(now, joined);
    }

    /// Tells everybody in a room who the others are.
    fn tell_room(&mut self, room: &str) {
        let now = self.now();
        let members = self.world.several.rooms.get(room).cloned();
        let places: Vec<usize> = members
            .unwrap_or_default()
            .into_iter()
            .filter_map(|member| self.place_of(member))
            .collect();
        for &place in &places {
            let others = places.iter().filter(|other| **other != place);
            let others: Vec<Guest> = others.map(|other| self.scenes[*other].guest()).collect();
            let news = RoomNews::Others(others);
            self.scenes[place].call.handle_event(now, Event::Room(news));
        }
    }

    /// A user transfers, by the phone's own key, whom it talks with; false when nobody does.
    pub(super) fn transfer(&mut self, user: &str, to: &str, context: &str) -> Result<bool, Halt> {
        let now = self.now();
        let talks = |scene: &Scene| scene.talks_here(user).filter(|_| scene.record.is_none());
        let mut scenes = self.scenes.iter().enumerate();
        let found = scenes.find_map(|(place, scene)| Some((place, talks(scene)?)));
        let Some((place, leg)) = found else {
            return Ok(false);
        };
        self.world.several.transfers += 1;
        let scene = &mut self.scenes[place];
        let what = format!("{user} transfers the call to {to}");
        scene.tell(now, Who::Called, what);
        let referred = Event::Referred {
            transfer: TransferId(self.world.several.transfers),
            leg,
            by: user.to_owned(),
            to: to.to_owned(),
            context: context.to_owned(),
        };
        scene.call.handle_event(now, referred);
        self.settle()?;
        Ok(true)
    }
}

/// As in the exchange.
const SLOTS: std::ops::RangeInclusive<u16> = 5901..=5999;
