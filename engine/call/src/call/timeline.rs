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

    /// Whoever held until now (`at`), or again and again, was asking somebody by another call since then: what was a hold is
    /// a consultation. So is the time of dialling before it; an older hold ends where that call began.
    pub(crate) fn was_consult(&mut self, since: i64, at: i64) {
        let mut done = Vec::with_capacity(self.done.len() + 1);
        for mut stretch in std::mem::take(&mut self.done) {
            if stretch.kind == SegmentKind::Hold && stretch.to > since {
                done.extend(become_consult(&mut stretch, since));
            }
            done.push(stretch);
        }
        // One that begins now is of whoever has come.
        if self.current.kind == SegmentKind::Hold && self.current.from < at {
            done.extend(become_consult(&mut self.current, since));
        }
        self.done = done;
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

/// Makes a hold a consultation; what it was before that, where it was one for long.
fn become_consult(stretch: &mut Segment, since: i64) -> Option<Segment> {
    let was_long = stretch.from < since - DIALLING;
    let before = was_long.then(|| Segment {
        to: since,
        ..stretch.clone()
    });
    if was_long {
        stretch.from = since;
    }
    stretch.kind = SegmentKind::Consult;
    before
}

/// Microseconds: so long it may take to press hold and to dial.
const DIALLING: i64 = 30_000_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// Stretches of 1049 that end with one that goes on, by the seconds at which they begin.
    fn lived(stretches: &[(i64, SegmentKind)]) -> Timeline {
        let mut timeline = Timeline::new(0);
        for (at, kind) in stretches {
            timeline.turn(at * SECOND, *kind, Some("1049".into()), None);
        }
        timeline
    }

    fn kinds(timeline: &mut Timeline, end: i64) -> Vec<(SegmentKind, i64)> {
        let done = timeline.finish(end * SECOND);
        for pair in done.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{done:?}");
        }
        let length = |it: &Segment| (it.to - it.from) / SECOND;
        done.iter().map(|it| (it.kind, length(it))).collect()
    }

    use SegmentKind::{Consult, Hold, Ivr, Talk};

    #[test]
    fn a_hold_while_somebody_was_asked_is_a_consultation_with_the_time_of_dialling() {
        let mut timeline = lived(&[(0, Talk), (60, Hold), (100, Talk)]);

        timeline.was_consult(65 * SECOND, 100 * SECOND);

        let expected = [(Talk, 60), (Consult, 40), (Talk, 20)];
        assert_eq!(kinds(&mut timeline, 120), expected);
    }

    #[test]
    fn a_hold_that_was_long_before_somebody_was_asked_stays_one_until_then() {
        let mut timeline = lived(&[(0, Talk), (60, Hold)]);

        timeline.was_consult(160 * SECOND, 200 * SECOND);

        let expected = [(Talk, 60), (Hold, 100), (Consult, 40)];
        assert_eq!(kinds(&mut timeline, 200), expected);
    }

    #[test]
    fn who_has_gone_to_and_fro_has_consulted_each_time_and_older_holds_stay_holds() {
        let mut timeline = lived(&[
            (0, Talk),
            (10, Hold),
            (20, Talk),
            (60, Hold),
            (90, Talk),
            (100, Hold),
            (120, Ivr),
        ]);

        timeline.was_consult(61 * SECOND, 120 * SECOND);

        let expected = [
            (Talk, 10),
            (Hold, 10),
            (Talk, 40),
            (Consult, 30),
            (Talk, 10),
            (Consult, 20),
            (Ivr, 5),
        ];
        assert_eq!(kinds(&mut timeline, 125), expected);
    }

    #[test]
    fn whoever_has_come_and_holds_from_now_on_holds() {
        let mut timeline = lived(&[(0, Talk), (60, Hold)]);
        timeline.turn(80 * SECOND, Hold, Some("1050".into()), None);

        timeline.was_consult(65 * SECOND, 80 * SECOND);

        let expected = [(Talk, 60), (Consult, 20), (Hold, 10)];
        assert_eq!(kinds(&mut timeline, 90), expected);
    }
}
