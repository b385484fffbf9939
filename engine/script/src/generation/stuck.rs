//! Hosts that are stuck or broken: they are given up, and a fresh one takes their place.

use std::sync::{Arc, PoisonError};

use super::Tenancy;
use crate::host::Host;
use crate::inbox::Message;
use crate::plugin;
use crate::plugin::quarantine::Weight;
use crate::pulse::LastSeen;
use crate::{Fault, ScriptEnd, ScriptNews, fault};

impl Tenancy {
    /// Gives a stuck or broken host up: its calls get their fallback, and new ones wait in the
    /// inbox of a fresh host, which is returned to [`begin_again`](Self::begin_again). `None` when
    /// the stuck one got no new calls anyway.
    pub(crate) fn take_over(&self, stuck: &Arc<Host>, why: &str) -> Option<(Arc<Host>, Fault)> {
        let LastSeen {
            call,
            plugin,
            origin,
            place,
        } = stuck.pulse.last_seen();
        let fresh = stuck.again(self.parts.clock.unix_micros());
        let was_current = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            let is_current = current
                .as_ref()
                .is_some_and(|host| Arc::ptr_eq(host, stuck));
            if is_current {
                *current = Some(Arc::clone(&fresh));
                self.parts.lines.tell(&fresh);
            }
            is_current
        };
        // Only now, so that no call finds nobody.
        stuck.give_up();
        {
            let mut state = self.state();
            state.old.retain(|host| !Arc::ptr_eq(host, stuck));
            state.stuck.push(Arc::clone(stuck));
        }
        let mut seen = fault::plain(why.to_owned(), Some(place), &stuck.snapshot);
        if !origin.is_empty() {
            seen.report = format!("{}\n    {origin}", seen.report);
        }
        let calls = self.parts.pins.take_all(stuck);
        let now = self.parts.clock.unix_micros();
        self.failures
            .add(now, stuck.generation, call, &seen.message);
        let by_place = seen.place.as_ref().and_then(|it| plugin::of_path(&it.file));
        if let Some(plugin) = plugin.as_deref().or(by_place) {
            let quarantine = &self.failures.quarantine;
            if quarantine.fault(plugin, now, Weight::Grave, &seen.message) {
                let news = ScriptNews::LeftOut {
                    plugin: plugin.to_owned(),
                    why: seen.message.clone(),
                };
                self.parts.exchange.report(&self.id, news);
            }
        }
        let news = ScriptNews::Failed {
            generation: stuck.generation,
            call,
            message: seen.message.clone(),
        };
        self.parts.exchange.report(&self.id, news);
        tracing::error!(
            tenant = %self.id,
            call = call.map(|call| call.to_string()).unwrap_or_default(),
            generation = stuck.generation,
            "{}\n    the VM was given up, {} calls get their fallback", seen.report, calls.len(),
        );
        for call in calls {
            self.parts
                .exchange
                .script_ended(call, ScriptEnd::Failed(seen.clone()));
        }
        was_current.then_some((fresh, seen))
    }

    /// Loads the fresh host of a stuck one.
    pub(crate) fn begin_again(&self, fresh: &Arc<Host>, seen: Fault) {
        let loaded = match self.too_many_stuck() {
            Some(sentence) => Err(vec![fault::plain(sentence, None, &fresh.snapshot)]),
            None => fresh.run(&self.parts),
        };
        match loaded {
            Ok(()) => {
                let still = self.current().is_some_and(|host| Arc::ptr_eq(&host, fresh));
                if still {
                    fresh.inbox.push(Message::Published(fresh.since));
                }
            }
            Err(errors) => {
                self.keep_if_stuck(fresh);
                fresh.give_up();
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if current
                    .as_ref()
                    .is_some_and(|host| Arc::ptr_eq(host, fresh))
                {
                    *current = None;
                }
                drop(current);
                // The sources are right: the next look at them, changed or not, tries once more.
                self.making().tried = None;
                let fault = errors.first().cloned().unwrap_or(seen);
                for call in self.parts.pins.take_all(fresh) {
                    self.parts
                        .exchange
                        .script_ended(call, ScriptEnd::Failed(fault.clone()));
                }
                self.refuse(fresh.generation, fresh.since, errors);
            }
        }
    }

    /// The VM of a host is all but full: a fresh one gets what is new, as soon as it has loaded, and
    /// what runs in the full one ends there.
    pub(crate) fn begin_afresh(&self, full: &Arc<Host>) {
        // No generation is made meanwhile, so that there is one at a time.
        let _making = self.making();
        let is_current = || {
            let current = self.current();
            current.is_some_and(|host| Arc::ptr_eq(&host, full))
        };
        if !is_current() {
            return;
        }
        let tenant = &self.id;
        let drained = self.hosts().iter().filter(|it| it.was_full(full)).count();
        if drained >= MOST_FULL {
            tracing::error!(%tenant, "{drained} full generations still have calls: the scripts go on with little memory");
            return;
        }
        let fresh = full.again(self.parts.clock.unix_micros());
        if let Err(errors) = fresh.run(&self.parts) {
            self.keep_if_stuck(&fresh);
            let why = errors.first().map(|it| it.message.as_str());
            tracing::error!(%tenant, "the scripts do not load afresh: {}", why.unwrap_or_default());
            return;
        }
        if !is_current() {
            return fresh.give_up();
        }
        fresh.inbox.push(Message::Published(fresh.since));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(fresh);
        drop(current);
        tracing::info!(%tenant, "generation {} has begun afresh in a VM of its own", full.generation);
        self.retire(Arc::clone(full));
    }

    /// The sentence for who wants a new call or a new generation, while so many threads are stuck
    /// that one more would be felt by the other tenants.
    pub(crate) fn too_many_stuck(&self) -> Option<String> {
        let mut state = self.state();
        state.stuck.retain(|host| host.is_stuck());
        let stuck = state.stuck.len();
        drop(state);
        (stuck >= MOST_STUCK).then(|| {
            format!(
                "{stuck} scripts of tenant {} are stuck in library functions: restart the exchange, or reload when they have ended",
                self.id
            )
        })
    }

    /// Counts the thread of a host that was given up while its files loaded.
    pub(super) fn keep_if_stuck(&self, host: &Arc<Host>) {
        if host.is_stuck() {
            self.state().stuck.push(Arc::clone(host));
        }
    }
}

/// So many full VMs of a generation may still have calls when one more is made: each takes memory.
const MOST_FULL: usize = 3;

/// So many stuck threads are enough: each takes what time nobody else wants, and memory.
const MOST_STUCK: usize = 3;
