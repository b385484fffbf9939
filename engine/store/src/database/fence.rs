//! What SQL may not do: leave its file, or take the transactions out of our hands.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

/// Puts the fence up. What needs to be done outside of it goes through [`outside`].
pub(super) fn close(connection: &Connection) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (Limit::SQLITE_LIMIT_COLUMN, 200),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.authorizer(Some(|context: AuthContext<'_>| judge(&context.action)));
    Ok(())
}

/// Does something of our own that the fence would stop.
pub(super) fn outside<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let nobody: Option<fn(AuthContext<'_>) -> Authorization> = None;
    connection.authorizer(nobody);
    let done = work(connection);
    connection.authorizer(Some(|context: AuthContext<'_>| judge(&context.action)));
    done
}

fn judge(action: &AuthAction<'_>) -> Authorization {
    let allowed = match action {
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Unknown { .. } => false,
        AuthAction::Pragma { pragma_name, .. } => PRAGMAS.contains(pragma_name),
        AuthAction::CreateVtable { module_name, .. } => MODULES.contains(module_name),
        _ => true,
    };
    match allowed {
        true => Authorization::Allow,
        false => Authorization::Deny,
    }
}

/// Questions about one's own tables; full-text search asks the first by itself.
const PRAGMAS: &[&str] = &[
    "data_version",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Full-text search and its dictionary, and boxes.
const MODULES: &[&str] = &["fts5", "fts5vocab", "rtree"];

/// Octets of a value, or of a row.
const LONGEST_VALUE: i32 = 4 << 20;
/// Octets of a statement.
pub(super) const LONGEST_SQL: i32 = 256 << 10;
