//! `dial { from =, to =, at = }`, `dial "mon 10:00"`: a call comes in.

use std::rc::Rc;

use call::number::{Kind, Plan, normalise};
use call::{CallId, Setup};
use mlua::{Function, Lua, MultiValue, Table, Value};

use super::Desk;
use super::caller::Caller;
use crate::api::arguments::{Arguments, Names, Options, shown, text};
use crate::simulate::stage::Stage;
use crate::simulate::when;
use crate::suggest::did_you_mean;
use crate::surroundings::Surroundings;
use crate::{Clock, fault};

/// Who calls whom, when; what is left out is filled in.
#[derive(Clone, Debug, Default)]
pub(in crate::simulate) struct Dial {
    pub(in crate::simulate) from: Option<String>,
    pub(in crate::simulate) from_name: Option<String>,
    pub(in crate::simulate) to: Option<String>,
    pub(in crate::simulate) at: Option<String>,
    pub(in crate::simulate) context: Option<String>,
    pub(in crate::simulate) user: Option<String>,
    pub(in crate::simulate) trunk: Option<String>,
    pub(in crate::simulate) headers: Vec<(String, String)>,
}

/// The options of `dial`.
pub(super) static OPTIONS: Names = Names {
    class: "DialOptions",
    names: &[
        "from",
        "from_name",
        "to",
        "at",
        "context",
        "user",
        "trunk",
        "headers",
    ],
};

/// Makes `dial`.
pub(super) fn function(
    lua: &Lua,
    around: &Rc<Surroundings>,
    desk: &Rc<Desk>,
) -> mlua::Result<Function> {
    let (around, desk) = (Rc::clone(around), Rc::clone(desk));
    lua.create_function(move |lua, values: MultiValue| {
        let place = around.place(lua);
        let dialled = (|| {
            let arguments = Arguments::new("dial", values, 1)?;
            let dial = match text(arguments.value(0)) {
                Some(at) => Dial {
                    at: Some(at),
                    ..Dial::default()
                },
                None => read(&arguments.options(0, &OPTIONS)?)?,
            };
            desk.with("dial", |stage| {
                let scene = dial.begin(stage).map_err(|why| arguments.refuse(why))?;
                let halted = stage.settle().err();
                match halted {
                    None => Ok(scene),
                    Some(halt) => Err(arguments.refuse(super::why(stage, scene, &halt))),
                }
            })
        })();
        let scene = dialled.map_err(|error| fault::at(&place, error))?;
        lua.create_userdata(Caller::new(&desk, &around, scene))
    })
}

fn read(options: &Options) -> mlua::Result<Dial> {
    let mut headers = Vec::new();
    match options.value("headers")? {
        Value::Nil => {}
        Value::Table(table) => {
            for pair in Table::pairs::<String, String>(&table) {
                headers.push(pair?);
            }
            headers.sort();
        }
        other => {
            let why = format!("expected a table of names and texts, got {}", shown(&other));
            return Err(options.refuse("headers", why));
        }
    }
    Ok(Dial {
        from: options.text("from")?,
        from_name: options.text("from_name")?,
        to: options.text("to")?,
        at: options.text("at")?,
        context: options.text("context")?,
        user: options.text("user")?,
        trunk: options.text("trunk")?,
        headers,
    })
}

impl Dial {
    /// Sets the clock and lets the call come in; its place among the scenes.
    ///
    /// # Errors
    /// The sentence that says what is wrong with it.
    pub(in crate::simulate) fn begin(&self, stage: &mut Stage) -> Result<usize, String> {
        if let Some(at) = &self.at {
            let now = stage.world.clock.unix_micros();
            let at = when::read(at, &stage.world.tenant.timezone, now)?;
            stage.world.clock.set_wall(at);
        }
        let setup = self.setup(stage)?;
        Ok(stage.dial(setup))
    }

    fn setup(&self, stage: &Stage) -> Result<Setup, String> {
        let tenant = &stage.world.tenant;
        let user = match &self.user {
            Some(user) => {
                known_user(stage, user)?;
                tenant.users.get(user).map(|known| (user, known))
            }
            None => None,
        };
        let trunk = match (&self.trunk, user) {
            (Some(trunk), _) => {
                known_trunk(stage, trunk)?;
                Some(trunk.clone())
            }
            (None, Some(_)) => None,
            (None, None) => tenant.trunks.keys().next().cloned(),
        };
        let context = self
            .context
            .clone()
            .or_else(|| user.map(|(_, user)| user.context.clone()))
            .or_else(|| tenant.trunks.get(trunk.as_ref()?).cloned())
            .ok_or("say who calls: context =, user = or trunk =")?;
        let to = match &self.to {
            Some(to) => to.clone(),
            None => match stage.numbers(&context).as_slice() {
                [only] => only.clone(),
                [] => return Err(format!("say which number: to = (in context '{context}')")),
                several => return Err(format!("say which number: to = {}", several.join(", "))),
            },
        };
        let raw = match (user, &self.from) {
            // A user calls as nobody else.
            (Some((user, _)), _) => user.clone(),
            (None, Some(from)) => from.clone(),
            (None, None) => SOMEBODY.to_owned(),
        };
        let from = match user {
            Some((user, _)) => Some(user.clone()),
            None => {
                let known = normalise(&raw, &Plan::default());
                let withheld = known.kind == Kind::Withheld;
                known.canonical.or_else(|| (!withheld).then(|| raw.clone()))
            }
        };
        let name = user.and_then(|(_, user)| user.name.clone());
        Ok(Setup {
            id: CallId::new(0, [0; 10]),
            tenant: stage.world.host.tenant.clone(),
            context,
            from,
            from_raw: raw,
            from_name: name.or_else(|| self.from_name.clone()),
            to,
            user: user.map(|(user, _)| user.clone()).into(),
            trunk,
            headers: self.headers.clone(),
            transferred_by: None,
            language: tenant
                .language_of(user.map(|(user, _)| user.as_str()))
                .to_owned(),
            started_at: stage.world.clock.unix_micros(),
        })
    }
}

/// Whether `config.lua` has such a user.
///
/// # Errors
/// The sentence when it has not.
pub(in crate::simulate) fn known_user(stage: &Stage, user: &str) -> Result<(), String> {
    let known = &stage.world.tenant.users;
    if known.contains_key(user) {
        return Ok(());
    }
    let names = known.keys().map(String::as_str);
    Err(format!("no user '{user}'{}", did_you_mean(user, names)))
}

/// Whether there is such a trunk.
///
/// # Errors
/// The sentence when there is none.
pub(in crate::simulate) fn known_trunk(stage: &Stage, trunk: &str) -> Result<(), String> {
    let tenant = &stage.world.tenant;
    if tenant.has_way_out(trunk) {
        return Ok(());
    }
    let hint = did_you_mean(trunk, tenant.ways_out());
    Err(format!("no trunk '{trunk}'{hint}"))
}

/// Who calls when nobody is named.
pub(super) const SOMEBODY: &str = "+8613800138000";
