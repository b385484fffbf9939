//! What a script may say of its caller's wait: keys that lead elsewhere, what agents see and hear.

use call::acd::Step;
use call::{Choice, KeyChoice, Sound};
use mlua::{Table, Value};

use super::verbs::Asking;
use crate::api::arguments::{Options, shown, text};
use crate::api::on;
use crate::api::queue::{Queues, step_to};

/// `keys = { ["1"] = "voicemail:8000", ["2"] = "callback", ["3"] = { to = "queue:sales", confirm = false } }`.
pub(super) fn key_choices(asking: &Asking<'_>, options: &Options) -> mlua::Result<Vec<KeyChoice>> {
    let table = match options.value("keys")? {
        Value::Nil => return Ok(Vec::new()),
        Value::Table(table) => table,
        other => {
            let got = shown(&other);
            let wanted =
                format!("expected a table such as {{ [\"1\"] = \"callback\" }}, got {got}");
            return Err(options.refuse("keys", wanted));
        }
    };
    let mut choices = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair?;
        let key = text(&name).and_then(|name| {
            let mut letters = name.chars();
            letters.next().filter(|_| letters.next().is_none())
        });
        let Some(key) = key.filter(|key| "0123456789*#".contains(*key)) else {
            let got = shown(&name);
            return Err(options.refuse("keys", format!("{got} is no key: 0 to 9, * and # are")));
        };
        let choice = one(asking, key, &value);
        choices.push(choice.map_err(|message| options.refuse("keys", message))?);
    }
    choices.sort_by_key(|choice| choice.key);
    Ok(choices)
}

fn one(asking: &Asking<'_>, key: char, value: &Value) -> Result<KeyChoice, String> {
    if let Some(table) = value.as_table()
        && table.contains_key("emit").unwrap_or(false)
    {
        return tell(asking, key, table);
    }
    let (to, confirm) = match value {
        Value::Table(table) => {
            let to: Value = table.raw_get("to").unwrap_or(Value::Nil);
            (to, table.raw_get("confirm").unwrap_or(Value::Nil))
        }
        other => (other.clone(), Value::Nil),
    };
    only(value.as_table(), &["to", "confirm"], key)?;
    let Some(to) = text(&to) else {
        let got = shown(&to);
        return Err(format!(
            "{key}: expected where it leads, such as \"callback\" or \"voicemail:8000\", got {got}"
        ));
    };
    let choice = choice(asking, &to).map_err(|message| format!("{key}: {message}"))?;
    let confirm = match confirm {
        Value::Nil | Value::Boolean(true) => choice.confirmation(),
        Value::Boolean(false) => None,
        sound => Some(
            asking
                .ear()
                .sound(&sound)
                .map_err(|message| format!("{key}: {message}"))?,
        ),
    };
    Ok(KeyChoice {
        key,
        choice,
        confirm,
    })
}

/// `{ emit = "link.wanted", play = "tones/1520" }`.
fn tell(asking: &Asking<'_>, key: char, table: &Table) -> Result<KeyChoice, String> {
    only(Some(table), &["emit", "play"], key)?;
    let get = |name: &str| table.raw_get(name).unwrap_or(Value::Nil);
    let (event, sound) = (get("emit"), get("play"));
    let event = text(&event).filter(|event| on::is_own(event));
    let Some(event) = event else {
        return Err(format!(
            "{key}: emit: expected an event of your own, noun.past, such as \"link.wanted\""
        ));
    };
    let say = match sound {
        Value::Nil => None,
        sound => Some(
            asking
                .ear()
                .sound(&sound)
                .map_err(|message| format!("{key}: play: {message}"))?,
        ),
    };
    Ok(KeyChoice {
        key,
        choice: Choice::Tell { event, say },
        confirm: None,
    })
}

fn only(table: Option<&Table>, known: &[&str], key: char) -> Result<(), String> {
    for pair in table.into_iter().flat_map(Table::pairs::<Value, Value>) {
        let (name, _) = pair.map_err(|error| error.to_string())?;
        let name = text(&name).unwrap_or_default();
        if !known.contains(&name.as_str()) {
            return Err(format!(
                "{key}: unknown option '{name}': there are to and confirm, or emit and play"
            ));
        }
    }
    Ok(())
}

fn choice(asking: &Asking<'_>, to: &str) -> Result<Choice, String> {
    if to == "leave" {
        return Ok(Choice::Leave);
    }
    Ok(match step_to(to)? {
        Step::Callback => Choice::Callback,
        Step::Queue(queue) => {
            if let Some(known) = asking.lua.app_data_ref::<Queues>() {
                known.check(&queue.0)?;
            }
            Choice::Queue(queue)
        }
        Step::Leave(target) | Step::Aside(target) => Choice::Go(target),
    })
}

/// `whisper = { "names/vip" }`: what the agent alone hears.
pub(super) fn whisper(asking: &Asking<'_>, options: &Options) -> mlua::Result<Vec<Sound>> {
    match options.value("whisper")? {
        Value::Nil => Ok(Vec::new()),
        value => {
            let sounds = asking.ear().sounds(&value);
            sounds.map_err(|message| options.refuse("whisper", message))
        }
    }
}
