//! The listening menu (*97): 1 again, 2 call back, 4 previous, 5 see to it oneself, 6 next, 7 delete,
//! 0 greetings, * leave.

use std::time::Instant;

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::number::{self, Kind, Plan};
use crate::play::{Heard, Playing};
use crate::voicemail::greetings::{Greetings, Own};
use crate::voicemail::login::{Entered, Login};
use crate::voicemail::{DISK_PATIENCE, key_after, named};
use crate::{
    Event, Keys, Mailbox, MailboxChange, MailboxMessage, MessageId, Output, Reply, Say,
    SegmentKind, Sound, Tone,
};

/// Plays a mailbox to its owner: new messages first, then the others; of each the urgent ones
/// first, and then the oldest.
#[derive(Debug)]
pub(crate) struct Listening {
    mailbox: String,
    greetings: Own,
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
    /// Waiting for the disk: nothing is called done that is not.
    Changing {
        change: MailboxChange,
        until: Instant,
    },
    Greetings(Greetings),
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
            greetings: Own::new(),
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
        if let Stage::Greetings(greetings) = &mut self.stage {
            greetings.caller_gone(board);
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
        self.greetings = contents.greetings;
        self.messages = contents.messages;
        self.messages
            .sort_by_key(|message| (message.heard, !message.urgent));
        let new = self.messages.iter().filter(|message| !message.heard);
        let urgent = new.clone().filter(|message| message.urgent).count();
        let mut sounds = vec![
            named("vm/you-have"),
            number_of(new.count()),
            named("vm/new"),
        ];
        if urgent > 0 {
            sounds.extend([
                named("vm/of-them"),
                number_of(urgent),
                named("vm/are-urgent"),
            ]);
        }
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
        let mut sounds = Vec::with_capacity(4);
        if message.urgent {
            sounds.push(named("vm/urgent-message"));
        }
        sounds.extend([
            Sound::Say(Say::Date(message.at)),
            Sound::Say(Say::Time(message.at)),
            Sound::Message(message.id),
        ]);
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
        let mut waiting = key_after(Vec::new());
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
            '5' => self.assign(board),
            '6' => {
                self.place = (self.place + 1).min(self.messages.len());
                self.play(board)
            }
            '7' => self.delete(board),
            '0' => self.change_greetings(board),
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
        let Some(message) = self.messages.get(self.place).map(|message| message.id) else {
            return self.notice(board, named("menu/invalid"), false);
        };
        self.change(board, MailboxChange::Delete { message })
    }

    /// Whoever listens sees to the message; a caller who is no user cannot.
    fn assign(&mut self, board: &mut Board) -> Option<Listened> {
        let message = self.messages.get(self.place).map(|message| message.id);
        let (Some(message), Some(to)) = (message, board.setup.acting_user().map(str::to_owned))
        else {
            return self.notice(board, named("menu/invalid"), false);
        };
        self.change(board, MailboxChange::Assign { message, to })
    }

    fn change(&mut self, board: &mut Board, change: MailboxChange) -> Option<Listened> {
        board.push(Output::Mailbox(change.clone()));
        let until = board.after(DISK_PATIENCE);
        self.stage = Stage::Changing { change, until };
        None
    }

    fn changed(&mut self, board: &mut Board, change: &MailboxChange) -> Option<Listened> {
        match change {
            MailboxChange::Delete { message } => {
                self.messages.retain(|known| known.id != *message);
                self.notice(board, Sound::Tone(Tone::Confirm), true)
            }
            _ => self.notice(board, named("vm/yours"), false),
        }
    }

    fn not_changed(&mut self, board: &mut Board, why: &str) -> Option<Listened> {
        let what = match self.stage {
            Stage::Changing {
                change: MailboxChange::Delete { .. },
                ..
            } => "do not call the message deleted",
            _ => "do not call the message assigned",
        };
        board.decide(what, why);
        self.notice(board, named("sys/error"), false)
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

    fn not_heard(&mut self, board: &mut Board, message: MessageId) {
        let known = self.messages.iter_mut().find(|known| known.id == message);
        if let Some(known) = known {
            board.decide("count the message as new", "the store could not note it");
            known.heard = false;
        }
    }

    fn change_greetings(&mut self, board: &mut Board) -> Option<Listened> {
        let own = std::mem::take(&mut self.greetings);
        let mut greetings = Greetings::new(self.mailbox.clone(), own);
        let left = greetings.begin(board);
        self.stage = Stage::Greetings(greetings);
        left.and_then(|own| self.greetings_changed(board, own))
    }

    fn greetings_changed(&mut self, board: &mut Board, own: Own) -> Option<Listened> {
        self.greetings = own;
        self.wait(board)
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
        if let Input::Event(Event::MailboxChanged {
            change: MailboxChange::Heard { message },
            kept: false,
        }) = input
        {
            self.not_heard(board, *message);
        }
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
            Stage::Changing { change, .. } => {
                let awaited = change.clone();
                match input {
                    Input::Event(Event::MailboxChanged { change, kept }) if *change == awaited => {
                        match kept {
                            true => self.changed(board, &awaited),
                            false => self.not_changed(board, "the store refused it"),
                        }
                    }
                    Input::TimedOut => self.not_changed(board, "the store did not answer in time"),
                    Input::Event(_) | Input::Key(_) => {
                        if let Some(key) = input.key() {
                            board.keys.push(key);
                        }
                        None
                    }
                }
            }
            Stage::Greetings(greetings) => {
                let own = greetings.handle(board, input)?;
                self.greetings_changed(board, own)
            }
            Stage::Bye(playing) => playing.handle(board, input).map(|_| Listened::Left),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Login(login) => login.deadline(),
            Stage::Waiting(waiting) => waiting.deadline(),
            Stage::Changing { until, .. } => Some(*until),
            Stage::Greetings(greetings) => greetings.deadline(),
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

fn number_of(messages: usize) -> Sound {
    Sound::Say(Say::Number(i64::try_from(messages).unwrap_or(i64::MAX)))
}

fn menu_keys() -> Keys {
    Keys::Of("1245670*".to_owned())
}
