//! A plugin by itself: in a tenant that is there for its tests alone.

use std::path::Path;
use std::sync::Arc;

use call::TenantId;
use serde_json::json;

use super::files::{self, Files};
use super::{Project, Tested};
use crate::snapshot::Snapshot;
use crate::{Fault, Sounds, config, fault};

/// Tests of a plugin that are tried in one tenant.
pub(super) struct Party {
    /// The plugin.
    name: String,
    /// Where its `tenant.lua` is, if it has one.
    folder: String,
    /// Its tests, and what they may require.
    pub(super) files: Files,
}

/// The tests of a plugin by the tenants that they are tried in: a folder among them that has a
/// `tenant.lua` is tried in a tenant of its own.
pub(super) fn parties(name: &str, files: &Files) -> Vec<Party> {
    let all = format!("plugins/{name}/tests");
    let inside = |path: &str, folder: &str| {
        let rest = path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let mut folders: Vec<String> = files
        .keys()
        .filter_map(|path| path.strip_suffix("/tenant.lua"))
        .filter(|folder| inside(folder, &all))
        .map(str::to_owned)
        .collect();
    folders.push(all);
    let party = |folder: &String| {
        // The innermost folder with a tenant has a test.
        let whose = |path: &str| {
            let around = folders.iter().filter(|it| inside(path, it));
            around.max_by_key(|it| it.len()) == Some(folder)
        };
        let mut here = files.clone();
        here.retain(|path, _| !files::is_test(path) || whose(path));
        Party {
            name: name.to_owned(),
            folder: folder.clone(),
            files: here,
        }
    };
    let all = folders.iter().map(party);
    all.filter(|party| party.files.keys().any(|path| files::is_test(path)))
        .collect()
}

/// The project in which tests of a plugin are tried: the plugin, the settings of `tenant.lua`
/// beside them, and the dialplan of `tests/dialplan.lua`, or [`DIALPLAN`].
///
/// # Errors
/// What is wrong with the settings.
pub(super) fn project(
    root: &Path,
    party: &Party,
    limits: &config::Limits,
    sounds: &Arc<dyn Sounds>,
) -> Result<Project, Vec<Fault>> {
    let Party {
        name,
        folder,
        files,
    } = party;
    let path = format!("{folder}/tenant.lua");
    let source = files
        .get(&path)
        .map(|source| String::from_utf8_lossy(source));
    let source = source.as_deref().unwrap_or("return {}");
    let dialplan = format!("plugins.{name}.tests.dialplan");
    let settings = config::tenant(&path, source, TENANT, |settings| {
        let Some(settings) = settings.as_object_mut() else {
            return;
        };
        let mut otherwise = |setting: &str, value| {
            settings.entry(setting).or_insert(value);
        };
        otherwise("dialplan", json!(dialplan));
        otherwise("plugins", json!({ name: {} }));
        otherwise("users", json!({ "1001": {}, "1002": {} }));
        otherwise("mailboxes", json!({ "8000": {} }));
    });
    let mut settings = settings.map_err(|problems| {
        let plain = |problem: &config::Problem| {
            fault::plain(problem.to_string(), None, &Snapshot::default())
        };
        problems.iter().map(plain).collect::<Vec<_>>()
    })?;
    settings
        .trunks
        .insert("carrier".to_owned(), "inbound".to_owned());
    // Plugins are tried whatever their users may call.
    let way = config::TrunkToll {
        toll: call::toll::Rights::up_to(call::toll::Class::Internal),
        free: true,
        area_code: None,
    };
    settings.outbound.trunks.insert("carrier".to_owned(), way);
    let path = format!("plugins/{name}/tests/dialplan.lua");
    let mut more = files.clone();
    more.entry(path)
        .or_insert_with(|| DIALPLAN.as_bytes().into());
    let mut snapshot = Snapshot::default();
    for plugin in settings.plugins.keys() {
        snapshot = snapshot.and(Snapshot::of_plugin(root, plugin));
    }
    Ok(Project {
        tenant: TenantId::from(TENANT),
        generation: 0,
        settings: Arc::new(settings),
        snapshot: Arc::new(snapshot.with(&more)),
        limits: limits.clone(),
        sounds: Arc::clone(sounds),
    })
}

/// What is said of the tenant's settings is said of the file that they are in.
pub(super) fn name_settings(tested: &mut Tested, party: &Party) {
    let (said, meant) = (
        format!("config.lua: tenants.{TENANT}."),
        format!("{}/tenant.lua: ", party.folder),
    );
    let failed = tested
        .tests
        .iter_mut()
        .filter_map(|test| test.error.as_mut());
    for fault in tested.errors.iter_mut().chain(failed) {
        fault.message = fault.message.replace(&said, &meant);
        fault.report = fault.report.replace(&said, &meant);
    }
}

/// The number of the tenant that is there for tests.
const TENANT: &str = "test";

/// Rings 1001, whoever dials 100; whoever dials 8000 leaves a message.
const DIALPLAN: &str = r#"
local routes = {
  ["100"]  = function(call)
    local leg, why = call:bridge("user:1001", { timeout = 20 })
    if not leg then
      call:reject(why)
    end
  end,
  ["_8000"] = function(call) return call:voicemail("8000") end,
}
context "inbound" (routes)
context "internal" (routes)
"#;
