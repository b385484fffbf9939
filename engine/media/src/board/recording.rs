//! Recordings: which legs stand on which side, and when blocks go out.

use std::time::{Duration, Instant};

use super::Board;
use super::fault::Work;
use crate::recorder::Recorder;
use crate::{Event, RecordingKey, Side};

/// A recording and who is on it.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) key: RecordingKey,
    pub(super) recorder: Recorder,
    /// Slots of the legs, left and right.
    pub(super) sides: [Option<u32>; 2],
    /// The leg whose room is heard right.
    pub(super) room: Option<u32>,
}

impl Board {
    pub(super) fn start_recording(&mut self, key: RecordingKey, recorder: Recorder) {
        let recording = Some(Recording {
            key,
            recorder,
            sides: [None; 2],
            room: None,
        });
        match self.recordings.iter().position(Option::is_none) {
            Some(place) => self.recordings[place] = recording,
            None => self.recordings.push(recording),
        }
    }

    pub(super) fn record_legs(&mut self, now: Instant, place: usize, wanted: [Option<u32>; 2]) {
        self.forget_room(place);
        for (side, slot) in [Side::Left, Side::Right].into_iter().zip(wanted) {
            self.record_side(now, place, side, slot);
        }
    }

    /// What a leg hears of its room is on the right from now on.
    pub(super) fn record_room(&mut self, now: Instant, place: usize, slot: u32) {
        self.record_side(now, place, Side::Right, None);
        self.forget_room(place);
        if let Some(Some(recording)) = self.recordings.get_mut(place) {
            recording.room = Some(slot);
        }
        self.refresh_taps(now, slot);
    }

    /// Who is in a leg's room is not who was: of two the other is recorded, of more their mix.
    pub(super) fn refresh_taps(&mut self, now: Instant, slot: u32) {
        let mate = self.room_mate(slot);
        for place in 0..self.recordings.len() {
            let recording = self.recordings.get(place).and_then(Option::as_ref);
            if recording.and_then(|recording| recording.room) != Some(slot) {
                continue;
            }
            self.record_side(now, place, Side::Right, mate);
            let Some(leg) = self.legs.leg_mut(slot) else {
                continue;
            };
            let entry = (place as u32, Side::Right);
            leg.heard_on.retain(|known| *known != entry);
            if leg.mouth.is_mixed {
                leg.heard_on.push(entry);
            }
        }
    }

    /// A recording listens to no room any longer.
    fn forget_room(&mut self, place: usize) {
        let Some(Some(recording)) = self.recordings.get_mut(place) else {
            return;
        };
        let room = recording.room.take();
        if let Some(leg) = room.and_then(|slot| self.legs.leg_mut(slot)) {
            leg.heard_on.retain(|known| known.0 != place as u32);
        }
    }

    pub(super) fn stop_recording(&mut self, now: Instant, place: usize) {
        self.record_legs(now, place, [None; 2]);
        let Some(recording) = self.recordings.get_mut(place).and_then(Option::take) else {
            return;
        };
        let (closed, sink) = recording.recorder.close(now);
        self.closing.push(sink);
        self.close_sinks();
        self.events.push_back(Event::RecordingClosed {
            recording: recording.key,
            duration: closed.duration,
            speech: closed.speech,
            lost_samples: closed.lost_samples,
        });
    }

    /// Tells the sinks of recordings that are over; one whose disk stands still is told later.
    pub(super) fn close_sinks(&mut self) {
        self.closing.retain_mut(|sink| !sink.close());
    }

    /// Drops a recording as it stands: its sink sees to its file.
    pub(super) fn drop_recording(&mut self, place: usize) {
        let Some(recording) = self.recordings.get_mut(place).and_then(Option::take) else {
            return;
        };
        for slot in recording
            .sides
            .into_iter()
            .chain([recording.room])
            .flatten()
        {
            if let Some(leg) = self.legs.leg_mut(slot) {
                leg.recorded_on.retain(|known| known.0 != place as u32);
                leg.heard_on.retain(|known| known.0 != place as u32);
            }
        }
        self.events.push_back(Event::RecordingClosed {
            recording: recording.key,
            duration: Duration::ZERO,
            speech: Duration::ZERO,
            lost_samples: 0,
        });
    }

    pub(super) fn find_recording(&self, key: RecordingKey) -> Option<usize> {
        self.recordings
            .iter()
            .position(|recording| recording.as_ref().is_some_and(|known| known.key == key))
    }

    /// A leg that goes leaves silence on its side.
    pub(super) fn leave_recordings(&mut self, slot: u32) {
        for recording in self.recordings.iter_mut().flatten() {
            recording.room.take_if(|room| *room == slot);
            for side in [Side::Left, Side::Right] {
                if recording.sides[side as usize] == Some(slot) {
                    recording.sides[side as usize] = None;
                    recording.recorder.change_source(side);
                }
            }
        }
    }

    /// Lets some recordings hand their blocks out, so that each has its turn ten times a second.
    pub(super) fn sweep_recordings(&mut self, now: Instant) {
        self.close_sinks();
        let places = self.recordings.len();
        for _ in 0..places.div_ceil(TICKS_PER_SWEEP) {
            self.swept.recordings = (self.swept.recordings + 1) % places;
            let Some(recording) = &mut self.recordings[self.swept.recordings] else {
                continue;
            };
            self.work = Work::Recording(self.swept.recordings);
            if recording.recorder.advance(now) {
                self.events.push_back(Event::Silent {
                    recording: recording.key,
                });
            }
        }
    }

    fn record_side(&mut self, now: Instant, place: usize, side: Side, slot: Option<u32>) {
        let Some(recording) = self.recordings.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        let before = recording.sides[side as usize];
        if before == slot {
            return;
        }
        recording.sides[side as usize] = slot;
        recording.recorder.change_source(side);
        let entry = (place as u32, side);
        if let Some(slot) = before {
            if let Some(leg) = self.legs.leg_mut(slot) {
                leg.recorded_on.retain(|known| *known != entry);
            }
            self.refresh_ear(now, slot);
        }
        if let Some(slot) = slot {
            if let Some(leg) = self.legs.leg_mut(slot) {
                leg.recorded_on.push(entry);
                leg.mouth.started = true;
            }
            self.refresh_ear(now, slot);
            self.schedule_mouth(now, slot);
        }
    }
}

/// Of 5 ms.
const TICKS_PER_SWEEP: usize = 20;
