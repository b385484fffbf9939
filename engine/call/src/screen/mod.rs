//! Who may call in: the blacklist, VIPs, the whitelist, and limits for callers who call too often.

mod nuisance;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::number::{Kind, Plan, normalise};
pub use nuisance::{Limits, Nuisance, TooMany};

/// A list of callers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// 黑名单: refused.
    Blacklist,
    /// VIP: a head start in queues.
    Vip,
    /// 白名单: never refused, however often they call and whatever prefix is on the blacklist.
    Whitelist,
}

impl List {
    /// All lists.
    pub const ALL: [Self; 3] = [Self::Blacklist, Self::Vip, Self::Whitelist];

    /// As settings, requests and records name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blacklist => "blacklist",
            Self::Vip => "vip",
            Self::Whitelist => "whitelist",
        }
    }

    /// Finds a list by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.word() == word)
    }
}

/// A number, or all that begin alike, on a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Which list.
    pub list: List,
    /// Canonical, or the beginning of canonical numbers; [`WITHHELD`] for callers who show none.
    pub number: String,
    /// All numbers that begin so.
    pub is_prefix: bool,
    /// A word for it: `nuisance`, `fraud`.
    pub reason: Option<String>,
    /// When it leaves the list by itself: microseconds since 1970, UTC.
    pub expires_at: Option<i64>,
    /// When it came.
    pub added_at: i64,
    /// Who has put it there: `user:1049`, `api:NAME`.
    pub added_by: String,
}

impl Listed {
    fn holds(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

/// What is asked of the lists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Question {
    /// All on one of them.
    All(List),
    /// What they say of a number, however it is written.
    Of(String),
}

/// How a list is to change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Something comes, or what is there comes anew.
    Add(Listed),
    /// Something goes.
    Remove {
        /// From this list.
        list: List,
        /// The number, however it is written, or how numbers begin.
        number: String,
        /// How numbers begin.
        is_prefix: bool,
    },
}

/// A number as lists have it, however it is written: canonical. Of how numbers begin only the signs are taken out that
/// are there for the eye. `None` where it is neither.
pub fn as_listed(number: &str, is_prefix: bool, plan: &Plan) -> Option<String> {
    if is_prefix {
        let plain = number.chars().filter(|sign| !" -()/.".contains(*sign));
        let plain: String = plain.collect();
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        let fits = (1..=15).contains(&digits.len());
        return (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(plain);
    }
    let known = normalise(number, plan);
    match known.kind {
        Kind::Withheld => Some(WITHHELD.to_owned()),
        // What nobody understands is compared as it came.
        Kind::Unknown => {
            let raw = number.trim();
            (!raw.is_empty() && raw.len() <= 64).then(|| raw.to_owned())
        }
        _ => known.canonical,
    }
}

/// Whether this can come on a list: what has no digit is no number, and only who shows none is listed without one.
pub fn is_listable(written: &str, listed: &str) -> bool {
    let is_number = listed.bytes().any(|byte| byte.is_ascii_digit());
    is_number || listed == WITHHELD && !written.trim().is_empty()
}

/// As which callers who do not show their number are listed.
pub const WITHHELD: &str = "anonymous";

/// A tenant's lists. Looking a caller up costs their number's length, not the lists'.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    all: HashMap<(List, bool, String), Listed>,
}

/// What the lists say of a caller.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing<'a> {
    /// On the blacklist, by this, unless the whitelist says otherwise.
    pub black: Option<&'a Listed>,
    /// A VIP.
    pub vip: Option<&'a Listed>,
    /// On the whitelist.
    pub white: Option<&'a Listed>,
}

impl Standing<'_> {
    /// Whether the caller is refused: a number of its own on the blacklist counts more than a prefix on the
    /// whitelist, and the other way round.
    pub fn is_refused(&self) -> bool {
        match (self.black, self.white) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(black), Some(white)) => {
                let weight = |it: &Listed| (!it.is_prefix, it.number.len());
                weight(black) > weight(white)
            }
        }
    }
}

impl Lists {
    /// Puts something on a list, or in the place of what is there.
    pub fn put(&mut self, listed: Listed) {
        let key = (listed.list, listed.is_prefix, listed.number.clone());
        self.all.insert(key, listed);
    }

    /// Takes something off a list; what it was.
    pub fn remove(&mut self, list: List, is_prefix: bool, number: &str) -> Option<Listed> {
        self.all.remove(&(list, is_prefix, number.to_owned()))
    }

    /// Whether there is room for this on lists of at most `most`: in the place of what is there always. What
    /// holds no more at `now` (microseconds since 1970) makes room.
    pub fn has_room_for(&mut self, listed: &Listed, most: usize, now: i64) -> bool {
        let key = (listed.list, listed.is_prefix, listed.number.clone());
        if self.all.len() < most || self.all.contains_key(&key) {
            return true;
        }
        self.all.retain(|_, it| it.holds(now));
        self.all.len() < most
    }

    /// How many stand on all lists.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nobody stands on any.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those of a list that hold at `now`, by number.
    pub fn of(&self, list: List, now: i64) -> Vec<&Listed> {
        let all = self.all.values();
        let mut found: Vec<&Listed> = all.filter(|it| it.list == list && it.holds(now)).collect();
        found.sort_by(|one, other| {
            (&one.number, one.is_prefix).cmp(&(&other.number, other.is_prefix))
        });
        found
    }

    /// What they say of a caller; `None` is one who shows no number.
    pub fn look(&self, number: Option<&str>, now: i64) -> Standing<'_> {
        let number = number.unwrap_or(WITHHELD);
        let on = |list| self.find(list, number, now);
        Standing {
            black: on(List::Blacklist),
            vip: on(List::Vip),
            white: on(List::Whitelist),
        }
    }

    /// The number itself, or else the longest beginning of it.
    fn find(&self, list: List, number: &str, now: i64) -> Option<&Listed> {
        let get = |is_prefix, number: &str| {
            let found = self.all.get(&(list, is_prefix, number.to_owned()));
            found.filter(|it| it.holds(now))
        };
        get(false, number).or_else(|| {
            let ends = (1..=number.len()).rev();
            ends.filter_map(|end| number.get(..end))
                .find_map(|beginning| get(true, beginning))
        })
    }
}
