//! Into a mailbox by phone: its number, its PIN, a new PIN where there is none.

use std::time::{Duration, Instant};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::gather::{Gathered, Gathering};
use crate::voicemail::named;
use crate::{Event, Gather, Keys, Mailbox, Output, Pin, PinVerdict};

/// Lets the owner of a mailbox in.
///
/// Strangers learn nothing: a mailbox that does not exist, and one without a PIN that is not the
/// caller's own, ask for a PIN like any other and refuse every one. PINs are judged outside, where
/// tries are counted over all calls; the verdict comes as an event. Digits of PINs are masked in the
/// journal from the moment that the mailbox is known to the end of the entry.
#[derive(Debug)]
pub(crate) struct Login {
    /// The script says whose mailbox it is.
    given: bool,
    /// The script or the caller's own phone vouches for them: a first PIN may be chosen.
    vouched: bool,
    /// Whoever knows the PIN chooses a new one.
    changes: bool,
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
    /// Waiting for the verdict.
    Checking(Instant),
    NewPin(Gathering),
    Repeat {
        question: Gathering,
        first: Pin,
    },
    /// Waiting for the verdict on a new PIN.
    Choosing(Instant),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entered {
    Open {
        mailbox: String,
        contents: Mailbox,
    },
    /// Too many wrong ones, a locked mailbox, or a store that is away.
    Refused,
    NoMailbox(String),
}

impl Login {
    /// `mailbox` is whose it is, where the script knows.
    pub(crate) fn new(board: &Board, mailbox: Option<String>) -> Self {
        Self {
            given: mailbox.is_some(),
            vouched: mailbox.is_some(),
            changes: false,
            mailbox: mailbox.unwrap_or_default(),
            found: None,
            failures: 0,
            stage: Stage::Opening(board.after(STORE_PATIENCE)),
        }
    }

    /// Whether whoever has no PIN yet may choose one here.
    pub(crate) fn may_choose(self, choose: bool) -> Self {
        let vouched = self.vouched && choose;
        Self { vouched, ..self }
    }

    /// Whether a new PIN is chosen by whoever knows the old one.
    pub(crate) fn changes(self, changes: bool) -> Self {
        Self { changes, ..self }
    }

    fn ask_number(&mut self, board: &mut Board) -> Option<Entered> {
        let mut question = question("vm/enter-mailbox", self.mistake());
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
        self.vouched = board.setup.acting_user() == Some(number.as_str());
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
            Some(mailbox) if self.vouched && !mailbox.has_pin => {
                board.decide("ask for a new PIN", "the mailbox has none yet");
                self.ask_new_pin(board, None)
            }
            _ => self.ask_pin(board),
        }
    }

    fn ask_pin(&mut self, board: &mut Board) -> Option<Entered> {
        board.masking = true;
        let mut question = question("agent/enter-pw", self.mistake());
        let gathered = question.begin(board);
        self.stage = Stage::Pin(question);
        gathered.and_then(|gathered| self.typed(board, gathered))
    }

    fn typed(&mut self, board: &mut Board, gathered: Gathered) -> Option<Entered> {
        let Gathered::Digits(pin) = gathered else {
            return self.failed(board, "no PIN").or_else(|| self.ask_pin(board));
        };
        let mailbox = self.mailbox.clone();
        let pin = Pin::new(pin);
        board.push(Output::CheckPin { mailbox, pin });
        self.stage = Stage::Checking(self.wait(board));
        None
    }

    /// `mistake` is what was wrong with the one that was typed before.
    fn ask_new_pin(&mut self, board: &mut Board, mistake: Option<&'static str>) -> Option<Entered> {
        board.masking = true;
        let mut question = question("vm/choose-pin", mistake);
        let gathered = question.begin(board);
        self.stage = Stage::NewPin(question);
        gathered.and_then(|gathered| self.chosen(board, gathered))
    }

    fn chosen(&mut self, board: &mut Board, gathered: Gathered) -> Option<Entered> {
        let Gathered::Digits(pin) = gathered else {
            return self
                .failed(board, "no PIN")
                .or_else(|| self.ask_new_pin(board, self.mistake()));
        };
        let mut question = question("vm/repeat-pin", None);
        let gathered = question.begin(board);
        let first = Pin::new(pin);
        self.stage = Stage::Repeat { question, first };
        gathered.and_then(|gathered| self.repeated(board, gathered))
    }

    fn repeated(&mut self, board: &mut Board, gathered: Gathered) -> Option<Entered> {
        let Stage::Repeat { first, .. } = &self.stage else {
            return None;
        };
        let again = match gathered {
            Gathered::Digits(again) => Pin::new(again),
            Gathered::Not(_) | Gathered::Failed(_) => Pin::new(""),
        };
        board.push(Output::ChoosePin {
            mailbox: self.mailbox.clone(),
            pin: first.clone(),
            again,
        });
        self.stage = Stage::Choosing(self.wait(board));
        None
    }

    /// The entry is over; from now on keys are the menu's.
    fn wait(&self, board: &mut Board) -> Instant {
        board.unmask();
        board.after(STORE_PATIENCE)
    }

    fn judged(&mut self, board: &mut Board, verdict: PinVerdict) -> Option<Entered> {
        let is_new = matches!(self.stage, Stage::Choosing(_));
        let (what, mistake) = match verdict {
            PinVerdict::Right if self.changes && !is_new => {
                board.decide("ask for a new PIN", "the old one is right");
                return self.ask_new_pin(board, None);
            }
            PinVerdict::Right => return self.enter(),
            PinVerdict::Locked => {
                board.decide("refuse the mailbox", "too many wrong PINs have locked it");
                return Some(Entered::Refused);
            }
            PinVerdict::Wrong => ("wrong PIN", "menu/invalid"),
            PinVerdict::Guessable => ("a PIN that anybody would guess", "vm/pin-too-simple"),
            PinVerdict::Different => ("the two PINs differ", "vm/pins-differ"),
        };
        self.failed(board, what).or_else(|| match is_new {
            true => self.ask_new_pin(board, Some(mistake)),
            false => self.ask_pin(board),
        })
    }

    /// The store has not answered in time.
    fn refuse(board: &mut Board) -> Option<Entered> {
        board.decide("refuse the mailbox", "the store did not answer in time");
        Some(Entered::Refused)
    }

    fn enter(&mut self) -> Option<Entered> {
        let contents = self.found.take().unwrap_or_default();
        Some(Entered::Open {
            mailbox: self.mailbox.clone(),
            contents,
        })
    }

    /// What is said before a question that is asked again.
    fn mistake(&self) -> Option<&'static str> {
        (self.failures > 0).then_some("menu/invalid")
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
                Input::TimedOut => Self::refuse(board),
                Input::Event(_) | Input::Key(_) => {
                    if let Some(key) = input.key() {
                        board.keys.push(key);
                    }
                    None
                }
            },
            Stage::Checking(_) | Stage::Choosing(_) => match input {
                Input::Event(Event::Pin { mailbox, verdict }) if *mailbox == self.mailbox => {
                    self.judged(board, *verdict)
                }
                Input::TimedOut => Self::refuse(board),
                Input::Event(_) | Input::Key(_) => {
                    if let Some(key) = input.key() {
                        board.keys.push(key);
                    }
                    None
                }
            },
            Stage::Pin(question) => {
                let gathered = question.handle(board, input)?;
                self.typed(board, gathered)
            }
            Stage::NewPin(question) => {
                let gathered = question.handle(board, input)?;
                self.chosen(board, gathered)
            }
            Stage::Repeat { question, .. } => {
                let gathered = question.handle(board, input)?;
                self.repeated(board, gathered)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Opening(until) | Stage::Checking(until) | Stage::Choosing(until) => Some(*until),
            Stage::Number(question)
            | Stage::Pin(question)
            | Stage::NewPin(question)
            | Stage::Repeat { question, .. } => question.deadline(),
        }
    }
}

fn question(prompt: &str, mistake: Option<&str>) -> Gathering {
    Gathering::question(Gather {
        prompt: mistake.into_iter().chain([prompt]).map(named).collect(),
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
