//! Several ring for one caller: who rings with the others, and when.

use super::caller::{Caller, Place};
use super::demand::Wishes;
use super::name::{AgentIx, QueueIx};
use super::strategy::Strategy;
use super::{Acd, Because, Medium};
use crate::CallId;

impl Acd {
    /// Whoever is free, and has nobody else to serve, rings with the others: for the first who is
    /// being offered where all ring, one after the other where more ring as time goes by.
    pub(super) fn join_ringing(&mut self, ix: QueueIx) {
        let strategy = self.queues[ix.0].plan.offering.strategy;
        if !strategy.rings_several() {
            return;
        }
        while let Some((call, joins, because)) = self.who_joins(ix, strategy) {
            let Some(caller) = self.callers.get(&call) else {
                return;
            };
            let round = &caller.offers.round;
            let mut candidates = self.verdicts(caller, &self.sorted(caller, strategy));
            for (agent, verdict) in self.queues[ix.0].members.iter().zip(&mut candidates) {
                if matches!(verdict.because, Because::Free { .. }) && round.contains(agent) {
                    verdict.because = Because::RungAlready;
                }
            }
            self.offer(ix, call, &joins, because.into(), candidates);
        }
    }

    fn who_joins(
        &self,
        ix: QueueIx,
        strategy: Strategy,
    ) -> Option<(CallId, Vec<AgentIx>, &'static str)> {
        let mut wishes = Wishes::default();
        let mut nobody = |medium| self.free_members(ix, medium, &mut wishes).is_empty();
        if nobody(Medium::Voice) && nobody(Medium::Chat) {
            return None;
        }
        let line = self.queues[ix.0].line.iter();
        let mut rung = line.filter_map(|(_, call): &(Place, CallId)| {
            let caller = self.callers.get(call)?;
            // Who is being called back has one agent, held for them until they are on the line.
            let rings = caller.offers.connecting.is_none()
                && caller.away.is_none()
                && !self.is_picked(caller);
            (rings && !caller.is_unoffered()).then_some(caller)
        });
        match strategy {
            Strategy::RingAll => {
                let caller = rung.next()?;
                let joins = self.joins_all(caller);
                (!joins.is_empty()).then_some((caller.call, joins, "ring_all, and come free"))
            }
            _ => rung.find_map(|caller| {
                let due = caller
                    .offers
                    .one_more
                    .is_some_and(|at| at <= self.clock.now);
                let next = due.then(|| self.joins_next(caller, strategy)).flatten()?;
                Some((caller.call, vec![next], "ring_progressive, one more"))
            }),
        }
    }

    /// Those who have not rung in this round, with no higher a penalty than those who ring.
    fn joins_all(&self, caller: &Caller) -> Vec<AgentIx> {
        let queue = &self.queues[caller.queue.0];
        let demand = self.demand_of(caller);
        let ringing = caller.offers.leases.iter();
        let penalty = ringing
            .filter_map(|lease| queue.place_of(Some(self.leases.get(lease)?.agent)))
            .map(|place| self.penalty(queue, &demand, place).unwrap_or_default())
            .max();
        let free = self.sorted(caller, Strategy::RingAll).into_iter();
        let joins = free.filter(|it| Some(it.penalty) <= penalty);
        let joins = joins.map(|it| it.agent);
        joins
            .filter(|agent| !caller.offers.round.contains(agent))
            .collect()
    }

    fn joins_next(&self, caller: &Caller, strategy: Strategy) -> Option<AgentIx> {
        let mut free = self.sorted(caller, strategy).into_iter().map(|it| it.agent);
        free.find(|agent| !caller.offers.round.contains(agent))
    }
}
