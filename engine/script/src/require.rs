//! `require`: modules of the project, from the generation's snapshot, each once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use mlua::chunk::ChunkMode;
use mlua::{Error, Function, Lua, Value};

use crate::api::plugin::plugins;
use crate::plugin::{self, Owner, Right};
use crate::snapshot::Snapshot;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;

/// Makes `require` for one VM.
pub(crate) fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    snapshot: &Arc<Snapshot>,
) -> mlua::Result<Function> {
    let loaded: RefCell<BTreeMap<String, Module>> = RefCell::default();
    let snapshot = Arc::clone(snapshot);
    let tenant = surroundings.tenant.clone();
    lua.create_function(move |lua, name: String| {
        let path = path_of(&snapshot, &name).map_err(|error| {
            let plugin = plugin_of(&name).filter(|it| snapshot.plugins.iter().any(|one| one == it));
            plugin.map_or(error, |plugin| {
                Error::runtime(format!(
                    "plugin '{plugin}' is not among the plugins of tenant {tenant} in config.lua"
                ))
            })
        })?;
        match loaded.borrow().get(&path) {
            Some(Module::Done(value)) => return Ok(value.clone()),
            Some(Module::Loading) => return Err(circle(&loaded.borrow(), &path)),
            None => {}
        }
        loaded.borrow_mut().insert(path.clone(), Module::Loading);
        let result =
            compile(lua, &snapshot, &path).and_then(|chunk| chunk.call::<Value>(name.as_str()));
        match result {
            Ok(value) => {
                // As in Lua: a module that returns nothing is true, so that it is loaded once.
                let value = if value.is_nil() {
                    Value::Boolean(true)
                } else {
                    value
                };
                loaded
                    .borrow_mut()
                    .insert(path, Module::Done(value.clone()));
                Ok(value)
            }
            Err(error) => {
                loaded.borrow_mut().remove(&path);
                Err(error)
            }
        }
    })
}

/// `require` as a plugin has it: what sends text messages is paid for, and has to be allowed.
pub(crate) fn guarded(lua: &Lua, owner: &Rc<Owner>) -> mlua::Result<Function> {
    let owner = Rc::clone(owner);
    lua.create_function(move |lua, name: String| {
        let of = plugin_of(&name);
        if of == Some(SMS) && &*owner.name != SMS {
            let allowed = owner.may_use(Right::Sms);
            allowed.map_err(|message| Error::runtime(format!("require '{name}': {message}")))?;
        }
        let require: Function = lua.globals().get("require")?;
        require.call::<Value>(name)
    })
}

/// The plugin that a module's name is of: `plugins.sms`, `plugins.sms.text`.
fn plugin_of(name: &str) -> Option<&str> {
    name.strip_prefix("plugins.")?.split('.').next()
}

/// Compiles one file of the snapshot, as text. A plugin's file gets the plugin's globals.
pub(crate) fn compile(lua: &Lua, snapshot: &Snapshot, path: &str) -> mlua::Result<Function> {
    let source = snapshot
        .file(path)
        .ok_or_else(|| Error::runtime(format!("{path} is not among the generation's sources")))?;
    let chunk = lua
        .load(source)
        .set_name(format!("@{path}"))
        .set_mode(ChunkMode::Text);
    let plugins = plugins(lua);
    match plugin::of_path(path).and_then(|name| plugins.0.get(name)) {
        Some(housed) => chunk
            .set_environment(housed.globals.clone())
            .into_function(),
        None => chunk.into_function(),
    }
}

enum Module {
    Loading,
    Done(Value),
}

fn path_of(snapshot: &Snapshot, name: &str) -> mlua::Result<String> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if !name.split('.').all(plain) {
        return Err(Error::runtime(format!(
            "require '{name}': a module is written from the project's root with dots, as scripts.8001.hours"
        )));
    }
    snapshot.module(name).ok_or_else(|| {
        let modules: Vec<String> = snapshot.modules().collect();
        let nearest = did_you_mean(name, modules.iter().map(String::as_str));
        Error::runtime(format!("no module '{name}'{nearest}"))
    })
}

fn circle(loaded: &BTreeMap<String, Module>, path: &str) -> Error {
    let others: Vec<&str> = loaded
        .iter()
        .filter(|(other, module)| matches!(module, Module::Loading) && *other != path)
        .map(|(other, _)| other.as_str())
        .collect();
    Error::runtime(if others.is_empty() {
        format!("{path} requires itself")
    } else {
        format!(
            "{path} is required in a circle, through {}",
            others.join(", ")
        )
    })
}

/// The plugin that sends text messages.
const SMS: &str = "sms";
