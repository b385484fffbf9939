//! The settings of a queue, with their defaults.

use call::acd::{MOST_RINGS, Presence, Strategy};

use crate::schema::{Field, Kind, Schema};

/// What stands between the braces of `queue "it" { … }`.
pub(crate) fn schema() -> Schema {
    Schema::new(vec![
        Field::new("agents", Kind::Data, "Who serves it."),
        Field::new(
            "strategy",
            Kind::Form(strategy),
            "Whom a call is offered to first.",
        ),
        Field::new(
            "choose",
            Kind::Data,
            "A function that says whom a call is offered to.",
        ),
        Field::new("choose_within", Kind::Duration, "So long may choose take.")
            .default("50ms")
            .range(0.001, 5.0),
        Field::new(
            "window",
            Kind::Duration,
            "So far back fewest_calls and least_talk count.",
        )
        .default("1h")
        .range(60.0, DAY),
        Field::new(
            "one_more_after",
            Kind::Duration,
            "So long ring_progressive waits before one more rings.",
        )
        .range(1.0, 300.0),
        Field::new(
            "skills",
            Kind::Data,
            "What agents can, by agent: { [\"1049\"] = { english = 7 } }.",
        ),
        Field::new(
            "relax",
            Kind::List(Box::new(Kind::Table(ring()))),
            "The ladder down which required skills are given up.",
        )
        .range(0.0, MOST_RINGS as f64),
        Field::new(
            "tiers",
            Kind::Table(tiers()),
            "When the next level of agents opens.",
        ),
        Field::new(
            "penalty_rules",
            Kind::List(Box::new(Kind::Table(penalty_rule()))),
            "Which penalties a caller is offered to from when on.",
        )
        .range(0.0, 32.0),
        Field::new(
            "penalty_members_limit",
            Kind::Integer,
            "With so few agents or fewer penalties count for nothing.",
        )
        .default(0)
        .range(0.0, 100_000.0),
        Field::new(
            "familiar",
            Kind::Duration,
            "So long a caller is offered to nobody but the agent who knows them.",
        )
        .range(0.0, 3600.0),
        Field::new(
            "weight",
            Kind::Integer,
            "Where two queues want one agent, the heavier goes first.",
        )
        .default(0)
        .range(0.0, 1_000_000.0),
        Field::new(
            "guard",
            Kind::Duration,
            "Nobody overtakes who has waited for so long; 0 never.",
        )
        .default("10m")
        .range(0.0, DAY),
        Field::new(
            "ring_timeout",
            Kind::Duration,
            "So long an agent's phone rings.",
        )
        .default(15)
        .range(1.0, 300.0),
        Field::new(
            "wrap_up",
            Kind::Duration,
            "The longest 事后; the agent ends it when left out.",
        )
        .range(0.0, DAY),
        Field::new(
            "max_wait",
            Kind::Duration,
            "So long a caller waits; 0 for ever.",
        )
        .default("10m")
        .range(0.0, DAY),
        Field::new("hard", Kind::Boolean, "max_wait cuts an offer that rings.").default(false),
        Field::new("max_callers", Kind::Integer, "So many wait at most.").range(1.0, 100_000.0),
        Field::new(
            "join_if",
            Kind::Form(presence),
            "Callers join while an agent is so.",
        )
        .default("not logged_out"),
        Field::new(
            "stay_if",
            Kind::Form(presence),
            "Callers stay while an agent is so.",
        )
        .default("not logged_out"),
        Field::new("grace", Kind::Duration, "They stay for so long without.")
            .default(30)
            .range(0.0, DAY),
        Field::new("music", Kind::String, "A name under sounds/music."),
        Field::new(
            "music_restart",
            Kind::Boolean,
            "The music begins anew for each caller.",
        )
        .default(false),
        Field::new("record", Kind::Boolean, "Conversations are recorded.").default(false),
        Field::new(
            "resume",
            Kind::Duration,
            "Who calls again within so long has the old place.",
        )
        .range(1.0, DAY),
        Field::new(
            "say_agent",
            Kind::Boolean,
            "Callers hear the number of who serves them.",
        )
        .default(false),
        Field::new(
            "whisper",
            Kind::Table(whisper()),
            "What the agent alone hears first.",
        ),
        Field::new(
            "callback",
            Kind::Table(callback()),
            "How callers are called back.",
        ),
        Field::new(
            "announce",
            Kind::Table(announce()),
            "What callers hear of their place.",
        ),
        Field::new(
            "delays",
            Kind::Table(delays()),
            "How long an agent rests after an offer that failed.",
        ),
        Field::new(
            "pause_after",
            Kind::Table(pauses()),
            "After so many failed offers in a row the agent is 置忙.",
        ),
        Field::new(
            "overflow",
            Kind::List(Box::new(Kind::Table(overflow()))),
            "What happens instead of waiting on.",
        )
        .range(0.0, 32.0),
    ])
}

fn whisper() -> Schema {
    Schema::new(vec![
        Field::new("play", list_of_sounds(), "These sounds.").range(0.0, 16.0),
        Field::new("wait", Kind::Boolean, "How long the caller has waited.").default(false),
        Field::new(
            "before_bridge",
            Kind::Boolean,
            "Before the two are put through.",
        )
        .default(false),
    ])
}

fn callback() -> Schema {
    Schema::new(vec![
        Field::new("trunk", Kind::String, "The trunk that they are called by."),
        Field::new("caller_id", Kind::String, "The number that they are shown."),
        Field::new("ring", Kind::Duration, "Their phone rings for so long.")
            .default(30)
            .range(5.0, 300.0),
        Field::new("tries", Kind::Integer, "They are called so often at most.")
            .default(3)
            .range(1.0, 20.0),
        Field::new(
            "retry",
            Kind::Duration,
            "Left alone for so long after a try in vain.",
        )
        .default("5m")
        .range(10.0, DAY),
        Field::new(
            "at_once",
            Kind::Integer,
            "So many are called at the same time.",
        )
        .default(1)
        .range(1.0, 100.0),
    ])
}

fn list_of_sounds() -> Kind {
    Kind::List(Box::new(Kind::String))
}

fn tiers() -> Schema {
    Schema::new(vec![
        Field::new(
            "wait",
            Kind::Duration,
            "So long a caller waits for the next level; all are open when left out.",
        )
        .range(1.0, DAY),
        Field::new(
            "by_level",
            Kind::Boolean,
            "Multiplied by the number of the level; all open at once otherwise.",
        )
        .default(true),
    ])
}

fn after() -> Field {
    let help = "When the caller has waited for so long.";
    Field::new("after", Kind::Duration, help).range(0.0, DAY)
}

fn penalty_rule() -> Schema {
    let change = |name: &'static str, help: &'static str| Field::new(name, Kind::Data, help);
    Schema::new(vec![
        after().required(),
        change("min", "The lowest penalty: 2, or \"+1\"."),
        change("max", "The highest."),
        change("raise", "Lower ones count as this one."),
    ])
}

fn ring() -> Schema {
    Schema::new(vec![
        after().required(),
        Field::new(
            "drop",
            Kind::List(Box::new(Kind::String)),
            "Skills that are required no longer; \"all\" of them.",
        ),
        Field::new(
            "lower",
            Kind::Integer,
            "The others are wanted so much less.",
        )
        .default(0)
        .range(0.0, 10.0),
    ])
}

fn announce() -> Schema {
    Schema::new(vec![
        Field::new("position", Kind::Boolean, "Say how many are ahead.").default(false),
        Field::new(
            "wait",
            Kind::Boolean,
            "Say how long the wait is likely to be.",
        )
        .default(false),
        Field::new(
            "at_least",
            Kind::Duration,
            "A better place is told so soon at the earliest.",
        )
        .range(5.0, DAY),
        Field::new("list", list_of_sounds(), "Sounds that are said in turn.").range(0.0, 16.0),
        Field::new(
            "list_every",
            Kind::Duration,
            "The next of them after so long.",
        )
        .default(60)
        .range(5.0, DAY),
        Field::new("first", Kind::Duration, "For the first time after so long.")
            .default(10)
            .range(0.0, DAY),
        Field::new(
            "every",
            Kind::Duration,
            "And again after so long; once when left out.",
        )
        .range(5.0, DAY),
        Field::new(
            "only_if_improved",
            Kind::Boolean,
            "Only when fewer are ahead than last time.",
        )
        .default(false),
        Field::new("limit", Kind::Integer, "Say \"more than\" above this.").range(1.0, 1000.0),
    ])
}

fn delays() -> Schema {
    let delay = |name: &'static str, help: &'static str, default: u32| {
        Field::new(name, Kind::Duration, help)
            .default(default)
            .range(1.0, DAY)
    };
    Schema::new(vec![
        delay("no_answer", "It rang and nobody came.", 10),
        delay("rejected", "Declined.", 10),
        delay("busy", "The phone was in a call.", 30),
        delay("unreachable", "The phone could not be rung.", 5),
    ])
}

fn pauses() -> Schema {
    let count = |name: &'static str, help: &'static str| {
        Field::new(name, Kind::Integer, help).range(0.0, 1000.0)
    };
    Schema::new(vec![
        count("no_answer", "It rang and nobody came; 0 never.").default(3),
        count("rejected", "Declined."),
        count("busy", "The phone was in a call."),
        count("unreachable", "The phone could not be rung."),
    ])
}

fn overflow() -> Schema {
    Schema::new(vec![
        after(),
        Field::new(
            "when",
            Kind::Enum(&["full", "empty"]),
            "When the queue is so.",
        ),
        Field::new(
            "to",
            Kind::String,
            "Where the caller goes: queue:support, voicemail:8000, user:1001, callback.",
        ),
        Field::new(
            "play",
            Kind::String,
            "A last word, after which the caller is hung up.",
        ),
        Field::new(
            "emit",
            Kind::String,
            "The event that plugins are told while the caller waits on.",
        ),
    ])
}

fn strategy(text: &str) -> Result<(), String> {
    Strategy::from_word(text)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn presence(text: &str) -> Result<(), String> {
    Presence::read(text)
        .map(drop)
        .map_err(|error| error.to_string())
}

const DAY: f64 = 86_400.0;
