//! What an admin wrote: queues, their members, their limits. A reload replaces the plan, not lives.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AgentId, Capacity, Care, Presence, QueueName, Skills, Strategy, Widening};

/// The queues of a tenant and what holds for all its agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The queues. An agent is who is a member of one of them.
    pub queues: Vec<QueuePlan>,
    /// What holds for all agents.
    pub rules: AgentRules,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueuePlan {
    /// Its name.
    pub name: QueueName,
    /// Who serves it, in the order that `linear` and `round_robin` keep.
    pub members: Vec<Member>,
    /// How calls are offered.
    pub offering: Offering,
    /// To whom of the members, and how that widens.
    pub widening: Widening,
    /// Where two queues want one agent, the heavier goes first.
    pub weight: u32,
    /// Nobody overtakes a caller who has waited for so long, whatever their head start.
    pub guard: Option<Duration>,
    /// Who may wait, and how long.
    pub limits: Limits,
    /// What happens instead of waiting on.
    pub overflow: Vec<Overflow>,
    /// What callers hear of their place.
    pub announce: Announce,
    /// What callers hear otherwise; the tenant's music when `None`.
    pub music: Option<String>,
    /// Conversations are recorded.
    pub record: bool,
    /// What is done for callers besides.
    pub care: Care,
}

/// An agent of a queue.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// Offered a call only when no free member has a lower one.
    pub penalty: u32,
    /// Members of a higher level wait until it opens.
    pub level: u32,
    /// The place within the level; that in the list when `None`.
    pub position: Option<u32>,
    /// For `weighted`.
    pub weight: u32,
    /// How much the agent is this queue's: where several of their queues want them, the one with the
    /// highest goes first.
    pub priority: u32,
    /// What they can, for this queue.
    pub skills: Skills,
}

/// How calls are offered to agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offering {
    /// In which order.
    pub strategy: Strategy,
    /// An agent's phone rings for so long.
    pub ring_timeout: Duration,
    /// The longest 事后 after a call; until the agent ends it when `None`.
    pub wrap_up: Option<Duration>,
    /// After an offer that failed the agent is offered nothing for so long.
    pub delays: Setbacks<Duration>,
    /// After so many failed offers of one kind in a row the agent is 置忙. `None`: never.
    pub pause_after: Setbacks<Option<u32>>,
    /// A script's `choose` may take so long.
    pub choose_budget: Duration,
}

/// One value for each way in which an offer can fail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setbacks<T> {
    /// It rang and nobody came.
    pub no_answer: T,
    /// Declined: also by a "busy" after it had rung, which many phones' reject keys say.
    pub rejected: T,
    /// The phone was in a call, or on do-not-disturb: it said so without ringing.
    pub busy: T,
    /// The phone could not be reached, or the exchange could not ring it.
    pub unreachable: T,
}

/// Who may wait, and how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// A caller waits for so long at most. It never cuts an offer that rings, unless `hard`.
    pub max_wait: Option<Duration>,
    /// `max_wait` cuts also an offer that rings.
    pub hard: bool,
    /// So many callers wait at most.
    pub max_callers: Option<usize>,
    /// Callers may join while a member counts by this.
    pub join_if: Presence,
    /// Callers stay while a member counts by this.
    pub stay_if: Presence,
    /// They stay for so long without.
    pub grace: Duration,
}

/// A step of the overflow chain: when, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overflow {
    /// When it is taken.
    pub when: When,
    /// What happens.
    pub step: Step,
}

/// When an overflow step is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum When {
    /// The caller has waited in this queue for so long. An offer that rings is not cut.
    Waited(Duration),
    /// The queue has as many callers as it may.
    Full,
    /// No member counts as present.
    Empty,
}

/// What an overflow step does.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Goes to another queue and keeps the time waited, and with it the place. A queue that the
    /// caller has been in is not entered again.
    Queue(QueueName),
    /// The switch does this (`sms:link`), and the caller waits on.
    Aside(String),
    /// The caller leaves the line and is called back when it is their turn. Left out where the queue calls
    /// nobody back, or the number is not known.
    Callback,
    /// The caller leaves for this: `voicemail:it`, `user:1001`, `trunk:carrier/10086`, or hears this and is
    /// hung up: `play:sys/error`.
    Leave(String),
}

/// What callers hear of their place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Announce {
    /// Say how many are ahead.
    pub position: bool,
    /// Say how many minutes the wait is likely to be.
    pub wait: bool,
    /// For the first time after so long.
    pub first: Duration,
    /// Again and again, after so long. Once when `None`.
    pub every: Option<Duration>,
    /// A better place is told without waiting for `every`, but not sooner than so long after the last
    /// time. `None`: it waits.
    pub at_least: Option<Duration>,
    /// Only when fewer are ahead than last time.
    pub only_if_improved: bool,
    /// Say "more than" this many when more are ahead.
    pub limit: Option<usize>,
    /// Sounds that are said in turn, one each time.
    pub list: Vec<String>,
    /// The next of them after so long.
    pub list_every: Duration,
}

/// What holds for all agents of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRules {
    /// The longest 事后 after a customer call of no queue; until the agent ends it when `None`.
    pub wrap_up: Option<Duration>,
    /// What a 事后 that ran out ends in.
    pub after_wrap_up: AfterWrapUp,
    /// 置闲 rather than 置忙 after logging in.
    pub idle_after_login: bool,
    /// What holds for each of the tenant's reasons for 置忙, for the codes 1, 2 …; those beyond the
    /// end have no rule.
    pub reasons: Vec<ReasonRule>,
    /// Agents must give a reason for 置忙.
    pub reason_required: bool,
    /// Agents dial in 置忙 and 事后 only.
    pub dial_when_busy: bool,
    /// A phone lost for so long makes its agent 置忙(掉线); sooner back is as never gone.
    pub lost_grace: Duration,
    /// A phone lost for so long logs its agent out.
    pub lost_logout: Duration,
    /// Which of several queues that want one agent goes first.
    pub across: Across,
    /// How much an agent is given at once.
    pub capacity: Capacity,
    /// Instead, of these agents.
    pub capacities: BTreeMap<AgentId, Capacity>,
}

/// Which of several queues that want one agent goes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Across {
    /// The heaviest; of those that weigh the same, whose first caller has waited for longest, head
    /// start included.
    #[default]
    Weight,
    /// Whose first caller has waited for longest, head start and weight apart.
    Longest,
    /// Whose first caller has waited for longest, head start included, weight apart.
    Priority,
}

/// What holds for one reason for 置忙.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct ReasonRule {
    /// Whoever is 置忙 for longer is told of.
    pub max: Option<Duration>,
    /// A leader must approve it.
    pub approval: bool,
}

/// What a 事后 that ran out ends in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterWrapUp {
    /// The state before the call: 置闲 after a call of a queue, 置忙 after one dialled in 置忙.
    #[default]
    Back,
    /// 自动置闲.
    Idle,
    /// 自动置忙.
    Busy,
}

impl AgentRules {
    pub(super) fn reason(&self, code: u8) -> Option<&ReasonRule> {
        self.reasons.get(usize::from(code).checked_sub(1)?)
    }
}

impl QueuePlan {
    /// A queue with these members and everything else as it usually is.
    pub fn new(name: &str, members: &[&str]) -> Self {
        Self {
            name: name.into(),
            members: members.iter().map(|agent| Member::new(agent)).collect(),
            offering: Offering::default(),
            widening: Widening::default(),
            weight: 0,
            guard: Some(NOT_OVERTAKEN_AFTER),
            limits: Limits::default(),
            overflow: Vec::new(),
            announce: Announce::default(),
            music: None,
            record: false,
            care: Care::default(),
        }
    }

    /// How far down the overflow chain a caller is who has waited for so long.
    pub(super) fn steps_within(&self, waited: Duration) -> usize {
        let taken = |it: &Overflow| matches!(it.when, When::Waited(after) if after <= waited);
        self.overflow
            .iter()
            .rposition(taken)
            .map_or(0, |last| last + 1)
    }
}

impl Member {
    /// A member of the first level, without penalty.
    pub fn new(agent: &str) -> Self {
        Self {
            agent: agent.into(),
            penalty: 0,
            level: 1,
            position: None,
            weight: 1,
            priority: 0,
            skills: Skills::new(),
        }
    }
}

impl Member {
    /// The place within the level, where the list has the member in this one (0 is the first).
    pub(super) fn position(&self, place: usize) -> u32 {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.position.unwrap_or_else(|| place.saturating_add(1))
    }
}

impl Default for Offering {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            ring_timeout: Duration::from_secs(15),
            wrap_up: None,
            delays: Setbacks {
                no_answer: Duration::from_secs(10),
                rejected: Duration::from_secs(10),
                busy: Duration::from_secs(30),
                unreachable: Duration::from_secs(5),
            },
            pause_after: Setbacks {
                no_answer: Some(3),
                ..Setbacks::default()
            },
            choose_budget: Duration::from_millis(5),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let somebody = Presence::Not(Box::new(Presence::Is(super::Fact::LoggedOut)));
        Self {
            max_wait: Some(Duration::from_secs(600)),
            hard: false,
            max_callers: None,
            join_if: somebody.clone(),
            stay_if: somebody,
            grace: Duration::from_secs(30),
        }
    }
}

impl Default for AgentRules {
    fn default() -> Self {
        Self {
            wrap_up: None,
            after_wrap_up: AfterWrapUp::default(),
            idle_after_login: false,
            reasons: Vec::new(),
            reason_required: false,
            dial_when_busy: false,
            lost_grace: Duration::from_secs(60),
            lost_logout: Duration::from_secs(300),
            across: Across::default(),
            capacity: Capacity::default(),
            capacities: BTreeMap::new(),
        }
    }
}

/// Usually; as long as a caller waits at most.
const NOT_OVERTAKEN_AFTER: Duration = Duration::from_secs(600);
