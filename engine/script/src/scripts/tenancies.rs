//! The tenants whose scripts run, as `config.lua` names them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use call::TenantId;

use crate::generation::{Outcome, ReloadReport, Tenancy};
use crate::host::Parts;
use crate::status::ConfigRefusal;
use crate::{Clock, config};

/// What the watchdog and the folder watch share with [`Scripts`](super::Scripts).
pub(crate) struct Inner {
    pub(super) root: PathBuf,
    pub(super) tenants: RwLock<BTreeMap<TenantId, Arc<Tenancy>>>,
    pub(super) parts: Parts,
    pub(super) restart: Mutex<Vec<String>>,
    pub(super) config_refused: Mutex<Option<ConfigRefusal>>,
    /// The day since 1970 on which calendars were looked at last.
    pub(super) calendars_day: AtomicI64,
}

impl Inner {
    /// All tenants.
    pub(crate) fn tenancies(&self) -> Vec<Arc<Tenancy>> {
        self.tenants
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect()
    }

    /// The folders below the root that hold scripts.
    pub(super) fn folders(&self) -> BTreeSet<String> {
        let dialplans = self.tenancies().into_iter().filter_map(|tenancy| {
            let dialplan = tenancy.dialplan();
            dialplan.split('.').next().map(str::to_owned)
        });
        let ours = ["scripts", "plugins", "tests/dialplan"].map(str::to_owned);
        dialplans.chain(ours).collect()
    }

    /// One tenant.
    pub(crate) fn tenancy(&self, id: &TenantId) -> Option<Arc<Tenancy>> {
        self.tenants
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .map(Arc::clone)
    }

    pub(super) fn reload(&self, tenant: Option<&TenantId>, asked: bool) -> Vec<ReloadReport> {
        let wanted = |tenancy: &Arc<Tenancy>| tenant.is_none_or(|tenant| *tenant == tenancy.id);
        self.tenancies()
            .into_iter()
            .filter(wanted)
            .map(|tenancy| tenancy.reload(asked))
            .collect()
    }

    pub(super) fn reconfigure(
        &self,
        tenants: Vec<(TenantId, config::Tenant)>,
        asked: bool,
    ) -> Vec<ReloadReport> {
        let all: Vec<String> = tenants
            .iter()
            .map(|(_, tenant)| tenant.dialplan.clone())
            .collect();
        let mut known = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *known);
        for (id, settings) in tenants {
            let tenancy = match before.remove(&id) {
                Some(tenancy) => {
                    tenancy.set(settings, all.clone());
                    tenancy
                }
                None => {
                    let root = Path::to_path_buf(&self.root);
                    Arc::new(Tenancy::new(
                        id.clone(),
                        settings,
                        all.clone(),
                        root,
                        self.parts.clone(),
                    ))
                }
            };
            known.insert(id, tenancy);
        }
        drop(known);
        before.into_values().for_each(|tenancy| tenancy.withdraw());
        let reports = self.reload(None, asked);
        reports
            .into_iter()
            .filter(|report| report.outcome != Outcome::Unchanged)
            .collect()
    }
}

/// The day since 1970, UTC.
pub(super) fn day(clock: &dyn Clock) -> i64 {
    clock.unix_micros().div_euclid(24 * 3_600 * 1_000_000)
}
