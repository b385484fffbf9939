//! By what a tenant's figures are judged, and when somebody is to be alarmed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::build::duration;
use crate::schema::{Field, Kind, Schema};

/// By what figures are judged, and the limits of alarms.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Who gives up earlier than this has not been offered to anybody.
    pub short: Duration,
    /// Who is answered within this is served well.
    pub within: Duration,
    /// Limits of all queues.
    pub limits: AlertLimits,
    /// Those of some queues, in place of these.
    pub queues: BTreeMap<String, AlertLimits>,
    /// Whether a trunk none of whose hosts answers is an alarm.
    pub trunks: bool,
}

/// When a queue is an alarm. `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AlertLimits {
    /// Somebody has waited for longer.
    pub longest_wait: Option<Duration>,
    /// More wait.
    pub waiting: Option<u64>,
    /// Fewer than so many of a hundred were answered soon enough today.
    pub service_level: Option<f64>,
    /// Somebody waits, and no agent of the queue is logged in: on unless it says otherwise.
    pub no_agents: Option<bool>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            short: Duration::from_secs(5),
            within: Duration::from_secs(20),
            limits: AlertLimits::default(),
            queues: BTreeMap::new(),
            trunks: true,
        }
    }
}

impl Watch {
    /// The limits of a queue: its own, and the others' where it has none.
    #[must_use]
    pub fn of(&self, queue: &str) -> AlertLimits {
        let all = self.limits;
        let own = self.queues.get(queue).copied().unwrap_or_default();
        AlertLimits {
            longest_wait: own.longest_wait.or(all.longest_wait),
            waiting: own.waiting.or(all.waiting),
            service_level: own.service_level.or(all.service_level),
            no_agents: own.no_agents.or(all.no_agents),
        }
    }
}

pub(super) fn figures() -> Schema {
    Schema::new(vec![
        Field::new(
            "short",
            Kind::Duration,
            "Who gives up earlier has not been offered to anybody.",
        )
        .default("5s")
        .range(0.0, 600.0),
        Field::new(
            "within",
            Kind::Duration,
            "Who is answered within this is served well.",
        )
        .default("20s")
        .range(0.0, 3_600.0),
    ])
}

pub(super) fn alerts() -> Schema {
    let mut fields = limits();
    fields.push(
        Field::new(
            "trunks",
            Kind::Boolean,
            "A trunk none of whose hosts answers.",
        )
        .default(true),
    );
    fields.push(Field::new(
        "queues",
        Kind::Map(Box::new(Kind::Table(Schema::new(limits())))),
        "Limits of some queues, in place of these.",
    ));
    Schema::new(fields)
}

fn limits() -> Vec<Field> {
    vec![
        Field::new(
            "longest_wait",
            Kind::Duration,
            "Somebody has waited for longer.",
        )
        .range(1.0, 86_400.0),
        Field::new("waiting", Kind::Integer, "More callers wait.").range(0.0, 100_000.0),
        Field::new(
            "service_level",
            Kind::Number,
            "Fewer of a hundred were answered soon enough today.",
        )
        .range(0.0, 100.0),
        Field::new(
            "no_agents",
            Kind::Boolean,
            "Somebody waits, and no agent is logged in.",
        ),
    ]
}

pub(super) fn watch(tenant: &Value) -> Watch {
    let (figures, alerts) = (&tenant["figures"], &tenant["alerts"]);
    let own = Watch::default();
    let span = |value: Option<&Value>, usual| value.map_or(usual, duration);
    let queues = alerts["queues"].as_object().into_iter().flatten();
    Watch {
        short: span(figures.get("short"), own.short),
        within: span(figures.get("within"), own.within),
        limits: limits_of(alerts),
        queues: queues
            .map(|(name, limits)| (name.clone(), limits_of(limits)))
            .collect(),
        trunks: alerts["trunks"] != false,
    }
}

fn limits_of(it: &Value) -> AlertLimits {
    AlertLimits {
        longest_wait: it.get("longest_wait").map(duration),
        waiting: it["waiting"].as_u64(),
        service_level: it["service_level"].as_f64(),
        no_agents: it["no_agents"].as_bool(),
    }
}
