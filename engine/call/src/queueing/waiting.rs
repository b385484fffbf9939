//! The caller's side of the wait: what they hear, who rings for them, and who answers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::keys::Pressed;
use super::spoken;
use crate::acd::{AgentId, Greet, LeaseId, News, QueueName, Withdrawn};
use crate::call::board::Board;
use crate::leg::{Leg, LegState};
use crate::talk::Talk;
use crate::{Cause, Event, LegId, Output, PlayId, Sound, Target, ToFloor};

/// The caller's side of the wait. Rivals of the agent who has the call stay here for a moment, until
/// the floor takes their offers back.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The agents who ring.
    pub(super) offers: Vec<Offered>,
    /// The music, and whether it begins anew.
    pub(super) music: (Option<String>, bool),
    /// What the caller is being told, over the music.
    saying: Option<PlayId>,
    /// And then. No more wait than [`MOST_TO_SAY`]; what comes beyond is not said.
    to_say: VecDeque<Vec<Sound>>,
    pub(super) keys: Pressed,
    /// An agent has answered, and hears of the caller before the two are put through.
    hears: Option<Hears>,
}

/// An agent who rings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offered {
    lease: LeaseId,
    pub(super) leg: LegId,
    /// The caller has waited since then.
    since: Instant,
}

#[derive(Debug)]
struct Hears {
    lease: LeaseId,
    play: PlayId,
    record: bool,
    greet: Greet,
}

impl Waiting {
    pub(super) fn play_music(&self, board: &mut Board) {
        let (name, from_start) = self.music.clone();
        board.music_from(board.front(), name, from_start);
    }

    /// Says something over the music, after what is being said.
    pub(super) fn say(&mut self, board: &mut Board, sounds: Vec<Sound>) {
        match self.saying {
            None => self.saying = Some(board.play_over(board.front(), sounds)),
            Some(_) if self.to_say.len() < MOST_TO_SAY => self.to_say.push_back(sounds),
            Some(_) => {}
        }
    }

    /// Says something in place of what is being said: the caller has pressed a key.
    pub(super) fn say_at_once(&mut self, board: &mut Board, sounds: Vec<Sound>) {
        self.stop_saying(board);
        self.say(board, sounds);
    }

    /// Music and words stop now.
    pub(super) fn hush(&mut self, board: &mut Board) {
        self.stop_saying(board);
        board.silence(board.front());
    }

    fn stop_saying(&mut self, board: &mut Board) {
        self.to_say.clear();
        if let Some(play) = self.saying.take() {
            board.stop_over(board.front(), play);
        }
    }

    /// Whether an agent has answered already, and hears of the caller.
    pub(super) fn is_heard_of(&self) -> bool {
        self.hears.is_some()
    }

    /// Nobody who has answered is to hear of the caller any more.
    pub(super) fn tell_nobody(&mut self) {
        self.hears = None;
    }

    pub(super) fn ring(
        &mut self,
        board: &mut Board,
        lease: LeaseId,
        agent: &AgentId,
        (shown, waited): (String, Duration),
    ) {
        let target = Target::User(agent.to_string());
        let Some(leg) = board.invite_as(target, shown) else {
            board.decide(
                format!("do not ring user:{agent}"),
                "a call has no more legs to give",
            );
            return report(board, lease, News::Refused(Cause::Congestion));
        };
        board.decide(
            format!("ring user:{agent}"),
            format!("the queue offers the call after {} s", waited.as_secs()),
        );
        if let Some(leg) = board.leg_mut(leg) {
            leg.lease = Some(lease);
        }
        let since = board.now.checked_sub(waited).unwrap_or(board.now);
        self.offers.push(Offered { lease, leg, since });
    }

    /// An offer that was withdrawn is over on the floor half a second later: by then the phone has
    /// seen CANCEL or BYE, and is not busy when it rings for the next caller.
    pub(super) fn withdraw(&mut self, board: &mut Board, lease: LeaseId, why: Withdrawn) {
        let Some(at) = self.offers.iter().position(|known| known.lease == lease) else {
            return;
        };
        let Offered { leg, .. } = self.offers.remove(at);
        let (cause, elsewhere) = match why {
            Withdrawn::Elsewhere | Withdrawn::Stale => (Cause::Cancelled, true),
            Withdrawn::RangOut => (Cause::NoAnswer, false),
            Withdrawn::CallerGone | Withdrawn::AgentGone => (Cause::Cancelled, false),
            Withdrawn::NotConnected => (Cause::Failure, false),
        };
        board.release(leg, cause, elsewhere);
        self.hears_no_more(lease);
    }

    fn hears_no_more(&mut self, lease: LeaseId) {
        if self
            .hears
            .as_ref()
            .is_some_and(|hears| hears.lease == lease)
        {
            self.hears = None;
        }
    }

    /// The agent of an offer has answered, and is to have the caller: at once, or when they have heard of
    /// them.
    pub(super) fn answered(
        &mut self,
        board: &mut Board,
        lease: LeaseId,
        record: bool,
        greet: &Greet,
        whisper: &[Sound],
    ) -> Option<Talk> {
        let offer = self.offers.iter().find(|known| known.lease == lease);
        let Some(offer) = offer.copied() else {
            report(board, lease, News::Gone);
            return None;
        };
        let waited = board.now.saturating_duration_since(offer.since);
        let whisper = spoken::whispered(greet, whisper, waited);
        if greet.before_bridge && !whisper.is_empty() {
            board.decide(
                "let the agent hear of the caller first",
                "the queue says so",
            );
            let play = board.play(offer.leg, whisper, 1);
            self.hears = Some(Hears {
                lease,
                play,
                record,
                greet: greet.clone(),
            });
            self.play_music(board);
            return None;
        }
        let talk = self.connect(board, lease, record)?;
        if !whisper.is_empty() {
            board.play_over(offer.leg, whisper);
        }
        self.say_who_serves(board, offer.leg, greet);
        Some(talk)
    }

    /// The agent has heard of the caller.
    fn has_heard(&mut self, board: &mut Board) -> Option<Talk> {
        let hears = self.hears.take()?;
        let offer = self.offers.iter().find(|known| known.lease == hears.lease);
        let leg = offer.map(|offer| offer.leg);
        self.hush(board);
        let talk = self.connect(board, hears.lease, hears.record)?;
        self.say_who_serves(board, leg?, &hears.greet);
        Some(talk)
    }

    /// 工号播报: the agent may talk over it.
    fn say_who_serves(&self, board: &mut Board, leg: LegId, greet: &Greet) {
        let agent = board.leg(leg).and_then(|leg| leg.user.clone());
        if let Some(agent) = agent.filter(|_| greet.say_agent) {
            board.play_over(board.front(), spoken::served_by(&agent));
        }
    }

    fn connect(&mut self, board: &mut Board, lease: LeaseId, record: bool) -> Option<Talk> {
        let at = self.offers.iter().position(|known| known.lease == lease);
        let Some(Offered { leg, .. }) = at.map(|at| self.offers.remove(at)) else {
            report(board, lease, News::Gone);
            return None;
        };
        if !board.leg(leg).is_some_and(Leg::is_up) {
            board.release(leg, Cause::Cancelled, false);
            report(board, lease, News::Gone);
            return None;
        }
        self.stop_saying(board);
        self.hears = None;
        board.story.queueing = false;
        if let Some(winner) = board.leg_mut(leg) {
            winner.lease = None;
        }
        let name = board.leg(leg).map(Leg::name).unwrap_or_default();
        board.decide(
            format!("connect {name}"),
            format!("the first to answer; {} others ring", self.offers.len()),
        );
        is_brought(board);
        let talk = Talk::begin(board, leg, record);
        report(board, lease, News::Connected);
        Some(talk)
    }

    /// What happens to those who ring, and to what is said; a conversation when it brings one about.
    pub(super) fn handle(&mut self, board: &mut Board, event: &Event) -> Option<Talk> {
        match event {
            Event::Played { play } if self.saying == Some(*play) => self.said(board),
            Event::PlayFailed { play, why } if self.saying == Some(*play) => {
                board.decide("go on with the music", why.as_str());
                self.said(board);
            }
            Event::Played { play } | Event::PlayFailed { play, .. }
                if self.hears.as_ref().is_some_and(|hears| hears.play == *play) =>
            {
                return self.has_heard(board);
            }
            Event::Ringing { leg, .. } => rings(board, *leg),
            Event::Answered { leg, user } => self.answers(board, *leg, user.as_ref()),
            Event::Refused { leg, cause } | Event::HungUp { leg, cause } => {
                let lease = self.lease_of(*leg)?;
                self.offers.retain(|known| known.lease != lease);
                self.hears_no_more(lease);
                let news = match board.leg(*leg) {
                    Some(agent) if agent.is_up() => News::Gone,
                    Some(agent) => News::Refused(meant(*cause, agent)),
                    None => News::Refused(*cause),
                };
                board.part_with(*leg, *cause);
                report(board, lease, news);
            }
            _ => {}
        }
        None
    }

    fn said(&mut self, board: &mut Board) {
        self.saying = None;
        if let Some(next) = self.to_say.pop_front() {
            self.say(board, next);
        }
    }

    fn answers(&self, board: &mut Board, leg: LegId, user: Option<&String>) {
        let Some(lease) = self.lease_of(leg) else {
            return;
        };
        let now = board.now;
        if let Some(answered) = board.leg_mut(leg) {
            answered.state = LegState::Up;
            answered.up_at = Some(now);
            if user.is_some() {
                answered.user = user.cloned();
            }
        }
        report(board, lease, News::Answered);
    }

    fn lease_of(&self, leg: LegId) -> Option<LeaseId> {
        let ringing = self.offers.iter().find(|known| known.leg == leg);
        ringing.map(|known| known.lease)
    }
}

/// The reject key of many phones says "busy" (486, 600). One that has rung was not busy: whoever sat
/// before it has declined. Who is in a call, or does not want to be disturbed, says so without ringing.
fn meant(cause: Cause, agent: &Leg) -> Cause {
    match cause {
        Cause::Busy if agent.ringing_at.is_some() => Cause::Rejected,
        cause => cause,
    }
}

/// Whoever has the customer from now on has them by this queue, whose 事后 follows, transfers included.
pub(super) fn is_brought(board: &mut Board) {
    let queue = board.timeline.queue.as_deref();
    board.story.brought_by = queue.map(QueueName::from);
}

fn report(board: &mut Board, lease: LeaseId, news: News) {
    board.push(Output::Floor(ToFloor::Offer { lease, news }));
}

fn rings(board: &mut Board, leg: LegId) {
    let now = board.now;
    if let Some(ringing) = board.leg_mut(leg)
        && ringing.state == LegState::Trying
    {
        ringing.state = LegState::Ringing;
        ringing.ringing_at.get_or_insert(now);
    }
}

/// Announcements that wait for one that is being said.
const MOST_TO_SAY: usize = 3;
