//! Seats of requests under way: so many for each guest (a tenant; whoever listens to events), so that
//! those who dawdle keep nobody else from theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All seats. Who has none costs nothing; there are no more names than there are tenants in
/// `config.lua`, or seats of all.
#[derive(Debug)]
pub(super) struct Seats {
    each: usize,
    taken: Arc<Taken>,
}

/// How many seats each has who has any.
#[derive(Debug, Default)]
struct Taken(Mutex<HashMap<String, usize>>);

/// One seat; dropping it leaves it.
#[derive(Debug)]
pub(super) struct Seat {
    taken: Arc<Taken>,
    of: String,
}

impl Seats {
    /// So many for each.
    pub(super) fn new(each: usize) -> Self {
        Self {
            each,
            taken: Arc::default(),
        }
    }

    /// Takes a seat of somebody's; `None` when all are taken.
    pub(super) fn take(&self, of: &str) -> Option<Seat> {
        let mut taken = self.taken.counts();
        let count = taken.entry(of.to_owned()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat {
            taken: self.taken.clone(),
            of: of.to_owned(),
        })
    }
}

impl Taken {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.counts();
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.of);
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
            seats.taken.counts().is_empty(),
            "nothing is left of those who went"
        );
    }
}
