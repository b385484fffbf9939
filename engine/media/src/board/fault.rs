//! A fault of ours in one leg's turn costs that leg, and nobody else.

use std::time::{Duration, Instant};

use super::Board;
use crate::leg::Leg;
use crate::{Direction, Event, LegConfig, LegKey};

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Work {
    #[default]
    Nobody,
    Leg(LegKey),
    /// By its place.
    Recording(usize),
}

impl Board {
    /// Gives up the leg or the recording whose turn panicked; true when there was one.
    ///
    /// Call it after a panic came out of [`handle_packet`](Self::handle_packet),
    /// [`handle_tick`](Self::handle_tick) or [`handle_command`](Self::handle_command), and go on.
    /// The leg is reported as [`Event::Lost`], hears and says nothing any more, and leaves when it
    /// is told to, like any other.
    pub fn abandon(&mut self, now: Instant) -> bool {
        match std::mem::take(&mut self.work) {
            Work::Nobody => return false,
            Work::Recording(place) => self.drop_recording(place),
            Work::Leg(key) => self.abandon_leg(now, key),
        }
        true
    }

    fn abandon_leg(&mut self, now: Instant, key: LegKey) {
        let Some(slot) = self.legs.find(key) else {
            return;
        };
        self.part_with(now, slot);
        // Nothing of the old one is trusted but what it was set up with.
        if let Some(leg) = self.legs.leg_mut(slot) {
            let config = LegConfig {
                direction: Direction::Inactive,
                detect_tones: false,
                detect_progress: false,
                rtp_timeout: Duration::ZERO,
                ..leg.config.clone()
            };
            *leg = Leg::new(now, key, config);
        }
        self.events.push_back(Event::Lost { leg: key });
    }
}
