//! Callers from outside: what becomes of those on the blacklist, of VIPs, and of those who call too often.

use std::time::Duration;

use call::screen::Limits;
use serde_json::Value;

use super::build::{count, duration};
use crate::schema::{Field, Kind, Schema};

/// What holds for all callers of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Callers {
    /// Who is not let in hears why before the refusal (603).
    pub says_so: bool,
    /// Of VIPs in queues.
    pub vip_head_start: Duration,
    /// How often one number may call.
    pub limits: Limits,
}

/// `tenants.NUMBER.callers`.
pub(super) fn form() -> Schema {
    Schema::new(vec![
        Field::new(
            "refusal",
            Kind::Enum(&["decline", "prompt"]),
            "What those hear who are not let in.",
        )
        .default("decline"),
        Field::new("vip_head_start", Kind::Duration, "Of VIPs in queues.")
            .default("10m")
            .range(0.0, 3_600.0),
        Field::new(
            "calls",
            Kind::Integer,
            "Of one number within the time; 0 is no limit.",
        )
        .default(0)
        .range(0.0, 10_000.0),
        Field::new("within", Kind::Duration, "The time.")
            .default("10m")
            .range(1.0, 86_400.0),
        Field::new(
            "at_once",
            Kind::Integer,
            "Calls of one number at once; 0 is no limit.",
        )
        .default(0)
        .range(0.0, 10_000.0),
    ])
}

pub(super) fn callers(it: &Value) -> Callers {
    Callers {
        says_so: it["refusal"] == "prompt",
        vip_head_start: duration(&it["vip_head_start"]),
        limits: Limits {
            calls: count(&it["calls"]),
            within: duration(&it["within"]),
            at_once: count(&it["at_once"]),
        },
    }
}
