//! Keys that are held back from those who hear a leg, because they may be a code for the exchange.

use std::collections::VecDeque;

/// What a leg's peer has typed and nobody has heard.
#[derive(Debug, Default)]
pub(crate) struct HeldKeys {
    armed: bool,
    keys: VecDeque<Held>,
    /// The event that is under way is of a key that is held back, or was begun while nobody heard it.
    under_way: bool,
    /// The key that sounds and is hidden from those who hear the leg.
    tone: Option<char>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    digit: char,
    /// It came as sound, and was heard from its beginning to its end.
    sounded: bool,
}

impl HeldKeys {
    /// Holds keys back from now on, or no longer. Those that are held stay where they are.
    pub(crate) fn arm(&mut self, armed: bool) {
        self.armed = armed;
    }

    /// Whether they are held back.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed
    }

    /// Takes a key, if it begins a code or follows one that did. False when it is an ordinary key.
    pub(crate) fn take(&mut self, digit: char, sounded: bool) -> bool {
        let takes = self.would_take(digit);
        if takes {
            let sounded = sounded && self.tone != Some(digit);
            self.keys.push_back(Held { digit, sounded });
        }
        takes
    }

    /// Notes which key sounds now, if one does: what would be held back is hidden until it has ended, also
    /// where it has turned out to be the last of a code meanwhile.
    pub(crate) fn note_tone(&mut self, sounding: Option<char>) {
        let hidden = self.tone;
        self.tone = sounding.filter(|key| hidden == Some(*key) || self.would_take(*key));
    }

    /// Whether what comes now is the tone of a key that is nobody's to hear.
    pub(crate) fn hides_tone(&self) -> bool {
        self.tone.is_some()
    }

    fn would_take(&self, digit: char) -> bool {
        let begins = self.armed && matches!(digit, '*' | '#');
        (begins || !self.keys.is_empty()) && self.keys.len() < MOST
    }

    /// Notes whether the event that begins now is nobody's to hear.
    pub(crate) fn note_event(&mut self, held: bool) {
        self.under_way = held;
    }

    /// Whether packets of the event that is under way are nobody's to hear.
    pub(crate) fn hides_event(&self) -> bool {
        self.under_way
    }

    /// Does away with the first so many.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.keys.drain(..count.min(self.keys.len()));
    }

    /// Gives the first one out; it is to be sent on, unless it was heard already.
    pub(crate) fn pop(&mut self) -> Option<Option<char>> {
        let held = self.keys.pop_front()?;
        Some((!held.sounded).then_some(held.digit))
    }
}

/// More than any code with the longest of numbers; what follows is no code.
const MOST: usize = 64;
