//! The form of `plugin.lua`, and of the settings that it declares.

use serde_json::Value;

use crate::schema::{Complaint, Field, Kind, Schema};
use crate::suggest::did_you_mean;

/// What a manifest holds, but for the fields of `config`, which [`settings`] reads.
pub(super) fn manifest() -> Schema {
    let texts = || Kind::List(Box::new(Kind::String));
    let permissions = Schema::new(vec![
        Field::new(
            "http_client",
            texts(),
            "Beginnings of URLs, or config.NAME.",
        ),
        Field::new(
            "smpp",
            texts(),
            "Providers of text messages, or config.NAME.",
        ),
        Field::new(
            "private_hosts",
            texts(),
            "Hosts on private networks, or config.NAME.",
        ),
        Field::new(
            "http_routes",
            texts(),
            "Beginnings of paths that it may serve.",
        ),
        Field::new("events", texts(), "Events that it hears."),
        Field::new("jobs", Kind::Boolean, "Work that survives a restart.").default(false),
        Field::new("mail", Kind::Boolean, "Sending mail.").default(false),
        Field::new(
            "recordings",
            Kind::Boolean,
            "The sound of calls and messages.",
        )
        .default(false),
        Field::new("db", Kind::Boolean, "Tables of its own.").default(false),
        Field::new("store", Kind::Boolean, "Values that survive a restart.").default(false),
        Field::new("agents", Kind::Boolean, "Changing agents' states.").default(false),
        Field::new("messages", Kind::Boolean, "Sending text to users' phones.").default(false),
        Field::new("calls", Kind::Boolean, "Making calls and ending others'.").default(false),
        Field::new("voicemail", Kind::Boolean, "The messages in mailboxes.").default(false),
        Field::new("files", Kind::Boolean, "A folder of its own.").default(false),
        Field::new("sms", Kind::Boolean, "Sending through the plugin sms.").default(false),
    ]);
    Schema::new(vec![
        Field::new("name", Kind::Form(name), "The folder's name.").required(),
        Field::new("version", Kind::String, "Its own: 1.0.0.").required(),
        Field::new(
            "api",
            Kind::Integer,
            "The version of the exchange's API: 1.",
        )
        .required()
        .range(1.0, 1.0),
        Field::new("description", Kind::String, "What it does, in a sentence.").required(),
        Field::new("permissions", Kind::Table(permissions), "What it may do."),
        Field::new("config", Kind::Map(Box::new(Kind::Data)), "Its settings."),
    ])
}

/// A name that can stand in `require "plugins.NAME"`, in events and in permissions.
fn name(text: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let right = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(plain)
        && text.len() <= 64
        && text != super::SCRIPT;
    match right {
        true => Ok(()),
        false => Err(format!(
            "'{text}' is no name of a plugin: lower-case letters, digits and _, beginning with a letter"
        )),
    }
}

/// Reads the fields of `config`: `{ url = { type = "url", required = true, help = "…" } }`.
pub(super) fn settings(declared: &Value, complaints: &mut Vec<Complaint>) -> Schema {
    let declared = declared.as_object().into_iter().flatten();
    let fields = declared.filter_map(|(name, spec)| {
        let path = vec!["config".to_owned(), name.clone()];
        field(name, spec, &path, complaints)
    });
    Schema::new(fields.collect())
}

fn field(
    name: &str,
    spec: &Value,
    path: &[String],
    complaints: &mut Vec<Complaint>,
) -> Option<Field> {
    let spec = match description().check(spec) {
        Ok(spec) => spec,
        Err(found) => {
            complaints.extend(found.into_iter().map(|complaint| Complaint {
                path: path.iter().cloned().chain(complaint.path).collect(),
                message: complaint.message,
            }));
            return None;
        }
    };
    let complain = |complaints: &mut Vec<Complaint>, message: String| {
        complaints.push(Complaint {
            path: path.to_vec(),
            message,
        });
    };
    let kind = match kind(&spec) {
        Ok(kind) => kind,
        Err(message) => {
            complain(complaints, message);
            return None;
        }
    };
    let mut field = Field::new(name.to_owned(), kind, text(&spec, "help"));
    field.required = spec["required"] == true;
    field.min = spec["min"].as_f64();
    field.max = spec["max"].as_f64();
    if let Some(default) = spec.get("default") {
        if field.required {
            complain(
                complaints,
                "is required and has a default: one or the other".to_owned(),
            );
        }
        field.default = Some(default.clone());
        // As if it had been written in config.lua.
        let alone = Schema::new(vec![field.clone()]);
        let given = serde_json::json!({ name: default });
        for wrong in alone.check(&given).err().unwrap_or_default() {
            complain(complaints, format!("default: {}", wrong.message));
        }
    }
    Some(field)
}

/// What describes a setting.
fn description() -> Schema {
    Schema::new(vec![
        Field::new("type", Kind::String, "One of the types of settings.").required(),
        Field::new("required", Kind::Boolean, "Whether it must be given.").default(false),
        Field::new("default", Kind::Data, "What it is otherwise."),
        Field::new("help", Kind::String, "One sentence for who fills it in.").default(""),
        Field::new("min", Kind::Number, "The least."),
        Field::new("max", Kind::Number, "The greatest."),
        Field::new(
            "values",
            Kind::List(Box::new(Kind::String)),
            "The words of an enum.",
        ),
        Field::new("of", Kind::String, "What a list or map holds."),
    ])
}

fn kind(spec: &Value) -> Result<Kind, String> {
    let of = |spec: &Value| -> Result<Box<Kind>, String> {
        match spec.get("of").and_then(Value::as_str) {
            Some("list" | "map") => Err("of: a list or map holds plain values".to_owned()),
            Some(of) => plain(of, spec).map(Box::new),
            None => Ok(Box::new(Kind::String)),
        }
    };
    match spec["type"].as_str().unwrap_or_default() {
        "list" => Ok(Kind::List(of(spec)?)),
        "map" => Ok(Kind::Map(of(spec)?)),
        name => plain(name, spec),
    }
}

fn plain(name: &str, spec: &Value) -> Result<Kind, String> {
    Ok(match name {
        "string" | "text" => Kind::String,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "duration" => Kind::Duration,
        "time" => Kind::Time,
        "url" => Kind::Url,
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "extension" => Kind::Extension,
        "secret" => Kind::Secret,
        "sound" => Kind::Sound,
        "mailbox" => Kind::Mailbox,
        "queue" => Kind::Queue,
        "enum" => {
            let words = spec.get("values").and_then(Value::as_array);
            let words = words.into_iter().flatten().filter_map(Value::as_str);
            let words: Vec<String> = words.map(str::to_owned).collect();
            if words.is_empty() {
                return Err("an enum needs values = { \"one\", \"other\" }".to_owned());
            }
            Kind::OneOf(words)
        }
        other => {
            let hint = match did_you_mean(other, TYPES.iter().copied()) {
                hint if hint.is_empty() => format!(": there are {}", TYPES.join(", ")),
                hint => hint,
            };
            return Err(format!("unknown type '{other}'{hint}"));
        }
    })
}

fn text(spec: &Value, name: &str) -> String {
    spec[name].as_str().unwrap_or_default().to_owned()
}

/// What a setting can be.
pub(crate) const TYPES: &[&str] = &[
    "string",
    "text",
    "number",
    "integer",
    "boolean",
    "duration",
    "time",
    "url",
    "email",
    "phone",
    "extension",
    "secret",
    "sound",
    "mailbox",
    "queue",
    "enum",
    "list",
    "map",
];
