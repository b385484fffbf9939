//! A parked call: it waits in a numbered place, with music, until somebody takes it from there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::talk::Talk;
use crate::{Event, LegId, Output, PlayId, Reply, Say, SegmentKind, Sound, Why};

/// Waits in a place for somebody who takes the call from there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Park {
    /// The place; the first that is free when `None`.
    pub slot: Option<String>,
    /// How long it waits.
    pub timeout: Duration,
    /// A name under `sounds/music`; the tenant's own when `None`.
    pub music: Option<String>,
    /// Tells the place to whoever parks the call.
    pub announce: bool,
}

/// The call, from the choice of a place to the end of the conversation with who took it.
#[derive(Debug)]
pub(crate) struct Parking {
    wanted: Park,
    /// Who is told the place.
    parker: Option<LegId>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// A place is looked for.
    Asking,
    /// Whoever parks the call hears where, and then leaves.
    Telling {
        slot: String,
        play: PlayId,
        until: Instant,
    },
    Waiting {
        slot: String,
        until: Instant,
    },
    Talking(Talk),
}

impl Parking {
    /// `parker` hears the place where that is wanted.
    pub(crate) fn new(wanted: Park, parker: Option<LegId>) -> Self {
        let parker = parker.filter(|_| wanted.announce);
        Self {
            wanted,
            parker,
            stage: Stage::Asking,
        }
    }

    /// Whether it waits for somebody to take it.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting { .. })
    }

    /// Whether it has its place: somebody may be there before whoever parks it has heard where.
    pub(crate) fn has_a_place(&self) -> bool {
        matches!(self.stage, Stage::Telling { .. } | Stage::Waiting { .. })
    }

    /// The conversation, once somebody has taken the call.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        match &self.stage {
            Stage::Talking(talk) => Some(talk),
            _ => None,
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match &mut self.stage {
            Stage::Talking(talk) => Some(talk),
            _ => None,
        }
    }

    /// Somebody takes the call.
    pub(crate) fn fetched(&mut self, board: &mut Board, by: LegId) {
        self.leave(board);
        let name = board.leg(by).map(crate::Leg::name).unwrap_or_default();
        board.decide(format!("connect {name}"), "it fetches the parked call");
        self.stage = Stage::Talking(Talk::begin(board, by, false));
    }

    pub(crate) fn abandon(&self, board: &mut Board) {
        match &self.stage {
            Stage::Talking(talk) => talk.abandon(board),
            _ => self.leave(board),
        }
    }

    fn leave(&self, board: &mut Board) {
        if let Stage::Telling { slot, .. } | Stage::Waiting { slot, .. } = &self.stage {
            board.push(Output::Unpark { slot: slot.clone() });
        }
    }

    fn parked(&mut self, board: &mut Board, slot: &str) {
        board.decide(format!("park the call at {slot}"), "that place is free");
        board.turn(SegmentKind::Park, None);
        let is_number = slot.bytes().all(|octet| octet.is_ascii_digit());
        let parker = self.parker.filter(|leg| {
            let known = board.leg(*leg);
            is_number && known.is_some_and(crate::Leg::is_audible)
        });
        let Some(parker) = parker else {
            return self.wait(board, slot.to_owned());
        };
        if parker != board.front() {
            self.play_music(board);
        }
        let say = Sound::Say(Say::Digits(slot.to_owned()));
        let parked = Sound::Named("park/at".to_owned());
        let sounds = vec![parked, say.clone(), Sound::Silence(PAUSE), say];
        self.stage = Stage::Telling {
            slot: slot.to_owned(),
            play: board.play(parker, sounds, 1),
            until: board.after(LONGEST_TELLING),
        };
    }

    fn wait(&mut self, board: &mut Board, slot: String) {
        self.play_music(board);
        let until = board.after(self.wanted.timeout);
        self.stage = Stage::Waiting { slot, until };
    }

    fn play_music(&self, board: &mut Board) {
        let front = board.front();
        if board.hearing(front) != crate::leg::Hearing::Music || self.wanted.music.is_some() {
            board.music(front, self.wanted.music.clone());
        }
    }
}

impl Activity for Parking {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.keys.clear();
        board.background = None;
        board.answer();
        board.push(Output::Park {
            slot: self.wanted.slot.clone(),
        });
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        if let Stage::Talking(talk) = &mut self.stage {
            let parted = talk.handle(board, input)?;
            return Some(Reply::Leg(Ok(parted)));
        }
        match (&self.stage, input) {
            (Stage::Asking, Input::Event(Event::Parked { slot })) => match slot {
                Ok(slot) => {
                    self.parked(board, slot);
                    None
                }
                Err(why) => Some(Reply::Leg(Err(*why))),
            },
            (Stage::Telling { slot, play, .. }, input) => {
                let told = match input {
                    Input::TimedOut => true,
                    Input::Event(
                        Event::Played { play: it } | Event::PlayFailed { play: it, .. },
                    ) => it == play,
                    Input::Event(Event::HungUp { leg, cause }) if Some(*leg) == self.parker => {
                        board.part_with(*leg, *cause)
                    }
                    _ => false,
                };
                if told {
                    let slot = slot.clone();
                    if let Some(parker) = self.parker.filter(|leg| *leg != board.front()) {
                        board.silence(parker);
                    }
                    self.wait(board, slot);
                }
                None
            }
            (Stage::Waiting { .. }, Input::TimedOut) => {
                self.leave(board);
                board.decide("park the call no longer", "nobody has fetched it in time");
                board.silence(board.front());
                self.stage = Stage::Asking;
                Some(Reply::Leg(Err(Why::Timeout)))
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Telling { until, .. } | Stage::Waiting { until, .. } => Some(*until),
            Stage::Asking => None,
            Stage::Talking(talk) => talk.deadline(),
        }
    }
}

const PAUSE: Duration = Duration::from_millis(500);
/// Nobody is kept in the call for longer by what it is told.
const LONGEST_TELLING: Duration = Duration::from_secs(10);
