//! Brings a database file to the schema that this version knows, one numbered step at a time.

use rusqlite::{Connection, OptionalExtension};

use crate::Error;
use crate::secret::{Seal, Secret};

/// The steps, in order. One that has been released is never changed, only followed by another.
const STEPS: &[(u32, &str, &str)] = &[
    (1, "first", include_str!("../schema/0001_first.sql")),
    (
        2,
        "early media and round trip",
        include_str!("../schema/0002_early_media_and_round_trip.sql"),
    ),
    (
        3,
        "greetings and urgent messages",
        include_str!("../schema/0003_greetings_and_urgent_messages.sql"),
    ),
    (4, "tokens", include_str!("../schema/0004_tokens.sql")),
    (
        5,
        "jobs and grants",
        include_str!("../schema/0005_jobs_and_grants.sql"),
    ),
    (
        6,
        "agents and queues",
        include_str!("../schema/0006_agents_and_queues.sql"),
    ),
    (
        7,
        "what programs ask for",
        include_str!("../schema/0007_what_programs_ask_for.sql"),
    ),
    (
        8,
        "subscribers",
        include_str!("../schema/0008_subscribers.sql"),
    ),
    (9, "watchers", include_str!("../schema/0009_watchers.sql")),
    (
        10,
        "answers name what they made",
        include_str!("../schema/0010_answers_name_what_they_made.sql"),
    ),
    (
        11,
        "where transfers go",
        include_str!("../schema/0011_where_transfers_go.sql"),
    ),
    (12, "desks", include_str!("../schema/0012_desks.sql")),
    (13, "figures", include_str!("../schema/0013_figures.sql")),
    (
        14,
        "places in queues",
        include_str!("../schema/0014_places_in_queues.sql"),
    ),
    (15, "shifts", include_str!("../schema/0015_shifts.sql")),
    (
        16,
        "roles of users",
        include_str!("../schema/0016_roles_of_users.sql"),
    ),
    (
        17,
        "who was recorded",
        include_str!("../schema/0017_who_was_recorded.sql"),
    ),
];

/// Applies what is missing. Each step is a transaction of its own with the note that it is done.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);",
    )?;
    let found: u32 = connection.query_row(
        "SELECT coalesce(max(version), 0) FROM migrations",
        [],
        |row| row.get(0),
    )?;
    let known = STEPS.last().map_or(0, |step| step.0);
    if found > known {
        return Err(Error::TooNew { found, known });
    }
    for (version, name, sql) in STEPS.iter().filter(|step| step.0 > found) {
        let step = connection.transaction()?;
        step.execute_batch(sql)?;
        step.execute(
            "INSERT INTO migrations (version, name) VALUES (?1, ?2)",
            (version, name),
        )?;
        step.commit()?;
        tracing::info!(version, name, "database schema updated");
    }
    Ok(())
}

/// Makes sure that the key is the one that the records were sealed with, before a record is lost
/// to the wrong one.
pub(super) fn check_key(connection: &Connection, seal: &Seal) -> Result<(), Error> {
    const PLACE: &str = "key check";
    let stored: Option<Vec<u8>> = connection
        .query_row(
            "SELECT value FROM meta WHERE key = 'key_check'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    match stored {
        Some(sealed) => seal.open(PLACE, &sealed).map(|_| ()),
        None => {
            let sealed = seal.close(PLACE, &Secret::new("moonswitch"))?;
            connection.execute(
                "INSERT INTO meta (key, value) VALUES ('key_check', ?1)",
                [sealed],
            )?;
            Ok(())
        }
    }
}
