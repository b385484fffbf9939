//! Recording the caller alone: beep, silence stop, longest length.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::{Event, Keys, PlayId, Purpose, Recorded, RecordingId, Reply, Sound, Tone, Why};

/// Takes down what the caller says.
#[derive(Debug)]
pub(crate) struct Dictation {
    wanted: Terms,
    stage: Stage,
}

/// When a dictation ends, and what it is for.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) max_duration: Duration,
    /// Shorter ones are thrown away.
    pub(crate) min_duration: Duration,
    pub(crate) silence: Duration,
    pub(crate) beep: bool,
    pub(crate) finish_on: Keys,
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Beep(PlayId),
    Recording {
        recording: RecordingId,
        since: Instant,
    },
    Closing {
        recording: RecordingId,
        length: Duration,
        until: Instant,
    },
    Over,
}

/// How a dictation ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Taken {
    Speech {
        recording: RecordingId,
        duration: Duration,
    },
    /// Less than asked for, and thrown away.
    TooShort,
    /// Nothing but silence, and thrown away.
    Silence,
}

/// What a caller who hung up leaves behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfinished {
    pub(crate) recording: RecordingId,
    /// How long it is by our own clock.
    pub(crate) length: Duration,
}

impl Dictation {
    pub(crate) fn new(wanted: Terms) -> Self {
        Self {
            wanted,
            stage: Stage::Over,
        }
    }

    /// The caller is gone: what was said is closed, unless it was too short to keep.
    pub(crate) fn caller_gone(&mut self, board: &mut Board) -> Option<Unfinished> {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        match stage {
            Stage::Beep(_) | Stage::Over => None,
            Stage::Recording { recording, since } => {
                let length = board.now.saturating_duration_since(since);
                if length < self.wanted.min_duration {
                    board.discard_recording(recording);
                    return None;
                }
                board.stop_recording(recording, since, None);
                Some(Unfinished { recording, length })
            }
            Stage::Closing {
                recording, length, ..
            } => Some(Unfinished { recording, length }),
        }
    }

    fn record(&mut self, board: &mut Board) {
        let recording = board.new_recording();
        board.push(crate::Output::StartRecording {
            recording,
            left: Some(board.front()),
            right: None,
            stereo: false,
            silence: self.wanted.silence,
            purpose: self.wanted.purpose,
        });
        self.stage = Stage::Recording {
            recording,
            since: board.now,
        };
    }

    /// `tail` is the silence at the end, which does not count.
    fn stop(&mut self, board: &mut Board, tail: Duration) -> Option<Taken> {
        let Stage::Recording { recording, since } = self.stage else {
            return None;
        };
        let length = board.now.saturating_duration_since(since);
        let spoken = length.saturating_sub(tail);
        let nothing = !tail.is_zero() && spoken < A_WORD;
        if nothing || spoken < self.wanted.min_duration {
            board.discard_recording(recording);
            self.stage = Stage::Over;
            return Some(if nothing {
                Taken::Silence
            } else {
                Taken::TooShort
            });
        }
        board.stop_recording(recording, since, None);
        // The switchboard gives up on a file first, and then reports nothing: this is for us.
        let until = board.after(PATIENCE);
        self.stage = Stage::Closing {
            recording,
            length,
            until,
        };
        None
    }
}

impl Activity for Dictation {
    type Outcome = Taken;

    fn begin(&mut self, board: &mut Board) -> Option<Taken> {
        board.answer();
        board.keys.clear();
        if self.wanted.beep {
            let beep = vec![Sound::Tone(Tone::Beep)];
            self.stage = Stage::Beep(board.play(board.front(), beep, 1));
        } else {
            self.record(board);
        }
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Taken> {
        let finishes = input
            .key()
            .is_some_and(|key| self.wanted.finish_on.contains(key));
        match (self.stage, input) {
            (
                Stage::Beep(beep),
                Input::Event(Event::Played { play } | Event::PlayFailed { play, .. }),
            ) if beep == *play => {
                self.record(board);
                None
            }
            (Stage::Recording { .. }, Input::TimedOut) => self.stop(board, Duration::ZERO),
            (Stage::Recording { .. }, Input::Key(_)) if finishes => {
                self.stop(board, Duration::ZERO)
            }
            (
                Stage::Recording {
                    recording: mine, ..
                },
                Input::Event(Event::Silent { recording }),
            ) if mine == *recording => self.stop(board, self.wanted.silence),
            (
                Stage::Closing {
                    recording: mine, ..
                },
                Input::Event(Event::RecordingClosed {
                    recording,
                    duration,
                    ..
                }),
            ) if mine == *recording => {
                self.stage = Stage::Over;
                Some(Taken::Speech {
                    recording: mine,
                    duration: *duration,
                })
            }
            (
                Stage::Closing {
                    recording, length, ..
                },
                Input::TimedOut,
            ) => {
                self.stage = Stage::Over;
                Some(Taken::Speech {
                    recording,
                    duration: length,
                })
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Recording { since, .. } => Some(since + self.wanted.max_duration.min(LONGEST)),
            Stage::Closing { until, .. } => Some(until),
            Stage::Beep(_) | Stage::Over => None,
        }
    }
}

impl From<Taken> for Reply {
    fn from(taken: Taken) -> Self {
        Self::Recording(match taken {
            Taken::Speech {
                recording,
                duration,
            } => Ok(Recorded {
                id: recording,
                duration,
            }),
            Taken::TooShort | Taken::Silence => Err(Why::Silence),
        })
    }
}

/// Less than this before the silence is a cough, and not a word.
const A_WORD: Duration = Duration::from_millis(300);
/// How long a closed recording may take to reach the disk.
const PATIENCE: Duration = Duration::from_secs(5);
/// No recording of one person is longer.
const LONGEST: Duration = Duration::from_secs(4 * 3600);
