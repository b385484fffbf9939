//! Whoever waits in a queue, be it a call, a call back or a chat: which queue, how soon, and for which agents.

use std::sync::Arc;

use call::acd::{MOST_PRIORITY, Medium, PenaltyRange, QueueName, Skills, Wants};
use mlua::{Lua, Value};

use super::arguments::{Arguments, Options};
use super::queue::{Queues, read_skills};

/// The names of options, and after them those that [`Waits::read`] reads.
macro_rules! with_waits {
    ($($own:literal),+ $(,)?) => {
        &[
            $($own,)+
            "priority",
            "required",
            "preferred",
            "agent",
            "agent_for",
            "vip",
            "min_penalty",
            "max_penalty",
            "raise_penalty",
        ]
    };
}

pub(crate) use with_waits;

/// What is the same for all who wait.
pub(crate) struct Waits {
    pub(crate) queue: QueueName,
    pub(crate) priority: u32,
    pub(crate) wants: Wants,
}

impl Waits {
    /// Reads the queue, which is the function's first argument, and the options that [`with_waits`] names.
    ///
    /// # Errors
    /// The sentence about what is wrong in them, or that there is no such queue.
    pub(crate) fn read(
        lua: &Lua,
        (arguments, options): (&Arguments, &Options),
        medium: Medium,
    ) -> mlua::Result<Self> {
        let queue = arguments.text(0, "a queue such as \"support\"")?;
        let priority = options.whole("priority", 0, 0..=i64::from(MOST_PRIORITY))?;
        let mut wants = wants(options, medium)?;
        if let Some(known) = lua.app_data_ref::<Queues>() {
            known
                .check(&queue)
                .map_err(|message| arguments.refuse(message))?;
            // Those of the generation that asks, whatever is saved while it waits.
            wants.penalty_rules = known.penalty_rules(&queue);
        }
        Ok(Self {
            queue: queue.as_str().into(),
            priority: u32::try_from(priority).unwrap_or(MOST_PRIORITY),
            wants,
        })
    }
}

fn wants(options: &Options, medium: Medium) -> mlua::Result<Wants> {
    let usual = PenaltyRange::default();
    let penalty = |name: &str, usual: u32| {
        let number = options.whole(name, i64::from(usual), 0..=i64::from(u32::MAX))?;
        Ok::<_, mlua::Error>(u32::try_from(number).unwrap_or(usual))
    };
    Ok(Wants {
        medium,
        required: skills(options, "required")?,
        preferred: skills(options, "preferred")?,
        agent: options.text("agent")?.map(|agent| agent.as_str().into()),
        agent_for: options.maybe_duration("agent_for")?,
        vip: options.boolean("vip", false)?,
        penalty: PenaltyRange {
            min: penalty("min_penalty", usual.min)?,
            max: penalty("max_penalty", usual.max)?,
            raise: penalty("raise_penalty", usual.raise)?,
        },
        ..Wants::default()
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
