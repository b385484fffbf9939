//! Rooms: everybody hears everybody else. Two are an ordinary conversation; from three on they are
//! mixed, each without its own voice.

use std::time::{Duration, Instant};

use super::Board;
use super::ears::report;
use super::fault::Work;
use super::supervision::{hand_along, hand_aside};
use crate::codec::Resampler;
use crate::leg::blend::Heard;
use crate::leg::mouth::samples_in;
use crate::rtp::send::Voice;
use crate::{RoomKey, Wire};

/// A room and who is in it.
#[derive(Debug)]
pub(super) struct Room {
    key: RoomKey,
    members: Vec<Member>,
    /// While there are more than two.
    mix: Option<Mix>,
}

/// Somebody in a room.
#[derive(Debug)]
struct Member {
    slot: u32,
    /// From its own rate to the room's.
    inward: Option<Resampler>,
    /// What it says, and then what it hears, of one frame.
    frame: Box<[i16]>,
}

/// The sum of all, a frame at a time.
#[derive(Debug)]
struct Mix {
    /// When the next frame is due.
    at: Instant,
    rate: u32,
    sum: Box<[i32]>,
}

impl Board {
    /// A leg comes into a room, out of the one that it may be in; the room is made where it is not
    /// there.
    pub(super) fn enter_room(&mut self, now: Instant, key: RoomKey, slot: u32) {
        self.leave_room(now, slot);
        let known = self.rooms.iter().position(|room| room.key == key);
        let place = known.unwrap_or_else(|| {
            self.rooms.push(Room {
                key,
                members: Vec::new(),
                mix: None,
            });
            self.rooms.len() - 1
        });
        if let Some(room) = self.rooms.get_mut(place) {
            room.members.push(Member {
                slot,
                inward: None,
                frame: Box::default(),
            });
        }
        self.arrange_room(now, place);
    }

    /// A leg leaves the room that it is in, if it is in one; an empty room is no more.
    pub(super) fn leave_room(&mut self, now: Instant, slot: u32) {
        let Some(place) = self.room_of(slot) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        room.members.retain(|member| member.slot != slot);
        let is_empty = room.members.is_empty();
        self.stand_alone(now, slot);
        self.arrange_room(now, place);
        if is_empty {
            self.rooms.swap_remove(place);
        }
        self.refresh_taps(now, slot);
    }

    /// A leg's codec is another one.
    pub(super) fn rearrange_room_of(&mut self, now: Instant, slot: u32) {
        if let Some(place) = self.room_of(slot) {
            self.arrange_room(now, place);
        }
    }

    /// The only other leg in a leg's room.
    pub(super) fn room_mate(&self, slot: u32) -> Option<u32> {
        let room = self.rooms.get(self.room_of(slot)?)?;
        match room.members.as_slice() {
            [one, other] if one.slot == slot => Some(other.slot),
            [one, _] => Some(one.slot),
            _ => None,
        }
    }

    /// Mixes what is due in all rooms.
    pub(super) fn mix_rooms(&mut self, now: Instant, wire: &mut impl Wire) {
        for place in 0..self.rooms.len() {
            for _ in 0..MOST_FRAMES {
                let Some(mix) = self.rooms.get_mut(place).and_then(|room| room.mix.as_mut()) else {
                    break;
                };
                if mix.at > now {
                    break;
                }
                if now.saturating_duration_since(mix.at) > BACKLOG {
                    mix.at = now;
                }
                let at = mix.at;
                mix.at += FRAME;
                self.gather(now, place);
                self.spread(at, place, wire);
            }
        }
    }

    /// Decodes a frame of everybody and adds them up.
    fn gather(&mut self, now: Instant, place: usize) {
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        let Some(mix) = &mut room.mix else { return };
        mix.sum.fill(0);
        for member in &mut room.members {
            member.frame.fill(0);
            let Some(leg) = self.legs.leg_mut(member.slot) else {
                continue;
            };
            self.work = Work::Leg(leg.key);
            let Some(mut ear) = leg.ear.take() else {
                continue;
            };
            let samples = ear.pull(now, &mut self.bench.samples);
            let speaks = samples > 0;
            if speaks {
                let rate = ear.rate();
                let frame = ear.pulled(samples);
                for &(place, side) in &leg.recorded_on {
                    if let Some(Some(recording)) = self.recordings.get_mut(place as usize) {
                        recording.take(side, rate, frame, now);
                    }
                }
                let found = ear.found_in_pulled(samples);
                report(now, leg, &found, &mut self.events);
                if !leg.hides_tone() {
                    member.say(ear.pulled(samples));
                }
                ear.drop_pulled(samples);
            }
            leg.ear = Some(ear);
            if speaks {
                hand_aside(&mut self.legs, member.slot, mix.rate, &member.frame);
            }
            for (sum, &said) in mix.sum.iter_mut().zip(&member.frame) {
                *sum += i32::from(said);
            }
        }
    }

    /// Gives everybody the sum without its own part.
    fn spread(&mut self, at: Instant, place: usize, wire: &mut impl Wire) {
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        let Some(mix) = &room.mix else { return };
        for member in &mut room.members {
            for (sample, &sum) in member.frame.iter_mut().zip(&mix.sum) {
                let others = sum - i32::from(*sample);
                *sample = others.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
            let Some(leg) = self.legs.leg_mut(member.slot) else {
                continue;
            };
            self.work = Work::Leg(leg.key);
            for &(place, side) in &leg.heard_on {
                if let Some(Some(recording)) = self.recordings.get_mut(place as usize) {
                    recording.take(side, mix.rate, &member.frame, at);
                }
            }
            if !leg.along.is_empty() && !leg.mouth.is_covered() {
                hand_along(
                    &mut self.legs,
                    member.slot,
                    Heard::Room,
                    mix.rate,
                    &member.frame,
                );
            }
            let Some(leg) = self.legs.leg_mut(member.slot) else {
                continue;
            };
            if let Some(blend) = &mut leg.mouth.blend {
                blend.take(Heard::Room, mix.rate, &member.frame);
                continue;
            }
            leg.hear_frame(
                at,
                Voice::Room,
                mix.rate,
                &member.frame,
                &mut self.bench,
                wire,
            );
        }
    }

    /// Sets a room up for as many as are in it now.
    fn arrange_room(&mut self, now: Instant, place: usize) {
        let Some(room) = self.rooms.get(place) else {
            return;
        };
        let slots: Vec<u32> = room.members.iter().map(|member| member.slot).collect();
        let rate = self.room_rate(&slots);
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        if let [a, b] = slots[..] {
            room.mix = None;
            for (from, to) in [(a, b), (b, a)] {
                self.stop_mixing(to);
                self.hear(now, from, to);
            }
        } else if slots.len() > 2 {
            let samples = samples_in(FRAME, rate);
            // A frame more that is due is no frame too early.
            let at = room.mix.as_ref().map_or(now, |mix| mix.at);
            let sum = vec![0; samples].into();
            room.mix = Some(Mix { at, rate, sum });
            for &slot in &slots {
                self.begin_mixing(now, slot);
            }
            self.fit_members(place, rate, samples);
        } else {
            room.mix = None;
            for &slot in &slots {
                self.stand_alone(now, slot);
            }
        }
        for slot in slots {
            self.refresh_ear(now, slot);
            self.refresh_taps(now, slot);
        }
    }

    /// Gives members their way from their own rates to the room's.
    fn fit_members(&mut self, place: usize, rate: u32, samples: usize) {
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        for member in &mut room.members {
            let leg = self.legs.leg(member.slot);
            let own = leg.map_or(rate, |leg| leg.config.codec.kind.clip_rate());
            member.inward = match own == rate {
                true => None,
                false => Resampler::new(own, rate).ok(),
            };
            member.frame = vec![0; samples].into();
        }
    }

    fn begin_mixing(&mut self, now: Instant, slot: u32) {
        let heard = self.legs.leg(slot).and_then(|leg| leg.mouth.bridge);
        if let Some(from) = heard {
            self.unhear(now, from, slot);
        }
        if let Some(leg) = self.legs.leg_mut(slot)
            && !std::mem::replace(&mut leg.mouth.is_mixed, true)
        {
            leg.mouth.music = None;
            leg.mouth.started = true;
            leg.sender.fall_silent();
        }
    }

    fn stop_mixing(&mut self, slot: u32) {
        if let Some(leg) = self.legs.leg_mut(slot)
            && std::mem::take(&mut leg.mouth.is_mixed)
        {
            leg.mouth.converter = None;
            leg.sender.fall_silent();
        }
    }

    /// A leg hears nobody of its room any longer.
    fn stand_alone(&mut self, now: Instant, slot: u32) {
        self.stop_mixing(slot);
        let heard = self.legs.leg(slot).and_then(|leg| leg.mouth.bridge);
        if let Some(from) = heard {
            self.unhear(now, from, slot);
            self.unhear(now, slot, from);
        }
        self.refresh_ear(now, slot);
        self.schedule_mouth(now, slot);
    }

    /// The others whom a leg hears mixed, and who hear it so.
    pub(super) fn mixed_with(&self, slot: u32) -> impl Iterator<Item = u32> {
        let room = self.room_of(slot).and_then(|place| self.rooms.get(place));
        let members = room
            .filter(|room| room.mix.is_some())
            .map_or(&[][..], |room| &room.members);
        let others = members.iter().map(|member| member.slot);
        others.filter(move |other| *other != slot)
    }

    fn room_of(&self, slot: u32) -> Option<usize> {
        let has = |members: &[Member]| members.iter().any(|member| member.slot == slot);
        self.rooms.iter().position(|room| has(&room.members))
    }

    /// Telephone sound, unless somebody has more.
    fn room_rate(&self, slots: &[u32]) -> u32 {
        let is_wide = |slot: &u32| {
            let leg = self.legs.leg(*slot);
            leg.is_some_and(|leg| leg.config.codec.kind.clip_rate() > NARROW)
        };
        if slots.iter().any(is_wide) {
            WIDE
        } else {
            NARROW
        }
    }
}

impl Member {
    fn say(&mut self, frame: &[i16]) {
        match &mut self.inward {
            Some(resampler) => {
                resampler.process(frame, &mut self.frame);
            }
            None => {
                for (place, &sample) in self.frame.iter_mut().zip(frame) {
                    *place = sample;
                }
            }
        }
    }
}

/// What is mixed at a time: the packet of nearly all phones.
const FRAME: Duration = Duration::from_millis(20);
/// What was not mixed for so long is not mixed at all.
const BACKLOG: Duration = Duration::from_millis(100);
/// More frames than [`BACKLOG`] has.
const MOST_FRAMES: usize = 8;
const NARROW: u32 = 8_000;
const WIDE: u32 = 16_000;
