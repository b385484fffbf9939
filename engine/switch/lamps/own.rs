//! Lamps of codes: a key that dials `*78` shows whether its own user's phone is silenced. The table of codes
//! says which lamp stands behind a code (`dnd-<me>`); those of people's own states are lit here, where somebody
//! watches them.

use std::time::Instant;

use call::acd::{AgentId, State};
use call::{Light, TenantId};
use sip::SubscriptionId;

use super::{SetLamps, Subject};
use crate::switch::Switch;
use crate::switch::live::Live;

impl Switch {
    /// The lamp that a phone watches: the one behind a code for whoever sits there, or the one of that name.
    pub(super) fn lamp_behind(&self, subject: &Subject, user: &str) -> String {
        let Subject::Set(tenant, name) = subject else {
            return String::new();
        };
        let account = self.accounts.user(tenant, user);
        let context = account.map(|account| account.context.clone());
        let sits = self.sits_at(tenant, &AgentId::from(user));
        let me = sits.as_ref().map_or(user, |sits| &sits.0);
        let scripts = &self.parts.scripts;
        let behind =
            context.and_then(|context| scripts.lamp_of_code(tenant, &context, (name.as_str(), me)));
        behind.unwrap_or_else(|| name.clone())
    }

    /// Other lamps may stand behind codes now: the table of them is new, or somebody sits elsewhere.
    pub(in crate::switch) fn find_lamps_behind(&mut self, now: Instant, tenant: &TenantId) {
        let ours =
            self.lamps.watchers.iter().filter(
                |(_, watcher)| matches!(&watcher.subject, Subject::Set(of, _) if of == tenant),
            );
        let moved: Vec<(SubscriptionId, String)> = ours
            .map(|(id, watcher)| (*id, self.lamp_behind(&watcher.subject, &watcher.user)))
            .collect();
        for (subscription, lamp) in moved {
            let Some(watcher) = self.lamps.watchers.get_mut(&subscription) else {
                continue;
            };
            if watcher.lamp == lamp {
                continue;
            }
            let old = std::mem::replace(&mut watcher.lamp, lamp.clone());
            self.lamps.set.unwatch(tenant, &old, subscription);
            self.lamps.set.watch(tenant, &lamp, subscription);
            self.light_own_of(now, tenant, subscription);
            self.lamps.queue(subscription);
        }
    }

    /// The lamp of a phone that begins to watch one.
    pub(super) fn light_own_of(
        &mut self,
        now: Instant,
        tenant: &TenantId,
        subscription: SubscriptionId,
    ) {
        let watcher = self.lamps.watchers.get(&subscription);
        let Some((_, user)) = watcher.and_then(|watcher| watcher.lamp.rsplit_once('-')) else {
            return;
        };
        let user = AgentId::from(user);
        self.light_own(now, tenant, &user);
    }

    /// Lamps of a user's own states, as far as somebody watches them.
    pub(in crate::switch) fn light_own(&mut self, now: Instant, tenant: &TenantId, user: &AgentId) {
        let known = |set: &SetLamps, name: &str| set.is_known(tenant, &format!("{name}-{user}"));
        if !OWN.iter().any(|name| known(&self.lamps.set, name)) {
            return;
        }
        let status = self.status_of(now, tenant, user);
        let state = status.map_or(State::LoggedOut, |status| status.state);
        let habits = self.habits_of(tenant, user);
        for name in OWN {
            let is_on = match name {
                "logged-in" => state != State::LoggedOut,
                "logged-out" => state == State::LoggedOut,
                "idle" => state == State::Idle,
                "busy" => matches!(state, State::Busy(_)),
                "wrap-up" => state == State::WrapUp,
                "auto-answer" => habits.auto_answer,
                "no-auto-answer" => !habits.auto_answer,
                "dnd" => habits.do_not_disturb,
                "no-dnd" => !habits.do_not_disturb,
                "chats" => habits.accepts_items(),
                _ => !habits.accepts_items(),
            };
            if known(&self.lamps.set, name) {
                self.set_lamp(now, tenant, &format!("{name}-{user}"), Light::from(is_on));
            }
        }
    }

    /// The lamp of a parking place.
    pub(in crate::switch) fn light_place(
        &mut self,
        tenant: &TenantId,
        place: &str,
        is_taken: bool,
    ) {
        let name = format!("parked-{place}");
        self.set_lamp(Instant::now(), tenant, &name, Light::from(is_taken));
    }

    /// Lamps of the users of a call of which a recording has begun or ended.
    pub(in crate::switch) fn light_recording(
        &mut self,
        now: Instant,
        live: &Live,
        (is_conversation, is_on): (bool, bool),
    ) {
        let tenant = &live.call.setup().tenant;
        let users = live.call.legs().iter().filter_map(|leg| leg.user());
        for name in users.map(|user| format!("recording-{user}")) {
            if is_conversation && self.lamps.set.is_known(tenant, &name) {
                self.set_lamp(now, tenant, &name, Light::from(is_on));
            }
        }
    }
}

/// What is lit here, each with `-USER` behind it.
const OWN: [&str; 11] = [
    "logged-in",
    "logged-out",
    "idle",
    "busy",
    "wrap-up",
    "auto-answer",
    "no-auto-answer",
    "dnd",
    "no-dnd",
    "chats",
    "no-chats",
];
