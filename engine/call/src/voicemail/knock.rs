//! Who is at the phone: the PIN of a mailbox, asked for without opening it.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::voicemail::login::{Entered, Login};
use crate::{Reply, Why};

/// Asks whoever is at the phone for a mailbox's PIN, as the listening menu does.
#[derive(Debug)]
pub(crate) struct Knock {
    login: Login,
}

impl Knock {
    pub(crate) fn new(board: &Board, mailbox: String, (choose, change): (bool, bool)) -> Self {
        let login = Login::new(board, Some(mailbox));
        Self {
            login: login.may_choose(choose).changes(change),
        }
    }
}

impl Activity for Knock {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.answer();
        let entered = self.login.begin(board)?;
        Some(told(board, entered))
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        let entered = self.login.handle(board, input)?;
        Some(told(board, entered))
    }

    fn deadline(&self) -> Option<Instant> {
        self.login.deadline()
    }
}

fn told(board: &mut Board, entered: Entered) -> Reply {
    board.unmask();
    match entered {
        Entered::Open { .. } => Reply::Right(Ok(())),
        Entered::Refused => Reply::Right(Err(Why::Rejected)),
        Entered::NoMailbox(mailbox) => Reply::Mistake(format!("no mailbox '{mailbox}'")),
    }
}
