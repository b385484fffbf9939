//! Who hears whom, and by which path.

use std::time::{Duration, Instant};

use super::Board;
use crate::CodecKind;
use crate::leg::Leg;
use crate::leg::ear::Ear;
use crate::leg::mouth::Path;

impl Board {
    /// `to` hears `from` from now on, instead of whom or what it heard before.
    pub(super) fn hear(&mut self, now: Instant, from: u32, to: u32) {
        let Some(leg) = self.legs.leg_mut(to) else {
            return;
        };
        leg.mouth.music = None;
        leg.mouth.started = true;
        if leg.mouth.bridge == Some(from) {
            return;
        }
        let before = leg.mouth.bridge.replace(from);
        // What the former one says meanwhile is not lost, it is not for us.
        leg.sender.fall_silent();
        if let Some(before) = before {
            self.forget_listener(now, before, to);
        }
        if let Some(leg) = self.legs.leg_mut(from) {
            leg.heard_by.push(to);
        }
        self.choose_path(from, to);
        self.refresh_ear(now, from);
    }

    /// `to` no longer hears `from`, if it did.
    pub(super) fn unhear(&mut self, now: Instant, from: u32, to: u32) {
        let Some(leg) = self.legs.leg_mut(to) else {
            return;
        };
        if leg.mouth.bridge != Some(from) {
            return;
        }
        leg.mouth.bridge = None;
        leg.sender.fall_silent();
        leg.mouth.path = Path::Closed;
        leg.mouth.converter = None;
        self.forget_listener(now, from, to);
        self.schedule_mouth(now, to);
    }

    /// A leg's codec or packets are not what they were: all its paths are chosen anew.
    pub(super) fn choose_paths(&mut self, now: Instant, slot: u32) {
        let Some(leg) = self.legs.leg(slot) else {
            return;
        };
        let heard = leg.mouth.bridge;
        let listeners = leg.heard_by.clone();
        for to in listeners {
            self.choose_path(slot, to);
        }
        if let Some(from) = heard {
            self.choose_path(from, slot);
            self.refresh_ear(now, from);
        }
        self.refresh_ear(now, slot);
    }

    /// Sets a leg's ear up as those who need it want it, or takes it away.
    pub(super) fn refresh_ear(&mut self, now: Instant, slot: u32) {
        let frame = self.wanted_frame(slot);
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let decodes = leg.config.codec.kind.decodes();
        let tones = leg.wants_tones();
        let progress = leg.wants_progress();
        let is_mixed = leg.mouth.is_mixed;
        let wanted = tones || progress || frame.is_some() || !leg.recorded_on.is_empty();
        if !wanted || !decodes {
            leg.ear = None;
            self.ears.leave(slot);
            return;
        }
        let kind = leg.config.codec.kind;
        let ear = leg.ear.get_or_insert_with(|| Box::new(Ear::new(kind)));
        ear.serve(tones, progress, frame);
        // A room asks for its frames itself.
        match (frame.is_some() && !is_mixed, self.ears.has(slot)) {
            (true, false) => self.ears.enter(slot, now),
            (false, true) => self.ears.leave(slot),
            _ => {}
        }
    }

    /// What a leg sends by itself begins, not closer to the last packet than packets are.
    pub(super) fn schedule_mouth(&mut self, now: Instant, slot: u32) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        if leg.mouth.scheduled || !leg.mouth.has_turn() {
            return;
        }
        leg.mouth.scheduled = true;
        let after_last = leg.sender.last_at().map(|last| last + leg.ptime());
        let at = after_last.map_or(now, |at| at.max(now));
        self.mouths.enter(slot, at);
    }

    fn choose_path(&mut self, from: u32, to: u32) {
        let (Some(speaker), Some(listener)) = (self.legs.leg(from), self.legs.leg(to)) else {
            return;
        };
        let path = path(speaker, listener);
        if let Some(leg) = self.legs.leg_mut(to)
            && leg.mouth.path != path
        {
            leg.mouth.path = path;
            leg.mouth.converter = None;
        }
    }

    /// How long an ear's frames are: packets of 20, 40 and 60 ms are whole numbers of 20 ms.
    fn wanted_frame(&self, slot: u32) -> Option<Duration> {
        if self.legs.leg(slot)?.mouth.is_mixed {
            return Some(Duration::from_millis(20));
        }
        let leg = self.legs.leg(slot)?;
        let lengths = leg.heard_by.iter().filter_map(|&to| {
            let leg = self.legs.leg(to)?;
            if leg.mouth.blend.is_some() || !leg.along.is_empty() {
                return Some(20);
            }
            (leg.mouth.path == Path::Samples).then_some(leg.ptime().as_millis())
        });
        let aside = (!leg.aside.is_empty()).then_some(20);
        let lengths = lengths.chain(aside);
        let shortest = lengths.map(|length| if length % 20 == 0 { 20 } else { 10 });
        shortest.min().map(Duration::from_millis)
    }

    fn forget_listener(&mut self, now: Instant, from: u32, to: u32) {
        if let Some(leg) = self.legs.leg_mut(from) {
            leg.heard_by.retain(|known| *known != to);
        }
        self.refresh_ear(now, from);
    }
}

/// Packets are relayed where the listener can take them as they are.
fn path(from: &Leg, to: &Leg) -> Path {
    let (said, heard) = (from.config.codec.kind, to.config.codec.kind);
    // Every Opus decoder takes packets of every length, and G.729 we cannot cut.
    let any_length = matches!(said, CodecKind::Opus | CodecKind::G729);
    let same_length =
        Duration::from_millis(u64::from(from.reception.packet_length())) == to.ptime();
    let laws = [CodecKind::Pcma, CodecKind::Pcmu];
    let is_cut = to.mouth.plays_over() && heard.decodes();
    // What is sent on as it comes is heard before a steady ear has found a key in it.
    let is_late = !laws.contains(&said) || !from.aside.is_empty() || !to.along.is_empty();
    let is_kept = from.guards_tones() && is_late && heard.decodes();
    if from.config.passes_datagrams || to.config.passes_datagrams {
        Path::Closed
    } else if said.decodes() && (to.mouth.blend.is_some() || is_cut || is_kept) {
        Path::Samples
    } else if said == heard && (any_length || same_length) {
        Path::Relay
    } else if laws.contains(&said) && laws.contains(&heard) && same_length {
        Path::OtherLaw
    } else if said.decodes() && heard.decodes() {
        Path::Samples
    } else {
        Path::Closed
    }
}
