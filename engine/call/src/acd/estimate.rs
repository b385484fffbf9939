//! How long a caller is likely to wait (B.3): from how long calls have taken, and how many agents there
//! are for them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::agent::Duty;
use super::name::{AgentIx, QueueIx};
use super::{Acd, State};

/// What a queue remembers of its last calls.
#[derive(Debug, Default)]
pub(super) struct Estimate {
    /// How long calls kept their agents, talk and 事后 together, in seconds; the last ones.
    handled: VecDeque<f64>,
    /// Their exponentially weighted mean.
    average: f64,
    /// When callers were answered, and how long they had waited.
    waits: VecDeque<(Instant, Duration)>,
}

/// Whom agents are busy with, and how much of their work each queue is.
#[derive(Debug, Default)]
pub(super) struct Handling {
    since: BTreeMap<AgentIx, (QueueIx, Instant)>,
    shares: BTreeMap<(AgentIx, QueueIx), f64>,
}

impl Estimate {
    /// A call has kept its agent for so long.
    fn note_handled(&mut self, took: Duration) {
        let took = took.min(LONGEST_HANDLING).as_secs_f64();
        self.handled.push_back(took);
        if self.handled.len() > REMEMBERED {
            self.handled.pop_front();
        }
        // The first ones count alike, until there are enough for the weight of the newest to be fixed.
        let weight = (2.0 / (REMEMBERED as f64 + 1.0)).max(1.0 / self.handled.len() as f64);
        self.average += weight * (took - self.average);
    }

    fn note_wait(&mut self, now: Instant, wait: Duration) {
        self.waits.push_back((now, wait));
        if self.waits.len() > MOST_WAITS {
            self.waits.pop_front();
        }
    }

    /// The mean time that a call keeps its agent; `None` while nothing can be said of it: too few calls,
    /// or too unlike ones.
    pub(super) fn handling(&self) -> Option<Duration> {
        let count = self.handled.len();
        if count < ENOUGH_CALLS {
            return None;
        }
        let mean = self.handled.iter().sum::<f64>() / count as f64;
        let squares = self.handled.iter().map(|it| (it - mean).powi(2));
        let spread = (squares.sum::<f64>() / count as f64).sqrt();
        (spread <= MOST_SPREAD * mean).then(|| Duration::from_secs_f64(self.average))
    }

    /// `(position · A) / max(1, n)`, and no more than nine of ten have waited lately.
    pub(super) fn wait(&self, now: Instant, position: usize, agents: f64) -> Option<Duration> {
        let handling = self.handling()?;
        let wait = handling.mul_f64(position as f64 / agents.max(1.0));
        Some(match self.most_waited(now) {
            Some(most) => wait.min(most),
            None => wait,
        })
    }

    /// What nine of ten of those who were answered in the last half hour have waited at most.
    fn most_waited(&self, now: Instant) -> Option<Duration> {
        let lately = |(at, _): &&(Instant, Duration)| now.saturating_duration_since(*at) <= LATELY;
        let mut waits: Vec<Duration> = self.waits.iter().filter(lately).map(|it| it.1).collect();
        if waits.len() < ENOUGH_WAITS {
            return None;
        }
        waits.sort_unstable();
        let place = (waits.len() * 9).div_ceil(10);
        waits.get(place - 1).copied()
    }
}

impl Acd {
    /// How long somebody at this place (1 is the next) is likely to wait; `None` where nothing can be said.
    pub(super) fn expected_wait(&self, queue: QueueIx, position: usize) -> Option<Duration> {
        let agents = self.queues[queue.0].members.iter();
        let agents = agents.map(|agent| self.works_for(*agent, queue)).sum();
        let estimate = &self.queues[queue.0].estimate;
        estimate.wait(self.clock.now, position, agents)
    }

    /// How much of an agent a queue has: nothing of who is away.
    fn works_for(&self, agent: AgentIx, queue: QueueIx) -> f64 {
        let it = &self.agents[agent.0];
        let is_away = matches!(it.state(), State::LoggedOut | State::Busy(_));
        match is_away || !it.is_reachable(self.clock.now) {
            true => 0.0,
            false => self.share(agent, queue),
        }
    }

    /// Which part of an agent's calls are this queue's; alike to all before there were any.
    fn share(&self, agent: AgentIx, queue: QueueIx) -> f64 {
        let known = self.handling.shares.get(&(agent, queue));
        let count = self.agents[agent.0].queues.len().max(1);
        known.copied().unwrap_or(1.0 / count as f64)
    }

    /// An agent has a call of a queue, whose caller has waited for so long.
    pub(super) fn handling_begins(&mut self, agent: AgentIx, queue: QueueIx, waited: Duration) {
        let now = self.clock.now;
        self.queues[queue.0].estimate.note_wait(now, waited);
        self.handling.since.insert(agent, (queue, now));
        for other in self.agents[agent.0].queues.clone() {
            let is_this = f64::from(u8::from(other == queue));
            let share = self.share(agent, other);
            let share = share + NEWEST * (is_this - share);
            self.handling.shares.insert((agent, other), share);
        }
    }

    /// Sees whether an agent is done with a call: its talk and its 事后.
    pub(super) fn look_whether_handled(&mut self, ix: AgentIx) {
        let agent = &self.agents[ix.0];
        if agent.is_in_call() || matches!(agent.duty, Duty::WrapUp { .. }) {
            return;
        }
        if let Some((queue, since)) = self.handling.since.remove(&ix) {
            let took = self.clock.now.saturating_duration_since(since);
            self.queues[queue.0].estimate.note_handled(took);
        }
    }
}

/// Calls that the mean is of.
const REMEMBERED: usize = 50;
/// With fewer calls nothing is said.
const ENOUGH_CALLS: usize = 5;
/// Where calls are so unlike that their deviation is more than the mean itself, nothing is said.
const MOST_SPREAD: f64 = 1.0;
/// A 事后 that somebody forgot to end says nothing of calls.
const LONGEST_HANDLING: Duration = Duration::from_secs(3600);
const LATELY: Duration = Duration::from_secs(1800);
const MOST_WAITS: usize = 500;
/// Nine of ten of fewer mean nothing.
const ENOUGH_WAITS: usize = 10;
/// How much the newest call counts in the shares of an agent's queues.
const NEWEST: f64 = 0.1;
