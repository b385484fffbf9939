//! Lamps that stand for no user: the exchange's own (an agent's state, automatic answer) and those
//! that scripts set (`lamps.set`). What a phone's key dials is the lamp's name, `*281`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use call::{Light, TenantId};
use sip::body::{DialogInfo, DialogParty, DialogReport, DialogState};
use sip::{Host, SubscriptionId, Uri};

use super::pace::Pace;
use crate::switch::Switch;

/// The lamps that are on, and those that somebody watches.
#[derive(Debug)]
pub(super) struct SetLamps {
    all: BTreeMap<Key, Lamp>,
    pace: Pace<Key>,
}

type Key = (TenantId, String);

#[derive(Debug, Default)]
struct Lamp {
    light: Light,
    /// What a phone with a display may write beside it.
    text: String,
    /// Somebody has said how it is: it may be watched by whoever is a user.
    is_set: bool,
    watchers: Vec<SubscriptionId>,
}

impl SetLamps {
    pub(super) fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            pace: Pace::new(REST),
        }
    }

    pub(super) fn watch(&mut self, tenant: &TenantId, name: &str, watcher: SubscriptionId) {
        let lamp = self.all.entry((tenant.clone(), name.to_owned()));
        lamp.or_default().watchers.push(watcher);
    }

    pub(super) fn unwatch(&mut self, tenant: &TenantId, name: &str, watcher: SubscriptionId) {
        let key = (tenant.clone(), name.to_owned());
        if let Some(lamp) = self.all.get_mut(&key) {
            lamp.watchers.retain(|other| *other != watcher);
            if lamp.watchers.is_empty() {
                self.pace.forget(&key);
                if !lamp.is_set {
                    self.all.remove(&key);
                }
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.pace.poll_timeout()
    }

    pub(super) fn has_news(&self) -> bool {
        self.pace.has_news()
    }

    /// Who is to be told now.
    pub(super) fn pop_due(&mut self, now: Instant) -> Vec<SubscriptionId> {
        let mut due = Vec::new();
        while let Some(key) = self.pace.pop_due(now) {
            let watchers = self.all.get(&key).map(|lamp| &lamp.watchers);
            due.extend(watchers.into_iter().flatten());
        }
        due
    }

    /// Whether somebody has said how it is.
    pub(super) fn is_set(&self, tenant: &TenantId, name: &str) -> bool {
        let lamp = self.all.get(&(tenant.clone(), name.to_owned()));
        lamp.is_some_and(|lamp| lamp.is_set)
    }

    /// Whether somebody watches it, or has said how it is.
    pub(super) fn is_known(&self, tenant: &TenantId, name: &str) -> bool {
        self.all.contains_key(&(tenant.clone(), name.to_owned()))
    }

    /// What a NOTIFY says: full, so that nothing hangs on the one before.
    pub(super) fn info(
        &self,
        tenant: &TenantId,
        (name, lamp): (&str, &str),
        domain: &str,
        version: u32,
    ) -> DialogInfo {
        let host = Host::parse(&domain.into());
        let host = host.unwrap_or_else(|| Host::from(std::net::IpAddr::from([0, 0, 0, 0])));
        let lamp = self.all.get(&(tenant.clone(), lamp.to_owned()));
        let state = match lamp.map(|lamp| lamp.light).unwrap_or_default() {
            Light::Off => DialogState::Terminated,
            Light::On => DialogState::Confirmed,
            Light::Blinking => DialogState::Early,
        };
        let entity = Uri::for_user(name, &host, None);
        let text = lamp.map(|lamp| &lamp.text).filter(|text| !text.is_empty());
        let remote = text.map(|text| DialogParty {
            identity: entity.clone(),
            display: text.clone(),
            target: None,
        });
        DialogInfo {
            entity,
            version,
            is_full: true,
            dialogs: vec![DialogReport {
                remote,
                ..DialogReport::of(name, state)
            }],
        }
    }

    /// Returns false where the tenant has too many.
    fn set(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        name: &str,
        (light, text): (Light, &str),
    ) -> bool {
        let key = (tenant.clone(), name.to_owned());
        if !self.all.contains_key(&key) {
            let ours = self.all.range((tenant.clone(), String::new())..);
            let ours = ours.take_while(|((of, _), _)| of == tenant);
            if ours.count() >= MOST {
                return false;
            }
        }
        let lamp = self.all.entry(key.clone()).or_default();
        lamp.is_set = true;
        let is_new = lamp.light != light || lamp.text != text;
        lamp.light = light;
        text.clone_into(&mut lamp.text);
        if is_new && !lamp.watchers.is_empty() {
            self.pace.want(now, key);
        }
        true
    }
}

impl Switch {
    /// Lights or darkens a lamp that stands for no user; all phones that watch it are told. The name is
    /// what their keys dial, or any other word.
    pub(in crate::switch) fn set_lamp(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        name: &str,
        light: Light,
    ) {
        self.set_lamp_with(now, tenant, name, (light, ""));
    }

    /// The same, with what phones that have a display may write beside it.
    pub(in crate::switch) fn set_lamp_with(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        name: &str,
        shows: (Light, &str),
    ) {
        if !self.lamps.set.set(now, tenant, name, shows) {
            tracing::warn!(%tenant, name, "no more lamps: a tenant has {MOST} at most");
        }
    }

    /// Whether a user may watch such a lamp: one that somebody has set, or a number that they could
    /// dial.
    pub(super) fn may_watch_lamp(&self, tenant: &TenantId, user: &str, name: &str) -> bool {
        if self.lamps.set.is_set(tenant, name) {
            return true;
        }
        let account = self.accounts.user(tenant, user);
        let context = account.map(|account| account.context.clone());
        let scripts = &self.parts.scripts;
        let is_code = name.starts_with(['*', '#']) && name.len() <= LONGEST_NAME;
        let may_dial = context.is_some_and(|context| scripts.has_route(tenant, &context, name));
        is_code && (may_dial || scripts.is_typed_code(tenant, name))
    }
}

/// A lamp changes at most so often.
const REST: Duration = Duration::from_millis(100);
/// Lamps of a tenant.
const MOST: usize = 10_000;
const LONGEST_NAME: usize = 32;
