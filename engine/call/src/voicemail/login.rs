//! Into a mailbox by phone: its number, its PIN, a new PIN where there is none.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::voicemail::named;
use crate::{Event, Gather, Keys, Mailbox, MailboxChange, Output};

/// Lets the owner of a mailbox in.
///
/// Strangers learn nothing: a mailbox that does not exist, and one without a PIN that is not the
/// caller's own, ask for a PIN like any other and refuse every one. Keys of PINs are masked in the
/// journal from the moment that the mailbox is known.
#[derive(Debug)]
pub(crate) struct Login {
    /// The script says whose mailbox it is.
    given: bool,
    /// The script or the caller's own phone vouches for them: a first PIN may be chosen.
    vouched: bool,
    mailbox: String,
    found: Option<Mailbox>,
    /// Wrong numbers and wrong PINs.
    failures: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Number(Gathering),
    /// Waiting for the store.
    Opening(Instant),
    Pin(Gathering),
    NewPin(Gathering),
    Repeat {
        question: Gathering,
        first: String,
    },
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entered {
    Open {
        mailbox: String,
        contents: Mailbox,
    },
    /// Too many wrong ones, or the store is away.
    Refused,
    NoMailbox(String),
}

impl Login {
    /// `mailbox` is whose it is, where the script knows.
    pub(crate) fn new(board: &Board, mailbox: Option<String>) -> Self {
        Self {
            given: mailbox.is_some(),
            vouched: mailbox.is_some(),
            mailbox: mailbox.unwrap_or_default(),
            found: None,
            failures: 0,
            stage: Stage::Opening(board.after(STORE_PATIENCE)),
        }
    }

    fn ask_number(&mut self, board: &mut Board) -> Option<Entered> {
        let mut question = question("agent/enter-id", self.failures > 0);
        let gathered = question.begin(board);
        self.stage = Stage::Number(question);
        gathered.and_then(|gathered| self.numbered(board, gathered))
    }

    fn numbered(&mut self, board: &mut Board, gathered: Gathered) -> Option<Entered> {
        let Gathered::Digits(number) = gathered else {
            return self
                .failed(board, "no mailbox number")
                .or_else(|| self.ask_number(board));
        };
        self.vouched = board.setup.user.as_ref() == Some(&number);
        self.mailbox = number;
        self.open(board);
        None
    }

    fn open(&mut self, board: &mut Board) {
        board.masking = true;
        board.push(Output::OpenMailbox {
            mailbox: self.mailbox.clone(),
        });
        self.stage = Stage::Opening(board.after(STORE_PATIENCE));
    }

    fn opened(&mut self, board: &mut Board, found: Option<&Mailbox>) -> Option<Entered> {
        self.found = found.cloned();
        match found {
            None if self.given => Some(Entered::NoMailbox(self.mailbox.clone())),
            Some(mailbox) if self.vouched && mailbox.pin.is_none() => {
                board.decide("ask for a new PIN", "the mailbox has none yet");
                self.ask_new_pin(board)
            }
            _ => self.ask_pin(board),
        }
    }

    fn ask_pin(&mut self, board: &mut Board) -> Option<Entered> {
        let mut question = question("agent/enter-pw", self.failures > 0);
        let gathered = question.begin(board);
        self.stage = Stage::Pin(question);
        gathered.and_then(|gathered| self.checked(board, &gathered))
    }

    fn checked(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Entered> {
        let right = self.found.as_ref().and_then(|mailbox| mailbox.pin.as_ref());
        match (gathered, right) {
            (Gathered::Digits(given), Some(right)) if given == right => self.enter(),
            _ => self
                .failed(board, "wrong PIN")
                .or_else(|| self.ask_pin(board)),
        }
    }

    fn ask_new_pin(&mut self, board: &mut Board) -> Option<Entered> {
        let mut question = question("agent/enter-pw", self.failures > 0);
        let gathered = question.begin(board);
        self.stage = Stage::NewPin(question);
        gathered.and_then(|gathered| self.chosen(board, gathered))
    }

    fn chosen(&mut self, board: &mut Board, gathered: Gathered) -> Option<Entered> {
        let first = match gathered {
            Gathered::Digits(pin) if self.is_fit_for_a_pin(&pin) => pin,
            _ => {
                return self
                    .failed(board, "a PIN that anybody would guess")
                    .or_else(|| self.ask_new_pin(board));
            }
        };
        let mut question = question("agent/enter-pw", false);
        let gathered = question.begin(board);
        self.stage = Stage::Repeat { question, first };
        gathered.and_then(|gathered| self.repeated(board, &gathered))
    }

    fn repeated(&mut self, board: &mut Board, gathered: &Gathered) -> Option<Entered> {
        let Stage::Repeat { first, .. } = &self.stage else {
            return None;
        };
        let pin = first.clone();
        if *gathered != Gathered::Digits(pin.clone()) {
            return self
                .failed(board, "the two PINs differ")
                .or_else(|| self.ask_new_pin(board));
        }
        board.push(Output::Mailbox(MailboxChange::Pin {
            mailbox: self.mailbox.clone(),
            pin,
        }));
        self.enter()
    }

    fn enter(&mut self) -> Option<Entered> {
        let contents = self.found.take().unwrap_or_default();
        Some(Entered::Open {
            mailbox: self.mailbox.clone(),
            contents,
        })
    }

    /// Counts a failure; the last one ends it.
    fn failed(&mut self, board: &mut Board, what: &str) -> Option<Entered> {
        self.failures += 1;
        if self.failures < TRIES {
            return None;
        }
        board.decide(
            "refuse the mailbox",
            format!("{what}; {TRIES} tries are all there are"),
        );
        Some(Entered::Refused)
    }

    fn is_fit_for_a_pin(&self, pin: &str) -> bool {
        let same = pin.chars().all(|digit| pin.starts_with(digit));
        let digits = pin.chars().all(|digit| digit.is_ascii_digit());
        digits && pin.len() >= 4 && !same && pin != self.mailbox
    }
}

impl Activity for Login {
    type Outcome = Entered;

    fn begin(&mut self, board: &mut Board) -> Option<Entered> {
        if !self.given {
            return self.ask_number(board);
        }
        self.open(board);
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Entered> {
        match &mut self.stage {
            Stage::Number(question) => {
                let gathered = question.handle(board, input)?;
                self.numbered(board, gathered)
            }
            Stage::Opening(_) => match input {
                Input::Event(Event::Mailbox { mailbox, found }) if *mailbox == self.mailbox => {
                    self.opened(board, found.as_ref())
                }
                Input::TimedOut => {
                    board.decide("refuse the mailbox", "the store did not answer in time");
                    Some(Entered::Refused)
                }
                Input::Event(_) => {
                    if let Some(key) = input.key() {
                        board.keys.push(key);
                    }
                    None
                }
            },
            Stage::Pin(question) => {
                let gathered = question.handle(board, input)?;
                self.checked(board, &gathered)
            }
            Stage::NewPin(question) => {
                let gathered = question.handle(board, input)?;
                self.chosen(board, gathered)
            }
            Stage::Repeat { question, .. } => {
                let gathered = question.handle(board, input)?;
                self.repeated(board, &gathered)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opening(until) => Some(*until),
            Stage::Number(question)
            | Stage::Pin(question)
            | Stage::NewPin(question)
            | Stage::Repeat { question, .. } => question.deadline(),
        }
    }
}

fn question(prompt: &str, again: bool) -> Gathering {
    let mut sounds = vec![named(prompt)];
    if again {
        sounds.insert(0, named("menu/invalid"));
    }
    Gathering::question(Gather {
        prompt: sounds,
        min_digits: 1,
        max_digits: 16,
        timeout: Duration::from_secs(10),
        digit_timeout: Duration::from_secs(5),
        finish_on: Keys::Of("#".to_owned()),
        pattern: None,
        barge_in: true,
    })
}

/// Wrong entries before the caller is sent away.
const TRIES: u32 = 3;
/// How long the store may take.
const STORE_PATIENCE: Duration = Duration::from_secs(5);
