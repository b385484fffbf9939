//! Calls without a network, for `moonswitch test` and `moonswitch call`.

use std::path::Path;
use std::sync::Arc;

use call::TenantId;
use script::Offline;

use crate::switch::Library;
use crate::{StartError, load_config};

/// A project's scripts as they are, without an exchange. Nothing of it listens, and the records
/// and recordings in `data` stay as they are.
///
/// # Errors
/// When the configuration is wrong.
pub fn offline(config: &Path, data: &Path) -> Result<Offline, StartError> {
    let loaded = load_config(config, data)?;
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
        limits: loaded.limits,
        sounds: Arc::new(Library::new(root.join("sounds"))),
        root,
    })
}
