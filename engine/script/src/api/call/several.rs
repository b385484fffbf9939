//! What a script may ask that concerns other calls: places to park at, calls to take, rooms.

use std::time::Duration;

use call::acd::Pick;
use call::{CallId, Command, Conference, Fetch, Follow, Keys, Mode, Park, Supervise, Target};
use mlua::Value;

use super::verbs::{Asking, keys};
use crate::api::arguments::{Arguments, Names, text, unknown_word};
use crate::api::queue::Queues;
use crate::api::target::{is_name, targets};

pub(super) static PARK: Names = Names {
    class: "ParkOptions",
    names: &["timeout", "music", "announce"],
};
pub(super) static CONFERENCE: Names = Names {
    class: "ConferenceOptions",
    names: &["max_members", "leave_on", "announce", "music", "record"],
};

pub(super) static SUPERVISE: Names = Names {
    class: "SuperviseOptions",
    names: &["mode", "follow", "notice"],
};

pub(super) fn park(asking: &Asking<'_>) -> mlua::Result<Command> {
    let slot = match asking.arguments.value(0) {
        Value::Nil => None,
        _ => Some(name(&asking.arguments, "a place such as \"5901\"")?),
    };
    let options = asking.arguments.options(1, &PARK)?;
    Ok(Command::Park(Park {
        slot,
        timeout: options.duration("timeout", Duration::from_secs(180))?,
        music: options.text("music")?,
        announce: options.boolean("announce", true)?,
    }))
}

pub(super) fn retrieve(asking: &Asking<'_>) -> mlua::Result<Command> {
    let slot = name(&asking.arguments, "a place such as \"5901\"")?;
    Ok(Command::Fetch(Fetch::Slot(slot)))
}

pub(super) fn pickup(asking: &Asking<'_>) -> mlua::Result<Command> {
    if let Some(pick) = waits_in_a_queue(asking)? {
        return Ok(Command::Fetch(Fetch::Waiting(pick)));
    }
    let targets = targets(asking.arguments.value(0));
    let targets = targets.map_err(|message| asking.arguments.refuse(message))?;
    if let Some(other) = targets.iter().find(|it| !matches!(it, Target::User(_))) {
        let message = format!("'{other}' is no user: only what rings at users can be picked up");
        return Err(asking.arguments.refuse(message));
    }
    Ok(Command::Fetch(Fetch::Ringing(targets)))
}

/// `call:pickup("queue:it")` and `call:pickup("call:019…")`: who waits there, and who is that.
fn waits_in_a_queue(asking: &Asking<'_>) -> mlua::Result<Option<Pick>> {
    let named = text(asking.arguments.value(0));
    let named = named.as_deref().and_then(|named| named.split_once(':'));
    let refuse = |message: String| asking.arguments.refuse(message);
    Ok(match named {
        Some(("queue", queue)) => {
            if let Some(known) = asking.lua.app_data_ref::<Queues>() {
                known.check(queue).map_err(refuse)?;
            }
            Some(Pick::NextOf(queue.into()))
        }
        Some(("call", call)) => {
            let id = call
                .parse()
                .map_err(|_| refuse(format!("'{call}' is no call's id")))?;
            Some(Pick::Call(CallId(id)))
        }
        _ => None,
    })
}

pub(super) fn conference(asking: &Asking<'_>) -> mlua::Result<Command> {
    let room = name(&asking.arguments, "a room such as \"8801\"")?;
    let options = asking.arguments.options(1, &CONFERENCE)?;
    let most = options.whole("max_members", 10, 2..=MOST_MEMBERS)?;
    Ok(Command::Conference(Conference {
        room,
        most: u32::try_from(most).unwrap_or(2),
        leave_on: keys(&options, "leave_on", Keys::None)?,
        announce: options.boolean("announce", true)?,
        music: options.text("music")?,
        record: options.boolean("record", false)?,
    }))
}

pub(super) fn supervise(asking: &Asking<'_>) -> mlua::Result<Command> {
    let agent = name(&asking.arguments, "an agent such as \"1049\"")?;
    let options = asking.arguments.options(1, &SUPERVISE)?;
    let mode = match options.text("mode")? {
        None => Mode::Listen,
        Some(word) => Mode::from_word(&word).ok_or_else(|| {
            let known = [Mode::Listen, Mode::Whisper, Mode::Barge];
            let wrong = unknown_word(&word, known.map(Mode::word));
            asking.arguments.refuse(format!("mode: {wrong}"))
        })?,
    };
    let follow = match options.text("follow")?.as_deref() {
        None | Some("agent") => Follow::Agent,
        Some("customer") => Follow::Customer,
        Some(word) => {
            let wrong = unknown_word(word, ["agent", "customer"]);
            return Err(asking.arguments.refuse(format!("follow: {wrong}")));
        }
    };
    Ok(Command::Supervise(Supervise {
        agent,
        mode,
        follow,
        notice: options.boolean("notice", false)?,
    }))
}

/// The name of a place or a room.
fn name(arguments: &Arguments, expected: &str) -> mlua::Result<String> {
    let text = arguments.text(0, expected)?;
    match is_name(&text) {
        true => Ok(text),
        false => {
            let message = format!("'{text}' is no name: letters, digits, -, _ and ., at most 64");
            Err(arguments.refuse(message))
        }
    }
}

/// More in one room are a meeting hall, and want other software.
const MOST_MEMBERS: i64 = 64;
