//! An agent: what they want, what their phone does, and the state that follows (A.4).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::capacity::{Capacity, Medium};
use super::decision::Because;
use super::doing::{self, Doing};
use super::items::Item;
use super::name::QueueIx;
use super::plan::{AfterWrapUp, AgentRules};
use super::presence::{Fact, Facts};
use super::totals::Totals;
use super::{AgentId, Habits, LeaseId, Reason, Setbacks, State};
use crate::CallId;

/// One agent. The shown state is derived from these facts, never stored as truth.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) id: AgentId,
    /// The queues whose plan lists the agent.
    pub(super) queues: Vec<QueueIx>,
    pub(super) duty: Duty,
    /// A press during an offer or a call; it applies after it.
    pub(super) wish: Option<Rest>,
    pub(super) reach: Reach,
    /// When the agent's desk was last heard of, where one has been.
    pub(super) beat: Option<Instant>,
    pub(super) hold: Hold,
    /// The agent's legs: those of queues, and all others.
    pub(super) dialogs: BTreeMap<CallId, Dialog>,
    /// The 事后 that calls have earned which ended while others went on.
    owed: Option<WrapUpLimit>,
    pub(super) record: Standing,
    /// What they have set for themselves.
    pub(super) habits: Habits,
    /// A reason for 置忙 that a leader is to approve.
    pub(super) asked: Option<u8>,
    /// Finished stays of today.
    pub(super) totals: Totals,
    pub(super) shown: Shown,
    /// Could have been offered a call when last looked at.
    pub(super) was_free: bool,
    /// How they were there when last looked at.
    pub(super) was_there: There,
    /// Serves some of their queues before others.
    pub(super) has_preferences: bool,
    pub(super) capacity: Capacity,
    /// Chats and the like that they have.
    pub(super) items: BTreeMap<CallId, Item>,
}

/// What the agent is there for when no call is going on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Duty {
    LoggedOut,
    Busy(Reason),
    Idle,
    /// `until` is `None` when only the agent ends it.
    WrapUp {
        until: Option<Instant>,
        then: Rest,
    },
}

/// A state that lasts until somebody changes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rest {
    Idle,
    Busy(Reason),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    Reachable,
    Lost { since: Instant },
}

/// Whom the agent is held for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hold {
    Nobody,
    Offered(LeaseId),
    /// The offer is over, the leg is not.
    Releasing(LeaseId),
}

/// One leg of the agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog {
    pub(super) confirmed: bool,
    /// With a customer, so that 事后 follows.
    pub(super) customer: bool,
    /// With the exchange alone.
    pub(super) alone: bool,
    /// What shows of it.
    pub(super) doing: Doing,
    pub(super) wrap_up: WrapUpLimit,
    /// When a queue's call was answered, if it is one.
    pub(super) of_queue: Option<Instant>,
}

impl Dialog {
    fn state(&self) -> Option<State> {
        let talks = self.confirmed && !self.alone;
        self.doing.state(talks, self.customer)
    }
}

/// The longest 事后; `None` until the agent ends it.
pub(super) type WrapUpLimit = Option<Duration>;

/// What strategies and delays go by.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// For `longest_idle`: since the login, the end of a 置忙 or the end of the last 事后.
    pub(super) idle_since: Instant,
    /// When calls of queues were answered, oldest first.
    pub(super) answered: VecDeque<Answered>,
    /// The login, or the end of the last call of a queue.
    pub(super) last_call: Instant,
    pub(super) last_offered: Option<Instant>,
    /// Failed offers in a row.
    pub(super) setbacks: Setbacks<u32>,
    pub(super) not_before: Option<Instant>,
    /// Since when the agent is 置忙 for this reason, calls in between included.
    pub(super) busy_since: Instant,
    /// It has been told that this is longer than the reason allows.
    pub(super) told_overrun: bool,
}

/// A call of a queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Answered {
    pub(super) at: Instant,
    /// How long the agent talked, once it is over.
    pub(super) talked: Duration,
}

/// What was last told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) state: State,
    pub(super) reachable: bool,
    pub(super) since: Instant,
}

/// What others' callers may hang on: for whom somebody is kept, and which levels are open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct There {
    pub(super) at_work: bool,
    pub(super) reachable: bool,
    /// Takes new customers by chat.
    pub(super) takes_new: bool,
}

impl Agent {
    pub(super) fn new(id: AgentId, now: Instant) -> Self {
        Self {
            id,
            queues: Vec::new(),
            duty: Duty::LoggedOut,
            wish: None,
            reach: Reach::Lost { since: now },
            beat: None,
            hold: Hold::Nobody,
            dialogs: BTreeMap::new(),
            owed: None,
            record: Standing {
                idle_since: now,
                answered: VecDeque::new(),
                last_call: now,
                last_offered: None,
                setbacks: Setbacks::default(),
                not_before: None,
                busy_since: now,
                told_overrun: false,
            },
            habits: Habits::default(),
            asked: None,
            totals: Totals::default(),
            shown: Shown {
                state: State::LoggedOut,
                reachable: false,
                since: now,
            },
            was_free: false,
            was_there: There::default(),
            has_preferences: false,
            capacity: Capacity::default(),
            items: BTreeMap::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        if self.duty == Duty::LoggedOut {
            return State::LoggedOut;
        }
        let shown = doing::shown(self.dialogs.values().filter_map(Dialog::state));
        match (shown, self.hold) {
            (Some(state), _) if state.is_conversation() => return state,
            (_, Hold::Offered(_)) => return State::Offered,
            (Some(state), _) => return state,
            (None, _) => {}
        }
        match self.duty {
            Duty::LoggedOut => State::LoggedOut,
            Duty::Busy(reason) => State::Busy(reason),
            Duty::Idle => State::Idle,
            Duty::WrapUp { .. } => State::WrapUp,
        }
    }

    /// Logged in, and not 置忙.
    pub(super) fn is_at_work(&self) -> bool {
        !matches!(self.duty, Duty::LoggedOut | Duty::Busy(_))
    }

    /// Whether a phone answers, and the desk that has been heard of is still heard.
    pub(super) fn is_reachable(&self, now: Instant) -> bool {
        self.lost_since(now).is_none()
    }

    /// Whether they sit at the phone of this user, who is somebody else.
    pub(super) fn sits_at(&self, phone: &AgentId) -> bool {
        self.duty != Duty::LoggedOut && self.habits.device.as_ref() == Some(phone)
    }

    /// Whether presses and time-outs must wait for a call or an offer to end.
    pub(super) fn is_engaged(&self) -> bool {
        self.is_in_call() || matches!(self.hold, Hold::Offered(_))
    }

    /// Whether there is a leg of theirs in a call with somebody, ringing or not.
    pub(super) fn is_in_call(&self) -> bool {
        self.dialogs.values().any(|dialog| !dialog.alone)
    }

    /// Why the agent cannot be offered a call now; `None` when they can.
    pub(super) fn obstacle(&self, now: Instant) -> Option<Because> {
        self.obstacle_to(now, Medium::Voice)
    }

    /// Why the agent cannot be offered a call, or a chat, now; `None` when they can. A chat needs no
    /// phone. Whether they take this customer is another question ([`Acd::takes`](super::Acd::takes)).
    pub(super) fn obstacle_to(&self, now: Instant, medium: Medium) -> Option<Because> {
        if self.duty == Duty::LoggedOut {
            return Some(Because::LoggedOut);
        }
        if !self.is_reachable(now) && medium == Medium::Voice {
            return Some(Because::Unreachable);
        }
        if self.habits.do_not_disturb && medium == Medium::Voice {
            return Some(Because::DoNotDisturb);
        }
        if self.state().is_conversation() {
            return Some(Because::Talking);
        }
        if !self.dialogs.is_empty() {
            return Some(match self.is_in_call() {
                true => Because::OwnCallRings,
                false => Because::WithExchange,
            });
        }
        match self.hold {
            Hold::Nobody => {}
            Hold::Offered(_) => return Some(Because::Offered),
            Hold::Releasing(_) => return Some(Because::Releasing),
        }
        match self.duty {
            Duty::LoggedOut => return Some(Because::LoggedOut),
            Duty::Busy(reason) => return Some(Because::Busy(reason)),
            Duty::WrapUp { until, .. } => {
                let left = until.map(|until| until.saturating_duration_since(now));
                return Some(Because::WrapUp { left });
            }
            Duty::Idle => {}
        }
        let items = self.items.len();
        if !self.capacity.has_room(medium, items) {
            return Some(Because::NoRoom { items });
        }
        let not_before = self.record.not_before.filter(|then| *then > now)?;
        Some(Because::Delayed {
            left: not_before - now,
        })
    }

    pub(super) fn facts(&self, now: Instant) -> Facts {
        let state = self.state();
        let mut facts = Facts::default();
        facts.note(Fact::LoggedOut, state == State::LoggedOut);
        facts.note(Fact::Paused, matches!(state, State::Busy(_)));
        facts.note(Fact::Idle, state == State::Idle);
        facts.note(Fact::Offered, state == State::Offered);
        let occupied = matches!(state, State::Dialling | State::Calling);
        facts.note(Fact::Talking, state.is_conversation() || occupied);
        facts.note(Fact::WrapUp, state == State::WrapUp);
        facts.note(Fact::Reachable, self.is_reachable(now));
        let delayed = self.record.not_before.is_some_and(|then| then > now);
        facts.note(Fact::Delayed, delayed);
        facts.note(Fact::Free, self.obstacle(now).is_none());
        facts
    }

    /// Calls of queues answered within the window.
    pub(super) fn calls_within(&self, now: Instant, window: Duration) -> usize {
        self.answered_within(now, window).count()
    }

    /// How long the agent talked in them.
    pub(super) fn talk_within(&self, now: Instant, window: Duration) -> Duration {
        let answered = self.answered_within(now, window);
        answered.map(|it| it.talked).sum()
    }

    fn answered_within(&self, now: Instant, window: Duration) -> impl Iterator<Item = &Answered> {
        let answered = &self.record.answered;
        let old = answered.partition_point(|it| now.saturating_duration_since(it.at) >= window);
        answered.range(old..)
    }

    /// A call of a queue that was answered then is over.
    fn note_talk(&mut self, now: Instant, answered_at: Instant) {
        self.record.last_call = now;
        let mut calls = self.record.answered.iter_mut().rev();
        if let Some(call) = calls.find(|it| it.at == answered_at) {
            call.talked = now.saturating_duration_since(answered_at);
        }
    }

    /// Goes to rest, and to the end of the line of the idle if it was not idle before.
    pub(super) fn rest(&mut self, now: Instant, rest: Rest) {
        self.duty = match rest {
            Rest::Idle => {
                if self.duty != Duty::Idle {
                    self.record.idle_since = now;
                    self.record.setbacks = Setbacks::default();
                    self.record.not_before = None;
                }
                Duty::Idle
            }
            Rest::Busy(reason) => {
                if self.duty != Duty::Busy(reason) {
                    self.record.busy_since = now;
                    self.record.told_overrun = false;
                }
                Duty::Busy(reason)
            }
        };
        self.asked = None;
    }

    pub(super) fn log_out(&mut self) {
        self.duty = Duty::LoggedOut;
        self.wish = None;
        self.owed = None;
        self.asked = None;
        self.beat = None;
        self.record.not_before = None;
        self.record.setbacks = Setbacks::default();
    }

    /// One leg has ended; 事后 begins with the last.
    pub(super) fn end_dialog(&mut self, now: Instant, call: CallId, rules: &AgentRules) {
        let Some(dialog) = self.dialogs.remove(&call) else {
            return;
        };
        if let Some(answered_at) = dialog.of_queue {
            self.note_talk(now, answered_at);
        }
        if dialog.confirmed && dialog.customer {
            self.owed = Some(match self.owed {
                None => dialog.wrap_up,
                Some(owed) => longer(owed, dialog.wrap_up),
            });
        }
        if self.duty == Duty::LoggedOut {
            // It was no agent's call, and a later one does not inherit its 事后.
            self.owed = None;
            return;
        }
        if self.is_in_call() {
            return;
        }
        let Some(limit) = self.owed.take() else {
            return;
        };
        let limit = match (limit, self.habits.wrap_up()) {
            (Some(queues), Some(own)) => Some(queues.min(own)),
            (queues, own) => queues.or(own),
        };
        let before = match self.duty {
            Duty::WrapUp { then, .. } => then,
            Duty::Busy(reason) => Rest::Busy(reason),
            Duty::Idle | Duty::LoggedOut => Rest::Idle,
        };
        let after = self.habits.after_wrap_up.unwrap_or(rules.after_wrap_up);
        let then = self.wish.take().unwrap_or(match after {
            AfterWrapUp::Back => before,
            AfterWrapUp::Idle => Rest::Idle,
            AfterWrapUp::Busy => Rest::Busy(Reason::AfterCall),
        });
        // An earlier 事后 is not cut short by a call in the midst of it.
        let until = match self.duty {
            Duty::WrapUp { until: None, .. } => None,
            Duty::WrapUp {
                until: Some(until), ..
            } => limit.map(|limit| until.max(now + limit)),
            _ => limit.map(|limit| now + limit),
        };
        self.duty = Duty::WrapUp { until, then };
    }
}

/// No limit is longer than any.
fn longer(one: WrapUpLimit, other: WrapUpLimit) -> WrapUpLimit {
    Some(one?.max(other?))
}
