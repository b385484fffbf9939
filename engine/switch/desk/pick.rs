//! A caller who waits is taken out of the line.

use std::time::Instant;

use call::acd::{AgentId, Pick, QueueName};
use call::desk::{By, Deed, Done, Order, Refused, Right};
use call::{CallId, Fetch, TenantId};

use crate::switch::Switch;

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
        let pick = match (call, queue) {
            (Some(call), None) => Pick::Call(*call),
            (None, Some(queue)) => Pick::NextOf(queue.as_str().into()),
            _ => {
                let sentence = "say which caller: either \"call\" or \"queue\"";
                return Err(Refused::new("no_caller_named", sentence));
            }
        };
        let nobody = || Refused::new("nobody", "nobody waits there");
        let waits = self.pickable(tenant, &pick).ok_or_else(nobody)?;
        self.may_pick(now, tenant, order, waits)?;
        if let Some(own) = self.alone_with_us(tenant, &order.user) {
            self.fetch(now, own, &Fetch::Waiting(Pick::Call(waits)));
        } else {
            let agent = AgentId::from(&*order.user);
            let pick = Pick::Call(waits);
            let picked = self.on_floor(now, tenant, |floor| floor.pick(now, &agent, &pick));
            self.drain_floor(now, tenant);
            if let Some(Err(why)) = picked {
                return Err(Refused::new(why.word(), format!("{} {why}", order.user)));
            }
        }
        Ok(Done {
            agent: None,
            call: Some(waits),
        })
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
