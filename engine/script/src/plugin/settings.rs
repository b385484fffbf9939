//! A tenant's settings for a plugin: checked against its manifest, and as the plugin sees them.

use serde_json::{Map, Value};

use crate::schema::{Complaint, Kind, Schema};

/// Checks settings. `named` says what is wrong with the name of a sound or mailbox.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn check(
    schema: &Schema,
    given: &Value,
    named: &dyn Fn(&Kind, &str) -> Result<(), String>,
) -> Result<Value, Vec<Complaint>> {
    let checked = schema.check(given)?;
    let mut found = Vec::new();
    for field in schema.fields() {
        let Some(value) = checked.get(&*field.name) else {
            continue;
        };
        texts(&field.kind, value, &mut |kind, text| {
            if let Err(message) = named(kind, text) {
                found.push(Complaint {
                    path: vec![field.name.clone().into_owned()],
                    message,
                });
            }
        });
    }
    match found.is_empty() {
        true => Ok(checked),
        false => Err(found),
    }
}

/// Checked settings as a script wants them: durations are seconds there, as everywhere in Lua.
pub(crate) fn for_lua(schema: &Schema, checked: &Value) -> Value {
    let fields = schema.fields().iter().filter_map(|field| {
        let value = checked.get(&*field.name)?;
        Some((field.name.clone().into_owned(), plain(&field.kind, value)))
    });
    Value::Object(fields.collect::<Map<String, Value>>())
}

fn plain(kind: &Kind, value: &Value) -> Value {
    match (kind, value) {
        (Kind::Duration, Value::Number(millis)) => {
            let millis = millis.as_u64().unwrap_or_default();
            match millis % 1000 {
                0 => Value::from(millis / 1000),
                _ => Value::from(millis as f64 / 1000.0),
            }
        }
        (Kind::List(of), Value::Array(items)) => items.iter().map(|item| plain(of, item)).collect(),
        (Kind::Map(of), Value::Object(fields)) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), plain(of, value)));
            Value::Object(fields.collect())
        }
        (_, value) => value.clone(),
    }
}

/// Whether a setting is of this kind, or a list or map of it.
pub(crate) fn is_of(kind: &Kind, wanted: &Kind) -> bool {
    match kind {
        Kind::List(of) | Kind::Map(of) => is_of(of, wanted),
        kind => std::mem::discriminant(kind) == std::mem::discriminant(wanted),
    }
}

/// The texts of settings of one name, also in lists and maps.
pub(crate) fn values(schema: &Schema, checked: &Value, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let field = schema.fields().iter().find(|field| field.name == name);
    if let (Some(field), Some(value)) = (field, checked.get(name)) {
        texts(&field.kind, value, &mut |_, text| {
            found.push(text.to_owned())
        });
    }
    found
}

fn texts(kind: &Kind, value: &Value, tell: &mut dyn FnMut(&Kind, &str)) {
    match (kind, value) {
        (Kind::List(of), Value::Array(items)) => items.iter().for_each(|it| texts(of, it, tell)),
        (Kind::Map(of), Value::Object(fields)) => {
            fields.values().for_each(|it| texts(of, it, tell))
        }
        (kind, Value::String(text)) => tell(kind, text),
        _ => {}
    }
}
