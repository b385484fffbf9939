//! What leaders say in a call that is recorded, on a track of its own: never on the customer's side.

use std::time::{Duration, Instant};

use call::{CallId, Purpose, RecordingId};
use media::{Command, HeardBy, LegKey, RecordingKey};

use super::{Heard, Watch};
use crate::switch::Switch;

/// The recording of one leader in one call.
#[derive(Debug)]
pub(super) struct Track {
    call: CallId,
    id: RecordingId,
    key: RecordingKey,
}

impl Switch {
    /// Records a leader from the first word that somebody hears, where the call is recorded; what
    /// nobody hears is silence there.
    pub(super) fn keep_track(
        &mut self,
        now: Instant,
        watch: &mut Watch,
        leader: LegKey,
        heard: &Heard,
    ) {
        if watch.track.as_ref().is_some_and(|it| it.call != heard.call) {
            self.end_track(now, watch);
        }
        let is_heard = heard.heard_by != HeardBy::Nobody;
        if watch.track.is_none() && is_heard {
            watch.track = self.begin_track(now, heard.call);
        }
        if let Some(track) = &watch.track {
            let command = Command::RecordLegs {
                recording: track.key,
                left: is_heard.then_some(leader),
                right: None,
            };
            self.parts.media.command(heard.thread, command);
        }
    }

    fn begin_track(&mut self, now: Instant, call: CallId) -> Option<Track> {
        let millis = self.parts.clock.unix_micros().unsigned_abs() / 1_000;
        let id = RecordingId::new(millis, rand::random());
        let mut track = None;
        self.with_call(now, call, |switch, live| {
            if !live
                .recordings
                .iter()
                .any(|one| one.runs_for_conversation())
            {
                return;
            }
            let nobody = [None, None];
            switch.start_recording(live, id, nobody, false, Duration::ZERO, Purpose::Whisper);
            let begun = live.recordings.iter().find(|one| one.id == id);
            track = begun.map(|one| Track {
                call,
                id,
                key: one.key,
            });
        });
        track
    }

    pub(super) fn end_track(&mut self, now: Instant, watch: &mut Watch) {
        if let Some(track) = watch.track.take() {
            self.with_call(now, track.call, |switch, live| {
                switch.stop_recording(live, track.id, false);
            });
        }
    }
}
