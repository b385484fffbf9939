//! From the exchange's answer to what a method returns: a value, or `nil, why`.

use call::{Reply, Target, Why};
use mlua::{Error, IntoLua, IntoLuaMulti, Lua, MultiValue, Value};

/// What a method returns for this answer.
///
/// # Errors
/// A mistake of the script, as the exchange has worded it.
pub(super) fn to_lua(lua: &Lua, function: &str, reply: Reply) -> mlua::Result<MultiValue> {
    match reply {
        Reply::Done => Ok(MultiValue::new()),
        Reply::Key(key) => key.map(String::from).into_lua_multi(lua),
        Reply::Digits(Ok(digits)) => digits.into_lua_multi(lua),
        Reply::Recording(Ok(recorded)) => {
            let recording = lua.create_table()?;
            recording.raw_set("id", recorded.id.to_string())?;
            recording.raw_set("duration", recorded.duration.as_secs_f64())?;
            recording.into_lua_multi(lua)
        }
        Reply::Leg(Ok(parted)) => {
            let leg = lua.create_table()?;
            leg.raw_set("target", target(&parted.target))?;
            leg.raw_set("user", parted.user)?;
            leg.raw_set("talked", parted.talked.as_secs_f64())?;
            leg.raw_set("cause", parted.cause.word())?;
            leg.into_lua_multi(lua)
        }
        Reply::Room(Ok(time)) => time.as_secs_f64().into_lua_multi(lua),
        Reply::Supervised(Ok(time)) => time.as_secs_f64().into_lua_multi(lua),
        Reply::Supervised(Err(why)) => (Value::Nil, why).into_lua_multi(lua),
        Reply::TakenOut(key) => (Value::Nil, "left", key.map(String::from)).into_lua_multi(lua),
        Reply::Message(None) => Value::Nil.into_lua_multi(lua),
        Reply::Message(Some(left)) => {
            let message = lua.create_table()?;
            message.raw_set("id", left.id.to_string())?;
            message.raw_set("mailbox", left.mailbox)?;
            message.raw_set("duration", left.duration.as_secs_f64())?;
            message.raw_set("urgent", left.urgent)?;
            message.into_lua_multi(lua)
        }
        Reply::Right(Ok(())) => true.into_lua_multi(lua),
        Reply::Digits(Err(why))
        | Reply::Recording(Err(why))
        | Reply::Leg(Err(why))
        | Reply::Room(Err(why))
        | Reply::Right(Err(why)) => refused(lua, why),
        Reply::Mistake(sentence) => Err(Error::runtime(format!("{function}: {sentence}"))),
    }
}

fn refused(lua: &Lua, why: Why) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([
        Value::Nil,
        why.word().into_lua(lua)?,
    ]))
}

/// A target as scripts write it.
fn target(target: &Target) -> String {
    match target {
        Target::User(extension) => format!("user:{extension}"),
        Target::Trunk { trunk, number } => format!("trunk:{trunk}/{number}"),
        Target::Uri(uri) => uri.clone(),
    }
}
