//! Waiting in a queue: music, announcements, agents who ring, and the talk with the one who answers.

use std::time::{Duration, Instant};

use crate::acd::{
    AgentId, Announcement, LeaseId, Leave, MOST_PRIORITY, News, QueueName, Withdrawn,
};
use crate::bridge::Bridging;
use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::leg::{Leg, LegState};
use crate::talk::Talk;
use crate::voicemail::{Deposit, LastWords};
use crate::{
    Bridge, Cause, Event, FromFloor, Greeting, LegId, Output, PlayId, Queue, Reply, Say,
    SegmentKind, Sound, Strategy, Target, ToFloor, Voicemail, Why,
};

/// A caller who waits for an agent.
///
/// Whom to ring, when to stop and what to say is the floor's to decide ([`crate::acd`]); this rings,
/// stops and says, and reports what becomes of it.
#[derive(Debug)]
pub(crate) struct Queueing {
    wanted: Queue,
    waiting: Waiting,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Waiting,
    Talking(Talk),
    /// The queue has sent the caller on to somebody.
    Ringing(Bridging),
    /// Or to a mailbox.
    Deposit(Box<Deposit>),
}

/// The caller's side of the wait. Rivals of the agent who has the call stay here for a moment, until
/// the floor takes their offers back.
#[derive(Debug, Default)]
struct Waiting {
    /// The agents who ring.
    offers: Vec<(LeaseId, LegId)>,
    music: Option<String>,
    /// What the caller is being told.
    saying: Option<PlayId>,
    /// The key that takes the caller out.
    key: Option<char>,
}

impl Queueing {
    pub(crate) fn new(wanted: Queue) -> Self {
        Self {
            wanted,
            waiting: Waiting::default(),
            stage: Stage::Waiting,
        }
    }

    /// The conversation, once somebody has answered.
    pub(crate) fn talk(&self) -> Option<&Talk> {
        match &self.stage {
            Stage::Talking(talk) => Some(talk),
            Stage::Ringing(bridging) => bridging.talk(),
            Stage::Waiting | Stage::Deposit(_) => None,
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match &mut self.stage {
            Stage::Talking(talk) => Some(talk),
            Stage::Ringing(bridging) => bridging.talk_mut(),
            Stage::Waiting | Stage::Deposit(_) => None,
        }
    }

    /// Whether an agent has the caller.
    pub(crate) fn has_connected(&self) -> bool {
        matches!(self.stage, Stage::Talking(_))
    }

    /// The two part, and the caller waits again, before all others who wait.
    pub(crate) fn requeue(&mut self, board: &mut Board) -> bool {
        let Stage::Talking(talk) = &self.stage else {
            return false;
        };
        board.disconnect(board.front());
        talk.abandon(board);
        self.stage = Stage::Waiting;
        self.waiting = Waiting::default();
        board.push(Output::Floor(ToFloor::Enter {
            queue: self.wanted.name.clone(),
            priority: MOST_PRIORITY,
            max_wait: self.wanted.max_wait,
        }));
        true
    }

    /// Rivals of the one who has the call need not wait for the floor to stop ringing.
    pub(crate) fn dismiss(&mut self, board: &mut Board) {
        for (_, leg) in std::mem::take(&mut self.waiting.offers) {
            board.release(leg, Cause::Cancelled, true);
        }
    }

    /// What the call does, while nobody talks.
    pub(crate) fn word(&self) -> &'static str {
        match &self.stage {
            Stage::Waiting | Stage::Talking(_) => "queue",
            Stage::Ringing(_) => "ringing",
            Stage::Deposit(_) => "voicemail",
        }
    }

    /// It is over, without an answer: the caller is gone, or the script is.
    pub(crate) fn abandon(&mut self, board: &mut Board) -> Option<LastWords> {
        if let Stage::Waiting = self.stage {
            // First: what becomes of the legs is nobody's fault then.
            board.push(Output::Floor(ToFloor::Gone));
        }
        for (_, leg) in std::mem::take(&mut self.waiting.offers) {
            board.release(leg, Cause::Cancelled, false);
        }
        match &mut self.stage {
            Stage::Waiting => None,
            Stage::Talking(talk) => {
                talk.abandon(board);
                None
            }
            Stage::Ringing(bridging) => {
                bridging.abandon(board);
                None
            }
            Stage::Deposit(deposit) => deposit.caller_gone(board),
        }
    }

    fn told(&mut self, board: &mut Board, news: &FromFloor) -> Option<Reply> {
        let waiting = &mut self.waiting;
        if let FromFloor::Withdraw { lease, why } = news {
            waiting.withdraw(board, *lease, *why);
        }
        let Stage::Waiting = self.stage else {
            return None;
        };
        match news {
            FromFloor::Waits { music, queue, .. } => {
                board.be_audible();
                board.story.queueing = true;
                board.timeline.queue = Some(queue.to_string());
                board.turn(SegmentKind::Queue, None);
                waiting.music.clone_from(music);
                waiting.play_music(board);
            }
            FromFloor::Announce(what) => waiting.announce(board, *what),
            FromFloor::Ring {
                lease,
                agent,
                queue,
                waited,
            } => waiting.ring(board, *lease, agent, queue, *waited),
            FromFloor::Withdraw { .. } => {}
            FromFloor::Hush => {
                waiting.saying = None;
                board.silence(board.front());
            }
            FromFloor::Connect { lease, record } => {
                let record = *record || self.wanted.record;
                let talk = waiting.connect(board, *lease, record)?;
                self.stage = Stage::Talking(talk);
            }
            FromFloor::Left(why) => return self.left(board, why),
            FromFloor::Refused { why } => return Some(Reply::Mistake(why.clone())),
        }
        None
    }

    /// The caller waits no longer, and nobody has answered.
    fn left(&mut self, board: &mut Board, leave: &Leave) -> Option<Reply> {
        self.waiting.saying = None;
        board.story.queueing = false;
        let why = match leave {
            Leave::Timeout => Why::Timeout,
            Leave::Full => Why::Full,
            Leave::Empty => Why::Empty,
            Leave::Left => {
                board.silence(board.front());
                return Some(Reply::TakenOut(self.waiting.key));
            }
            Leave::Overflow(target) => return self.overflow(board, target),
            // The one talks already, the other is gone.
            Leave::Answered(_) | Leave::Gone => return None,
        };
        board.silence(board.front());
        board.story.nobody = Some(why);
        Some(Reply::Leg(Err(why)))
    }

    /// Goes where the queue sends the caller.
    fn overflow(&mut self, board: &mut Board, target: &str) -> Option<Reply> {
        board.silence(board.front());
        if let Some(mailbox) = target.strip_prefix("voicemail:") {
            let mut deposit = Deposit::new(board, message_for(mailbox));
            let ended = deposit.begin(board);
            self.stage = Stage::Deposit(Box::new(deposit));
            return ended.map(|_| Reply::Leg(Err(Why::Overflow)));
        }
        let mut bridging = Bridging::new(ring(target, self.wanted.record));
        let ended = bridging.begin(board);
        self.stage = Stage::Ringing(bridging);
        ended.map(Reply::from)
    }
}

impl Waiting {
    fn play_music(&mut self, board: &mut Board) {
        self.saying = None;
        board.music(board.front(), self.music.clone());
    }

    fn announce(&mut self, board: &mut Board, what: Announcement) {
        let sounds = match what {
            Announcement::Position { ahead: 0, .. } => vec![named("queue/next")],
            Announcement::Position {
                ahead: 1,
                more: false,
            } => vec![named("queue/ahead-one")],
            Announcement::Position { ahead, more } => {
                let first = if more {
                    "queue/ahead-more"
                } else {
                    "queue/ahead-1"
                };
                let number = i64::try_from(ahead).unwrap_or(i64::MAX);
                let number = Sound::Say(Say::Number(number));
                vec![named(first), number, named("queue/ahead-2")]
            }
        };
        self.saying = Some(board.play(board.front(), sounds, 1));
    }

    fn ring(
        &mut self,
        board: &mut Board,
        lease: LeaseId,
        agent: &AgentId,
        queue: &QueueName,
        waited: Duration,
    ) {
        let target = Target::User(agent.to_string());
        let shown = match &board.setup.from_name {
            Some(name) => format!("[{queue}] {name}"),
            None => format!("[{queue}]"),
        };
        let Some(leg) = board.invite_as(target, shown) else {
            board.decide(
                format!("do not ring user:{agent}"),
                "a call has no more legs to give",
            );
            return report(board, lease, News::Refused(Cause::Congestion));
        };
        board.decide(
            format!("ring user:{agent}"),
            format!("queue {queue} offers the call after {} s", waited.as_secs()),
        );
        if let Some(leg) = board.leg_mut(leg) {
            leg.lease = Some(lease);
        }
        self.offers.push((lease, leg));
    }

    /// An offer that was withdrawn is over on the floor half a second later: by then the phone has
    /// seen CANCEL or BYE, and is not busy when it rings for the next caller.
    fn withdraw(&mut self, board: &mut Board, lease: LeaseId, why: Withdrawn) {
        let Some(at) = self.offers.iter().position(|(known, _)| *known == lease) else {
            return;
        };
        let (_, leg) = self.offers.remove(at);
        let (cause, elsewhere) = match why {
            Withdrawn::Elsewhere | Withdrawn::Stale => (Cause::Cancelled, true),
            Withdrawn::RangOut => (Cause::NoAnswer, false),
            Withdrawn::CallerGone | Withdrawn::AgentGone => (Cause::Cancelled, false),
            Withdrawn::NotConnected => (Cause::Failure, false),
        };
        board.release(leg, cause, elsewhere);
    }

    fn connect(&mut self, board: &mut Board, lease: LeaseId, record: bool) -> Option<Talk> {
        let Some(at) = self.offers.iter().position(|(known, _)| *known == lease) else {
            report(board, lease, News::Gone);
            return None;
        };
        let (_, leg) = self.offers.remove(at);
        if !board.leg(leg).is_some_and(Leg::is_up) {
            board.release(leg, Cause::Cancelled, false);
            report(board, lease, News::Gone);
            return None;
        }
        self.saying = None;
        board.story.queueing = false;
        if let Some(winner) = board.leg_mut(leg) {
            winner.lease = None;
        }
        let name = board.leg(leg).map(Leg::name).unwrap_or_default();
        board.decide(
            format!("connect {name}"),
            format!("the first to answer; {} others ring", self.offers.len()),
        );
        let talk = Talk::begin(board, leg, record);
        report(board, lease, News::Connected);
        Some(talk)
    }

    fn handle(&mut self, board: &mut Board, event: &Event) {
        match event {
            Event::Played { play } if self.saying == Some(*play) => self.play_music(board),
            Event::PlayFailed { play, why } if self.saying == Some(*play) => {
                board.decide("go on with the music", why.as_str());
                self.play_music(board);
            }
            Event::Ringing { leg, .. } => rings(board, *leg),
            Event::Answered { leg, user } => {
                let Some(lease) = self.lease_of(*leg) else {
                    return;
                };
                let now = board.now;
                if let Some(answered) = board.leg_mut(*leg) {
                    answered.state = LegState::Up;
                    answered.up_at = Some(now);
                    if user.is_some() {
                        answered.user.clone_from(user);
                    }
                }
                report(board, lease, News::Answered);
            }
            Event::Refused { leg, cause } | Event::HungUp { leg, cause } => {
                let Some(lease) = self.lease_of(*leg) else {
                    return;
                };
                self.offers.retain(|(known, _)| *known != lease);
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
    }

    fn lease_of(&self, leg: LegId) -> Option<LeaseId> {
        let mut offers = self.offers.iter();
        offers
            .find(|(_, ringing)| *ringing == leg)
            .map(|(lease, _)| *lease)
    }
}

impl Activity for Queueing {
    type Outcome = Reply;

    fn begin(&mut self, board: &mut Board) -> Option<Reply> {
        board.keys.clear();
        board.background = None;
        board.story.nobody = None;
        board.push(Output::Floor(ToFloor::Enter {
            queue: self.wanted.name.clone(),
            priority: self.wanted.priority,
            max_wait: self.wanted.max_wait,
        }));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        if let Input::Event(Event::Floor(news)) = input {
            return self.told(board, news);
        }
        if let Input::Event(event) = input {
            self.waiting.handle(board, event);
        }
        match &mut self.stage {
            Stage::Waiting => {
                let key = input
                    .key()
                    .filter(|key| self.wanted.exit_keys.contains(*key));
                if key.is_some() && self.waiting.key.is_none() {
                    self.waiting.key = key;
                    board.push(Output::Floor(ToFloor::Leave));
                }
                None
            }
            Stage::Talking(talk) => talk
                .handle(board, input)
                .map(|parted| Reply::Leg(Ok(parted))),
            Stage::Ringing(bridging) => bridging.handle(board, input).map(Reply::from),
            Stage::Deposit(deposit) => {
                let ended = deposit.handle(board, input);
                ended.map(|_| Reply::Leg(Err(Why::Overflow)))
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::Talking(talk) => talk.deadline(),
            Stage::Ringing(bridging) => bridging.deadline(),
            Stage::Deposit(deposit) => deposit.deadline(),
        }
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

fn named(name: &str) -> Sound {
    Sound::Named(name.to_owned())
}

fn message_for(mailbox: &str) -> Voicemail {
    Voicemail {
        mailbox: mailbox.to_owned(),
        greeting: Greeting::Unavailable,
        max_duration: LONGEST_MESSAGE,
        min_duration: SHORTEST_MESSAGE,
        silence: SILENCE,
        beep: true,
        review: true,
    }
}

/// Rings `user:1001`, `trunk:carrier/10086` or `sip:a@b`.
fn ring(target: &str, record: bool) -> Bridge {
    let target = match target.split_once(':') {
        Some(("user", user)) => Target::User(user.to_owned()),
        Some(("trunk", rest)) if rest.contains('/') => {
            let (trunk, number) = rest.split_once('/').unwrap_or_default();
            Target::Trunk {
                trunk: trunk.to_owned(),
                number: number.to_owned(),
            }
        }
        _ => Target::Uri(target.to_owned()),
    };
    Bridge {
        targets: vec![target],
        timeout: OVERFLOW_RING,
        caller_id: None,
        strategy: Strategy::All,
        ringback: None,
        record,
    }
}

/// How long somebody may ring whom a queue sends its callers on to.
const OVERFLOW_RING: Duration = Duration::from_secs(60);
const LONGEST_MESSAGE: Duration = Duration::from_secs(180);
const SHORTEST_MESSAGE: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(5);
