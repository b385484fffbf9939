//! The one thing that a call does at a time.

use std::time::{Duration, Instant};

use crate::apology::Apology;
use crate::bridge::Bridging;
use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::dictation::{Dictation, Terms};
use crate::gather::Gathering;
use crate::play::Playing;
use crate::queueing::Queueing;
use crate::talk::Talk;
use crate::voicemail::{Deposit, Knock, LastWords, Listening};
use crate::{Keys, LegId, Purpose, Record, Reply};

/// What a call is busy with, and what the script waits for.
#[derive(Debug)]
pub(crate) enum Foreground {
    Playing(Playing),
    Gathering(Gathering),
    Recording(Dictation),
    Echoing,
    Sleeping(Instant),
    Bridging(Bridging),
    Queueing(Queueing),
    Deposit(Deposit),
    Listening(Listening),
    Knocking(Knock),
    Apology(Apology),
}

impl Foreground {
    pub(crate) fn record(wanted: Record) -> Self {
        Self::Recording(Dictation::new(Terms {
            max_duration: wanted.max_duration,
            min_duration: Duration::ZERO,
            silence: wanted.silence,
            beep: wanted.beep,
            finish_on: wanted.finish_on,
            purpose: Purpose::Script,
        }))
    }

    /// For the journal and for whoever asks what the call does.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Playing(_) => "play",
            Self::Gathering(_) => "gather",
            Self::Recording(_) => "record",
            Self::Echoing => "echo",
            Self::Sleeping(_) => "sleep",
            Self::Bridging(_) => "bridge",
            Self::Queueing(queueing) => queueing.word(),
            Self::Deposit(_) => "voicemail",
            Self::Listening(_) => "voicemail_menu",
            Self::Knocking(_) => "ask_pin",
            Self::Apology(_) => "apology",
        }
    }

    /// The conversation, while there is one.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        match self {
            Self::Bridging(bridging) => bridging.talk(),
            Self::Queueing(queueing) => queueing.talk(),
            _ => None,
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match self {
            Self::Bridging(bridging) => bridging.talk_mut(),
            Self::Queueing(queueing) => queueing.talk_mut(),
            _ => None,
        }
    }

    /// Whom the one who is served talks with.
    pub(crate) fn peer(&self) -> Option<LegId> {
        self.talk().map(Talk::peer)
    }

    /// Whether this leg rings for it.
    pub(crate) fn rings(&self, leg: LegId) -> bool {
        matches!(self, Self::Bridging(bridging) if bridging.rings(leg))
    }

    /// The number that the call goes to after it.
    pub(crate) fn call_back(&self) -> Option<&str> {
        match self {
            Self::Listening(listening) => listening.call_back(),
            _ => None,
        }
    }

    /// Who rings beside a conversation that stands is to stop.
    pub(crate) fn dismiss(&mut self, board: &mut Board) {
        if let Self::Queueing(queueing) = self {
            queueing.dismiss(board);
        }
    }

    /// Somebody else takes the call that rings.
    pub(crate) fn picked_up(&mut self, board: &mut Board, by: LegId) {
        if let Self::Bridging(bridging) = self {
            bridging.picked_up(board, by);
        }
    }

    /// Whether it may be finished when the script has failed: the call survives its script.
    pub(crate) fn outlives_script(&self) -> bool {
        matches!(
            self,
            Self::Bridging(_) | Self::Queueing(_) | Self::Deposit(_)
        )
    }

    pub(crate) fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        match self {
            Self::Playing(playing) => {
                playing.forget_keys(board);
                playing.begin(board).map(Reply::from)
            }
            Self::Gathering(gathering) => gathering.begin(board).map(Reply::from),
            Self::Recording(dictation) => dictation.begin(board).map(Reply::from),
            Self::Echoing => {
                board.pass_early_media(board.front());
                None
            }
            Self::Sleeping(_) => None,
            Self::Bridging(bridging) => bridging.begin(board).map(Reply::from),
            Self::Queueing(queueing) => queueing.begin(board),
            Self::Deposit(deposit) => deposit.begin(board).map(Reply::from),
            Self::Listening(listening) => listening.begin(board).map(Reply::from),
            Self::Knocking(knock) => knock.begin(board),
            Self::Apology(apology) => apology.begin(board).map(|()| Reply::Done),
        }
    }

    pub(crate) fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        match self {
            Self::Playing(playing) => playing.handle(board, input).map(Reply::from),
            Self::Gathering(gathering) => gathering.handle(board, input).map(Reply::from),
            Self::Recording(dictation) => dictation.handle(board, input).map(Reply::from),
            Self::Echoing => {
                (input.key() == Some('#')).then(|| board.silence(board.front()))?;
                Some(Reply::Done)
            }
            Self::Sleeping(_) => {
                if let Some(key) = input.key() {
                    board.keys.push(key);
                }
                input.is_time_out().then_some(Reply::Done)
            }
            Self::Bridging(bridging) => bridging.handle(board, input).map(Reply::from),
            Self::Queueing(queueing) => queueing.handle(board, input),
            Self::Deposit(deposit) => deposit.handle(board, input).map(Reply::from),
            Self::Listening(listening) => listening.handle(board, input).map(Reply::from),
            Self::Knocking(knock) => knock.handle(board, input),
            Self::Apology(apology) => apology.handle(board, input).map(|()| Reply::Done),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Playing(playing) => playing.deadline(),
            Self::Gathering(gathering) => gathering.deadline(),
            Self::Recording(dictation) => dictation.deadline(),
            Self::Echoing => None,
            Self::Sleeping(until) => Some(*until),
            Self::Bridging(bridging) => bridging.deadline(),
            Self::Queueing(queueing) => queueing.deadline(),
            Self::Deposit(deposit) => deposit.deadline(),
            Self::Listening(listening) => listening.deadline(),
            Self::Knocking(knock) => knock.deadline(),
            Self::Apology(apology) => apology.deadline(),
        }
    }

    /// It is over, without an answer: the caller is gone, or the script is.
    pub(crate) fn abandon(&mut self, board: &mut Board) -> Option<LastWords> {
        match self {
            Self::Recording(dictation) => {
                dictation.caller_gone(board);
                None
            }
            Self::Bridging(bridging) => {
                bridging.abandon(board);
                None
            }
            Self::Queueing(queueing) => queueing.abandon(board),
            Self::Deposit(deposit) => deposit.caller_gone(board),
            Self::Listening(listening) => {
                listening.caller_gone(board);
                None
            }
            Self::Playing(_)
            | Self::Gathering(_)
            | Self::Echoing
            | Self::Sleeping(_)
            | Self::Knocking(_)
            | Self::Apology(_) => None,
        }
    }
}

impl Playing {
    /// An announcement that no key may interrupt drops what was pressed before it.
    fn forget_keys(&self, board: &mut Board) {
        if *self.interrupt_on() == Keys::None {
            board.keys.clear();
        }
    }
}
