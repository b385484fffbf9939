//! A room: whoever is in it hears everybody else. Of the others this call knows who they are, no more.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::leg::Hearing;
use crate::talk::Talk;
use crate::{Cause, Event, Keys, LegId, Output, PlayId, Reply, SegmentKind, Sound, Tone, Why};

/// Goes into a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conference {
    /// Which; it is made where it is not there.
    pub room: String,
    /// More do not fit.
    pub most: u32,
    /// A key that leaves it.
    pub leave_on: Keys,
    /// Who comes and goes is told by a tone.
    pub announce: bool,
    /// What is heard alone: a name under `sounds/music`, the tenant's own when `None`.
    pub music: Option<String>,
    /// Records what is said, this party left and the others right.
    pub record: bool,
}

/// Somebody else in the room.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Guest {
    /// The user, if it is one.
    pub user: Option<String>,
    /// Its phone holds.
    pub is_held: bool,
}

/// What is told of a room to those who are or want to be in it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum RoomNews {
    /// No more fit.
    Full,
    /// These are the others.
    Others(Vec<Guest>),
}

/// The call, while it is in a room.
#[derive(Debug)]
pub(crate) struct Conferring {
    wanted: Conference,
    since: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Asking,
    In {
        others: Vec<Guest>,
        /// "You are the first here."
        saying: Option<PlayId>,
    },
    /// The two who were left have become one call.
    Talking(Talk),
}

impl Conferring {
    pub(crate) fn new(board: &Board, wanted: Conference) -> Self {
        Self {
            wanted,
            since: board.now,
            stage: Stage::Asking,
        }
    }

    /// What the call does while it is in the room: two are a conversation like any other.
    pub(crate) fn state(&self, board: &Board) -> &'static str {
        match &self.stage {
            Stage::In { others, .. } if others.len() == 1 => match board.hearing(board.front()) {
                Hearing::Room => "talking",
                _ => "held",
            },
            _ => "conference",
        }
    }

    /// Who else is in the room.
    pub(crate) fn others(&self) -> &[Guest] {
        match &self.stage {
            Stage::In { others, .. } => others,
            Stage::Asking | Stage::Talking(_) => &[],
        }
    }

    /// Whether one other is in the room with it, so that the two could be one call.
    pub(crate) fn is_a_pair(&self) -> bool {
        matches!(&self.stage, Stage::In { others, .. } if others.len() == 1)
    }

    /// Whether it is in the room, alone or with others.
    pub(crate) fn is_in(&self) -> bool {
        matches!(self.stage, Stage::In { .. })
    }

    /// Somebody else is in the room in the place of the one who was, who is let go. All that holds for that
    /// one holds for them: the key that leaves, the recording, what the script does then.
    pub(crate) fn replace(&mut self, board: &mut Board, old: LegId, new: LegId) {
        board.release(old, Cause::Normal, false);
        board.serve(new);
        board.push(Output::StandInRoom);
        board.tape_enters_room();
        if let Stage::In { others, .. } = &mut self.stage {
            let others = std::mem::take(others);
            self.arrange(board, others);
        }
    }

    pub(crate) fn talk(&self) -> Option<&Talk> {
        match &self.stage {
            Stage::Talking(talk) => Some(talk),
            _ => None,
        }
    }

    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match &mut self.stage {
            Stage::Talking(talk) => Some(talk),
            _ => None,
        }
    }

    /// The other one of two comes into this call, and both leave the room.
    pub(crate) fn paired(&mut self, board: &mut Board, with: LegId) {
        self.leave(board);
        board.decide(
            "make the two who are left one call",
            "one of them transfers it",
        );
        self.stage = Stage::Talking(Talk::begin(board, with, false));
    }

    pub(crate) fn abandon(&self, board: &mut Board) {
        match &self.stage {
            Stage::Talking(talk) => talk.abandon(board),
            Stage::In { .. } => {
                self.leave(board);
                board.bridge_leaves_tape();
            }
            Stage::Asking => self.leave(board),
        }
    }

    fn leave(&self, board: &mut Board) {
        board.tape_leaves_room();
        board.push(Output::LeaveRoom);
        if board.hearing(board.front()) == Hearing::Room {
            board.hear_room(false);
        }
    }

    fn told(&mut self, board: &mut Board, news: &RoomNews) -> Option<Reply> {
        let others = match news {
            RoomNews::Full if !matches!(self.stage, Stage::Asking) => return None,
            RoomNews::Full => {
                board.decide("do not enter the room", "no more fit in");
                return Some(Reply::Room(Err(Why::Full)));
            }
            RoomNews::Others(others) => others.clone(),
        };
        let before = match &self.stage {
            Stage::Talking(_) => return None,
            Stage::Asking => {
                board.story.talked |= !others.is_empty();
                board.tape_enters_room();
                if self.wanted.record {
                    board.start_tape(false, true);
                }
                None
            }
            Stage::In { others, .. } => Some(others.len()),
        };
        board.story.talked |= !others.is_empty();
        let changed = before.is_some_and(|before| before != others.len());
        self.arrange(board, others);
        if changed && self.wanted.announce && board.hearing(board.front()) == Hearing::Room {
            board.overlay(board.front(), Sound::Tone(Tone::Confirm));
        }
        None
    }

    /// What is heard, and what the record says: alone, with one, with more.
    fn arrange(&mut self, board: &mut Board, others: Vec<Guest>) {
        let front = board.front();
        let own = board.served().user.clone();
        let agent = others.iter().find_map(|guest| guest.user.clone()).or(own);
        let mut saying = None;
        match others.as_slice() {
            [] => {
                board.turn(SegmentKind::Conference, agent);
                board.hear_room(false);
                let alone = Sound::Named("conf/alone".to_owned());
                saying = Some(board.play(front, vec![alone], 1));
            }
            [one] if one.is_held || board.served().is_held() => {
                board.turn(SegmentKind::Hold, agent);
                board.hear_room(false);
                match board.served().is_held() {
                    true => board.silence(front),
                    false => board.hold_music(front),
                }
            }
            [_] => {
                board.turn(SegmentKind::Talk, agent);
                board.hear_room(true);
            }
            _ => {
                board.turn(SegmentKind::Conference, agent);
                board.hear_room(true);
            }
        }
        self.stage = Stage::In { others, saying };
    }
}

impl Activity for Conferring {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.keys.clear();
        board.background = None;
        board.answer();
        board.push(Output::EnterRoom {
            room: self.wanted.room.clone(),
            most: self.wanted.most,
        });
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        if let Input::Event(Event::Room(news)) = input {
            return self.told(board, news);
        }
        match &mut self.stage {
            Stage::Asking => None,
            Stage::Talking(talk) => {
                talk.handle(board, input)?;
                Some(self.was_in(board))
            }
            Stage::In { others, saying } => {
                let leaves = input
                    .key()
                    .is_some_and(|key| self.wanted.leave_on.contains(key));
                if leaves {
                    self.leave(board);
                    board.bridge_leaves_tape();
                    board.silence(board.front());
                    return Some(self.was_in(board));
                }
                match input {
                    Input::Event(Event::Played { play } | Event::PlayFailed { play, .. })
                        if Some(*play) == *saying =>
                    {
                        *saying = None;
                        board.music(board.front(), self.wanted.music.clone());
                    }
                    // Its own phone holds, or takes back.
                    Input::Event(Event::Held { leg, .. } | Event::Steered { leg, .. })
                        if *leg == board.front() =>
                    {
                        let others = std::mem::take(others);
                        self.arrange(board, others);
                    }
                    _ => {}
                }
                None
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.talk().and_then(Talk::deadline)
    }
}

impl Conferring {
    fn was_in(&self, board: &Board) -> Reply {
        Reply::Room(Ok(board.now.saturating_duration_since(self.since)))
    }
}
