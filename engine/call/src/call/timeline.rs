//! What a call was, as it goes along: stretches of time, and what decides its outcome.

use crate::acd::QueueName;
use crate::record::{Outcome, Segment, SegmentKind};
use crate::{CallId, Cause, RecordingId, Screened, Why};

/// The stretches of a call; no two overlap, none is empty.
#[derive(Debug)]
pub(crate) struct Timeline {
    done: Vec<Segment>,
    current: Segment,
    /// The queue of the stretches that begin now.
    pub(crate) queue: Option<String>,
}

impl Timeline {
    pub(crate) fn new(at: i64) -> Self {
        let current = Segment {
            kind: SegmentKind::Ivr,
            from: at,
            to: at,
            agent: None,
            queue: None,
            recording: None,
        };
        Self {
            done: Vec::new(),
            current,
            queue: None,
        }
    }

    /// What the stretch that runs is.
    pub(crate) fn kind(&self) -> SegmentKind {
        self.current.kind
    }

    /// Another stretch begins at `at`, unless it would be the same as the one that runs.
    pub(crate) fn turn(
        &mut self,
        at: i64,
        kind: SegmentKind,
        agent: Option<String>,
        recording: Option<RecordingId>,
    ) {
        let current = &self.current;
        let before = (
            current.kind,
            &current.agent,
            &current.queue,
            current.recording,
        );
        if before != (kind, &agent, &self.queue, recording) {
            self.close(at);
            self.current = Segment {
                kind,
                from: at,
                to: at,
                agent,
                queue: self.queue.clone(),
                recording,
            };
        }
    }

    /// A recording began or ended at `at`; the stretch belongs to it from its beginning.
    pub(crate) fn recorded(&mut self, at: i64, recording: Option<RecordingId>) {
        match recording {
            Some(_) => self.current.recording = recording,
            None => self.turn(at, self.current.kind, self.current.agent.clone(), None),
        }
    }

    pub(crate) fn finish(&mut self, at: i64) -> Vec<Segment> {
        self.close(at);
        std::mem::take(&mut self.done)
    }

    fn close(&mut self, at: i64) {
        self.current.to = at;
        if self.current.from < at {
            self.done.push(self.current.clone());
        }
    }
}

/// What has happened that the outcome depends on.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// Somebody was talked to.
    pub(crate) talked: bool,
    /// Messages that were left.
    pub(crate) messages: u32,
    /// The script or the exchange failed.
    pub(crate) failed: bool,
    /// Phones are being rung now.
    pub(crate) ringing: bool,
    /// The caller waits in a queue now.
    pub(crate) queueing: bool,
    /// The queue that has brought them to an agent last.
    pub(crate) brought_by: Option<QueueName>,
    /// They were not let in.
    pub(crate) screened: Option<Screened>,
    /// Why nobody came, the last time.
    pub(crate) nobody: Option<Why>,
    /// A party is in another call now, which tells the rest.
    pub(crate) goes_on_in: Option<CallId>,
    /// Who left the last conversation, if nothing came after.
    pub(crate) parted_by: Option<String>,
}

impl Story {
    pub(crate) fn outcome(&self, cause: Cause, by_caller: bool) -> Outcome {
        if self.goes_on_in.is_some() {
            return Outcome::Transferred;
        }
        match self.screened {
            Some(Screened::Blacklist) => return Outcome::Blacklisted,
            Some(Screened::TooMany) => return Outcome::TooManyCalls,
            None => {}
        }
        if self.talked {
            return Outcome::Answered;
        }
        if self.messages > 0 {
            return Outcome::LeftMessage;
        }
        if self.failed {
            return Outcome::Failed;
        }
        if self.ringing && by_caller {
            return Outcome::AbandonedRinging;
        }
        if self.queueing && by_caller {
            return Outcome::AbandonedInQueue;
        }
        match (self.nobody, cause) {
            // Somebody else has ended the call; the record says who.
            _ if self.queueing && cause != Cause::Failure => Outcome::AbandonedInQueue,
            (Some(Why::NoAnswer), _) => Outcome::RangOut,
            (Some(Why::Busy | Why::Rejected | Why::NotAllowed | Why::LimitReached), _) => {
                Outcome::Refused
            }
            (Some(Why::Timeout), _) => Outcome::QueueTimeout,
            (Some(Why::Congestion | Why::Full), _) => Outcome::NoCapacity,
            (Some(Why::Unavailable | Why::Unallocated | Why::SwitchedOff | Why::Empty), _) => {
                Outcome::Unreachable
            }
            (_, Cause::NoAnswer) if self.ringing => Outcome::RangOut,
            (
                _,
                Cause::Busy
                | Cause::Rejected
                | Cause::Forbidden
                | Cause::NotAllowed
                | Cause::LimitReached,
            ) => Outcome::Refused,
            (_, Cause::Unallocated | Cause::SwitchedOff | Cause::Unavailable) => {
                Outcome::Unreachable
            }
            (_, Cause::Congestion) => Outcome::NoCapacity,
            (_, Cause::Failure) => Outcome::Failed,
            _ if self.ringing => Outcome::AbandonedRinging,
            _ => Outcome::EndedInMenu,
        }
    }
}
