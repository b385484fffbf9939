//! What scripts may write where something is to be heard.
//!
//! `"menu/main"`, `"tone:beep"`, `"silence:2"`, `{ number = 12 }`, `{ digits = "1049" }`,
//! `{ date = t }`, `{ time = t }`, a recording, a message, or a list of these.

use call::{Say, Sound, Tone};
use mlua::{Table, Value};

use crate::config::unit;
use crate::surroundings::{LiveCall, Surroundings};

use super::arguments::{shown, text, unknown_word, whole};

/// Checks sounds for one call, in its language.
pub(crate) struct Ear<'a> {
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) live: &'a LiveCall,
}

impl Ear<'_> {
    /// Reads one sound or a list of them.
    ///
    /// # Errors
    /// The sentence that says what is wrong with it.
    pub(crate) fn sounds(&self, value: &Value) -> Result<Vec<Sound>, String> {
        match value {
            Value::Table(list) if list.raw_len() > 0 => {
                let items = list.sequence_values::<Value>();
                let sounds = items.map(|item| {
                    let item = item.map_err(|error| error.to_string())?;
                    self.sound(&item)
                });
                sounds.collect()
            }
            Value::Table(list) if list.is_empty() => Ok(Vec::new()),
            single => self.sound(single).map(|sound| vec![sound]),
        }
    }

    /// Reads one sound.
    ///
    /// # Errors
    /// The sentence that says what is wrong with it.
    pub(crate) fn sound(&self, value: &Value) -> Result<Sound, String> {
        match value {
            Value::String(name) => self.named(&name.to_string_lossy()),
            Value::Table(table) => made(table),
            other => Err(format!(
                "expected a sound such as \"menu/main\", got {}",
                shown(other)
            )),
        }
    }

    fn named(&self, name: &str) -> Result<Sound, String> {
        match name.split_once(':') {
            Some(("tone", tone)) => {
                let found = TONES.iter().find(|(word, _)| *word == tone);
                let known = TONES.iter().map(|(word, _)| *word);
                found
                    .map(|(_, tone)| Sound::Tone(*tone))
                    .ok_or_else(|| format!("tone {}", unknown_word(tone, known)))
            }
            Some(("silence", length)) => {
                unit::duration(length).map(Sound::Silence).ok_or_else(|| {
                    format!("expected \"silence:2\" or \"silence:500ms\", got \"{name}\"")
                })
            }
            Some(("recording", id)) => id
                .parse()
                .map(Sound::Recording)
                .map_err(|_| format!("'{id}' is no recording's id")),
            Some((kind, _)) => {
                let known = ["tone", "silence", "recording"];
                Err(format!(
                    "unknown kind of sound: {}",
                    unknown_word(kind, known)
                ))
            }
            None => {
                let language = self.live.language.borrow();
                let language = language.as_deref().unwrap_or(&self.live.setup.language);
                let tenant = &self.surroundings.tenant;
                self.surroundings.sounds.check(tenant, name, language)?;
                Ok(Sound::Named(name.to_owned()))
            }
        }
    }
}

/// Reads `{ number = 12 }`, a recording or a message.
fn made(table: &Table) -> Result<Sound, String> {
    let get = |name: &str| {
        table
            .raw_get::<Value>(name)
            .ok()
            .filter(|value| !value.is_nil())
    };
    if let Some(id) = get("id").and_then(|id| text(&id)) {
        // What `call:voicemail` returns names its mailbox, what `call:record` returns does not.
        let parsed = match get("mailbox") {
            Some(_) => id.parse().map(Sound::Message),
            None => id.parse().map(Sound::Recording),
        };
        return parsed.map_err(|_| format!("'{id}' is no recording's id"));
    }
    say(table).map(Sound::Say)
}

/// Reads `{ number = }`, `{ digits = }`, `{ date = }` or `{ time = }`, exactly one of them.
pub(crate) fn say(table: &Table) -> Result<Say, String> {
    let mut pairs = table.pairs::<Value, Value>();
    let one = match (pairs.next(), pairs.next()) {
        (Some(Ok((Value::String(name), value))), None) => Some((name.to_string_lossy(), value)),
        _ => None,
    };
    let wanted = "expected one of number, digits, date, time: { number = 12 }";
    let Some((name, value)) = one else {
        return Err(wanted.to_owned());
    };
    let number = |what: &str| {
        whole(&value).ok_or_else(|| format!("{name}: expected {what}, got {}", shown(&value)))
    };
    match name.as_str() {
        "number" => number("a whole number").map(Say::Number),
        "date" => number("seconds since 1970").map(Say::Date),
        "time" => number("seconds since 1970").map(Say::Time),
        "digits" => match text(&value) {
            Some(digits) if is_dialled(&digits) => Ok(Say::Digits(digits)),
            _ => Err(format!("digits: expected digits, got {}", shown(&value))),
        },
        _ => Err(unknown_word(&name, SAYINGS.iter().copied())),
    }
}

fn is_dialled(digits: &str) -> bool {
    !digits.is_empty()
        && digits.len() <= 64
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+*#".contains(&byte))
}

/// What can be said; the stubs' class `Say`.
pub(crate) const SAYINGS: &[&str] = &["number", "digits", "date", "time"];

pub(crate) const TONES: &[(&str, Tone)] = &[
    ("beep", Tone::Beep),
    ("busy", Tone::Busy),
    ("congestion", Tone::Congestion),
    ("ringback", Tone::Ringback),
    ("confirm", Tone::Confirm),
    ("apology", Tone::Apology),
];
