//! Plugins that keep failing are left out until their files change, so that what is broken burns
//! no time and fills no log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The faults of a tenant's plugins, whatever generation they were in.
#[derive(Debug, Default)]
pub(crate) struct Quarantine(Mutex<BTreeMap<String, Standing>>);

#[derive(Debug, Default)]
struct Standing {
    faults: u64,
    /// When the newest were.
    recent: VecDeque<i64>,
    shut: Option<Shut>,
}

/// Why and since when a plugin is left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shut {
    /// Microseconds since 1970, UTC.
    pub since: i64,
    /// The fault that was one too many.
    pub why: String,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    /// An error in a handler.
    Plain,
    /// It hurt others: it took all the memory, or its VM had to be given up.
    Grave,
}

impl Quarantine {
    /// Notes a fault of a plugin; true when it is left out from now on.
    pub(crate) fn fault(&self, plugin: &str, now: i64, weight: Weight, why: &str) -> bool {
        let mut standings = self.standings();
        let standing = standings.entry(plugin.to_owned()).or_default();
        standing.faults += 1;
        standing
            .recent
            .retain(|at| (now - WITHIN..=now).contains(at));
        standing.recent.push_back(now);
        if standing.shut.is_some() {
            return false;
        }
        let shut = weight == Weight::Grave || standing.recent.len() >= TOO_MANY;
        if shut {
            standing.shut = Some(Shut {
                since: now,
                why: why.to_owned(),
            });
        }
        shut
    }

    /// Whether a plugin is left out.
    pub(crate) fn is_shut(&self, plugin: &str) -> bool {
        let standings = self.standings();
        standings.get(plugin).is_some_and(|it| it.shut.is_some())
    }

    /// Whether any is.
    pub(crate) fn shuts_any(&self) -> bool {
        self.standings().values().any(|it| it.shut.is_some())
    }

    /// Faults since the exchange began, and whether it is left out.
    pub(crate) fn of(&self, plugin: &str) -> (u64, Option<Shut>) {
        let standings = self.standings();
        let standing = standings.get(plugin);
        standing.map_or((0, None), |it| (it.faults, it.shut.clone()))
    }

    /// Another generation begins: all get another try.
    pub(crate) fn lift(&self) {
        for standing in self.standings().values_mut() {
            standing.shut = None;
            standing.recent.clear();
        }
    }

    fn standings(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many faults within [`WITHIN`] are too many.
const TOO_MANY: usize = 5;

/// Ten minutes, in microseconds.
const WITHIN: i64 = 600 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_faults_in_ten_minutes_are_too_many_and_five_in_an_hour_are_not() {
        let minute = 60 * 1_000_000;
        let quarantine = Quarantine::default();
        for at in 0..20 {
            let shut = quarantine.fault("slow", at * 12 * minute, Weight::Plain, "oops");
            assert!(!shut, "at {at}");
        }

        let shut: Vec<bool> = (0..6)
            .map(|at| quarantine.fault("quick", at * minute, Weight::Plain, "oops"))
            .collect();

        assert_eq!(shut, [false, false, false, false, true, false], "told once");
        assert!(quarantine.is_shut("quick") && !quarantine.is_shut("slow"));
        assert_eq!(quarantine.of("quick").0, 6);
    }

    #[test]
    fn a_grave_fault_is_enough_and_a_new_generation_is_another_try() {
        let quarantine = Quarantine::default();

        assert!(quarantine.fault("hog", 7, Weight::Grave, "out of memory"));

        let (faults, shut) = quarantine.of("hog");
        let expected = Shut {
            since: 7,
            why: "out of memory".into(),
        };
        assert_eq!((faults, shut), (1, Some(expected)));
        assert!(quarantine.shuts_any());
        quarantine.lift();
        assert!(!quarantine.is_shut("hog"));
        assert_eq!(quarantine.of("hog"), (1, None));
    }
}
