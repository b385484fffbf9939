//! Figures of queues, agents and numbers: one fold over what the records keep.
//!
//! The live board of a tenant and every report are this same fold. The board is given each row when it is
//! written, a report reads the rows back; so the two can only differ where a row is missing. Stays and
//! contacts may come in any order, an agent's changes of state in theirs.

mod agent;
mod contact;
mod queue;
mod spell;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{EpisodeRow, QueueLogRow};

pub use agent::AgentSums;
pub use contact::{Contact, NumberSums, Stretch};
pub use queue::QueueSums;
use spell::Spell;

/// By what stays in queues are judged. Microseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Measure {
    /// Who gives up earlier than this has not been offered to anybody.
    pub short: i64,
    /// Who is answered within this is served well: the 20 of 80/20.
    pub within: i64,
}

impl Default for Measure {
    /// 5 s and 20 s.
    fn default() -> Self {
        Self {
            short: 5_000_000,
            within: 20_000_000,
        }
    }
}

/// What is to be counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FiguresOf {
    /// By what.
    pub measure: Measure,
    /// Where each interval begins, and where the last one ends: microseconds since 1970 UTC, rising.
    /// With fewer than two there is no interval.
    pub edges: Vec<i64>,
}

/// The sums of everything that began in each interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    of: FiguresOf,
    queues: BTreeMap<(String, usize), QueueSums>,
    agents: BTreeMap<(String, usize), AgentSums>,
    numbers: BTreeMap<(String, usize), NumberSums>,
    /// What each agent does now.
    spells: BTreeMap<String, Spell>,
    /// When each agent has answered for which queue. A day's are many, and the board shows itself every second:
    /// copies share them.
    answers: Arc<BTreeMap<String, BTreeMap<i64, String>>>,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<S> {
    /// Of whom.
    pub name: String,
    /// The interval's beginning.
    pub from: i64,
    /// The interval's end.
    pub until: i64,
    /// What was counted.
    pub sums: S,
}

impl Figures {
    /// Nothing has been counted yet.
    #[must_use]
    pub fn new(of: FiguresOf) -> Self {
        Self {
            of,
            ..Self::default()
        }
    }

    /// Where it begins and ends.
    #[must_use]
    pub fn range(&self) -> (i64, i64) {
        let edges = &self.of.edges;
        let first = edges.first().copied().unwrap_or_default();
        (first, edges.last().copied().unwrap_or(first))
    }

    /// By what it judges.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.of.measure
    }

    /// The next ones, of other intervals: what agents do goes on.
    #[must_use]
    pub fn then(&self, of: FiguresOf) -> Self {
        let mut next = Self::new(of);
        next.spells.clone_from(&self.spells);
        next
    }

    /// A stay in a queue is over. It counts for the interval in which it began.
    pub fn stay(&mut self, stay: &EpisodeRow) {
        let Some(interval) = self.interval(stay.entered_at) else {
            return;
        };
        let measure = self.of.measure;
        let sums = self.queues.entry((stay.queue.clone(), interval));
        sums.or_default().stay(stay, measure);
        for offer in &stay.offers {
            let sums = self.agents.entry((offer.agent.clone(), interval));
            sums.or_default().offer(&offer.why);
        }
        if let Some(agent) = stay.agent.as_ref().filter(|_| stay.outcome == "answered") {
            let answers = Arc::make_mut(&mut self.answers);
            let answers = answers.entry(agent.clone()).or_default();
            answers.insert(stay.entered_at + stay.waited, stay.queue.clone());
        }
    }

    /// A call is over. It counts for the interval in which it began.
    pub fn contact(&mut self, contact: &Contact) {
        let Some(interval) = self.interval(contact.started_at) else {
            return;
        };
        for (queue, part) in contact.by_queue() {
            let sums = self.queues.entry((queue.to_owned(), interval));
            sums.or_default().contact(part);
        }
        for (agent, part) in contact.by_agent() {
            let sums = self.agents.entry((agent.to_owned(), interval));
            sums.or_default().contact(part);
        }
        if contact.is_inbound() {
            let sums = self.numbers.entry((contact.to.clone(), interval));
            sums.or_default().contact(contact);
        }
    }

    /// An agent does something else now: a line of the queue log of the kind `state`.
    pub fn state(&mut self, line: &QueueLogRow) {
        let (Some(agent), Some(state)) = (&line.agent, &line.state) else {
            return;
        };
        let before = self.spells.remove(agent);
        if let Some(spell) = &before {
            self.spent(agent, spell, line.at);
        }
        let next = Spell::after(before.as_ref(), state, line.why.as_deref(), line.at);
        let logs_in = line.was.as_deref() == Some("logged_out") && state != "logged_out";
        if logs_in && let Some(interval) = self.interval(line.at) {
            let sums = self.agents.entry((agent.clone(), interval));
            sums.or_default().logged_in(line.at);
        }
        self.spells.insert(agent.clone(), next);
    }

    /// Since when an agent has talked with somebody, holding and consulting included; nothing when they do
    /// not.
    #[must_use]
    pub fn talking_since(&self, agent: &str) -> Option<i64> {
        self.spells.get(agent)?.talking
    }

    /// What agents are doing counts up to `now`, too.
    #[must_use]
    pub fn at(&self, now: i64) -> Self {
        let mut whole = self.clone();
        for (agent, spell) in &self.spells {
            whole.spent(agent, spell, now);
        }
        whole
    }

    /// Queues by name, each interval on a line of its own.
    #[must_use]
    pub fn queues(&self) -> Vec<Line<QueueSums>> {
        self.lines(&self.queues)
    }

    /// Agents by number, each interval on a line of its own.
    #[must_use]
    pub fn agents(&self) -> Vec<Line<AgentSums>> {
        self.lines(&self.agents)
    }

    /// The numbers that customers have dialled, each interval on a line of its own.
    #[must_use]
    pub fn numbers(&self) -> Vec<Line<NumberSums>> {
        self.lines(&self.numbers)
    }

    fn lines<S: Clone>(&self, sums: &BTreeMap<(String, usize), S>) -> Vec<Line<S>> {
        let edges = &self.of.edges;
        let lines = sums.iter().map(|((name, interval), sums)| Line {
            name: name.clone(),
            from: edges[*interval],
            until: edges[interval + 1],
            sums: sums.clone(),
        });
        lines.collect()
    }

    /// An agent has done something from its beginning to `until`: each interval gets its part.
    fn spent(&mut self, agent: &str, spell: &Spell, until: i64) {
        let queue = self.queue_of(agent, spell);
        let edges = std::mem::take(&mut self.of.edges);
        let first = edges.partition_point(|edge| *edge <= spell.since).max(1) - 1;
        for (interval, pair) in edges.windows(2).enumerate().skip(first) {
            let (from, to) = (spell.since.max(pair[0]), until.min(pair[1]));
            if to <= from {
                break;
            }
            let sums = self.agents.entry((agent.to_owned(), interval));
            sums.or_default().spent(spell, to - from);
            if let Some(queue) = &queue {
                let sums = self.queues.entry((queue.clone(), interval));
                sums.or_default().wrap_up += to - from;
            }
        }
        self.of.edges = edges;
    }

    /// The queue whose call a wrap-up is of: the last that the agent has answered for since they were
    /// last free.
    fn queue_of(&self, agent: &str, spell: &Spell) -> Option<String> {
        let engaged = spell.wraps_up_since()? - SLACK;
        let answers = self.answers.get(agent)?;
        let (_, queue) = answers.range(engaged..=spell.since + SLACK).next_back()?;
        Some(queue.clone())
    }

    fn interval(&self, at: i64) -> Option<usize> {
        let after = self.of.edges.partition_point(|edge| *edge <= at);
        (after > 0 && after < self.of.edges.len()).then(|| after - 1)
    }
}

/// Stays are kept to the millisecond.
const SLACK: i64 = 2_000;
