//! The end of a call: everybody is released, the last recording closed, the record written.

use std::time::Instant;

use crate::call::{Call, Phase, Script, Task};
use crate::record::{CallRecord, LegRecord, Outcome};
use crate::voicemail::LastWords;
use crate::{Cause, Event, Leg, LegId, Output};

/// A call that is over, and waits for its recordings to reach the disk.
#[derive(Debug)]
pub(super) struct Ending {
    at: Instant,
    cause: Cause,
    by: String,
    outcome: Outcome,
    /// A message that becomes one when its recording is closed.
    last_words: Option<LastWords>,
}

impl Call {
    /// Ends the call, once: every leg, the script, the recordings.
    pub(super) fn finish(&mut self, cause: Cause, by: String) {
        if !matches!(self.phase, Phase::Live) {
            return;
        }
        let by_caller = self.board.served().is_gone();
        self.transfer_is_off();
        let mut outcome = self.board.story.outcome(cause, by_caller);
        let messages = self.board.story.messages;
        self.board.stop_tape(None);
        let mut last_words = None;
        if let Some(Task { mut work, .. }) = self.foreground.take() {
            last_words = work.abandon(&mut self.board);
        }
        if self.board.story.messages > messages {
            // Hanging up in the review has left the message.
            outcome = self.board.story.outcome(cause, by_caller);
        }
        self.board.unmask();
        self.board.nobody_waits_for_recordings();
        if !by_caller {
            self.board.silence(self.board.front());
        }
        let front = self.board.front();
        let legs = self.board.legs().iter().map(Leg::id);
        let others: Vec<LegId> = legs.filter(|leg| *leg != front).collect();
        for leg in others {
            self.board.release(leg, cause, false);
        }
        self.board.release(front, cause, false);
        if self.script == Script::Running {
            self.script = Script::Ended;
            self.board.push(Output::StopScript);
        }
        let at = self.board.now;
        self.phase = Phase::Ending(Ending {
            at,
            cause,
            by,
            outcome,
            last_words,
        });
        self.end_when_closed();
    }

    /// A released leg that answers is sent away even now.
    pub(super) fn handle_event_in_the_end(&mut self, event: &Event) {
        let we_called = |leg| leg != LegId::CALLER || self.board.options.origin.is_some();
        if let Event::Answered { leg, .. } = *event
            && we_called(leg)
            && self.board.leg(leg).is_some()
        {
            self.board.push(Output::Release {
                leg,
                cause: Cause::Cancelled,
                elsewhere: false,
            });
        }
        if let (
            Phase::Ending(ending),
            Event::RecordingClosed {
                recording,
                duration,
                ..
            },
        ) = (&mut self.phase, event)
            && let Some(words) = &mut ending.last_words
            && words.recording == *recording
        {
            words.length = *duration;
        }
        self.end_when_closed();
    }

    pub(super) fn end_when_closed(&mut self) {
        let Phase::Ending(ending) = &mut self.phase else {
            return;
        };
        if self.board.tape.is_closing() {
            return;
        }
        if let Some(words) = ending.last_words.take() {
            self.board
                .decide("save the message", "the caller hung up after saying enough");
            self.board
                .leave_message(&words.mailbox, words.recording, words.length, words.urgent);
            // What was said of the call before it had a message.
            ending.outcome = self.board.story.outcome(ending.cause, true);
        }
        let (at, cause, by, outcome) = (ending.at, ending.cause, ending.by.clone(), ending.outcome);
        self.phase = Phase::Ended;
        let record = self.record(at, cause, by, outcome);
        self.board.push(Output::Ended(Box::new(record)));
    }

    fn record(&mut self, at: Instant, cause: Cause, by: String, result: Outcome) -> CallRecord {
        let board = &mut self.board;
        let ended_at = board.micros(at);
        let segments = board.timeline.finish(ended_at);
        let legs = board.legs().iter().map(|leg| {
            let (left, cause) = leg.ended.unwrap_or((at, cause));
            LegRecord {
                leg: leg.id(),
                kind: leg.kind.to_owned(),
                peer: leg.peer.clone(),
                invited_at: board.micros(leg.invited_at),
                ringing_at: leg.ringing_at.map(|at| board.micros(at)),
                early_at: leg.early_at.map(|at| board.micros(at)),
                up_at: leg.up_at.map(|at| board.micros(at)),
                ended_at: board.micros(left),
                cause,
            }
        });
        CallRecord {
            id: board.setup.id,
            started_at: board.setup.started_at,
            answered_at: board.caller().up_at.map(|at| board.micros(at)),
            ended_at,
            ended_by: by,
            result,
            cause,
            legs: legs.collect(),
            segments,
            goes_on_in: board.story.goes_on_in,
        }
    }
}
