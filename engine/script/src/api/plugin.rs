//! The globals of a plugin's files: `plugin`, and those that the manifest must allow.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use mlua::{Error, Function, Lua, MultiValue, Table, Value};

use super::{
    agents, calls, closed, db, desk, emit, every, files, http, jobs, mail, messages, on,
    recordings, smpp, store, voicemail,
};
use crate::convert::from_json;
use crate::plugin::Owner;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{read_only, require};

/// The plugins of this VM, by name.
#[derive(Clone, Default)]
pub(crate) struct Plugins(pub(crate) Rc<BTreeMap<String, Housed>>);

/// One plugin's place in a VM.
pub(crate) struct Housed {
    pub(crate) owner: Rc<Owner>,
    /// The globals of its files.
    pub(crate) globals: Table,
    /// What stands behind `plugin`.
    about: Table,
    settings: Rc<RefCell<Vec<String>>>,
}

/// Makes the globals of all plugins that the tenant names. What they may do is not known yet.
pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let mut plugins = BTreeMap::new();
    for name in surroundings.settings.plugins.keys() {
        plugins.insert(name.clone(), house(lua, surroundings, name)?);
    }
    lua.set_app_data(Plugins(Rc::new(plugins)));
    Ok(())
}

/// The plugins of a VM.
pub(crate) fn plugins(lua: &Lua) -> Plugins {
    let plugins = lua.app_data_ref::<Plugins>();
    plugins.map_or_else(Plugins::default, |plugins| plugins.clone())
}

fn house(lua: &Lua, surroundings: &Rc<Surroundings>, name: &str) -> mlua::Result<Housed> {
    let owner = Owner::plugin(name);
    let globals = lua.create_table()?;
    let about = lua.create_table()?;
    let open = store::opener(lua, surroundings, &owner, "plugin.store")?;
    about.raw_set("store", open)?;
    globals.raw_set("plugin", closed(lua, "plugin", about.clone())?)?;
    for (library, table) in [
        ("http", http::table(lua, surroundings, &owner)?),
        ("jobs", jobs::table(lua, surroundings, &owner)?),
        ("mail", mail::table(lua, surroundings, &owner)?),
        ("recordings", recordings::table(lua, surroundings, &owner)?),
        ("db", db::table(lua, surroundings, &owner)?),
        ("files", files::table(lua, surroundings, &owner)?),
        ("agents", agents::table(lua, surroundings, &owner)?),
        ("desk", desk::table(lua, surroundings, &owner)?),
        ("messages", messages::table(lua, surroundings, &owner)?),
        ("calls", calls::table(lua, surroundings, &owner)?),
        ("voicemail", voicemail::table(lua, surroundings, &owner)?),
        ("smpp", smpp::table(lua, surroundings, &owner)?),
    ] {
        globals.raw_set(library, closed(lua, library, table)?)?;
    }
    globals.raw_set("on", on::function(lua, surroundings, &owner)?)?;
    globals.raw_set("every", every::function(lua, surroundings, &owner)?)?;
    globals.raw_set("emit", emit::function(lua, surroundings, &owner)?)?;
    globals.raw_set("require", require::guarded(lua, &owner)?)?;
    for (denied, instead) in DENIED {
        let sentence = format!("plugin '{name}' may not use {denied}: {instead}");
        let deny = move |_: &Lua, _: MultiValue| -> mlua::Result<()> {
            Err(Error::runtime(sentence.as_str()))
        };
        globals.raw_set(*denied, lua.create_function(deny)?)?;
    }
    let meta = lua.create_table()?;
    meta.raw_set("__index", lua.globals())?;
    let undeclared = |_: &Lua, (_, name): (Value, Value)| -> mlua::Result<()> {
        let name = name.to_string()?;
        Err(Error::runtime(format!(
            "'{name}' is not declared: write `local {name} = ...`"
        )))
    };
    meta.raw_set("__newindex", lua.create_function(undeclared)?)?;
    meta.raw_set("__metatable", "the globals are closed")?;
    globals.set_metatable(Some(meta))?;
    Ok(Housed {
        owner,
        globals,
        about,
        settings: Rc::default(),
    })
}

/// What is the dialplan's alone.
const DENIED: &[(&str, &str)] = &[
    (
        "context",
        "return a handler, and let the dialplan route numbers to it",
    ),
    ("lamps", "emit an event, and let the dialplan set the lamp"),
    ("store", "its values are in plugin.store(\"name\")"),
];

impl Housed {
    /// Fills in what `plugin` says, once the manifest was read. `names` are all settings, also
    /// those that are not given: they are nil, and any other name is a mistake.
    pub(crate) fn tell(
        &self,
        lua: &Lua,
        version: &str,
        names: Vec<String>,
        settings: &serde_json::Value,
    ) -> mlua::Result<()> {
        self.about.raw_set("name", &*self.owner.name)?;
        self.about.raw_set("version", version)?;
        self.settings.replace(names);
        self.about.raw_set("config", self.config(lua, settings)?)
    }

    fn config(&self, lua: &Lua, settings: &serde_json::Value) -> mlua::Result<Table> {
        let Value::Table(content) = from_json(lua, settings)? else {
            return Err(Error::runtime("the settings of a plugin are a table"));
        };
        let why = "it is written in config.lua".to_owned();
        let config = read_only::in_depth(lua, "plugin.config".to_owned(), why, &content)?;
        let Some(meta) = config.metatable() else {
            return Ok(config);
        };
        let shown: Function = meta.raw_get("__index")?;
        let names = Rc::clone(&self.settings);
        let index = move |_: &Lua, (table, key): (Value, Value)| -> mlua::Result<Value> {
            let name = key.to_string()?;
            let names = names.borrow();
            if names.contains(&name) {
                return shown.call((table, key));
            }
            let hint = did_you_mean(&name, names.iter().map(String::as_str));
            Err(Error::runtime(format!(
                "plugin.config has no '{name}'{hint}"
            )))
        };
        meta.raw_set("__index", lua.create_function(index)?)?;
        Ok(config)
    }
}
