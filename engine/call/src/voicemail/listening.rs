//! The listening menu (*97): 1 again, 2 call back, 4 previous, 6 next, 7 delete, 0 greeting,
//! * leave.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::dictation::{Dictation, Taken, Terms};
use crate::gather::{Gathered, Gathering};
use crate::number::{self, Kind, Plan};
use crate::play::{Heard, Playing};
use crate::voicemail::login::{Entered, Login};
use crate::voicemail::named;
use crate::voicemail::review::{Review, Verdict};
use crate::{
    Gather, Keys, Mailbox, MailboxChange, MailboxMessage, Output, Purpose, RecordingId, Reply, Say,
    SegmentKind, Sound, Tone,
};

/// Plays a mailbox to its owner: new messages first, then the others, each part oldest first.
#[derive(Debug)]
pub(crate) struct Listening {
    mailbox: String,
    messages: Vec<MailboxMessage>,
    /// Which message is being dealt with.
    place: usize,
    /// Whom the owner wants to call now, as it is dialled.
    call_back: Option<String>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Login(Login),
    /// "You have three new messages."
    Count(Playing),
    Message(Playing),
    /// For a key after a message, or when there is none.
    Waiting(Gathering),
    /// A word to the caller, after which the menu waits or goes on.
    Notice {
        playing: Playing,
        then_play: bool,
    },
    Dictating(Dictation),
    Reviewing {
        review: Review,
        recording: RecordingId,
    },
    Bye(Playing),
}

/// How the menu ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Listened {
    Left,
    NoMailbox(String),
}

impl Listening {
    pub(crate) fn new(board: &Board, mailbox: Option<String>) -> Self {
        Self {
            mailbox: String::new(),
            messages: Vec::new(),
            place: 0,
            call_back: None,
            stage: Stage::Login(Login::new(board, mailbox)),
        }
    }

    /// The number to hand the call on to, when the menu has ended so.
    pub(crate) fn call_back(&self) -> Option<&str> {
        self.call_back.as_deref()
    }

    /// The caller is gone: a greeting that was not confirmed is thrown away.
    pub(crate) fn caller_gone(&mut self, board: &mut Board) {
        match &mut self.stage {
            Stage::Dictating(dictation) => {
                if let Some(unfinished) = dictation.caller_gone(board) {
                    board.discard_recording(unfinished.recording);
                }
            }
            Stage::Reviewing { recording, .. } => board.discard_recording(*recording),
            _ => {}
        }
    }

    fn entered(&mut self, board: &mut Board, entered: Entered) -> Option<Listened> {
        board.unmask();
        match entered {
            Entered::Open { mailbox, contents } => {
                self.mailbox = mailbox;
                self.count(board, contents)
            }
            Entered::Refused => self.bye(board),
            Entered::NoMailbox(mailbox) => Some(Listened::NoMailbox(mailbox)),
        }
    }

    fn count(&mut self, board: &mut Board, contents: Mailbox) -> Option<Listened> {
        self.messages = contents.messages;
        self.messages.sort_by_key(|message| message.heard);
        let new = self
            .messages
            .iter()
            .filter(|message| !message.heard)
            .count();
        let sounds = vec![
            named("vm/you-have"),
            Sound::Say(Say::Number(i64::try_from(new).unwrap_or(i64::MAX))),
            named("vm/new"),
        ];
        let mut playing = Playing::prompt(sounds, menu_keys());
        let heard = playing.begin(board);
        self.stage = Stage::Count(playing);
        heard.and_then(|heard| self.counted(board, &heard))
    }

    fn counted(&mut self, board: &mut Board, heard: &Heard) -> Option<Listened> {
        match heard {
            Heard::Key(key @ ('0' | '*')) => self.obey(board, *key),
            _ => self.play(board),
        }
    }

    /// Plays the message at the present place, or waits for a key where there is none.
    fn play(&mut self, board: &mut Board) -> Option<Listened> {
        let Some(message) = self.messages.get(self.place) else {
            return self.wait(board);
        };
        let sounds = vec![
            Sound::Say(Say::Date(message.at)),
            Sound::Say(Say::Time(message.at)),
            Sound::Message(message.id),
        ];
        let mut playing = Playing::new(sounds, menu_keys(), 1);
        let heard = playing.begin(board);
        self.stage = Stage::Message(playing);
        heard.and_then(|heard| self.played(board, heard))
    }

    fn played(&mut self, board: &mut Board, heard: Heard) -> Option<Listened> {
        match heard {
            Heard::All => {
                self.mark_heard(board);
                self.wait(board)
            }
            Heard::Key(key) => {
                if key != '7' && key != '*' {
                    self.mark_heard(board);
                }
                self.obey(board, key)
            }
            Heard::Failed(why) => {
                board.decide("say that the message cannot be played", why);
                self.notice(board, named("sys/error"), false)
            }
        }
    }

    fn wait(&mut self, board: &mut Board) -> Option<Listened> {
        let mut waiting = Gathering::question(Gather {
            prompt: Vec::new(),
            min_digits: 1,
            max_digits: 1,
            timeout: Duration::from_secs(5),
            digit_timeout: Duration::from_secs(5),
            finish_on: Keys::None,
            pattern: None,
            barge_in: true,
        });
        let gathered = waiting.begin(board);
        self.stage = Stage::Waiting(waiting);
        gathered.and_then(|gathered| self.waited(board, &gathered))
    }

    fn waited(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Listened> {
        if let Gathered::Digits(digits) = gathered
            && let Some(key) = digits.chars().next()
        {
            return self.obey(board, key);
        }
        // Nothing pressed: on to the next message, and after the last one good-bye.
        if self.place + 1 < self.messages.len() {
            self.place += 1;
            return self.play(board);
        }
        self.bye(board)
    }

    fn obey(&mut self, board: &mut Board, key: char) -> Option<Listened> {
        match key {
            '1' => {
                self.place = self.place.min(self.messages.len().saturating_sub(1));
                self.play(board)
            }
            '2' => self.begin_call_back(board),
            '4' => {
                self.place = self.place.saturating_sub(1);
                self.play(board)
            }
            '6' => {
                self.place = (self.place + 1).min(self.messages.len());
                self.play(board)
            }
            '7' => self.delete(board),
            '0' => self.dictate(board),
            '*' => self.bye(board),
            _ => self.notice(board, named("menu/invalid"), false),
        }
    }

    /// Who has left no number that can be dialled cannot be called back.
    fn begin_call_back(&mut self, board: &mut Board) -> Option<Listened> {
        let message = self.messages.get(self.place);
        self.call_back = message.and_then(|message| dialled(message.from.as_deref()?));
        match self.call_back {
            Some(_) => Some(Listened::Left),
            None => self.notice(board, named("menu/invalid"), false),
        }
    }

    fn delete(&mut self, board: &mut Board) -> Option<Listened> {
        if self.place >= self.messages.len() {
            return self.notice(board, named("menu/invalid"), false);
        }
        let message = self.messages.remove(self.place).id;
        board.push(Output::Mailbox(MailboxChange::Delete { message }));
        self.notice(board, Sound::Tone(Tone::Confirm), true)
    }

    fn mark_heard(&mut self, board: &mut Board) {
        if let Some(message) = self.messages.get_mut(self.place)
            && !message.heard
        {
            message.heard = true;
            let message = message.id;
            board.push(Output::Mailbox(MailboxChange::Heard { message }));
        }
    }

    fn dictate(&mut self, board: &mut Board) -> Option<Listened> {
        let mut dictation = Dictation::new(Terms {
            max_duration: Duration::from_secs(60),
            min_duration: Duration::from_secs(1),
            silence: Duration::from_secs(5),
            beep: true,
            finish_on: Keys::Of("#".to_owned()),
            purpose: Purpose::Greeting,
        });
        let taken = dictation.begin(board);
        self.stage = Stage::Dictating(dictation);
        taken.and_then(|taken| self.dictated(board, taken))
    }

    fn dictated(&mut self, board: &mut Board, taken: Taken) -> Option<Listened> {
        let Taken::Speech { recording, .. } = taken else {
            return self.notice(board, named("vm/too-short"), false);
        };
        let mut review = Review::new(recording);
        let verdict = review.begin(board);
        self.stage = Stage::Reviewing { review, recording };
        verdict.and_then(|verdict| self.reviewed(board, verdict))
    }

    fn reviewed(&mut self, board: &mut Board, verdict: Verdict) -> Option<Listened> {
        let Stage::Reviewing { recording, .. } = self.stage else {
            return None;
        };
        match verdict {
            Verdict::Save => {
                let mailbox = self.mailbox.clone();
                board.push(Output::Mailbox(MailboxChange::Greeting {
                    mailbox,
                    recording,
                }));
                self.notice(board, Sound::Tone(Tone::Confirm), false)
            }
            Verdict::Again => {
                board.discard_recording(recording);
                self.dictate(board)
            }
            // Nobody confirmed it: the old greeting stays.
            Verdict::Cancel | Verdict::Undecided => {
                board.discard_recording(recording);
                self.wait(board)
            }
        }
    }

    fn notice(&mut self, board: &mut Board, sound: Sound, then_play: bool) -> Option<Listened> {
        let mut playing = Playing::prompt(vec![sound], Keys::None);
        let heard = playing.begin(board);
        self.stage = Stage::Notice { playing, then_play };
        heard.and_then(|_| self.noticed(board))
    }

    fn noticed(&mut self, board: &mut Board) -> Option<Listened> {
        match self.stage {
            Stage::Notice {
                then_play: true, ..
            } => self.play(board),
            _ => self.wait(board),
        }
    }

    fn bye(&mut self, board: &mut Board) -> Option<Listened> {
        let mut playing = Playing::prompt(vec![named("bye/thanks")], Keys::None);
        let heard = playing.begin(board);
        self.stage = Stage::Bye(playing);
        heard.map(|_| Listened::Left)
    }
}

impl Activity for Listening {
    type Outcome = Listened;

    fn begin(&mut self, board: &mut Board) -> Option<Listened> {
        board.answer();
        board.turn(SegmentKind::Voicemail, None);
        let Stage::Login(login) = &mut self.stage else {
            return None;
        };
        let entered = login.begin(board)?;
        self.entered(board, entered)
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Listened> {
        match &mut self.stage {
            Stage::Login(login) => {
                let entered = login.handle(board, input)?;
                self.entered(board, entered)
            }
            Stage::Count(playing) => {
                let heard = playing.handle(board, input)?;
                self.counted(board, &heard)
            }
            Stage::Message(playing) => {
                let heard = playing.handle(board, input)?;
                self.played(board, heard)
            }
            Stage::Waiting(waiting) => {
                let gathered = waiting.handle(board, input)?;
                self.waited(board, &gathered)
            }
            Stage::Notice { playing, .. } => {
                playing.handle(board, input)?;
                self.noticed(board)
            }
            Stage::Dictating(dictation) => {
                let taken = dictation.handle(board, input)?;
                self.dictated(board, taken)
            }
            Stage::Reviewing { review, .. } => {
                let verdict = review.handle(board, input)?;
                self.reviewed(board, verdict)
            }
            Stage::Bye(playing) => playing.handle(board, input).map(|_| Listened::Left),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Login(login) => login.deadline(),
            Stage::Waiting(waiting) => waiting.deadline(),
            Stage::Dictating(dictation) => dictation.deadline(),
            Stage::Reviewing { review, .. } => review.deadline(),
            Stage::Count(playing)
            | Stage::Message(playing)
            | Stage::Notice { playing, .. }
            | Stage::Bye(playing) => playing.deadline(),
        }
    }
}

impl From<Listened> for Reply {
    fn from(listened: Listened) -> Self {
        match listened {
            Listened::Left => Self::Message(None),
            Listened::NoMailbox(mailbox) => Self::Mistake(format!("no mailbox '{mailbox}'")),
        }
    }
}

/// A caller's number as it is dialled within the country; extensions as they are.
fn dialled(from: &str) -> Option<String> {
    let known = number::normalise(from, &Plan::default());
    let is_extension =
        known.kind == Kind::Unknown && from.bytes().all(|digit| digit.is_ascii_digit());
    known
        .national()
        .or_else(|| is_extension.then(|| from.to_owned()))
}

fn menu_keys() -> Keys {
    Keys::Of("124670*".to_owned())
}
