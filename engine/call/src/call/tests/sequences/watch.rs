//! What the world may expect of a call, whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::acd::{Leave, News};
use crate::journal::What;
use crate::{
    Event, FromFloor, LegId, MailboxChange, MessageId, Output, PlayId, RecordingId, RequestId,
    RoomNews, Sound, ToFloor, Tone, TransferId, TransferNews,
};

/// What the world knows of the call from its outputs.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) seed: u64,
    pub(super) legs: BTreeMap<LegId, bool>,
    pub(super) plays: BTreeMap<LegId, PlayId>,
    /// What is played over something else.
    pub(super) over: BTreeMap<LegId, PlayId>,
    /// Beeps over a conversation end by themselves.
    pub(super) beeps: BTreeSet<PlayId>,
    pub(super) open: BTreeSet<RecordingId>,
    pub(super) closing: BTreeSet<RecordingId>,
    pub(super) closed: BTreeSet<RecordingId>,
    pub(super) requests: BTreeSet<RequestId>,
    pub(super) asked: u64,
    pub(super) mailbox: Option<String>,
    /// Whose PIN is to be judged.
    pub(super) pin: Option<String>,
    /// The last that was left.
    pub(super) message: Option<MessageId>,
    /// What was to change last.
    pub(super) change: Option<MailboxChange>,
    pub(super) connected: Option<(LegId, LegId)>,
    pub(super) answered: bool,
    pub(super) script_stopped: bool,
    pub(super) ended: bool,
    pub(super) seen: Seen,
    /// The call is in a room.
    pub(super) in_room: bool,
    /// It has been let in.
    pub(super) is_inside: bool,
    /// Whom the script serves.
    pub(super) front: Option<LegId>,
    /// Transfers that are tried.
    pub(super) transfers: BTreeSet<TransferId>,
    /// Goes on in another call.
    pub(super) leaving: Option<LegId>,
    /// The floor believes that the caller waits.
    pub(super) queued: bool,
    /// Three who hear each other.
    pub(super) trio: BTreeSet<LegId>,
    /// A gone leg has answered: it may be released again.
    pub(super) late: Option<LegId>,
}

/// How often something happened that is worth happening.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) conversations: u32,
    pub(super) holds: u32,
    pub(super) messages: u32,
    pub(super) heard: u32,
    pub(super) fallbacks: u32,
    pub(super) transfers: u32,
    pub(super) recalls: u32,
    pub(super) joins: u32,
    pub(super) served: u32,
    pub(super) unparked: u32,
    pub(super) rooms: u32,
    pub(super) trios: u32,
    pub(super) codes: u32,
}

impl Seen {
    pub(super) fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.holds += other.holds;
        self.messages += other.messages;
        self.heard += other.heard;
        self.fallbacks += other.fallbacks;
        self.transfers += other.transfers;
        self.recalls += other.recalls;
        self.joins += other.joins;
        self.served += other.served;
        self.unparked += other.unparked;
        self.rooms += other.rooms;
        self.trios += other.trios;
        self.codes += other.codes;
    }
}

impl Watch {
    pub(super) fn see(&mut self, event: &Event) {
        self.late = None;
        match event {
            Event::HungUp { leg, .. } | Event::Refused { leg, .. } => {
                if let Some(alive) = self.legs.get_mut(leg) {
                    *alive = false;
                    self.plays.remove(leg);
                }
            }
            Event::Answered { leg, .. } if self.legs.get(leg) == Some(&false) => {
                self.late = Some(*leg);
            }
            Event::Played { play } | Event::PlayFailed { play, .. } => {
                self.plays.retain(|_, known| known != play);
            }
            Event::RecordingClosed { recording, .. } => {
                self.closing.remove(recording);
            }
            Event::Floor(FromFloor::Refused { .. }) => self.queued = false,
            Event::Floor(FromFloor::Left(why)) if *why != Leave::Answered("1049".into()) => {
                self.queued = false;
            }
            Event::Pin { .. } => self.pin = None,
            Event::Room(RoomNews::Full) => self.in_room &= self.is_inside,
            Event::Room(RoomNews::Others(_)) if self.in_room => {
                self.is_inside = true;
                self.seen.rooms += 1;
            }
            Event::Joined { newcomer, .. } => {
                self.seen.joins += 1;
                self.legs.insert(newcomer.leg, true);
            }
            Event::Moved { leg: Some(leg), .. } if self.legs.get(leg) == Some(&true) => {
                self.leaving = Some(*leg);
                self.legs.insert(*leg, false);
            }
            _ => {}
        }
    }

    pub(super) fn count(&mut self, output: &Output, state: &str) {
        let connected = self.connected.is_some();
        let seen = &mut self.seen;
        match output {
            Output::Connect { .. } => seen.conversations += 1,
            Output::Music { .. } if state == "held" && !connected => seen.holds += 1,
            Output::Transfer {
                news: TransferNews::Done,
                ..
            } => seen.transfers += 1,
            Output::Transfer {
                news: TransferNews::Failed(_),
                ..
            } => seen.recalls += 1,
            Output::Mailbox(MailboxChange::Leave { .. }) => seen.messages += 1,
            Output::Mailbox(MailboxChange::Heard { .. }) => seen.heard += 1,
            Output::Journal(entry) => {
                if let What::Decision { what, .. } = &entry.what
                    && what == "fall back"
                {
                    seen.fallbacks += 1;
                }
            }
            _ => {}
        }
    }

    pub(super) fn judge(&mut self, output: Output) {
        let leaving = self.leaving;
        let alive = |leg: &LegId| self.legs.get(leg) == Some(&true) || leaving == Some(*leg);
        match output {
            Output::Ring { .. } => {
                let fits = alive(&LegId::CALLER) && !self.answered;
                self.promise(fits, "only an unanswered caller hears ringing by 180");
            }
            Output::Answer => {
                let fits = alive(&LegId::CALLER) && !self.answered;
                self.promise(fits, "a caller is answered once");
                self.answered = true;
            }
            Output::Reject { .. } => {
                let fits = alive(&LegId::CALLER) && !self.answered;
                self.promise(fits, "only an unanswered caller is rejected");
                self.legs.insert(LegId::CALLER, false);
                self.plays.remove(&LegId::CALLER);
            }
            Output::Invite { leg, .. } => {
                let fits = alive(&self.front.unwrap_or(LegId::CALLER));
                self.promise(fits, "nobody is rung for a caller who is gone");
                let before = self.legs.insert(leg, true);
                self.promise(before.is_none(), "a leg is invited once");
            }
            Output::Release { leg, .. } => {
                let fits = alive(&leg) || self.late == Some(leg);
                self.promise(fits, "a leg is released once");
                self.late = None;
                self.legs.insert(leg, false);
                self.plays.remove(&leg);
            }
            Output::Play {
                leg,
                play,
                sounds,
                times,
            } => {
                let tones = [Sound::Tone(Tone::Beep), Sound::Tone(Tone::Confirm)];
                if times == 1 && sounds.len() == 1 && tones.contains(&sounds[0]) {
                    self.beeps.insert(play);
                }
                let fits = alive(&leg);
                self.promise(fits, "nothing is played to the gone");
                self.plays.insert(leg, play);
            }
            Output::PlayOver { leg, play, .. } => {
                let fits = alive(&leg);
                self.promise(fits, "nothing is played to the gone");
                self.over.insert(leg, play);
            }
            Output::StopPlay { leg, play } if self.over.get(&leg) == Some(&play) => {
                self.over.remove(&leg);
            }
            Output::StopPlay { leg, play } => {
                let known = self.plays.remove(&leg);
                self.promise(known == Some(play), "only what plays is stopped");
            }
            Output::Music { leg, .. } | Output::Quiet { leg } => {
                let fits = alive(&leg);
                self.promise(fits, "no music for the gone");
                let play = self.plays.get(&leg);
                let quiet = play.is_none_or(|play| self.beeps.contains(play));
                self.promise(quiet, "music does not cover a playing");
            }
            Output::SendDigits { leg, .. } => {
                let fits = alive(&leg);
                self.promise(fits, "no keys for the gone");
            }
            Output::Connect { a, b } => {
                let fits = alive(&a) && alive(&b) && self.answered;
                self.promise(fits, "only the living are connected");
                self.promise(self.connected.is_none(), "one conversation at a time");
                self.connected = Some((a, b));
            }
            Output::PassEarlyMedia { from, to } => {
                let fits = alive(&from) && alive(&to);
                self.promise(fits, "early media of the living");
            }
            Output::Disconnect { a, b } => {
                let pair = self.connected;
                if pair == Some((a, b)) || pair == Some((b, a)) {
                    self.connected = None;
                }
            }
            output => self.judge_the_rest(output),
        }
    }

    fn judge_the_rest(&mut self, output: Output) {
        let leaving = self.leaving;
        match output {
            Output::StartRecording { recording, .. } => {
                let fits = self.open.insert(recording);
                self.promise(fits, "a recording begins once");
            }
            Output::MoveRecording {
                recording,
                left,
                right,
            } => {
                let gone = [left, right]
                    .iter()
                    .flatten()
                    .any(|leg| self.legs.get(leg) != Some(&true));
                let fits = self.open.contains(&recording) && !gone;
                self.promise(fits, "a running recording follows living legs");
            }
            Output::StopRecording { recording, discard } => {
                let fits = self.open.remove(&recording);
                let known = discard && self.closed.contains(&recording);
                if !discard {
                    self.closing.insert(recording);
                    self.closed.insert(recording);
                }
                self.promise(fits || known, "a recording is closed once");
            }
            Output::CheckPin { mailbox, .. } | Output::ChoosePin { mailbox, .. } => {
                self.pin = Some(mailbox);
            }
            Output::OpenMailbox { mailbox } => self.mailbox = Some(mailbox),
            Output::Mailbox(MailboxChange::Leave { message, .. }) => self.message = Some(message),
            Output::Mailbox(change) => self.change = Some(change),
            Output::Reply { request, reply } => {
                let fits = self.requests.remove(&request);
                self.promise(fits, &format!("one answer to a request, not {reply:?}"));
            }
            Output::Floor(ToFloor::Enter { .. }) => {
                let fits = !self.queued;
                self.queued = true;
                self.promise(fits, "a call waits in one queue at a time");
            }
            Output::Floor(ToFloor::Gone) => {
                let fits = self.queued;
                self.queued = false;
                self.promise(fits, "who is gone has waited");
            }
            Output::Floor(ToFloor::Picked { .. }) => {
                let fits = self.queued;
                self.queued = false;
                self.promise(fits, "who is picked has waited");
            }
            Output::Floor(ToFloor::Offer {
                news: News::Connected,
                ..
            }) => {
                let fits = self.queued;
                self.queued = false;
                self.seen.served += 1;
                self.promise(fits, "who is served has waited");
            }
            Output::Transfer { transfer, news } => {
                let fits = match news {
                    TransferNews::Refused(_) => true,
                    TransferNews::Accepted => self.transfers.insert(transfer),
                    TransferNews::Ringing => self.transfers.contains(&transfer),
                    TransferNews::Done | TransferNews::Failed(_) => {
                        self.transfers.remove(&transfer)
                    }
                };
                self.promise(fits, "a transfer that was accepted comes to one end");
            }
            Output::Unpark { .. } => self.seen.unparked += 1,
            Output::EnterRoom { .. } => {
                let fits = !std::mem::replace(&mut self.in_room, true);
                self.is_inside = false;
                self.promise(fits, "one room at a time");
            }
            Output::LeaveRoom => {
                let fits = std::mem::take(&mut self.in_room);
                self.promise(fits, "who leaves a room has been in it");
            }
            Output::EnterTrio { leg } => {
                let fits = self.legs.get(&leg) == Some(&true) && self.trio.insert(leg);
                self.promise(
                    fits && self.trio.len() <= 3,
                    "three of the living, each once",
                );
                self.promise(self.connected.is_none(), "two or three, not both");
                self.seen.trios += u32::from(self.trio.len() == 3);
            }
            Output::LeaveTrio { leg } => {
                let fits = self.trio.remove(&leg);
                self.promise(fits, "only who is one of three leaves them");
            }
            Output::Code { .. } => self.seen.codes += 1,
            Output::RecordRoom { recording, .. } => {
                let fits = self.open.contains(&recording);
                self.promise(fits, "a running recording hears a room");
            }
            Output::Route { .. } => {
                // Whatever the script waited for is gone with it.
                self.requests.clear();
                self.script_stopped = false;
            }
            Output::StopScript => {
                self.requests.clear();
                let fits = !self.script_stopped;
                self.script_stopped = true;
                self.promise(fits, "a script is stopped once");
            }
            Output::Ended(record) => {
                self.ended = true;
                // A beep ends by itself, in whatever call.
                let beeps = &self.beeps;
                (self.plays).retain(|leg, play| leaving != Some(*leg) || !beeps.contains(play));
                let everybody_left = self.legs.values().all(|alive| !alive);
                let silent = self.plays.is_empty() && self.connected.is_none();
                let recorded = self.open.is_empty();
                self.promise(self.transfers.is_empty(), "no transfer is left at the end");
                self.promise(!self.queued, "the floor knows that nobody waits any more");
                let legs = self.legs.len();
                self.promise(everybody_left, "all legs are released at the end");
                self.promise(silent, "nothing plays at the end");
                self.promise(recorded, "all recordings are closed at the end");
                self.promise(!self.in_room, "nobody stays in a room");
                self.promise(self.trio.is_empty(), "no three are left at the end");
                self.promise(record.legs.len() == legs, "every leg is in the record");
                let mut at = record.started_at;
                for segment in &record.segments {
                    let fits = segment.from >= at && segment.to > segment.from;
                    self.promise(fits, "segments are in order");
                    at = segment.to;
                }
                self.promise(at <= record.ended_at, "segments lie within the call");
            }
            _ => {}
        }
    }

    pub(super) fn promise(&self, kept: bool, what: &str) {
        assert!(kept, "seed {}: {what}", self.seed);
    }
}
