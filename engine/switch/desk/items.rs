//! What is no call and waits for agents in queues: a chat.

use std::time::Instant;

use call::acd::AgentId;
use call::desk::{Done, ItemDeed, Order, Refused};
use call::{CallId, TenantId};
use script::{OfferedItem, told};
use uuid::Uuid;

use crate::switch::Switch;

impl Switch {
    pub(super) fn item_at_desk(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        order: &Order,
        (item, deed): (CallId, ItemDeed),
    ) -> Result<Done, Refused> {
        let agent = AgentId::from(&*order.user);
        let done = self.on_floor(now, tenant, |floor| {
            let done = floor.do_with_item(now, &agent, item, deed);
            done.map(|()| floor.status(now, &order.user))
        });
        self.drain_floor(now, tenant);
        let no_agent = || Refused::new("not_an_agent", format!("{agent} is a member of no queue"));
        let status = done.ok_or_else(no_agent)?;
        let status = status.map_err(|why| Refused::new(why.word(), why.to_string()))?;
        Ok(Done {
            agent: status,
            call: None,
        })
    }

    /// It waits in a queue from now on: the id that it has then.
    ///
    /// # Errors
    /// The sentence when there is no such queue.
    pub(in crate::switch) fn offer_item(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        item: OfferedItem,
    ) -> Result<CallId, String> {
        self.take_plan(now, tenant);
        let id = CallId(Uuid::now_v7());
        let no_queue = format!("no queue '{}': tenant {tenant} declares none", item.queue);
        let about = told::item(id, &item);
        let entered = self.on_floor(now, tenant, |floor| floor.enter(now, about, item.enter(id)));
        self.drain_floor(now, tenant);
        let entered = entered.ok_or(no_queue)?;
        entered.map(|()| id).map_err(|error| error.to_string())
    }

    /// The customer is gone, or it is over; false when there is no such thing any more.
    pub(in crate::switch) fn end_item(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        item: CallId,
    ) -> bool {
        let over = self.on_floor(now, tenant, |floor| floor.end_item(now, item));
        self.drain_floor(now, tenant);
        over.unwrap_or(false)
    }
}
