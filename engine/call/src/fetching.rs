//! Taking a call that waits elsewhere: parked, or ringing at a colleague's phone.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::acd::Pick;
use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::{Event, Output, Reply, Target, Why};

/// Which call is to be taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fetch {
    /// The one that is parked there.
    Slot(String),
    /// The one that rings longest at one of these.
    Ringing(Vec<Target>),
    /// One that waits in a queue.
    Waiting(Pick),
}

/// Looks for a call to take. Where there is one this call becomes a part of it, and its script ends;
/// where there is none the script hears so.
#[derive(Debug)]
pub(crate) struct Fetching(pub(crate) Fetch);

impl Activity for Fetching {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.push(Output::Fetch(self.0.clone()));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        let (why, because) = match input {
            Input::Event(Event::NothingFetched) => (Why::Nobody, "none waits there"),
            Input::Event(Event::FetchedByOther) => (Why::Taken, "somebody was quicker"),
            _ => return None,
        };
        board.decide("go on without a call", because);
        Some(Reply::Leg(Err(why)))
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}
