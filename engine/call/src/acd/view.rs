//! How agents, queues and callers stand, for whoever asks.

use std::time::{Duration, Instant};

use super::agent::{Duty, Hold};
use super::demand::Wishes;
use super::name::{AgentIx, QueueIx};
use super::{Acd, AgentId, Decided, Decision, QueueName, QueuePlan, Reason, Refusal, Status};
use crate::CallId;

impl Acd {
    /// How an agent stands; `None` for a user who is a member of no queue.
    pub fn status(&self, now: Instant, agent: &AgentId) -> Option<Status> {
        let agent = &self.agents[self.names.agents.get(agent)?.0];
        if agent.queues.is_empty() && agent.duty == Duty::LoggedOut {
            return None;
        }
        let wrap_up_left = match agent.duty {
            Duty::WrapUp { until, .. } => until.map(|until| until.saturating_duration_since(now)),
            _ => None,
        };
        Some(Status {
            state: agent.state(),
            reachable: agent.is_reachable(now),
            lasted: now.saturating_duration_since(agent.shown.since),
            since: self.clock.wall(agent.shown.since),
            wrap_up_left,
            today: self.today(now, agent),
            asks: agent.asked.map(Reason::Code),
            habits: agent.habits.clone(),
            queues: agent
                .queues
                .iter()
                .map(|queue| self.queues[queue.0].plan.name.clone())
                .collect(),
        })
    }

    /// Whether an agent may call somebody now. Their call, told at once as a leg of theirs, then holds
    /// them: in between nothing can be offered to them. Everybody who is no agent may.
    ///
    /// # Errors
    /// With what to tell them.
    pub fn may_dial(&self, agent: &AgentId) -> Result<(), Refusal> {
        let known = self.names.agents.get(agent);
        let Some(agent) = known.map(|ix| &self.agents[ix.0]) else {
            return Ok(());
        };
        match agent.duty {
            Duty::LoggedOut => Ok(()),
            _ if matches!(agent.hold, Hold::Offered(_)) => Err(Refusal::Offered),
            // Whose phone says that it is busy is offered nothing that a call of theirs could collide with.
            Duty::Idle if self.rules.dial_when_busy && !agent.habits.do_not_disturb => {
                Err(Refusal::NotBusy)
            }
            _ => Ok(()),
        }
    }

    /// When the last input came, in microseconds since 1970, UTC.
    pub fn wall(&self) -> i64 {
        self.clock.wall(self.clock.now)
    }

    /// All agents, by name.
    pub fn agents(&self) -> impl Iterator<Item = &AgentId> {
        let listed = |ix: &AgentIx| {
            let agent = &self.agents[ix.0];
            !agent.queues.is_empty() || agent.duty != Duty::LoggedOut
        };
        let names = self.names.agents.iter();
        names
            .filter(move |(_, ix)| listed(ix))
            .map(|(name, _)| name)
    }

    /// The calls that wait in a queue, the next first; `None` when there is no such queue.
    pub fn line(&self, queue: &QueueName) -> Option<impl Iterator<Item = CallId>> {
        let queue = &self.queues[self.names.queues.get(queue)?.0];
        Some(queue.line.iter().map(|(_, call)| *call))
    }

    /// How many wait in a queue, those who are being offered included.
    pub fn waiting(&self, queue: &QueueName) -> Option<usize> {
        Some(self.queues[self.names.queues.get(queue)?.0].line.len())
    }

    /// A caller's place in their queue; 1 is the next.
    pub fn position(&self, call: CallId) -> Option<usize> {
        let caller = self.callers.get(&call)?;
        Some(self.queues[caller.queue.0].ahead(caller.place) + 1)
    }

    /// Why a caller waits, for every member of the queue (为什么还在等待), as of the last input: a second ago
    /// at most, since the machine looks about that often while anybody waits.
    pub fn explain(&self, call: CallId) -> Option<Decision> {
        let caller = self.callers.get(&call)?;
        let queue = &self.queues[caller.queue.0];
        let free = self.order_for(caller);
        let because = match (caller.offers.connecting, caller.is_unoffered()) {
            (Some(_), _) => "an agent has answered and is being connected".to_owned(),
            (None, false) => "it rings".to_owned(),
            (None, true) if free.is_empty() => {
                let whom = match self
                    .free_members(caller.queue, caller.wants.medium, &mut Wishes::default())
                    .is_empty()
                {
                    true => "nobody is free",
                    false => "nobody who is free may take the call",
                };
                format!("{whom}; {} ahead", queue.ahead(caller.place))
            }
            (None, true) => "the script is thinking, or named nobody".to_owned(),
        };
        Some(Decision {
            call,
            queue: queue.plan.name.clone(),
            what: Decided::Wait,
            because: because.into(),
            candidates: self.verdicts(caller, &free),
        })
    }

    /// All queues, by name: those of the plan, and those that are gone from it while callers wait in
    /// them.
    pub fn queues(&self) -> impl Iterator<Item = &QueueName> {
        let names = self.names.queues.iter();
        let lives = |ix: &QueueIx| {
            let queue = &self.queues[ix.0];
            !queue.closing || !queue.line.is_empty()
        };
        names.filter(move |(_, ix)| lives(ix)).map(|(name, _)| name)
    }

    /// How a queue stands; `None` when there is no such queue.
    pub fn queue(&self, now: Instant, queue: &QueueName) -> Option<QueueStatus> {
        let ix = *self.names.queues.get(queue)?;
        let queue = &self.queues[ix.0];
        let waits = queue
            .line
            .iter()
            .zip(1..)
            .filter_map(|((_, call), position)| {
                let caller = self.callers.get(call)?;
                Some(Waiting {
                    call: *call,
                    position,
                    waited: now.saturating_duration_since(caller.first),
                    is_offered: !caller.is_unoffered(),
                    is_away: caller.away.is_some(),
                })
            });
        let members = queue.members.iter();
        Some(QueueStatus {
            plan: queue.plan.clone(),
            is_gone: queue.closing,
            handling: queue.estimate.handling(),
            expected_wait: self.expected_wait(ix, queue.line.len() + 1),
            waiting: waits.collect(),
            members: members.map(|ix| self.agents[ix.0].id.clone()).collect(),
        })
    }
}

/// How a queue stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueStatus {
    /// What an admin wrote, or had written.
    pub plan: QueuePlan,
    /// It is no longer in the plan: who waits is served, and nobody else gets in.
    pub is_gone: bool,
    /// How long calls keep their agents, talk and 事后 together; `None` while nothing can be said.
    pub handling: Option<Duration>,
    /// How long whoever came now would likely wait; `None` while nothing can be said.
    pub expected_wait: Option<Duration>,
    /// Who waits, the next first.
    pub waiting: Vec<Waiting>,
    /// The agents, in the order of the plan.
    pub members: Vec<AgentId>,
}

/// A caller who waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Who.
    pub call: CallId,
    /// The place; 1 is the next.
    pub position: usize,
    /// For so long, in all the queues that the caller came through.
    pub waited: Duration,
    /// An agent is rung for them, or has just answered.
    pub is_offered: bool,
    /// They are not on the line, and will be called back.
    pub is_away: bool,
}
