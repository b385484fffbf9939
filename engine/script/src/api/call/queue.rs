//! `call:queue("support", { required = { english = 5 } })`: waits for an agent.

use std::sync::Arc;

use call::acd::{MOST_PRIORITY, Medium, PenaltyRange, Skills, Wants};
use call::{Command, Keys, Queue};
use mlua::Value;

use super::queueing::{key_choices, whisper};
use super::verbs::{Asking, keys};
use crate::api::arguments::{Names, Options};
use crate::api::queue::{Queues, read_skills};

pub(super) static QUEUE: Names = Names {
    class: "QueueOptions",
    names: &[
        "priority",
        "max_wait",
        "record",
        "exit_keys",
        "keys",
        "display",
        "whisper",
        "required",
        "preferred",
        "agent",
        "agent_for",
        "vip",
        "min_penalty",
        "max_penalty",
        "raise_penalty",
    ],
};

pub(super) fn queue(asking: &Asking<'_>) -> mlua::Result<Command> {
    let name = asking.arguments.text(0, "a queue such as \"support\"")?;
    let options = asking.arguments.options(1, &QUEUE)?;
    let most = i64::from(MOST_PRIORITY);
    let priority = options.whole("priority", 0, 0..=most)?;
    let mut queue = Queue {
        name: name.as_str().into(),
        priority: u32::try_from(priority).unwrap_or(MOST_PRIORITY),
        max_wait: options.maybe_duration("max_wait")?,
        wants: wants(&options)?,
        record: options.boolean("record", false)?,
        exit_keys: keys(&options, "exit_keys", Keys::None)?,
        keys: key_choices(asking, &options)?,
        display: options.text("display")?,
        whisper: whisper(asking, &options)?,
        callback: None,
    };
    if let Some(known) = asking.lua.app_data_ref::<Queues>() {
        known
            .check(&name)
            .map_err(|message| asking.arguments.refuse(message))?;
        // Those of the generation that the call runs on, whatever is saved while it waits.
        queue.wants.penalty_rules = known.penalty_rules(&name);
    }
    Ok(Command::Queue(queue))
}

/// What a caller asks of the agents.
pub(crate) fn wants(options: &Options) -> mlua::Result<Wants> {
    let usual = PenaltyRange::default();
    let penalty = |name: &str, usual: u32| {
        let number = options.whole(name, i64::from(usual), 0..=i64::from(u32::MAX))?;
        Ok::<_, mlua::Error>(u32::try_from(number).unwrap_or(usual))
    };
    Ok(Wants {
        medium: Medium::Voice,
        required: skills(options, "required")?,
        preferred: skills(options, "preferred")?,
        agent: options.text("agent")?.map(|agent| agent.as_str().into()),
        last_agent: None,
        agent_for: options.maybe_duration("agent_for")?,
        vip: options.boolean("vip", false)?,
        penalty: PenaltyRange {
            min: penalty("min_penalty", usual.min)?,
            max: penalty("max_penalty", usual.max)?,
            raise: penalty("raise_penalty", usual.raise)?,
        },
        penalty_rules: None,
    })
}

fn skills(options: &Options, name: &str) -> mlua::Result<Arc<Skills>> {
    match options.value(name)? {
        Value::Nil => Ok(Arc::default()),
        value => read_skills(&value)
            .map(Arc::new)
            .map_err(|message| options.refuse(name, message)),
    }
}
