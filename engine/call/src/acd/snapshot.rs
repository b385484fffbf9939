//! What of the agents outlives a restart. How it is written down stands in `stored.rs`.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::agent::{Agent, Answered, Duty, Reach, Rest, Shown};
use super::totals::Totals;
use super::{Acd, AgentId, Habits, QueueName, Setbacks, State};

/// The agents as they stand, to be stored and given to [`Acd::restore`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// All who are logged in.
    pub agents: Vec<AgentSnapshot>,
    /// Whom each queue offered its last call to, for `round_robin`.
    pub last_offered: Vec<(QueueName, AgentId)>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub struct AgentSnapshot {
    /// Who.
    pub agent: AgentId,
    /// What was shown last, and for how long: it goes on counting.
    pub(super) shown: State,
    pub(super) shown_for: Duration,
    pub(super) duty: Kept,
    pub(super) idle_for: Duration,
    /// Ages of the calls answered.
    pub(super) answered: Vec<Duration>,
    /// How long each of them lasted.
    pub(super) talked: Vec<Duration>,
    /// Since the login, or the end of the last call of a queue.
    pub(super) last_call_for: Option<Duration>,
    pub(super) setbacks: Setbacks<u32>,
    pub(super) rests_for: Option<Duration>,
    pub(super) busy_for: Duration,
    pub(super) habits: Habits,
    pub(super) today: Totals,
}

/// What an agent is there for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kept {
    /// Who is not there, but has set something, or was there today.
    LoggedOut,
    Rest(Rest),
    WrapUp {
        left: Option<Duration>,
        then: Rest,
    },
}

impl AgentSnapshot {
    /// As it is so much later, if nothing has happened since: for those that were stored one by one.
    #[must_use]
    pub fn aged(mut self, by: Duration) -> Self {
        self.shown_for += by;
        self.idle_for += by;
        self.busy_for += by;
        self.last_call_for = self.last_call_for.map(|age| age + by);
        self.answered.iter_mut().for_each(|age| *age += by);
        self.rests_for = self.rests_for.map(|left| left.saturating_sub(by));
        // Whoever was in a call when this was noted begins wrapping up only now: nobody knows when
        // the call ended.
        if let Kept::WrapUp {
            left: Some(left), ..
        } = &mut self.duty
            && self.shown == State::WrapUp
        {
            *left = left.saturating_sub(by);
        }
        self
    }
}

impl Acd {
    /// One agent as [`snapshot`](Self::snapshot) has them; `None` who is not logged in. To be stored
    /// when the agent's state changes and after what the agent did.
    pub fn snapshot_of(&self, now: Instant, agent: &AgentId) -> Option<AgentSnapshot> {
        let agent = &self.agents[self.names.agents.get(agent)?.0];
        self.kept(now, agent)
    }

    /// The agents as a restart at this moment would find them. Calls do not outlive it: who talks
    /// with a customer goes on with 事后.
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let agents = self.agents.iter();
        let queues = self.queues.iter().filter(|queue| !queue.closing);
        Snapshot {
            agents: agents.filter_map(|agent| self.kept(now, agent)).collect(),
            last_offered: queues
                .filter_map(|queue| {
                    let agent = &self.agents[queue.last.last()?.0];
                    Some((queue.plan.name.clone(), agent.id.clone()))
                })
                .collect(),
        }
    }

    /// Takes the agents over from an earlier life that ended so long ago, right after
    /// [`new`](Self::new). Their phones have the usual time to come back.
    pub fn restore(&mut self, now: Instant, snapshot: Snapshot, down_for: Duration) {
        self.begin(now);
        for kept in snapshot.agents {
            let known = self.names.agents.contains_key(&kept.agent);
            if known || kept.habits != Habits::default() {
                let ix = self.agent_named(&kept.agent);
                restore(&mut self.agents[ix.0], self.clock.now, kept, down_for);
            }
        }
        for (queue, agent) in snapshot.last_offered {
            if let Some(queue) = self.names.queues.get(&queue) {
                let agent = self.names.agents.get(&agent).copied();
                self.queues[queue.0].last = agent.into_iter().collect();
            }
        }
        self.settle_all();
        self.finish();
    }

    fn kept(&self, now: Instant, agent: &Agent) -> Option<AgentSnapshot> {
        let mut agent = agent.clone();
        for call in agent.dialogs.clone().into_keys() {
            agent.end_dialog(now, call, &self.rules);
        }
        let (wish, shown) = (agent.wish, agent.shown);
        let duty = match agent.duty {
            Duty::LoggedOut if agent.habits == Habits::default() && agent.totals.is_empty() => {
                return None;
            }
            Duty::LoggedOut => Kept::LoggedOut,
            Duty::Idle => Kept::Rest(wish.unwrap_or(Rest::Idle)),
            Duty::Busy(reason) => Kept::Rest(wish.unwrap_or(Rest::Busy(reason))),
            Duty::WrapUp { until, then } => Kept::WrapUp {
                left: until.map(|until| until.saturating_duration_since(now)),
                then,
            },
        };
        let record = &agent.record;
        let ages = record.answered.iter();
        Some(AgentSnapshot {
            shown: shown.state,
            shown_for: now.saturating_duration_since(shown.since),
            duty,
            idle_for: now.saturating_duration_since(record.idle_since),
            answered: ages
                .map(|it| now.saturating_duration_since(it.at))
                .collect(),
            talked: record.answered.iter().map(|it| it.talked).collect(),
            last_call_for: Some(now.saturating_duration_since(record.last_call)),
            setbacks: record.setbacks,
            rests_for: record
                .not_before
                .map(|at| at.saturating_duration_since(now)),
            busy_for: now.saturating_duration_since(record.busy_since),
            habits: agent.habits,
            today: agent.totals,
            agent: agent.id,
        })
    }
}

fn restore(agent: &mut Agent, now: Instant, kept: AgentSnapshot, down_for: Duration) {
    // A machine that began a moment ago may have no instant that lies so far back.
    let ago = |age: Duration| now.checked_sub(age + down_for).unwrap_or(now);
    let ahead = |left: Duration| now + left.saturating_sub(down_for);
    agent.duty = match kept.duty {
        Kept::LoggedOut => Duty::LoggedOut,
        Kept::Rest(Rest::Idle) => Duty::Idle,
        Kept::Rest(Rest::Busy(reason)) => Duty::Busy(reason),
        Kept::WrapUp { left, then } => Duty::WrapUp {
            until: left.map(ahead),
            then,
        },
    };
    agent.reach = Reach::Lost { since: now };
    agent.shown = Shown {
        state: kept.shown,
        reachable: false,
        since: ago(kept.shown_for),
    };
    agent.record.idle_since = ago(kept.idle_for);
    let talked = kept
        .talked
        .into_iter()
        .chain(std::iter::repeat(Duration::ZERO));
    let answered = kept.answered.into_iter().zip(talked);
    agent.record.answered = answered
        .map(|(age, talked)| Answered {
            at: ago(age),
            talked,
        })
        .collect();
    agent.record.last_call = ago(kept.last_call_for.unwrap_or(kept.idle_for));
    agent.record.setbacks = kept.setbacks;
    agent.record.busy_since = ago(kept.busy_for);
    agent.habits = kept.habits;
    agent.totals = kept.today;
    agent.record.not_before = kept.rests_for.map(ahead);
}
