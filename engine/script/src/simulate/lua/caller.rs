//! `caller`: what a test lets somebody do who calls, and what it expects to come of it.

use std::rc::Rc;
use std::time::Duration;

use call::{Purpose, Sound};
use mlua::{
    Error, IntoLua, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value,
};

use super::{Desk, whereabouts};
use crate::api::arguments::{Arguments, Names, text};
use crate::api::class::{Class, receive, refuse_set};
use crate::api::sound::say;
use crate::convert::from_json;
use crate::simulate::scene::Scene;
use crate::simulate::stage::{Halt, Stage};
use crate::simulate::story;
use crate::surroundings::Surroundings;
use crate::{Sounds, fault};

/// Somebody who calls.
pub(super) struct Caller {
    desk: Rc<Desk>,
    around: Rc<Surroundings>,
    number: u64,
    scene: usize,
}

impl Caller {
    pub(super) fn new(desk: &Rc<Desk>, around: &Rc<Surroundings>, scene: usize) -> Self {
        Self {
            desk: Rc::clone(desk),
            around: Rc::clone(around),
            number: desk.number.get(),
            scene,
        }
    }

    fn check_test(&self) -> mlua::Result<()> {
        if self.desk.number.get() == self.number {
            return Ok(());
        }
        Err(Error::runtime("this caller is another test's"))
    }

    /// What a test expects in vain, with what the call's script has failed with: that is why.
    fn with_cause(&self, error: Error) -> Error {
        if self.check_test().is_err() {
            return error;
        }
        let cause = self.desk.with("caller", |stage| {
            let scene = stage.scenes.get(self.scene);
            Ok(scene.and_then(|scene| scene.error.clone()))
        });
        match (error, cause) {
            (Error::RuntimeError(text), Ok(Some(cause))) => {
                Error::RuntimeError(format!("{text}; the script has failed: {cause}"))
            }
            (error, _) => error,
        }
    }

    fn field(&self, lua: &Lua, name: &str) -> mlua::Result<Option<Value>> {
        if !FIELDS.contains(&name) {
            return Ok(None);
        }
        self.check_test()?;
        self.desk.with("caller", |stage| {
            let now = stage.now();
            let scene = &stage.scenes[self.scene];
            let value = match name {
                "error" => scene.error.as_deref().into_lua(lua)?,
                "elapsed" => {
                    let since = now.saturating_duration_since(scene.born);
                    since.as_secs_f64().into_lua(lua)?
                }
                "language" => scene.language(&stage.world.tenant).into_lua(lua)?,
                "vars" if scene.vars.is_null() => lua.create_table()?.into_lua(lua)?,
                "vars" => from_json(lua, &scene.vars)?,
                "outcome" => {
                    let outcome = scene.record.as_ref().map(|record| record.result);
                    let outcome = serde_json::to_value(outcome).unwrap_or_default();
                    from_json(lua, &outcome)?
                }
                "heard" => {
                    let words = scene.heard.iter().map(String::as_str);
                    lua.create_sequence_from(words)?.into_lua(lua)?
                }
                _ => {
                    let lines = scene.story.lines().iter().map(ToString::to_string);
                    lines.collect::<Vec<_>>().join("\n").into_lua(lua)?
                }
            };
            Ok(Some(value))
        })
    }
}

/// The fields of a caller.
const FIELDS: &[&str] = &[
    "error", "elapsed", "language", "vars", "outcome", "heard", "story",
];

/// The options of `caller:leaves_message`.
pub(super) static MESSAGE_OPTIONS: Names = Names {
    class: "LeavesMessageOptions",
    names: &["mailbox", "seconds", "urgent", "hangs_up"],
};

struct CallerClass(Rc<Class>);

impl UserData for Caller {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, caller, name: LuaString| {
            let name = name.to_str()?;
            match caller.field(lua, &name)? {
                Some(value) => Ok(value),
                None => class(lua)?.method(&name),
            }
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, _, (name, _): (Value, Value)| {
            Err::<(), _>(refuse_set(&class(lua)?, &name, ""))
        });
    }
}

fn class(lua: &Lua) -> mlua::Result<Rc<Class>> {
    match lua.app_data_ref::<CallerClass>() {
        Some(class) => Ok(Rc::clone(&class.0)),
        None => Err(Error::runtime("callers are not known in this VM")),
    }
}

#[cfg(test)]
pub(super) fn members(lua: &Lua) -> Vec<&'static str> {
    class(lua).map_or_else(|_| Vec::new(), |class| class.members().collect())
}

/// What a method does with the call; an error is the sentence of a failed test.
type Act = fn(&mut Stage, usize, &Arguments) -> mlua::Result<()>;

struct Method {
    name: &'static str,
    function: &'static str,
    most: usize,
    act: Act,
}

/// Makes the methods of callers.
pub(super) fn register(lua: &Lua, around: &Rc<Surroundings>, desk: &Rc<Desk>) -> mlua::Result<()> {
    let _ = (around, desk);
    let mut class = Class::new("a caller", "caller", FIELDS);
    for method in METHODS {
        let act = lua.create_function(move |lua, values: MultiValue| {
            let (caller, arguments) = receive::<Caller>(method.function, values, method.most)?;
            let place = caller.around.place(lua);
            let acted = caller.check_test().and_then(|()| {
                caller.desk.with(method.function, |stage| {
                    (method.act)(stage, caller.scene, &arguments)
                })
            });
            acted.map_err(|error| fault::at(&place, caller.with_cause(error)))
        })?;
        class.add(method.name, act);
    }
    lua.set_app_data(CallerClass(Rc::new(class)));
    Ok(())
}

const METHODS: &[Method] = &[
    Method {
        name: "hears",
        function: "caller:hears",
        most: 64,
        act: hears,
    },
    Method {
        name: "presses",
        function: "caller:presses",
        most: 1,
        act: presses,
    },
    Method {
        name: "stays_silent",
        function: "caller:stays_silent",
        most: 1,
        act: stays_silent,
    },
    Method {
        name: "waits",
        function: "caller:waits",
        most: 1,
        act: waits,
    },
    Method {
        name: "speaks",
        function: "caller:speaks",
        most: 1,
        act: speaks,
    },
    Method {
        name: "hangs_up",
        function: "caller:hangs_up",
        most: 0,
        act: hangs_up,
    },
    Method {
        name: "waits_in",
        function: "caller:waits_in",
        most: 1,
        act: whereabouts::waits_in,
    },
    Method {
        name: "is_parked_at",
        function: "caller:is_parked_at",
        most: 1,
        act: whereabouts::is_parked_at,
    },
    Method {
        name: "is_in_room",
        function: "caller:is_in_room",
        most: 1,
        act: whereabouts::is_in_room,
    },
    Method {
        name: "is_bridged_to",
        function: "caller:is_bridged_to",
        most: 1,
        act: whereabouts::is_bridged_to,
    },
    Method {
        name: "is_answered_by",
        function: "caller:is_answered_by",
        most: 1,
        act: whereabouts::is_answered_by,
    },
    Method {
        name: "is_refused",
        function: "caller:is_refused",
        most: 1,
        act: whereabouts::is_refused,
    },
    Method {
        name: "is_hung_up",
        function: "caller:is_hung_up",
        most: 1,
        act: whereabouts::is_hung_up,
    },
    Method {
        name: "leaves_message",
        function: "caller:leaves_message",
        most: 1,
        act: leaves_message,
    },
];

fn hears(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let mut index = 0;
    while index == 0 || !arguments.value(index).is_nil() {
        let wanted = wanted(stage, arguments, arguments.value(index))?;
        let from = stage.scenes[scene].looked_at;
        let found = stage.run(scene, PATIENCE, |one| {
            let mut new = one.heard.iter().skip(from);
            let place = new.position(|heard| *heard == wanted)?;
            one.looked_at = from + place + 1;
            Some(())
        });
        if let Err(halt) = found {
            let heard: Vec<&str> = stage.scenes[scene]
                .heard
                .iter()
                .skip(from)
                .map(String::as_str)
                .collect();
            let instead = match heard.is_empty() {
                true => "heard nothing".to_owned(),
                false => format!("heard {} instead", heard.join(", ")),
            };
            let why = super::why(stage, scene, &halt);
            let message = format!("expected to hear {wanted}, {instead}; {why}");
            return Err(Error::runtime(message));
        }
        index += 1;
    }
    Ok(())
}

/// A sound as it is compared.
fn wanted(stage: &Stage, arguments: &Arguments, value: &Value) -> mlua::Result<String> {
    if let Value::Table(table) = value {
        let said = say(table).map_err(|why| arguments.refuse(why))?;
        return Ok(story::sound(&Sound::Say(said)));
    }
    let name =
        text(value).ok_or_else(|| arguments.wrong("a sound such as \"menu/main\"", value))?;
    if !name.contains(':') && !["recording", "message"].contains(&name.as_str()) {
        check_sound(stage, &name).map_err(|why| arguments.refuse(why))?;
    }
    Ok(name)
}

/// Whether there is such a sound: a mistyped name is heard by nobody.
pub(super) fn check_sound(stage: &Stage, name: &str) -> Result<(), String> {
    let (tenant, language) = (&stage.world.host.tenant, &stage.world.tenant.language);
    stage.world.shelf.check(tenant, name, language)
}

fn presses(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let keys = arguments.text(0, "keys such as \"1\"")?;
    if let Some(wrong) = keys.chars().find(|key| !"0123456789*#ABCD".contains(*key)) {
        return Err(arguments.refuse(format!("'{wrong}' is not a key")));
    }
    for key in keys.chars() {
        on_the_line(stage, scene, arguments)?;
        halted(stage, scene, arguments, |stage| stage.press(scene, key))?;
    }
    Ok(())
}

/// Without a time: until something is heard, or the call goes on by itself.
fn stays_silent(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    if !arguments.value(0).is_nil() {
        return waits(stage, scene, arguments);
    }
    on_the_line(stage, scene, arguments)?;
    // What plays already is listened to first.
    let turn = |one: &mut Scene| (one.is_callers_turn() || one.is_over()).then_some(());
    halted(stage, scene, arguments, |stage| {
        stage.run(scene, Duration::ZERO, turn)
    })?;
    if stage.scenes[scene].is_over() {
        return Ok(());
    }
    let heard = stage.scenes[scene].heard.len();
    halted(stage, scene, arguments, |stage| {
        stage.run(scene, LONGEST_SILENCE, |one| {
            (one.heard.len() > heard || !one.is_callers_turn() || one.is_over()).then_some(())
        })
    })
}

fn waits(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let time = arguments.duration(0)?;
    halted(stage, scene, arguments, |stage| stage.pass(time))
}

fn speaks(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let time = arguments.duration(0)?;
    on_the_line(stage, scene, arguments)?;
    let now = stage.now();
    stage.scenes[scene].speak(now, time);
    halted(stage, scene, arguments, |stage| stage.pass(time))
}

fn hangs_up(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    on_the_line(stage, scene, arguments)?;
    halted(stage, scene, arguments, |stage| stage.hang_up(scene))
}

fn leaves_message(stage: &mut Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let options = arguments.options(0, &MESSAGE_OPTIONS)?;
    let time = options.duration("seconds", Duration::from_secs(10))?;
    let (urgent, hangs_up) = (
        options.boolean("urgent", false)?,
        options.boolean("hangs_up", false)?,
    );
    let wanted = options.text("mailbox")?;
    on_the_line(stage, scene, arguments)?;
    let before = stage.scenes[scene].messages.len();
    let recorded = stage.run(scene, PATIENCE, |one| one.is_recording(Purpose::Message));
    recorded.map_err(|halt| {
        let why = super::why(stage, scene, &halt);
        Error::runtime(format!("expected to be able to leave a message; {why}"))
    })?;
    let now = stage.now();
    stage.scenes[scene].speak(now, time);
    halted(stage, scene, arguments, |stage| stage.pass(time))?;
    let acted = if hangs_up {
        stage.hang_up(scene)
    } else {
        finish_message(stage, scene, urgent)
    };
    halted(stage, scene, arguments, |_| acted)?;
    let one = &mut stage.scenes[scene];
    one.looked_at = one.heard.len();
    let Some((mailbox, ..)) = one.messages.get(before) else {
        let situation = one.situation();
        return Err(Error::runtime(format!(
            "expected that a message is left; {situation}"
        )));
    };
    match wanted.filter(|wanted| wanted != mailbox) {
        None => Ok(()),
        Some(wanted) => Err(Error::runtime(format!(
            "expected a message in mailbox {wanted}, and it is in {mailbox}"
        ))),
    }
}

/// Ends the recording by `#`, and saves it where that is asked.
fn finish_message(stage: &mut Stage, scene: usize, urgent: bool) -> Result<(), Halt> {
    if stage.scenes[scene].is_over() {
        return Ok(());
    }
    let count = stage.scenes[scene].messages.len();
    stage.press(scene, '#')?;
    for key in [urgent.then_some('4'), Some('2')].into_iter().flatten() {
        let asked = stage.run(scene, PATIENCE, |one| {
            (one.messages.len() > count || one.is_callers_turn() || one.is_over()).then_some(())
        });
        match asked {
            Ok(()) if stage.scenes[scene].messages.len() > count => return Ok(()),
            Ok(()) if stage.scenes[scene].is_over() => return Ok(()),
            Ok(()) => stage.press(scene, key)?,
            Err(halt) => return Err(halt),
        }
    }
    stage.settle()
}

fn on_the_line(stage: &Stage, scene: usize, arguments: &Arguments) -> mlua::Result<()> {
    let one = &stage.scenes[scene];
    match one.is_over() {
        true => Err(arguments.refuse(one.situation())),
        false => Ok(()),
    }
}

/// Turns what stopped the exchange into the sentence of a failed test.
fn halted(
    stage: &mut Stage,
    scene: usize,
    arguments: &Arguments,
    work: impl FnOnce(&mut Stage) -> Result<(), Halt>,
) -> mlua::Result<()> {
    let done = work(stage);
    done.map_err(|halt| arguments.refuse(super::why(stage, scene, &halt)))
}

/// How long a caller says nothing before the next thing is heard, without having been told to.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_SILENCE: Duration = Duration::from_secs(600);
