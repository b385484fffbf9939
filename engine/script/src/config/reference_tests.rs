//! `scripts/CONFIG.md` against the schema: each setting stands in it with its type and default,
//! nothing else does, and its examples are right.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{load, schema};
use crate::schema::{Field, Kind, Schema};

const REFERENCE: &str = include_str!("../../../../scripts/CONFIG.md");

/// Type and default, as the reference has them, by path: `sip.trunks.*.host`.
type Rows = BTreeMap<String, (String, String)>;

#[test]
fn the_reference_has_each_setting_with_its_type_and_default_and_no_other() {
    let mut wanted = Rows::new();
    collect(&schema(), "", &mut wanted);

    let written = rows();

    let missing: Vec<_> = wanted
        .keys()
        .filter(|key| !written.contains_key(*key))
        .collect();
    let unknown: Vec<_> = written
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing: {missing:?}, unknown: {unknown:?}"
    );
    assert_eq!(written, wanted);
}

#[test]
fn the_examples_of_the_reference_are_right() {
    let secrets = std::env::temp_dir().join(format!("moonswitch-reference-{}", std::process::id()));
    for name in ["carrier/password", "8002/200", "8002/299"] {
        let file = secrets.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "25802580\n").unwrap();
    }

    let examples: Vec<&str> = REFERENCE
        .split("```lua\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();

    assert!(examples.len() >= 5);
    for example in examples {
        let file = secrets.join("config.lua");
        std::fs::write(&file, example).unwrap();
        let config = load(&file, &secrets).unwrap_or_else(|why| panic!("{why:?} in\n{example}"));
        assert_eq!(config.demo_passwords_off_loopback(), None);
    }
    std::fs::remove_dir_all(secrets).unwrap();
}

#[test]
fn the_reference_names_no_file_that_is_not_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let links = REFERENCE
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    for link in links {
        let there = match link.strip_prefix('#') {
            Some(anchor) => headings().any(|heading| plain(heading) == anchor),
            None => link
                .split('#')
                .next()
                .is_some_and(|file| root.join(file).exists()),
        };
        assert!(there, "{link}");
    }
}

fn headings() -> impl Iterator<Item = &'static str> {
    REFERENCE
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
}

/// A heading as a link names it.
fn plain(heading: &str) -> String {
    let letters = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    letters.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The rows of the reference's tables. A heading such as `sip.trunks.NAME` is their path.
fn rows() -> Rows {
    let mut rows = Rows::new();
    let mut path = String::new();
    for line in REFERENCE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let parts = heading.trim_matches('`').split('.').map(|part| {
                let is_name = part.chars().all(|c| c.is_ascii_uppercase());
                if is_name { "*" } else { part }
            });
            path = match heading.starts_with('`') {
                true => parts.collect::<Vec<_>>().join(".") + ".",
                false => String::new(),
            };
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", key, kind, default, meaning, ""] = cells[..]
            && let Some(key) = key.strip_prefix('`').and_then(|key| key.strip_suffix('`'))
        {
            assert!(!meaning.is_empty(), "{path}{key} has no meaning");
            let row = (kind.to_owned(), default.to_owned());
            let before = rows.insert(format!("{path}{key}"), row);
            assert!(before.is_none(), "{path}{key} stands there twice");
        }
    }
    rows
}

fn collect(schema: &Schema, path: &str, rows: &mut Rows) {
    for field in schema.fields() {
        let here = format!("{path}{}", field.name);
        rows.insert(here.clone(), (kind(&field.kind), default(field)));
        match &field.kind {
            Kind::Table(inner) => collect(inner, &format!("{here}."), rows),
            Kind::List(of) => {
                if let Kind::Table(inner) = &**of {
                    collect(inner, &format!("{here}."), rows);
                }
            }
            Kind::Map(of) => {
                let of = match &**of {
                    Kind::List(of) => of,
                    _ => of,
                };
                if let Kind::Table(inner) = &**of {
                    collect(inner, &format!("{here}.*."), rows);
                }
            }
            _ => {}
        }
    }
}

fn kind(kind: &Kind) -> String {
    let word = match kind {
        Kind::String | Kind::Form(_) => "text",
        Kind::Number => "number",
        Kind::Integer => "whole number",
        Kind::Boolean => "true or false",
        Kind::Duration => "duration",
        Kind::Time => "time of day",
        Kind::Size => "size",
        Kind::Url => "address",
        Kind::Email => "mail address",
        Kind::Phone => "telephone number",
        Kind::Extension => "extension",
        Kind::Secret => "secret",
        Kind::Pin => "PIN",
        Kind::Map(_) => "table by name",
        Kind::Table(_) => "table",
        Kind::Data => "data",
        Kind::Sound => "sound",
        Kind::Mailbox => "mailbox",
        Kind::Queue => "queue",
        Kind::OneOf(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            return words.join(", ");
        }
        Kind::Enum(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            return words.join(", ");
        }
        Kind::List(of) => return format!("list of {}", self::kind(of)),
    };
    word.to_owned()
}

fn default(field: &Field) -> String {
    match &field.default {
        _ if field.required => "required".to_owned(),
        Some(value) => format!("`{}`", lua(value)),
        None => String::new(),
    }
}

/// A default as `config.lua` would write it.
fn lua(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(lua).collect();
            format!("{{ {} }}", items.join(", "))
        }
        other => other.to_string(),
    }
}
