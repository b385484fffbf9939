//! What settings there are: their types, defaults and limits, and the sentences about mistakes.
//!
//! `config.lua` is checked against one; plugins bring their own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::config::unit;
use crate::suggest::did_you_mean;

/// The settings that a table may have.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    fields: Vec<Field>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given, written as in the file: `"20s"`.
    pub default: Option<Value>,
    /// The least number, seconds, length or count.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
    /// One sentence for whoever fills it in.
    pub help: Cow<'static, str>,
}

/// What a setting holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text.
    String,
    /// Text of a special form; the function says what is wrong with it.
    Form(fn(&str) -> Result<(), String>),
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A length of time: seconds, or text such as `"5m"`. Checked, it is milliseconds.
    Duration,
    /// A time of day: `"09:00"`.
    Time,
    /// An amount of memory: bytes, or text such as `"256MB"`. Checked, it is bytes.
    Size,
    /// `http://` or `https://`.
    Url,
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An internal number: two to eight digits.
    Extension,
    /// Text that is never shown.
    Secret,
    /// What is typed into a phone and never shown: four to ten digits.
    Pin,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// One of these words, which were read from a file.
    OneOf(Vec<String>),
    /// The name of a sound; whoever knows the sounds looks for it.
    Sound,
    /// The number of a mailbox; whoever knows the mailboxes looks for it.
    Mailbox,
    /// The name of a queue.
    Queue,
    /// Several of one kind; a single one may stand without braces.
    List(Box<Self>),
    /// Names, each with one of these.
    Map(Box<Self>),
    /// A table with settings of its own.
    Table(Schema),
    /// Whatever plain data it is; somebody else checks it.
    Data,
}

/// Something wrong with a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// Where: `["sip", "listen", "1"]`.
    pub path: Vec<String>,
    /// The sentence, without the path.
    pub message: String,
}

impl Field {
    /// A setting that need not be given and has no default.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            default: None,
            min: None,
            max: None,
            help: help.into(),
        }
    }

    /// Makes it one that must be given.
    #[must_use]
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Gives it a default, written as in the file.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self {
            default: Some(value.into()),
            ..self
        }
    }

    /// Limits its number, seconds, length or count, both ends included.
    #[must_use]
    pub fn range(self, min: f64, max: f64) -> Self {
        Self {
            min: Some(min),
            max: Some(max),
            ..self
        }
    }
}

impl Schema {
    /// Settings in the order in which a form would show them.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// The settings, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Checks a table and fills in what is not given: durations become milliseconds, sizes bytes,
    /// single values lists where a list is meant.
    ///
    /// # Errors
    /// Everything that is wrong with it, not only the first.
    pub fn check(&self, value: &Value) -> Result<Value, Vec<Complaint>> {
        let mut check = Check {
            path: Vec::new(),
            complaints: Vec::new(),
        };
        let checked = check.table(self, value);
        if check.complaints.is_empty() {
            Ok(checked)
        } else {
            Err(check.complaints)
        }
    }
}

struct Check {
    path: Vec<String>,
    complaints: Vec<Complaint>,
}

impl Check {
    fn complain(&mut self, message: impl Into<String>) -> Value {
        self.complaints.push(Complaint {
            path: self.path.clone(),
            message: message.into(),
        });
        Value::Null
    }

    fn inside<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let done = work(self);
        self.path.pop();
        done
    }

    fn table(&mut self, schema: &Schema, value: &Value) -> Value {
        let empty = Map::new();
        let given = match value {
            Value::Object(given) => given,
            Value::Array(items) if items.is_empty() => &empty,
            _ => return self.complain(format!("expected a table, got {}", shown(value))),
        };
        for name in given.keys() {
            if !schema.fields.iter().any(|field| *field.name == **name) {
                let names = schema.fields.iter().map(|field| &*field.name);
                let message = format!("unknown setting '{name}'{}", did_you_mean(name, names));
                self.inside(name, |check| check.complain(message));
            }
        }
        let mut checked = Map::new();
        for field in &schema.fields {
            let value = match given.get(&*field.name).or(field.default.as_ref()) {
                Some(value) => self.inside(&field.name, |check| check.field(field, value)),
                None if field.required => {
                    self.complain(format!("'{}' is missing: {}", field.name, field.help))
                }
                // A table of settings that all have defaults need not be written.
                None => match &field.kind {
                    Kind::Table(schema) => self.inside(&field.name, |check| {
                        check.table(schema, &Value::Array(vec![]))
                    }),
                    _ => continue,
                },
            };
            checked.insert(field.name.clone().into_owned(), value);
        }
        Value::Object(checked)
    }

    fn field(&mut self, field: &Field, value: &Value) -> Value {
        let before = self.complaints.len();
        let checked = self.kind(&field.kind, value);
        if self.complaints.len() > before {
            return checked;
        }
        let (measure, unit) = match (&field.kind, &checked) {
            (Kind::Duration, Value::Number(millis)) => {
                (millis.as_f64().unwrap_or(0.0) / 1000.0, " seconds")
            }
            (_, Value::Number(number)) => (number.as_f64().unwrap_or(0.0), ""),
            (_, Value::String(text)) => (text.chars().count() as f64, " characters"),
            (_, Value::Array(items)) => (items.len() as f64, " items"),
            _ => return checked,
        };
        if field.min.is_some_and(|min| measure < min) || field.max.is_some_and(|max| measure > max)
        {
            let limits = match (field.min, field.max) {
                (Some(min), Some(max)) if min == max => format!("exactly {min}"),
                (Some(min), Some(max)) => format!("{min} to {max}"),
                (Some(min), None) => format!("at least {min}"),
                (_, max) => format!("at most {}", max.unwrap_or_default()),
            };
            return self.complain(format!("must be {limits}{unit}, is {measure}"));
        }
        checked
    }

    fn kind(&mut self, kind: &Kind, value: &Value) -> Value {
        let read = match kind {
            Kind::List(of) => return self.list(of, value),
            Kind::Map(of) => return self.map(of, value),
            Kind::Table(schema) => return self.table(schema, value),
            Kind::Data => return value.clone(),
            Kind::Form(form) => match value.as_str() {
                Some(text) => match form(text) {
                    Ok(()) => Some(value.clone()),
                    Err(message) => return self.complain(message),
                },
                None => None,
            },
            Kind::Enum(words) => return self.word(words, value),
            Kind::OneOf(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                return self.word(&words, value);
            }
            Kind::String | Kind::Secret | Kind::Sound | Kind::Mailbox | Kind::Queue => {
                value.as_str().map(Value::from)
            }
            Kind::Number => value.as_f64().map(|_| value.clone()),
            Kind::Integer => whole(value).map(Value::from),
            Kind::Boolean => value.as_bool().map(Value::from),
            Kind::Duration => duration(value).map(Value::from),
            Kind::Size => size(value).map(Value::from),
            Kind::Time => value.as_str().filter(|text| is_time(text)).map(Value::from),
            Kind::Url => value.as_str().filter(|text| is_url(text)).map(Value::from),
            Kind::Email => value
                .as_str()
                .filter(|text| is_email(text))
                .map(Value::from),
            Kind::Phone => value
                .as_str()
                .filter(|text| is_phone(text))
                .map(Value::from),
            Kind::Extension => value
                .as_str()
                .filter(|text| is_extension(text))
                .map(Value::from),
            Kind::Pin => value.as_str().filter(|text| is_pin(text)).map(Value::from),
        };
        read.unwrap_or_else(|| {
            let got = match (kind, value) {
                (Kind::Pin, Value::String(_)) => "other text".to_owned(),
                (Kind::Secret | Kind::Pin, _) => kind_of(value).to_owned(),
                _ => shown(value),
            };
            self.complain(format!("expected {}, got {got}", kind.expectation()))
        })
    }

    fn word(&mut self, words: &[&str], value: &Value) -> Value {
        match value.as_str() {
            Some(word) if words.contains(&word) => value.clone(),
            Some(word) => {
                let hint = did_you_mean(word, words.iter().copied());
                self.complain(format!("'{word}' is none of {}{hint}", words.join(", ")))
            }
            None => self.complain(format!("expected text, got {}", shown(value))),
        }
    }

    fn list(&mut self, of: &Kind, value: &Value) -> Value {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            Value::Object(fields) if fields.is_empty() => &[],
            Value::Object(_) => {
                return self.complain("expected a list { a, b }, got a table with names");
            }
            single => std::slice::from_ref(single),
        };
        let checked = items.iter().enumerate().map(|(index, item)| {
            self.inside(&(index + 1).to_string(), |check| check.kind(of, item))
        });
        Value::Array(checked.collect())
    }

    fn map(&mut self, of: &Kind, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let checked = fields.iter().map(|(name, value)| {
                    (
                        name.clone(),
                        self.inside(name, |check| check.kind(of, value)),
                    )
                });
                Value::Object(checked.collect())
            }
            Value::Array(items) if items.is_empty() => Value::Object(Map::new()),
            Value::Array(_) => self.complain("expected names: { name = ... }, got a list"),
            _ => self.complain(format!("expected a table, got {}", shown(value))),
        }
    }
}

impl Kind {
    fn expectation(&self) -> &'static str {
        match self {
            Self::String | Self::Form(_) | Self::Enum(_) | Self::OneOf(_) => "text",
            Self::Sound => "the name of a sound such as \"menu/main\"",
            Self::Mailbox => "the number of a mailbox, as text",
            Self::Queue => "the name of a queue",
            Self::Secret => "text, best from secret \"name\"",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Duration => "seconds or a time such as \"20s\", \"5m\", \"1d\"",
            Self::Time => "a time of day such as \"09:00\"",
            Self::Size => "bytes or a size such as \"256MB\"",
            Self::Url => "an address that begins with http:// or https://",
            Self::Email => "a mail address",
            Self::Phone => "a telephone number such as \"+8613800138000\"",
            Self::Extension => "an extension of two to eight digits, as text",
            Self::Pin => "a PIN of four to ten digits, as text",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Table(_) => "a table",
            Self::Data => "data",
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// A value as it was written, or its kind where that would be long.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() <= 40 => format!("\"{text}\""),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => kind_of(value).to_owned(),
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

fn duration(value: &Value) -> Option<u64> {
    let duration = match value {
        Value::String(text) => unit::duration(text)?,
        _ => unit::seconds_to_duration(value.as_f64()?)?,
    };
    u64::try_from(duration.as_millis()).ok()
}

fn size(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => unit::size(text),
        _ => value.as_u64(),
    }
}

fn is_time(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else {
        return false;
    };
    let below = |part: &str, limit: u8| {
        part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < limit)
    };
    below(hour, 24) && below(minute, 60) || text == "24:00"
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (3..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_extension(text: &str) -> bool {
    (2..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_pin(text: &str) -> bool {
    (4..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "schema/tests.rs"]
mod tests;
