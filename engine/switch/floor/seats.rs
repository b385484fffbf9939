//! Where people sit, and what they have set for themselves; and which day it is where they work.

use std::time::{Duration, Instant};

use call::TenantId;
use call::acd::{AgentId, Habit, Habits, Refusal, Status};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Floor;
use crate::switch::Switch;

impl Floor {
    /// Sets something that a user wants; how they stand then, if they are an agent.
    pub(in crate::switch) fn set(
        &mut self,
        now: Instant,
        user: &AgentId,
        habits: Vec<Habit>,
    ) -> Result<Option<Status>, Refusal> {
        for habit in habits {
            self.acd.handle_habit(now, user, habit)?;
        }
        self.book.touch(user);
        Ok(self.acd.status(now, user))
    }
}

impl Switch {
    /// What a user has set for themselves.
    pub(in crate::switch) fn habits_of(&self, tenant: &TenantId, user: &AgentId) -> Habits {
        let floor = self.floors.by_tenant.get(tenant);
        floor.map_or_else(Habits::default, |floor| floor.acd.habits(user))
    }

    /// Whether a user may call somebody now; who is no agent may.
    pub(in crate::switch) fn may_dial(&self, tenant: &TenantId, user: &str) -> Result<(), Refusal> {
        let floor = self.floors.by_tenant.get(tenant);
        floor.map_or(Ok(()), |floor| floor.acd.may_dial(&AgentId::from(user)))
    }

    /// Who sits at the phone of this user, where somebody else does.
    pub(in crate::switch) fn sits_at(&self, tenant: &TenantId, phone: &AgentId) -> Option<AgentId> {
        let floor = self.floors.by_tenant.get(tenant)?;
        floor.acd.sits_at(phone).cloned()
    }

    /// Whose phones ring for a user: their own, those of the place where they sit, or none while
    /// somebody else sits at theirs.
    pub(in crate::switch) fn seat_of(&self, tenant: &TenantId, user: &str) -> Option<String> {
        let user = AgentId::from(user);
        if let Some(device) = self.habits_of(tenant, &user).device {
            return Some(device.to_string());
        }
        let own = self.sits_at(tenant, &user).is_none();
        own.then(|| user.to_string())
    }

    /// The tenant's day, counted since 1970 in its zone, and how much of it has passed.
    pub(super) fn day_of(&self, tenant: &TenantId, wall: i64) -> (i64, Duration) {
        let settings = self.tenants.get(&*tenant.0);
        let zone = settings.and_then(|it| TimeZone::get(&it.timezone).ok());
        let zone = zone.unwrap_or(TimeZone::UTC);
        let Ok(now) = Timestamp::from_microsecond(wall) else {
            return (0, Duration::ZERO);
        };
        let now = now.to_zoned(zone);
        let since = now.date().since(Date::constant(1970, 1, 1));
        let number = since.map_or(0, |span| i64::from(span.get_days()));
        let midnight = now
            .start_of_day()
            .map_or(wall, |at| at.timestamp().as_microsecond());
        let passed = u64::try_from(wall.saturating_sub(midnight)).unwrap_or_default();
        (number, Duration::from_micros(passed))
    }
}
