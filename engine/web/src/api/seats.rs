//! Seats of requests under way: so many for each tenant, so that those who dawdle at one tenant's
//! routes keep nobody from another's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All seats. Tenants without a guest cost nothing; there are no more of them than `config.lua` has.
#[derive(Debug)]
pub(super) struct Seats {
    each: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// One seat; dropping it leaves it.
#[derive(Debug)]
pub(super) struct Seat<'s> {
    seats: &'s Seats,
    tenant: String,
}

impl Seats {
    /// So many for each tenant.
    pub(super) fn new(each: usize) -> Self {
        Self {
            each,
            taken: Mutex::default(),
        }
    }

    /// Takes a seat of a tenant; `None` when all are taken.
    pub(super) fn take(&self, tenant: &str) -> Option<Seat<'_>> {
        let mut taken = self.taken();
        let count = taken.entry(tenant.to_owned()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat {
            seats: self,
            tenant: tenant.to_owned(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_its_own_seats_and_gets_them_back() {
        let seats = Seats::new(2);
        let ours: Vec<_> = (0..2).map(|_| seats.take("8001").unwrap()).collect();

        assert!(seats.take("8001").is_none());
        let theirs = seats.take("8002");
        assert!(theirs.is_some());

        drop((ours, theirs));
        assert!(seats.take("8001").is_some());
        assert!(
            seats.taken().is_empty(),
            "nothing is left of those who went"
        );
    }
}
