//! Loads everything and runs nothing, for `moonswitch check`.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::acd::{AgentId, Plan, QueueName};
use call::{CallId, Command, Reply, TenantId};
use jiff::Zoned;
use script::config::Config;
use script::suggest::did_you_mean;
use script::{Exchange, Place, ScriptEnd, Scripts, ScriptsOptions};
use store::{Sqlite, Store, UserRecord};
use tokio::sync::oneshot;

use crate::clock::WallClock;
use crate::switch::Library;
use crate::{RECORDS, StartError, load_config};

/// What is wrong, and what will be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// What keeps configuration or scripts from being used.
    pub errors: Vec<String>,
    /// What works today.
    pub warnings: Vec<String>,
    /// The contexts that each tenant's scripts declare; none where they do not load.
    pub contexts: BTreeMap<String, Vec<String>>,
}

/// Checks a configuration with its scripts.
///
/// # Errors
/// When the check itself cannot be made; what is wrong is in [`Checked`].
pub fn check(config: &Path, data: &Path) -> Result<Checked, StartError> {
    let mut checked = Checked::default();
    let loaded = match load_config(config, data) {
        Ok(loaded) => loaded,
        Err(StartError::Config(problems)) => {
            checked
                .errors
                .extend(problems.iter().map(ToString::to_string));
            return Ok(checked);
        }
        Err(StartError::DemoPassword(why)) => {
            checked.errors.push(why);
            return Ok(checked);
        }
        Err(error) => return Err(error),
    };
    let root = config
        .canonicalize()
        .ok()
        .and_then(|path| path.parent().map(Path::to_owned))
        .unwrap_or_default();
    // What scripts would do to the records goes nowhere.
    let scratch = Scratch::new()?;
    let path = scratch.0.join("check.db");
    let store = Sqlite::open(&path, [0; 32]).and_then(|store| {
        copy_what_counts(&store, data, &loaded)?;
        Ok(store)
    });
    let store = store.map_err(|source| StartError::Store { path, source })?;
    let mut serving = Vec::new();
    let found = Scripts::check(ScriptsOptions {
        tenants: loaded
            .tenants
            .iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant.clone()))
            .collect(),
        limits: loaded.limits.clone(),
        exchange: Arc::new(Nobody),
        clock: Arc::new(WallClock::default()),
        store: store.clone(),
        sounds: Arc::new(Library::new(root.join("sounds"))),
        root,
        recordings: None,
        databases: None,
        history: None,
        node: "check".to_owned(),
        reload_manually: true,
        config_changed: None,
    });
    for script::Checked {
        tenant,
        errors,
        warnings,
        contexts,
        queues,
    } in found
    {
        checked.contexts.insert(tenant.to_string(), contexts);
        serving.extend(agents(&queues).map(|(queue, agent)| (tenant.clone(), queue, agent)));
        let line = |fault: script::Fault| format!("{tenant}: {}", fault.message);
        checked.errors.extend(errors.into_iter().map(line));
        checked.warnings.extend(warnings.into_iter().map(line));
    }
    checked.warnings.extend(strangers(serving, &loaded, &store));
    let told = |sentence: &String| checked.warnings.iter().any(|told| told.contains(sentence));
    let calendars: Vec<String> = calendars().filter(|sentence| !told(sentence)).collect();
    checked.warnings.extend(calendars);
    Ok(checked)
}

/// Complains of whoever is to serve a queue and is no user.
fn strangers(
    serving: Vec<(TenantId, QueueName, AgentId)>,
    config: &Config,
    store: &Sqlite,
) -> Vec<String> {
    let configured = |tenant: &TenantId, agent: &AgentId| {
        let tenant = config.tenants.get(&*tenant.0);
        tenant.is_some_and(|tenant| tenant.users.contains_key(&*agent.0))
    };
    let mut serving = serving;
    serving.retain(|(tenant, _, agent)| !configured(tenant, agent));
    if serving.is_empty() {
        return Vec::new();
    }
    let recorded = |tenant: &String| store.users(tenant).wait().unwrap_or_default();
    let users: Vec<UserRecord> = config.tenants.keys().flat_map(recorded).collect();
    serving.retain(|(tenant, _, agent)| {
        let is = |user: &UserRecord| user.tenant == *tenant.0 && user.extension == *agent.0;
        !users.iter().any(is)
    });
    let sentence = |(tenant, queue, agent): (TenantId, QueueName, AgentId)| {
        let configured = config.tenants.get(&*tenant.0);
        let configured = configured.into_iter().flat_map(|it| it.users.keys());
        let recorded = users.iter().filter(|user| user.tenant == *tenant.0);
        let known = configured.chain(recorded.map(|user| &user.extension));
        let hint = did_you_mean(&agent.0, known.map(String::as_str));
        format!(
            "{tenant}: queue '{queue}': agent '{agent}' is no user{hint}: add them to config.lua, or \
             by `moonswitch user add`"
        )
    };
    serving.into_iter().map(sentence).collect()
}

/// Who is to serve which queue.
fn agents(plan: &Plan) -> impl Iterator<Item = (QueueName, AgentId)> {
    let queues = plan.queues.iter();
    queues.flat_map(|queue| {
        let members = queue.members.iter();
        members.map(|member| (queue.name.clone(), member.agent.clone()))
    })
}

/// Who is known, and what plugins were allowed, as far as the exchange has records already.
fn copy_what_counts(to: &Sqlite, data: &Path, config: &Config) -> Result<(), store::Error> {
    let path = data.join(RECORDS);
    if !path.exists() {
        return Ok(());
    }
    let from = Sqlite::open(&path, store::load_or_create_key(data)?)?;
    for (tenant, settings) in &config.tenants {
        for user in from.users(tenant).wait()? {
            to.put_user(user).wait()?;
        }
        for plugin in settings.plugins.keys() {
            if let Some(granted) = from.grant(tenant, plugin).wait()? {
                to.put_grant(tenant, plugin, granted).wait()?;
            }
        }
    }
    Ok(())
}

/// Calendars that work today and will not for long.
fn calendars() -> impl Iterator<Item = String> {
    call::calendar::Calendar::NAMES
        .iter()
        .filter_map(|name| call::calendar::Calendar::named(name)?.missing(Zoned::now().date()))
        .map(|missing| missing.sentence)
}

/// A folder for the time of a check, which nobody else can have made before us.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, StartError> {
        let now = WallClock::default().unix_micros();
        let name = format!("moonswitch-check-{}-{now}", std::process::id());
        let path = std::env::temp_dir().join(name);
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(StartError::System {
                what: format!("cannot make {}", path.display()),
                source,
            }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Nobody calls while scripts are checked.
struct Nobody;

impl Exchange for Nobody {
    fn ask(&self, _: CallId, _: Place, _: Command) -> oneshot::Receiver<Reply> {
        oneshot::channel().1
    }

    fn set_language(&self, _: CallId, _: String) {}

    fn script_ended(&self, _: CallId, _: ScriptEnd) {}
}
