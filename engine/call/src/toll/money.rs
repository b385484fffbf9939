//! What calls to the outside cost: a table of prefixes, and how a carrier counts.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::time::Duration;

/// An amount, in millionths of whatever currency the rates are in.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Money(u64);

impl Money {
    /// Reads an amount as `config.lua` has it: `0.35`. What is negative is nothing.
    pub fn of(amount: f64) -> Self {
        Self((amount.max(0.0) * MILLION as f64).round() as u64)
    }

    /// In millionths.
    pub fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// In millionths.
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// Whether it is nothing: as a limit, none.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// In whole units, rounded up.
    pub fn whole(self) -> u32 {
        u32::try_from(self.0.div_ceil(MILLION)).unwrap_or(u32::MAX)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 as f64 / MILLION as f64)
    }
}

/// What numbers with one beginning cost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rate {
    /// How canonical numbers begin; empty is all that no other rate knows.
    pub prefix: String,
    /// Of a minute.
    pub minute: Money,
    /// Of an answered call, besides.
    pub call: Money,
    /// What is begun of this is paid whole: a minute, six seconds.
    pub step: Duration,
}

impl Rate {
    /// What a call costs that was answered so long ago, or for so long.
    pub fn cost(&self, talked: Duration) -> Money {
        let step = u64::try_from(self.step.as_millis()).unwrap_or(u64::MAX);
        let step = step.max(1);
        let talked = u64::try_from(talked.as_millis()).unwrap_or(u64::MAX);
        let millis = talked.max(1).div_ceil(step).saturating_mul(step);
        let minutes = u128::from(self.minute.0) * u128::from(millis) / 60_000;
        self.call + Money(u64::try_from(minutes).unwrap_or(u64::MAX))
    }

    /// Whether it costs anything.
    pub fn is_free(&self) -> bool {
        self.minute.is_zero() && self.call.is_zero()
    }
}

/// The rate of a number: that of the longest beginning which fits.
pub(super) fn rate_of<'a>(rates: &'a [Rate], canonical: &str) -> Option<&'a Rate> {
    let fitting = rates.iter().filter(|it| canonical.starts_with(&it.prefix));
    fitting.max_by_key(|it| it.prefix.len())
}

const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(prefix: &str, minute: f64) -> Rate {
        Rate {
            prefix: prefix.to_owned(),
            minute: Money::of(minute),
            call: Money::default(),
            step: Duration::from_secs(60),
        }
    }

    #[test]
    fn the_longest_beginning_says_what_a_number_costs() {
        let rates = [rate("", 0.5), rate("+852", 1.2), rate("+8529", 2.0)];
        let price = |number| rate_of(&rates, number).unwrap().minute;

        assert_eq!(price("+85221234567"), Money::of(1.2));
        assert_eq!(price("+85291234567"), Money::of(2.0));
        assert_eq!(price("+8613800138000"), Money::of(0.5));
        assert_eq!(rate_of(&rates[1..], "+8613800138000"), None);
    }

    #[test]
    fn what_is_begun_is_paid_whole() {
        let seconds = Duration::from_secs;
        let by_minute = rate("", 0.3);
        for (talked, cost) in [(0, 0.3), (1, 0.3), (60, 0.3), (61, 0.6), (3_600, 18.0)] {
            assert_eq!(by_minute.cost(seconds(talked)), Money::of(cost), "{talked}");
        }
        let by_six_seconds = Rate {
            call: Money::of(0.1),
            step: seconds(6),
            ..by_minute
        };
        assert_eq!(by_six_seconds.cost(seconds(7)), Money::of(0.16));
        assert_eq!(by_six_seconds.cost(Duration::MAX).whole(), u32::MAX);
    }

    #[test]
    fn amounts_are_told_in_units_and_rounded_up() {
        assert_eq!(Money::of(0.35).to_string(), "0.35");
        assert_eq!(Money::of(12.0).to_string(), "12");
        assert_eq!(Money::of(0.35).whole(), 1);
        assert_eq!(Money::of(-3.0), Money::default());
    }
}
