//! `config`: the tenant's part of `config.lua` that dialplans look things up in; no secrets.

use std::collections::BTreeMap;

use mlua::{Lua, Table};

use crate::config::Tenant;
use crate::read_only::read_only;

pub(crate) fn register(lua: &Lua, tenant: &str, settings: &Tenant) -> mlua::Result<()> {
    let config = lua.create_table()?;
    config.raw_set("tenant", tenant)?;
    config.raw_set("domain", settings.domain.as_str())?;
    config.raw_set("timezone", settings.timezone.as_str())?;
    config.raw_set("language", settings.language.as_str())?;
    let users = named(lua, "config.users", &settings.users, |user, row| {
        row.raw_set("name", user.name.as_deref())?;
        row.raw_set("mailbox", user.mailbox.as_deref())
    })?;
    config.raw_set("users", users)?;
    let mailboxes = named(
        lua,
        "config.mailboxes",
        &settings.mailboxes,
        |mailbox, row| row.raw_set("name", mailbox.name.as_deref()),
    )?;
    config.raw_set("mailboxes", mailboxes)?;
    lua.globals().raw_set("config", config)
}

fn named<T>(
    lua: &Lua,
    name: &str,
    items: &BTreeMap<String, T>,
    fill: impl Fn(&T, &Table) -> mlua::Result<()>,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (key, item) in items {
        let row = lua.create_table()?;
        fill(item, &row)?;
        let row = read_only(lua, &format!("{name}.{key}"), row)?;
        table.raw_set(key.as_str(), row)?;
    }
    read_only(lua, name, table)
}
