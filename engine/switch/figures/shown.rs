//! The wallboard as programs see it.

use std::time::Instant;

use call::TenantId;
use store::{AgentSums, Figures, Line, QueueSums};
use web::{Agent, AgentFigures, BoardAgent, BoardQueue, Queue, QueueFigures, Wallboard};

use crate::switch::Switch;

impl Switch {
    /// How queues and agents stand, with their figures of today.
    pub(in crate::switch) fn wallboard(&mut self, now: Instant, tenant: &TenantId) -> Wallboard {
        let at = self.parts.clock.unix_micros();
        let queues = self.queues_shown(now, tenant);
        let agents = self.agents_shown(now, tenant);
        let Some(board) = self.board(tenant) else {
            return Wallboard {
                at,
                since: at,
                queues: Vec::new(),
                agents: Vec::new(),
                alerts: Vec::new(),
            };
        };
        let today = board.figures.at(at);
        let (of_queues, of_agents) = (today.queues(), today.agents());
        Wallboard {
            at,
            since: today.range().0,
            queues: queues
                .into_iter()
                .map(|it| queue(at, it, &of_queues))
                .collect(),
            agents: agents
                .into_iter()
                .map(|it| agent(it, &today, &of_agents))
                .collect(),
            alerts: board.alerts.raised(),
        }
    }
}

fn queue(at: i64, now: Queue, sums: &[Line<QueueSums>]) -> BoardQueue {
    let sums = of(sums, &now.name);
    let waits_since = (now.waiting > 0).then(|| at - now.longest_wait_ms * 1_000);
    BoardQueue {
        waits_since,
        today: sums.map_or_else(QueueFigures::default, QueueFigures::from),
        now,
    }
}

fn agent(now: Agent, today: &Figures, sums: &[Line<AgentSums>]) -> BoardAgent {
    let sums = of(sums, &now.id);
    BoardAgent {
        talking_since: today.talking_since(&now.id),
        id: now.id,
        name: now.name,
        state: now.state.to_owned(),
        reason: now.reason,
        reachable: now.reachable,
        since: now.since,
        today: sums.map_or_else(AgentFigures::default, AgentFigures::from),
    }
}

/// The sums of one of them. Lines of a single day stand in the order of their names.
fn of<'l, S>(lines: &'l [Line<S>], name: &str) -> Option<&'l S> {
    let at = lines.binary_search_by(|line| line.name.as_str().cmp(name));
    at.ok().map(|at| &lines[at].sums)
}

/// Whether there is more to tell than that time goes by.
pub(super) fn is_other_queue(before: &BoardQueue, after: &BoardQueue) -> bool {
    let still = |board: &BoardQueue| {
        let mut board = board.clone();
        board.now.longest_wait_ms = 0;
        // What it is made of is told: who waits, agents and their calls.
        board.now.expected_wait_ms = None;
        board.waits_since = None;
        board.today.longest_wait_ms = 0;
        board.today.wrap_up_ms = 0;
        board.today.average_handling_ms = None;
        board
    };
    // The one who has waited longest may be another, to a second.
    let other = match (before.waits_since, after.waits_since) {
        (Some(before), Some(after)) => (before - after).abs() > 1_000_000,
        (before, after) => before.is_some() != after.is_some(),
    };
    other || still(before) != still(after)
}

/// Whether there is more to tell than that time goes by.
pub(super) fn is_other_agent(before: &BoardAgent, after: &BoardAgent) -> bool {
    // The machine's clock is put right once a second, and with it what it says of the past.
    let moved = (before.since - after.since).abs() > 1_000_000;
    let still = |board: &BoardAgent| {
        let mut board = board.clone();
        board.since = 0;
        let today = &mut board.today;
        today.states_ms.clear();
        today.busy_ms.clear();
        (today.wrap_up_ms, today.logged_in_ms) = (0, 0);
        (today.occupancy, today.utilisation) = (None, None);
        today.average_handling_ms = None;
        board
    };
    moved || still(before) != still(after)
}
