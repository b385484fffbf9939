//! A call that the exchange makes itself: somebody is rung first, and is its caller once they have
//! answered. Only then does the handler of its number run.

use std::time::Instant;

use crate::call::board::Board;
use crate::call::foreground::Foreground;
use crate::call::{Call, Owner, Script};
use crate::hunt::why_of;
use crate::returning::Returning;
use crate::supervision::Supervising;
use crate::{Cause, Event, LegId, LegState, Origin, Output, RequestId, SegmentKind, Why};

/// Rings the caller-to-be; returns when they have rung long enough.
pub(super) fn ring(board: &mut Board, origin: &Origin) -> Instant {
    board.decide(
        format!("ring {} first", origin.target),
        "the exchange makes this call",
    );
    board.story.ringing = true;
    let agent = board.caller().user().map(str::to_owned);
    board.turn(SegmentKind::Ring, agent);
    board.push(Output::Invite {
        leg: LegId::CALLER,
        target: origin.target.clone(),
        caller_id: origin.shown.clone(),
        caller_name: None,
    });
    board.after(origin.timeout.min(board.options.ring_limit))
}

impl Call {
    /// Sees what becomes of the caller-to-be; true when nothing else is to be done about it.
    pub(super) fn is_of_who_is_rung_first(&mut self, event: &Event) -> bool {
        if self.ringing_until.is_none() {
            return false;
        }
        match event {
            Event::Ringing {
                leg: LegId::CALLER, ..
            } => self.first_rings(),
            Event::Answered {
                leg: LegId::CALLER,
                user,
            } => self.first_answered(user.clone()),
            Event::Refused {
                leg: LegId::CALLER,
                cause,
            }
            | Event::HungUp {
                leg: LegId::CALLER,
                cause,
            } => self.first_is_not_to_be_had(*cause),
            _ => return false,
        }
        true
    }

    pub(super) fn first_rang_out(&mut self) {
        let name = self.board.caller().name();
        self.board
            .decide("give up", format!("{name} did not answer in time"));
        self.ringing_until = None;
        self.board.story.nobody = Some(Why::NoAnswer);
        self.finish(Cause::NoAnswer, "system:no_answer".to_owned());
    }

    fn first_rings(&mut self) {
        let now = self.board.now;
        if let Some(caller) = self.board.leg_mut(LegId::CALLER) {
            caller.state = LegState::Ringing;
            caller.ringing_at.get_or_insert(now);
        }
    }

    fn first_answered(&mut self, user: Option<String>) {
        self.ringing_until = None;
        self.board.story.ringing = false;
        let now = self.board.now;
        if let Some(caller) = self.board.leg_mut(LegId::CALLER) {
            caller.state = LegState::Up;
            caller.up_at = Some(now);
            if user.is_some() {
                caller.user = user;
            }
        }
        let name = self.board.caller().name();
        let origin = self.board.options.origin.as_mut();
        if let Some(queue) = origin.and_then(|origin| origin.returns_to.take()) {
            self.board.turn(SegmentKind::Ivr, None);
            self.board.decide(
                format!("ask {name} to confirm"),
                "they wanted to be called back",
            );
            self.script = Script::Ended;
            let returning = Foreground::Returning(Returning::new(*queue));
            return self.start(returning, Owner::Return);
        }
        let (context, to) = (self.context.clone(), self.board.setup.to.clone());
        self.board.turn(SegmentKind::Ivr, None);
        let origin = self.board.options.origin.as_ref();
        if let Some(wanted) = origin.and_then(|origin| origin.supervises.clone()) {
            self.script = Script::Ended;
            let what = format!("supervise {} for {name}", wanted.agent);
            self.board.decide(what, "they have answered");
            let supervising = Supervising::new(&self.board, wanted);
            return self.start(
                Foreground::Supervising(supervising),
                Owner::Script(RequestId(0)),
            );
        }
        self.board
            .decide(format!("dial {to} for {name}"), "they have answered");
        self.board.push(Output::Route { context, to });
    }

    fn first_is_not_to_be_had(&mut self, cause: Cause) {
        self.ringing_until = None;
        self.board.story.ringing = false;
        self.board.story.nobody = Some(why_of(cause));
        let by = match cause {
            Cause::Busy | Cause::Rejected => self.board.caller().party(),
            _ => format!("system:{}", cause.word()),
        };
        self.board.part_with(LegId::CALLER, cause);
        self.finish(cause, by);
    }
}
