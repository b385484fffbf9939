//! The tables of a plugin, one numbered file after the other.

use rusqlite::{Connection, OptionalExtension};

use super::statement::refused;
use super::{DatabaseError, fence};

/// One numbered file of SQL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migration {
    /// From 1, without gaps.
    pub number: u32,
    /// The file's name, for messages: `plugins/survey/migrations/0001_first.sql`.
    pub file: String,
    /// Its text.
    pub sql: String,
}

/// Does what was not done yet, in one transaction. A file that has more behind it than is known here
/// is left as it is: its plugin has gone back to an earlier version, which may not know the newest
/// columns and does not need them.
pub(super) fn migrate(
    connection: &Connection,
    migrations: &[Migration],
) -> Result<(), DatabaseError> {
    let own = |sql: &str| {
        fence::outside(connection, |connection| connection.execute_batch(sql)).map_err(refused)
    };
    own("CREATE TABLE IF NOT EXISTS moonswitch_migrations (
           number INTEGER PRIMARY KEY, sql TEXT NOT NULL)")?;
    let done: u32 = connection
        .query_row(
            "SELECT coalesce(max(number), 0) FROM moonswitch_migrations",
            [],
            |row| row.get(0),
        )
        .map_err(refused)?;
    own("BEGIN IMMEDIATE")?;
    let worked = migrations
        .iter()
        .try_for_each(|migration| match migration.number <= done {
            true => unchanged(connection, migration),
            false => apply(connection, migration),
        });
    match worked {
        Ok(()) => own("COMMIT"),
        Err(error) => {
            if !connection.is_autocommit() {
                own("ROLLBACK")?;
            }
            Err(error)
        }
    }
}

fn unchanged(connection: &Connection, migration: &Migration) -> Result<(), DatabaseError> {
    let before: Option<String> = connection
        .query_row(
            "SELECT sql FROM moonswitch_migrations WHERE number = ?1",
            [migration.number],
            |row| row.get(0),
        )
        .optional()
        .map_err(refused)?;
    match before.is_some_and(|before| before == migration.sql) {
        true => Ok(()),
        false => Err(wrong(
            migration,
            "was changed after it had been done: take the change back, and add another file"
                .to_owned(),
        )),
    }
}

fn apply(connection: &Connection, migration: &Migration) -> Result<(), DatabaseError> {
    let done = connection.execute_batch(&migration.sql);
    done.map_err(|error| wrong(migration, refused(error).to_string()))?;
    connection
        .execute(
            "INSERT INTO moonswitch_migrations (number, sql) VALUES (?1, ?2)",
            (migration.number, &migration.sql),
        )
        .map_err(refused)?;
    Ok(())
}

fn wrong(migration: &Migration, why: String) -> DatabaseError {
    DatabaseError::Migration {
        file: migration.file.clone(),
        why,
    }
}
