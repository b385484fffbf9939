//! What people and files ask of the scripts: to load again, to go back, to say how they stand.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use call::TenantId;

use super::Scripts;
use super::tenancies::day;
use crate::generation::ReloadReport;
use crate::status::{ConfigRefusal, Status};
use crate::suggest::did_you_mean;
use crate::{Fault, config};

impl Scripts {
    /// Makes new generations of what has changed or was refused, of one tenant or of all. Blocks
    /// while they load.
    pub fn reload(&self, tenant: Option<&TenantId>) -> Vec<ReloadReport> {
        self.inner.reload(tenant, true)
    }

    /// What plugins of a tenant may do has changed in the records: its next reload makes a new
    /// generation, whether files have changed or not.
    pub fn grants_changed(&self, tenant: &TenantId) {
        if let Some(tenancy) = self.inner.tenancy(tenant) {
            tenancy.grants_changed();
        }
    }

    /// Takes the tenants of a changed `config.lua`: new ones begin, changed ones are reloaded, and
    /// those that are gone get no new calls. Who has `asked` for it also ends what
    /// [`roll_back`](Self::roll_back) began. Blocks while they load.
    pub fn reconfigure(
        &self,
        tenants: Vec<(TenantId, config::Tenant)>,
        asked: bool,
    ) -> Vec<ReloadReport> {
        self.inner.reconfigure(tenants, asked)
    }

    /// Goes back to an earlier generation of a tenant, the one before when none is named. Saved
    /// files wait from then on, until [`reload`](Self::reload) is called or they are the same again.
    /// Blocks while it loads.
    ///
    /// # Errors
    /// The sentence that says why nothing was tried.
    pub fn roll_back(&self, tenant: &TenantId, to: Option<u64>) -> Result<ReloadReport, String> {
        match self.inner.tenancy(tenant) {
            Some(tenancy) => tenancy.roll_back(to),
            None => {
                let known = self.inner.tenancies();
                let known = known.iter().map(|tenancy| &*tenancy.id.0);
                Err(format!(
                    "no tenant '{tenant}'{}",
                    did_you_mean(&tenant.0, known)
                ))
            }
        }
    }

    /// Says which settings changed and wait for a restart.
    pub fn wait_for_restart(&self, settings: Vec<String>) {
        *self
            .inner
            .restart
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Says what is wrong with the saved `config.lua`; `None` when it is right.
    pub fn refuse_config(&self, errors: Option<Vec<String>>) {
        let at = self.inner.parts.clock.unix_micros();
        *self
            .inner
            .config_refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner) =
            errors.map(|errors| ConfigRefusal { at, errors });
    }

    /// What runs.
    pub fn status(&self) -> Status {
        Status {
            tenants: self
                .inner
                .tenancies()
                .iter()
                .map(|tenancy| tenancy.status())
                .collect(),
            waiting_for_restart: self
                .inner
                .restart
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            config_refused: self
                .inner
                .config_refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// Tells, once a day, which calendars have no data for a year that is here or all but: an
    /// exchange runs for months without loading a file. Returns what it told; [`status`](Self::status)
    /// has it too.
    pub fn look_at_calendars(&self) -> Vec<Fault> {
        let today = day(&*self.inner.parts.clock);
        if self.inner.calendars_day.swap(today, Relaxed) == today {
            return Vec::new();
        }
        let mut told = Vec::new();
        for tenancy in self.inner.tenancies() {
            for warning in tenancy.calendar_warnings() {
                tracing::warn!(tenant = %tenancy.id, "{}", warning.message);
                told.push(warning);
            }
        }
        told
    }
}
