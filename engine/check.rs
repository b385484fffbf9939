//! Loads everything and runs nothing, for `moonswitch check`.

use std::path::Path;
use std::sync::Arc;

use call::{CallId, Command, Reply, TenantId};
use jiff::Zoned;
use script::{Exchange, Place, ScriptEnd, Scripts, ScriptsOptions};
use store::Sqlite;
use tokio::sync::oneshot;

use crate::clock::WallClock;
use crate::switch::Library;
use crate::{StartError, load_config};

/// What is wrong, and what will be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// What keeps configuration or scripts from being used.
    pub errors: Vec<String>,
    /// What works today.
    pub warnings: Vec<String>,
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
    // Scripts may look at `store` only when they run; an empty one stands in.
    let scratch = std::env::temp_dir().join(format!("moonswitch-check-{}", std::process::id()));
    let failed = |source| StartError::Store {
        path: scratch.clone(),
        source,
    };
    std::fs::create_dir_all(&scratch).map_err(|source| StartError::System {
        what: format!("cannot make {}", scratch.display()),
        source,
    })?;
    let store = Sqlite::open(&scratch.join("check.db"), [0; 32]).map_err(failed)?;
    let found = Scripts::check(ScriptsOptions {
        tenants: loaded
            .tenants
            .iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant.clone()))
            .collect(),
        limits: loaded.limits.clone(),
        exchange: Arc::new(Nobody),
        clock: Arc::new(WallClock::default()),
        store,
        sounds: Arc::new(Library::new(root.join("sounds"))),
        root,
        reload_manually: true,
        config_changed: None,
    });
    let _ = std::fs::remove_dir_all(&scratch);
    for script::Checked {
        tenant,
        errors,
        warnings,
    } in found
    {
        let line = |fault: script::Fault| format!("{tenant}: {}", fault.message);
        checked.errors.extend(errors.into_iter().map(line));
        checked.warnings.extend(warnings.into_iter().map(line));
    }
    checked.warnings.extend(calendars());
    Ok(checked)
}

/// Calendars that work today and will not for long.
fn calendars() -> Vec<String> {
    call::calendar::Calendar::NAMES
        .iter()
        .filter_map(|name| call::calendar::Calendar::named(name)?.missing(Zoned::now().date()))
        .map(|missing| missing.sentence)
        .collect()
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
