//! What each user has spent today, so that a stolen password does not talk for a month.

use std::collections::HashMap;
use std::time::Duration;

use super::{Barred, Rules};

/// What one user has spent between two midnights.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spent {
    /// Calls to the outside that were begun.
    pub calls: u32,
    /// How long those lasted that are over.
    pub talked: Duration,
}

/// A limit is near, or reached. Told once a day of each user and limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Alarm {
    /// `calls_a_day` or `minutes_a_day`.
    pub limit: &'static str,
    /// So much was used, in calls or minutes.
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
type Warned = [u8; 2];

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
        known.calls += spent.calls;
        known.talked += spent.talked;
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
        rules: &Rules,
    ) -> Result<(), Barred> {
        let spent = self.of(day, user);
        if rules.calls_a_day > 0 && spent.calls >= rules.calls_a_day {
            return Err(Barred::Calls(spent.calls));
        }
        let minutes = minutes(spent.talked + going_on);
        if rules.minutes_a_day > 0 && minutes >= rules.minutes_a_day {
            return Err(Barred::Minutes(minutes));
        }
        Ok(())
    }

    /// A call to the outside begins.
    pub fn begins(&mut self, day: i64, user: &str, rules: &Rules) -> Option<Alarm> {
        let (spent, warned) = self.today(day, user);
        spent.calls += 1;
        alarm(
            "calls_a_day",
            &mut warned[0],
            spent.calls,
            rules.calls_a_day,
        )
    }

    /// A call to the outside is over that has lasted so long.
    pub fn ends(&mut self, day: i64, user: &str, talked: Duration, rules: &Rules) -> Option<Alarm> {
        let (spent, warned) = self.today(day, user);
        spent.talked += talked;
        let used = minutes(spent.talked);
        alarm("minutes_a_day", &mut warned[1], used, rules.minutes_a_day)
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
    let level = match (u64::from(used) * 5, u64::from(of) * 4) {
        _ if of == 0 => 0,
        _ if used >= of => 2,
        (used, near) if used >= near => 1,
        _ => 0,
    };
    let is_news = level > *warned;
    *warned = (*warned).max(level);
    is_news.then_some(Alarm { limit, used, of })
}
