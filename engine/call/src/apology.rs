//! What a caller hears when there is nothing better: the apology of the fallback.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::play::{Heard, Playing};
use crate::{Keys, Sound, Tone};

/// Says sorry: the chosen sound, or the built-in tone when that cannot be played.
#[derive(Debug)]
pub(crate) struct Apology {
    playing: Playing,
    is_tone: bool,
    /// Nothing may keep a caller here, not even a playing that never ends.
    until: Instant,
}

impl Apology {
    pub(crate) fn new(board: &Board, sound: Option<Sound>) -> Self {
        let is_tone = sound.is_none();
        let sound = sound.unwrap_or(Sound::Tone(Tone::Apology));
        let playing = Playing::new(vec![sound], Keys::None, 1);
        Self {
            playing,
            is_tone,
            until: board.after(LIMIT),
        }
    }

    fn heard(&mut self, board: &mut Board, heard: Heard) -> Option<()> {
        let Heard::Failed(why) = heard else {
            return Some(());
        };
        if self.is_tone {
            board.decide("go on without an apology", why);
            return Some(());
        }
        board.decide("play the built-in tone", why);
        self.is_tone = true;
        self.playing = Playing::new(vec![Sound::Tone(Tone::Apology)], Keys::None, 1);
        let heard = self.playing.begin(board)?;
        self.heard(board, heard)
    }
}

impl Activity for Apology {
    type Outcome = ();

    fn begin(&mut self, board: &mut Board) -> Option<()> {
        let heard = self.playing.begin(board)?;
        self.heard(board, heard)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<()> {
        if input.is_time_out() {
            board.decide("go on", "the apology does not end");
            return Some(());
        }
        let heard = self.playing.handle(board, input)?;
        self.heard(board, heard)
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }
}

/// The longest apology.
const LIMIT: Duration = Duration::from_secs(60);
