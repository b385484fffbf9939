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
    /// With somebody who is there already.
    Returning(LegId),
    Talking(Talk),
}

impl Bridging {
    pub(crate) fn new(plan: Bridge) -> Self {
        Self {
            record: plan.record,
            stage: Stage::Hunting(Hunt::new(plan)),
        }
    }

    /// The caller talks again with somebody who has not left.
    pub(crate) fn again(leg: LegId) -> Self {
        Self {
            record: false,
            stage: Stage::Returning(leg),
        }
    }

    /// The conversation, once somebody has answered.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        match &self.stage {
            Stage::Hunting(_) | Stage::Returning(_) => None,
            Stage::Talking(talk) => Some(talk),
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match &mut self.stage {
            Stage::Hunting(_) | Stage::Returning(_) => None,
            Stage::Talking(talk) => Some(talk),
        }
    }

    /// Whether this leg rings.
    pub(crate) fn rings(&self, leg: LegId) -> bool {
        matches!(&self.stage, Stage::Hunting(hunt) if hunt.rings_at(leg))
    }

    /// Somebody else takes the call that rings there.
    pub(crate) fn picked_up(&mut self, board: &mut Board, by: LegId) {
        if let Stage::Hunting(hunt) = &mut self.stage {
            let hunted = hunt.picked_up(board, by);
            self.hunted(board, hunted);
        }
    }

    /// Nobody is to ring or to talk any longer.
    pub(crate) fn abandon(&mut self, board: &mut Board) {
        match &mut self.stage {
            Stage::Hunting(hunt) => hunt.abandon(board),
            Stage::Returning(_) => {}
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
        match &mut self.stage {
            Stage::Hunting(hunt) => {
                let hunted = hunt.begin(board)?;
                self.hunted(board, hunted)
            }
            Stage::Returning(leg) => {
                self.stage = Stage::Talking(Talk::begin(board, *leg, false));
                None
            }
            Stage::Talking(_) => None,
        }
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Self::Outcome> {
        match &mut self.stage {
            Stage::Hunting(hunt) => {
                let hunted = hunt.handle(board, input)?;
                self.hunted(board, hunted)
            }
            Stage::Returning(_) => None,
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
            Stage::Returning(_) => None,
            Stage::Talking(talk) => talk.deadline(),
        }
    }
}

impl From<Result<Parted, Why>> for Reply {
    fn from(parted: Result<Parted, Why>) -> Self {
        Self::Leg(parted)
    }
}
