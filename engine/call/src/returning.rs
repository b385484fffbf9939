//! Somebody who has asked to be called back has answered: they confirm it by a key, which no answering
//! machine presses, and wait in their own place.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::queueing::Queueing;
use crate::{Gather, Keys, Queue, Reply, Sound, Why};

/// Asks, and then waits in the queue.
#[derive(Debug)]
pub(crate) struct Returning {
    stage: Stage,
    queue: Queue,
    asked: u32,
}

#[derive(Debug)]
enum Stage {
    Asking(Box<Gathering>),
    Waiting(Box<Queueing>),
}

impl Returning {
    pub(crate) fn new(queue: Queue) -> Self {
        Self {
            stage: Stage::Asking(Box::new(question())),
            queue,
            asked: 1,
        }
    }

    /// The wait, once it was confirmed.
    pub(crate) fn queueing(&self) -> Option<&Queueing> {
        match &self.stage {
            Stage::Asking(_) => None,
            Stage::Waiting(queueing) => Some(queueing),
        }
    }

    pub(crate) fn queueing_mut(&mut self) -> Option<&mut Queueing> {
        match &mut self.stage {
            Stage::Asking(_) => None,
            Stage::Waiting(queueing) => Some(queueing),
        }
    }

    fn answered(&mut self, board: &mut Board, keys: &Gathered) -> Option<Reply> {
        if *keys == Gathered::Digits(YES.to_owned()) {
            board.decide(
                "wait for the agent who is held",
                "the customer has confirmed it",
            );
            let mut queueing = Queueing::new(self.queue.clone());
            let reply = queueing.begin(board);
            self.stage = Stage::Waiting(Box::new(queueing));
            return reply;
        }
        if self.asked >= TIMES {
            board.decide(
                "hang up",
                "nobody has confirmed that they wanted to be called back",
            );
            return Some(Reply::Leg(Err(Why::NoAnswer)));
        }
        self.asked += 1;
        let mut again = question();
        let ended = again.begin(board);
        self.stage = Stage::Asking(Box::new(again));
        ended.and_then(|keys| self.answered(board, &keys))
    }
}

impl Activity for Returning {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        match &mut self.stage {
            Stage::Asking(question) => {
                let keys = question.begin(board)?;
                self.answered(board, &keys)
            }
            Stage::Waiting(queueing) => queueing.begin(board),
        }
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        match &mut self.stage {
            Stage::Asking(question) => {
                let keys = question.handle(board, input)?;
                self.answered(board, &keys)
            }
            Stage::Waiting(queueing) => queueing.handle(board, input),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Asking(question) => question.deadline(),
            Stage::Waiting(queueing) => queueing.deadline(),
        }
    }
}

fn question() -> Gathering {
    Gathering::question(Gather {
        prompt: vec![Sound::Named("queue/callback-call".to_owned())],
        min_digits: 1,
        max_digits: 1,
        timeout: Duration::from_secs(8),
        digit_timeout: Duration::from_secs(1),
        finish_on: Keys::None,
        pattern: None,
        barge_in: true,
    })
}

/// The key that confirms it.
const YES: &str = "1";
/// How often it is asked for.
const TIMES: u32 = 2;
