//! "To listen press 1, to save press 2, to record again press 3"; `*` takes it all back.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::play::{Heard, Playing};
use crate::voicemail::named;
use crate::{Gather, Keys, RecordingId, Sound};

/// Lets the caller decide about what was just recorded.
#[derive(Debug)]
pub(crate) struct Review {
    recording: RecordingId,
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
    pub(crate) fn new(recording: RecordingId) -> Self {
        Self {
            recording,
            asked: 0,
            stage: Stage::Asking(question()),
        }
    }

    fn ask(&mut self, board: &mut Board) -> Option<Verdict> {
        self.asked += 1;
        if self.asked > TRIES {
            board.decide("stop asking", "no valid key in the review");
            return Some(Verdict::Undecided);
        }
        let mut question = question();
        let gathered = question.begin(board);
        self.stage = Stage::Asking(question);
        gathered.and_then(|gathered| self.decided(board, &gathered))
    }

    fn decided(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Verdict> {
        match gathered {
            Gathered::Digits(key) if key == "1" => self.listen(board),
            Gathered::Digits(key) if key == "2" => Some(Verdict::Save),
            Gathered::Digits(key) if key == "3" => Some(Verdict::Again),
            Gathered::Digits(key) if key == "*" => Some(Verdict::Cancel),
            Gathered::Digits(_) | Gathered::Not(_) | Gathered::Failed(_) => self.ask(board),
        }
    }

    fn listen(&mut self, board: &mut Board) -> Option<Verdict> {
        self.asked = 0;
        let recorded = vec![Sound::Recording(self.recording)];
        let mut playing = Playing::prompt(recorded, Keys::Of("123*#".to_owned()));
        let heard = playing.begin(board);
        self.stage = Stage::Listening(playing);
        heard.and_then(|heard| self.heard(board, &heard))
    }

    fn heard(&mut self, board: &mut Board, heard: &Heard) -> Option<Verdict> {
        match heard {
            Heard::Key('1') => self.listen(board),
            Heard::Key('2') => Some(Verdict::Save),
            Heard::Key('3') => Some(Verdict::Again),
            Heard::Key('*') => Some(Verdict::Cancel),
            Heard::Key(_) | Heard::All | Heard::Failed(_) => self.ask(board),
        }
    }
}

impl Activity for Review {
    type Outcome = Verdict;

    fn begin(&mut self, board: &mut Board) -> Option<Verdict> {
        self.ask(board)
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

fn question() -> Gathering {
    Gathering::question(Gather {
        prompt: vec![named("vm/review")],
        min_digits: 1,
        max_digits: 1,
        timeout: Duration::from_secs(5),
        digit_timeout: Duration::from_secs(5),
        finish_on: Keys::None,
        pattern: None,
        barge_in: true,
    })
}

/// How often the question is asked without a key.
const TRIES: u32 = 3;
