//! What a script passes to a function, and the sentences about what it should have passed.

use std::time::Duration;

use mlua::{Error, Function, MultiValue, Table, Value};

use crate::config::unit;
use crate::read_only::seen_through;
use crate::suggest::did_you_mean;

/// The names of a table of options, as the stubs have them.
pub(crate) struct Names {
    /// The stubs' class: `GatherOptions`.
    pub(crate) class: &'static str,
    /// The options.
    pub(crate) names: &'static [&'static str],
}

/// The arguments of one call of a function.
pub(crate) struct Arguments {
    /// As scripts write it: `call:gather`.
    function: &'static str,
    values: Vec<Value>,
}

impl Arguments {
    /// Takes arguments, of which there may be `most`.
    pub(crate) fn new(
        function: &'static str,
        values: impl IntoIterator<Item = Value>,
        most: usize,
    ) -> mlua::Result<Self> {
        let values: Vec<Value> = values.into_iter().map(seen_through).collect();
        let given = values
            .iter()
            .rposition(|value| !value.is_nil())
            .map_or(0, |last| last + 1);
        if given > most {
            let takes = match most {
                0 => "no arguments".to_owned(),
                1 => "one argument".to_owned(),
                more => format!("{more} arguments at most"),
            };
            return Err(Error::runtime(format!(
                "{function} takes {takes}, got {given}"
            )));
        }
        Ok(Self { function, values })
    }

    /// All of them, nils at the end as they were given.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// An argument, from 0; nil when it was not given.
    pub(crate) fn value(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Nil)
    }

    /// The sentence `call:play expects a sound, got a boolean`.
    pub(crate) fn wrong(&self, expected: &str, got: &Value) -> Error {
        let got = shown(got);
        Error::runtime(format!("{} expects {expected}, got {got}", self.function))
    }

    /// A sentence about this function.
    pub(crate) fn refuse(&self, message: impl std::fmt::Display) -> Error {
        Error::runtime(format!("{}: {message}", self.function))
    }

    /// Text; a number will do, as numbers are dialled.
    pub(crate) fn text(&self, index: usize, what: &str) -> mlua::Result<String> {
        text(self.value(index)).ok_or_else(|| self.wrong(what, self.value(index)))
    }

    /// Text or nil.
    pub(crate) fn maybe_text(&self, index: usize, what: &str) -> mlua::Result<Option<String>> {
        if self.value(index).is_nil() {
            Ok(None)
        } else {
            self.text(index, what).map(Some)
        }
    }

    /// A function.
    pub(crate) fn function(&self, index: usize) -> mlua::Result<Function> {
        match self.value(index) {
            Value::Function(function) => Ok(function.clone()),
            other => Err(self.wrong("a function", other)),
        }
    }

    /// A time: seconds, or text such as `"5m"`.
    pub(crate) fn duration(&self, index: usize) -> mlua::Result<Duration> {
        let value = self.value(index);
        duration(value).ok_or_else(|| self.wrong(DURATION, value))
    }

    /// A table of options; none when it was not given.
    pub(crate) fn options(&self, index: usize, names: &'static Names) -> mlua::Result<Options> {
        let table = match self.value(index) {
            Value::Nil => None,
            Value::Table(table) => Some(table.clone()),
            other => return Err(self.wrong("a table of options", other)),
        };
        Options::new(self.function, table, names)
    }
}

/// A table of named options, all of which are known.
pub(crate) struct Options {
    function: &'static str,
    table: Option<Table>,
}

impl Options {
    fn new(
        function: &'static str,
        table: Option<Table>,
        names: &'static Names,
    ) -> mlua::Result<Self> {
        for pair in table.iter().flat_map(Table::pairs::<Value, Value>) {
            let (key, _) = pair?;
            let name = match &key {
                Value::String(name) => name.to_string_lossy(),
                other => {
                    let got = shown(other);
                    let message = format!("{function} expects named options, got the name {got}");
                    return Err(Error::runtime(message));
                }
            };
            if !names.names.contains(&name.as_str()) {
                let hint = match did_you_mean(&name, names.names.iter().copied()) {
                    hint if hint.is_empty() => format!(": there are {}", names.names.join(", ")),
                    hint => hint,
                };
                let message = format!("{function}: unknown option '{name}'{hint}");
                return Err(Error::runtime(message));
            }
        }
        Ok(Self { function, table })
    }

    /// An option's value; nil when it is not set.
    pub(crate) fn value(&self, name: &str) -> mlua::Result<Value> {
        self.table.as_ref().map_or(Ok(Value::Nil), |table| {
            table.raw_get(name).map(seen_through)
        })
    }

    /// A table of options within this one.
    pub(crate) fn within(&self, name: &str, names: &'static Names) -> mlua::Result<Option<Self>> {
        match self.value(name)? {
            Value::Nil => Ok(None),
            Value::Table(table) => Self::new(self.function, Some(table), names).map(Some),
            other => {
                let message = format!("expected a table, got {}", shown(&other));
                Err(self.refuse(name, message))
            }
        }
    }

    /// A sentence about this option.
    pub(crate) fn refuse(&self, name: &str, message: impl std::fmt::Display) -> Error {
        Error::runtime(format!("{}: {name}: {message}", self.function))
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> mlua::Result<Option<T>> {
        match self.value(name)? {
            Value::Nil => Ok(None),
            value => read(&value).map(Some).ok_or_else(|| {
                self.refuse(name, format!("expected {expected}, got {}", shown(&value)))
            }),
        }
    }

    /// Text; a number will do.
    pub(crate) fn text(&self, name: &str) -> mlua::Result<Option<String>> {
        self.read(name, "text", text)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, name: &str, default: bool) -> mlua::Result<bool> {
        let read = self.read(name, "true or false", Value::as_boolean)?;
        Ok(read.unwrap_or(default))
    }

    /// A time.
    pub(crate) fn duration(&self, name: &str, default: Duration) -> mlua::Result<Duration> {
        Ok(self.read(name, DURATION, duration)?.unwrap_or(default))
    }

    /// A time, or nothing.
    pub(crate) fn maybe_duration(&self, name: &str) -> mlua::Result<Option<Duration>> {
        self.read(name, DURATION, duration)
    }

    /// A whole number within limits.
    pub(crate) fn whole(
        &self,
        name: &str,
        default: i64,
        limits: std::ops::RangeInclusive<i64>,
    ) -> mlua::Result<i64> {
        let expected = format!("a whole number from {} to {}", limits.start(), limits.end());
        let read = |value: &Value| whole(value).filter(|number| limits.contains(number));
        Ok(self.read(name, &expected, read)?.unwrap_or(default))
    }

    /// One of these words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> mlua::Result<Option<T>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => Err(self.refuse(
                name,
                unknown_word(&text, words.iter().map(|(word, _)| *word)),
            )),
        }
    }
}

/// The sentence `'bussy' is none of busy, rejected (did you mean 'busy'?)`.
pub(crate) fn unknown_word<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let hint = did_you_mean(word, known.clone());
    let known: Vec<&str> = known.into_iter().collect();
    format!("'{word}' is none of {}{hint}", known.join(", "))
}

/// Reads text; a number counts.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.to_str().ok().map(|text| text.to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a whole number, also one that a division made.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(*number as i64)
        }
        _ => None,
    }
}

/// Reads a time.
pub(crate) fn duration(value: &Value) -> Option<Duration> {
    match value {
        Value::Integer(seconds) => unit::seconds_to_duration(*seconds as f64),
        Value::Number(seconds) => unit::seconds_to_duration(*seconds),
        Value::String(text) => unit::duration(&text.to_str().ok()?),
        _ => None,
    }
}

/// Reads a point in time, in seconds since 1970: microseconds since then.
pub(crate) fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(seconds) => Some(seconds.saturating_mul(1_000_000)),
        Value::Number(seconds) if seconds.is_finite() => Some((seconds * 1e6) as i64),
        _ => None,
    }
}

/// A value in a sentence: short ones as they are, others by their kind.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Nil => "nothing".to_owned(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.as_bytes().len() <= 60 => format!("\"{}\"", text.display()),
        Value::String(_) => "a long text".to_owned(),
        other => format!("a {}", other.type_name()),
    }
}

/// Takes the object in front of the colon off a method's arguments.
pub(crate) fn without_self(values: MultiValue) -> (Value, Vec<Value>) {
    let mut values = values.into_iter();
    (values.next().unwrap_or(Value::Nil), values.collect())
}

const DURATION: &str = "seconds or a time such as \"20s\"";
