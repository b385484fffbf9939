//! What becomes of decoded sound: recordings, keys, and legs of other codecs.

use std::time::{Duration, Instant};

use super::Board;
use super::fault::Work;
use super::recording::Recording;
use super::supervision::{hand_along, hand_aside};
use crate::leg::Leg;
use crate::leg::blend::Heard;
use crate::leg::ear::Found;
use crate::leg::mouth::Path;
use crate::leg::reception::Via;
use crate::rtp::receive::Arrival;
use crate::rtp::send::Voice;
use crate::{Event, LegKey, Side, Wire};

impl Board {
    /// Gives a packet to whoever wants samples of its leg.
    pub(super) fn listen(
        &mut self,
        now: Instant,
        slot: u32,
        arrival: Arrival,
        timestamp: u32,
        payload: &[u8],
    ) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        let Some(ear) = &mut leg.ear else {
            return;
        };
        if ear.store(now, arrival, timestamp, payload) {
            return;
        }
        let samples = ear.decode(arrival, payload, &mut self.bench.samples);
        let samples = &self.bench.samples[..samples];
        if samples.is_empty() {
            return;
        }
        let rate = ear.rate();
        // G.722's clock runs at half its samples' (RFC 3551 §4.5.2).
        let scale = rate / leg.config.codec.kind.clock_rate();
        let timestamp = timestamp.wrapping_mul(scale);
        for &(place, side) in &leg.recorded_on {
            if let Some(Some(recording)) = self.recordings.get_mut(place as usize) {
                recording.place(side, rate, timestamp, samples, now);
            }
        }
        if !matches!(arrival, Arrival::Late(_)) {
            let found = ear.found_in(samples);
            report(now, leg, &found, &mut self.events);
        }
    }

    /// How long the frames of a leg's ear are, while it has a steady pace.
    pub(super) fn frame_of(&self, slot: u32) -> Option<Duration> {
        self.legs.leg(slot)?.ear.as_ref()?.frame()
    }

    /// Decodes one frame of a leg, due at `at`, for all who want it.
    pub(super) fn pump(&mut self, now: Instant, at: Instant, slot: u32, wire: &mut impl Wire) {
        let Some(leg) = self.legs.leg_mut(slot) else {
            return;
        };
        self.work = Work::Leg(leg.key);
        // It is out of its leg while others hear it.
        let Some(mut ear) = leg.ear.take() else {
            return;
        };
        let samples = ear.pull(now, &mut self.bench.samples);
        if samples > 0 {
            let rate = ear.rate();
            let frame = ear.pulled(samples);
            for &(place, side) in &leg.recorded_on {
                if let Some(Some(recording)) = self.recordings.get_mut(place as usize) {
                    recording.take(side, rate, frame, now);
                }
            }
            let (key, listeners) = (leg.key, leg.heard_by.clone());
            let found = ear.found_in_pulled(samples);
            report(now, leg, &found, &mut self.events);
            if leg.hides_tone() {
                ear.silence_pulled(samples);
            }
            let frame = ear.pulled(samples);
            self.speak_to(at, (slot, key), &listeners, rate, frame, wire);
            hand_aside(&mut self.legs, slot, rate, frame);
            ear.drop_pulled(samples);
        }
        if let Some(leg) = self.legs.leg_mut(slot) {
            leg.ear = Some(ear);
        }
    }

    fn speak_to(
        &mut self,
        at: Instant,
        (slot, from): (u32, LegKey),
        listeners: &[u32],
        rate: u32,
        frame: &[i16],
        wire: &mut impl Wire,
    ) {
        for &to in listeners {
            let Some(listener) = self.legs.leg_mut(to) else {
                continue;
            };
            if let Some(blend) = &mut listener.mouth.blend {
                blend.take(Heard::Leg(slot), rate, frame);
            } else if listener.mouth.path == Path::Samples {
                let voice = Voice::Ear(from);
                listener.hear_frame(at, voice, rate, frame, &mut self.bench, wire);
            }
            if !listener.along.is_empty() && !listener.mouth.is_covered() {
                hand_along(&mut self.legs, to, Heard::Leg(slot), rate, frame);
            }
        }
    }
}

impl Recording {
    /// A packet at its place by its time stamp, in samples of `rate`.
    fn place(&mut self, side: Side, rate: u32, timestamp: u32, samples: &[i16], now: Instant) {
        // Fails only for rates that no codec of ours has.
        let _ = self.recorder.place(side, rate, timestamp, samples, now);
    }

    /// A frame of a steady source.
    pub(super) fn take(&mut self, side: Side, rate: u32, samples: &[i16], now: Instant) {
        // Fails only for rates that no codec of ours has.
        let _ = self.recorder.take(side, rate, samples, now);
    }
}

pub(super) fn report(
    now: Instant,
    leg: &mut Leg,
    found: &Found,
    events: &mut std::collections::VecDeque<Event>,
) {
    if let Some(progress) = found.progress {
        events.push_back(Event::Progress {
            leg: leg.key,
            progress,
        });
    }
    leg.held_keys.note_tone(found.sounding);
    for &digit in &found.keys {
        if leg.reception.is_new(now, digit, Via::Tone) {
            let event = leg.pressed(digit, true);
            events.push_back(event);
        }
    }
}
