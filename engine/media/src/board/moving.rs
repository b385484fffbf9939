//! Legs and recordings that go to another board, with all that they have learned.

use std::time::Instant;

use super::Board;
use super::recording::Recording;
use crate::leg::Leg;
use crate::leg::mouth::Path;
use crate::recorder::Side;
use crate::{LegKey, RecordingKey};

/// A leg on its way to another board: its stream, its latch, what it plays.
#[derive(Debug)]
pub struct MovedLeg(Leg);

/// A recording on its way to another board. Nobody is on it.
#[derive(Debug)]
pub struct MovedRecording(Recording);

impl Board {
    /// Gives a leg away; it leaves its conversations, its room and its recordings, and no
    /// [`Event::Left`](crate::Event::Left) follows. `None` when it is not here.
    pub fn give_leg(&mut self, now: Instant, leg: LegKey) -> Option<Box<MovedLeg>> {
        let slot = self.legs.find(leg)?;
        self.part_with(now, slot);
        let mut leg = self.legs.remove(slot)?;
        leg.ear = None;
        leg.heard_by.clear();
        leg.recorded_on.clear();
        leg.heard_on.clear();
        leg.aside.clear();
        leg.along.clear();
        leg.mouth.blend = None;
        leg.mouth.bridge = None;
        leg.mouth.path = Path::Closed;
        leg.mouth.converter = None;
        leg.mouth.scheduled = false;
        Some(Box::new(MovedLeg(leg)))
    }

    /// Takes in a leg of another board, whose sockets are here now. Its stream goes on: same SSRC,
    /// continuous sequence and time stamps.
    pub fn take_leg(&mut self, now: Instant, leg: Box<MovedLeg>) {
        let MovedLeg(leg) = *leg;
        if self.legs.find(leg.key).is_some() {
            return;
        }
        let slot = self.legs.insert(leg);
        self.refresh_ear(now, slot);
        self.schedule_mouth(now, slot);
    }

    /// Gives a recording away as it runs. `None` when it is not here.
    pub fn give_recording(
        &mut self,
        now: Instant,
        recording: RecordingKey,
    ) -> Option<Box<MovedRecording>> {
        let place = self.find_recording(recording)?;
        self.record_legs(now, place, [None; 2]);
        let mut recording = self.recordings.get_mut(place)?.take()?;
        for side in [Side::Left, Side::Right] {
            recording.recorder.change_source(side);
        }
        Some(Box::new(MovedRecording(recording)))
    }

    /// Takes in a recording of another board: its time line goes on.
    pub fn take_recording(&mut self, recording: Box<MovedRecording>) {
        let MovedRecording(recording) = *recording;
        if self.find_recording(recording.key).is_none() {
            self.start_recording(recording.key, recording.recorder);
        }
    }
}
