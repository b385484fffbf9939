//! Loads everything and runs nothing, for `moonswitch check`.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
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
    // Scripts may look at `store` only when they run; an empty one stands in.
    let scratch = Scratch::new()?;
    let path = scratch.0.join("check.db");
    let store =
        Sqlite::open(&path, [0; 32]).map_err(|source| StartError::Store { path, source })?;
    let found = Scripts::check(ScriptsOptions {
        tenants: loaded
            .tenants
            .iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant.clone()))
            .collect(),
        limits: loaded.limits,
        exchange: Arc::new(Nobody),
        clock: Arc::new(WallClock::default()),
        store,
        sounds: Arc::new(Library::new(root.join("sounds"))),
        root,
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
    } in found
    {
        checked.contexts.insert(tenant.to_string(), contexts);
        let line = |fault: script::Fault| format!("{tenant}: {}", fault.message);
        checked.errors.extend(errors.into_iter().map(line));
        checked.warnings.extend(warnings.into_iter().map(line));
    }
    let told = |sentence: &String| checked.warnings.iter().any(|told| told.contains(sentence));
    let calendars: Vec<String> = calendars().filter(|sentence| !told(sentence)).collect();
    checked.warnings.extend(calendars);
    Ok(checked)
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
