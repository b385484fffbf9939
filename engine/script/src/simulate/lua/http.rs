//! `simulate.http("POST https://api.example.com/v1", 201, { id = "m1" })`: how other machines answer.

use std::rc::Rc;

use bytes::Bytes;
use mlua::{Error, IntoLua, Lua, LuaString, MetaMethod, Table, UserData, UserDataMethods, Value};

use super::Desk;
use crate::api::arguments::{Arguments, Names, shown, whole};
use crate::api::class::{Class, refuse_set};
use crate::convert::{from_json, to_json};
use crate::http::Answer;
use crate::simulate::http::{Answering, Asked, Machine, Machines};

/// A machine in the hand of a test.
pub(super) struct Stub {
    machines: Machines,
    place: usize,
}

/// The options of `simulate.http`.
pub(super) static OPTIONS: Names = Names {
    class: "SimulatedAnswer",
    names: &["headers"],
};

struct StubClass(Rc<Class>);

/// The fields of a machine.
const FIELDS: &[&str] = &["requests"];

impl UserData for Stub {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, stub, name: LuaString| match &*name
            .to_str()?
        {
            "requests" => stub.requests(lua),
            name => class(lua)?.method(name),
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
    }
}

impl Stub {
    fn requests(&self, lua: &Lua) -> mlua::Result<Value> {
        let list = lua.create_table()?;
        for asked in self.machines.requests(self.place) {
            list.raw_push(table_of(lua, &asked)?)?;
        }
        list.into_lua(lua)
    }
}

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<StubClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime(
            "simulated machines are not known in this VM",
        )),
    }
}

pub(super) fn register(lua: &Lua) -> mlua::Result<()> {
    let class = Class::new("a simulated machine", "machine", FIELDS);
    lua.set_app_data(StubClass(Rc::new(class)));
    Ok(())
}

#[cfg(test)]
pub(super) fn members(lua: &Lua) -> Vec<&'static str> {
    class(lua).map_or_else(|_| Vec::new(), |class| class.members().collect())
}

/// `simulate.http(what, status, body, options)`.
pub(super) fn simulated(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let what = arguments.text(0, "a request such as \"POST https://api.example.com/v1\"")?;
    let request = what
        .split_once(' ')
        .map(|(method, url)| (method, url.trim()));
    let known = request.filter(|(method, url)| METHODS.contains(method) && url.contains("://"));
    let Some((method, url)) = known else {
        let message = format!(
            "expected a method and an address such as \"POST https://api.example.com/v1\", got \"{what}\""
        );
        return Err(arguments.refuse(message));
    };
    let machine = Machine {
        method: method.to_owned(),
        url: url.to_owned(),
        answers: answers(lua, arguments)?,
        requests: Vec::new(),
    };
    let stub = desk.with("simulate.http", |stage| {
        let machines = stage.machines.clone();
        let place = machines.add(machine);
        Ok(Stub { machines, place })
    })?;
    lua.create_userdata(stub).map(Value::UserData)
}

fn answers(lua: &Lua, arguments: &Arguments) -> mlua::Result<Vec<Answering>> {
    let options = arguments.options(3, &OPTIONS)?;
    let mut headers = Vec::new();
    if let Value::Table(table) = options.value("headers")? {
        for pair in table.pairs::<String, String>() {
            let (name, value) = pair?;
            headers.push((name.to_ascii_lowercase(), value));
        }
        headers.sort();
    }
    let body = match arguments.value(2) {
        Value::Nil => Bytes::new(),
        Value::String(body) => Bytes::copy_from_slice(&body.as_bytes()),
        value => {
            let json = to_json(lua, value).map_err(|message| arguments.refuse(message))?;
            if !headers.iter().any(|(name, _)| name == "content-type") {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            json.to_string().into()
        }
    };
    let answering = |value: &Value| match (value, whole(value)) {
        (Value::Boolean(false), _) => Ok(Answering::NotAtAll),
        (_, Some(status)) if (100..1000).contains(&status) => Ok(Answering::With(Answer {
            status: u16::try_from(status).unwrap_or(500),
            headers: headers.clone(),
            body: body.clone(),
        })),
        _ => {
            let got = shown(value);
            Err(arguments.refuse(format!(
                "expected a status such as 201, false for a machine that is not reached, or a list of these, got {got}"
            )))
        }
    };
    match arguments.value(1) {
        Value::Nil => Ok(vec![answering(&Value::Integer(200))?]),
        Value::Table(list) if list.raw_len() > 0 => list
            .sequence_values::<Value>()
            .map(|status| answering(&status?))
            .collect(),
        one => Ok(vec![answering(one)?]),
    }
}

fn table_of(lua: &Lua, asked: &Asked) -> mlua::Result<Table> {
    let headers = lua.create_table()?;
    for (name, value) in &asked.headers {
        headers.raw_set(name.as_str(), value.as_str())?;
    }
    let table = lua.create_table()?;
    table.raw_set("method", asked.method.as_str())?;
    table.raw_set("url", asked.url.as_str())?;
    table.raw_set("headers", headers)?;
    table.raw_set("body", lua.create_string(&asked.body)?)?;
    if let Ok(json) = serde_json::from_slice(&asked.body) {
        table.raw_set("json", from_json(lua, &json)?)?;
    }
    Ok(table)
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
