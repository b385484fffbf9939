//! What `moonswitch status` says of a tenant's generations.

use std::sync::atomic::Ordering::Relaxed;

use super::Tenancy;
use crate::history::Kept;
use crate::host::Host;
use crate::status::{Earlier, Old, PluginStatus, TenantStatus};
use crate::{Fault, fault};

impl Tenancy {
    /// For `moonswitch status`.
    pub(crate) fn status(&self) -> TenantStatus {
        let now = self.parts.clock.unix_micros();
        let current = self.current();
        // Forgets those that have ended.
        self.hosts();
        let (failures, last_failures) = self.failures.all();
        let plugin_status = |(name, version): &(String, String)| {
            let (faults, left_out) = self.failures.quarantine.of(name);
            PluginStatus {
                name: name.clone(),
                version: version.clone(),
                faults,
                left_out,
                line: self.parts.lines.status(&self.id, name),
            }
        };
        let state = self.state();
        TenantStatus {
            tenant: self.id.clone(),
            generation: current.as_ref().map(|host| host.generation),
            hash: current
                .as_ref()
                .map(|host| format!("{:016x}", host.snapshot.hash())),
            since: current.as_ref().map(|host| host.since),
            calls: current
                .as_ref()
                .map_or(0, |host| host.running.load(Relaxed)),
            memory: current.as_ref().map_or(0, |host| host.memory.load(Relaxed)),
            failures,
            last_failures,
            warnings: current
                .as_ref()
                .map_or_else(Vec::new, |host| self.warnings(host, now)),
            old: state
                .old
                .iter()
                .map(|host| Old {
                    generation: host.generation,
                    calls: host.running.load(Relaxed),
                    age_seconds: now.saturating_sub(host.since) / 1_000_000,
                })
                .collect(),
            plugins: current.as_ref().map_or_else(Vec::new, |host| {
                let plugins = host.routing().map(|routing| routing.plugins.iter());
                plugins.into_iter().flatten().map(plugin_status).collect()
            }),
            stuck: state.stuck.len(),
            refused: state.refused.clone(),
            gone_back: state.gone_back.clone(),
            held: state.held.clone(),
            kept: earlier(&state.kept),
        }
    }
}

impl Tenancy {
    /// What is amiss in the sources, and with the memory that they use.
    fn warnings(&self, host: &Host, now: i64) -> Vec<Fault> {
        let full = host.memory_warning(self.parts.limits.script_memory);
        let full = full.map(|sentence| fault::plain(sentence, None, &host.snapshot));
        full.into_iter().chain(host.warnings(now)).collect()
    }
}

/// What can be gone back to, newest first, each with what the one after it has changed.
fn earlier(kept: &[Kept]) -> Vec<Earlier> {
    let next = kept.iter().skip(1).map(Some).chain([None]);
    let earlier = kept.iter().zip(next).map(|(kept, next)| Earlier {
        generation: kept.generation,
        at: kept.at,
        changed_after: next.map_or_else(Vec::new, |next| kept.differences(next)),
    });
    let mut all: Vec<Earlier> = earlier.collect();
    all.reverse();
    all
}
