//! `simulate.calls(30, { to = "4001234567" })`: calls that stand beside those of the test;
//! `simulate.originated()`: those that scripts have made.

use std::rc::Rc;

use call::CallId;
use mlua::{Lua, Value};

use super::Desk;
use super::caller::Caller;
use super::dialing::{SOMEBODY, known_trunk, known_user};
use crate::api::arguments::{Arguments, Names, shown};
use crate::api::calls::state;
use crate::simulate::stage::Stage;
use crate::surroundings::Surroundings;
use crate::{CallStatus, Clock};

/// The options of `simulate.calls`.
pub(super) static OPTIONS: Names = Names {
    class: "StandingOptions",
    names: &[
        "user",
        "from",
        "to",
        "trunk",
        "context",
        "state",
        "talks_with",
    ],
};

/// `simulate.calls(count, options)`.
pub(super) fn standing(_: &Lua, desk: &Rc<Desk>, arguments: &Arguments) -> mlua::Result<Value> {
    let count = match arguments.value(0) {
        Value::Integer(count) => usize::try_from(*count).ok(),
        _ => None,
    };
    let Some(count) = count.filter(|count| *count <= MOST) else {
        let got = shown(arguments.value(0));
        let why = format!("expected how many calls stand, 0 to {MOST}, got {got}");
        return Err(arguments.refuse(why));
    };
    let options = arguments.options(1, &OPTIONS)?;
    desk.with("simulate.calls", |stage| {
        let user = options.text("user")?;
        let trunk = options.text("trunk")?;
        let checked = user.iter().try_for_each(|user| known_user(stage, user));
        checked.map_err(|why| options.refuse("user", why))?;
        let checked = trunk.iter().try_for_each(|trunk| known_trunk(stage, trunk));
        checked.map_err(|why| options.refuse("trunk", why))?;
        let talks_with = options.text("talks_with")?;
        let context = options.text("context")?;
        let like = CallStatus {
            id: CallId::new(0, [0; 10]),
            from: Some(match (options.text("from")?, &user) {
                (Some(from), _) => from,
                (None, Some(user)) => user.clone(),
                (None, None) => SOMEBODY.to_owned(),
            }),
            from_name: None,
            to: options
                .text("to")?
                .or_else(|| talks_with.clone())
                .unwrap_or_else(|| SOMEBODY.to_owned()),
            context: context.unwrap_or_else(|| entered(stage, user.as_deref(), trunk.as_deref())),
            user,
            trunk,
            state: state(&options)?.unwrap_or("talking"),
            talks_with,
            started_at: stage.world.clock.unix_micros(),
        };
        stage.world.standing.set(count, &like);
        Ok(Value::Nil)
    })
}

/// The context that such a call has entered.
fn entered(stage: &Stage, user: Option<&str>, trunk: Option<&str>) -> String {
    let tenant = &stage.world.tenant;
    let users = user.and_then(|user| Some(tenant.users.get(user)?.context.clone()));
    let trunks = || {
        let named = trunk.and_then(|trunk| tenant.trunks.get(trunk));
        named.or_else(|| tenant.trunks.values().next()).cloned()
    };
    users.or_else(trunks).unwrap_or_default()
}

/// `simulate.originated()`: the calls that scripts have made, oldest first.
pub(super) fn originated(
    lua: &Lua,
    around: &Rc<Surroundings>,
    desk: &Rc<Desk>,
) -> mlua::Result<Value> {
    let made = desk.with("simulate.originated", |stage| {
        let all = stage.scenes.iter().enumerate();
        let made = all.filter(|(_, scene)| scene.is_made);
        Ok(made.map(|(place, _)| place).collect::<Vec<_>>())
    })?;
    let list = lua.create_table()?;
    for scene in made {
        list.raw_push(lua.create_userdata(Caller::new(desk, around, scene))?)?;
    }
    Ok(Value::Table(list))
}

/// More calls than any exchange has.
const MOST: usize = 100_000;
