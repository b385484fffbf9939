//! `schedule { ["mon-fri"] = "09:00-18:00" }`: opening hours.

use std::rc::Rc;

use call::schedule::Schedule;
use mlua::{
    IntoLuaMulti, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value,
};

use super::arguments::Arguments;
use super::class::{Class, receive, refuse_set};
use super::clock::micros;
use crate::convert::to_json;
use crate::surroundings::{Phase, Surroundings};

/// What can be asked of a schedule at a time in microseconds since 1970.
type Question = fn(&Schedule, i64, &Lua) -> mlua::Result<MultiValue>;

/// Opening hours, as scripts have them.
struct Hours {
    schedule: Schedule,
    surroundings: Rc<Surroundings>,
}

pub(crate) struct HoursClass(pub(crate) Rc<Class>);

impl UserData for Hours {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, _, name: LuaString| {
            class(lua)?.method(&name.to_str()?)
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
    }
}

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<HoursClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(mlua::Error::runtime("schedules are not known in this VM")),
    }
}

pub(crate) fn register(lua: &Lua, surroundings: &Rc<Surroundings>) -> mlua::Result<()> {
    let surroundings = Rc::clone(surroundings);
    let schedule = move |lua: &Lua, values: MultiValue| {
        let arguments = Arguments::new("schedule", values, 1)?;
        let Value::Table(_) = arguments.value(0) else {
            let wanted = "a table such as { [\"mon-fri\"] = \"09:00-18:00\" }";
            return Err(arguments.wrong(wanted, arguments.value(0)));
        };
        let table =
            to_json(lua, arguments.value(0)).map_err(|message| arguments.refuse(message))?;
        let schedule = Schedule::read(&table, &surroundings.settings.timezone)
            .map_err(|error| mlua::Error::runtime(error.to_string()))?;
        let place = surroundings.place(lua);
        let is_loading = surroundings.phase() == Phase::Loading;
        if let Some(missing) = schedule.missing_calendar(surroundings.clock.unix_micros()) {
            let tenant = &surroundings.tenant;
            let at = format!("{}:{}", place.file, place.line);
            match missing.is_urgent {
                // It becomes a warning of the generation.
                true if is_loading => {}
                true => tracing::warn!(%tenant, at, "{}", missing.sentence),
                false => tracing::info!(%tenant, at, "{}", missing.sentence),
            }
        }
        if is_loading {
            let mut declared = surroundings.declared.borrow_mut();
            declared.schedules.push((place, schedule.clone()));
        }
        Ok(Hours {
            schedule,
            surroundings: Rc::clone(&surroundings),
        })
    };
    lua.globals()
        .raw_set("schedule", lua.create_function(schedule)?)?;

    let mut class = Class::new("a schedule", "hours", &[]);
    let methods: [(&str, &str, Question); 4] = [
        ("is_open", "hours:is_open", |schedule, at, lua| {
            schedule.is_open(at).into_lua_multi(lua)
        }),
        ("explain", "hours:explain", |schedule, at, lua| {
            schedule.explain(at).into_lua_multi(lua)
        }),
        ("holiday", "hours:holiday", |schedule, at, lua| {
            schedule.holiday(at).into_lua_multi(lua)
        }),
        ("next_change", "hours:next_change", |schedule, at, lua| {
            schedule
                .next_change(at)
                .map(|at| at as f64 / 1e6)
                .into_lua_multi(lua)
        }),
    ];
    for (name, function, method) in methods {
        let run = move |lua: &Lua, values: MultiValue| {
            let (hours, arguments) = receive::<Hours>(function, values, 1)?;
            let at = micros(&hours.surroundings, &arguments, 0)?;
            method(&hours.schedule, at, lua)
        };
        class.add(name, lua.create_function(run)?);
    }
    lua.set_app_data(HoursClass(Rc::new(class)));
    Ok(())
}
