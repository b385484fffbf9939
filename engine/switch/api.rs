//! What the API asks of the switch, and what the switch tells the API's listeners.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use call::{CallId, LegId, TenantId};
use serde_json::Value;
use sip::registrar::Binding;
use store::{MessageRow, Store};
use tokio::sync::oneshot;
use uuid::Uuid;
use web::{
    Asked, Events, LiveCall, News, OldGeneration, RefusedGeneration, Registration, Reloaded,
    ScriptFailure, Scripts, Trunk, TrunkHost, User, VoicemailChange,
};

use super::live::Live;
use super::{Entrance, Input, Switch, trunks};

/// Something that the API asks, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Question {
    tenant: TenantId,
    what: What,
}

#[derive(Debug)]
enum What {
    LiveCalls(Vec<Uuid>, oneshot::Sender<HashMap<Uuid, LiveCall>>),
    HangUp(CallId, String, oneshot::Sender<bool>),
    Registrations(oneshot::Sender<Vec<Registration>>),
    Trunks(oneshot::Sender<Vec<Trunk>>),
    Users(oneshot::Sender<Vec<User>>),
    Scripts(oneshot::Sender<Option<Scripts>>),
    Reload(oneshot::Sender<Reloaded>),
    Voicemail(Uuid, VoicemailChange, oneshot::Sender<Changed>),
}

type Changed = Result<Option<MessageRow>, store::Error>;

impl Entrance {
    /// Turned away for want of room, the sender is dropped, and the API says that it is busy.
    fn question<T>(&self, tenant: &str, what: impl FnOnce(oneshot::Sender<T>) -> What) -> Asked<T> {
        let (answer, asked) = oneshot::channel();
        let question = Question {
            tenant: tenant.into(),
            what: what(answer),
        };
        let _ = self.offer(Input::Api(question));
        asked
    }
}

impl web::Exchange for Entrance {
    fn live_calls(&self, tenant: &str, calls: Vec<Uuid>) -> Asked<HashMap<Uuid, LiveCall>> {
        self.question(tenant, |answer| What::LiveCalls(calls, answer))
    }

    fn hang_up(&self, tenant: &str, call: Uuid, by: String) -> Asked<bool> {
        self.question(tenant, |answer| What::HangUp(CallId(call), by, answer))
    }

    fn registrations(&self, tenant: &str) -> Asked<Vec<Registration>> {
        self.question(tenant, What::Registrations)
    }

    fn trunks(&self, tenant: &str) -> Asked<Vec<Trunk>> {
        self.question(tenant, What::Trunks)
    }

    fn users(&self, tenant: &str) -> Asked<Vec<User>> {
        self.question(tenant, What::Users)
    }

    fn scripts(&self, tenant: &str) -> Asked<Option<Scripts>> {
        self.question(tenant, What::Scripts)
    }

    fn reload(&self, tenant: &str) -> Asked<Reloaded> {
        self.question(tenant, What::Reload)
    }

    fn change_voicemail(
        &self,
        tenant: &str,
        message: Uuid,
        change: VoicemailChange,
    ) -> Asked<Changed> {
        self.question(tenant, |answer| What::Voicemail(message, change, answer))
    }
}

impl Switch {
    /// Answers; whoever has gone meanwhile does not hear it.
    pub(super) fn answer_api(&mut self, now: Instant, question: Question) {
        let tenant = question.tenant;
        match question.what {
            What::LiveCalls(calls, answer) => {
                let _ = answer.send(self.live_calls(&tenant, &calls));
            }
            What::HangUp(call, by, answer) => {
                let is_ours = self
                    .calls
                    .get(&call)
                    .is_some_and(|live| live.setup.tenant == tenant && live.ended.is_none());
                if is_ours {
                    self.with_machine(now, call, |call| call.handle_hang_up(now, by));
                }
                let _ = answer.send(is_ours);
            }
            What::Registrations(answer) => {
                let _ = answer.send(self.registrations_of(now, &tenant));
            }
            What::Trunks(answer) => {
                let _ = answer.send(self.trunks_of(&tenant));
            }
            What::Users(answer) => {
                let _ = answer.send(self.users_of(now, &tenant));
            }
            What::Scripts(answer) => {
                let _ = answer.send(self.scripts_of(&tenant));
            }
            What::Reload(answer) => self.reload(move |outcome| {
                let _ = answer.send(reloaded(&outcome, &tenant));
            }),
            What::Voicemail(message, change, answer) => {
                self.change_voicemail(&tenant, message, change, answer);
            }
        }
    }

    fn live_calls(&self, tenant: &TenantId, calls: &[Uuid]) -> HashMap<Uuid, LiveCall> {
        let known = calls.iter().filter_map(|&id| {
            let live = self.calls.get(&CallId(id))?;
            (live.setup.tenant == *tenant).then(|| (id, state_of(live)))
        });
        known.collect()
    }

    fn registrations_of(&self, now: Instant, tenant: &TenantId) -> Vec<Registration> {
        let wall = self.parts.clock.unix_micros();
        let accounts = self.registrar.accounts();
        accounts
            .filter_map(|account| Some((account, account.split_once('/')?)))
            .filter(|(_, (of, _))| **of == *tenant.0)
            .flat_map(|(account, (_, user))| {
                let phones = self.registrar.bindings(now, account);
                phones.into_iter().map(move |phone| Registration {
                    user: user.to_owned(),
                    contact: phone.contact.to_string(),
                    source: format!(
                        "{}/{}",
                        phone.route.remote,
                        phone.route.transport.via_name().to_lowercase()
                    ),
                    user_agent: phone.user_agent.as_ref().map(ToString::to_string),
                    instance: phone.instance.as_ref().map(ToString::to_string),
                    expires_at: wall + (phone.expires_at - now).as_micros() as i64,
                    reachable: phone.is_reachable,
                    round_trip_ms: phone.round_trip.map(|trip| trip.as_secs_f64() * 1_000.0),
                })
            })
            .collect()
    }

    fn trunks_of(&self, tenant: &TenantId) -> Vec<Trunk> {
        let all = self.trunks.by_name.iter();
        all.filter(|(_, trunk)| trunk.settings.tenant == *tenant.0)
            .map(|(name, trunk)| Trunk {
                name: name.clone(),
                context: trunk.settings.context.clone(),
                hosts: trunk
                    .hosts
                    .iter()
                    .map(|host| TrunkHost {
                        address: host.address.to_string(),
                        alive: host.missed < trunks::DEAD,
                    })
                    .collect(),
                calls: trunk.lines,
                max_calls: Some(trunk.settings.max_calls).filter(|&most| most > 0),
                registration: trunk.settings.register.then(|| trunk.registered.to_owned()),
            })
            .collect()
    }

    fn users_of(&self, now: Instant, tenant: &TenantId) -> Vec<User> {
        let Some(settings) = self.tenants.get(&*tenant.0) else {
            return Vec::new();
        };
        let stored = self.parts.users.iter();
        let stored = stored
            .filter(|user| user.tenant == *tenant.0)
            .filter(|user| !settings.users.contains_key(&user.extension));
        let phones = |extension: &str| {
            let account = format!("{tenant}/{extension}");
            let phones = self.registrar.bindings(now, &account);
            phones.iter().filter(|phone| phone.is_reachable).count()
        };
        let configured = settings.users.iter().map(|(extension, user)| User {
            extension: extension.clone(),
            name: user.name.clone(),
            context: user.context.clone(),
            mailbox: user.mailbox.clone().unwrap_or_else(|| extension.clone()),
            phones: phones(extension),
        });
        configured
            .chain(stored.map(|user| User {
                extension: user.extension.clone(),
                name: user.name.clone(),
                context: user.context.clone(),
                mailbox: user.extension.clone(),
                phones: phones(&user.extension),
            }))
            .collect()
    }

    fn scripts_of(&self, tenant: &TenantId) -> Option<Scripts> {
        let status = self.parts.scripts.status();
        let found = status
            .tenants
            .into_iter()
            .find(|one| one.tenant == *tenant)?;
        Some(Scripts {
            generation: found.generation,
            hash: found.hash,
            since: found.since,
            calls: found.calls,
            memory: found.memory,
            old: found
                .old
                .iter()
                .map(|old| OldGeneration {
                    generation: old.generation,
                    calls: old.calls,
                })
                .collect(),
            warnings: found.warnings.into_iter().map(|it| it.message).collect(),
            refused: found.refused.map(|refused| RefusedGeneration {
                generation: refused.generation,
                at: refused.at,
                errors: refused.errors.into_iter().map(|it| it.message).collect(),
            }),
            failures: found.failures,
            last_failures: found
                .last_failures
                .into_iter()
                .map(|failure| ScriptFailure {
                    at: failure.at,
                    generation: failure.generation,
                    call: failure.call,
                    message: failure.message,
                })
                .collect(),
        })
    }

    fn change_voicemail(
        &self,
        tenant: &TenantId,
        message: Uuid,
        change: VoicemailChange,
        answer: oneshot::Sender<Changed>,
    ) {
        let (store, now) = (self.parts.store.clone(), self.parts.clock.unix_micros());
        let (events, tenant) = (self.parts.events.clone(), tenant.clone());
        tokio::spawn(async move {
            let of = &*tenant.0;
            let done = match change {
                VoicemailChange::Heard => store.mark_heard(of, message, now).await,
                VoicemailChange::Deleted => store.delete_message(of, message, now).await,
                VoicemailChange::Restored => store.restore_message(of, message).await,
            };
            let changed = match done {
                Ok(()) => tell_of_message(&*store, &events, &tenant, message, change, now).await,
                Err(store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            };
            let _ = answer.send(changed);
        });
    }

    /// Tells what a call does now, if that is news.
    pub(super) fn tell_of(&self, live: &mut Live) {
        if live.ended.is_some() || live.call.is_ended() {
            return;
        }
        let state = (coarse(live.call.state()), partner(live));
        if state.0 == ENDING || live.told == Some(state) {
            return;
        }
        live.told = Some(state);
        let LiveCall { state, talks_with } = state_of(live);
        let news = News::CallChanged { state, talks_with };
        self.tell(&live.setup.tenant, Some(live.id()), news);
    }

    /// Tells that a phone has come, or answers or no longer answers; a refreshed registration is no
    /// news.
    pub(super) fn tell_of_phone(&mut self, tenant: &str, user: &str, phone: &Binding) {
        let reachable = phone.is_reachable;
        if self.phones_told.insert(phone.id, reachable) == Some(reachable) {
            return;
        }
        let news = News::RegistrationChanged {
            user: user.to_owned(),
            contact: phone.contact.to_string(),
            reachable,
        };
        self.tell(&tenant.into(), None, news);
    }

    pub(super) fn tell_of_phone_gone(&mut self, tenant: &str, user: &str, phone: &Binding) {
        self.phones_told.remove(&phone.id);
        let news = News::RegistrationRemoved {
            user: user.to_owned(),
            contact: phone.contact.to_string(),
        };
        self.tell(&tenant.into(), None, news);
    }

    /// Tells all who listen to this tenant.
    pub(super) fn tell(&self, tenant: &TenantId, call: Option<CallId>, news: News) {
        let at = self.parts.clock.unix_micros();
        let call = call.map(|call| call.0);
        self.parts.events.publish(&tenant.0, at, call, news);
    }
}

/// Tells that a message was changed; the message as it is now.
pub(super) async fn tell_of_message(
    store: &dyn Store,
    events: &Arc<Events>,
    tenant: &TenantId,
    message: Uuid,
    change: VoicemailChange,
    now: i64,
) -> Changed {
    let row = store.message(&tenant.0, message).await?;
    if let Some(row) = &row {
        let news = News::VoicemailChanged {
            id: message,
            mailbox: row.mailbox.clone(),
            change,
        };
        events.publish(&tenant.0, now, None, news);
    }
    Ok(row)
}

fn state_of(live: &Live) -> LiveCall {
    let state = match live.ended {
        Some(_) => ENDING,
        None => coarse(live.call.state()),
    };
    let talks_with = partner(live).and_then(|id| {
        let leg = live.call.legs().iter().find(|leg| leg.id() == id)?;
        let user = leg.user().map(str::to_owned);
        user.or_else(|| leg.target().map(ToString::to_string))
    });
    LiveCall { state, talks_with }
}

/// The leg that the caller talks with.
fn partner(live: &Live) -> Option<LegId> {
    live.call.legs().first()?.talks_with()
}

/// What a call does, as outsiders see it: what a script does from one moment to the next is a menu.
fn coarse(state: &str) -> &'static str {
    match state {
        "ringing" => "ringing",
        "talking" => "talking",
        "held" => "held",
        "voicemail" | "voicemail_menu" => "voicemail",
        "apology" => "fallback",
        "ending" | "ended" => ENDING,
        _ => "menu",
    }
}

/// A tenant's part of what a reload came to.
fn reloaded(outcome: &Value, tenant: &TenantId) -> Reloaded {
    let messages = |list: &Value| -> Vec<String> {
        let faults = list.as_array().into_iter().flatten();
        faults
            .filter_map(|fault| fault["message"].as_str().map(str::to_owned))
            .collect()
    };
    let config_is_wrong = outcome["config"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    let mut tenants = outcome["tenants"].as_array().into_iter().flatten();
    let own = tenants.find(|one| one["tenant"] == *tenant.0);
    let own = own.map_or(&Value::Null, |one| &one["outcome"]);
    Reloaded {
        outcome: match own["outcome"].as_str() {
            _ if config_is_wrong => "config_refused".to_owned(),
            Some(word) => word.to_owned(),
            None => "unchanged".to_owned(),
        },
        generation: own["generation"].as_u64(),
        errors: messages(&own["errors"]),
        warnings: messages(&own["warnings"]),
    }
}

const ENDING: &str = "ending";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reload_shows_a_tenant_its_own_part_and_of_config_lua_only_that_it_is_wrong() {
        let outcome = json!({ "tenants": [
            { "tenant": "8002", "outcome": { "outcome": "published", "generation": 7, "warnings": [] } },
            { "tenant": "8001", "outcome": {
                "outcome": "refused", "generation": 3, "stays": 2,
                "errors": [{ "message": "a.lua:1: oops", "file": "a.lua" }],
            } },
        ] });

        let ours = reloaded(&outcome, &"8001".into());
        assert_eq!((&*ours.outcome, ours.generation), ("refused", Some(3)));
        assert_eq!(ours.errors, ["a.lua:1: oops"]);
        let unknown = reloaded(&outcome, &"8003".into());
        assert_eq!((&*unknown.outcome, unknown.generation), ("unchanged", None));
        let secret = json!({ "config": ["config.lua:9: tenant 8002 …"], "tenants": [] });
        let refused = reloaded(&secret, &"8001".into());
        assert_eq!(
            (&*refused.outcome, refused.errors.len()),
            ("config_refused", 0)
        );
    }

    #[test]
    fn the_states_of_a_call_are_those_that_the_api_names() {
        for (inside, outside) in [
            ("script", "menu"),
            ("gather", "menu"),
            ("bridge", "menu"),
            ("ringing", "ringing"),
            ("talking", "talking"),
            ("held", "held"),
            ("voicemail_menu", "voicemail"),
            ("apology", "fallback"),
            ("ended", "ending"),
        ] {
            assert_eq!(coarse(inside), outside);
        }
    }
}
