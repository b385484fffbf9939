//! A VM that fills up: who keeps most of it is left out, and the generation begins afresh in a VM of
//! its own, while what runs in this one goes on.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::Serving;
use crate::hoard::Hoard;
use crate::plugin::quarantine::Weight;
use crate::{ScriptNews, fault};

impl Serving {
    /// Looks at how much memory is used; cheap while it is little.
    pub(super) fn look_at_memory(&self) {
        let ledger = &self.around.ledger;
        let limit = self.parts.limits.script_memory;
        let mut used = self.vm.lua.used_memory();
        if used >= limit / 2
            && let Some(live) = ledger.looked_at()
        {
            used = live;
            if live >= ledger.nearly_full() {
                self.relieve(live);
                used = self.vm.lua.used_memory();
            }
        }
        self.host.memory.store(used, Relaxed);
        if used < limit / 2 {
            self.memory_warned.set(false);
        } else if !self.memory_warned.replace(true) {
            let sentence = self.host.memory_warning(limit).unwrap_or_default();
            tracing::warn!(tenant = %self.host.tenant, "{sentence}");
        }
    }

    /// Somebody got no memory. When others keep most of it, it is theirs to answer for, and true
    /// is returned.
    pub(super) fn ran_out(&self) -> bool {
        let (live, _) = self.around.ledger.collect();
        live >= self.parts.limits.script_memory / 2 && self.relieve(live)
    }

    /// Leaves out who keeps most of the `live` bytes, and has the generation begin afresh. False
    /// when nobody can be named.
    fn relieve(&self, live: usize) -> bool {
        let Some(hoard) = self.around.ledger.largest(live) else {
            return false;
        };
        let now = Instant::now();
        let before = self.relieved.get();
        if before.is_some_and(|at| now.duration_since(at) < BETWEEN_RELIEFS) {
            return true;
        }
        self.relieved.set(Some(now));
        let limit = self.parts.limits.script_memory;
        let Hoard { plugin, kept } = hoard;
        let keeps = |who: &str| {
            let (kept, limit) = (kept / 1_000_000, limit / 1_000_000);
            format!(
                "nearly out of memory: {who} keeps {kept} of the {limit} MB that the tenant's scripts may use (limits.script_memory)"
            )
        };
        match &plugin {
            Some(plugin) => self.shut(plugin, Weight::Grave, &keeps("the plugin")),
            None => {
                let sentence = keeps("the dialplan");
                self.log(&fault::plain(sentence, None, &self.host.snapshot), None);
            }
        }
        self.around.ledger.lend(self.vm.lua.used_memory());
        self.host.afresh.store(true, Relaxed);
        true
    }

    /// Notes a fault of a plugin; when it is one too many, the plugin is left out.
    pub(super) fn shut(&self, plugin: &str, weight: Weight, why: &str) {
        let now = self.parts.clock.unix_micros();
        let quarantine = &self.host.failures.quarantine;
        if !quarantine.fault(plugin, now, weight, why) {
            return;
        }
        tracing::error!(
            tenant = %self.host.tenant,
            "plugin '{plugin}' is left out until its files change or `moonswitch reload` is called: {why}",
        );
        let news = ScriptNews::LeftOut {
            plugin: plugin.to_owned(),
            why: why.to_owned(),
        };
        self.parts.exchange.report(&self.host.tenant, news);
        self.leave_out_what_is_shut();
    }
}

/// A VM is tried to be replaced so often at most.
const BETWEEN_RELIEFS: Duration = Duration::from_secs(30);
