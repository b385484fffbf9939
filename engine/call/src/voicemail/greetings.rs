//! A mailbox's own greetings by phone: 1 unavailable, 2 busy, 3 temporary, 4 the name, `*` back.
//! Of one that is there: 1 listen, 3 record again, 7 delete.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::dictation::{Dictation, Taken, Terms};
use crate::gather::{Gathered, Gathering};
use crate::play::{Heard, Playing};
use crate::voicemail::review::{Review, Verdict};
use crate::voicemail::{DISK_PATIENCE, key_after, named};
use crate::{Event, GreetingKind, Keys, MailboxChange, Output, Purpose, RecordingId, Sound, Tone};

/// The greetings that a mailbox has of its own.
pub(crate) type Own = BTreeMap<GreetingKind, RecordingId>;

/// Lets the owner of a mailbox record, hear and delete its greetings; ends with those that it has
/// then.
#[derive(Debug)]
pub(crate) struct Greetings {
    mailbox: String,
    own: Own,
    /// Questions without an answer.
    failures: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Which one?
    Choosing(Gathering),
    /// What about the one that is there?
    Asking(GreetingKind, Gathering),
    Hearing(GreetingKind, Playing),
    /// "Please record after the tone."
    Instructing(GreetingKind, Playing),
    Dictating(GreetingKind, Dictation),
    Reviewing {
        kind: GreetingKind,
        review: Review,
        recording: RecordingId,
    },
    /// Waiting for the disk: nothing is called done that is not.
    Saving {
        change: MailboxChange,
        until: Instant,
    },
    /// A word to the caller, after which the menu begins anew.
    Notice(Playing),
}

impl Greetings {
    pub(crate) fn new(mailbox: String, own: Own) -> Self {
        Self {
            mailbox,
            own,
            failures: 0,
            stage: Stage::Choosing(key_after(Vec::new())),
        }
    }

    /// The caller is gone: what was not confirmed is thrown away.
    pub(crate) fn caller_gone(&mut self, board: &mut Board) {
        match &mut self.stage {
            Stage::Dictating(_, dictation) => {
                if let Some(unfinished) = dictation.caller_gone(board) {
                    board.discard_recording(unfinished.recording);
                }
            }
            Stage::Reviewing { recording, .. } => board.discard_recording(*recording),
            _ => {}
        }
    }

    fn choose(&mut self, board: &mut Board, first: Option<Sound>) -> Option<Own> {
        let mut question = key_after(first.into_iter().chain([named("vm/greetings")]).collect());
        let gathered = question.begin(board);
        self.stage = Stage::Choosing(question);
        gathered.and_then(|gathered| self.chosen(board, &gathered))
    }

    fn chosen(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Own> {
        let kind = match key(gathered) {
            Some('1') => GreetingKind::Unavailable,
            Some('2') => GreetingKind::Busy,
            Some('3') => GreetingKind::Temporary,
            Some('4') => GreetingKind::Name,
            Some('*') => return Some(std::mem::take(&mut self.own)),
            key => return self.failed(board, key, Self::choose),
        };
        self.failures = 0;
        match self.own.contains_key(&kind) {
            true => self.ask(board, kind, None),
            false => self.instruct(board, kind),
        }
    }

    fn ask(&mut self, board: &mut Board, kind: GreetingKind, first: Option<Sound>) -> Option<Own> {
        let prompt = first.into_iter().chain([named("vm/greeting-recorded")]);
        let mut question = key_after(prompt.collect());
        let gathered = question.begin(board);
        self.stage = Stage::Asking(kind, question);
        gathered.and_then(|gathered| self.answered(board, kind, &gathered))
    }

    fn answered(
        &mut self,
        board: &mut Board,
        kind: GreetingKind,
        gathered: &Gathered,
    ) -> Option<Own> {
        let key = key(gathered);
        match key {
            Some('1') => return self.hear(board, kind),
            Some('3') => return self.instruct(board, kind),
            Some('7') => self.change(board, kind, None),
            Some('*') => return self.choose(board, None),
            _ => {
                return self.failed(board, key, |greetings, board, first| {
                    greetings.ask(board, kind, first)
                });
            }
        }
        None
    }

    fn hear(&mut self, board: &mut Board, kind: GreetingKind) -> Option<Own> {
        self.failures = 0;
        let sound = self.own.get(&kind).copied().map(Sound::Recording);
        let keys = Keys::Of("137*".to_owned());
        let mut playing = Playing::new(sound.into_iter().collect(), keys, 1);
        let heard = playing.begin(board);
        self.stage = Stage::Hearing(kind, playing);
        heard.and_then(|heard| self.heard(board, kind, heard))
    }

    fn heard(&mut self, board: &mut Board, kind: GreetingKind, heard: Heard) -> Option<Own> {
        match heard {
            Heard::All => self.ask(board, kind, None),
            Heard::Key(key) => self.answered(board, kind, &Gathered::Digits(key.into())),
            Heard::Failed(why) => {
                board.decide("say that the greeting cannot be played", why);
                self.ask(board, kind, Some(named("sys/error")))
            }
        }
    }

    fn instruct(&mut self, board: &mut Board, kind: GreetingKind) -> Option<Own> {
        let sounds = vec![named("vm/record-greeting")];
        let mut playing = Playing::prompt(sounds, Keys::Of("#".to_owned()));
        let heard = playing.begin(board);
        self.stage = Stage::Instructing(kind, playing);
        heard.and_then(|_| self.dictate(board, kind))
    }

    fn dictate(&mut self, board: &mut Board, kind: GreetingKind) -> Option<Own> {
        let (longest, shortest) = match kind {
            // A name is said in a moment.
            GreetingKind::Name => (Duration::from_secs(10), Duration::from_millis(400)),
            _ => (Duration::from_secs(60), Duration::from_secs(1)),
        };
        let mut dictation = Dictation::new(Terms {
            max_duration: longest,
            min_duration: shortest,
            silence: Duration::from_secs(5),
            beep: true,
            finish_on: Keys::Of("#".to_owned()),
            purpose: Purpose::Greeting,
        });
        let taken = dictation.begin(board);
        self.stage = Stage::Dictating(kind, dictation);
        taken.and_then(|taken| self.dictated(board, kind, taken))
    }

    fn dictated(&mut self, board: &mut Board, kind: GreetingKind, taken: Taken) -> Option<Own> {
        let Taken::Speech { recording, .. } = taken else {
            return self.notice(board, named("vm/too-short"));
        };
        let mut review = Review::of_greeting(recording);
        let verdict = review.begin(board);
        self.stage = Stage::Reviewing {
            kind,
            review,
            recording,
        };
        verdict.and_then(|verdict| self.reviewed(board, kind, recording, verdict))
    }

    fn reviewed(
        &mut self,
        board: &mut Board,
        kind: GreetingKind,
        recording: RecordingId,
        verdict: Verdict,
    ) -> Option<Own> {
        match verdict {
            Verdict::Save => {
                self.change(board, kind, Some(recording));
                None
            }
            Verdict::Again => {
                board.discard_recording(recording);
                self.dictate(board, kind)
            }
            // Nobody confirmed it: what was there before stays.
            Verdict::Cancel | Verdict::Undecided => {
                board.discard_recording(recording);
                self.choose(board, None)
            }
        }
    }

    fn change(&mut self, board: &mut Board, kind: GreetingKind, recording: Option<RecordingId>) {
        let change = MailboxChange::Greeting {
            mailbox: self.mailbox.clone(),
            kind,
            recording,
        };
        board.push(Output::Mailbox(change.clone()));
        let until = board.after(DISK_PATIENCE);
        self.stage = Stage::Saving { change, until };
    }

    /// A greeting has been changed on disk, or could not be: perhaps later than we have waited.
    fn changed(&mut self, board: &mut Board, change: &MailboxChange, kept: bool) -> Option<Own> {
        let MailboxChange::Greeting {
            kind, recording, ..
        } = change
        else {
            return None;
        };
        match (kept, recording) {
            (true, Some(recording)) => _ = self.own.insert(*kind, *recording),
            (true, None) => _ = self.own.remove(kind),
            (false, Some(recording)) => board.discard_recording(*recording),
            (false, None) => {}
        }
        let is_awaited =
            matches!(&self.stage, Stage::Saving { change: awaited, .. } if awaited == change);
        if !is_awaited {
            return None;
        }
        if kept {
            return self.notice(board, Sound::Tone(Tone::Confirm));
        }
        board.decide("say that it failed", "the greeting could not be stored");
        self.notice(board, named("sys/error"))
    }

    fn notice(&mut self, board: &mut Board, sound: Sound) -> Option<Own> {
        let mut playing = Playing::prompt(vec![sound], Keys::None);
        let heard = playing.begin(board);
        self.stage = Stage::Notice(playing);
        heard.and_then(|_| self.choose(board, None))
    }

    /// Asks again after a wrong key or none; the last time goes back.
    fn failed(
        &mut self,
        board: &mut Board,
        key: Option<char>,
        again: impl FnOnce(&mut Self, &mut Board, Option<Sound>) -> Option<Own>,
    ) -> Option<Own> {
        self.failures += 1;
        if self.failures >= TRIES {
            board.decide("go back to the messages", "no valid key for a greeting");
            return Some(std::mem::take(&mut self.own));
        }
        again(self, board, key.map(|_| named("menu/invalid")))
    }
}

impl Activity for Greetings {
    type Outcome = Own;

    fn begin(&mut self, board: &mut Board) -> Option<Own> {
        self.choose(board, None)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Own> {
        if let Input::Event(Event::MailboxChanged { change, kept }) = input {
            return self.changed(board, change, *kept);
        }
        match &mut self.stage {
            Stage::Choosing(question) => {
                let gathered = question.handle(board, input)?;
                self.chosen(board, &gathered)
            }
            Stage::Asking(kind, question) => {
                let kind = *kind;
                let gathered = question.handle(board, input)?;
                self.answered(board, kind, &gathered)
            }
            Stage::Hearing(kind, playing) => {
                let kind = *kind;
                let heard = playing.handle(board, input)?;
                self.heard(board, kind, heard)
            }
            Stage::Instructing(kind, playing) => {
                let kind = *kind;
                playing.handle(board, input)?;
                self.dictate(board, kind)
            }
            Stage::Dictating(kind, dictation) => {
                let kind = *kind;
                let taken = dictation.handle(board, input)?;
                self.dictated(board, kind, taken)
            }
            Stage::Reviewing {
                kind,
                review,
                recording,
            } => {
                let (kind, recording) = (*kind, *recording);
                let verdict = review.handle(board, input)?;
                self.reviewed(board, kind, recording, verdict)
            }
            Stage::Saving { .. } => {
                if let Some(key) = input.key() {
                    board.keys.push(key);
                }
                if !input.is_time_out() {
                    return None;
                }
                board.decide(
                    "do not call the greeting changed",
                    "the store did not answer in time",
                );
                self.notice(board, named("sys/error"))
            }
            Stage::Notice(playing) => {
                playing.handle(board, input)?;
                self.choose(board, None)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Choosing(question) | Stage::Asking(_, question) => question.deadline(),
            Stage::Hearing(_, playing)
            | Stage::Instructing(_, playing)
            | Stage::Notice(playing) => playing.deadline(),
            Stage::Dictating(_, dictation) => dictation.deadline(),
            Stage::Reviewing { review, .. } => review.deadline(),
            Stage::Saving { until, .. } => Some(*until),
        }
    }
}

/// The key that was pressed, if one was.
fn key(gathered: &Gathered) -> Option<char> {
    match gathered {
        Gathered::Digits(digits) => digits.chars().next(),
        Gathered::Not(_) | Gathered::Failed(_) => None,
    }
}

/// How often a question is asked without a valid key.
const TRIES: u32 = 3;
