//! What is done for a party by other means than its phone, and the codes that a party types.

use std::time::Instant;

use crate::call::{Call, Phase};
use crate::codes::{Judged, Typed};
use crate::leg::Hearing;
use crate::{Command, LegId, Output, Steer};

/// The keys of parties, while they may be codes.
#[derive(Debug, Default)]
pub(super) struct Typing(Vec<(LegId, Typed)>);

impl Typing {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0
            .iter()
            .filter_map(|(_, typed)| typed.deadline())
            .min()
    }

    fn of(&mut self, leg: LegId) -> &mut Typed {
        let place = self.0.iter().position(|(known, _)| *known == leg);
        let place = place.unwrap_or_else(|| {
            self.0.push((leg, Typed::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

impl Call {
    /// Whether a third party can come into the conversation.
    pub fn takes_third(&self) -> bool {
        self.pair().is_some() && self.transfer.is_none()
    }

    /// The parties of the conversation, while there is one: two or three.
    pub fn talking(&self) -> Vec<LegId> {
        let task = self.foreground.as_ref();
        let talk = task.and_then(|task| task.work.talk());
        let live = matches!(self.phase, Phase::Live);
        let Some(talk) = talk.filter(|_| live) else {
            return Vec::new();
        };
        let legs = [Some(self.board.front()), Some(talk.peer()), talk.third];
        legs.into_iter().flatten().collect()
    }

    /// Whether three talk with each other.
    pub fn is_trio(&self) -> bool {
        self.talking().len() == 3
    }

    /// Whether the conversation is being recorded, and whether what is said is left out.
    pub fn recorded(&self) -> (bool, bool) {
        let tape = &self.board.tape;
        (tape.running().is_some(), tape.is_masked())
    }

    /// Does something for a party; true when the work in hand is to see to it.
    pub(super) fn steered(&mut self, leg: LegId, what: &Steer) -> bool {
        let Some(known) = self.board.leg_mut(leg).filter(|leg| leg.is_up()) else {
            return false;
        };
        match what {
            Steer::Hold => known.held = true,
            Steer::Retrieve => known.held = false,
            Steer::Away => known.away = true,
            Steer::Back { failed } => {
                let was_away = known.away;
                known.away &= *failed;
                let off = known.is_held();
                self.board.take_off_tape(leg, off);
                return was_away;
            }
            Steer::Tell(sound) => {
                let hearing = self.board.hearing(leg);
                // A playing would never come to its end.
                if !matches!(hearing, Hearing::Play(_) | Hearing::Music) {
                    self.board.overlay(leg, sound.clone());
                }
                return false;
            }
            Steer::Record(on) => {
                let runs = self.board.tape.running().is_some();
                self.record_talk(on.unwrap_or(!runs));
                return false;
            }
            Steer::Mask(on) => {
                let masked = on.unwrap_or(!self.board.tape.is_masked());
                self.board.mask_tape(masked);
                return false;
            }
        }
        let off = self.board.leg(leg).is_some_and(crate::Leg::is_held);
        self.board.take_off_tape(leg, off);
        true
    }

    fn record_talk(&mut self, on: bool) {
        let peer = self.talking().get(1).copied();
        if !on {
            self.board.stop_tape(None);
        } else if peer.is_some() {
            self.board.start_tape(true, true);
            if !self.is_trio() {
                self.board.tape_follows(peer);
            }
        }
    }

    /// A key that may be part of a code. True when it is dealt with.
    pub(super) fn typed(&mut self, leg: LegId, key: char, held: bool) -> bool {
        let is_heard = self.may_type_codes(leg);
        let away = self.board.leg(leg).is_some_and(|leg| leg.away);
        if !(held || is_heard && away) {
            return false;
        }
        let (now, typed) = (self.board.now, self.typing.of(leg));
        let judged = if is_heard {
            typed.push(now, &self.board.options.codes, key, held)
        } else {
            let mut passed = typed.give_up();
            passed.push(Judged::Pass(1));
            Some(passed)
        };
        let is_taken = judged.is_some();
        self.carry_out(leg, judged.unwrap_or_default());
        is_taken
    }

    /// Keys that have become no code in time are none.
    pub(super) fn typing_is_overdue(&mut self) {
        let now = self.board.now;
        let due = |typed: &Typed| typed.deadline().is_some_and(|due| due <= now);
        let legs = self.typing.0.iter().filter(|(_, typed)| due(typed));
        let legs: Vec<LegId> = legs.map(|(leg, _)| *leg).collect();
        for leg in legs {
            let is_heard = self.may_type_codes(leg);
            let typed = self.typing.of(leg);
            let judged = match is_heard {
                true => typed.time_out(now, &self.board.options.codes),
                false => typed.give_up(),
            };
            self.carry_out(leg, judged);
        }
    }

    /// Users may, in a conversation.
    fn may_type_codes(&self, leg: LegId) -> bool {
        let is_user = self.board.leg(leg).is_some_and(|leg| leg.user.is_some());
        is_user && !self.board.options.codes.is_empty() && self.talking().contains(&leg)
    }

    fn carry_out(&mut self, leg: LegId, judged: Vec<Judged>) {
        for judged in judged {
            let (drop, pass) = match judged {
                Judged::Code { word, number } => {
                    let typed = match &number {
                        Some(number) => format!("{word} {number}"),
                        None => word.clone(),
                    };
                    self.board
                        .decide(typed, format!("leg {} has typed it", leg.0));
                    self.board.push(Output::Code { leg, word, number });
                    continue;
                }
                Judged::Drop(drop) => (drop, 0),
                Judged::Pass(pass) => (0, pass),
            };
            if drop + pass > 0 {
                self.board.push(Output::Keys { leg, drop, pass });
            }
        }
    }

    /// What the script wants of a call that is made beside another: with nobody there it is over, and
    /// whoever made it has better things to do than to listen to why.
    pub(super) fn aside_meets(&mut self, command: Command) -> Option<Command> {
        let looks_on = matches!(
            command,
            Command::Bridge(_)
                | Command::Queue(_)
                | Command::Fetch(_)
                | Command::Transfer { .. }
                | Command::Sleep { .. }
                | Command::Ring
                | Command::Progress
                | Command::Answer
                | Command::Reject { .. }
                | Command::Hangup { .. }
        );
        let in_vain = self.board.options.aside && self.fruitless > 0;
        if !in_vain || looks_on {
            return Some(command);
        }
        let why = self.board.story.nobody.unwrap_or(crate::Why::NoAnswer);
        self.board.decide("end the call", "nobody was found to ask");
        self.finish(super::scripts::cause_of(why), "system:nobody".to_owned());
        None
    }
}
