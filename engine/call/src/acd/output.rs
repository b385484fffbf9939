//! What the machine wants done, and what it is told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AgentId, Ask, AskId, By, CallbackChange, Callbacks, Decision, Episode, EpisodeOffer, Greet,
    Habits, ItemNews, LeaseId, PlaceChange, QueueName, Reason, State,
};
use crate::CallId;

/// Something to be done, or to be told. Drain after every input.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ring the agent's phones for this call, as the leg of this lease.
    Offer {
        /// The reservation.
        lease: LeaseId,
        /// For whom.
        call: CallId,
        /// From which queue, for the phone's display.
        queue: QueueName,
        /// Whom.
        agent: AgentId,
        /// For so long; the machine takes the offer back itself.
        ring: Duration,
        /// The caller has waited for so long, for the phone's display.
        waited: Duration,
    },
    /// End the leg of this lease, whatever it does: CANCEL while it rings, BYE after an answer. It
    /// may come for a leg that is not made yet: then do not make it.
    Withdraw {
        /// The reservation.
        lease: LeaseId,
        /// Why.
        why: Withdrawn,
    },
    /// Stop music and announcements to the caller now.
    Hush {
        /// To whom.
        call: CallId,
    },
    /// The agent has answered: let the two hear each other, then report [`News::Connected`](super::News::Connected).
    Connect {
        /// The reservation.
        lease: LeaseId,
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// The queue's conversations are recorded.
        record: bool,
        /// What the two hear first.
        greet: Greet,
    },
    /// Tell the caller, over the music.
    Announce {
        /// Whom.
        call: CallId,
        /// What, in this order.
        what: Vec<Announcement>,
    },
    /// An offer is over: for the records. Whatever else is to be done about it stands in other
    /// outputs.
    OfferEnded {
        /// For whom it was.
        call: CallId,
        /// From which queue.
        queue: QueueName,
        /// To whom, from when to when, and how it ended.
        offer: EpisodeOffer,
    },
    /// The caller waits in this queue from now on: play its music.
    Waits {
        /// Who.
        call: CallId,
        /// Where.
        queue: QueueName,
        /// The music; the tenant's when `None`.
        music: Option<String>,
        /// The music begins anew for this caller.
        from_start: bool,
        /// The place; 1 is the next.
        position: usize,
    },
    /// Call somebody back, for whom an agent is held free. When they are on the line,
    /// [`Acd::handle_enter`](super::Acd::handle_enter) with this id; else
    /// [`Acd::handle_not_back`](super::Acd::handle_not_back), whatever the reason.
    CallBack {
        /// The reservation of the agent.
        lease: LeaseId,
        /// Who, by the call that asked for it.
        id: CallId,
        /// From which queue.
        queue: QueueName,
        /// The number.
        number: String,
        /// How.
        by: Callbacks,
    },
    /// What has become of somebody who is to be called back: for the records.
    Callback(CallbackChange),
    /// What has become of a caller's place: for the records.
    Place(PlaceChange),
    /// Do this for the caller in passing (a step of the overflow chain): they wait on, or go where the
    /// next step says.
    Aside {
        /// For whom.
        call: CallId,
        /// In which queue.
        queue: QueueName,
        /// What, as the plan says it.
        what: String,
    },
    /// The caller waits no longer.
    Leave {
        /// Who.
        call: CallId,
        /// From where.
        queue: QueueName,
        /// Why.
        why: Leave,
    },
    /// Ask the queue's script whom this call should be offered to; answer by
    /// [`Acd::handle_chosen`](super::Acd::handle_chosen).
    Choose {
        /// About whom.
        call: CallId,
        /// In which queue.
        queue: QueueName,
        /// The question.
        ask: Ask,
    },
    /// The script has lost its time: stop it. Its answer would be ignored.
    ForgetChoose {
        /// The question.
        ask: AskId,
    },
    /// Something became of an item: it is offered to an agent at their desk, or no longer.
    Item(ItemNews),
    /// An agent's state or reachability has changed.
    State(StateChange),
    /// An agent asks for a break that a leader must approve.
    Asks {
        /// Who.
        agent: AgentId,
        /// Which.
        reason: Reason,
    },
    /// An agent is 置忙 for longer than the reason allows: told once.
    Overrun {
        /// Who.
        agent: AgentId,
        /// Why they are.
        reason: Reason,
        /// For so long already.
        lasted: Duration,
    },
    /// An agent was reset, which should never be needed: for whoever looks for the defect.
    Reset {
        /// Who.
        agent: AgentId,
        /// What the machine believed of them.
        trace: String,
    },
    /// So many offers in a row failed that an agent is 置忙 until they say otherwise: their leader should
    /// look.
    Paused {
        /// Who.
        agent: AgentId,
        /// The queue of the last of these offers.
        queue: QueueName,
        /// Why.
        reason: Reason,
        /// So many.
        after: u32,
    },
    /// A queue is no longer in the plan, and callers wait in it: they are served, and nobody else gets
    /// in.
    QueueGone {
        /// Which.
        queue: QueueName,
        /// How many wait.
        waiting: usize,
    },
    /// The last caller of such a queue has left it.
    QueueClosed {
        /// Which.
        queue: QueueName,
    },
    /// Something was decided, and why: for the call's journal.
    Decision(Decision),
    /// A stay is over: for the records.
    Episode(Box<Episode>),
    /// A person should look: the machine found and mended a mistake of its own.
    Alert {
        /// Where.
        queue: QueueName,
        /// What was found.
        what: String,
    },
}

/// Why an offer is taken back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Withdrawn {
    /// The caller is gone, or has left the queue.
    CallerGone,
    /// Another agent has the call. The phone must show no missed call (`Reason: SIP;cause=200`).
    Elsewhere,
    /// It has rung for long enough.
    RangOut,
    /// The agent logged out or was reset.
    AgentGone,
    /// Answered, and not connected in time.
    NotConnected,
    /// The lease is no more; whoever answers now is let go politely. As `Elsewhere` for the phone.
    Stale,
}

/// What a caller is told.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Announcement {
    /// How many are ahead; 0 is "you are next".
    Position {
        /// So many.
        ahead: usize,
        /// And more.
        more: bool,
    },
    /// How long the wait is likely to be: a minute at least.
    Wait {
        /// In minutes, rounded up.
        minutes: u32,
    },
    /// This sound.
    Sound(String),
}

/// Why a caller waits no longer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Leave {
    /// This agent has the caller.
    Answered(AgentId),
    /// The caller hung up.
    Gone,
    /// Waited for as long as a caller may.
    Timeout,
    /// As many wait as may.
    Full,
    /// No agent counts as present.
    Empty,
    /// A key, or the script, took the caller out. The same call has the same place when it comes back
    /// within ten minutes.
    Left,
    /// The caller will be called back: the place is kept.
    Callback,
    /// A step of the overflow chain: go there.
    Overflow(String),
}

impl Leave {
    /// The word that scripts see as `why`; `None` where they see the agent, or nothing any more.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Answered(_) | Self::Gone => None,
            Self::Timeout => Some("timeout"),
            Self::Full => Some("full"),
            Self::Empty => Some("empty"),
            Self::Left => Some("left"),
            Self::Callback => Some("callback"),
            Self::Overflow(_) => Some("overflow"),
        }
    }
}

/// A change of an agent's state (B.3 `agent_state`).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// Whose.
    pub agent: AgentId,
    /// The new state, with the reason of a 置忙.
    pub state: State,
    /// Whether a phone answers. A state with `false` is shown as 掉线.
    pub reachable: bool,
    /// The state before.
    pub before: State,
    /// Since when that was, in microseconds since 1970, UTC.
    pub from: i64,
    /// Now, likewise.
    pub at: i64,
    /// Who caused it.
    pub by: By,
}

/// How an agent stands now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Whether a phone answers.
    pub reachable: bool,
    /// In this state for so long (累计时间).
    pub lasted: Duration,
    /// In this state since then, in microseconds since 1970, UTC.
    pub since: i64,
    /// What 事后 has left; `None` out of it, or when only the agent ends it.
    pub wrap_up_left: Option<Duration>,
    /// For so long they have been in each state today, those only that there were.
    pub today: Vec<(State, Duration)>,
    /// A break that they have asked for, and a leader has not approved yet.
    pub asks: Option<Reason>,
    /// What they have set for themselves.
    pub habits: Habits,
    /// The queues.
    pub queues: Vec<QueueName>,
}

impl Status {
    /// What is shown: the state, and 掉线 in front of it where no phone answers.
    pub fn shown(&self) -> String {
        match self.reachable || self.state == State::LoggedOut {
            true => self.state.chinese().to_owned(),
            false => format!("掉线({})", self.state.chinese()),
        }
    }
}
