//! What the floor asks of scripts: which queues there are, and whom a call is offered to.

use std::sync::Arc;

use call::TenantId;
use call::acd::{Ask, AskId, Plan, QueueName};

use super::Scripts;
use crate::inbox::{Message, Pushed};

impl Scripts {
    /// The queues of a tenant's current generation, with its number; `None` while it has none.
    pub fn queues(&self, tenant: &TenantId) -> Option<(u64, Arc<Plan>)> {
        let host = self.inner.tenancy(tenant)?.current()?;
        let plan = Arc::clone(&host.routing()?.queues);
        Some((host.generation, plan))
    }

    /// Asks a queue's `choose` whom a call should be offered to; `about` is the call as scripts see
    /// it. The answer comes by [`Exchange::chosen`]. False when it cannot be asked.
    pub fn choose(
        &self,
        tenant: &TenantId,
        queue: &QueueName,
        ask: Ask,
        about: serde_json::Value,
    ) -> bool {
        let message = Message::Choose(queue.clone(), Box::new(ask), about);
        let tenancy = self.inner.tenancy(tenant);
        let host = tenancy.and_then(|tenancy| tenancy.current());
        host.is_some_and(|host| host.inbox.push(message) == Pushed::Taken)
    }

    /// It is too late for an answer of `choose`.
    pub fn forget_choose(&self, tenant: &TenantId, ask: AskId) {
        let tenancy = self.inner.tenancy(tenant);
        if let Some(host) = tenancy.and_then(|tenancy| tenancy.current()) {
            host.inbox.push(Message::ForgetChoose(ask));
        }
    }
}
