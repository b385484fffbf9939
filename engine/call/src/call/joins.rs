//! Legs that go from one call to another: attended transfers, calls picked up at another phone.
//!
//! The call that goes on takes the leg in as a [`Newcomer`]; the one that it comes from is over.

use std::time::Instant;

use crate::call::{Call, Phase};
use crate::{CallId, Cause, Event, Leg, LegId, Newcomer, Output, Sound, Tone};

impl Call {
    /// The number of its next leg.
    pub fn next_leg(&self) -> LegId {
        LegId(u16::try_from(self.board.legs().len()).unwrap_or(u16::MAX))
    }

    /// Whether a leg of another call can come into this one: in the place of a party, of who is in a room
    /// or of a leg that rings, or, in nobody's place, to a parked call or to one that is in a room with one other.
    pub fn takes(&self, instead_of: Option<LegId>) -> bool {
        let task = self.foreground.as_ref();
        let Some(leg) = instead_of else {
            let takes = task.is_some_and(|task| task.work.takes_somebody());
            return takes && matches!(self.phase, Phase::Live);
        };
        self.talking().contains(&leg) || self.is_in_room(leg) || self.is_ringing(leg)
    }

    /// Whether this leg is in a room with others.
    fn is_in_room(&self, leg: LegId) -> bool {
        let task = self.foreground.as_ref();
        let is_in = task.is_some_and(|task| task.work.is_in_room());
        is_in && matches!(self.phase, Phase::Live) && leg == self.board.front()
    }

    /// Whether this leg rings, and may be answered at another phone.
    pub fn is_ringing(&self, leg: LegId) -> bool {
        let task = self.foreground.as_ref();
        matches!(self.phase, Phase::Live) && task.is_some_and(|task| task.work.rings(leg))
    }

    /// What another call is to know of a leg that goes there, under the number that it will have.
    pub fn leaving(&self, now: Instant, leg: LegId, number: LegId) -> Option<Newcomer> {
        Some(self.board.leg(leg)?.leaving(now, number))
    }

    /// A leg of another call is one of this.
    fn joined(&mut self, newcomer: Newcomer, old: Option<LegId>, by: Option<String>, beside: bool) {
        let new = newcomer.leg;
        let fits = match beside {
            true => self.takes_third(),
            false => self.takes(old),
        };
        if !self.board.adopt(newcomer) {
            return;
        }
        let name = self.board.leg(new).map(Leg::name).unwrap_or_default();
        let Some(task) = self.foreground.as_mut().filter(|_| fits) else {
            self.board
                .decide(format!("let {name} go"), "whom it comes for is gone");
            return self.board.release(new, Cause::Failure, false);
        };
        if let (true, Some(talk)) = (beside, task.work.talk_mut()) {
            let because = by.map_or_else(String::new, |by| format!("{by} makes it a conference"));
            self.board.decide(format!("take {name} in"), because);
            return talk.joined_by(&mut self.board, new);
        }
        let Some(old) = old.filter(|old| !task.work.rings(*old)) else {
            return task.work.taken(&mut self.board, new);
        };
        let before = self.board.leg(old).map(Leg::party).unwrap_or_default();
        let because = match &by {
            Some(by) => format!("{by} has transferred the call, having asked first"),
            None => "that phone has taken the call over".to_owned(),
        };
        self.board
            .decide(format!("put {name} in the place of {before}"), because);
        task.work.replace(&mut self.board, old, new);
        if let Some(by) = by {
            let to = self.board.leg(new).map(|leg| leg.peer.clone());
            self.board.push(Output::Transferred {
                by,
                to: to.unwrap_or_default(),
                attended: true,
                queue: self.board.timeline.queue.clone(),
            });
        }
    }

    /// What it was for goes on in another call: this one is over.
    fn moved(&mut self, leg: Option<LegId>, to: CallId) {
        let Some(leg) = leg else {
            self.board
                .decide("end the call", format!("it goes on as call {to}"));
            self.board.story.goes_on_in = Some(to);
            return self.finish(Cause::Normal, "system:transferred".to_owned());
        };
        let stands = self.board.leg(leg).is_some_and(Leg::is_up);
        let comes_in = leg == self.board.front() && !self.board.served().is_gone();
        if !stands && !comes_in {
            return;
        }
        if leg == self.board.front() {
            self.board.answer();
            self.transfer_done();
        }
        self.board.decide(
            "end the call",
            format!("leg {} goes on in call {to}", leg.0),
        );
        self.board.story.goes_on_in = Some(to);
        self.board.silence(leg);
        self.board.part_with(leg, Cause::Normal);
        self.finish(Cause::Normal, "system:transferred".to_owned());
    }

    /// What concerns the parties themselves; false when it does not.
    pub(super) fn changes_parties(&mut self, event: &Event) -> bool {
        match event {
            Event::Referred { .. } => self.referred(event),
            Event::Joined {
                newcomer,
                instead_of,
                by,
                beside,
            } => {
                self.joined(newcomer.clone(), *instead_of, by.clone(), *beside);
                self.look_at_transfer(Some(event));
            }
            Event::Consulted { since } => self.board.consulted(*since),
            Event::Moved { leg, to } => self.moved(*leg, *to),
            Event::Supervised { leg } => {
                self.board
                    .decide("let the agent know", "somebody supervises them");
                self.board.overlay(*leg, Sound::Tone(Tone::Confirm));
            }
            Event::TakenOut { leg, by, parting } => self.take_out(*leg, by, *parting),
            _ => return false,
        }
        true
    }
}
