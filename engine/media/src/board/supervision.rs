//! Supervision: who hears an agent and what the agent hears, and who hears those who supervise.
//!
//! A supervisor is in no conversation: it gets a copy of what the agent's leg says and of what that
//! leg hears, by whichever path that comes. Whoever is to hear a supervisor hears a [`Blend`] of it
//! and of what they heard before; all others go on as they were, relayed where they are relayed.
//! The links are derived anew after every command, from the bridges and rooms as they are then.

use std::time::Instant;

use smallvec::SmallVec;

use super::Board;
use super::fault::Work;
use super::slots::Slots;
use crate::leg::blend::{BLENDED, Blend, Heard};
use crate::rtp::send::Voice;
use crate::{HeardBy, Wire};

/// Somebody who supervises somebody, by their slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Supervised {
    leader: u32,
    agent: u32,
    heard_by: HeardBy,
}

/// What supervision adds to a leg.
#[derive(Debug, Default)]
struct Links {
    slot: u32,
    aside: SmallVec<[u32; 2]>,
    along: SmallVec<[u32; 2]>,
    blends: bool,
}

impl Board {
    pub(super) fn supervise(&mut self, now: Instant, leader: u32, agent: u32, heard_by: HeardBy) {
        if leader == agent {
            return;
        }
        self.stop_supervising(leader);
        let heard = self.legs.leg(leader).and_then(|leg| leg.mouth.bridge);
        if let Some(from) = heard {
            self.unhear(now, from, leader);
        }
        if let Some(leg) = self.legs.leg_mut(leader) {
            leg.mouth.music = None;
        }
        self.supervised.push(Supervised {
            leader,
            agent,
            heard_by,
        });
    }

    pub(super) fn stop_supervising(&mut self, leader: u32) {
        self.supervised.retain(|one| one.leader != leader);
    }

    /// A leg goes, and what it supervised or was supervised by with it.
    pub(super) fn forget_supervision_of(&mut self, now: Instant, slot: u32) {
        self.supervised
            .retain(|one| one.leader != slot && one.agent != slot);
        self.arrange_supervision(now);
    }

    /// Links everybody as bridges, rooms and codecs are now.
    pub(super) fn arrange_supervision(&mut self, now: Instant) {
        if self.supervised.is_empty() && self.linked.is_empty() {
            return;
        }
        let mut wanted = self.wanted_links();
        let linked = std::mem::take(&mut self.linked);
        self.linked = wanted.iter().map(|links| links.slot).collect();
        for slot in linked {
            links_of(&mut wanted, slot);
        }
        let mut changed = Vec::new();
        for links in wanted {
            let slot = links.slot;
            if self.link(now, links) {
                changed.push(slot);
            }
        }
        for slot in changed {
            self.choose_paths(now, slot);
            self.schedule_mouth(now, slot);
        }
    }

    fn wanted_links(&self) -> Vec<Links> {
        let mut wanted = Vec::new();
        let decodes = |slot: u32| {
            let leg = self.legs.leg(slot);
            leg.is_some_and(|leg| leg.config.codec.kind.decodes())
        };
        for one in &self.supervised {
            let &Supervised { leader, agent, .. } = one;
            if !decodes(leader) || !decodes(agent) {
                continue;
            }
            links_of(&mut wanted, leader).blends = true;
            let links = links_of(&mut wanted, agent);
            links.aside.push(leader);
            links.along.push(leader);
            let mut hearers: SmallVec<[u32; 8]> = SmallVec::new();
            match one.heard_by {
                HeardBy::Nobody => {}
                HeardBy::Agent => hearers.push(agent),
                HeardBy::Everybody => {
                    hearers.push(agent);
                    hearers.extend(self.hearers(agent));
                    let rest = self.supervised.iter();
                    let rest = rest.filter(|other| hearers.contains(&other.agent));
                    let leaders: SmallVec<[u32; 2]> = rest.map(|other| other.leader).collect();
                    hearers.extend(leaders);
                }
            }
            for hearer in hearers {
                let is_known = |links: &mut Links| links.aside.contains(&hearer);
                if hearer == leader || !decodes(hearer) || is_known(links_of(&mut wanted, leader)) {
                    continue;
                }
                links_of(&mut wanted, leader).aside.push(hearer);
                links_of(&mut wanted, hearer).blends = true;
            }
        }
        wanted
    }

    /// Who hears a leg without supervising it.
    fn hearers(&self, slot: u32) -> SmallVec<[u32; 8]> {
        let bridged = self.legs.leg(slot).map(|leg| leg.heard_by.iter().copied());
        let bridged = bridged.into_iter().flatten();
        bridged.chain(self.mixed_with(slot)).collect()
    }

    /// Gives a leg its links; whether they are others than before.
    fn link(&mut self, now: Instant, links: Links) -> bool {
        let slot = links.slot;
        let Some(leg) = self.legs.leg_mut(slot) else {
            self.blends.leave(slot);
            return false;
        };
        let rate = leg.config.codec.kind.clip_rate();
        let known = leg.mouth.blend.as_ref().map(|blend| blend.rate());
        let blend = links.blends.then_some(rate);
        if known == blend && leg.aside == links.aside && leg.along == links.along {
            return false;
        }
        leg.aside = links.aside;
        leg.along = links.along;
        if known != blend {
            leg.mouth.blend = blend.map(|rate| Box::new(Blend::new(rate)));
            leg.mouth.converter = None;
            leg.mouth.started |= blend.is_some();
            leg.sender.fall_silent();
            self.blends.leave(slot);
            if blend.is_some() {
                self.blends.enter(slot, now);
            }
        }
        true
    }

    /// Sends those who hear several a frame of them.
    pub(super) fn mix_blends(&mut self, now: Instant, wire: &mut impl Wire) {
        let mut from = 0;
        while let Some((place, due)) = self.blends.next(from, now) {
            from = place + 1;
            let mut at = due.since(now);
            while at <= now {
                self.mix_blend(at, due.slot, wire);
                at += BLENDED;
            }
            self.blends.moved(place, at);
        }
    }

    fn mix_blend(&mut self, at: Instant, slot: u32, wire: &mut impl Wire) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        self.work = Work::Leg(leg.key);
        // It is out of its leg while that speaks.
        let Some(mut blend) = leg.mouth.blend.take() else {
            return;
        };
        let rate = blend.rate();
        leg.hear_frame(at, Voice::Room, rate, blend.mix(), &mut self.bench, wire);
        leg.mouth.blend = Some(blend);
    }

    /// What a leg was just played is heard by those who supervise it.
    pub(super) fn share_own(&mut self, slot: u32) {
        let samples = std::mem::take(&mut self.bench.shared);
        let Some(leg) = self.legs.leg(slot).filter(|_| samples > 0) else {
            return;
        };
        let rate = leg.config.codec.kind.clip_rate();
        let frame = &self.bench.samples[..samples];
        hand_along(&mut self.legs, slot, Heard::Ours, rate, frame);
    }
}

/// Gives what a leg says to those who hear it besides.
pub(super) fn hand_aside(legs: &mut Slots, slot: u32, rate: u32, frame: &[i16]) {
    let mut index = 0;
    while let Some(&to) = legs.leg(slot).and_then(|leg| leg.aside.get(index)) {
        index += 1;
        hand(legs, to, Heard::Leg(slot), rate, frame);
    }
}

/// Gives what a leg hears to those who hear it along with that leg.
pub(super) fn hand_along(legs: &mut Slots, slot: u32, of: Heard, rate: u32, frame: &[i16]) {
    let mut index = 0;
    while let Some(&to) = legs.leg(slot).and_then(|leg| leg.along.get(index)) {
        index += 1;
        hand(legs, to, of, rate, frame);
    }
}

fn hand(legs: &mut Slots, to: u32, of: Heard, rate: u32, frame: &[i16]) {
    let blend = legs.leg_mut(to).and_then(|leg| leg.mouth.blend.as_mut());
    if let Some(blend) = blend {
        blend.take(of, rate, frame);
    }
}

fn links_of(all: &mut Vec<Links>, slot: u32) -> &mut Links {
    let place = all.iter().position(|links| links.slot == slot);
    let place = place.unwrap_or_else(|| {
        all.push(Links {
            slot,
            ..Links::default()
        });
        all.len() - 1
    });
    &mut all[place]
}
