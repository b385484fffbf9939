//! What a number's network says by tones before it answers: the call need not wait for a refusal that may never come.

use std::time::Instant;

use call::{Cause, Event};
use media::LegKey;
use media::progress::Progress;

use super::Switch;

impl Switch {
    pub(super) fn handle_progress_tone(&mut self, now: Instant, key: LegKey, said: Progress) {
        let Some(&(call, id)) = self.legs.get(&key) else {
            return;
        };
        let cause = match said {
            Progress::Busy => Cause::Busy,
            Progress::Congestion => Cause::Congestion,
            Progress::Unobtainable => Cause::Unallocated,
        };
        self.with_call(now, call, |switch, live| {
            let rings = live.leg(id).is_some_and(|leg| !leg.over && !leg.answered);
            if !rings {
                return;
            }
            tracing::info!(
                leg = id.0,
                cause = cause.word(),
                "the network says so by its tones"
            );
            switch.release(now, live, id, cause, false);
            let refused = Event::Refused { leg: id, cause };
            live.call.handle_event(now, refused);
        });
    }
}
