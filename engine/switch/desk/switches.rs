//! Switches of queues: open, closed, emergency. They are kept over restarts, and are known before the first call.

use std::collections::HashMap;

use call::TenantId;
use call::desk::{Done, Order, Refused, SwitchState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{KvEntry, KvKey};
use web::QueueSwitch;

use crate::switch::Switch;

/// How the switches stand that anybody has set.
#[derive(Debug, Default)]
pub(in crate::switch) struct Switches(HashMap<(String, String), Standing>);

/// How a switch stands. What nobody has ever set is open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Kept")]
struct Standing {
    state: SwitchState,
    /// Since when, in microseconds since 1970, UTC.
    since: Option<i64>,
    /// Who has set it so: `user:1001`, `script`.
    by: Option<String>,
}

/// As it is kept, or was before anybody was told since when.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Bare(SwitchState),
    Whole {
        state: SwitchState,
        since: Option<i64>,
        by: Option<String>,
    },
}

impl From<Kept> for Standing {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Bare(state) => Self {
                state,
                ..Self::default()
            },
            Kept::Whole { state, since, by } => Self { state, since, by },
        }
    }
}

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
        let standing = self.switches.0.entry(key).or_default();
        if standing.state != state || standing.by.is_none() {
            *standing = Standing {
                state,
                since: Some(self.parts.clock.unix_micros()),
                by: Some(order.by.to_string()),
            };
        }
        let kept = json!(standing);
        let store = &self.parts.store;
        store.kv_set(key_of(&tenant.0, name), kept, None).forget();
        let about = json!({ "switch": name, "state": state, "by": order.by.to_string() });
        self.parts.scripts.event(tenant, "queue.switched", about);
        Ok(Done::default())
    }

    /// How a switch stands; open when nobody has ever set it.
    pub(in crate::switch) fn switch_state(&self, tenant: &TenantId, name: &str) -> SwitchState {
        self.standing(tenant, name).state
    }

    fn standing(&self, tenant: &TenantId, name: &str) -> Standing {
        let key = (tenant.to_string(), name.to_owned());
        self.switches.0.get(&key).cloned().unwrap_or_default()
    }

    /// All of a tenant's, by name.
    pub(in crate::switch) fn switches_shown(&self, tenant: &TenantId) -> Vec<QueueSwitch> {
        let settings = self.tenants.get(&*tenant.0);
        let mut names: Vec<&String> = settings.iter().flat_map(|it| &it.switches).collect();
        names.sort();
        names.dedup();
        let all = names.into_iter().map(|name| {
            let Standing { state, since, by } = self.standing(tenant, name);
            let user = by.as_deref().and_then(|by| by.strip_prefix("user:"));
            let known = user.and_then(|user| self.people.one(&tenant.0, user));
            QueueSwitch {
                name: name.clone(),
                state: state.word(),
                since,
                who: known.and_then(|known| known.name.clone()),
                by,
            }
        });
        all.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_before_it_was_told_who_had_set_it_is_read_still() {
        let read = |value| serde_json::from_value::<Standing>(value).unwrap();

        let bare = read(json!("emergency"));
        assert_eq!((bare.state, bare.since), (SwitchState::Emergency, None));
        let whole = Standing {
            state: SwitchState::Closed,
            since: Some(7),
            by: Some("user:1001".to_owned()),
        };
        let again = read(json!(whole));
        assert_eq!((again.state, again.since), (SwitchState::Closed, Some(7)));
        assert_eq!(again.by.as_deref(), Some("user:1001"));
    }
}
