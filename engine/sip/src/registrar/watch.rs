//! Expiry, and the OPTIONS that tell whether a phone is still there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::registrar::{BindingId, Gone, Registrar, RegistrarOutput};

impl Registrar {
    /// Takes the outcome of a probe: how long the answer took, or `None` if there was none.
    ///
    /// Any answer counts, a refusal too: somebody is there.
    pub fn handle_probe(&mut self, account: &str, id: BindingId, answer: Option<Duration>) {
        let failures_allowed = self.policy.probe_failures;
        let Some((account, _)) = self.accounts.get_key_value(account) else {
            return;
        };
        let account = account.clone();
        let bindings = self.accounts.get_mut(&account).into_iter().flatten();
        let Some(binding) = bindings.into_iter().find(|binding| binding.id == id) else {
            return;
        };
        let before = binding.is_reachable;
        match answer {
            Some(round_trip) => {
                binding.failures = 0;
                binding.is_reachable = true;
                binding.round_trip = Some(round_trip);
            }
            None => {
                binding.failures = binding.failures.saturating_add(1);
                binding.is_reachable &= binding.failures < failures_allowed;
            }
        }
        if binding.is_reachable != before {
            self.announce(&account, id);
        }
    }

    /// Does what is due in one account, which has just been taken out of the queue.
    pub(super) fn look_at(&mut self, now: Instant, account: &Arc<str>) {
        let Some(mut bindings) = self.accounts.remove(account) else {
            return;
        };
        self.forget_sources(&bindings);
        for binding in bindings.extract_if(.., |binding| binding.expires_at <= now) {
            let account = account.clone();
            let why = Gone::Expired;
            self.outputs.push_back(RegistrarOutput::Gone {
                account,
                binding,
                why,
            });
        }
        let interval = self.policy.probe_interval;
        for binding in &mut bindings {
            if binding.next_probe.is_none_or(|at| at > now) {
                continue;
            }
            binding.next_probe = (!interval.is_zero()).then(|| now + interval);
            self.outputs.push_back(RegistrarOutput::Probe {
                account: account.clone(),
                binding: binding.clone(),
            });
        }
        self.store(account, bindings);
    }
}
