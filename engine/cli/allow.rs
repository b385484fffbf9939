//! `moonswitch allow PLUGIN`

use std::error::Error;
use std::process::ExitCode;

use clap::Args;
use moonswitch::control::Question;
use moonswitch::open_store;
use script::plugin::{self, Permissions};
use store::Store;

use super::user::Whose;

#[derive(Args, Debug)]
pub(crate) struct Allow {
    /// The plugin: a folder in plugins/
    plugin: String,
    #[command(flatten)]
    whose: Whose,
}

impl Allow {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let (config, tenant) = self.whose.tenant()?;
        let (name, places) = (self.plugin.as_str(), &self.whose.places);
        let known = &config.tenants[&tenant].plugins;
        if !known.contains_key(name) {
            let hint = script::suggest::did_you_mean(name, known.keys().map(String::as_str));
            return Err(format!(
                "tenant {tenant} has no plugin '{name}'{hint}: name it in `plugins` in config.lua"
            )
            .into());
        }
        let root = places.config.canonicalize()?;
        let folder = root.parent().unwrap_or(&root).join("plugins").join(name);
        let path = folder.join("plugin.lua");
        let source = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let manifest = plugin::read(name, &source).map_err(|problems| problems.join("\n"))?;
        let store = open_store(&places.data)?;
        let permissions = serde_json::to_value(&manifest.permissions)?;
        store.put_grant(&tenant, name, permissions).wait()?;
        println!("plugin {name} {} of tenant {tenant} may:", manifest.version);
        lines(&manifest.permissions)
            .iter()
            .for_each(|line| println!("  {line}"));
        let question = Question::Allowed {
            tenant: tenant.clone(),
        };
        match moonswitch::control::ask(&places.data, &question) {
            Ok(answer) => {
                let mut code = ExitCode::SUCCESS;
                for tenant in answer["tenants"].as_array().into_iter().flatten() {
                    println!("{}", super::status::reload_line(tenant));
                    for error in super::status::errors_of(tenant) {
                        println!("  {error}");
                        code = ExitCode::FAILURE;
                    }
                }
                Ok(code)
            }
            // Without an exchange that runs, the next one reads the records.
            Err(_) => Ok(ExitCode::SUCCESS),
        }
    }
}

/// What is allowed, one line each.
fn lines(permissions: &Permissions) -> Vec<String> {
    let nothing = Permissions::default();
    let mut lines = permissions.grown_since(&nothing);
    let hosts = permissions.private_hosts.iter();
    lines.extend(hosts.map(|host| format!("private_hosts \"{host}\"")));
    if lines.is_empty() {
        lines.push("nothing that needs permission".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_listed_private_hosts_among_it() {
        let permissions = Permissions {
            http_client: vec!["config.url".into()],
            private_hosts: vec!["config.url".into()],
            jobs: true,
            ..Permissions::default()
        };

        let expected = [
            "http_client \"config.url\"",
            "jobs",
            "private_hosts \"config.url\"",
        ];
        assert_eq!(lines(&permissions), expected);
        assert_eq!(
            lines(&Permissions::default()),
            ["nothing that needs permission"]
        );
    }
}
