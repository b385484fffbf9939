//! Supervision (监听, 耳语, 强插, 强取, 强拆): a leader hears an agent's calls, and is heard in them by
//! whom they choose.
//!
//! This is the leader's own call. Who the agent talks with, and on which leg, is the switch's to
//! know; it tells what becomes of it. The agent's call does not notice.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::leg::Hearing;
use crate::{Event, Output, PlayId, Reply, SegmentKind, Sound, Tone};

/// Supervises an agent, in this call and in those that follow, until the leader ends it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Supervise {
    /// Whom: a user.
    pub agent: String,
    /// Who hears the leader at first.
    pub mode: Mode,
    /// Who is followed when the agent puts the customer through to somebody else.
    pub follow: Follow,
    /// The agent hears a tone when it begins.
    pub notice: bool,
}

/// Who hears a leader. The leader hears the agent, and all that the agent hears, in each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 监听: nobody.
    #[default]
    Listen,
    /// 耳语: the agent, and not whom the agent talks with.
    Whisper,
    /// 强插: everybody.
    Barge,
}

/// Whom a supervision follows when agent and customer part.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// The agent, into the calls that follow.
    #[default]
    Agent,
    /// The customer, to whomever they talk with then.
    Customer,
}

/// What becomes of whom an agent talks with when a supervisor takes the agent out (强拆).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parting {
    /// The call ends.
    #[default]
    HangUp,
    /// They are told good-bye, and the call ends.
    Goodbye,
    /// They go back to the head of the queue that they came from.
    Requeue,
}

/// What a leader wants.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Wanted {
    /// To supervise somebody, in place of whom they supervised before.
    Begin(Supervise),
    /// To be heard by others than now.
    Mode(Mode),
    /// 强取: to talk with the customer in the agent's place.
    TakeOver,
    /// 强拆: to end the agent's call.
    Release,
    /// To supervise the next agent who is in a call.
    Next,
    /// No more.
    Stop,
}

/// What a leader's call is told.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum SupervisionNews {
    /// The leader hears this agent from now on, and is heard as the mode says.
    Hears {
        /// Whom.
        agent: String,
        /// Who hears the leader.
        mode: Mode,
    },
    /// The agent is in no call; their next one will be heard.
    Waits {
        /// Whom.
        agent: String,
    },
    /// It is not done; nothing else changes.
    Refused {
        /// Why, in a word: `not_allowed`.
        why: String,
    },
    /// Somebody has ended it.
    Over,
}

impl Mode {
    /// The word that scripts, programs and records use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
        }
    }

    /// The mode of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Listen, Self::Whisper, Self::Barge];
        all.into_iter().find(|mode| mode.word() == word)
    }
}

impl Parting {
    /// The word for the journal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HangUp => "hang up",
            Self::Goodbye => "say good-bye",
            Self::Requeue => "queue again",
        }
    }
}

/// The leader's call, while it supervises.
#[derive(Debug)]
pub(crate) struct Supervising {
    wanted: Supervise,
    since: Instant,
    /// Something has been heard, or will be.
    begun: bool,
    /// What the leader is told.
    saying: Option<PlayId>,
    /// A 9 was pressed; a second one until then releases.
    nine: Option<Instant>,
}

impl Supervising {
    pub(crate) fn new(board: &Board, wanted: Supervise) -> Self {
        Self {
            wanted,
            since: board.now,
            begun: false,
            saying: None,
            nine: None,
        }
    }

    /// Who hears the leader; `None` while there is nobody to hear.
    pub(crate) fn hears(&self, board: &Board) -> Option<Mode> {
        let hears = board.hearing(board.front()) == Hearing::Room;
        hears.then_some(self.wanted.mode)
    }

    /// The leader is in nobody's call any more.
    pub(crate) fn stop(&self, board: &mut Board) {
        board.push(Output::Supervision(Wanted::Stop));
        if board.hearing(board.front()) == Hearing::Room {
            board.hear_room(false);
            board.turn(SegmentKind::Ivr, None);
        }
    }

    fn told(&mut self, board: &mut Board, news: &SupervisionNews) -> Option<Reply> {
        let front = board.front();
        match news {
            SupervisionNews::Hears { agent, mode } => {
                let first = !std::mem::replace(&mut self.begun, true);
                let is_new = first || self.wanted.agent != *agent || self.wanted.mode != *mode;
                self.wanted.agent.clone_from(agent);
                self.wanted.mode = *mode;
                self.saying = None;
                board.hear_room(true);
                // Whose call it is stands in the order: agents find no such calls among their own.
                board.turn(SegmentKind::Monitor, None);
                if is_new {
                    let heard_by = mode.word();
                    board.decide(
                        format!("hear {agent}"),
                        format!("the leader's mode: {heard_by}"),
                    );
                    board.overlay(front, Sound::Tone(Tone::Confirm));
                }
            }
            SupervisionNews::Waits { agent } => {
                self.begun = true;
                self.wanted.agent.clone_from(agent);
                board.hear_room(false);
                board.turn(SegmentKind::Ivr, None);
                let waits = Sound::Named("leader/waiting".to_owned());
                self.saying = Some(board.play(front, vec![waits], 1));
            }
            SupervisionNews::Refused { why } if !self.begun => {
                board.decide("do not supervise", why.as_str());
                self.stop(board);
                return Some(Reply::Supervised(Err(why.clone())));
            }
            SupervisionNews::Refused { why } => {
                board.decide("change nothing", why.as_str());
                let refused = Sound::Named("leader/refused".to_owned());
                board.overlay(front, refused);
            }
            SupervisionNews::Over => return Some(self.end(board)),
        }
        None
    }

    fn end(&self, board: &mut Board) -> Reply {
        self.stop(board);
        board.silence(board.front());
        let lasted = board.now.saturating_duration_since(self.since);
        Reply::Supervised(Ok(lasted))
    }

    fn key(&mut self, board: &mut Board, key: char) -> Option<Reply> {
        let second = self.nine.take().is_some_and(|until| board.now <= until);
        let wanted = match key {
            '4' => Wanted::Mode(Mode::Listen),
            '5' => Wanted::Mode(Mode::Whisper),
            '6' => Wanted::Mode(Mode::Barge),
            '7' => Wanted::TakeOver,
            '9' if second => Wanted::Release,
            '9' => {
                self.nine = Some(board.after(SECOND_NINE));
                return None;
            }
            '*' => Wanted::Next,
            '#' => return Some(self.end(board)),
            _ => return None,
        };
        if self.begun {
            board.push(Output::Supervision(wanted));
        }
        None
    }
}

impl Activity for Supervising {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.keys.clear();
        board.background = None;
        board.answer();
        let wanted = Wanted::Begin(self.wanted.clone());
        board.push(Output::Supervision(wanted));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        if let Some(key) = input.key() {
            return self.key(board, key);
        }
        match input {
            Input::Event(Event::Supervision(news)) => self.told(board, news),
            Input::Event(Event::Played { play } | Event::PlayFailed { play, .. })
                if Some(*play) == self.saying =>
            {
                self.saying = None;
                None
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// How long after the first 9 the second one still means "release".
const SECOND_NINE: Duration = Duration::from_secs(3);
