//! What the floor's machines want done.

use std::time::Instant;

use call::TenantId;
use call::acd::Output;
use serde_json::json;

use crate::switch::Switch;

/// What a call is to be told.
#[derive(Debug)]
pub(super) enum Delivery {}

impl Switch {
    /// Does what a tenant's machine wants done; what calls are to be told is put up for delivery.
    pub(super) fn drain_floor(&mut self, now: Instant, tenant: &TenantId) {
        while let Some(output) = self
            .floors
            .get_mut(tenant)
            .and_then(|floor| floor.acd.poll_output())
        {
            self.do_for_floor(now, tenant, output);
        }
    }

    fn do_for_floor(&mut self, now: Instant, tenant: &TenantId, output: Output) {
        let _ = now;
        match output {
            Output::State(change) => {
                tracing::info!(
                    %tenant, agent = %change.agent, state = change.state.word(), by = %change.by,
                    reachable = change.reachable, "agent"
                );
                let about = json!({
                    "agent": *change.agent.0, "state": change.state.word(),
                    "before": change.before.word(), "reachable": change.reachable,
                    "by": change.by.to_string(),
                });
                self.parts.scripts.event(tenant, "agent.changed", about);
            }
            Output::Alert { queue, what } => {
                tracing::error!(%tenant, %queue, "{what}; mended");
            }
            _ => {}
        }
    }
}
