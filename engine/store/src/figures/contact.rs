//! A call, as far as it is counted.

use std::collections::BTreeMap;

use super::queue::average;
use crate::{Direction, FinishedCall};

/// A call that is over. Times are microseconds, points in time since 1970 UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// When it began.
    pub started_at: i64,
    /// Which way.
    pub direction: Direction,
    /// The user who called.
    pub user: Option<String>,
    /// The number that was dialled.
    pub to: String,
    /// What became of it.
    pub result: String,
    /// What it was made of, in order.
    pub stretches: Vec<Stretch>,
}

/// A stretch of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// `talk`, `hold`, `queue` …
    pub kind: String,
    /// For so long.
    pub lasted: i64,
    /// Who took part.
    pub agent: Option<String>,
    /// The queue that the call was in, or came from.
    pub queue: Option<String>,
}

/// One agent's or queue's part of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    /// The agent has made it.
    pub(super) made: bool,
    /// Somebody was talked to.
    pub(super) talked: bool,
    pub(super) talk: i64,
    pub(super) hold: i64,
    /// Somebody else talked on.
    pub(super) moved: bool,
}

impl Part {
    fn add(&mut self, stretch: &Stretch) {
        match stretch.kind.as_str() {
            "hold" => self.hold += stretch.lasted,
            _ => {
                self.talked = true;
                self.talk += stretch.lasted;
            }
        }
    }
}

impl From<&FinishedCall> for Contact {
    fn from(call: &FinishedCall) -> Self {
        let stretches = call.segments.iter().map(|it| Stretch {
            kind: it.kind.clone(),
            lasted: it.to - it.from,
            agent: it.agent.clone(),
            queue: it.queue.clone(),
        });
        Self {
            started_at: call.begin.started_at,
            direction: call.begin.direction,
            user: call.begin.user.clone(),
            to: call.begin.to.clone(),
            result: call.end.result.clone(),
            stretches: stretches.collect(),
        }
    }
}

impl Contact {
    pub(super) fn is_inbound(&self) -> bool {
        self.direction == Direction::Inbound
    }

    /// Each queue's part, where somebody was talked to.
    pub(super) fn by_queue(&self) -> Vec<(&str, Part)> {
        let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
        let mut last: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        // Whoever talks on after a transfer talks for the queue that has brought the call.
        let mut brought_by = None;
        for stretch in self.with_somebody() {
            brought_by = stretch.queue.as_deref().or(brought_by);
            let Some(queue) = brought_by else { continue };
            let agent = stretch.agent.as_deref();
            let part = parts.entry(queue).or_default();
            part.moved |= last.insert(queue, agent).is_some_and(|it| it != agent);
            part.add(stretch);
        }
        parts.into_iter().filter(|(_, it)| it.talked).collect()
    }

    /// Each agent's part of a customer's call. Calls between users are none.
    pub(super) fn by_agent(&self) -> Vec<(&str, Part)> {
        let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
        if self.direction == Direction::Internal {
            return Vec::new();
        }
        let mut before: Option<&str> = None;
        for stretch in self.with_somebody() {
            let agent = stretch.agent.as_deref();
            if let Some(left) = before.filter(|left| agent != Some(*left)) {
                parts.entry(left).or_default().moved = true;
            }
            before = agent;
            if let Some(agent) = agent {
                parts.entry(agent).or_default().add(stretch);
            }
        }
        if self.direction == Direction::Outbound
            && let Some(user) = self.user.as_deref()
        {
            parts.entry(user).or_default().made = true;
        }
        parts.into_iter().collect()
    }

    fn with_somebody(&self) -> impl Iterator<Item = &Stretch> {
        let talks = |it: &&Stretch| matches!(it.kind.as_str(), "talk" | "hold" | "conference");
        self.stretches.iter().filter(talks)
    }
}

/// Sums of a number that customers dial. Times are microseconds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NumberSums {
    /// Calls to it.
    pub calls: u64,
    /// What became of them.
    pub results: BTreeMap<String, u64>,
    /// Talking and holding.
    pub talk: i64,
    /// Waiting in queues.
    pub wait: i64,
}

impl NumberSums {
    pub(super) fn contact(&mut self, contact: &Contact) {
        self.calls += 1;
        *self.results.entry(contact.result.clone()).or_default() += 1;
        self.talk += contact.with_somebody().map(|it| it.lasted).sum::<i64>();
        let waits = contact.stretches.iter().filter(|it| it.kind == "queue");
        self.wait += waits.map(|it| it.lasted).sum::<i64>();
    }

    /// Calls in which somebody was talked to.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.results.get("answered").copied().unwrap_or_default()
    }

    /// Talking and holding, for each call that was answered, microseconds.
    #[must_use]
    pub fn average_talk(&self) -> Option<i64> {
        average(self.talk, self.answered())
    }
}
