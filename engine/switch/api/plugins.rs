//! Plugins as their files, the records and the scripts have them; and allowing them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::TenantId;
use script::plugin::{self, Manifest, Permissions};
use script::{PluginStatus, Scripts};
use serde_json::Value;
use store::Store;
use tokio::sync::oneshot;
use web::{Allowed, LeftOut, Plugin};

use super::shown::reloaded;
use crate::switch::{Input, Switch};

impl Switch {
    /// How a tenant's plugins stand. Files and records are read on threads that may wait.
    pub(super) fn show_plugins(
        &self,
        tenant: &TenantId,
        answer: oneshot::Sender<Result<Vec<Plugin>, store::Error>>,
    ) {
        let names = self.plugins_named(tenant);
        let (store, scripts) = (self.parts.store.clone(), self.parts.scripts.clone());
        let (folder, tenant) = (self.plugins_folder(), tenant.clone());
        tokio::spawn(async move {
            let read = tokio::task::spawn_blocking(move || {
                let read = |name: String| (read(&folder, &name), name);
                names.into_iter().map(read).collect::<Vec<_>>()
            });
            let running = running(&scripts, &tenant);
            let mut plugins = Vec::new();
            for (manifest, name) in read.await.unwrap_or_default() {
                let running = running.iter().find(|it| it.name == name);
                match store.grant(&tenant.0, &name).await {
                    Ok(grant) => plugins.push(shown(name, manifest, running, grant)),
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        return;
                    }
                }
            }
            let _ = answer.send(Ok(plugins));
        });
    }

    /// Allows a plugin what its manifest asks for.
    pub(super) fn allow_plugin(
        &self,
        tenant: &TenantId,
        name: String,
        answer: oneshot::Sender<Result<Option<Allowed>, store::Error>>,
    ) {
        if !self.plugins_named(tenant).contains(&name) {
            let _ = answer.send(Ok(None));
            return;
        }
        let (store, entrance) = (self.parts.store.clone(), self.parts.entrance.clone());
        let (folder, tenant) = (self.plugins_folder(), tenant.clone());
        tokio::spawn(async move {
            let (about, place) = (name.clone(), folder.clone());
            let manifest = tokio::task::spawn_blocking(move || read(&place, &about)).await;
            let granted = match manifest {
                Ok(Ok(manifest)) => grant(&*store, &tenant, &name, &manifest).await,
                Ok(Err(errors)) => Ok(wrong(errors)),
                Err(_) => Ok(wrong(Vec::new())),
            };
            match granted {
                Ok(allowed) if allowed.allowed.is_some() => {
                    let question = super::Question {
                        tenant,
                        what: super::What::Granted(allowed, answer),
                    };
                    entrance.put(Input::Api(question)).await;
                }
                other => {
                    let _ = answer.send(other.map(Some));
                }
            }
        });
    }

    /// What a plugin was allowed is on disk: it is loaded with that.
    pub(super) fn load_granted(
        &self,
        tenant: TenantId,
        allowed: Allowed,
        answer: oneshot::Sender<Result<Option<Allowed>, store::Error>>,
    ) {
        self.parts.scripts.grants_changed(&tenant);
        self.reload(true, move |outcome| {
            let reload = Some(reloaded(&outcome, &tenant));
            let _ = answer.send(Ok(Some(Allowed { reload, ..allowed })));
        });
    }

    /// The plugins that `config.lua` names.
    fn plugins_named(&self, tenant: &TenantId) -> Vec<String> {
        let settings = self.tenants.get(&*tenant.0);
        let named = settings.into_iter().flat_map(|it| it.plugins.keys());
        named.cloned().collect()
    }

    fn plugins_folder(&self) -> PathBuf {
        let config = &self.parts.places.0;
        let config = config.canonicalize().unwrap_or_else(|_| config.clone());
        config.with_file_name("plugins")
    }
}

async fn grant(
    store: &dyn Store,
    tenant: &TenantId,
    name: &str,
    manifest: &Manifest,
) -> Result<Allowed, store::Error> {
    let permissions = serde_json::to_value(&manifest.permissions).unwrap_or_default();
    let put = store.put_grant(&tenant.0, name, permissions.clone());
    put.await?;
    tracing::info!(%tenant, plugin = name, "a plugin is allowed what it asks for");
    Ok(Allowed {
        allowed: Some(permissions),
        errors: Vec::new(),
        reload: None,
    })
}

fn wrong(errors: Vec<String>) -> Allowed {
    Allowed {
        allowed: None,
        errors,
        reload: None,
    }
}

/// Reads a plugin's manifest; its name is one of `config.lua`, which has checked it.
fn read(folder: &Path, name: &str) -> Result<Manifest, Vec<String>> {
    let path = folder.join(name).join("plugin.lua");
    match std::fs::read_to_string(&path) {
        Ok(source) => plugin::read(name, &source),
        Err(error) => Err(vec![format!("plugins/{name}/plugin.lua: {error}")]),
    }
}

fn running(scripts: &Arc<Scripts>, tenant: &TenantId) -> Vec<PluginStatus> {
    let tenants = scripts.status().tenants.into_iter();
    let mut own = tenants.filter(|it| it.tenant == *tenant);
    own.next().map(|it| it.plugins).unwrap_or_default()
}

fn shown(
    name: String,
    manifest: Result<Manifest, Vec<String>>,
    running: Option<&PluginStatus>,
    grant: Option<Value>,
) -> Plugin {
    let (manifest, errors) = match manifest {
        Ok(manifest) => (Some(manifest), Vec::new()),
        Err(errors) => (None, errors),
    };
    let granted: Permissions = grant
        .clone()
        .and_then(|grant| serde_json::from_value(grant).ok())
        .unwrap_or_default();
    let waiting = manifest.as_ref().map(|it| waiting(it, &granted));
    Plugin {
        name,
        description: manifest.as_ref().map(|it| it.description.clone()),
        version: manifest.as_ref().map(|it| it.version.clone()),
        running: running.map(|it| it.version.clone()),
        faults: running.map_or(0, |it| it.faults),
        left_out: running
            .and_then(|it| it.left_out.clone())
            .map(|shut| LeftOut {
                since: shut.since,
                why: shut.why,
            }),
        asked: manifest.and_then(|it| serde_json::to_value(it.permissions).ok()),
        allowed: grant,
        waiting: waiting.unwrap_or_default(),
        errors,
    }
}

/// What a manifest asks for beyond what was granted, private hosts among it: without them it works,
/// and is refused where it tries.
fn waiting(manifest: &Manifest, granted: &Permissions) -> Vec<String> {
    let mut waiting = manifest.permissions.grown_since(granted);
    let hosts = manifest.permissions.private_hosts.iter();
    let new = hosts.filter(|host| !granted.private_hosts.contains(host));
    waiting.extend(new.map(|host| format!("private_hosts \"{host}\"")));
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_waits_for_what_it_asks_and_was_not_allowed() {
        let source = r#"return {
          name = "desk", version = "2.0.0", api = 1, description = "Shows customers.",
          permissions = { jobs = true, http_client = { "config.url" }, private_hosts = { "config.url" } },
          config = { url = { type = "url", required = true } },
        }"#;
        let manifest = plugin::read("desk", source);
        let granted = serde_json::json!({ "http_client": ["config.url"] });

        let plugin = shown("desk".to_owned(), manifest, None, Some(granted));

        assert_eq!(plugin.version.as_deref(), Some("2.0.0"));
        assert_eq!(plugin.waiting, ["jobs", "private_hosts \"config.url\""]);
        assert_eq!((plugin.running, plugin.errors.len()), (None, 0));
        let broken = shown(
            "desk".to_owned(),
            plugin::read("desk", "return 1"),
            None,
            None,
        );
        assert!(broken.asked.is_none() && !broken.errors.is_empty());
    }
}
