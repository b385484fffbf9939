//! Three parties in one conversation: everybody hears both others, and when one leaves, whoever it is,
//! the two who are left talk like any two.

use crate::call::board::Board;
use crate::talk::Talk;
use crate::{Cause, LegId, SegmentKind};

impl Talk {
    /// Whether three are in it.
    pub(crate) fn is_trio(&self) -> bool {
        self.third.is_some()
    }

    /// Somebody comes in beside the two.
    pub(crate) fn joined_by(&mut self, board: &mut Board, third: LegId) {
        self.third = Some(third);
        for leg in [board.front(), self.leg, third] {
            if let Some(leg) = board.leg_mut(leg) {
                leg.away = false;
                leg.off_tape = false;
            }
        }
        self.forget_times();
        self.arrange(board);
        let hears = self.customer(board).unwrap_or_else(|| board.front());
        board.tape_hears_with(Some(hears));
    }

    /// The recording goes on with whom the customer hears, one of whom is another than before.
    pub(crate) fn tape_hears_all(&self, board: &mut Board) {
        let hears = self.customer(board).unwrap_or_else(|| board.front());
        board.tape_hears_with(Some(hears));
        board.tape_moves(None);
    }

    /// One of three leaves: the others go on. False when there are not three, or it was none of
    /// them.
    pub(crate) fn lets_go(&mut self, board: &mut Board, gone: LegId, cause: Cause) -> bool {
        let Some(third) = self.third else {
            return false;
        };
        let three = [board.front(), self.leg, third];
        if !three.contains(&gone) {
            return false;
        }
        let was_customer = board.leg(gone).is_some_and(|leg| leg.user.is_none());
        let name = board.leg(gone).map(crate::Leg::name).unwrap_or_default();
        board.decide(
            "let the two others go on",
            format!("{name} has left the three"),
        );
        board.part_with(gone, cause);
        for leg in three.into_iter().filter(|leg| *leg != gone) {
            board.silence(leg);
        }
        self.third = None;
        if gone == self.leg {
            self.leg = third;
        } else if gone == board.front() {
            board.serve(self.leg);
            self.leg = third;
        }
        self.internal = was_customer && self.customer(board).is_none();
        if self.internal {
            // What two colleagues say to each other is no conversation with a customer.
            board.stop_tape(None);
        }
        board.tape_hears_with(None);
        self.arrange(board);
        board.tape_moves(Some(self.leg));
        true
    }

    /// A phone that holds says nothing, and the others talk on.
    pub(crate) fn arrange_trio(&self, board: &mut Board, third: LegId) {
        let three = [board.front(), self.leg, third];
        let agent = three
            .iter()
            .find_map(|leg| board.leg(*leg)?.user.clone())
            .or_else(|| board.setup.calling_user().map(str::to_owned));
        board.confer(&three);
        board.turn(SegmentKind::Conference, agent);
    }

    /// The first of those in it who is no user.
    fn customer(&self, board: &Board) -> Option<LegId> {
        let mut legs = [Some(board.front()), Some(self.leg), self.third]
            .into_iter()
            .flatten();
        legs.find(|leg| board.leg(*leg).is_some_and(|leg| leg.user.is_none()))
    }
}
