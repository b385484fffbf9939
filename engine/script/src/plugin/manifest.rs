//! `plugin.lua`: what a plugin says of itself. Data only; it is read in a VM of its own.

use mlua::chunk::ChunkMode;
use mlua::{HookTriggers, Lua, LuaOptions, StdLib, Value as LuaValue};

use crate::config::Lines;
use crate::convert::to_json;
use crate::door::Path;
use crate::fault;
use crate::http::Pattern;
use crate::schema::{Complaint, Kind, Schema};
use crate::smpp::Place;
use crate::suggest::did_you_mean;

use super::{Permissions, form};

/// What a plugin says of itself.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder's name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// What it asks to be allowed.
    pub permissions: Permissions,
    /// Its settings.
    pub config: Schema,
}

/// Reads the manifest of the plugin in folder `name`, from its text.
///
/// # Errors
/// All that is wrong with it, as `plugins/tickets/plugin.lua:12: config.url: unknown type 'adress'`.
pub fn read(name: &str, source: &str) -> Result<Manifest, Vec<String>> {
    let file = format!("plugins/{name}/plugin.lua");
    let value = evaluate(&file, source).map_err(|error| vec![error])?;
    let lines = Lines::of(source);
    let placed = |complaint: Complaint| {
        let path = complaint.path.join(".");
        let line = lines.line(&complaint.path);
        let line = line.map_or_else(String::new, |line| format!("{line}: "));
        match path.as_str() {
            "" => format!("{file}:{line}{}", complaint.message),
            path => format!("{file}:{line}{path}: {}", complaint.message),
        }
    };
    let checked = form::manifest()
        .check(&value)
        .map_err(|found| found.into_iter().map(placed).collect::<Vec<_>>())?;
    let mut complaints = Vec::new();
    let config = form::settings(&checked["config"], &mut complaints);
    let permissions: Permissions =
        serde_json::from_value(checked["permissions"].clone()).unwrap_or_default();
    check_permissions(&permissions, &config, &mut complaints);
    let text = |key: &str| checked[key].as_str().unwrap_or_default().to_owned();
    if text("name") != name {
        complaints.push(Complaint {
            path: vec!["name".to_owned()],
            message: format!("is '{}', and the folder is called '{name}'", text("name")),
        });
    }
    if !complaints.is_empty() {
        return Err(complaints.into_iter().map(placed).collect());
    }
    Ok(Manifest {
        name: text("name"),
        version: text("version"),
        description: text("description"),
        permissions,
        config,
    })
}

/// Whether what permissions name can be: URLs, hosts, and settings that are there.
fn check_permissions(permissions: &Permissions, config: &Schema, found: &mut Vec<Complaint>) {
    type Form = fn(&str) -> Result<(), String>;
    let mut check = |list: &str, items: &[String], kinds: &[Kind], form: Form| {
        for (index, item) in items.iter().enumerate() {
            let wrong = match item.strip_prefix("config.") {
                Some(setting) => is_setting(setting, config, kinds),
                None => form(item),
            };
            if let Err(message) = wrong {
                let path = ["permissions", list, &(index + 1).to_string()];
                let path = path.map(str::to_owned).to_vec();
                found.push(Complaint { path, message });
            }
        }
    };
    let (urls, hosts) = ([Kind::Url], [Kind::String]);
    check("http_client", &permissions.http_client, &urls, |item| {
        Pattern::parse(item).map(drop)
    });
    check("http_routes", &permissions.http_routes, &urls, |item| {
        Path::parse(item).map(drop)
    });
    check("smpp", &permissions.smpp, &hosts, |item| {
        Place::parse(item).map(drop)
    });
    let either = [Kind::Url, Kind::String];
    check(
        "private_hosts",
        &permissions.private_hosts,
        &either,
        |item| {
            let host = item
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
            match host && !item.is_empty() {
                true => Ok(()),
                false => Err(format!("expected a host or config.NAME, got \"{item}\"")),
            }
        },
    );
}

fn is_setting(setting: &str, config: &Schema, kinds: &[Kind]) -> Result<(), String> {
    let same = |kind: &Kind| {
        let mut kinds = kinds.iter();
        kinds.any(|it| std::mem::discriminant(it) == std::mem::discriminant(kind))
    };
    let is_one = |kind: &Kind| match kind {
        Kind::List(of) | Kind::Map(of) => same(of),
        kind => same(kind),
    };
    match config.fields().iter().find(|field| field.name == setting) {
        Some(field) if is_one(&field.kind) => Ok(()),
        Some(_) => {
            let words = kinds.iter().map(|kind| match kind {
                Kind::Url => "\"url\"",
                _ => "\"string\"",
            });
            let words: Vec<&str> = words.collect();
            Err(format!(
                "config.{setting} is no setting of type {}",
                words.join(" or ")
            ))
        }
        None => {
            let hint = did_you_mean(setting, config.fields().iter().map(|field| &*field.name));
            Err(format!("there is no setting '{setting}'{hint}"))
        }
    }
}

fn evaluate(file: &str, source: &str) -> Result<serde_json::Value, String> {
    let run = || {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::default())?;
        lua.set_memory_limit(MEMORY)?;
        let triggers = HookTriggers::new().every_nth_instruction(INSTRUCTIONS);
        lua.set_hook(triggers, |_, _| {
            Err(mlua::Error::runtime(
                "computes for too long: plugin.lua is data",
            ))
        })?;
        let nothing = lua.create_table()?;
        let unknown = |_: &Lua, (_, name): (LuaValue, String)| -> mlua::Result<()> {
            Err(mlua::Error::runtime(format!(
                "unknown name '{name}': plugin.lua is data; perhaps quotes are missing around it"
            )))
        };
        let meta = lua.create_table()?;
        meta.raw_set("__index", lua.create_function(unknown)?)?;
        nothing.set_metatable(Some(meta))?;
        let chunk = lua.load(source).set_name(format!("@{file}"));
        // Not `eval`, which would make a tail call of it, without a line.
        let chunk = chunk.set_mode(ChunkMode::Text).set_environment(nothing);
        let value: LuaValue = chunk.into_function()?.call(())?;
        if !value.is_table() {
            return Err(mlua::Error::runtime(format!(
                "{file}:1: plugin.lua must end with return {{ ... }}"
            )));
        }
        to_json(&lua, &value).map_err(mlua::Error::runtime)
    };
    run().map_err(|error| {
        let sentence = fault::sentence(&error);
        match sentence.starts_with(file) {
            true => sentence,
            false => format!("{file}: {sentence}"),
        }
    })
}

const MEMORY: usize = 16 << 20;
const INSTRUCTIONS: u32 = 1_000_000;
