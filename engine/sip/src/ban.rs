//! Sources that guess passwords are refused for a while; accounts are never locked.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
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
/// IPv6 sources are counted by their /64, for one host has all of it. Behind one address there may
/// be a whole office: a phone that has proven who it is, which its registration tells, is refused
/// for its own failures only, so that a wrong password beside it silences nobody else. Its failures
/// count for the address as well, or new ports would be new tries.
#[derive(Debug)]
pub struct Bans {
    policy: BanPolicy,
    sources: HashMap<Key, Record>,
}

/// Whose failures are counted together.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Key {
    /// Everybody at an address.
    Host(IpAddr),
    /// One phone that is registered.
    Phone(SocketAddr),
}

#[derive(Clone, Debug)]
struct Record {
    /// Failures by the user whose password was tried: who knows one password may forget failures
    /// with that one, and with no other.
    failures: Vec<(Box<str>, u32)>,
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

    /// Tells whether the address of a source is banned, whoever is there.
    pub fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        self.has_banned(now, host(source))
    }

    /// Tells whether a phone is banned that is registered from just there.
    pub fn is_phone_banned(&self, now: Instant, phone: SocketAddr) -> bool {
        self.has_banned(now, Key::Phone(phone))
    }

    /// Counts a wrong password for a user; returns true when this one bans the source.
    /// `is_registered` says whether a phone is registered from just there.
    pub fn failed(
        &mut self,
        now: Instant,
        source: SocketAddr,
        is_registered: bool,
        user: &str,
    ) -> bool {
        let of_phone = is_registered && self.count(now, Key::Phone(source), user);
        self.count(now, host(source.ip()), user) || of_phone
    }

    /// Forgets a source's failures with a user whose password it knew after all.
    pub fn succeeded(&mut self, source: SocketAddr, user: &str) {
        for key in [host(source.ip()), Key::Phone(source)] {
            if let Some(record) = self.sources.get_mut(&key) {
                record.failures.retain(|(known, _)| **known != *user);
            }
        }
    }

    fn has_banned(&self, now: Instant, key: Key) -> bool {
        let record = self.sources.get(&key);
        record.is_some_and(|record| record.banned_until.is_some_and(|until| now < until))
    }

    fn count(&mut self, now: Instant, key: Key, user: &str) -> bool {
        let policy = self.policy;
        if !self.sources.contains_key(&key) {
            self.make_room(now);
        }
        let record = self.sources.entry(key).or_insert_with(|| Record {
            failures: Vec::new(),
            last: now,
            banned_until: None,
        });
        if record.banned_until.is_some_and(|until| now < until) {
            return false;
        }
        if record.is_forgotten(now, &policy) || record.banned_until.is_some() {
            record.failures.clear();
            record.banned_until = None;
        }
        let user: String = user.chars().take(LONGEST_NAME).collect();
        match record
            .failures
            .iter_mut()
            .find(|(known, _)| **known == *user)
        {
            Some((_, count)) => *count += 1,
            None => record.failures.push((user.into(), 1)),
        }
        record.last = now;
        let all: u32 = record.failures.iter().map(|(_, count)| count).sum();
        if all < policy.failures {
            return false;
        }
        record.banned_until = Some(now + policy.duration);
        true
    }

    /// Returns the banned sources and how long they still are, for the operator.
    pub fn banned(&self, now: Instant) -> impl Iterator<Item = (IpAddr, Duration)> {
        self.sources.iter().filter_map(move |(&key, record)| {
            let source = match key {
                Key::Host(host) => host,
                Key::Phone(phone) => phone.ip(),
            };
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
            .map(|(&key, record)| (record.banned_until.is_some(), record.last, key))
            .collect();
        records.sort_by_key(|&(is_banned, last, _)| (is_banned, last));
        for (_, _, key) in records.into_iter().take(self.policy.capacity / 8 + 1) {
            self.sources.remove(&key);
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

fn host(source: IpAddr) -> Key {
    Key::Host(match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    })
}

/// Letters of a user's name that are kept.
const LONGEST_NAME: usize = 64;

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

    fn failed(bans: &mut Bans, now: Instant, source: IpAddr) -> bool {
        bans.failed(now, SocketAddr::new(source, 5060), false, "1049")
    }

    #[test]
    fn the_third_wrong_password_bans_a_source_for_a_minute_and_nobody_else() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());

        let banned = [1, 2, 3].map(|_| failed(&mut bans, now, source(1)));

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
            failed(&mut bans, now, source(1));
        }
        let later = now + Duration::from_secs(61);
        assert!(!failed(&mut bans, later, source(1)));

        failed(&mut bans, now, source(2));
        failed(&mut bans, now, source(2));
        bans.succeeded(SocketAddr::new(source(2), 5060), "1049");
        assert!(!failed(&mut bans, now, source(2)));

        failed(&mut bans, now, source(3));
        failed(&mut bans, now, source(3));
        assert!(!failed(
            &mut bans,
            now + Duration::from_secs(601),
            source(3)
        ));
    }

    #[test]
    fn who_knows_one_password_does_not_guess_others_for_ever() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());
        let phone = SocketAddr::new(source(1), 5060);

        failed(&mut bans, now, source(1));
        failed(&mut bans, now, source(1));
        bans.succeeded(phone, "1001");

        assert!(failed(&mut bans, now, source(1)));
    }

    #[test]
    fn a_wrong_password_in_an_office_silences_no_phone_that_is_registered() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());
        let (registered, guesser) = (
            SocketAddr::new(source(1), 40_001),
            SocketAddr::new(source(1), 40_002),
        );

        for _ in 0..3 {
            failed(&mut bans, now, source(1));
        }
        assert!(bans.is_banned(now, source(1)));
        assert!(!bans.is_phone_banned(now, registered));

        for _ in 0..3 {
            bans.failed(now, guesser, true, "1001");
        }
        assert!(bans.is_phone_banned(now, guesser));
        assert!(!bans.is_phone_banned(now, registered));
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());

        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
            failed(&mut bans, now, host.parse().unwrap());
        }

        assert!(bans.is_banned(now, "2001:db8::9".parse().unwrap()));
        assert!(!bans.is_banned(now, "2001:db8:0:1::9".parse().unwrap()));
    }

    #[test]
    fn the_table_stays_small_and_keeps_the_banned() {
        let now = Instant::now();
        let mut bans = Bans::new(policy());
        for _ in 0..3 {
            failed(&mut bans, now, source(255));
        }

        for last in 0..200 {
            failed(
                &mut bans,
                now + Duration::from_millis(last.into()),
                source(last),
            );
        }

        assert!(bans.sources.len() <= 8);
        assert!(bans.is_banned(now + Duration::from_secs(1), source(255)));
        assert_eq!(bans.banned(now).count(), 1);
    }
}
