//! `store("seen", { expires = "1d" })`: values that outlive calls and reloads.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use ::store::KvKey;
use mlua::{
    Error, Function, IntoLuaMulti, Lua, LuaString, MetaMethod, MultiValue, UserData,
    UserDataMethods, Value,
};

use super::arguments::{Arguments, Names, whole};
use super::class::{Class, receive, refuse_set};
use super::while_running;
use crate::convert::{from_json, to_json};
use crate::plugin::{Owner, Right};
use crate::surroundings::Surroundings;
use crate::{Place, fault, vm};

/// One named store of the tenant's scripts, or of a plugin.
struct Shelf {
    name: String,
    owner: Rc<Owner>,
    /// How long a value stays, in microseconds; `None` is for ever.
    expires: Option<i64>,
    surroundings: Rc<Surroundings>,
}

impl Shelf {
    fn key(&self, key: String) -> KvKey {
        let tenant = self.surroundings.tenant.to_string();
        KvKey {
            tenant,
            scope: format!("{}/{}", self.owner.name, self.name),
            key,
        }
    }

    fn now(&self) -> i64 {
        self.surroundings.clock.unix_micros()
    }

    fn expires_at(&self) -> Option<i64> {
        self.expires
            .map(|expires| self.now().saturating_add(expires))
    }
}

impl UserData for Shelf {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, shelf, name: LuaString| {
            let name = name.to_str()?;
            let method = class(lua)?.method(&name)?;
            shelf.surroundings.takes(lua, &name);
            Ok(method)
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            let hint = ": write seen:set(key, value)";
            Err::<(), _>(refuse_set(&class(lua)?, &name, hint))
        });
    }
}

pub(crate) struct ShelfClass(pub(crate) Rc<Class>);

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<ShelfClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime("stores are not known in this VM")),
    }
}

/// The options of `store(name, { ... })`.
pub(crate) static OPTIONS: Names = Names {
    class: "StoreOptions",
    names: &["expires"],
};

type Work = Pin<Box<dyn Future<Output = mlua::Result<MultiValue>>>>;

struct Method {
    name: &'static str,
    function: &'static str,
    most: usize,
    begin: fn(&Lua, &Shelf, &Arguments) -> mlua::Result<Work>,
}

/// Makes the function that opens stores of one owner.
pub(crate) fn opener(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
    function: &'static str,
) -> mlua::Result<Function> {
    let (around, owner) = (Rc::clone(surroundings), Rc::clone(owner));
    let open = move |_: &Lua, values: MultiValue| {
        let arguments = Arguments::new(function, values, 2)?;
        let allowed = owner.may_use(Right::Store);
        allowed.map_err(|message| arguments.refuse(message))?;
        let name = arguments.text(0, "a name such as \"seen\"")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            let message = format!("'{name}' is no name: letters, digits, - and _ only");
            return Err(arguments.refuse(message));
        }
        let expires = arguments.options(1, &OPTIONS)?.maybe_duration("expires")?;
        let expires = expires.and_then(|expires| i64::try_from(expires.as_micros()).ok());
        Ok(Shelf {
            name,
            owner: Rc::clone(&owner),
            expires,
            surroundings: Rc::clone(&around),
        })
    };
    lua.create_function(open)
}

pub(crate) fn register(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<()> {
    let open = opener(lua, surroundings, owner, "store")?;
    lua.globals().raw_set("store", open)?;

    let mut class = Class::new("a store", "store", &[]);
    for method in METHODS {
        let run = lua.create_async_function(move |lua, values: MultiValue| {
            let around = lua
                .app_data_ref::<Rc<Surroundings>>()
                .map(|it| Rc::clone(&it));
            let place = around.map_or_else(Place::default, |around| {
                around.asked_at(&lua, method.name, None)
            });
            let begun = begin(&lua, method, values);
            async move {
                let done = match begun {
                    Ok(work) => work.await,
                    Err(error) => Err(error),
                };
                done.map_err(|error| fault::at(&place, error))
            }
        })?;
        class.add(method.name, vm::waiting(lua, method.function, run)?);
    }
    lua.set_app_data(ShelfClass(Rc::new(class)));
    Ok(())
}

fn begin(lua: &Lua, method: &Method, values: MultiValue) -> mlua::Result<Work> {
    let (shelf, arguments) = receive::<Shelf>(method.function, values, method.most)?;
    while_running(&shelf.surroundings, method.function)?;
    (method.begin)(lua, &shelf, &arguments)
}

const METHODS: &[Method] = &[
    Method {
        name: "get",
        function: "store:get",
        most: 1,
        begin: get,
    },
    Method {
        name: "set",
        function: "store:set",
        most: 2,
        begin: set,
    },
    Method {
        name: "add",
        function: "store:add",
        most: 2,
        begin: add,
    },
    Method {
        name: "delete",
        function: "store:delete",
        most: 1,
        begin: delete,
    },
    Method {
        name: "incr",
        function: "store:incr",
        most: 2,
        begin: incr,
    },
    Method {
        name: "each",
        function: "store:each",
        most: 1,
        begin: each,
    },
];

fn get(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let coming = shelf
        .surroundings
        .store
        .kv_get(key(shelf, arguments)?, shelf.now());
    work(lua, "store:get", coming, |lua, found| match found {
        Some(value) => from_json(lua, &value)?.into_lua_multi(lua),
        None => Value::Nil.into_lua_multi(lua),
    })
}

fn set(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let key = key(shelf, arguments)?;
    if arguments.value(1).is_nil() {
        // As in a table: nil takes it out.
        let coming = shelf.surroundings.store.kv_delete(key, shelf.now());
        return work(lua, "store:set", coming, |lua, _| ().into_lua_multi(lua));
    }
    let value = to_json(lua, arguments.value(1)).map_err(|message| arguments.refuse(message))?;
    let coming = shelf
        .surroundings
        .store
        .kv_set(key, value, shelf.expires_at());
    work(lua, "store:set", coming, |lua, ()| ().into_lua_multi(lua))
}

fn add(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let key = key(shelf, arguments)?;
    let value = match arguments.value(1) {
        Value::Nil => serde_json::Value::Bool(true),
        value => to_json(lua, value).map_err(|message| arguments.refuse(message))?,
    };
    let coming = shelf
        .surroundings
        .store
        .kv_add(key, value, shelf.expires_at(), shelf.now());
    work(lua, "store:add", coming, |lua, added| {
        added.into_lua_multi(lua)
    })
}

fn delete(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let coming = shelf
        .surroundings
        .store
        .kv_delete(key(shelf, arguments)?, shelf.now());
    work(lua, "store:delete", coming, |lua, deleted| {
        deleted.into_lua_multi(lua)
    })
}

fn incr(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let key = key(shelf, arguments)?;
    let by = match arguments.value(1) {
        Value::Nil => 1,
        value => whole(value).ok_or_else(|| arguments.wrong("a whole number", value))?,
    };
    let coming = shelf
        .surroundings
        .store
        .kv_incr(key, by, shelf.expires_at(), shelf.now());
    work(lua, "store:incr", coming, |lua, sum| {
        sum.into_lua_multi(lua)
    })
}

/// Returns a list of `{ key =, value = }`, in the order of the keys.
fn each(lua: &Lua, shelf: &Shelf, arguments: &Arguments) -> mlua::Result<Work> {
    let prefix = arguments
        .maybe_text(0, "the beginning of the keys")?
        .unwrap_or_default();
    let coming = shelf
        .surroundings
        .store
        .kv_each(shelf.key(prefix), None, shelf.now());
    work(lua, "store:each", coming, |lua, entries| {
        let list = lua.create_table_with_capacity(entries.len(), 0)?;
        for entry in entries {
            let item = lua.create_table()?;
            item.raw_set("key", entry.key)?;
            item.raw_set("value", from_json(lua, &entry.value)?)?;
            list.raw_push(item)?;
        }
        list.into_lua_multi(lua)
    })
}

fn key(shelf: &Shelf, arguments: &Arguments) -> mlua::Result<KvKey> {
    arguments.text(0, "a key").map(|key| shelf.key(key))
}

/// Waits for the record, then makes a Lua value of it.
fn work<T: Unpin + 'static>(
    lua: &Lua,
    function: &'static str,
    coming: ::store::Pending<T>,
    finish: fn(&Lua, T) -> mlua::Result<MultiValue>,
) -> mlua::Result<Work> {
    let lua = lua.clone();
    let waited = lua
        .app_data_ref::<Rc<Surroundings>>()
        .map(|around| around.outside.wait());
    Ok(Box::pin(async move {
        let _waited = waited;
        let done = coming
            .await
            .map_err(|error| Error::runtime(format!("{function}: {error}")))?;
        finish(&lua, done)
    }))
}
