//! What the API is shown of the running exchange.

use std::collections::HashMap;
use std::time::Instant;

use call::{CallId, LegId, TenantId};
use script::CallStatus;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{
    KeptGeneration, LiveCall, OldGeneration, RefusedGeneration, Registration, Reloaded,
    ScriptFailure, Scripts, Trunk, TrunkHost, User, WentBack, Wrong,
};

use crate::switch::live::Live;
use crate::switch::printable::printable;
use crate::switch::{Switch, trunks};

impl Switch {
    pub(super) fn live_calls(&self, tenant: &TenantId, calls: &[Uuid]) -> HashMap<Uuid, LiveCall> {
        let known = calls.iter().filter_map(|&id| {
            let live = self.calls.get(&CallId(id))?;
            (live.setup.tenant == *tenant).then(|| (id, state_of(live)))
        });
        known.collect()
    }

    pub(super) fn registrations_of(&self, now: Instant, tenant: &TenantId) -> Vec<Registration> {
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
                    user_agent: (phone.user_agent.as_ref()).map(|agent| printable(&agent.to_str())),
                    instance: phone.instance.as_ref().map(ToString::to_string),
                    expires_at: wall + (phone.expires_at - now).as_micros() as i64,
                    reachable: phone.is_reachable,
                    round_trip_ms: phone.round_trip.map(|trip| trip.as_secs_f64() * 1_000.0),
                })
            })
            .collect()
    }

    pub(in crate::switch) fn trunks_of(&self, now: Instant, tenant: &TenantId) -> Vec<Trunk> {
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
                        alive: host.is_known.then_some(host.missed < trunks::DEAD),
                    })
                    .collect(),
                calls: trunk.lines.all(),
                max_calls: Some(trunk.settings.carried.max_calls).filter(|&most| most > 0),
                registration: trunk.settings.register.then(|| trunk.registered.to_owned()),
                resting: trunk
                    .pool
                    .resting(now)
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            })
            .collect()
    }

    pub(super) fn users_of(&self, now: Instant, tenant: &TenantId) -> Vec<User> {
        let Some(settings) = self.tenants.get(&*tenant.0) else {
            return Vec::new();
        };
        let stored = self.parts.users.iter();
        let stored = stored
            .filter(|user| user.tenant == *tenant.0)
            .filter(|user| !settings.users.contains_key(&user.extension))
            .map(|user| (&user.extension, &user.context));
        let configured = settings.users.iter();
        let configured = configured.map(|(extension, user)| (extension, &user.context));
        let shown = |(extension, context): (&String, &String)| {
            let known = self.people.one(&tenant.0, extension)?;
            let account = format!("{tenant}/{extension}");
            let phones = self.registrar.bindings(now, &account);
            Some(User {
                extension: extension.clone(),
                name: known.name.clone(),
                context: context.clone(),
                mailbox: known.mailbox.clone(),
                phones: phones.iter().filter(|phone| phone.is_reachable).count(),
                role: known.person.role,
                team: known.person.team.clone(),
                masked: settings.masked.contains(&known.person.role),
            })
        };
        configured.chain(stored).filter_map(shown).collect()
    }

    pub(super) fn scripts_of(&self, tenant: &TenantId) -> Option<Scripts> {
        let status = self.parts.scripts.status();
        let is_alone = self.tenants.len() == 1;
        let config_refused = status.config_refused.map(|refused| Wrong {
            at: refused.at,
            errors: refused
                .errors
                .into_iter()
                .filter(|error| is_alone || names(error, tenant))
                .collect(),
        });
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
            config_refused,
            gone_back: found.gone_back.map(|gone| WentBack {
                to: gone.to,
                from: gone.from,
                at: gone.at,
            }),
            held: found.held.map(|held| Wrong {
                at: held.at,
                errors: held.errors.into_iter().map(|it| it.message).collect(),
            }),
            kept: found
                .kept
                .into_iter()
                .map(|kept| KeptGeneration {
                    generation: kept.generation,
                    at: kept.at,
                    changed_after: kept.changed_after,
                })
                .collect(),
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
}

pub(in crate::switch) fn state_of(live: &Live) -> LiveCall {
    let state = match live.ended {
        Some(_) => ENDING,
        None => CallStatus::word(live.call.state()),
    };
    let talks_with = partner(live).and_then(|id| {
        let leg = live.call.legs().iter().find(|leg| leg.id() == id)?;
        let user = leg.user().map(str::to_owned);
        user.or_else(|| leg.target().map(ToString::to_string))
    });
    LiveCall { state, talks_with }
}

/// The leg that the caller talks with.
pub(super) fn partner(live: &Live) -> Option<LegId> {
    let front = live.call.front();
    let mut legs = live.call.legs().iter();
    legs.find(|leg| leg.id() == front)?.talks_with()
}

/// Whether a mistake in `config.lua` is in a tenant's own part.
fn names(error: &str, tenant: &TenantId) -> bool {
    let part = format!("tenants.{tenant}");
    error.split(": ").any(|word| {
        let rest = word.strip_prefix(&*part);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// What going back came to; the sentence that says why nothing was tried.
pub(super) fn rolled_back(outcome: &Value, tenant: &TenantId) -> Result<Reloaded, String> {
    match outcome["error"].as_str() {
        Some(why) => Err(why.to_owned()),
        None => Ok(reloaded(&json!({ "tenants": [outcome] }), tenant)),
    }
}

/// A tenant's part of what a reload came to.
pub(super) fn reloaded(outcome: &Value, tenant: &TenantId) -> Reloaded {
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

pub(super) const ENDING: &str = "ending";

#[cfg(test)]
mod tests {
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
}
