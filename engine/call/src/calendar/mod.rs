//! Public holidays and make-up working days (调休), compiled in as a plain text file a country.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;

/// What a country has decreed for the years that it has published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Calendar {
    country: &'static str,
    years: BTreeSet<i16>,
    days: BTreeMap<Date, (Decree, String)>,
}

/// What is decreed for a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decree {
    /// Closed, whatever day of the week.
    Holiday,
    /// Worked, although it is a weekend.
    Workday,
}

/// A year that should be known and is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// The year.
    pub year: i16,
    /// Whether an admin must act now: the year has begun, or it is December.
    pub is_urgent: bool,
    /// What to tell: `calendar 'cn' has no data for 2027 …`.
    pub sentence: String,
}

impl Calendar {
    /// The names that [`named`](Self::named) knows.
    pub const NAMES: &[&str] = &["cn"];

    /// Finds a calendar by its country's name.
    pub fn named(name: &str) -> Option<&'static Self> {
        static CN: LazyLock<Calendar> = LazyLock::new(|| {
            Calendar::parse("cn", include_str!("cn.txt"))
                .expect("the file is compiled in, and a test reads it")
        });
        (name == "cn").then(|| &*CN)
    }

    /// What is decreed for a day, and for which feast.
    pub fn decree(&self, date: Date) -> Option<(Decree, &str)> {
        self.days
            .get(&date)
            .map(|(decree, name)| (*decree, name.as_str()))
    }

    /// Whether a year's notice is in the data. In other years every day is an ordinary one.
    pub fn covers(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// What an admin should know at this date: this year's data is missing, or in November and
    /// December next year's. The notice comes in November; from 1 December on it is urgent.
    pub fn missing(&self, today: Date) -> Option<Missing> {
        let (year, is_urgent) = if !self.covers(today.year()) {
            (today.year(), true)
        } else if today.month() >= 11 && !self.covers(today.year() + 1) {
            (today.year() + 1, today.month() == 12)
        } else {
            return None;
        };
        let sentence = format!(
            "calendar '{}' has no data for {year}: its holidays and make-up working days will be \
             taken for ordinary days; update moonswitch, or write them into the schedule's \
             'holidays' and 'workdays'",
            self.country
        );
        Some(Missing {
            year,
            is_urgent,
            sentence,
        })
    }

    /// Reads the file; the error names the line.
    fn parse(country: &'static str, text: &str) -> Result<Self, String> {
        let mut calendar = Self {
            country,
            years: BTreeSet::new(),
            days: BTreeMap::new(),
        };
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            calendar
                .parse_line(line)
                .ok_or_else(|| format!("line {}: '{line}' cannot be read", number + 1))?;
        }
        Ok(calendar)
    }

    fn parse_line(&mut self, line: &str) -> Option<()> {
        let mut words = line.splitn(3, ' ');
        let (first, second, name) = (words.next()?, words.next()?, words.next()?);
        if first == "year" {
            return self.years.insert(second.parse().ok()?).then_some(());
        }
        let (from, to) = first.split_once("..").unwrap_or((first, first));
        let (from, to): (Date, Date) = (from.parse().ok()?, to.parse().ok()?);
        let decree = match second {
            "holiday" => Decree::Holiday,
            "workday" => Decree::Workday,
            _ => return None,
        };
        if from > to || !self.covers(from.year()) || !self.covers(to.year()) {
            return None;
        }
        for day in from.series(1.day()).take_while(|&day| day <= to) {
            if self.days.insert(day, (decree, name.to_owned())).is_some() {
                return None;
            }
        }
        Some(())
    }
}
