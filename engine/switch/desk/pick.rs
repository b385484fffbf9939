//! A caller who waits is taken out of the line.

use std::cmp::Reverse;
use std::time::Instant;

use call::acd::{AgentId, Pick, PickError, QueueName};
use call::desk::{By, Deed, Done, Order, Refused, Right};
use call::{CallId, TenantId};

use crate::switch::Switch;
use crate::switch::joining::Place;

impl Switch {
    /// The user has the caller at once where they are on the phone with the exchange already (a star code);
    /// else, as an agent, they are rung for that caller alone.
    pub(super) fn pick_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let Deed::Pick { call, queue } = &order.deed else {
            return Err(Refused::not_in_call(&order.user));
        };
        let waits = match (call, queue) {
            (Some(call), None) => self.pickable(now, tenant, &Pick::Call(*call)),
            (None, Some(queue)) => self.next_of(now, tenant, queue)?,
            (None, None) => self.waits_longest(now, tenant, &order.user),
            (Some(_), Some(_)) => {
                let sentence = "say which caller: either \"call\" or \"queue\"; neither is whoever \
                                waits longest in the user's own queues";
                return Err(Refused::new("no_caller_named", sentence));
            }
        };
        let waits = waits.map_err(|why| in_vain(order, why))?;
        self.may_pick(now, tenant, order, waits)?;
        if let Some(own) = self.alone_with_us(tenant, &order.user) {
            let front = self.calls.get(&own).map(|live| live.call.front());
            let comes = |front| self.move_leg(now, (own, front), waits, Place::Nobodys, None);
            if !front.is_some_and(comes) {
                return Err(in_vain(order, PickError::Taken));
            }
        } else {
            let agent = AgentId::from(&*order.user);
            let pick = Pick::Call(waits);
            let picked = self.on_floor(now, tenant, |floor| floor.pick(now, &agent, &pick));
            self.drain_floor(now, tenant);
            if let Some(Err(why)) = picked {
                return Err(in_vain(order, why));
            }
        }
        Ok(Done {
            agent: None,
            call: Some(waits),
        })
    }

    /// Whoever is next in a queue.
    fn next_of(
        &self,
        now: Instant,
        tenant: &TenantId,
        queue: &str,
    ) -> Result<Result<CallId, PickError>, Refused> {
        let name = QueueName::from(queue);
        let all = self.queues_of(now, tenant);
        if !all.iter().any(|known| known.plan.name == name) {
            let known: Vec<String> = all.iter().map(|it| it.plan.name.to_string()).collect();
            let sentence = format!("there is no queue '{queue}' (known: {})", known.join(", "));
            return Err(Refused::new("no_such_queue", sentence));
        }
        Ok(self.pickable(now, tenant, &Pick::NextOf(name)))
    }

    /// Whoever waits longest in the queues that a user serves, or in any where they serve none.
    fn waits_longest(
        &self,
        now: Instant,
        tenant: &TenantId,
        user: &str,
    ) -> Result<CallId, PickError> {
        let status = self.status_of(now, tenant, &AgentId::from(user));
        let own = status.map(|status| status.queues).unwrap_or_default();
        let mut all = self.queues_of(now, tenant);
        all.retain(|queue| own.is_empty() || own.contains(&queue.plan.name));
        let mut waiting: Vec<_> = all.iter().flat_map(|queue| &queue.waiting).collect();
        waiting.sort_by_key(|it| Reverse(it.waited));
        let picks = waiting.iter().map(|it| Pick::Call(it.call));
        let next_ones = all.iter().map(|it| Pick::NextOf(it.plan.name.clone()));
        let mut why = PickError::Nobody;
        for pick in picks.chain(next_ones) {
            match self.pickable(now, tenant, &pick) {
                Err(PickError::Taken) => why = PickError::Taken,
                Err(_) => {}
                found => return found,
            }
        }
        Err(why)
    }

    /// Who serves a queue may pick its callers, and others whose role says so.
    fn may_pick(
        &self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        waits: CallId,
    ) -> Result<(), Refused> {
        let By::User(by) = &order.by else {
            return Ok(());
        };
        let person = self.person(tenant, by).unwrap_or_default();
        let agent = AgentId::from(&**by);
        let waits_in = |queue: &QueueName| {
            let all = self.queues_of(now, tenant);
            let found = all.into_iter().find(|it| it.plan.name == *queue);
            found.is_some_and(|it| it.waiting.iter().any(|it| it.call == waits))
        };
        let status = self.status_of(now, tenant, &agent);
        let serves = status.is_some_and(|status| status.queues.iter().any(waits_in));
        match serves || person.role.may(Right::Pick) {
            true => Ok(()),
            false => {
                let sentence =
                    format!("{by} may not take callers out of queues that they do not serve");
                Err(Refused::new("not_allowed", sentence))
            }
        }
    }

    /// The call in which a user is on the phone with the exchange alone.
    fn alone_with_us(&self, tenant: &TenantId, user: &str) -> Option<CallId> {
        let call = self.call_of(tenant, user)?;
        let live = self.calls.get(&call)?;
        let own = live.setup.calling_user() == Some(user);
        (own && live.call.pair().is_none() && live.call.state() == "script").then_some(call)
    }
}

/// What whoever wanted somebody is told.
fn in_vain(order: &Order, why: PickError) -> Refused {
    match why {
        PickError::Nobody | PickError::Taken => Refused::new(why.word(), why.to_string()),
        why => Refused::new(why.word(), format!("{} {why}", order.user)),
    }
}
