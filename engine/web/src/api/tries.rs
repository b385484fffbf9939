//! Wrong passwords of one account from anywhere. No account is ever locked: whoever has logged in from an
//! address goes on doing so from there, and strangers wait longer for each try.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All accounts that somebody has tried in vain lately, and the addresses that are known.
#[derive(Debug, Default)]
pub(super) struct Tries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    wrong: HashMap<String, (u32, Instant)>,
    known: HashMap<String, Vec<IpAddr>>,
}

impl State {
    /// Makes room: what is over, else whoever was tried least. Names that are made up push nobody out who is
    /// being guessed, and keep nobody from being counted.
    fn forget_some(&mut self, now: Instant) {
        let over = |last: Instant| now.saturating_duration_since(last) >= LONGEST;
        self.wrong.retain(|_, (_, last)| !over(*last));
        if self.wrong.len() < MOST {
            return;
        }
        let mut all: Vec<(u32, Instant)> = self.wrong.values().copied().collect();
        let (_, least, _) = all.select_nth_unstable(MOST / 10);
        let least = *least;
        self.wrong.retain(|_, tried| *tried > least);
    }
}

impl Tries {
    /// For how many seconds more strangers wait.
    pub(super) fn left(&self, account: &str, source: IpAddr, now: Instant) -> Option<u32> {
        let state = self.state();
        let known = state.known.get(account);
        if known.is_some_and(|known| known.contains(&source)) {
            return None;
        }
        let (wrong, last) = *state.wrong.get(account)?;
        let more = wrong.checked_sub(FREE)?;
        let pause = (PAUSE * 2_u32.saturating_pow(more.min(8))).min(LONGEST);
        let left = pause.checked_sub(now.saturating_duration_since(last))?;
        (!left.is_zero()).then(|| left.as_secs() as u32 + 1)
    }

    /// Counts a wrong password.
    pub(super) fn failed(&self, account: &str, now: Instant) {
        let mut state = self.state();
        if state.wrong.len() >= MOST && !state.wrong.contains_key(account) {
            state.forget_some(now);
        }
        let (wrong, last) = state.wrong.entry(account.to_owned()).or_insert((0, now));
        *wrong += 1;
        *last = now;
    }

    /// The right password came from there.
    pub(super) fn succeeded(&self, account: &str, source: IpAddr) {
        let mut state = self.state();
        state.wrong.remove(account);
        // Behind a proxy on this machine everybody comes from there.
        if source.is_loopback() {
            return;
        }
        if state.known.len() >= MOST && !state.known.contains_key(account) {
            return;
        }
        let known = state.known.entry(account.to_owned()).or_default();
        known.retain(|one| *one != source);
        known.insert(0, source);
        known.truncate(ADDRESSES);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wrong passwords that cost nothing.
const FREE: u32 = 5;
/// The first pause; each further wrong password doubles it.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(300);
/// Accounts that are remembered.
const MOST: usize = 10_000;
/// Addresses that are remembered of one.
const ADDRESSES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const FOREIGN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9));

    #[test]
    fn strangers_wait_longer_for_each_try_and_whoever_is_known_never_does() {
        let (tries, now) = (Tries::default(), Instant::now());
        tries.succeeded("8001/1049", HOME);
        for _ in 0..FREE {
            assert_eq!(tries.left("8001/1049", FOREIGN, now), None);
            tries.failed("8001/1049", now);
        }

        assert_eq!(tries.left("8001/1049", FOREIGN, now), Some(3));
        tries.failed("8001/1049", now);
        assert_eq!(tries.left("8001/1049", FOREIGN, now), Some(5));
        assert_eq!(tries.left("8001/1049", HOME, now), None);
        assert_eq!(tries.left("8001/1050", FOREIGN, now), None);
        for _ in 0..50 {
            tries.failed("8001/1049", now);
        }
        assert_eq!(tries.left("8001/1049", FOREIGN, now), Some(301));
        assert_eq!(tries.left("8001/1049", FOREIGN, now + LONGEST), None);
        tries.succeeded("8001/1049", FOREIGN);
        assert_eq!(tries.left("8001/1049", FOREIGN, now), None);
    }

    #[test]
    fn a_flood_of_names_hides_no_account_that_is_guessed() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..=FREE {
            tries.failed("8001/1049", now);
        }
        for n in 0..2 * MOST {
            tries.failed(&format!("8001/nobody-{n}"), now);
        }
        assert!(tries.left("8001/1049", FOREIGN, now).is_some());
        for _ in 0..=FREE {
            tries.failed("8001/1050", now);
        }

        assert!(tries.left("8001/1050", FOREIGN, now).is_some());
        assert!(tries.state().wrong.len() <= MOST);
    }
}
