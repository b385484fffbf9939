//! What is read off a call to tell what each of its parties does.

use crate::call::Call;
use crate::call::foreground::Foreground;
use crate::call::transfers::Transfer;
use crate::{Guest, LegId, Mode};

impl Call {
    /// Whether this is the leg that is rung before anything else, and has not answered yet.
    pub(crate) fn rings_first(&self, leg: LegId) -> bool {
        leg == LegId::CALLER && self.ringing_until.is_some()
    }

    /// Whether the exchange has made this call, and the one who was rung first has not talked with
    /// anybody yet.
    pub(crate) fn is_being_put_through(&self) -> bool {
        let origin = self.board.options.origin.as_ref();
        origin.is_some_and(|origin| origin.supervises.is_none())
            && !self.board.story.talked
            && self.board.story.nobody.is_none()
    }

    /// Whether this leg has asked for a transfer that is tried.
    pub(crate) fn transfers(&self, leg: LegId) -> bool {
        let transfer = self.transfer.as_ref();
        transfer.is_some_and(|transfer: &Transfer| transfer.is_by(leg))
    }

    /// How the one on this leg supervises an agent, while they hear one.
    pub(crate) fn supervises(&self, leg: LegId) -> Option<Mode> {
        match self.foreground.as_ref().map(|task| &task.work) {
            Some(Foreground::Supervising(supervising)) if leg == self.board.front() => {
                supervising.hears(&self.board)
            }
            _ => None,
        }
    }

    /// The others in the room that it is in.
    pub(crate) fn company(&self) -> &[Guest] {
        match self.foreground.as_ref().map(|task| &task.work) {
            Some(Foreground::Conferring(conferring)) => conferring.others(),
            _ => &[],
        }
    }
}
