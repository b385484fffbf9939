//! The settings of agents, and of each user.

use call::desk::Role;

use super::super::outbound;
use super::{LANGUAGES, list};
use crate::schema::{Field, Kind, Schema};

pub(super) fn agents() -> Schema {
    Schema::new(vec![
        Field::new(
            "wrap_up",
            Kind::Duration,
            "The longest 事后 after a call of no queue; the agent ends it when left out.",
        )
        .range(0.0, 86_400.0),
        Field::new(
            "after_wrap_up",
            Kind::Enum(&["back", "idle", "busy"]),
            "What a 事后 that ran out ends in; back is the state before the call.",
        )
        .default("back"),
        Field::new(
            "idle_after_login",
            Kind::Boolean,
            "Agents are 置闲 after logging in, and not 置忙.",
        )
        .default(false),
        Field::new(
            "reasons",
            list(Kind::Form(reason)),
            "Names of 置忙, for the codes 1, 2 …",
        )
        .default(serde_json::json!(REASONS)),
        Field::new(
            "reason_limits",
            Kind::Map(Box::new(Kind::Duration)),
            "How long each reason may last at most.",
        ),
        Field::new(
            "approved_reasons",
            list(Kind::Form(reason)),
            "Reasons that a leader must approve.",
        ),
        Field::new(
            "reason_required",
            Kind::Boolean,
            "Agents must give a reason for 置忙.",
        )
        .default(false),
        Field::new(
            "outbound",
            Kind::Table(Schema::new(vec![
                Field::new(
                    "require_busy",
                    Kind::Boolean,
                    "Agents call out in 置忙 and 事后 only.",
                )
                .default(false),
            ])),
            "Calls of agents to the outside.",
        ),
        Field::new(
            "lost_grace",
            Kind::Duration,
            "A phone lost for so long makes its agent 置忙.",
        )
        .default("1m")
        .range(1.0, 86_400.0),
        Field::new(
            "lost_logout",
            Kind::Duration,
            "A phone lost for so long logs its agent out.",
        )
        .default("5m")
        .range(1.0, 864_000.0),
        Field::new(
            "across_queues",
            Kind::Enum(&["weight", "longest", "priority"]),
            "Which of several queues that want one agent goes first: the heavier, whose caller waits longest, \
             or the same with head starts.",
        )
        .default("weight"),
        Field::new(
            "capacity",
            Kind::Table(capacity(true)),
            "How much an agent is given at once.",
        ),
    ])
}

pub(super) fn user() -> Schema {
    let mut fields = vec![
        Field::new("name", Kind::String, "Shown to others."),
        Field::new(
            "password",
            Kind::Secret,
            "Of SIP; left out, the store knows the user.",
        ),
        Field::new(
            "desk_password",
            Kind::Secret,
            "For the desk, until they have chosen one.",
        ),
        Field::new(
            "language",
            Kind::Enum(LANGUAGES),
            "In what they are spoken to; the tenant's when left out.",
        ),
        Field::new("context", Kind::String, "What may be dialled.").default("internal"),
        Field::new(
            "mailbox",
            Kind::String,
            "The extension's own when left out.",
        ),
        Field::new("max_calls", Kind::Integer, "At once; 0 is no limit.")
            .default(0)
            .range(0.0, 1000.0),
        Field::new("role", Kind::Enum(&ROLES), "What they may do.").default("agent"),
        Field::new("team", Kind::String, "Whose leaders reach them."),
        Field::new(
            "capacity",
            Kind::Table(capacity(false)),
            "How much they are given at once; as all agents where left out.",
        ),
    ];
    fields.extend(outbound::user_fields());
    Schema::new(fields)
}

/// With what is usual, or without: then it is as for all agents.
fn capacity(usual: bool) -> Schema {
    let most = |name: &'static str, help: &'static str, default: u32, max: f64| {
        let field = Field::new(name, Kind::Integer, help).range(0.0, max);
        if usual { field.default(default) } else { field }
    };
    let interrupts = Field::new(
        "voice_interrupts",
        Kind::Boolean,
        "Calls are offered also to who is in chats.",
    );
    Schema::new(vec![
        most("voice", "Calls: one, or none.", 1, 1.0),
        most("chat", "Chats.", 0, 100.0),
        if usual {
            interrupts.default(true)
        } else {
            interrupts
        },
    ])
}

/// What people can be, as [`Role`] has it.
pub(super) const ROLES: [&str; 6] = {
    let mut words = [""; 6];
    let mut place = 0;
    while place < words.len() {
        words[place] = Role::ALL[place].word();
        place += 1;
    }
    words
};

/// What there are prompts for: `agent/reason-meeting`.
const REASONS: [&str; 6] = ["break", "meeting", "training", "meal", "paperwork", "other"];

pub(super) fn reason(text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !text.is_empty() && text.len() <= 32 && text.chars().all(is_plain) {
        true => Ok(()),
        false => Err(format!(
            "expected a word of small letters such as \"meeting\", got \"{text}\""
        )),
    }
}
