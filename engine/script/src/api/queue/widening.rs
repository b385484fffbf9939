//! How a queue widens the choice of agents for who waits.

use call::acd::{Change, PenaltyRule, Ring, Tiers, Widening, Without};
use serde_json::Value as Json;

use super::read::{duration, whole};

/// # Errors
/// The sentence about what does not go together.
pub(super) fn of(it: &Json) -> Result<Widening, String> {
    let tiers = &it["tiers"];
    let rules = list(&it["penalty_rules"]).enumerate();
    let rules = rules.map(|(at, it)| {
        penalty_rule(it).map_err(|message| format!("penalty_rules.{}: {message}", at + 1))
    });
    let mut penalties = rules.collect::<Result<Vec<PenaltyRule>, String>>()?;
    penalties.sort_by_key(|rule| rule.after);
    let rings = list(&it["relax"]).enumerate();
    let rings =
        rings.map(|(at, it)| ring(it).map_err(|message| format!("relax.{}: {message}", at + 1)));
    let mut rings = rings.collect::<Result<Vec<Ring>, String>>()?;
    rings.sort_by_key(|ring| ring.after);
    Ok(Widening {
        tiers: duration(&tiers["wait"]).map(|wait| Tiers {
            wait,
            by_level: tiers["by_level"] == true,
        }),
        penalties,
        few_members: it["penalty_members_limit"]
            .as_u64()
            .and_then(|limit| limit.try_into().ok())
            .unwrap_or_default(),
        rings,
        familiar: duration(&it["familiar"]).filter(|long| !long.is_zero()),
    })
}

fn penalty_rule(it: &Json) -> Result<PenaltyRule, String> {
    let change = |name: &str| match &it[name] {
        Json::Null => Ok(None),
        value => change(value).map(Some).ok_or_else(|| {
            format!("{name}: expected a penalty such as 2, or a change such as \"+1\", got {value}")
        }),
    };
    let rule = PenaltyRule {
        after: duration(&it["after"]).unwrap_or_default(),
        min: change("min")?,
        max: change("max")?,
        raise: change("raise")?,
    };
    match rule.min.or(rule.max).or(rule.raise) {
        Some(_) => Ok(rule),
        None => Err("expected min, max or raise, such as max = \"+1\"".to_owned()),
    }
}

/// `2` sets, `"+1"` and `"-1"` shift.
fn change(value: &Json) -> Option<Change> {
    if let Some(to) = whole(value) {
        return Some(Change::To(to));
    }
    let text = value.as_str()?;
    match text.as_bytes().first()? {
        b'+' | b'-' => text.parse().ok().map(Change::By),
        _ => text.parse().ok().map(Change::To),
    }
}

fn ring(it: &Json) -> Result<Ring, String> {
    let names: Vec<&str> = list(&it["drop"]).filter_map(Json::as_str).collect();
    let lower = whole(&it["lower"]).and_then(|lower| lower.try_into().ok());
    let lower = lower.unwrap_or_default();
    if names.is_empty() && lower == 0 {
        return Err("expected drop = { \"english\" }, drop = \"all\" or lower = 2".to_owned());
    }
    Ok(Ring {
        after: duration(&it["after"]).unwrap_or_default(),
        without: match names.as_slice() {
            ["all"] => Without::All,
            names => Without::Skills(names.iter().map(|name| (*name).into()).collect()),
        },
        lower,
    })
}

fn list(it: &Json) -> impl Iterator<Item = &Json> {
    it.as_array().into_iter().flatten()
}
