//! A bridge: first a hunt, then a talk.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::hunt::{Hunt, Hunted};
use crate::talk::Talk;
use crate::{Bridge, LegId, Parted, Reply, SegmentKind, Why};

/// Rings targets, connects the first that answers, and ends when they part.
#[derive(Debug)]
pub(crate) struct Bridging {
    record: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Hunting(Hunt),
    Talking(Talk),
}

impl Bridging {
    pub(crate) fn new(plan: Bridge) -> Self {
        Self {
            record: plan.record,
            stage: Stage::Hunting(Hunt::new(plan)),
        }
    }

    /// Whom the caller talks with, once somebody has answered.
    pub(crate) fn peer(&self) -> Option<LegId> {
        match &self.stage {
            Stage::Hunting(_) => None,
            Stage::Talking(talk) => Some(talk.peer()),
        }
    }

    /// Nobody is to ring or to talk any longer.
    pub(crate) fn abandon(&mut self, board: &mut Board) {
        match &mut self.stage {
            Stage::Hunting(hunt) => hunt.abandon(board),
            Stage::Talking(talk) => talk.abandon(board),
        }
    }

    fn hunted(&mut self, board: &mut Board, hunted: Hunted) -> Option<Result<Parted, Why>> {
        match hunted {
            Hunted::Nobody(why) => {
                board.turn(SegmentKind::Ivr, None);
                Some(Err(why))
            }
            Hunted::Answered(leg) => {
                let talk = Talk::begin(board, leg, self.record);
                let before = std::mem::replace(&mut self.stage, Stage::Talking(talk));
                if let Stage::Hunting(mut hunt) = before {
                    hunt.dismiss(board);
                }
                None
            }
        }
    }
}

impl Activity for Bridging {
    type Outcome = Result<Parted, Why>;

    fn begin(&mut self, board: &mut Board) -> Option<Self::Outcome> {
        let Stage::Hunting(hunt) = &mut self.stage else {
            return None;
        };
        let hunted = hunt.begin(board)?;
        self.hunted(board, hunted)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Self::Outcome> {
        match &mut self.stage {
            Stage::Hunting(hunt) => {
                let hunted = hunt.handle(board, input)?;
                self.hunted(board, hunted)
            }
            Stage::Talking(talk) => {
                let parted = talk.handle(board, input)?;
                board.turn(SegmentKind::Ivr, None);
                Some(Ok(parted))
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Hunting(hunt) => hunt.deadline(),
            Stage::Talking(_) => None,
        }
    }
}

impl From<Result<Parted, Why>> for Reply {
    fn from(parted: Result<Parted, Why>) -> Self {
        Self::Leg(parted)
    }
}
