//! The recording of a conversation, which belongs to the call and not to a leg, and the recordings
//! that are being closed.

use std::time::{Duration, Instant};

use crate::call::board::Board;
use crate::leg::Hearing;
use crate::{LegId, Output, Purpose, Recorded, RecordingId, Reply, RequestId, Sound, Tone};

/// What runs of recordings in a call.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// The other parties are those whom this leg hears: in a room, or as one of three.
    heard_by: Option<LegId>,
    /// What is said is left out.
    masked: bool,
    conversation: Option<Conversation>,
    closing: Vec<Closing>,
}

#[derive(Debug)]
struct Conversation {
    recording: RecordingId,
    /// `None` until the caller is answered: nothing can be heard before.
    since: Option<Instant>,
    /// Who is on it beside the caller.
    other: Option<LegId>,
    /// A bridge began it, and the bridge's end ends it.
    by_bridge: bool,
    beep: bool,
}

/// A recording that was stopped and is not yet on disk.
#[derive(Debug)]
struct Closing {
    recording: RecordingId,
    /// The script that waits for it.
    request: Option<RequestId>,
    /// How long it is by our own clock.
    length: Duration,
    until: Instant,
}

impl Tape {
    /// The recording of the conversation, while it runs.
    pub(crate) fn running(&self) -> Option<RecordingId> {
        let conversation = self.conversation.as_ref()?;
        conversation.since.map(|_| conversation.recording)
    }

    /// Whether what is said is left out of the recording that runs.
    pub(crate) fn is_masked(&self) -> bool {
        self.masked
    }

    pub(crate) fn is_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.closing.iter().map(|closing| closing.until).min()
    }
}

impl Board {
    pub(crate) fn new_recording(&mut self) -> RecordingId {
        let millis = u64::try_from(self.micros(self.now) / 1000).unwrap_or(0);
        RecordingId::new(millis, self.random.ten_bytes())
    }

    /// Starts recording the conversation, or goes on with the one that runs.
    pub(crate) fn start_tape(&mut self, beep: bool, by_bridge: bool) -> RecordingId {
        if let Some(conversation) = &mut self.tape.conversation {
            // What the script asked for outlives a bridge that asked first.
            conversation.by_bridge &= by_bridge;
            return conversation.recording;
        }
        let recording = self.new_recording();
        let other = match self.hearing(self.front()) {
            Hearing::Leg(other) => Some(other),
            _ => None,
        };
        self.tape.conversation = Some(Conversation {
            recording,
            since: None,
            other,
            by_bridge,
            beep,
        });
        if self.served().is_up() {
            self.start_waiting_tape();
        }
        recording
    }

    /// The caller is answered: what was asked for before begins now.
    pub(crate) fn start_waiting_tape(&mut self) {
        let now = self.now;
        let Some(conversation) = &mut self.tape.conversation else {
            return;
        };
        if conversation.since.is_some() {
            return;
        }
        conversation.since = Some(now);
        let (recording, other, beep) = (
            conversation.recording,
            conversation.other,
            conversation.beep,
        );
        let [left, right] = self.channels(other);
        self.push(Output::StartRecording {
            recording,
            left,
            right,
            stereo: true,
            silence: Duration::ZERO,
            purpose: Purpose::Call,
        });
        self.record_whom_one_hears(recording);
        self.timeline.recorded(self.micros(now), Some(recording));
        if beep {
            self.beep_to_both(other);
        }
    }

    /// Another party, or none, is with the one whom the script serves now.
    pub(crate) fn tape_follows(&mut self, other: Option<LegId>) {
        let conversation = self.tape.conversation.as_ref();
        if conversation.is_some_and(|conversation| conversation.other != other) {
            self.tape_moves(other);
        }
    }

    /// These are the parties of the conversation now, whoever they were before.
    pub(crate) fn tape_moves(&mut self, other: Option<LegId>) {
        let Some(conversation) = &mut self.tape.conversation else {
            return;
        };
        conversation.other = other;
        let (recording, running) = (conversation.recording, conversation.since.is_some());
        if running {
            let [left, right] = self.channels(other);
            self.push(Output::MoveRecording {
                recording,
                left,
                right,
            });
            self.record_whom_one_hears(recording);
        }
    }

    fn record_whom_one_hears(&mut self, recording: RecordingId) {
        if let Some(leg) = self.tape.heard_by.filter(|_| !self.tape.masked) {
            self.push(Output::RecordRoom { recording, leg });
        }
    }

    /// Leaves what is said out of the recording from now on, or no longer. False when nothing is
    /// recorded, or that is so already.
    pub(crate) fn mask_tape(&mut self, masked: bool) -> bool {
        let Some(conversation) = self.tape.conversation.as_ref() else {
            return false;
        };
        let (other, before) = (conversation.other, self.tape.masked);
        if before == masked {
            return false;
        }
        self.tape.masked = masked;
        self.tape_moves(other);
        true
    }

    /// Whether what a leg says belongs to the conversation.
    pub(crate) fn take_off_tape(&mut self, leg: LegId, off: bool) {
        let Some(known) = self.leg_mut(leg).filter(|leg| leg.off_tape != off) else {
            return;
        };
        known.off_tape = off;
        if let Some(conversation) = &self.tape.conversation {
            self.tape_moves(conversation.other);
        }
    }

    /// The other parties are those whom this leg hears, with two others; or two talk again.
    pub(crate) fn tape_hears_with(&mut self, leg: Option<LegId>) {
        if self.tape.heard_by != leg {
            self.tape.heard_by = leg;
            self.tape_moves(None);
        }
    }

    /// From now on the other parties are those of a room.
    pub(crate) fn tape_enters_room(&mut self) {
        self.tape.heard_by = Some(self.front());
        self.tape_moves(None);
    }

    /// They are not any longer.
    pub(crate) fn tape_leaves_room(&mut self) {
        if self.tape.heard_by.take().is_some() {
            self.tape_moves(None);
        }
    }

    /// The bridge has ended, and with it what it began.
    pub(crate) fn bridge_leaves_tape(&mut self) {
        if self
            .tape
            .conversation
            .as_ref()
            .is_some_and(|tape| tape.by_bridge)
        {
            self.stop_tape(None);
        } else {
            self.tape_follows(None);
        }
    }

    /// Stops recording the conversation; `request` is answered when it is on disk. False when
    /// nothing ran.
    pub(crate) fn stop_tape(&mut self, request: Option<RequestId>) -> bool {
        let Some(conversation) = self.tape.conversation.take() else {
            return false;
        };
        self.tape.masked = false;
        let Some(since) = conversation.since else {
            return false;
        };
        self.stop_recording(conversation.recording, since, request);
        self.timeline.recorded(self.micros(self.now), None);
        true
    }

    /// Closes a recording and waits for it.
    pub(crate) fn stop_recording(
        &mut self,
        recording: RecordingId,
        since: Instant,
        request: Option<RequestId>,
    ) {
        self.push(Output::StopRecording {
            recording,
            discard: false,
        });
        let length = self.now.saturating_duration_since(since);
        let until = self.after(PATIENCE);
        self.tape.closing.push(Closing {
            recording,
            request,
            length,
            until,
        });
    }

    pub(crate) fn discard_recording(&mut self, recording: RecordingId) {
        self.push(Output::StopRecording {
            recording,
            discard: true,
        });
    }

    /// A recording is on disk.
    pub(crate) fn recording_closed(&mut self, recording: RecordingId, duration: Duration) {
        let Some(place) = self
            .tape
            .closing
            .iter()
            .position(|it| it.recording == recording)
        else {
            return;
        };
        let closing = self.tape.closing.swap_remove(place);
        if let Some(request) = closing.request {
            self.reply(
                request,
                Reply::Recording(Ok(Recorded {
                    id: recording,
                    duration,
                })),
            );
        }
    }

    /// The script that waited for recordings is gone.
    pub(crate) fn nobody_waits_for_recordings(&mut self) {
        for closing in &mut self.tape.closing {
            closing.request = None;
        }
    }

    /// Gives up waiting for recordings that should have been closed by now.
    pub(crate) fn recordings_overdue(&mut self) {
        while let Some(late) = self.tape.closing.iter().find(|it| it.until <= self.now) {
            let (recording, length) = (late.recording, late.length);
            self.decide(
                format!("recording {recording} counts as {} s", length.as_secs()),
                "its end was not reported in time",
            );
            self.recording_closed(recording, length);
        }
    }

    /// The customer is left and the agent right. Of two insiders or two outsiders the one whom the
    /// script serves is left.
    fn channels(&self, other: Option<LegId>) -> [Option<LegId>; 2] {
        if self.tape.masked {
            return [None, None];
        }
        let on_tape = |leg: LegId| {
            let is_off = self.leg(leg).is_some_and(|leg| leg.off_tape);
            (!is_off).then_some(leg)
        };
        let front = self.front();
        if let Some(leg) = self.tape.heard_by.filter(|leg| *leg != front) {
            return [Some(leg), None];
        }
        let is_insider = |leg: &crate::Leg| leg.user().is_some();
        let customer_called = other
            .and_then(|id| self.leg(id))
            .is_some_and(|leg| is_insider(self.served()) && !is_insider(leg));
        if customer_called {
            [other.and_then(on_tape), on_tape(front)]
        } else {
            [on_tape(front), other.and_then(on_tape)]
        }
    }

    fn beep_to_both(&mut self, other: Option<LegId>) {
        for leg in [Some(self.front()), other].into_iter().flatten() {
            // A beep would cut a prompt short, and the script would wait for its end for ever.
            if matches!(
                self.hearing(leg),
                Hearing::Leg(_) | Hearing::Trio | Hearing::Nothing
            ) {
                self.overlay(leg, Sound::Tone(Tone::Beep));
            }
        }
    }
}

/// How long a closed recording may take to reach the disk before the call goes on without it.
const PATIENCE: Duration = Duration::from_secs(5);
