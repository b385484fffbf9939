//! Collecting digits: barge-in, type-ahead, time-outs, patterns.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::route::{Pattern, PatternError};
use crate::{Event, Gather, PlayId, Reply, Why};

/// Collects digits from the caller.
///
/// Keys that were pressed ahead count first. With barge-in they, like the first key pressed, cut
/// the prompt; without it the prompt is heard to its end and keys wait.
#[derive(Debug)]
pub(crate) struct Gathering {
    wanted: Gather,
    pattern: Option<Pattern>,
    digits: String,
    count: usize,
    /// A prompt of the exchange's own: without its file the digits are asked for in silence.
    lenient: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Prompt(PlayId),
    /// The prompt is over; until when the next digit may come.
    Listening(Instant),
    Over,
}

/// What was collected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Gathered {
    Digits(String),
    Not(Why),
    /// The prompt could not be played, and the sentence that says why.
    Failed(String),
}

impl Gathering {
    /// What the script asked for; the pattern may be none.
    pub(crate) fn new(wanted: Gather) -> Result<Self, PatternError> {
        let pattern = wanted.pattern.as_deref().map(Pattern::parse).transpose()?;
        Ok(Self {
            pattern,
            lenient: false,
            ..Self::question(wanted)
        })
    }

    /// A question of the exchange's own, of any digits; its prompt never fails.
    pub(crate) fn question(wanted: Gather) -> Self {
        Self {
            wanted,
            pattern: None,
            digits: String::new(),
            count: 0,
            lenient: true,
            stage: Stage::Over,
        }
    }

    fn listen(&mut self, board: &mut Board) -> Option<Gathered> {
        let wait = if self.digits.is_empty() {
            self.wanted.timeout
        } else {
            self.wanted.digit_timeout
        };
        self.stage = Stage::Listening(board.after(wait));
        self.take_waiting(board)
    }

    fn take_waiting(&mut self, board: &mut Board) -> Option<Gathered> {
        while let Some(key) = board.keys.pop() {
            if let Some(outcome) = self.take(board, key) {
                return Some(outcome);
            }
        }
        None
    }

    fn take(&mut self, board: &Board, key: char) -> Option<Gathered> {
        if self.wanted.finish_on.contains(key) {
            return Some(self.finish());
        }
        self.digits.push(key);
        self.count += 1;
        let most = match self.wanted.max_digits {
            0 => LIMIT,
            most => most.min(LIMIT),
        };
        if self.count >= most {
            return Some(self.finish());
        }
        self.stage = Stage::Listening(board.after(self.wanted.digit_timeout));
        None
    }

    fn finish(&mut self) -> Gathered {
        self.stage = Stage::Over;
        if self.count < self.wanted.min_digits {
            return Gathered::Not(Why::Timeout);
        }
        match &self.pattern {
            Some(pattern) if !pattern.matches(&self.digits) => Gathered::Not(Why::NoMatch),
            _ => Gathered::Digits(std::mem::take(&mut self.digits)),
        }
    }
}

impl Activity for Gathering {
    type Outcome = Gathered;

    fn begin(&mut self, board: &mut Board) -> Option<Gathered> {
        board.be_audible();
        let ahead = self.wanted.barge_in && !board.keys.is_empty();
        if ahead || self.wanted.prompt.is_empty() {
            return self.listen(board);
        }
        let prompt = self.wanted.prompt.clone();
        self.stage = Stage::Prompt(board.play(board.front(), prompt, 1));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Gathered> {
        if let Some(key) = input.key() {
            if let Stage::Prompt(_) = self.stage {
                if !self.wanted.barge_in {
                    board.keys.push(key);
                    return None;
                }
                board.silence(board.front());
            }
            return self.take(board, key);
        }
        match (self.stage, input) {
            (Stage::Prompt(mine), Input::Event(Event::Played { play })) if mine == *play => {
                self.listen(board)
            }
            (Stage::Prompt(mine), Input::Event(Event::PlayFailed { play, why }))
                if mine == *play =>
            {
                if !self.lenient {
                    return Some(Gathered::Failed(why.clone()));
                }
                board.decide("ask without the prompt", why.as_str());
                self.listen(board)
            }
            (Stage::Listening(_), Input::TimedOut) => Some(self.finish()),
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Listening(until) => Some(until),
            Stage::Prompt(_) | Stage::Over => None,
        }
    }
}

impl From<Gathered> for Reply {
    fn from(gathered: Gathered) -> Self {
        match gathered {
            Gathered::Digits(digits) => Self::Digits(Ok(digits)),
            Gathered::Not(why) => Self::Digits(Err(why)),
            Gathered::Failed(why) => Self::Mistake(why),
        }
    }
}

/// More digits than any number has.
const LIMIT: usize = 64;
