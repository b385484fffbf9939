//! Leaving a message: greeting, beep, recording, review, thanks.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::dictation::{Dictation, Taken, Terms, Unfinished};
use crate::play::{Heard, Playing};
use crate::voicemail::greetings::Own;
use crate::voicemail::review::{Review, Verdict};
use crate::voicemail::{DISK_PATIENCE, named};
use crate::{
    Event, Greeting, GreetingKind, Keys, Left, MailboxChange, MessageId, Output, Purpose,
    RecordingId, Reply, SegmentKind, Sound, Voicemail,
};

/// Takes a message.
///
/// A message that is long enough is never lost: who hangs up while recording or in the review has
/// left it.
#[derive(Debug)]
pub(crate) struct Deposit {
    wanted: Voicemail,
    /// Recordings that were too short or empty.
    failures: u32,
    /// An earlier recording was marked as urgent in its review.
    urgent: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Waiting for the store.
    Opening(Instant),
    Greeting(Playing),
    Dictating(Dictation),
    TooShort(Playing),
    Reviewing {
        review: Review,
        recording: RecordingId,
        duration: Duration,
    },
    /// Waiting for the disk: nothing is called saved that is not.
    Saving {
        left: Left,
        until: Instant,
    },
    Thanking {
        playing: Playing,
        left: Option<Left>,
    },
}

/// How a deposit ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deposited {
    Left(Left),
    Nothing,
    NoMailbox(String),
}

/// A message whose caller is gone, on its way to the disk.
#[derive(Clone, Debug)]
pub(crate) struct LastWords {
    pub(crate) recording: RecordingId,
    pub(crate) mailbox: String,
    /// How long it is by our own clock.
    pub(crate) length: Duration,
    pub(crate) urgent: bool,
}

impl Deposit {
    pub(crate) fn new(board: &Board, wanted: Voicemail) -> Self {
        Self {
            wanted,
            failures: 0,
            urgent: false,
            stage: Stage::Opening(board.after(STORE_PATIENCE)),
        }
    }

    /// The caller is gone; what was said may still become a message.
    pub(crate) fn caller_gone(&mut self, board: &mut Board) -> Option<LastWords> {
        match &mut self.stage {
            Stage::Dictating(dictation) => {
                let Unfinished { recording, length } = dictation.caller_gone(board)?;
                let mailbox = self.wanted.mailbox.clone();
                Some(LastWords {
                    recording,
                    mailbox,
                    length,
                    urgent: self.urgent,
                })
            }
            Stage::Reviewing {
                recording,
                duration,
                review,
            } => {
                let (recording, duration) = (*recording, *duration);
                let urgent = review.is_urgent();
                board.decide("save the message", "the caller hung up in the review");
                board.leave_message(&self.wanted.mailbox, recording, duration, urgent);
                None
            }
            Stage::Opening(_)
            | Stage::Greeting(_)
            | Stage::TooShort(_)
            | Stage::Saving { .. }
            | Stage::Thanking { .. } => None,
        }
    }

    fn opened(&mut self, board: &mut Board, greetings: &Own) -> Option<Deposited> {
        let own = |kind| greetings.get(&kind).copied().map(Sound::Recording);
        let fitting = match &self.wanted.greeting {
            Greeting::None => return self.greet(board, Vec::new(), true),
            Greeting::Sound(sound) => Some(sound.clone()),
            Greeting::Unavailable => own(GreetingKind::Unavailable),
            Greeting::Busy => own(GreetingKind::Busy).or_else(|| own(GreetingKind::Unavailable)),
        };
        let temporary = own(GreetingKind::Temporary).inspect(|_| {
            board.decide(
                "play the temporary greeting",
                "it wins over all others while it is there",
            );
        });
        if let Some(sound) = temporary.or(fitting) {
            return self.greet(board, vec![sound], false);
        }
        let is_busy = self.wanted.greeting == Greeting::Busy;
        let Some(name) = own(GreetingKind::Name) else {
            let busy = is_busy.then(|| named("call/busy"));
            return self.greet(
                board,
                busy.into_iter().chain([named(LEAVE)]).collect(),
                true,
            );
        };
        let why = if is_busy { "vm/busy" } else { "vm/away" };
        self.greet(board, vec![name, named(why), named(LEAVE)], false)
    }

    fn greet(
        &mut self,
        board: &mut Board,
        sounds: Vec<Sound>,
        standard: bool,
    ) -> Option<Deposited> {
        // Who knows the greeting skips it.
        let skip = Keys::Of("#".to_owned());
        let mut playing = if standard {
            Playing::prompt(sounds, skip)
        } else {
            Playing::new(sounds, skip, 1)
        };
        let heard = playing.begin(board);
        self.stage = Stage::Greeting(playing);
        heard.and_then(|heard| self.greeted(board, heard))
    }

    fn greeted(&mut self, board: &mut Board, heard: Heard) -> Option<Deposited> {
        if let Heard::Failed(why) = heard {
            board.decide("play the standard greeting", why);
            return self.greet(board, vec![named(LEAVE)], true);
        }
        self.dictate(board)
    }

    fn dictate(&mut self, board: &mut Board) -> Option<Deposited> {
        let mut dictation = Dictation::new(Terms {
            max_duration: self.wanted.max_duration,
            min_duration: self.wanted.min_duration,
            silence: self.wanted.silence,
            beep: self.wanted.beep,
            finish_on: Keys::Of("#".to_owned()),
            purpose: Purpose::Message,
        });
        let taken = dictation.begin(board);
        self.stage = Stage::Dictating(dictation);
        taken.and_then(|taken| self.taken(board, taken))
    }

    fn taken(&mut self, board: &mut Board, taken: Taken) -> Option<Deposited> {
        let Taken::Speech {
            recording,
            duration,
        } = taken
        else {
            self.failures += 1;
            if self.failures >= TRIES {
                board.decide(
                    "take no message",
                    format!("{TRIES} recordings were too short"),
                );
                return Some(Deposited::Nothing);
            }
            let mut playing = Playing::prompt(vec![named("vm/too-short")], Keys::None);
            let heard = playing.begin(board);
            self.stage = Stage::TooShort(playing);
            return heard.and_then(|_| self.dictate(board));
        };
        if !self.wanted.review {
            return self.save(board, recording, duration);
        }
        let mut review = Review::of_message(recording, self.urgent);
        let verdict = review.begin(board);
        self.stage = Stage::Reviewing {
            review,
            recording,
            duration,
        };
        verdict.and_then(|verdict| self.reviewed(board, verdict))
    }

    fn reviewed(&mut self, board: &mut Board, verdict: Verdict) -> Option<Deposited> {
        let Stage::Reviewing {
            recording,
            duration,
            review,
        } = &self.stage
        else {
            return None;
        };
        let (recording, duration) = (*recording, *duration);
        self.urgent = review.is_urgent();
        match verdict {
            Verdict::Save | Verdict::Undecided => self.save(board, recording, duration),
            Verdict::Again => {
                board.discard_recording(recording);
                self.dictate(board)
            }
            Verdict::Cancel => {
                board.decide("throw the message away", "the caller took it back");
                board.discard_recording(recording);
                Some(Deposited::Nothing)
            }
        }
    }

    fn save(
        &mut self,
        board: &mut Board,
        recording: RecordingId,
        duration: Duration,
    ) -> Option<Deposited> {
        let left = board.leave_message(&self.wanted.mailbox, recording, duration, self.urgent);
        let until = board.after(DISK_PATIENCE);
        self.stage = Stage::Saving { left, until };
        None
    }

    /// The message is on disk, or is known not to be, or nothing is known in time.
    fn saved(&mut self, board: &mut Board, kept: Option<bool>) -> Option<Deposited> {
        let Stage::Saving { left, .. } = &self.stage else {
            return None;
        };
        let (sound, left) = match kept {
            Some(true) => ("vm/saved", Some(left.clone())),
            Some(false) => {
                board.decide("say that it failed", "the message could not be stored");
                board.story.messages = board.story.messages.saturating_sub(1);
                ("sys/error", None)
            }
            None => {
                board.decide(
                    "do not call the message saved",
                    "the store did not answer in time",
                );
                ("bye/thanks", Some(left.clone()))
            }
        };
        let mut playing = Playing::prompt(vec![named(sound)], Keys::Of("#".to_owned()));
        let heard = playing.begin(board);
        self.stage = Stage::Thanking {
            playing,
            left: left.clone(),
        };
        heard.map(|_| Deposited::from(left))
    }
}

impl Activity for Deposit {
    type Outcome = Deposited;

    fn begin(&mut self, board: &mut Board) -> Option<Deposited> {
        board.answer();
        board.turn(SegmentKind::Voicemail, None);
        board.push(Output::OpenMailbox {
            mailbox: self.wanted.mailbox.clone(),
        });
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Deposited> {
        match &mut self.stage {
            Stage::Opening(_) => match input {
                Input::Event(Event::Mailbox { mailbox, found })
                    if *mailbox == self.wanted.mailbox =>
                {
                    match found {
                        Some(found) => self.opened(board, &found.greetings),
                        None => Some(Deposited::NoMailbox(mailbox.clone())),
                    }
                }
                Input::TimedOut => {
                    board.decide(
                        "take the message with the standard greeting",
                        "the store did not answer in time",
                    );
                    self.opened(board, &Own::new())
                }
                Input::Event(_) | Input::Key(_) => None,
            },
            Stage::Greeting(playing) => {
                let heard = playing.handle(board, input)?;
                self.greeted(board, heard)
            }
            Stage::Dictating(dictation) => {
                let taken = dictation.handle(board, input)?;
                self.taken(board, taken)
            }
            Stage::TooShort(playing) => {
                playing.handle(board, input)?;
                self.dictate(board)
            }
            Stage::Reviewing { review, .. } => {
                let verdict = review.handle(board, input)?;
                self.reviewed(board, verdict)
            }
            Stage::Saving { left, .. } => match input {
                Input::Event(Event::MessageKept { message, kept }) if *message == left.id => {
                    self.saved(board, Some(*kept))
                }
                Input::TimedOut => self.saved(board, None),
                Input::Event(_) | Input::Key(_) => None,
            },
            Stage::Thanking { playing, left } => {
                playing.handle(board, input)?;
                Some(Deposited::from(left.clone()))
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opening(until) | Stage::Saving { until, .. } => Some(*until),
            Stage::Greeting(playing)
            | Stage::TooShort(playing)
            | Stage::Thanking { playing, .. } => playing.deadline(),
            Stage::Dictating(dictation) => dictation.deadline(),
            Stage::Reviewing { review, .. } => review.deadline(),
        }
    }
}

impl Board {
    /// Puts a recording into a mailbox.
    pub(crate) fn leave_message(
        &mut self,
        mailbox: &str,
        recording: RecordingId,
        duration: Duration,
        urgent: bool,
    ) -> Left {
        let millis = u64::try_from(self.micros(self.now) / 1000).unwrap_or(0);
        let message = MessageId::new(millis, self.random.ten_bytes());
        self.story.messages += 1;
        self.timeline
            .recorded(self.micros(self.now), Some(recording));
        self.push(Output::Mailbox(MailboxChange::Leave {
            message,
            mailbox: mailbox.to_owned(),
            recording,
            from: self.setup.from.clone(),
            duration,
            urgent,
        }));
        Left {
            id: message,
            mailbox: mailbox.to_owned(),
            duration,
            urgent,
        }
    }
}

impl From<Option<Left>> for Deposited {
    fn from(left: Option<Left>) -> Self {
        left.map_or(Self::Nothing, Self::Left)
    }
}

impl From<Deposited> for Reply {
    fn from(deposited: Deposited) -> Self {
        match deposited {
            Deposited::Left(left) => Self::Message(Some(left)),
            Deposited::Nothing => Self::Message(None),
            Deposited::NoMailbox(mailbox) => Self::Mistake(format!("no mailbox '{mailbox}'")),
        }
    }
}

const LEAVE: &str = "vm/leave";
/// How often a caller may try.
const TRIES: u32 = 3;
/// How long the store may take before the caller is greeted without it.
const STORE_PATIENCE: Duration = Duration::from_secs(3);
