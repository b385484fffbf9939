//! Who is offered to whom, next.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::caller::{Place, Rank};
use super::name::{AgentIx, QueueIx};
use super::plan::Across;
use super::strategy::Strategy;
use super::{Acd, Decided, Decision, Output, Verdict};
use crate::CallId;

/// Among the first callers of queues: the heavier queue, then who came first.
type Turn = (Reverse<u32>, Place);

impl Acd {
    /// Offers until nobody waits beside an agent who may take the call, the one first who came first,
    /// of whichever queue, as far as weights and the agents' own preferences leave that open.
    pub(super) fn dispatch(&mut self) {
        self.look_at_neighbours();
        loop {
            let mut best: Option<(Turn, QueueIx, CallId)> = None;
            for queue in self.work.dirty.clone() {
                match self.next_to_offer(queue) {
                    Some((place, call)) => {
                        let turn = self.turn(queue, place, call);
                        if best.is_none_or(|(other, ..)| turn < other) {
                            best = Some((turn, queue, call));
                        }
                    }
                    None => {
                        self.work.dirty.remove(&queue);
                        self.join_ringing(queue);
                    }
                }
            }
            let Some((_, queue, call)) = best else {
                return;
            };
            let before = self.work.next_number;
            let strategy = self.queues[queue.0].plan.offering.strategy;
            match strategy {
                Strategy::Choose => self.ask(queue, call),
                strategy => {
                    let because = self.because(call, strategy);
                    self.offer_by(queue, call, strategy, because);
                }
            }
            if self.work.next_number == before {
                // Neither a lease nor a question has come of it: never again and again.
                self.work.dirty.remove(&queue);
            }
            self.look_at_neighbours();
        }
    }

    /// The rule, and how far the choice has widened.
    fn because(&self, call: CallId, strategy: Strategy) -> Cow<'static, str> {
        let rings = self.callers.get(&call).map_or(0, |it| it.widened.rings);
        match rings {
            0 => strategy.word().into(),
            rings => format!("{}, ring {rings}", strategy.word()).into(),
        }
    }

    /// Whose turn it is among the first callers of all queues.
    fn turn(&self, queue: QueueIx, place: Place, call: CallId) -> Turn {
        let came = self.callers.get(&call).map_or(place.came, |it| it.came);
        let weight = Reverse(self.queues[queue.0].plan.weight);
        match self.rules.across {
            Across::Weight => (weight, place),
            Across::Priority => (Reverse(0), place),
            Across::Longest => {
                let rank = Rank::Usual;
                (
                    Reverse(0),
                    Place {
                        rank,
                        came,
                        ..place
                    },
                )
            }
        }
    }

    /// Where agents serve some queues before others, what becomes of one queue's callers is news for
    /// the others.
    fn look_at_neighbours(&mut self) {
        if !self.work.preferences {
            return;
        }
        let dirty = self.work.dirty.iter();
        let members = dirty.flat_map(|queue| &self.queues[queue.0].members);
        let choosy = members.filter(|agent| self.agents[agent.0].has_preferences);
        let mut more: Vec<QueueIx> = Vec::new();
        for agent in choosy {
            more.extend(&self.agents[agent.0].queues);
            let guest = self.work.guests.range((*agent, QueueIx(0))..);
            let guest = guest.take_while(|(guest, _)| guest == agent);
            more.extend(guest.map(|(_, queue)| *queue));
        }
        self.work.dirty.extend(more);
    }

    /// Offers the call in a strategy's order.
    pub(super) fn offer_by(
        &mut self,
        ix: QueueIx,
        call: CallId,
        by: Strategy,
        because: Cow<'static, str>,
    ) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let free = self.sorted(caller, by);
        let Some(first) = free.first() else {
            return;
        };
        let count = match by {
            Strategy::RingAll if caller.away.is_none() => {
                free.partition_point(|it| it.penalty == first.penalty)
            }
            // One is enough to hold for who is called back.
            _ => 1,
        };
        let candidates = self.verdicts(caller, &free);
        let agents: Vec<AgentIx> = free.iter().take(count).map(|it| it.agent).collect();
        self.offer(ix, call, &agents, because, candidates);
    }

    pub(super) fn offer(
        &mut self,
        ix: QueueIx,
        call: CallId,
        agents: &[AgentIx],
        because: Cow<'static, str>,
        candidates: Vec<Verdict>,
    ) {
        let names = agents.iter().map(|agent| self.agents[agent.0].id.clone());
        let what = Decided::Offer(names.collect());
        self.decide(ix, call, what, because, candidates);
        self.work.draws = self.work.draws.wrapping_add(1);
        for agent in agents {
            self.reserve(call, *agent);
        }
    }

    /// Who waits beside a free agent has been forgotten: that is a fault of ours, mended and told.
    pub(super) fn look_for_forgotten(&mut self) {
        for ix in (0..self.queues.len()).map(QueueIx) {
            let known = self.work.dirty.contains(&ix);
            if !known && self.next_to_offer(ix).is_some() {
                let queue = self.queue_name(ix);
                let what = "a caller waited beside a free agent".to_owned();
                self.outputs.push_back(Output::Alert { queue, what });
                self.work.dirty.insert(ix);
            }
        }
    }

    /// Why somebody who has just lined up must wait.
    pub(super) fn explain_first_wait(&mut self, call: CallId) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let asking = self.queues[caller.queue.0].asking.as_ref();
        if !caller.is_unoffered() || asking.is_some_and(|asking| asking.call == call) {
            return;
        }
        self.outputs
            .extend(self.explain(call).map(Output::Decision));
    }

    pub(super) fn decide(
        &mut self,
        ix: QueueIx,
        call: CallId,
        what: Decided,
        because: Cow<'static, str>,
        candidates: Vec<Verdict>,
    ) {
        self.outputs.push_back(Output::Decision(Decision {
            call,
            queue: self.queues[ix.0].plan.name.clone(),
            what,
            because,
            candidates,
        }));
    }
}
