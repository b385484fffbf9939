//! Deeds about calls as a whole.

use std::time::Instant;

use call::desk::{Done, Order, Refused};
use call::{CallId, LegState, TenantId};

use crate::switch::Switch;

impl Switch {
    /// The call that a user talks in, or else one that rings at them or for them; of several the one that began
    /// last.
    pub(in crate::switch) fn call_of(&self, tenant: &TenantId, user: &str) -> Option<CallId> {
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let theirs = live.filter_map(|live| {
            let legs = live.call.legs().iter();
            let own = legs.filter(|leg| leg.user() == Some(user));
            let states = own.map(call::Leg::state).filter(|it| *it != LegState::Gone);
            let up = states.map(|state| state == LegState::Up).max()?;
            Some((up, live.setup.started_at, live.id()))
        });
        theirs.max().map(|(_, _, call)| call)
    }

    pub(super) fn hang_up_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let call = self.call_of(tenant, &order.user);
        let call = call.ok_or_else(|| Refused::not_in_call(&order.user))?;
        self.hang_up_for(now, tenant, call, order.by.to_string());
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }
}
