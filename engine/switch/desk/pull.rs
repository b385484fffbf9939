//! A conversation comes to another phone of whoever has it.

use std::time::Instant;

use call::desk::{Done, Order, Refused};
use call::{CallId, LegId, LegState, TenantId};

use crate::switch::Switch;

impl Switch {
    /// The user's conversation comes to the phone from which they have dialled the star code: its leg
    /// takes the place of the one that the user has there now.
    pub(super) fn pull_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
    ) -> Result<Done, Refused> {
        let user = &*order.user;
        let asks = self.star_code_of(tenant, user);
        let there = self.own_conversation_of(tenant, user, asks);
        let (Some(asks), Some((call, leg))) = (asks, there) else {
            return Err(Refused::not_in_call(user));
        };
        let coming = (asks, LegId::CALLER);
        let by = Some(order.by.to_string());
        if !self.move_leg(now, coming, call, Some(leg).into(), by) {
            let sentence = format!("the call of {user} cannot be brought here as it stands");
            return Err(Refused::new("not_now", sentence));
        }
        Ok(Done {
            agent: None,
            call: Some(call),
        })
    }

    /// The call in which the user is alone with the exchange, the one that began last.
    fn star_code_of(&self, tenant: &TenantId, user: &str) -> Option<CallId> {
        let ours = self.calls.values();
        let live = ours.filter(|live| live.setup.tenant == *tenant && live.ended.is_none());
        let alone = live.filter(|live| {
            let mut legs = live.call.legs().iter();
            live.setup.calling_user() == Some(user)
                && legs.all(|leg| leg.id() == LegId::CALLER || leg.state() == LegState::Gone)
        });
        let newest = alone.max_by_key(|live| (live.setup.started_at, live.id()))?;
        Some(newest.id())
    }

    /// The leg on which the user talks with somebody, in another call than this.
    fn own_conversation_of(
        &self,
        tenant: &TenantId,
        user: &str,
        but: Option<CallId>,
    ) -> Option<(CallId, LegId)> {
        let ours = self.calls.values();
        let mut live = ours.filter(|live| {
            live.setup.tenant == *tenant && live.ended.is_none() && Some(live.id()) != but
        });
        live.find_map(|live| {
            let pair = live.call.pair()?;
            let mut legs = live.call.legs().iter();
            let mine = legs.find(|leg| pair.contains(&leg.id()) && leg.user() == Some(user))?;
            Some((live.id(), mine.id()))
        })
    }
}
