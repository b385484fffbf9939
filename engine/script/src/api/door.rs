//! `http.route("POST /sms/incoming", { auth = … }, fn)`: requests from outside that scripts answer.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Value};

use super::arguments::{Arguments, Names, Options, shown};
use super::while_loading;
use crate::door::{Guard, METHODS, Path};
use crate::plugin::Owner;
use crate::suggest::did_you_mean;
use crate::surroundings::{DeclaredDoor, Surroundings};

/// The options of `http.route`.
pub(crate) static OPTIONS: Names = Names {
    class: "RouteOptions",
    names: &["auth", "query"],
};

/// Who is let in by a secret.
pub(crate) static AUTH: Names = Names {
    class: "RouteAuthOptions",
    names: &["bearer"],
};

/// Makes `http.route` for one owner.
pub(crate) fn function(
    lua: &Lua,
    surroundings: &Rc<Surroundings>,
    owner: &Rc<Owner>,
) -> mlua::Result<Function> {
    let (surroundings, owner) = (Rc::clone(surroundings), Rc::clone(owner));
    lua.create_function(move |lua, values: MultiValue| {
        while_loading(&surroundings, "http.route")?;
        let arguments = Arguments::new("http.route", values, 3)?;
        let text = arguments.text(0, "a method and a path such as \"POST /sms/incoming\"")?;
        let (method, path) = read(&text).map_err(|message| arguments.refuse(message))?;
        let allowed = owner.may_serve(&path);
        allowed.map_err(|message| arguments.refuse(message))?;
        let options = arguments.options(1, &OPTIONS)?;
        let (guard, query) = (guard(&options)?, query(&options)?);
        let handler = arguments.function(2)?;
        let place = surroundings.place(lua);
        surroundings.declared.borrow_mut().doors.push(DeclaredDoor {
            method,
            path,
            guard,
            query,
            owner: Rc::clone(&owner),
            handler: Some(handler),
            place,
        });
        Ok(())
    })
}

fn read(text: &str) -> Result<(&'static str, Path), String> {
    let wanted =
        || format!("expected a method and a path such as \"GET /tickets/:call\", got \"{text}\"");
    let (method, path) = text.split_once(' ').ok_or_else(wanted)?;
    let known = METHODS.iter().find(|known| **known == method);
    let method = known.ok_or_else(|| {
        let hint = did_you_mean(method, METHODS.iter().copied());
        format!("'{method}' is none of {}{hint}", METHODS.join(", "))
    })?;
    Ok((method, Path::parse(path)?))
}

fn guard(options: &Options) -> mlua::Result<Guard> {
    let wanted = "say who may ask: { bearer = config.token }, \"agent\" or \"none\"";
    match options.value("auth")? {
        Value::String(word) if word == "none" => Ok(Guard::Anybody),
        Value::String(word) if word == "agent" => Ok(Guard::Token),
        Value::Table(_) => bearer(options),
        Value::Nil => Err(options.refuse("auth", wanted)),
        other => Err(options.refuse("auth", format!("{wanted}; got {}", shown(&other)))),
    }
}

/// The questions that are known; `None` when all are let through.
fn query(options: &Options) -> mlua::Result<Option<Vec<String>>> {
    match options.value("query")? {
        Value::Nil => Ok(None),
        Value::Table(names) => {
            let names = names
                .sequence_values::<String>()
                .collect::<mlua::Result<_>>();
            let wrong = |_| options.refuse("query", "expected names, such as { \"state\" }");
            names.map(Some).map_err(wrong)
        }
        other => {
            let got = shown(&other);
            let message = format!("expected names, such as {{ \"state\" }}; got {got}");
            Err(options.refuse("query", message))
        }
    }
}

fn bearer(options: &Options) -> mlua::Result<Guard> {
    let secrets = match options.within("auth", &AUTH)? {
        None => Vec::new(),
        Some(auth) => match auth.value("bearer")? {
            Value::Table(list) => list.sequence_values().collect::<mlua::Result<_>>()?,
            _ => auth.text("bearer")?.into_iter().collect::<Vec<String>>(),
        },
    };
    if secrets.is_empty() {
        return Err(options.refuse("auth", "bearer is not given: nobody could ask"));
    }
    let sendable = |secret: &String| secret.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(wrong) = secrets
        .iter()
        .find(|it| it.len() < SHORTEST || !sendable(it))
    {
        let why = match wrong.len() < SHORTEST {
            true => format!("a bearer token has {SHORTEST} characters at least"),
            false => "a bearer token has no spaces and no characters but ASCII".to_owned(),
        };
        return Err(options.refuse("auth", why));
    }
    Ok(Guard::Bearer(secrets))
}

/// Shorter ones are guessed.
const SHORTEST: usize = 16;
