//! Keys that were pressed before anybody asked for them.

use std::collections::VecDeque;

use crate::Keys;

/// Type-ahead: keys pressed between prompts wait here for the next `gather` or `play`.
///
/// At most 64 wait; further ones are dropped. A `play` that no key may interrupt is an announcement:
/// it drops what was pressed before it ("wrong key" must not be answered by the rest of the
/// mistake), and keeps what is pressed while it plays. Ringing and talking drop keys: they belong
/// to the other party.
#[derive(Debug, Default)]
pub(crate) struct TypeAhead(VecDeque<char>);

impl TypeAhead {
    pub(crate) fn push(&mut self, key: char) {
        if self.0.len() < LIMIT {
            self.0.push_back(key);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<char> {
        self.0.pop_front()
    }

    /// The first key that counts; those before it are dropped with it.
    pub(crate) fn take(&mut self, wanted: &Keys) -> Option<char> {
        let place = self.0.iter().position(|&key| wanted.contains(key))?;
        self.0.drain(..=place).next_back()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

const LIMIT: usize = 64;
