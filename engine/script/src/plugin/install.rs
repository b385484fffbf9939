//! The plugins of a tenant, from their manifests to their globals: what they say, what they are
//! set to, and what they have been allowed.

use std::sync::Arc;

use serde_json::Value;
use store::Migration;

use crate::Fault;
use crate::api::on;
use crate::api::plugin::{Housed, plugins};
use crate::fault;
use crate::host::Host;
use crate::http::{Pattern, is_plainly_private};
use crate::schema::Kind;
use crate::smpp::Place;
use crate::suggest::did_you_mean;
use crate::vm::Vm;

use super::{Manifest, Permissions, Rights, database, manifest, settings};

/// A plugin that is in the VM and has run nothing yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Installed {
    pub(crate) name: String,
    pub(crate) version: String,
    /// What it is allowed from now on, when it was never asked before.
    pub(crate) first_grant: Option<Value>,
    /// What it cannot do yet.
    pub(crate) warnings: Vec<String>,
    /// How its tables are made, when it has any.
    pub(crate) tables: Option<Vec<Migration>>,
    /// Its settings that name a queue, each with what it names: queues are known once all files
    /// have run.
    pub(crate) queues: Vec<(String, String)>,
}

/// Reads the manifests of the tenant's plugins, checks their settings, and lets each know what it
/// may do.
///
/// # Errors
/// All that is wrong with all of them.
pub(crate) fn install(vm: &Vm, host: &Arc<Host>) -> Result<Vec<Installed>, Vec<Fault>> {
    let plugins = plugins(&vm.lua);
    let mut installed = Vec::new();
    let mut faults = Vec::new();
    for (name, housed) in plugins.0.iter() {
        match one(vm, host, name, housed) {
            Ok(plugin) => installed.push(plugin),
            Err(messages) => faults.extend(
                messages
                    .into_iter()
                    .map(|message| fault::plain(message, None, &host.snapshot)),
            ),
        }
    }
    match faults.is_empty() {
        true => Ok(installed),
        false => Err(faults),
    }
}

/// Notes what plugins were allowed by naming them, now that nothing is wrong with any.
///
/// # Errors
/// When the records cannot be written.
pub(crate) fn grant(vm: &Vm, host: &Arc<Host>, installed: &[Installed]) -> Result<(), Fault> {
    for plugin in installed {
        let Some(permissions) = plugin.first_grant.clone() else {
            continue;
        };
        let tenant = host.tenant.to_string();
        let put = vm
            .surroundings
            .store
            .put_grant(&tenant, &plugin.name, permissions);
        put.wait().map_err(|error| {
            let message = format!("what plugin '{}' may do: {error}", plugin.name);
            fault::plain(message, None, &host.snapshot)
        })?;
    }
    Ok(())
}

fn one(vm: &Vm, host: &Arc<Host>, name: &str, housed: &Housed) -> Result<Installed, Vec<String>> {
    let snapshot = &host.snapshot;
    let Some(source) = snapshot.file(&format!("plugins/{name}/plugin.lua")) else {
        let nearest = did_you_mean(name, snapshot.plugins.iter().map(String::as_str));
        return Err(vec![format!(
            "config.lua: tenants.{}.plugins: no plugin '{name}'{nearest}: this version of the files has no plugins/{name}/plugin.lua; take it out of config.lua, or add it",
            host.tenant
        )]);
    };
    let manifest = manifest::read(name, &String::from_utf8_lossy(source))?;
    let checked = checked_settings(vm, host, &manifest)?;
    let granted = granted(vm, host, &manifest)?;
    let asked = &manifest.permissions;
    let allowed = granted.clone().unwrap_or_default();
    let named = |items: &[String]| -> Vec<String> {
        let items = items
            .iter()
            .flat_map(|item| match item.strip_prefix("config.") {
                Some(setting) => settings::values(&manifest.config, &checked, setting),
                None => vec![item.clone()],
            });
        items.collect()
    };
    let hosts = |items: &[String]| -> Vec<String> {
        let hosts = named(items)
            .into_iter()
            .map(|item| match Pattern::parse(&item) {
                Ok(pattern) => pattern.host().to_owned(),
                Err(_) => match Place::parse(&item) {
                    Ok(place) => place.host,
                    Err(_) => item.to_ascii_lowercase(),
                },
            });
        hosts.collect()
    };
    let is_allowed = |item: &&String| allowed.private_hosts.contains(item);
    let (private, private_asked): (Vec<&String>, Vec<&String>) =
        asked.private_hosts.iter().partition(is_allowed);
    let owned = |items: Vec<&String>| items.into_iter().cloned().collect::<Vec<_>>();
    let private_asked = hosts(&owned(private_asked));
    let waiting = private_asked.iter().filter(|host| is_plainly_private(host));
    let mut warnings: Vec<String> = waiting
        .map(|host| {
            format!("plugin '{name}' cannot reach {host} yet: `moonswitch allow {name}` lets it")
        })
        .collect();
    let events = asked.events.iter();
    let unknown = events.filter_map(|event| on::check_name(event, &host.settings).err());
    warnings
        .extend(unknown.map(|why| format!("plugins/{name}/plugin.lua: permissions.events: {why}")));
    housed.owner.entitle(Rights {
        reaches: named(&asked.http_client)
            .iter()
            .filter_map(|item| Pattern::parse(item).ok())
            .collect(),
        lines: named(&asked.smpp)
            .iter()
            .filter_map(|item| Place::parse(item).ok())
            .collect(),
        private: hosts(&owned(private)),
        private_asked,
        permissions: asked.clone(),
    });
    let tables = match asked.db {
        true => Some(database::migrations(snapshot, name)?),
        false => None,
    };
    let names = manifest.config.fields().iter();
    let names = names.map(|field| field.name.clone().into_owned()).collect();
    let lua_settings = settings::for_lua(&manifest.config, &checked);
    housed
        .tell(&vm.lua, &manifest.version, names, &lua_settings)
        .map_err(|error| vec![fault::sentence(&error)])?;
    let first_grant = match granted {
        Some(_) => None,
        None => serde_json::to_value(asked.granted_at_first()).ok(),
    };
    let queues = manifest.config.fields().iter();
    let queues = queues.filter(|field| settings::is_of(&field.kind, &Kind::Queue));
    let queues = queues.flat_map(|field| {
        let named = settings::values(&manifest.config, &checked, &field.name);
        named
            .into_iter()
            .map(|queue| (field.name.to_string(), queue))
    });
    let queues = queues.collect();
    Ok(Installed {
        queues,
        name: manifest.name,
        version: manifest.version,
        first_grant,
        warnings,
        tables,
    })
}

fn checked_settings(vm: &Vm, host: &Arc<Host>, manifest: &Manifest) -> Result<Value, Vec<String>> {
    let tenant = &host.settings;
    let named = |kind: &Kind, text: &str| match kind {
        Kind::Sound => {
            let sounds = &vm.surroundings.sounds;
            sounds.check(&host.tenant, text, &tenant.language)
        }
        Kind::Extension => {
            let known = tenant.users.keys().map(String::as_str);
            match tenant.users.contains_key(text) {
                true => Ok(()),
                false => Err(format!("no user '{text}'{}", did_you_mean(text, known))),
            }
        }
        Kind::Mailbox => {
            let known = tenant.mailboxes.keys().chain(tenant.users.keys());
            let known: Vec<&str> = known.map(String::as_str).collect();
            match known.contains(&text) {
                true => Ok(()),
                false => Err(format!("no mailbox '{text}'{}", did_you_mean(text, known))),
            }
        }
        _ => Ok(()),
    };
    let nothing = Value::Object(serde_json::Map::new());
    let given = tenant.plugins.get(&manifest.name).unwrap_or(&nothing);
    let number = host.tenant.to_string();
    settings::check(&manifest.config, given, &named).map_err(|found| {
        let placed = found.into_iter().map(|complaint| {
            let mut path = vec!["tenants", &number, "plugins", &manifest.name];
            path.extend(complaint.path.iter().map(String::as_str));
            format!("config.lua: {}: {}", path.join("."), complaint.message)
        });
        placed.collect()
    })
}

/// What the plugin has been allowed; `None` when it was never asked.
fn granted(
    vm: &Vm,
    host: &Arc<Host>,
    manifest: &Manifest,
) -> Result<Option<Permissions>, Vec<String>> {
    let name = &manifest.name;
    let found = vm
        .surroundings
        .store
        .grant(&host.tenant.to_string(), name)
        .wait();
    let found = found.map_err(|error| vec![format!("what plugin '{name}' may do: {error}")])?;
    let Some(found) = found else {
        return Ok(None);
    };
    let granted: Permissions = serde_json::from_value(found).unwrap_or_default();
    let grown = manifest.permissions.grown_since(&granted);
    match grown.is_empty() {
        true => Ok(Some(granted)),
        false => Err(vec![format!(
            "plugins/{name}/plugin.lua: plugin '{name}' asks for more than it was allowed: {}; `moonswitch allow {name}` allows it",
            grown.join(", ")
        )]),
    }
}
