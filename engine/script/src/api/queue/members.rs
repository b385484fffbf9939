//! The agents of a queue, and what they can.

use std::collections::BTreeMap;

use call::acd::{Member, Skills};
use mlua::{Table, Value};

use crate::api::arguments::{shown, text, whole};
use crate::suggest::did_you_mean;

/// `{ "1049", { "1050", penalty = 1 } }`.
pub(super) fn agents(value: &Value) -> Result<Vec<Member>, String> {
    let wanted = |got: &Value| {
        let got = shown(got);
        format!(
            "agents: expected users such as {{ \"1049\", {{ \"1050\", penalty = 1 }} }}, got {got}"
        )
    };
    let Value::Table(list) = value else {
        return Err(wanted(value));
    };
    let mut members: Vec<Member> = Vec::new();
    for item in list.sequence_values::<Value>() {
        let item = item.map_err(|error| error.to_string())?;
        let member = match &item {
            Value::Table(table) => member(table)?,
            other => Member::new(&text(other).ok_or_else(|| wanted(other))?),
        };
        if members.iter().any(|known| known.agent == member.agent) {
            return Err(format!("agents: '{}' is named twice", member.agent));
        }
        members.push(member);
    }
    if let Some(key) = named(list, &[])? {
        return Err(format!(
            "agents: '{key}' is no user: they stand in a list, {{ \"1049\", \"1050\" }}"
        ));
    }
    Ok(members)
}

fn member(table: &Table) -> Result<Member, String> {
    let first = table.raw_get(1).unwrap_or(Value::Nil);
    let Some(agent) = text(&first) else {
        let got = shown(&first);
        return Err(format!(
            "agents: expected a user first, as in {{ \"1050\", penalty = 1 }}, got {got}"
        ));
    };
    let wrong = |message: String| format!("agents: '{agent}': {message}");
    if let Some(key) = named(table, SETTINGS)? {
        let suggestion = did_you_mean(&key, SETTINGS.iter().copied());
        return Err(wrong(format!(
            "unknown setting '{key}'{suggestion}: there are {}",
            SETTINGS.join(", ")
        )));
    }
    let number = |name: &str, least: u32, usual: u32| {
        let value: Value = table.raw_get(name).unwrap_or(Value::Nil);
        let number = match &value {
            Value::Nil => Some(usual),
            value => whole(value).and_then(|number| u32::try_from(number).ok()),
        };
        let number = number.filter(|number| *number >= least);
        number.ok_or_else(|| {
            wrong(format!(
                "{name}: expected a whole number from {least}, such as 1"
            ))
        })
    };
    let position = match number("position", 0, 0)? {
        0 => None,
        position => Some(position),
    };
    let skills = table.raw_get("skills").unwrap_or(Value::Nil);
    let skills = match &skills {
        Value::Nil => Skills::new(),
        value => read_skills(value).map_err(|message| wrong(format!("skills: {message}")))?,
    };
    Ok(Member {
        penalty: number("penalty", 0, 0)?,
        level: number("level", 1, 1)?,
        position,
        weight: number("weight", 1, 1)?,
        priority: number("priority", 0, 0)?,
        skills,
        ..Member::new(&agent)
    })
}

/// `{ ["1049"] = { english = 7 } }`.
pub(super) fn skills_by_agent(value: &Value) -> Result<BTreeMap<String, Skills>, String> {
    let wanted = |got: &Value| {
        let got = shown(got);
        format!(
            "skills: expected agents with theirs, {{ [\"1049\"] = {{ english = 7 }} }}, got {got}"
        )
    };
    let Value::Table(table) = value else {
        return Err(wanted(value));
    };
    let mut all = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (agent, skills) = pair.map_err(|error| error.to_string())?;
        let name = text(&agent).ok_or_else(|| wanted(&agent))?;
        let skills =
            read_skills(&skills).map_err(|message| format!("skills: '{name}': {message}"))?;
        all.insert(name, skills);
    }
    Ok(all)
}

/// Gives members what stands in the queue's table of skills; what stands at the member goes before.
pub(super) fn give_skills(members: &mut [Member], mut skills: BTreeMap<String, Skills>) {
    for member in members {
        let mut known = skills.remove(&*member.agent.0).unwrap_or_default();
        known.append(&mut member.skills);
        member.skills = known;
    }
}

/// `{ english = 7, "billing" }`: each with a proficiency from 1 to 10; who only names one means 1.
pub(crate) fn read_skills(value: &Value) -> Result<Skills, String> {
    let wanted = |got: &Value| {
        let got = shown(got);
        format!(
            "expected skills such as {{ english = 7 }} or {{ \"english\" }}, each from 1 to 10, got {got}"
        )
    };
    let Value::Table(table) = value else {
        return Err(wanted(value));
    };
    let mut skills = Skills::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(|error| error.to_string())?;
        let (name, much) = match (&key, &value) {
            (Value::Integer(_), name) => (name.as_string(), Some(1)),
            (name, much) => (name.as_string(), whole(much)),
        };
        let name = name.map(|name| name.to_string_lossy());
        let much = much.and_then(|much| u8::try_from(much).ok());
        match (name, much.filter(|much| (1..=10).contains(much))) {
            (Some(name), Some(much)) => skills.insert(name.as_str().into(), much),
            _ => return Err(wanted(&value)),
        };
    }
    match skills.len() > MOST_SKILLS {
        true => Err(format!("at most {MOST_SKILLS} skills")),
        false => Ok(skills),
    }
}

/// A name in a table that is none of these.
fn named(table: &Table, known: &[&str]) -> Result<Option<String>, String> {
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|error| error.to_string())?;
        if let Some(key) = key.as_string().map(|key| key.to_string_lossy())
            && !known.contains(&key.as_str())
        {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

const SETTINGS: &[&str] = &[
    "penalty", "level", "position", "weight", "priority", "skills",
];
const MOST_SKILLS: usize = 64;
