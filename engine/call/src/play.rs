//! Playing to the caller, until the end or a key.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::{Event, Keys, PlayId, Reply, Sound};

/// Plays sounds to the caller.
#[derive(Debug)]
pub(crate) struct Playing {
    sounds: Vec<Sound>,
    times: u32,
    interrupt_on: Keys,
    /// A prompt of the exchange's own: without its file the call goes on in silence.
    lenient: bool,
    play: Option<PlayId>,
}

/// How playing ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    All,
    Key(char),
    /// Nothing, and the sentence that says why.
    Failed(String),
}

impl Playing {
    /// What the script asked for.
    pub(crate) fn new(sounds: Vec<Sound>, interrupt_on: Keys, times: u32) -> Self {
        Self {
            sounds,
            times,
            interrupt_on,
            lenient: false,
            play: None,
        }
    }

    /// A prompt of the exchange's own; it never fails.
    pub(crate) fn prompt(sounds: Vec<Sound>, interrupt_on: Keys) -> Self {
        Self {
            sounds,
            times: 1,
            interrupt_on,
            lenient: true,
            play: None,
        }
    }

    /// Which keys end it.
    pub(crate) fn interrupt_on(&self) -> &Keys {
        &self.interrupt_on
    }
}

impl Activity for Playing {
    type Outcome = Heard;

    fn begin(&mut self, board: &mut Board) -> Option<Heard> {
        if let Some(key) = board.keys.take(&self.interrupt_on) {
            return Some(Heard::Key(key));
        }
        if self.sounds.is_empty() {
            return Some(Heard::All);
        }
        board.be_audible();
        self.play = Some(board.play(board.front(), self.sounds.clone(), self.times));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Heard> {
        if let Some(key) = input.key() {
            if !self.interrupt_on.contains(key) {
                board.keys.push(key);
                return None;
            }
            board.silence(board.front());
            return Some(Heard::Key(key));
        }
        match input {
            Input::Event(Event::Played { play }) if Some(*play) == self.play => Some(Heard::All),
            Input::Event(Event::PlayFailed { play, why }) if Some(*play) == self.play => {
                if !self.lenient {
                    return Some(Heard::Failed(why.clone()));
                }
                board.decide("go on without the prompt", why.as_str());
                Some(Heard::All)
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

impl From<Heard> for Reply {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::All => Self::Key(None),
            Heard::Key(key) => Self::Key(Some(key)),
            Heard::Failed(why) => Self::Mistake(why),
        }
    }
}
