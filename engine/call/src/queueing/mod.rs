//! Waiting in a queue: music, announcements, agents who ring, and the talk with the one who answers.

mod keys;
mod onward;
mod spoken;
mod waiting;

use std::time::Instant;

use crate::acd::{Leave, MOST_PRIORITY, Wants};
use crate::bridge::Bridging;
use crate::call::activity::{Activity, Input};
use crate::call::board::Board;
use crate::play::Playing;
use crate::talk::Talk;
use crate::voicemail::{Deposit, LastWords};
use crate::{Cause, Event, FromFloor, LegId, Output, Queue, Reply, SegmentKind, ToFloor, Why};

pub(crate) use keys::confirmation;
use waiting::Waiting;

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
    /// Or away, with a last word.
    Goodbye(Playing),
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
            Stage::Waiting | Stage::Deposit(_) | Stage::Goodbye(_) => None,
        }
    }

    /// The same, to put somebody else into it.
    pub(crate) fn talk_mut(&mut self) -> Option<&mut Talk> {
        match &mut self.stage {
            Stage::Talking(talk) => Some(talk),
            Stage::Ringing(bridging) => bridging.talk_mut(),
            Stage::Waiting | Stage::Deposit(_) | Stage::Goodbye(_) => None,
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
            wants: Wants {
                vip: true,
                ..self.wanted.wants.clone()
            },
            callback: None,
        }));
        true
    }

    /// Rivals of the one who has the call need not wait for the floor to stop ringing.
    pub(crate) fn dismiss(&mut self, board: &mut Board) {
        for offer in std::mem::take(&mut self.waiting.offers) {
            board.release(offer.leg, Cause::Cancelled, true);
        }
    }

    /// The call is over with it: whoever has heard a last word has nothing else to wait for.
    pub(crate) fn ends_call(&self) -> bool {
        matches!(self.stage, Stage::Goodbye(_))
    }

    /// Whether somebody could take the caller out of the line.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting) && !self.waiting.is_heard_of()
    }

    /// Somebody has taken the caller out of the line themselves.
    pub(crate) fn picked(&mut self, board: &mut Board, by: LegId) {
        let user = board.leg(by).and_then(|leg| leg.user.clone());
        let name = user.unwrap_or_else(|| by.0.to_string());
        board.decide(format!("put {name} through"), "they have picked the caller");
        self.waiting.hush(board);
        board.story.queueing = false;
        waiting::is_brought(board);
        self.stage = Stage::Talking(Talk::begin(board, by, self.wanted.record));
        // Those who ring are called off by that.
        board.push(Output::Floor(ToFloor::Picked { by: name }));
    }

    /// What the call does, while nobody talks.
    pub(crate) fn word(&self) -> &'static str {
        match &self.stage {
            Stage::Waiting | Stage::Talking(_) => "queue",
            Stage::Ringing(_) => "ringing",
            Stage::Deposit(_) => "voicemail",
            Stage::Goodbye(_) => "play",
        }
    }

    /// It is over, without an answer: the caller is gone, or the script is.
    pub(crate) fn abandon(&mut self, board: &mut Board) -> Option<LastWords> {
        if let Stage::Waiting = self.stage {
            // First: what becomes of the legs is nobody's fault then.
            board.push(Output::Floor(ToFloor::Gone));
        }
        for offer in std::mem::take(&mut self.waiting.offers) {
            board.release(offer.leg, Cause::Cancelled, false);
        }
        match &mut self.stage {
            Stage::Waiting | Stage::Goodbye(_) => None,
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
            FromFloor::Waits {
                music,
                from_start,
                queue,
                ..
            } => {
                board.be_audible();
                board.story.queueing = true;
                board.timeline.queue = Some(queue.to_string());
                board.turn(SegmentKind::Queue, None);
                waiting.music = (music.clone(), *from_start);
                waiting.play_music(board);
            }
            FromFloor::Announce(what) => waiting.say(board, spoken::announcements(what)),
            FromFloor::Ring {
                lease,
                agent,
                queue,
                waited,
            } => {
                let name = self.wanted.display.as_ref();
                let name = name.or(board.setup.from_name.as_ref()).cloned();
                let shown = spoken::display(queue, *waited, name.as_deref());
                waiting.ring(board, *lease, agent, (shown, *waited));
            }
            FromFloor::Withdraw { .. } => {}
            FromFloor::Hush => waiting.hush(board),
            FromFloor::Connect {
                lease,
                record,
                greet,
            } => {
                let record = *record || self.wanted.record;
                let whisper = &self.wanted.whisper;
                if let Some(talk) = waiting.answered(board, *lease, record, greet, whisper) {
                    self.stage = Stage::Talking(talk);
                }
            }
            FromFloor::NotCalledBack => {
                waiting.say(board, vec![spoken::named("queue/callback-not")])
            }
            FromFloor::Left(why) => return self.left(board, why),
            FromFloor::Refused { why } => return Some(Reply::Mistake(why.clone())),
        }
        None
    }

    /// The caller waits no longer, and nobody has answered.
    fn left(&mut self, board: &mut Board, leave: &Leave) -> Option<Reply> {
        self.waiting.hush(board);
        self.waiting.tell_nobody();
        board.story.queueing = false;
        let why = match leave {
            Leave::Timeout => Why::Timeout,
            Leave::Full => Why::Full,
            Leave::Empty => Why::Empty,
            Leave::Left => {
                return match self.waiting.keys.onward.take() {
                    Some(target) => self.overflow(board, &target),
                    None => Some(Reply::TakenOut(self.waiting.keys.out)),
                };
            }
            Leave::Overflow(target) => return self.overflow(board, target),
            Leave::Callback => return self.overflow(board, "play:queue/callback-ok"),
            // The one talks already, the other is gone.
            Leave::Answered(_) | Leave::Gone => return None,
        };
        board.story.nobody = Some(why);
        Some(Reply::Leg(Err(why)))
    }

    /// Goes where the queue, or a key, sends the caller.
    fn overflow(&mut self, board: &mut Board, target: &str) -> Option<Reply> {
        if let Some(sound) = target.strip_prefix("play:") {
            let mut goodbye = Playing::prompt(vec![spoken::named(sound)], crate::Keys::None);
            let ended = goodbye.begin(board);
            self.stage = Stage::Goodbye(goodbye);
            return ended.map(|_| Reply::Leg(Err(Why::Overflow)));
        }
        if let Some(mailbox) = target.strip_prefix("voicemail:") {
            let mut deposit = Deposit::new(board, onward::message_for(mailbox));
            let ended = deposit.begin(board);
            self.stage = Stage::Deposit(Box::new(deposit));
            return ended.map(|_| Reply::Leg(Err(Why::Overflow)));
        }
        let mut bridging = Bridging::new(onward::ring(target, self.wanted.record));
        let ended = bridging.begin(board);
        self.stage = Stage::Ringing(bridging);
        ended.map(Reply::from)
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
            wants: self.wanted.wants.clone(),
            callback: self.wanted.callback,
        }));
        None
    }

    fn handle(&mut self, board: &mut Board, input: Input<'_>) -> Option<Reply> {
        if let Input::Event(Event::Floor(news)) = input {
            return self.told(board, news);
        }
        if let Input::Event(event) = input
            && let Some(talk) = self.waiting.handle(board, event)
        {
            self.stage = Stage::Talking(talk);
        }
        match &mut self.stage {
            Stage::Waiting => {
                if let Some(key) = input.key() {
                    self.waiting.pressed(board, key, &self.wanted);
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
            Stage::Goodbye(goodbye) => {
                let ended = goodbye.handle(board, input);
                ended.map(|_| Reply::Leg(Err(Why::Overflow)))
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting | Stage::Goodbye(_) => None,
            Stage::Talking(talk) => talk.deadline(),
            Stage::Ringing(bridging) => bridging.deadline(),
            Stage::Deposit(deposit) => deposit.deadline(),
        }
    }
}
