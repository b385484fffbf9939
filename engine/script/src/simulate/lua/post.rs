//! `simulate.mails()`, `simulate.relay(false)`: the mail relay in a test's hand.

use std::rc::Rc;

use mlua::{IntoLua, Lua, Value};

use super::Desk;
use crate::api::arguments::{Arguments, shown};
use crate::simulate::post::Answering;

/// `simulate.relay(false)`: what the relay says from now on.
pub(super) fn relay(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let answer = match arguments.value(0) {
        Value::Nil | Value::Boolean(true) => Answering::Takes,
        Value::Boolean(false) => Answering::NotAtAll,
        Value::String(why) => Answering::Rejects(why.to_string_lossy()),
        other => {
            let got = shown(other);
            return Err(arguments.refuse(format!(
                "expected true, false (not reached), or what it refuses with, got {got}"
            )));
        }
    };
    desk.with("simulate.relay", |stage| {
        stage.post.answers(answer);
        Ok(Value::Nil)
    })
}

/// `simulate.mails()`: what the relay has taken, oldest first.
pub(super) fn mails(lua: &Lua, desk: &Rc<Desk>, _: &Arguments) -> mlua::Result<Value> {
    let taken = desk.with("simulate.mails", |stage| Ok(stage.post.taken()))?;
    let list = lua.create_table()?;
    for sent in taken {
        let one = lua.create_table()?;
        one.raw_set("from", sent.from)?;
        one.raw_set("to", sent.to)?;
        one.raw_set("subject", sent.subject)?;
        one.raw_set("text", sent.text)?;
        one.raw_set("html", sent.html)?;
        one.raw_set("attachments", sent.attachments)?;
        one.raw_set("id", sent.id)?;
        list.raw_push(one)?;
    }
    list.into_lua(lua)
}
