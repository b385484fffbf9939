//! A changed `config.lua`: what can go live does, what cannot waits for a restart and says so.

use std::sync::Arc;
use std::time::Instant;

use call::TenantId;
use script::config::Config;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::accounts::Accounts;
use super::floor::Question;
use super::input::Entrance;
use super::people::People;
use super::trunks::Trunks;
use super::{Input, Switch};

impl Switch {
    /// Reads `config.lua` and all scripts again, on a thread that may wait; `done` gets what came
    /// of it. Somebody has `asked` for it, or a file was saved.
    pub(super) fn reload(&self, asked: bool, done: impl FnOnce(Value) + Send + 'static) {
        let (path, data) = self.parts.places.clone();
        let (scripts, entrance) = (self.parts.scripts.clone(), self.parts.entrance.clone());
        let (old, started) = (self.parts.config.clone(), self.parts.started_with.clone());
        tokio::task::spawn_blocking(move || {
            let config = match crate::load_config(&path, &data) {
                Ok(config) => config,
                Err(error) => {
                    tracing::error!("config.lua is refused, the one before stays\n{error}");
                    let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
                    scripts.refuse_config(Some(lines.clone()));
                    done(json!({ "config": lines, "tenants": [] }));
                    return;
                }
            };
            scripts.refuse_config(None);
            if config == *old {
                // Of saved scripts their own folder tells.
                let reports = if asked {
                    scripts.reload(None)
                } else {
                    Vec::new()
                };
                done(json!({ "tenants": name_gone_queues(&entrance, json!(reports)) }));
                return;
            }
            let tenants = config
                .tenants
                .iter()
                .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant.clone()))
                .collect();
            let reports = scripts.reconfigure(tenants, asked);
            scripts.wait_for_restart(fixed(&started, &config));
            entrance.put_blocking(Input::Configured(Box::new(config)));
            done(json!({ "tenants": name_gone_queues(&entrance, json!(reports)) }));
        });
    }

    /// Goes back to an earlier generation, on a thread that may wait; `done` gets what came of it.
    pub(super) fn roll_back(
        &self,
        tenant: Option<String>,
        generation: Option<u64>,
        done: impl FnOnce(Value) + Send + 'static,
    ) {
        let scripts = self.parts.scripts.clone();
        let known: Vec<String> = self.tenants.keys().cloned().collect();
        tokio::task::spawn_blocking(move || {
            let whose = match (tenant, known.as_slice()) {
                (Some(tenant), _) => Ok(tenant),
                (None, [only]) => Ok(only.clone()),
                (None, several) => Err(format!("say whose: --tenant {}", several.join(", "))),
            };
            let gone = whose
                .and_then(|tenant| scripts.roll_back(&tenant.as_str().into(), generation))
                .and_then(|report| serde_json::to_value(report).map_err(|error| error.to_string()));
            done(gone.unwrap_or_else(|why| json!({ "error": why })));
        });
    }

    /// Takes over what can be changed while calls run: tenants, users, trunks, times.
    pub(super) fn handle_configured(&mut self, now: Instant, mut config: Config) {
        let old = &self.parts.config;
        // These have been built into sockets and threads; they change with the next start.
        config.sip.listen.clone_from(&old.sip.listen);
        config.rtp.ports = old.rtp.ports;
        config.rtp.threads = old.rtp.threads;
        config.rtp.backend.clone_from(&old.rtp.backend);
        config.http = old.http.clone();
        let config = Arc::new(config);
        self.tenants = config
            .tenants
            .iter()
            .map(|(name, tenant)| (name.clone(), Arc::new(tenant.clone())))
            .collect();
        self.codecs = super::sound::codecs(&config.rtp.codecs).into();
        self.accounts = Accounts::new(&config, &self.parts.users, now);
        self.people = People::new(&config, &self.parts.users);
        self.forget_unknown_phones(now);
        self.forget_unknown_watchers(now);
        let (new, old) = (&config.sip, &self.parts.config.sip);
        if new.trunks != old.trunks || new.groups != old.groups {
            self.end_trunks(now);
            let before = std::mem::replace(&mut self.trunks, Trunks::new(&config, now));
            self.trunks.succeed(before);
        }
        self.parts.config = config;
        self.begin_trunks();
        self.take_plans(now);
        tracing::info!("config.lua is in force");
    }
}

/// Adds to what came of a reload which queues are gone from the files while callers wait in them.
fn name_gone_queues(entrance: &Entrance, mut reports: Value) -> Value {
    let (answer, gone) = oneshot::channel();
    entrance.put_blocking(Question::Gone(answer).into());
    // Nobody answers when the exchange stops.
    for (tenant, queue, waiting) in gone.blocking_recv().unwrap_or_default() {
        let mut tenants = reports.as_array_mut().into_iter().flatten();
        let own = tenants.find(|one| one["tenant"] == *tenant.0);
        let warnings = own
            .and_then(|one| one.pointer_mut("/outcome/warnings"))
            .and_then(Value::as_array_mut);
        if let Some(warnings) = warnings {
            let callers = if waiting == 1 {
                "caller waits"
            } else {
                "callers wait"
            };
            warnings.push(json!({ "message": format!(
                "queue '{queue}' is gone from the files, and {waiting} {callers} in it: the agents that it had \
                 serve them, and nobody else gets in"
            ) }));
        }
    }
    reports
}

/// Settings that differ and wait for a restart.
fn fixed(old: &Config, new: &Config) -> Vec<String> {
    [
        ("sip.listen", old.sip.listen != new.sip.listen),
        (
            "sip.min_expires",
            old.sip.min_expires != new.sip.min_expires,
        ),
        (
            "sip.max_expires",
            old.sip.max_expires != new.sip.max_expires,
        ),
        (
            "sip.session_expires",
            old.sip.session_expires != new.sip.session_expires,
        ),
        ("sip.ban_after", old.sip.ban_after != new.sip.ban_after),
        ("sip.ban_for", old.sip.ban_for != new.sip.ban_for),
        ("rtp.ports", old.rtp.ports != new.rtp.ports),
        ("rtp.threads", old.rtp.threads != new.rtp.threads),
        ("rtp.backend", old.rtp.backend != new.rtp.backend),
        ("http.listen", old.http != new.http),
        (
            "limits.script_cpu",
            old.limits.script_cpu != new.limits.script_cpu,
        ),
        (
            "limits.load_time",
            old.limits.load_time != new.limits.load_time,
        ),
        (
            "limits.script_memory",
            old.limits.script_memory != new.limits.script_memory,
        ),
        ("reload.mode", old.reload_manually != new.reload_manually),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(name, _)| name.to_owned())
    .collect()
}
