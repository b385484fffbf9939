//! What falls due in a call, the soonest first.

use std::time::Instant;

use crate::Cause;
use crate::call::activity::Input;
use crate::call::transfers::Transfer;
use crate::call::{Call, Phase};
use crate::journal::What;

impl Call {
    /// Does what is due; `now` is [`poll_timeout`](Self::poll_timeout) or later.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.board.now = now;
        // Each round moves a deadline: a hunt in order of as many targets with no time to ring is
        // the longest chain.
        for _ in 0..ROUNDS {
            if self.poll_timeout().is_none_or(|due| due > now) {
                return;
            }
            self.do_what_is_due(now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let work = self
            .foreground
            .as_ref()
            .and_then(|task| task.work.deadline());
        match &self.phase {
            Phase::Live => {
                let transfer = self.transfer.as_ref().map(Transfer::deadline);
                let tape = self.board.tape.deadline();
                [
                    work,
                    self.unanswered_until(),
                    tape,
                    transfer,
                    self.ringing_until,
                    self.typing.deadline(),
                ]
                .into_iter()
                .flatten()
                .min()
            }
            Phase::Ending(_) => self.board.tape.deadline(),
            Phase::Ended => None,
        }
    }

    fn unanswered_until(&self) -> Option<Instant> {
        let caller = self.board.caller();
        let limit = self.board.options.ring_limit.min(RING_LIMIT);
        (!caller.is_up() && !caller.is_gone()).then(|| self.board.birth() + limit)
    }

    fn do_what_is_due(&mut self, now: Instant) {
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|due| due <= now);
        if is_due(self.board.tape.deadline()) {
            self.note_timer("recording");
            self.board.recordings_overdue();
            if let Phase::Ending(_) = self.phase {
                self.end_when_closed();
            }
            return;
        }
        if is_due(self.transfer.as_ref().map(Transfer::deadline)) {
            self.note_timer("transfer");
            return self.transfer_is_overdue();
        }
        if is_due(self.typing.deadline()) {
            self.note_timer("codes");
            return self.typing_is_overdue();
        }
        if is_due(self.ringing_until) {
            self.note_timer("origin");
            return self.first_rang_out();
        }
        if is_due(self.unanswered_until()) {
            self.note_timer("ring_limit");
            self.board
                .decide("end the call", "nobody answered it for too long");
            self.finish(Cause::NoAnswer, "system:ring_limit".to_owned());
            return;
        }
        if let Some(task) = &self.foreground {
            self.note_timer(task.work.word());
            self.pass(Input::TimedOut);
            self.look_at_transfer(None);
        }
    }

    fn note_timer(&mut self, of: &str) {
        self.board.note(What::Timer { of: of.to_owned() });
    }
}

/// More rounds than any chain of deadlines that fall together.
const ROUNDS: usize = 1000;
/// RFC 3261 proxies let an INVITE live for three minutes, and so do we.
const RING_LIMIT: std::time::Duration = std::time::Duration::from_secs(180);
