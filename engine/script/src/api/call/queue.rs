//! `call:queue("support", { required = { english = 5 } })`: waits for an agent.

use call::acd::Medium;
use call::{Command, Keys, Queue};

use super::queueing::{key_choices, whisper};
use super::verbs::{Asking, keys};
use crate::api::arguments::Names;
use crate::api::waits::{Waits, with_waits};

pub(super) static QUEUE: Names = Names {
    class: "QueueOptions",
    names: with_waits![
        "max_wait",
        "record",
        "exit_keys",
        "keys",
        "display",
        "whisper",
    ],
};

pub(super) fn queue(asking: &Asking<'_>) -> mlua::Result<Command> {
    let options = asking.arguments.options(1, &QUEUE)?;
    let waits = Waits::read(asking.lua, (&asking.arguments, &options), Medium::Voice)?;
    Ok(Command::Queue(Queue {
        name: waits.queue,
        priority: waits.priority,
        max_wait: options.maybe_duration("max_wait")?,
        wants: waits.wants,
        record: options.boolean("record", false)?,
        exit_keys: keys(&options, "exit_keys", Keys::None)?,
        keys: key_choices(asking, &options)?,
        display: options.text("display")?,
        whisper: whisper(asking, &options)?,
        callback: None,
    }))
}
