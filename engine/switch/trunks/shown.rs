//! Whom a trunk shows as calling: which number, how it is written, and which ones rest.

use std::collections::HashMap;
use std::time::Instant;

use call::number::{Kind, Plan, normalise};
use script::config::{NumberFormat, Shown};

/// Who is shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Identity {
    /// As the carrier is to write it; `None` where there is none.
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
    /// The called one is not to see it.
    pub(crate) is_withheld: bool,
    /// The number of the pool that it is.
    pub(crate) of_pool: Option<String>,
}

/// Who wants to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// As scripts write it; `anonymous` withholds it.
    pub(crate) number: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    /// Outside, it is no number that could be called back.
    pub(crate) is_extension: bool,
    /// Help is called: nothing is withheld.
    pub(crate) is_urgent: bool,
}

/// How the numbers of a pool fare.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    health: HashMap<String, Health>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Health {
    /// In a row.
    failures: u32,
    rests_until: Option<Instant>,
}

/// Who is shown by these rules. `lot` chooses among the pool.
pub(crate) fn identity(
    rules: &Shown,
    wanted: Wanted<'_>,
    plan: &Plan,
    pool: &Pool,
    (now, lot): (Instant, u64),
) -> Identity {
    let known = |number: &str| normalise(number, plan);
    let asks_to_withhold = wanted
        .number
        .is_some_and(|number| known(number).kind == Kind::Withheld);
    let own = wanted.number.filter(|number| {
        !asks_to_withhold && !wanted.is_extension && is_allowed(rules, number, plan)
    });
    let of_pool = match own {
        Some(_) => None,
        None => pool.choose(rules, now, lot),
    };
    let chosen = own.or(of_pool.as_deref()).or(rules.default.as_deref());
    // 400 and 800 numbers can be called, and carriers refuse what calls as one.
    let free = chosen.filter(|number| known(number).kind == Kind::TollFree);
    let chosen = free.and(rules.fixed_line.as_deref()).or(chosen);
    // Without a number of the trunk's own, the carrier is left to judge what was asked for.
    let chosen = chosen.or_else(|| wanted.number.filter(|_| !asks_to_withhold));
    Identity {
        number: chosen.map(|number| written(number, rules.format, plan)),
        name: wanted.name.filter(|_| own.is_some()).map(str::to_owned),
        is_withheld: !wanted.is_urgent && (rules.withhold || asks_to_withhold),
        of_pool,
    }
}

/// Whether a number may be shown; numbers are the same however they are written.
fn is_allowed(rules: &Shown, number: &str, plan: &Plan) -> bool {
    if rules.allowed.is_empty() && rules.pool.is_empty() {
        return true;
    }
    let canonical = |number: &str| {
        let known = normalise(number, plan).canonical;
        known.unwrap_or_else(|| number.to_owned())
    };
    let wanted = canonical(number);
    let mut allowed = rules
        .allowed
        .iter()
        .chain(&rules.pool)
        .chain(&rules.default);
    allowed.any(|one| canonical(one) == wanted)
}

/// A number as a trunk wants it.
pub(crate) fn written(number: &str, format: NumberFormat, plan: &Plan) -> String {
    let known = normalise(number, plan);
    let written = match format {
        NumberFormat::AsIs => None,
        NumberFormat::E164 => known.dialable_e164(),
        NumberFormat::National => known.national(),
    };
    written.unwrap_or_else(|| number.to_owned())
}

impl Pool {
    /// One that does not rest; when all rest, the one that has rested longest.
    fn choose(&self, rules: &Shown, now: Instant, lot: u64) -> Option<String> {
        let rest = |number: &String| self.health.get(number).and_then(|it| it.rests_until);
        let fit: Vec<&String> = rules
            .pool
            .iter()
            .filter(|number| rest(number).is_none_or(|until| until <= now))
            .collect();
        if fit.is_empty() {
            return rules.pool.iter().min_by_key(|number| rest(number)).cloned();
        }
        let index = lot % fit.len() as u64;
        fit.get(index as usize).copied().cloned()
    }

    /// How a call that showed this number went.
    pub(crate) fn note(&mut self, rules: &Shown, now: Instant, number: &str, went_well: bool) {
        if !rules.pool.iter().any(|one| one == number) {
            return;
        }
        let health = self.health.entry(number.to_owned()).or_default();
        if went_well {
            *health = Health::default();
            return;
        }
        health.failures += 1;
        if health.failures >= rules.pool_failures {
            health.failures = 0;
            health.rests_until = Some(now + rules.pool_rest);
        }
    }

    /// The numbers that rest.
    pub(crate) fn resting(&self, now: Instant) -> Vec<&str> {
        let mut resting: Vec<&str> = self
            .health
            .iter()
            .filter(|(_, health)| health.rests_until.is_some_and(|until| until > now))
            .map(|(number, _)| number.as_str())
            .collect();
        resting.sort_unstable();
        resting
    }
}

/// Whether a refusal says something of the number that was shown: who is called and is busy, away or
/// not there says nothing of it.
pub(crate) fn blames_the_number(status: u16) -> bool {
    matches!(status, 403 | 433 | 500..=599 | 603 | 607 | 608)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOBODY: Wanted<'static> = Wanted {
        number: None,
        name: None,
        is_extension: false,
        is_urgent: false,
    };

    fn rules() -> Shown {
        Shown {
            default: Some("01087654321".to_owned()),
            pool_failures: 2,
            pool_rest: Duration::from_secs(60),
            ..Shown::default()
        }
    }

    fn show(rules: &Shown, wanted: Wanted<'_>) -> Identity {
        let at = (Instant::now(), 0);
        identity(rules, wanted, &Plan::default(), &Pool::default(), at)
    }

    fn wants(number: &'static str) -> Wanted<'static> {
        Wanted {
            number: Some(number),
            name: Some("客服"),
            ..NOBODY
        }
    }

    #[test]
    fn an_extension_and_nobody_are_shown_as_the_trunks_number() {
        let extension = Wanted {
            is_extension: true,
            ..wants("1049")
        };
        for wanted in [NOBODY, extension] {
            let shown = show(&rules(), wanted);
            assert_eq!(shown.number.as_deref(), Some("01087654321"));
            assert_eq!(shown.name, None);
        }
        let shown = show(&rules(), wants("13800138000"));
        assert_eq!(shown.number.as_deref(), Some("13800138000"));
        assert_eq!(shown.name.as_deref(), Some("客服"));
    }

    #[test]
    fn a_number_that_is_not_allowed_is_replaced_by_the_trunks() {
        let rules = Shown {
            allowed: vec!["+8675526881234".to_owned()],
            ..rules()
        };
        for (wanted, shown) in [
            ("13800138000", "01087654321"),
            ("0755-26881234", "0755-26881234"),
            ("010 87654321", "010 87654321"),
        ] {
            let got = show(&rules, wants(wanted)).number;
            assert_eq!(got.as_deref(), Some(shown), "{wanted}");
        }
    }

    #[test]
    fn a_400_number_is_shown_as_the_fixed_line() {
        let mut rules = Shown {
            default: Some("4001234567".to_owned()),
            ..rules()
        };
        let shown = show(&rules, NOBODY).number;
        assert_eq!(shown.as_deref(), Some("4001234567"), "there is no other");

        rules.fixed_line = Some("01087654321".to_owned());
        for wanted in [NOBODY, wants("400-812-3123"), wants("8008123123")] {
            let shown = show(&rules, wanted).number;
            assert_eq!(shown.as_deref(), Some("01087654321"));
        }
    }

    #[test]
    fn numbers_are_written_as_the_trunk_wants_them() {
        for (format, shown) in [
            (NumberFormat::AsIs, "01087654321"),
            (NumberFormat::E164, "+861087654321"),
            (NumberFormat::National, "01087654321"),
        ] {
            let rules = Shown { format, ..rules() };
            assert_eq!(show(&rules, NOBODY).number.as_deref(), Some(shown));
        }
    }

    #[test]
    fn anonymous_withholds_the_trunks_number_but_not_from_who_is_called_for_help() {
        let shown = show(&rules(), wants("anonymous"));
        assert!(shown.is_withheld);
        assert_eq!(shown.number.as_deref(), Some("01087654321"));

        let rules = Shown {
            withhold: true,
            ..rules()
        };
        assert!(show(&rules, wants("13800138000")).is_withheld);
        let urgent = Wanted {
            is_urgent: true,
            ..wants("13800138000")
        };
        assert!(!show(&rules, urgent).is_withheld);
    }

    #[test]
    fn a_number_of_the_pool_that_fails_again_and_again_rests() {
        let now = Instant::now();
        let rules = Shown {
            pool: vec!["01011111111".to_owned(), "01022222222".to_owned()],
            ..rules()
        };
        let mut pool = Pool::default();
        let chosen = |pool: &Pool, now, lot| {
            let plan = Plan::default();
            identity(&rules, NOBODY, &plan, pool, (now, lot))
                .of_pool
                .unwrap()
        };
        assert_eq!(chosen(&pool, now, 0), "01011111111");
        assert_eq!(chosen(&pool, now, 1), "01022222222");

        pool.note(&rules, now, "01011111111", false);
        pool.note(&rules, now, "01011111111", true);
        pool.note(&rules, now, "01011111111", false);
        assert_eq!(pool.resting(now), [] as [&str; 0], "not in a row");
        pool.note(&rules, now, "01011111111", false);

        assert_eq!(pool.resting(now), ["01011111111"]);
        for lot in 0..4 {
            assert_eq!(chosen(&pool, now, lot), "01022222222");
        }
        let rested = now + Duration::from_secs(60);
        assert_eq!(chosen(&pool, rested, 0), "01011111111");

        for number in ["01022222222", "01022222222", "01011111111", "01011111111"] {
            pool.note(&rules, rested, number, false);
        }
        assert_eq!(pool.resting(rested).len(), 2);
        assert!(rules.pool.contains(&chosen(&pool, rested, 7)), "all rest");
    }

    #[test]
    fn who_is_busy_says_nothing_of_the_number() {
        for status in [404, 408, 480, 486, 487, 600] {
            assert!(!blames_the_number(status), "{status}");
        }
        for status in [403, 503, 603, 607, 608] {
            assert!(blames_the_number(status), "{status}");
        }
    }
}
