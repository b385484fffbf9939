//! Ringing several targets until the first answers.

use std::collections::VecDeque;
use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::leg::{Hearing, LegState};
use crate::number;
use crate::{Bridge, Cause, Event, LegId, PlayId, SegmentKind, Sound, Strategy, Target, Tone, Why};

/// Rings targets, all at once or one after the other.
///
/// The first that answers wins, and stays the only one: whoever answers later is sent away by the
/// call itself. The winner's rivals go on ringing until the winner is connected (they are
/// [`dismissed`](Self::dismiss) then), so that no moment exists in which nobody rings and nobody
/// talks.
#[derive(Debug)]
pub(crate) struct Hunt {
    plan: Bridge,
    waiting: VecDeque<Waiting>,
    ringing: Vec<Candidate>,
    /// When the present ones have rung long enough.
    until: Option<Instant>,
    /// The best reason so far.
    why: Option<Why>,
    ringback: Ringback,
}

/// The ring-back that the caller hears from us.
#[derive(Clone, Copy, Debug)]
enum Ringback {
    Unset,
    /// The sound that the script chose.
    Own(PlayId),
    Tone(PlayId),
    /// Not even the tone could be played.
    Impossible,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Waiting {
    target: Target,
    /// Keys to press after the answer.
    post_dial: Option<String>,
}

#[derive(Clone, Debug)]
struct Candidate {
    leg: LegId,
    early_media: bool,
    post_dial: Option<String>,
}

impl From<&Target> for Waiting {
    fn from(target: &Target) -> Self {
        if let Target::Trunk { trunk, number } = target
            && let Some((number, keys)) = number::post_dial(number)
        {
            let trunk = trunk.clone();
            return Self {
                target: Target::Trunk { trunk, number },
                post_dial: Some(keys),
            };
        }
        Self {
            target: target.clone(),
            post_dial: None,
        }
    }
}

/// How a hunt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hunted {
    Answered(LegId),
    Nobody(Why),
}

impl Hunt {
    pub(crate) fn new(plan: Bridge) -> Self {
        let mut waiting = VecDeque::new();
        for target in plan.targets.iter().map(Waiting::from) {
            // The same phone must not ring twice for one call.
            if !waiting.contains(&target) {
                waiting.push_back(target);
            }
        }
        Self {
            plan,
            waiting,
            ringing: Vec::new(),
            until: None,
            why: None,
            ringback: Ringback::Unset,
        }
    }

    /// Whether a leg is one of those that ring.
    pub(crate) fn rings_at(&self, leg: LegId) -> bool {
        self.ringing.iter().any(|candidate| candidate.leg == leg)
    }

    /// Somebody who was not rung takes the call.
    pub(crate) fn picked_up(&mut self, board: &mut Board, by: LegId) -> Hunted {
        self.until = None;
        board.story.ringing = false;
        let name = board.leg(by).map(crate::Leg::name).unwrap_or_default();
        let rang = self.ringing.len();
        board.decide(
            format!("connect {name}"),
            format!("it has picked the call up; {rang} others rang"),
        );
        Hunted::Answered(by)
    }

    /// The winner is connected: the others stop ringing, and show no missed call.
    pub(crate) fn dismiss(&mut self, board: &mut Board) {
        for candidate in std::mem::take(&mut self.ringing) {
            board.release(candidate.leg, Cause::Cancelled, true);
        }
    }

    /// Nobody is to ring any longer.
    pub(crate) fn abandon(&mut self, board: &mut Board) {
        board.story.ringing = false;
        for candidate in std::mem::take(&mut self.ringing) {
            board.release(candidate.leg, Cause::Cancelled, false);
        }
    }

    /// Rings the next one or all of them; an outcome when there is nobody left.
    fn ring_next(&mut self, board: &mut Board, because: &str) -> Option<Hunted> {
        let count = match self.plan.strategy {
            Strategy::All => self.waiting.len(),
            Strategy::InOrder => 1,
        };
        for Waiting { target, post_dial } in self
            .waiting
            .drain(..count.min(self.waiting.len()))
            .collect::<Vec<_>>()
        {
            let name = target.to_string();
            if let Target::Trunk { number, .. } = &target
                && number::is_sms_port(number)
            {
                board.decide(
                    format!("do not ring {name}"),
                    "a number of 106… sends text messages and cannot be called",
                );
                self.blame(Why::Unavailable);
                continue;
            }
            match board.invite(target, self.plan.caller_id.clone()) {
                Some(leg) => {
                    board.decide(format!("ring {name}"), because);
                    self.ringing.push(Candidate {
                        leg,
                        early_media: false,
                        post_dial,
                    });
                }
                None => {
                    board.decide(
                        format!("do not ring {name}"),
                        "a call has no more legs to give",
                    );
                    self.blame(Why::Congestion);
                }
            }
        }
        if self.ringing.is_empty() {
            return match self.waiting.is_empty() {
                true => Some(self.nobody(board)),
                false => self.ring_next(board, "the one before cannot be rung"),
            };
        }
        let ring = self.plan.timeout.min(board.options.ring_limit);
        self.until = Some(board.after(ring));
        self.choose_sound(board);
        None
    }

    fn nobody(&mut self, board: &mut Board) -> Hunted {
        self.until = None;
        board.story.ringing = false;
        if !matches!(board.hearing(board.front()), Hearing::Nothing) {
            board.silence(board.front());
        }
        let why = self.why.unwrap_or(Why::NoAnswer);
        board.story.nobody = Some(why);
        board.decide(
            format!("nobody: {}", why.word()),
            "the best of what was heard",
        );
        Hunted::Nobody(why)
    }

    fn blame(&mut self, why: Why) {
        if self.why.is_none_or(|best| rank(why) < rank(best)) {
            self.why = Some(why);
        }
    }

    fn refused(&mut self, board: &mut Board, leg: LegId, cause: Cause) -> Option<Hunted> {
        let place = self
            .ringing
            .iter()
            .position(|candidate| candidate.leg == leg)?;
        self.ringing.remove(place);
        let name = board.leg(leg).map(crate::Leg::name).unwrap_or_default();
        board.part_with(leg, cause);
        self.blame(why_of(cause));
        if !self.ringing.is_empty() {
            self.choose_sound(board);
            return None;
        }
        self.ring_next(board, &format!("{name}: {}", cause.word()))
    }

    fn rang_out(&mut self, board: &mut Board) -> Option<Hunted> {
        let mut names = Vec::new();
        for candidate in std::mem::take(&mut self.ringing) {
            names.extend(board.leg(candidate.leg).map(crate::Leg::name));
            board.release(candidate.leg, Cause::NoAnswer, false);
        }
        self.blame(Why::NoAnswer);
        let because = format!(
            "{} did not answer in {} s",
            names.join(", "),
            self.plan.timeout.min(board.options.ring_limit).as_secs()
        );
        self.ring_next(board, &because)
    }

    fn answered(&mut self, board: &mut Board, leg: LegId, user: Option<&String>) -> Option<Hunted> {
        let place = self
            .ringing
            .iter()
            .position(|candidate| candidate.leg == leg)?;
        let Candidate { post_dial, .. } = self.ringing.remove(place);
        self.until = None;
        board.story.ringing = false;
        let now = board.now;
        if let Some(winner) = board.leg_mut(leg) {
            winner.state = LegState::Up;
            winner.up_at = Some(now);
            if user.is_some() {
                winner.user = user.cloned();
            }
            let name = winner.name();
            let losers = self.ringing.len();
            board.decide(
                format!("connect {name}"),
                format!("the first to answer; {losers} others rang"),
            );
        }
        if let Some(keys) = post_dial {
            board.decide(format!("press {keys}"), "it stands behind the number");
            // Whoever picks up needs a moment before it listens.
            let digits = format!(",{keys}");
            board.push(crate::Output::SendDigits { leg, digits });
        }
        Some(Hunted::Answered(leg))
    }

    fn rings(&mut self, board: &mut Board, leg: LegId, early_media: bool) {
        let Some(candidate) = self
            .ringing
            .iter_mut()
            .find(|candidate| candidate.leg == leg)
        else {
            return;
        };
        candidate.early_media |= early_media;
        let now = board.now;
        if let Some(ringing) = board.leg_mut(leg) {
            let state = if early_media {
                LegState::Early
            } else {
                LegState::Ringing
            };
            if ringing.state != LegState::Early {
                ringing.state = state;
            }
            ringing.ringing_at.get_or_insert(now);
            if early_media {
                ringing.early_at.get_or_insert(now);
            }
        }
        self.choose_sound(board);
    }

    /// What the caller hears: the sound asked for; else the far end's own, where only one rings;
    /// else ring-back, which the caller's phone makes itself as long as no sound reaches it.
    fn choose_sound(&mut self, board: &mut Board) {
        if let (None, [only]) = (&self.plan.ringback, self.ringing.as_slice())
            && only.early_media
        {
            self.ringback = Ringback::Unset;
            return board.pass_early_media(only.leg);
        }
        let ringing = self.ringing.iter().any(|candidate| {
            board
                .leg(candidate.leg)
                .is_some_and(|leg| leg.ringing_at.is_some())
        });
        if self.plan.ringback.is_some() {
            board.progress();
        } else if ringing {
            board.ring();
        }
        let hears_it = match self.ringback {
            Ringback::Unset => false,
            Ringback::Own(play) | Ringback::Tone(play) => {
                board.hearing(board.front()) == Hearing::Play(play)
            }
            Ringback::Impossible => true,
        };
        if board.served().is_audible() && !hears_it {
            self.ringback = match self.plan.ringback.clone() {
                Some(own) => Ringback::Own(board.play(board.front(), vec![own], 0)),
                None => Ringback::Tone(play_tone(board)),
            };
        }
    }

    fn ringback_failed(&mut self, board: &mut Board, failed: PlayId, why: &str) {
        match self.ringback {
            Ringback::Own(play) if play == failed => {
                board.decide("play the ring-back tone", why);
                self.plan.ringback = None;
                self.ringback = Ringback::Tone(play_tone(board));
            }
            Ringback::Tone(play) if play == failed => {
                self.ringback = Ringback::Impossible;
            }
            _ => {}
        }
    }
}

impl Activity for Hunt {
    type Outcome = Hunted;

    fn begin(&mut self, board: &mut Board) -> Option<Hunted> {
        board.keys.clear();
        board.background = None;
        board.story.ringing = true;
        let agent = match self.plan.targets.as_slice() {
            [Target::User(user)] => Some(user.clone()),
            _ => None,
        };
        board.turn(SegmentKind::Ring, agent);
        let because = match self.plan.strategy {
            Strategy::All => "all at once",
            Strategy::InOrder => "the first in order",
        };
        self.ring_next(board, because)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Hunted> {
        match input {
            Input::TimedOut => self.rang_out(board),
            Input::Event(Event::Ringing { leg, early_media }) => {
                self.rings(board, *leg, *early_media);
                None
            }
            Input::Event(Event::Answered { leg, user }) => {
                self.answered(board, *leg, user.as_ref())
            }
            Input::Event(Event::Refused { leg, cause } | Event::HungUp { leg, cause }) => {
                self.refused(board, *leg, *cause)
            }
            Input::Event(Event::PlayFailed { play, why }) => {
                self.ringback_failed(board, *play, why);
                None
            }
            Input::Event(_) | Input::Key(_) => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }
}

fn play_tone(board: &mut Board) -> PlayId {
    board.play(board.front(), vec![Sound::Tone(Tone::Ringback)], 0)
}

/// What a script is told when a leg did not answer for this cause.
pub(crate) fn why_of(cause: Cause) -> Why {
    match cause {
        Cause::Busy => Why::Busy,
        Cause::Rejected => Why::Rejected,
        Cause::NoAnswer | Cause::Normal | Cause::Cancelled => Why::NoAnswer,
        Cause::Unavailable | Cause::Forbidden | Cause::Incompatible | Cause::Lost => {
            Why::Unavailable
        }
        Cause::Unallocated => Why::Unallocated,
        Cause::SwitchedOff => Why::SwitchedOff,
        Cause::Congestion | Cause::Failure => Why::Congestion,
        Cause::NotAllowed => Why::NotAllowed,
        Cause::LimitReached => Why::LimitReached,
    }
}

/// Of several reasons the one nearest to a person is told: who is busy could have been reached.
fn rank(why: Why) -> u8 {
    match why {
        Why::Busy => 0,
        Why::Rejected => 1,
        Why::NoAnswer => 2,
        Why::SwitchedOff => 3,
        Why::Unallocated => 4,
        Why::NotAllowed => 5,
        Why::LimitReached => 6,
        Why::Unavailable => 7,
        Why::Congestion => 8,
        Why::Cancelled
        | Why::Timeout
        | Why::NoMatch
        | Why::Silence
        | Why::Full
        | Why::Empty
        | Why::Overflow
        | Why::Nobody
        | Why::Taken => 9,
    }
}
