//! What the floor's machines want done.

use std::sync::Arc;
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
        let settings = self.tenants.get(&*tenant.0).map(Arc::clone);
        let reasons = settings.as_ref().map_or(&[][..], |it| &it.busy_reasons);
        while let Some(floor) = self.floors.get_mut(tenant)
            && let Some(output) = floor.acd.poll_output()
        {
            floor.book.note(floor.acd.wall(), &output, reasons);
            self.do_for_floor(now, tenant, output);
        }
        self.write_floor(now, tenant);
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
