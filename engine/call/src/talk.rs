//! Two parties talking: hold by either phone, the recording, who left.

use std::time::Instant;

use crate::call::activity::Input;
use crate::call::board::Board;
use crate::{Cause, Event, LegId, Parted, SegmentKind, Target};

/// The caller and an answered leg.
#[derive(Debug)]
pub(crate) struct Talk {
    leg: LegId,
    since: Instant,
}

impl Talk {
    /// Answers the caller where that is due, and connects the two.
    pub(crate) fn begin(board: &mut Board, leg: LegId, record: bool) -> Self {
        board.answer();
        board.story.talked = true;
        board.story.nobody = None;
        let talk = Self {
            leg,
            since: board.now,
        };
        talk.arrange(board);
        board.tape_follows(Some(leg));
        if record {
            board.start_tape(false, true);
            board.tape_follows(Some(leg));
        }
        talk
    }

    /// What happened; an outcome when the called party has left.
    pub(crate) fn handle(&self, board: &mut Board, input: Input<'_>) -> Option<Parted> {
        match input {
            // The call has noted the new state of the leg already.
            Input::Event(Event::Held { .. }) => {
                self.arrange(board);
                None
            }
            Input::Event(Event::HungUp { leg, cause } | Event::Refused { leg, cause })
                if *leg == self.leg =>
            {
                Some(self.part(board, *cause))
            }
            _ => None,
        }
    }

    /// Somebody else stands in a party's place, who is let go.
    pub(crate) fn replace(&mut self, board: &mut Board, old: LegId, new: LegId) {
        board.release(old, Cause::Normal, false);
        if old == board.front() {
            board.serve(new);
        } else {
            self.leg = new;
            self.since = board.now;
        }
        self.arrange(board);
        board.tape_moves(Some(self.leg));
    }

    /// They part, because one of them has asked that the other be put through to somebody else. The
    /// other waits with music; nobody is let go.
    pub(crate) fn suspend(&self, board: &mut Board, asks: LegId) {
        let front = board.front();
        let other = if asks == front { self.leg } else { front };
        board.disconnect(front);
        board.silence(asks);
        board.hold_music(other);
        board.tape_follows(None);
    }

    /// The call ends, or has something else to say.
    pub(crate) fn abandon(&self, board: &mut Board) {
        board.release(self.leg, Cause::Normal, false);
        board.bridge_leaves_tape();
    }

    /// Whom the caller talks with: the user, or the number.
    pub(crate) fn peer(&self) -> LegId {
        self.leg
    }

    fn part(&self, board: &mut Board, cause: Cause) -> Parted {
        let (target, user, party) = board.leg(self.leg).map_or_else(
            || (Target::Uri(String::new()), None, String::new()),
            |leg| (leg.who(), leg.user.clone(), leg.party()),
        );
        board.story.parted_by = Some(if cause == Cause::Lost {
            "system:lost".to_owned()
        } else {
            party
        });
        board.part_with(self.leg, cause);
        board.silence(board.front());
        board.bridge_leaves_tape();
        let talked = board.now.saturating_duration_since(self.since);
        Parted {
            leg: self.leg,
            target,
            user,
            talked,
            cause,
        }
    }

    /// Who hears what: each other, unless a phone holds; then music for the one who waits.
    fn arrange(&self, board: &mut Board) {
        let held = |leg| board.leg(leg).is_some_and(crate::Leg::is_held);
        let (caller_holds, called_holds) = (held(board.front()), held(self.leg));
        let agent = board
            .leg(self.leg)
            .and_then(|leg| leg.user.clone())
            .or_else(|| board.setup.user.clone());
        if !caller_holds && !called_holds {
            board.connect(board.front(), self.leg);
            board.turn(SegmentKind::Talk, agent);
            return;
        }
        board.disconnect(board.front());
        for (waits, holds) in [(board.front(), caller_holds), (self.leg, called_holds)] {
            if holds {
                board.silence(waits);
            } else {
                board.hold_music(waits);
            }
        }
        board.turn(SegmentKind::Hold, agent);
    }
}
