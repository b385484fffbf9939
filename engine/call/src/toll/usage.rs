//! What each user has spent today, so that a stolen password does not talk for a month.

use std::collections::HashMap;
use std::time::Duration;

use super::{Barred, Limits, Money};

/// What one user has spent between two midnights.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spent {
    /// Calls to the outside that were begun.
    pub calls: u32,
    /// How long those lasted that are over.
    pub talked: Duration,
    /// What those have cost that are over.
    pub cost: Money,
    /// An hour, counted from 1970, and the calls that were begun in it.
    pub hour: (i64, u32),
}

/// A limit is near, or reached. Told once a day of each user and limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Alarm {
    /// `calls_a_day`, `minutes_a_day`, `cost_a_day` or `tenant_cost_a_day`.
    pub limit: &'static str,
    /// So much was used, in calls, minutes, or units of money.
    pub used: u32,
    /// Of so much.
    pub of: u32,
}

/// What the users of one tenant have spent today. Forgets everybody at midnight.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// The day that this is of, counted in the tenant's zone from any beginning.
    day: i64,
    users: HashMap<String, (Spent, Warned)>,
}

/// How far somebody was told of a limit: 0 not at all, 1 near, 2 reached.
type Warned = [u8; 3];

impl Usage {
    /// What a user has spent on a day.
    pub fn of(&self, day: i64, user: &str) -> Spent {
        match self.users.get(user) {
            Some((spent, _)) if day == self.day => *spent,
            _ => Spent::default(),
        }
    }

    /// Takes what was known before a restart.
    pub fn restore(&mut self, day: i64, user: &str, spent: Spent) {
        let known = &mut self.today(day, user).0;
        known.calls = known.calls.saturating_add(spent.calls);
        known.talked = known.talked.saturating_add(spent.talked);
        known.cost = known.cost + spent.cost;
        if spent.hour.0 > known.hour.0 {
            known.hour = spent.hour;
        }
    }

    /// Whether a user may make one more call to the outside; `going_on` is how long those have lasted that go on.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn allowed(
        &self,
        day: i64,
        user: &str,
        going_on: Duration,
        limits: &Limits,
    ) -> Result<(), Barred> {
        let spent = self.of(day, user);
        if limits.calls_a_day > 0 && spent.calls >= limits.calls_a_day {
            return Err(Barred::Calls(spent.calls));
        }
        let minutes = minutes(spent.talked.saturating_add(going_on));
        if limits.minutes_a_day > 0 && minutes >= limits.minutes_a_day {
            return Err(Barred::Minutes(minutes));
        }
        Ok(())
    }

    /// Whether a user may begin one more call in this hour.
    ///
    /// # Errors
    /// So many were begun.
    pub fn allowed_in_hour(
        &self,
        day: i64,
        hour: i64,
        user: &str,
        limits: &Limits,
    ) -> Result<(), Barred> {
        let (of, begun) = self.of(day, user).hour;
        let is_full = limits.calls_an_hour > 0 && of == hour && begun >= limits.calls_an_hour;
        if is_full {
            Err(Barred::Hour(begun))
        } else {
            Ok(())
        }
    }

    /// Which limit of a day more calls would exceed; `more` is what they come to: those of this user, and those
    /// of the whole tenant.
    ///
    /// # Errors
    /// That limit.
    pub fn affords(
        &self,
        day: i64,
        user: Option<&str>,
        more: (Money, Money),
        limits: &Limits,
    ) -> Result<(), Barred> {
        let of_user = user.map(|user| self.of(day, user).cost + more.0);
        let of_all = self.of(day, WHOLE).cost + more.1;
        for (limit, comes_to, of) in [
            ("cost_a_day", of_user, limits.cost_a_day),
            ("tenant_cost_a_day", Some(of_all), limits.tenant_cost_a_day),
        ] {
            match comes_to {
                Some(comes_to) if !of.is_zero() && comes_to > of => {
                    return Err(Barred::Cost {
                        limit,
                        comes_to,
                        of,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A call that is over has cost so much: what was spent by its user, and by the tenant.
    pub fn pays(
        &mut self,
        day: i64,
        user: Option<&str>,
        cost: Money,
        limits: &Limits,
    ) -> [Option<Alarm>; 2] {
        let mut add = |user: &str, limit, of: Money| {
            let (spent, warned) = self.today(day, user);
            spent.cost = spent.cost + cost;
            // In millionths, so that small limits have their four fifths too.
            let (used, whole) = (spent.cost.millionths(), of.millionths());
            let told = alarm_of(limit, &mut warned[2], used, whole);
            told.map(|limit| Alarm {
                limit,
                used: spent.cost.whole(),
                of: of.whole(),
            })
        };
        [
            user.and_then(|user| add(user, "cost_a_day", limits.cost_a_day)),
            add(WHOLE, "tenant_cost_a_day", limits.tenant_cost_a_day),
        ]
    }

    /// A call to the outside begins.
    pub fn begins(&mut self, day: i64, hour: i64, user: &str, limits: &Limits) -> Option<Alarm> {
        let (spent, warned) = self.today(day, user);
        spent.calls = spent.calls.saturating_add(1);
        spent.hour = match spent.hour {
            (of, begun) if of == hour => (hour, begun.saturating_add(1)),
            _ => (hour, 1),
        };
        alarm(
            "calls_a_day",
            &mut warned[0],
            spent.calls,
            limits.calls_a_day,
        )
    }

    /// A call to the outside is over that has lasted so long.
    pub fn ends(
        &mut self,
        day: i64,
        user: &str,
        talked: Duration,
        limits: &Limits,
    ) -> Option<Alarm> {
        let (spent, warned) = self.today(day, user);
        spent.talked = spent.talked.saturating_add(talked);
        let used = minutes(spent.talked);
        alarm("minutes_a_day", &mut warned[1], used, limits.minutes_a_day)
    }

    fn today(&mut self, day: i64, user: &str) -> &mut (Spent, Warned) {
        if self.day != day {
            self.day = day;
            self.users.clear();
        }
        self.users.entry(user.to_owned()).or_default()
    }
}

fn minutes(time: Duration) -> u32 {
    u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX)
}

fn alarm(limit: &'static str, warned: &mut u8, used: u32, of: u32) -> Option<Alarm> {
    let limit = alarm_of(limit, warned, used.into(), of.into())?;
    Some(Alarm { limit, used, of })
}

/// The limit, where that much of it is news.
fn alarm_of(limit: &'static str, warned: &mut u8, used: u64, of: u64) -> Option<&'static str> {
    let level = match (used.saturating_mul(5), of.saturating_mul(4)) {
        _ if of == 0 => 0,
        _ if used >= of => 2,
        (used, near) if used >= near => 1,
        _ => 0,
    };
    let is_news = level > *warned;
    *warned = (*warned).max(level);
    is_news.then_some(limit)
}

/// Under this name stands what the whole tenant has spent; no user can have it.
const WHOLE: &str = "";
