//! Whose turn it is, looked at when an agent is reserved: with what the machine itself goes by then.

use super::super::Floor;
use crate::CallId;
use crate::acd::demand::Wishes;
use crate::acd::name::AgentIx;
use crate::acd::{Acd, Output, Strategy, Wants};

impl Acd {
    /// Tells when somebody is overtaken: who stands further ahead in the line, is offered to nobody, and
    /// might be offered to this agent. Where a script chooses, it may do so.
    pub(in crate::acd) fn look_whose_turn_it_is(&mut self, call: CallId, agent: AgentIx) {
        let Some(caller) = self.callers.get(&call) else {
            return;
        };
        let queue = &self.queues[caller.queue.0];
        let (name, place) = (queue.plan.name.clone(), queue.place_of(Some(agent)));
        if queue.plan.offering.strategy == Strategy::Choose {
            return;
        }
        let ahead = queue.line.iter().take_while(|(_, it)| *it != call);
        let overtaken = ahead.filter_map(|(_, ahead)| self.callers.get(ahead));
        let overtaken = overtaken.filter(|ahead| {
            let demand = self.demand_of(ahead);
            // Those who are not on the line may have to wait for others of their kind.
            ahead.is_unoffered()
                && ahead.away.is_none()
                && self.is_open_to(
                    agent,
                    caller.queue,
                    ahead.wants.medium,
                    &mut Wishes::default(),
                )
                && place.is_some_and(|place| self.suits(queue, &demand, place))
        });
        if let Some(first) = overtaken.map(|ahead| ahead.call).next() {
            let what = format!("{call} overtakes {first}");
            self.outputs.push_back(Output::Alert { queue: name, what });
        }
    }
}

#[test]
fn who_is_overtaken_is_noticed() {
    let mut floor = Floor::staffed(&["1049"], |_| {});
    floor.act("1049", crate::acd::Act::Busy(1)).unwrap();
    floor.calls();
    let second = floor.wants("it", Wants::default());

    // By itself the machine would offer the first at once.
    floor.acd.agents[0].duty = crate::acd::agent::Duty::Idle;
    floor.acd.look_whose_turn_it_is(second, AgentIx(0));
    floor.drain();

    let alarmed = |it: &Output| matches!(it, Output::Alert { .. });
    assert!(floor.take().iter().any(alarmed));
}
