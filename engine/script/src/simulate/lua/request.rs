//! `simulate.request("POST /sms/incoming", { json = … })`: somebody asks a route of the scripts.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use call::desk::Role;
use mlua::{IntoLua, Lua, Table, Value};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::Desk;
use crate::api::arguments::{Arguments, Names, Options, shown};
use crate::convert::{from_json, to_json};
use crate::door::{Answer, Asking, Found, Guest, Visit};
use crate::inbox::Message;
use crate::simulate::stage::Stage;

/// The options of `simulate.request`.
pub(super) static OPTIONS: Names = Names {
    class: "SimulatedVisit",
    names: &["json", "body", "headers", "by", "user", "role", "reach"],
};

/// `simulate.request(route, options)`: what the handler answers. Whoever asks is let in.
pub(super) fn request(lua: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let text = arguments.text(0, "a method and a path such as \"POST /sms/incoming\"")?;
    let Some((method, address)) = text.split_once(' ') else {
        return Err(arguments.refuse(format!("'{text}' is no method with a path")));
    };
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (address, None),
    };
    let options = arguments.options(1, &OPTIONS)?;
    let (headers, body) = content(lua, &options)?;
    let guest = guest(&options)?;
    let user = guest.as_ref().map(|guest| guest.user.clone());
    let visit = Visit {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        headers,
        body,
        source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        by: options.text("by")?.or(user),
        guest,
    };
    let answer = desk.with("simulate.request", |stage| {
        answered(stage, visit).map_err(|why| arguments.refuse(why))
    })?;
    table_of(lua, &answer)
}

/// Who sits at the desk: an agent, and whom they reach: themselves, or everybody by their role.
fn guest(options: &Options) -> mlua::Result<Option<Guest>> {
    let Some(user) = options.text("user")? else {
        return match (options.text("role")?, options.value("reach")?) {
            (None, Value::Nil) => Ok(None),
            _ => Err(options.refuse("user", "expected the extension of whoever has the role")),
        };
    };
    let role = options.text("role")?;
    let role = role.map_or(Ok(Role::Agent), |word| {
        let found = Role::ALL.into_iter().find(|role| role.word() == word);
        found.ok_or_else(|| {
            let words = Role::ALL.map(Role::word).join(", ");
            options.refuse("role", format!("'{word}' is none: there are {words}"))
        })
    })?;
    let reach = match options.value("reach")? {
        Value::Table(list) => Some(list.sequence_values().collect::<mlua::Result<_>>()?),
        Value::Nil => match role {
            Role::Quality | Role::Admin | Role::Integrator => None,
            Role::Agent | Role::Leader | Role::Tickets => Some(vec![user.clone()]),
        },
        other => {
            let got = shown(&other);
            return Err(options.refuse("reach", format!("expected extensions, got {got}")));
        }
    };
    Ok(Some(Guest { user, role, reach }))
}

fn content(lua: &Lua, options: &Options) -> mlua::Result<(Vec<(String, String)>, Bytes)> {
    let mut headers = Vec::new();
    if let Value::Table(given) = options.value("headers")? {
        for pair in given.pairs::<String, String>() {
            let (name, value) = pair?;
            headers.push((name.to_ascii_lowercase(), value));
        }
    }
    let body = match (options.value("json")?, options.value("body")?) {
        (Value::Nil, Value::Nil) => Bytes::new(),
        (Value::Nil, Value::String(body)) => Bytes::copy_from_slice(&body.as_bytes()),
        (Value::Nil, other) => {
            let got = shown(&other);
            return Err(options.refuse("body", format!("expected text, got {got}")));
        }
        (json, _) => {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            let json = to_json(lua, &json).map_err(|message| options.refuse("json", message))?;
            json.to_string().into()
        }
    };
    Ok((headers, body))
}

/// Time passes as long as the handler waits for it.
fn answered(stage: &mut Stage, visit: Visit) -> Result<Answer, String> {
    let routing = stage.world.host.routing().map(Arc::clone);
    let routing = routing.ok_or("the scripts do not load")?;
    let (door, named) = match routing.doors.find(&visit.method, &visit.path) {
        Found::Route(route, named) => (route.handler, named),
        Found::Methods(methods) => {
            return Err(format!(
                "there is only {} {}",
                methods.join(", "),
                visit.path
            ));
        }
        Found::Nothing => return Err(format!("no route for {} {}", visit.method, visit.path)),
    };
    let (reply, mut answer) = oneshot::channel();
    stage.world.host.inbox.push(Message::Visit(Box::new(Asking {
        door,
        named,
        visit,
        reply,
    })));
    for _ in 0..LONGEST {
        match answer.try_recv() {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(why)) => return Err(why.to_string()),
            Err(TryRecvError::Closed) => return Err("nobody answers".to_owned()),
            Err(TryRecvError::Empty) => {}
        }
        let passed = stage.pass(Duration::from_secs(1));
        passed.map_err(|halt| super::halted(&halt))?;
    }
    Err("the handler does not answer".to_owned())
}

fn table_of(lua: &Lua, answer: &Answer) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("status", answer.status)?;
    table.raw_set("body", lua.create_string(&answer.body)?)?;
    let headers: Table = lua.create_table()?;
    for (name, value) in &answer.headers {
        headers.raw_set(name.as_str(), value.as_str())?;
    }
    table.raw_set("headers", headers)?;
    if let Ok(json) = serde_json::from_slice(&answer.body) {
        table.raw_set("json", from_json(lua, &json)?)?;
    }
    table.into_lua(lua)
}

/// Seconds.
const LONGEST: usize = 25;
