//! Two parties talking: hold by either phone, the recording, who left. A third can come in
//! ([`trio`](crate::trio)).

use std::time::Instant;

use crate::call::activity::Input;
use crate::call::board::Board;
use crate::{Cause, Event, LegId, Output, Parted, SegmentKind, Sound, Steer, Target, Tone};

/// The caller and an answered leg.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) leg: LegId,
    since: Instant,
    /// Somebody else who is in it: the three hear each other.
    pub(crate) third: Option<LegId>,
    /// The customer has left two users alone.
    pub(crate) internal: bool,
    /// When whoever holds is told so.
    remind: Option<Instant>,
    /// Since when one waits for the other.
    held_since: Option<Instant>,
    /// Who has had nobody to talk with elsewhere, and when it gets the other one back.
    returns: Option<(LegId, Option<Instant>)>,
}

impl Talk {
    /// Answers the caller where that is due, and connects the two.
    pub(crate) fn begin(board: &mut Board, leg: LegId, record: bool) -> Self {
        board.answer();
        board.story.talked = true;
        board.story.nobody = None;
        let mut talk = Self {
            leg,
            since: board.now,
            third: None,
            internal: false,
            remind: None,
            held_since: None,
            returns: None,
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
    pub(crate) fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Parted> {
        match input {
            // The call has noted the new state of the leg already.
            Input::Event(Event::Held { .. }) => self.arrange(board),
            Input::Event(Event::Steered { leg, what }) => self.steered(board, *leg, what),
            Input::Event(Event::HungUp { leg, cause } | Event::Refused { leg, cause }) => {
                if self.lets_go(board, *leg, *cause) {
                    return None;
                }
                return (*leg == self.leg).then(|| self.part(board, *cause));
            }
            Input::TimedOut => self.do_what_is_due(board),
            _ => {}
        }
        None
    }

    /// When it has something to do by itself.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let returns = self.returns.and_then(|(_, at)| at);
        self.remind.into_iter().chain(returns).min()
    }

    /// Somebody else stands in a party's place, who is let go.
    pub(crate) fn replace(&mut self, board: &mut Board, old: LegId, new: LegId) {
        board.release(old, Cause::Normal, false);
        if old == board.front() {
            board.serve(new);
        } else if self.third == Some(old) {
            self.third = Some(new);
        } else {
            self.leg = new;
            self.since = board.now;
        }
        self.returns = None;
        self.arrange(board);
        match self.third {
            None => board.tape_moves(Some(self.leg)),
            Some(_) => self.tape_hears_all(board),
        }
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
        for leg in [Some(self.leg), self.third].into_iter().flatten() {
            board.release(leg, Cause::Normal, false);
        }
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

    /// Somebody is served by other means than its phone.
    fn steered(&mut self, board: &mut Board, leg: LegId, what: &Steer) {
        match what {
            Steer::Hold | Steer::Retrieve | Steer::Away | Steer::Back { failed: false } => {
                if self.returns.is_some_and(|(returns, _)| returns == leg) {
                    self.returns = None;
                    board.silence(leg);
                }
                self.arrange(board);
            }
            Steer::Back { failed: true } => {
                let wait = board.options.auto_retrieve;
                let at = (!wait.is_zero()).then(|| board.after(wait));
                self.returns = Some((leg, at));
                board.play(leg, vec![Sound::Tone(Tone::Busy)], 0);
            }
            // The call does that itself.
            Steer::Record(_) | Steer::Mask(_) | Steer::Tell(_) => {}
        }
    }

    /// Nobody waits any longer.
    pub(crate) fn forget_times(&mut self) {
        self.remind = None;
        self.held_since = None;
        self.returns = None;
    }

    fn do_what_is_due(&mut self, board: &mut Board) {
        let now = board.now;
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let Some((leg, at)) = self.returns
            && is_due(at)
        {
            self.returns = None;
            board.silence(leg);
            if let Some(leg) = board.leg_mut(leg) {
                leg.away = false;
            }
            board.take_off_tape(leg, false);
            board.decide(
                "take the other one back from hold",
                "nobody was there elsewhere, or they have left",
            );
            self.arrange(board);
        }
        if is_due(self.remind) {
            for leg in [board.front(), self.leg] {
                let holds = board.leg(leg).is_some_and(|leg| leg.held && !leg.away);
                if holds {
                    board.decide("remind of the hold", "somebody waits for long");
                    board.overlay(leg, Sound::Tone(Tone::Beep));
                    let waited = self
                        .held_since
                        .map(|since| now.saturating_duration_since(since));
                    let waited = waited.unwrap_or_default();
                    board.push(Output::HoldReminded { leg, waited });
                }
            }
            self.remind = Some(board.after(board.options.hold_reminder));
        }
    }

    /// Who hears what: each other, unless a phone holds; then music for the one who waits.
    pub(crate) fn arrange(&mut self, board: &mut Board) {
        if let Some(third) = self.third {
            return self.arrange_trio(board, third);
        }
        let held = |leg| board.leg(leg).is_some_and(crate::Leg::is_held);
        let (caller_holds, called_holds) = (held(board.front()), held(self.leg));
        let agent = board
            .leg(self.leg)
            .and_then(|leg| leg.user.clone())
            .or_else(|| board.setup.calling_user().map(str::to_owned));
        if !caller_holds && !called_holds {
            self.remind = None;
            self.held_since = None;
            board.connect(board.front(), self.leg);
            let kind = match self.internal {
                true => SegmentKind::Internal,
                false => SegmentKind::Talk,
            };
            board.turn(kind, agent);
            return;
        }
        board.disconnect(board.front());
        for (waits, holds) in [(board.front(), caller_holds), (self.leg, called_holds)] {
            let is_told = self.returns.is_some_and(|(leg, _)| leg == waits);
            let is_away = board.leg(waits).is_some_and(|leg| leg.away);
            if holds && !is_told && !is_away {
                board.silence(waits);
            } else if !holds {
                board.hold_music(waits);
            }
        }
        self.held_since.get_or_insert(board.now);
        let reminder = board.options.hold_reminder;
        if self.remind.is_none() && !reminder.is_zero() {
            self.remind = Some(board.after(reminder));
        }
        let asks = [board.front(), self.leg]
            .into_iter()
            .any(|leg| board.leg(leg).is_some_and(crate::Leg::is_away));
        let kind = match asks {
            true => SegmentKind::Consult,
            false => SegmentKind::Hold,
        };
        board.turn(kind, agent);
    }
}
