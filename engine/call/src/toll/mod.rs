//! The toll fence: what a number costs to call, and who may call it.
//!
//! One judgement for every way out: a call of a user's, a transfer, a forward, a call that a program makes. Whose
//! rights count is whoever has chosen the number, never the exchange's.

mod country;
mod money;
mod usage;

pub use country::country;
pub use money::{Money, Rate};
pub use usage::{Alarm, Spent, Usage};

use crate::Cause;
use crate::number::{Kind, Plan, normalise};

/// What a number costs to call, cheapest first. Emergency numbers have no class: they are free to everybody.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Extensions of the tenant.
    Internal,
    /// Fixed numbers of the trunk's own area; 400 and 800; short service numbers.
    Local,
    /// Mobiles of the country.
    Mobile,
    /// Fixed numbers of other areas.
    Domestic,
    /// Other countries.
    International,
    /// Information services, satellites, and whatever nobody can tell the price of.
    Premium,
}

impl Class {
    /// All of them, cheapest first.
    pub const ALL: [Self; 6] = [
        Self::Internal,
        Self::Local,
        Self::Mobile,
        Self::Domestic,
        Self::International,
        Self::Premium,
    ];
    /// Their words, in the same order.
    pub const WORDS: [&'static str; 6] = [
        "internal",
        "local",
        "mobile",
        "domestic",
        "international",
        "premium",
    ];

    /// As settings and refusals name it.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Finds a class by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }
}

/// Which classes somebody may call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rights(u8);

impl Rights {
    /// A class and all that cost less.
    pub fn up_to(class: Class) -> Self {
        Self((2 << class as u8) - 1)
    }

    /// One word stands for its class and all that cost less, several for themselves. `None` when there is none,
    /// or an unknown one.
    pub fn from_words(words: &[String]) -> Option<Self> {
        if let [only] = words {
            return Class::from_word(only).map(Self::up_to);
        }
        let mut rights = Self(0);
        for word in words {
            rights.0 |= 1 << Class::from_word(word)? as u8;
        }
        (rights.0 != 0).then_some(rights)
    }

    /// Whether a class is among them.
    pub fn allows(self, class: Class) -> bool {
        self.0 & (1 << class as u8) != 0
    }
}

/// What holds for all calls of a tenant that leave by a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Rights of calls that scripts and programs make in nobody's name.
    pub programs: Rights,
    /// Prefixes of canonical numbers (`+1900`, `168`) that are premium besides those that are known to be.
    pub premium: Vec<String>,
    /// Prefixes of canonical numbers that nobody calls.
    pub blocked: Vec<String>,
    /// Where not empty, the only countries that are called abroad, as `+852`.
    pub abroad: Vec<String>,
    /// What calls cost; numbers that none of them knows cost nothing.
    pub rates: Vec<Rate>,
    /// How much may be used up.
    pub limits: Limits,
}

/// How much of calls to the outside may be used up; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// Calls of one user between two midnights.
    pub calls_a_day: u32,
    /// Minutes of one user between two midnights.
    pub minutes_a_day: u32,
    /// Calls of one user within an hour of the clock.
    pub calls_an_hour: u32,
    /// Calls of one user to the outside that go on together.
    pub calls_at_once: u32,
    /// What one call may cost.
    pub cost_a_call: Money,
    /// What all calls of one user may cost between two midnights.
    pub cost_a_day: Money,
    /// What all calls of the tenant may, those of programs and trunks among them.
    pub tenant_cost_a_day: Money,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            programs: Rights::up_to(Class::Domestic),
            premium: Vec::new(),
            blocked: Vec::new(),
            abroad: Vec::new(),
            rates: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Why a number is not called.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Barred {
    /// The class is not among the rights.
    #[error("{} numbers are beyond the rights: `toll` in config.lua gives them", .0.word())]
    Class(Class),
    /// The tenant calls no number with this prefix.
    #[error("numbers that begin with {0} are called by nobody: `outbound.blocked` in config.lua")]
    Prefix(String),
    /// The tenant does not call this country.
    #[error("this country is not called: `outbound.abroad` in config.lua names those that are")]
    Country,
    /// So many calls were made today.
    #[error("{0} calls were made today, which is the limit: `calls_a_day` in config.lua")]
    Calls(u32),
    /// So many minutes were spoken today.
    #[error("{0} minutes were spoken today, which is the limit: `minutes_a_day` in config.lua")]
    Minutes(u32),
    /// So many calls to the outside go on.
    #[error(
        "{0} calls to the outside go on, which is the limit: `max_calls` and `calls_at_once` in config.lua"
    )]
    AtOnce(u32),
    /// So many calls were made in this hour.
    #[error("{0} calls were made in this hour, which is the limit: `calls_an_hour` in config.lua")]
    Hour(u32),
    /// The class is not called at this time.
    #[error("{} numbers are not called at this time: `outbound.hours` and `after_hours` in config.lua", .0.word())]
    AfterHours(Class),
    /// It would cost more than it may.
    #[error("it would come to {comes_to}, and the limit is {of}: `{limit}` in config.lua")]
    Cost {
        /// `cost_a_call`, `cost_a_day` or `tenant_cost_a_day`.
        limit: &'static str,
        /// What would be spent then.
        comes_to: Money,
        /// Of so much.
        of: Money,
    },
}

impl Barred {
    /// The cause that the leg ends with.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Class(_) | Self::Prefix(_) | Self::Country | Self::AfterHours(_) => {
                Cause::NotAllowed
            }
            Self::Calls(_)
            | Self::Minutes(_)
            | Self::AtOnce(_)
            | Self::Hour(_)
            | Self::Cost { .. } => Cause::LimitReached,
        }
    }

    /// As events name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Class(class) => class.word(),
            Self::Prefix(_) => "blocked",
            Self::Country => "country",
            Self::Calls(_) => "calls_a_day",
            Self::Minutes(_) => "minutes_a_day",
            Self::AtOnce(_) => "at_once",
            Self::Hour(_) => "calls_an_hour",
            Self::AfterHours(_) => "after_hours",
            Self::Cost { limit, .. } => limit,
        }
    }
}

/// A number on its way out by a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outward {
    /// Its class; `None` is an emergency number.
    pub class: Option<Class>,
    /// As prefixes are compared with it.
    canonical: String,
    kind: Kind,
}

impl Outward {
    /// Looks at a number as a trunk in this area is given it.
    pub fn of(number: &str, area_code: Option<&str>, rules: &Rules) -> Self {
        let plan = Plan {
            area_code: area_code.map(str::to_owned),
            ..Plan::default()
        };
        let known = normalise(number, &plan);
        let canonical = known.canonical.unwrap_or_else(|| number.trim().to_owned());
        let begins = |prefix: &String| canonical.starts_with(prefix.as_str());
        let class = if known.kind == Kind::Emergency {
            None
        } else if rules.premium.iter().any(begins) || is_premium(&canonical) {
            Some(Class::Premium)
        } else {
            Some(match known.kind {
                Kind::Internal => Class::Internal,
                Kind::TollFree | Kind::Short => Class::Local,
                Kind::Mobile => Class::Mobile,
                Kind::Fixed if is_near(&canonical, area_code) => Class::Local,
                Kind::Fixed => Class::Domestic,
                Kind::International => Class::International,
                _ if is_subscriber(number) => Class::Local,
                _ => Class::Premium,
            })
        };
        Self {
            class,
            canonical,
            kind: known.kind,
        }
    }

    /// Whether help is called.
    pub fn is_for_help(&self) -> bool {
        self.class.is_none()
    }

    /// What it costs, where a rate says so.
    pub fn rate<'a>(&self, rules: &'a Rules) -> Option<&'a Rate> {
        money::rate_of(&rules.rates, &self.canonical)
    }

    /// The other country that it is in, as `+852`.
    pub fn abroad(&self) -> Option<&str> {
        country(&self.canonical).filter(|code| *code != HOME)
    }

    /// Whether it is called at a time when only this may be.
    ///
    /// # Errors
    /// Its class is not among it.
    pub fn allowed_after_hours(&self, rights: Rights) -> Result<(), Barred> {
        match self.class {
            Some(class) if !rights.allows(class) => Err(Barred::AfterHours(class)),
            _ => Ok(()),
        }
    }

    /// Whether somebody with these rights may call it.
    ///
    /// # Errors
    /// Why not.
    pub fn allowed(&self, rights: Rights, rules: &Rules) -> Result<(), Barred> {
        let Some(class) = self.class else {
            return Ok(());
        };
        let begins = |prefix: &&String| self.canonical.starts_with(prefix.as_str());
        if let Some(prefix) = rules.blocked.iter().find(begins) {
            return Err(Barred::Prefix(prefix.clone()));
        }
        if !rights.allows(class) {
            return Err(Barred::Class(class));
        }
        let is_abroad = self.kind == Kind::International && !rules.abroad.is_empty();
        if is_abroad && !rules.abroad.iter().any(|prefix| begins(&prefix)) {
            return Err(Barred::Country);
        }
        Ok(())
    }
}

/// A number of the trunk's own area.
fn is_near(canonical: &str, area_code: Option<&str>) -> bool {
    let area = area_code.map(|area| area.strip_prefix('0').unwrap_or(area));
    let rest = canonical.strip_prefix("+86");
    area.zip(rest)
        .is_some_and(|(area, rest)| rest.starts_with(area))
}

/// A number without area code, on a trunk that does not say where it is.
fn is_subscriber(number: &str) -> bool {
    let digits = number.trim().as_bytes();
    (7..=8).contains(&digits.len())
        && matches!(digits.first(), Some(b'2'..=b'8'))
        && digits.iter().all(u8::is_ascii_digit)
}

/// The country that national numbers are of.
const HOME: &str = "+86";

fn is_premium(canonical: &str) -> bool {
    PREMIUM.iter().any(|prefix| canonical.starts_with(prefix))
}

/// Information services of the country (160, 168, 1259), its satellite telephones, and what fraud is made of abroad:
/// premium numbers of North America and of the world, satellites, global networks.
const PREMIUM: [&str; 14] = [
    "160", "168", "1259", "+861349", "+861740", "+1900", "+1976", "+808", "+870", "+878", "+881",
    "+882", "+883", "+979",
];

#[cfg(test)]
mod tests;
