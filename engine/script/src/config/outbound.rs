//! The toll fence as `config.lua` has it: rights, limits, prefixes; and its judgement over a number.

use std::collections::BTreeMap;

use call::Payer;
use call::schedule::Schedule;
use call::toll::{Barred, Class, Limits, Money, Outward, Rate, Rights, Rules};
use serde_json::Value;

use super::build::{count, duration, text, texts};
use super::{Tenant, Trunk};
use crate::schema::{Field, Kind, Schema};

/// What holds for a tenant's calls to the outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbound {
    /// For everybody.
    pub rules: Rules,
    /// The tenant's trunks, by name.
    pub trunks: BTreeMap<String, TrunkToll>,
    /// Working hours, as scripts write schedules; `None` is always.
    pub hours: Option<Value>,
    /// What may be called outside of them.
    pub after_hours: Option<Rights>,
}

/// A trunk as the fence sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkToll {
    /// What calls that come by it may reach outside.
    pub toll: Rights,
    /// Calls out by it cost nothing.
    pub free: bool,
    /// Where its local numbers are.
    pub area_code: Option<String>,
}

/// What a user has of their own; what is `None` goes by the tenant or the role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowance {
    /// What may be called.
    pub toll: Option<Rights>,
    /// Calls between two midnights; 0 is no limit.
    pub calls_a_day: Option<u32>,
    /// Minutes between two midnights; 0 is no limit.
    pub minutes_a_day: Option<u32>,
    /// Calls within an hour; 0 is no limit.
    pub calls_an_hour: Option<u32>,
    /// Calls that go on together; 0 is no limit.
    pub calls_at_once: Option<u32>,
    /// What they may cost between two midnights; zero is no limit.
    pub cost_a_day: Option<Money>,
}

impl Outbound {
    /// Where the tenant's local numbers are, if its trunks agree on it.
    pub fn area_code(&self) -> Option<String> {
        let mut codes = self.trunks.values().map(|way| &way.area_code);
        let first = codes.next()?.clone();
        codes.all(|code| *code == first).then_some(first)?
    }
}

impl Tenant {
    /// Whether a number may be called by a trunk, as far as rights go, at this time in microseconds since 1970. What
    /// is used up today is not looked at.
    ///
    /// # Errors
    /// Why not.
    pub fn may_call(
        &self,
        payer: Payer<'_>,
        trunk: &str,
        number: &str,
        at: i64,
    ) -> Result<Outward, Barred> {
        let way = self.outbound.trunks.get(trunk);
        // A group of trunks is not among them.
        let area_code = match way {
            Some(way) => way.area_code.clone(),
            None => self.outbound.area_code(),
        };
        let rules = &self.outbound.rules;
        let outward = Outward::of(number, area_code.as_deref(), rules);
        if !way.is_some_and(|way| way.free) {
            outward.allowed(self.toll_of(payer), rules)?;
            if let Some(rights) = self.outbound.after_hours
                && !self.works_at(at)
            {
                outward.allowed_after_hours(rights)?;
            }
        }
        Ok(outward)
    }

    /// Whether a time is within the hours in which everything is called that may be.
    fn works_at(&self, at: i64) -> bool {
        let hours = self.outbound.hours.as_ref();
        let hours = hours.and_then(|hours| Schedule::read(hours, &self.timezone).ok());
        hours.is_none_or(|hours| hours.is_open(at))
    }

    /// What a number costs by a trunk.
    pub fn rate(&self, trunk: &str, outward: &Outward) -> Rate {
        let way = self.outbound.trunks.get(trunk);
        let rate = outward.rate(&self.outbound.rules);
        let rate = rate.filter(|_| !outward.is_for_help() && !way.is_some_and(|way| way.free));
        rate.cloned().unwrap_or_default()
    }

    /// Whose rights those are.
    fn toll_of(&self, payer: Payer<'_>) -> Rights {
        match payer {
            Payer::User(user) => {
                let known = self.users.get(user);
                let own = known.and_then(|user| user.allowance.toll);
                let role = known.map(|user| user.person.role).unwrap_or_default();
                own.unwrap_or_else(|| role.toll())
            }
            Payer::Trunk(trunk) => {
                let way = self.outbound.trunks.get(trunk);
                way.map_or_else(|| Rights::up_to(Class::Internal), |way| way.toll)
            }
            Payer::Nobody => self.outbound.rules.programs,
        }
    }

    /// How much somebody may use up; the tenant's limits where it is no user.
    pub fn limits_of(&self, user: Option<&str>) -> Limits {
        let all = self.outbound.rules.limits;
        let Some(user) = user.and_then(|user| self.users.get(user)) else {
            return all;
        };
        let own = &user.allowance;
        Limits {
            calls_a_day: own.calls_a_day.unwrap_or(all.calls_a_day),
            minutes_a_day: own.minutes_a_day.unwrap_or(all.minutes_a_day),
            calls_an_hour: own.calls_an_hour.unwrap_or(all.calls_an_hour),
            calls_at_once: own.calls_at_once.unwrap_or(all.calls_at_once),
            cost_a_day: own.cost_a_day.unwrap_or(all.cost_a_day),
            ..all
        }
    }
}

/// `tenants.NUMBER.outbound`.
pub(super) fn form() -> Schema {
    Schema::new(vec![
        Field::new(
            "programs",
            classes(),
            "What scripts and programs may call in nobody's name.",
        )
        .default("domestic")
        .range(1.0, 6.0),
        Field::new("premium", prefixes(), "Prefixes that cost more.").range(0.0, MOST),
        Field::new("blocked", prefixes(), "Prefixes that nobody calls.").range(0.0, MOST),
        Field::new("abroad", prefixes(), "The only countries that are called.").range(0.0, MOST),
        Field::new(
            "calls_a_day",
            Kind::Integer,
            "Of each user, to the outside; 0 is no limit.",
        )
        .default(0)
        .range(0.0, 1_000_000.0),
        Field::new(
            "minutes_a_day",
            Kind::Integer,
            "Of each user, to the outside; 0 is no limit.",
        )
        .default(0)
        .range(0.0, 1_000_000.0),
        limit(
            Kind::Integer,
            "calls_an_hour",
            "Of each user, to the outside; 0 is no limit.",
        ),
        limit(
            Kind::Integer,
            "calls_at_once",
            "Of each user, to the outside; 0 is no limit.",
        ),
        Field::new(
            "rates",
            Kind::List(Box::new(Kind::Table(rate_form()))),
            "What calls cost, by how numbers begin.",
        )
        .range(0.0, MOST),
        limit(
            Kind::Number,
            "cost_a_call",
            "What one call may cost; 0 is no limit.",
        ),
        limit(
            Kind::Number,
            "cost_a_day",
            "What a user's calls may; 0 is no limit.",
        ),
        limit(
            Kind::Number,
            "tenant_cost_a_day",
            "What everybody's may; 0 is no limit.",
        ),
        Field::new(
            "hours",
            Kind::Data,
            "Working hours, as schedules are written.",
        ),
        Field::new(
            "after_hours",
            classes(),
            "What may be called outside of them.",
        )
        .range(1.0, 6.0),
    ])
}

fn limit(kind: Kind, name: &'static str, help: &'static str) -> Field {
    Field::new(name, kind, help)
        .default(0)
        .range(0.0, 1_000_000.0)
}

/// `rates`.
fn rate_form() -> Schema {
    Schema::new(vec![
        Field::new(
            "prefix",
            Kind::Form(any_prefix),
            "How numbers begin; all others when left out.",
        ),
        limit(Kind::Number, "minute", "What a minute costs."),
        limit(Kind::Number, "call", "What an answered call costs besides."),
        Field::new("step", Kind::Duration, "What is begun of it is paid whole.")
            .default("60s")
            .range(1.0, 3_600.0),
    ])
}

/// What is wrong with the working hours.
pub(super) fn hours_fault(tenant: &Tenant) -> Option<String> {
    let hours = tenant.outbound.hours.as_ref()?;
    let read = Schedule::read(hours, &tenant.timezone);
    read.err().map(|error| error.to_string())
}

/// A user's own part.
pub(super) fn user_fields() -> [Field; 6] {
    [
        Field::new("toll", classes(), "What may be called outside.").range(1.0, 6.0),
        Field::new("calls_a_day", Kind::Integer, "To the outside.").range(0.0, 1_000_000.0),
        Field::new("minutes_a_day", Kind::Integer, "To the outside.").range(0.0, 1_000_000.0),
        Field::new("calls_an_hour", Kind::Integer, "To the outside.").range(0.0, 1_000_000.0),
        Field::new("calls_at_once", Kind::Integer, "To the outside.").range(0.0, 1_000_000.0),
        Field::new("cost_a_day", Kind::Number, "Of calls to the outside.").range(0.0, 1_000_000.0),
    ]
}

/// A trunk's own part.
pub(super) fn trunk_fields() -> [Field; 2] {
    [
        Field::new(
            "toll",
            classes(),
            "What calls that come by it may reach outside.",
        )
        .default("internal")
        .range(1.0, 6.0),
        Field::new("free", Kind::Boolean, "Calls out by it cost nothing.").default(false),
    ]
}

pub(super) fn rights(value: &Value) -> Option<Rights> {
    Rights::from_words(&texts(value))
}

pub(super) fn allowance(it: &Value) -> Allowance {
    let limit = |name| it.get(name).map(count);
    Allowance {
        toll: rights(&it["toll"]),
        calls_a_day: limit("calls_a_day"),
        minutes_a_day: limit("minutes_a_day"),
        calls_an_hour: limit("calls_an_hour"),
        calls_at_once: limit("calls_at_once"),
        cost_a_day: it.get("cost_a_day").map(money),
    }
}

fn rules(it: &Value) -> Rules {
    Rules {
        programs: rights(&it["programs"]).unwrap_or_else(|| Rules::default().programs),
        premium: texts(&it["premium"]),
        blocked: texts(&it["blocked"]),
        abroad: texts(&it["abroad"]),
        rates: it["rates"]
            .as_array()
            .map_or_else(Vec::new, |rates| rates.iter().map(rate).collect()),
        limits: Limits {
            calls_a_day: count(&it["calls_a_day"]),
            minutes_a_day: count(&it["minutes_a_day"]),
            calls_an_hour: count(&it["calls_an_hour"]),
            calls_at_once: count(&it["calls_at_once"]),
            cost_a_call: money(&it["cost_a_call"]),
            cost_a_day: money(&it["cost_a_day"]),
            tenant_cost_a_day: money(&it["tenant_cost_a_day"]),
        },
    }
}

/// All of a tenant's part.
pub(super) fn outbound(it: &Value, trunks: BTreeMap<String, TrunkToll>) -> Outbound {
    Outbound {
        rules: rules(it),
        trunks,
        hours: it.get("hours").filter(|hours| !hours.is_null()).cloned(),
        after_hours: rights(&it["after_hours"]),
    }
}

fn rate(it: &Value) -> Rate {
    Rate {
        prefix: text(it.get("prefix")).unwrap_or_default(),
        minute: money(&it["minute"]),
        call: money(&it["call"]),
        step: duration(&it["step"]),
    }
}

fn money(value: &Value) -> Money {
    Money::of(value.as_f64().unwrap_or_default())
}

pub(super) fn toll_of(trunk: &Trunk) -> TrunkToll {
    TrunkToll {
        toll: trunk.toll,
        free: trunk.free,
        area_code: trunk.area_code.clone(),
    }
}

/// What a trunk's `toll` and `free` say.
pub(super) fn of_trunk(it: &Value) -> (Rights, bool) {
    let toll = rights(&it["toll"]).unwrap_or_else(|| Rights::up_to(Class::Internal));
    (toll, it["free"] == true)
}

fn classes() -> Kind {
    Kind::List(Box::new(Kind::Enum(&Class::WORDS)))
}

fn prefixes() -> Kind {
    Kind::List(Box::new(Kind::Form(prefix)))
}

fn prefix(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let right =
        !digits.is_empty() && digits.len() <= 16 && digits.bytes().all(|it| it.is_ascii_digit());
    match right {
        true => Ok(()),
        false => Err(format!(
            "expected how a number begins, with + and the country where it has one, such as \"+852\" or \"168\", got \"{text}\""
        )),
    }
}

/// As [`prefix`], or the plus alone: all that is abroad.
fn any_prefix(text: &str) -> Result<(), String> {
    if text == "+" { Ok(()) } else { prefix(text) }
}

/// Prefixes in one list.
const MOST: f64 = 1_000.0;
