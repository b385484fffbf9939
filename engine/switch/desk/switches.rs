//! Switches of queues: open, closed, emergency. They are kept over restarts, and are known before the first call.

use std::collections::HashMap;

use call::TenantId;
use call::desk::{Done, Order, Refused, SwitchState};
use serde_json::json;
use store::{KvEntry, KvKey};

use crate::switch::Switch;

/// How the switches stand that anybody has set.
#[derive(Debug, Default)]
pub(in crate::switch) struct Switches(HashMap<(String, String), SwitchState>);

impl Switches {
    /// As they were kept, by tenant.
    pub(in crate::switch) fn new(kept: HashMap<String, Vec<KvEntry>>) -> Self {
        let mut switches = HashMap::new();
        for (tenant, entries) in kept {
            for entry in entries {
                match serde_json::from_value(entry.value) {
                    Ok(state) => drop(switches.insert((tenant.clone(), entry.key), state)),
                    Err(error) => {
                        let name = entry.key;
                        tracing::error!(%error, tenant, name, "a switch cannot be read: it is open");
                    }
                }
            }
        }
        Self(switches)
    }
}

impl Switch {
    /// Sets a switch of the tenant's; its scripts hear of it, and light lamps.
    pub(super) fn queue_switch(
        &mut self,
        tenant: &TenantId,
        order: &Order,
        (name, state): (&str, SwitchState),
    ) -> Result<Done, Refused> {
        let settings = self.tenants.get(&*tenant.0);
        let known = settings.map_or(&[][..], |it| &it.switches);
        if !known.iter().any(|one| one == name) {
            return Err(Refused::no_such_switch(name, known));
        }
        let key = (tenant.to_string(), name.to_owned());
        self.switches.0.insert(key, state);
        let store = &self.parts.store;
        store
            .kv_set(key_of(&tenant.0, name), json!(state), None)
            .forget();
        let about = json!({ "switch": name, "state": state, "by": order.by.to_string() });
        self.parts.scripts.event(tenant, "queue.switched", about);
        Ok(Done::default())
    }

    /// How a switch stands; open when nobody has ever set it.
    pub(in crate::switch) fn switch_state(&self, tenant: &TenantId, name: &str) -> SwitchState {
        let key = (tenant.to_string(), name.to_owned());
        self.switches.0.get(&key).copied().unwrap_or_default()
    }
}

/// The row of one switch; with no name, how the rows of all begin.
pub(crate) fn key_of(tenant: &str, name: &str) -> KvKey {
    KvKey {
        tenant: tenant.to_owned(),
        scope: SCOPE.to_owned(),
        key: name.to_owned(),
    }
}

/// Where switches are kept; no plugin can have this name.
const SCOPE: &str = "/switches";
