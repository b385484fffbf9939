//! The one thing that a call does at a time.

use std::time::{Duration, Instant};

use crate::apology::Apology;
use crate::bridge::Bridging;
use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::conference::Conferring;
use crate::dictation::{Dictation, Terms};
use crate::fetching::Fetching;
use crate::gather::Gathering;
use crate::parking::Parking;
use crate::play::Playing;
use crate::queueing::Queueing;
use crate::returning::Returning;
use crate::supervision::Supervising;
use crate::talk::Talk;
use crate::voicemail::{Deposit, Knock, LastWords, Listening};
use crate::{Keys, LegId, Purpose, Record, Reply};

/// What a call is busy with, and what the script waits for.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a call has one at a time, and most of those that are large wait in queues"
)]
pub(crate) enum Foreground {
    Playing(Playing),
    Gathering(Gathering),
    Recording(Dictation),
    Echoing,
    Sleeping(Instant),
    Bridging(Bridging),
    Queueing(Queueing),
    Returning(Returning),
    Parking(Parking),
    Fetching(Fetching),
    Conferring(Conferring),
    Supervising(Supervising),
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
            Self::Returning(returning) => returning.queueing().map_or("gather", Queueing::word),
            Self::Parking(_) => "parked",
            Self::Fetching(_) => "fetch",
            Self::Conferring(_) => "conference",
            Self::Supervising(_) => "supervise",
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
            Self::Returning(returning) => returning.queueing()?.talk(),
            Self::Parking(parking) => parking.talk(),
            Self::Conferring(conferring) => conferring.talk(),
            _ => None,
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match self {
            Self::Bridging(bridging) => bridging.talk_mut(),
            Self::Queueing(queueing) => queueing.talk_mut(),
            Self::Returning(returning) => returning.queueing_mut()?.talk_mut(),
            Self::Parking(parking) => parking.talk_mut(),
            Self::Conferring(conferring) => conferring.talk_mut(),
            _ => None,
        }
    }

    /// Whether the one who is served is in a room with others.
    pub(crate) fn is_in_room(&self) -> bool {
        matches!(self, Self::Conferring(conferring) if conferring.is_in())
    }

    /// Somebody of another call stands in a party's place.
    pub(crate) fn replace(&mut self, board: &mut Board, old: LegId, new: LegId) {
        match self {
            Self::Conferring(conferring) if conferring.is_in() => {
                conferring.replace(board, old, new);
            }
            _ => {
                if let Some(talk) = self.talk_mut() {
                    talk.replace(board, old, new);
                }
            }
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
        if let Some(queueing) = self.queueing_mut() {
            queueing.dismiss(board);
        }
    }

    /// Whether a queue has brought the two together.
    pub(crate) fn by_queue(&self) -> bool {
        matches!(self, Self::Queueing(queueing) if queueing.has_connected())
    }

    /// The caller goes back to the queue that has brought the two together; false where none has.
    pub(crate) fn requeue(&mut self, board: &mut Board) -> bool {
        match self {
            Self::Queueing(queueing) => queueing.requeue(board),
            _ => false,
        }
    }

    /// Whether it is parked, and waits for somebody who takes it.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self, Self::Parking(parking) if parking.waits())
    }

    /// Whether somebody of another call may come in without taking anybody's place.
    pub(crate) fn takes_somebody(&self) -> bool {
        match self {
            Self::Parking(parking) => parking.has_a_place(),
            Self::Conferring(conferring) => conferring.is_a_pair(),
            Self::Queueing(queueing) => queueing.waits(),
            Self::Returning(returning) => returning.queueing().is_some_and(Queueing::waits),
            _ => false,
        }
    }

    /// Somebody of another call comes in: for what rings, or for what waits.
    pub(crate) fn taken(&mut self, board: &mut Board, by: LegId) {
        match self {
            Self::Bridging(bridging) => bridging.picked_up(board, by),
            Self::Parking(parking) => parking.fetched(board, by),
            Self::Queueing(_) | Self::Returning(_) => {
                if let Some(queueing) = self.queueing_mut() {
                    queueing.picked(board, by);
                }
            }
            Self::Conferring(conferring) => conferring.paired(board, by),
            _ => {}
        }
    }

    /// Whether nothing is left to be done for the caller after it, whatever the script has in mind.
    pub(crate) fn ends_call(&self) -> bool {
        matches!(self, Self::Queueing(queueing) if queueing.ends_call())
    }

    fn queueing_mut(&mut self) -> Option<&mut Queueing> {
        match self {
            Self::Queueing(queueing) => Some(queueing),
            Self::Returning(returning) => returning.queueing_mut(),
            _ => None,
        }
    }

    /// Whether it may be finished when the script has failed: the call survives its script.
    pub(crate) fn outlives_script(&self) -> bool {
        matches!(
            self,
            Self::Bridging(_)
                | Self::Queueing(_)
                | Self::Returning(_)
                | Self::Parking(_)
                | Self::Conferring(_)
                | Self::Supervising(_)
                | Self::Deposit(_)
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
            Self::Returning(returning) => returning.begin(board),
            Self::Parking(parking) => parking.begin(board),
            Self::Fetching(fetching) => fetching.begin(board),
            Self::Conferring(conferring) => conferring.begin(board),
            Self::Supervising(supervising) => supervising.begin(board),
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
            Self::Returning(returning) => returning.handle(board, input),
            Self::Parking(parking) => parking.handle(board, input),
            Self::Fetching(fetching) => fetching.handle(board, input),
            Self::Conferring(conferring) => conferring.handle(board, input),
            Self::Supervising(supervising) => supervising.handle(board, input),
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
            Self::Returning(returning) => returning.deadline(),
            Self::Parking(parking) => parking.deadline(),
            Self::Fetching(fetching) => fetching.deadline(),
            Self::Conferring(conferring) => conferring.deadline(),
            Self::Supervising(supervising) => supervising.deadline(),
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
            Self::Returning(returning) => returning.queueing_mut()?.abandon(board),
            Self::Parking(parking) => {
                parking.abandon(board);
                None
            }
            Self::Conferring(conferring) => {
                conferring.abandon(board);
                None
            }
            Self::Supervising(supervising) => {
                supervising.stop(board);
                None
            }
            Self::Deposit(deposit) => deposit.caller_gone(board),
            Self::Listening(listening) => {
                listening.caller_gone(board);
                None
            }
            Self::Playing(_)
            | Self::Gathering(_)
            | Self::Echoing
            | Self::Fetching(_)
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
