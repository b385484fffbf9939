//! Calls without a network, for `moonswitch test` and `moonswitch call`.

use std::path::Path;
use std::sync::Arc;

use call::TenantId;
use script::Offline;
use store::Store;

use crate::switch::Library;
use crate::{RECORDS, StartError, load_config, open_store};

/// A project's scripts as they are, without an exchange. Nothing of it listens, and the records
/// and recordings in `data` stay as they are.
///
/// # Errors
/// When the configuration is wrong.
pub fn offline(config: &Path, data: &Path) -> Result<Offline, StartError> {
    let loaded = load_config(config, data)?;
    let recorded = recorded(data, loaded.tenants.keys());
    let root = config
        .canonicalize()
        .ok()
        .and_then(|path| path.parent().map(Path::to_owned))
        .unwrap_or_default();
    Ok(Offline {
        tenants: loaded
            .tenants
            .into_iter()
            .map(|(name, tenant)| (TenantId::from(name.as_str()), tenant))
            .collect(),
        recorded,
        limits: loaded.limits,
        sounds: Arc::new(Library::new(root.join("sounds"))),
        root,
    })
}

/// Users that the records know. Records that cannot be read are no reason to tell no story.
fn recorded<'a>(data: &Path, tenants: impl Iterator<Item = &'a String>) -> Vec<(TenantId, String)> {
    if !data.join(RECORDS).exists() {
        return Vec::new();
    }
    let Ok(store) = open_store(data) else {
        return Vec::new();
    };
    let of = |tenant: &String| {
        let users = store.users(tenant).wait().unwrap_or_default();
        let tenant = TenantId::from(tenant.as_str());
        users
            .into_iter()
            .map(move |user| (tenant.clone(), user.extension))
    };
    tenants.flat_map(of).collect()
}
