//! "To listen press 1, to save press 2, to record again press 3"; of a message also "to mark it
//! urgent press 4", and 4 again takes that back. `*` takes it all back.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::play::{Heard, Playing};
use crate::voicemail::{key_after, named};
use crate::{Keys, RecordingId, Sound};

/// Lets the caller decide about what was just recorded.
#[derive(Debug)]
pub(crate) struct Review {
    recording: RecordingId,
    /// Whether the message is urgent; a greeting is neither.
    urgent: Option<bool>,
    asked: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Asking(Gathering),
    Listening(Playing),
}

/// What the caller decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Save,
    Again,
    /// Thinks better of it.
    Cancel,
    /// Said nothing, three times.
    Undecided,
}

impl Review {
    /// Of a message; `urgent` when the caller has called an earlier recording of it so.
    pub(crate) fn of_message(recording: RecordingId, urgent: bool) -> Self {
        Self {
            urgent: Some(urgent),
            ..Self::of_greeting(recording)
        }
    }

    /// Of a greeting.
    pub(crate) fn of_greeting(recording: RecordingId) -> Self {
        Self {
            recording,
            urgent: None,
            asked: 0,
            stage: Stage::Asking(key_after(Vec::new())),
        }
    }

    /// Whether the caller has marked it as urgent.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent == Some(true)
    }

    fn ask(&mut self, board: &mut Board, first: Option<Sound>) -> Option<Verdict> {
        self.asked += 1;
        if self.asked > TRIES {
            board.decide("stop asking", "no valid key in the review");
            return Some(Verdict::Undecided);
        }
        let mut prompt: Vec<Sound> = first.into_iter().collect();
        prompt.push(named("vm/review"));
        if self.urgent == Some(false) {
            prompt.push(named("vm/mark-urgent"));
        }
        let mut question = key_after(prompt);
        let gathered = question.begin(board);
        self.stage = Stage::Asking(question);
        gathered.and_then(|gathered| self.decided(board, &gathered))
    }

    fn decided(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Verdict> {
        let key = match gathered {
            Gathered::Digits(digits) => digits.chars().next(),
            Gathered::Not(_) | Gathered::Failed(_) => None,
        };
        match key {
            Some(key) => self.obey(board, key),
            None => self.ask(board, None),
        }
    }

    fn obey(&mut self, board: &mut Board, key: char) -> Option<Verdict> {
        match (key, self.urgent) {
            ('1', _) => self.listen(board),
            ('2', _) => Some(Verdict::Save),
            ('3', _) => Some(Verdict::Again),
            ('*', _) => Some(Verdict::Cancel),
            ('4', Some(before)) => {
                self.asked = 0;
                self.urgent = Some(!before);
                let said = match before {
                    true => "vm/urgent-off",
                    false => "vm/urgent-on",
                };
                self.ask(board, Some(named(said)))
            }
            _ => self.ask(board, None),
        }
    }

    fn listen(&mut self, board: &mut Board) -> Option<Verdict> {
        self.asked = 0;
        let recorded = vec![Sound::Recording(self.recording)];
        let mut playing = Playing::prompt(recorded, Keys::Of("1234*#".to_owned()));
        let heard = playing.begin(board);
        self.stage = Stage::Listening(playing);
        heard.and_then(|heard| self.heard(board, &heard))
    }

    fn heard(&mut self, board: &mut Board, heard: &Heard) -> Option<Verdict> {
        match heard {
            Heard::Key(key) => self.obey(board, *key),
            Heard::All | Heard::Failed(_) => self.ask(board, None),
        }
    }
}

impl Activity for Review {
    type Outcome = Verdict;

    fn begin(&mut self, board: &mut Board) -> Option<Verdict> {
        self.ask(board, None)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Verdict> {
        match &mut self.stage {
            Stage::Asking(question) => {
                let gathered = question.handle(board, input)?;
                self.decided(board, &gathered)
            }
            Stage::Listening(playing) => {
                let heard = playing.handle(board, input)?;
                self.heard(board, &heard)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Asking(question) => question.deadline(),
            Stage::Listening(playing) => playing.deadline(),
        }
    }
}

/// How often the question is asked without a key.
const TRIES: u32 = 3;
