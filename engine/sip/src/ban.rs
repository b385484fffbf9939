//! Sources that guess passwords are refused for a while; accounts are never locked.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// When a source is refused, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct BanPolicy {
    /// Wrong passwords within `span` that are too many.
    pub failures: u32,
    /// How long a wrong password is remembered.
    pub span: Duration,
    /// How long a source is refused; a banned source that goes on guessing is not banned longer.
    pub duration: Duration,
    /// Sources that are remembered at most.
    pub capacity: usize,
}

impl Default for BanPolicy {
    fn default() -> Self {
        Self {
            failures: 10,
            span: Duration::from_secs(600),
            duration: Duration::from_secs(60),
            capacity: 50_000,
        }
    }
}

/// The sources that have failed of late.
///
/// IPv6 sources are counted by their /64, for one host has all of it.
#[derive(Debug)]
pub struct Bans {
    policy: BanPolicy,
    sources: HashMap<IpAddr, Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last: Instant,
    banned_until: Option<Instant>,
}

impl Bans {
    /// Begins with nobody banned.
    pub fn new(policy: BanPolicy) -> Self {
        Self {
            policy,
            sources: HashMap::new(),
        }
    }

    /// Tells whether a source is to be refused, before anything else is done for it.
    pub fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        let record = self.sources.get(&key(source));
        record.is_some_and(|record| record.banned_until.is_some_and(|until| now < until))
    }

    /// Counts a wrong password; returns true when this one bans the source.
    pub fn failed(&mut self, now: Instant, source: IpAddr) -> bool {
        let policy = self.policy;
        let key = key(source);
        if !self.sources.contains_key(&key) {
            self.make_room(now);
        }
        let record = self.sources.entry(key).or_insert(Record {
            failures: 0,
            last: now,
            banned_until: None,
        });
        if record.banned_until.is_some_and(|until| now < until) {
            return false;
        }
        if record.is_forgotten(now, &policy) || record.banned_until.is_some() {
            record.failures = 0;
            record.banned_until = None;
        }
        record.failures += 1;
        record.last = now;
        if record.failures < policy.failures {
            return false;
        }
        record.banned_until = Some(now + policy.duration);
        true
    }

    /// Forgets the failures of a source that knew a password after all.
    pub fn succeeded(&mut self, now: Instant, source: IpAddr) {
        if !self.is_banned(now, source) {
            self.sources.remove(&key(source));
        }
    }

    /// Returns the banned sources and how long they still are, for the operator.
    pub fn banned(&self, now: Instant) -> impl Iterator<Item = (IpAddr, Duration)> {
        self.sources.iter().filter_map(move |(&source, record)| {
            let left = record.banned_until?.checked_duration_since(now)?;
            (!left.is_zero()).then_some((source, left))
        })
    }

    /// Keeps the table bounded: first what is over goes, then the oldest that is not banned,
    /// then the oldest.
    fn make_room(&mut self, now: Instant) {
        if self.sources.len() < self.policy.capacity {
            return;
        }
        let policy = self.policy;
        self.sources
            .retain(|_, record| !record.is_forgotten(now, &policy));
        if self.sources.len() < self.policy.capacity {
            return;
        }
        // An eighth at once, so that a flood does not sort the table at every packet.
        let mut records: Vec<_> = self
            .sources
            .iter()
            .map(|(&source, &record)| (source, record))
            .collect();
        records.sort_by_key(|(_, record)| (record.banned_until.is_some(), record.last));
        for (source, _) in records.into_iter().take(self.policy.capacity / 8 + 1) {
            self.sources.remove(&source);
        }
    }
}

impl Record {
    fn is_forgotten(&self, now: Instant, policy: &BanPolicy) -> bool {
        match self.banned_until {
            Some(until) => until <= now,
            None => now.saturating_duration_since(self.last) > policy.span,
        }
    }
}

fn key(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
mod tests {
    use super::*;

    fn source(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn policy() -> BanPolicy {
        BanPolicy {
            failures: 3,
            capacity: 8,
            ..BanPolicy::default()
        }
    }

    #[test]
    fn the_third_wrong_password_bans_a_source_for_a_minute_and_nobody_else() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());

        let banned = [1, 2, 3].map(|_| bans.failed(now, source(1)));

        assert_eq!(banned, [false, false, true]);
        assert!(bans.is_banned(now, source(1)));
        assert!(bans.is_banned(now + Duration::from_secs(59), source(1)));
        assert!(!bans.is_banned(now + Duration::from_secs(60), source(1)));
        assert!(!bans.is_banned(now, source(2)));
    }

    #[test]
    fn the_count_begins_anew_after_a_ban_after_a_success_and_after_a_while() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());
        for _ in 0..3 {
            bans.failed(now, source(1));
        }
        let later = now + Duration::from_secs(61);
        assert!(!bans.failed(later, source(1)));

        bans.failed(now, source(2));
        bans.failed(now, source(2));
        bans.succeeded(now, source(2));
        assert!(!bans.failed(now, source(2)));

        bans.failed(now, source(3));
        bans.failed(now, source(3));
        assert!(!bans.failed(now + Duration::from_secs(601), source(3)));
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());

        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
            bans.failed(now, host.parse().unwrap());
        }

        assert!(bans.is_banned(now, "2001:db8::9".parse().unwrap()));
        assert!(!bans.is_banned(now, "2001:db8:0:1::9".parse().unwrap()));
    }

    #[test]
    fn the_table_stays_small_and_keeps_the_banned() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());
        for _ in 0..3 {
            bans.failed(now, source(255));
        }

        for last in 0..200 {
            bans.failed(now + Duration::from_millis(last.into()), source(last));
        }

        assert!(bans.sources.len() <= 8);
        assert!(bans.is_banned(now + Duration::from_secs(1), source(255)));
        assert_eq!(bans.banned(now).count(), 1);
    }
}
