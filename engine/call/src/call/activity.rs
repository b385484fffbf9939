//! What a call can be busy with, one small machine each.

use std::time::Instant;

use crate::Event;
use crate::call::board::Board;

/// One thing that a call does for its caller, until it has an outcome.
///
/// Call [`begin`](Self::begin) once, then [`handle`](Self::handle) for each event and whenever
/// [`deadline`](Self::deadline) has come. After an outcome the machine is over.
pub(crate) trait Activity {
    /// What comes out in the end.
    type Outcome;

    /// Starts; type-ahead can end it at once.
    fn begin(&mut self, board: &mut Board) -> Option<Self::Outcome>;

    /// Takes what happened.
    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Self::Outcome>;

    /// When [`Input::TimedOut`] is due.
    fn deadline(&self) -> Option<Instant>;
}

/// What reaches an activity.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    Event(&'a Event),
    /// The party that the script serves has pressed a key; those of others come as events.
    Key(char),
    /// The deadline has come.
    TimedOut,
}

impl Input<'_> {
    /// The key, if it is one.
    pub(crate) fn key(self) -> Option<char> {
        match self {
            Self::Key(digit) => Some(digit),
            _ => None,
        }
    }

    pub(crate) fn is_time_out(self) -> bool {
        matches!(self, Self::TimedOut)
    }
}
