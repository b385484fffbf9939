//! A lamp for each agent, `agent-1049`: dark for who would take a call, blinking while it rings, and
//! lit otherwise; the state stands beside it in words.

use std::time::Instant;

use call::acd::{AgentId, State, Status};
use call::{Light, TenantId};

use crate::switch::Switch;

impl Switch {
    /// An agent's lamp shows how they stand now.
    pub(super) fn light_agent(&mut self, now: Instant, tenant: &TenantId, agent: &AgentId) {
        self.light_own(now, tenant, agent);
        let floor = self.floors.by_tenant.get(tenant);
        let Some(status) = floor.and_then(|floor| floor.acd.status(now, agent)) else {
            return self.set_lamp(now, tenant, &name_of(agent), Light::On);
        };
        self.show_on_lamp(now, tenant, agent, &status);
    }

    /// All agents' lamps show how they stand now: new ones may be watched from now on.
    pub(super) fn light_agents(&mut self, now: Instant, tenant: &TenantId) {
        for (agent, status) in self.agents_of(now, tenant) {
            self.light_own(now, tenant, &agent);
            self.show_on_lamp(now, tenant, &agent, &status);
        }
    }

    fn show_on_lamp(&mut self, now: Instant, tenant: &TenantId, agent: &AgentId, status: &Status) {
        let light = match status.state {
            State::Idle if status.reachable => Light::Off,
            State::Offered | State::Dialling | State::Calling => Light::Blinking,
            _ => Light::On,
        };
        let shows = (light, &*status.shown());
        self.set_lamp_with(now, tenant, &name_of(agent), shows);
    }
}

/// What phones subscribe to.
fn name_of(agent: &AgentId) -> String {
    format!("agent-{agent}")
}
