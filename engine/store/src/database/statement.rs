//! One statement: its parameters, its result, and the bounds on both.

use std::time::{Duration, Instant};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode};

use super::DatabaseError;

/// A value in a database.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "SQLite's own names")]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// What stands for the marks in a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameters {
    /// For `?`, in order.
    Listed(Vec<Value>),
    /// For `:name`.
    Named(Vec<(String, Value)>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its text.
    pub sql: String,
    /// What stands for its marks.
    pub parameters: Parameters,
    /// Whether rows are wanted of it.
    pub has_rows: bool,
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Rows, each with as many values as there are columns.
    Rows {
        /// The columns' names.
        columns: Vec<String>,
        /// In order.
        rows: Vec<Vec<Value>>,
    },
    /// It gives none.
    Done {
        /// Rows that were changed.
        changed: u64,
        /// The id of the row that was put in last.
        last_id: i64,
    },
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(octets) => ValueRef::Blob(octets),
        }))
    }
}

impl Statement {
    /// Does it, until `deadline` at most.
    pub(super) fn run(
        &self,
        connection: &Connection,
        deadline: Instant,
    ) -> Result<Outcome, DatabaseError> {
        let deadline = deadline.min(Instant::now() + LONGEST);
        connection.progress_handler(
            STEPS_BETWEEN_LOOKS,
            Some(move || Instant::now() >= deadline),
        );
        let outcome = self.perform(connection);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, None::<fn() -> bool>);
        outcome
    }

    fn perform(&self, connection: &Connection) -> Result<Outcome, DatabaseError> {
        let sql = self
            .sql
            .trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        let mut statement = connection.prepare_cached(sql).map_err(refused)?;
        self.bind(&mut statement)?;
        let gives_rows = statement.column_count() > 0;
        match (self.has_rows, gives_rows) {
            (true, true) => rows(&mut statement),
            (false, false) => {
                let changed = statement.raw_execute().map_err(refused)?;
                Ok(Outcome::Done {
                    changed: u64::try_from(changed).unwrap_or(u64::MAX),
                    last_id: connection.last_insert_rowid(),
                })
            }
            (true, false) => Err(DatabaseError::Misused(
                "this statement gives no rows: use exec".to_owned(),
            )),
            (false, true) => Err(DatabaseError::Misused(
                "this statement gives rows: use query or one".to_owned(),
            )),
        }
    }

    fn bind(&self, statement: &mut CachedStatement<'_>) -> Result<(), DatabaseError> {
        let marks = statement.parameter_count();
        match &self.parameters {
            Parameters::Listed(values) => {
                if values.len() != marks {
                    let given = values.len();
                    return Err(DatabaseError::Misused(format!(
                        "the statement has {marks} marks, and {given} values are given"
                    )));
                }
                for (index, value) in values.iter().enumerate() {
                    statement
                        .raw_bind_parameter(index + 1, value)
                        .map_err(refused)?;
                }
            }
            Parameters::Named(values) => {
                for index in 1..=marks {
                    let name = statement.parameter_name(index).unwrap_or("?").to_owned();
                    let plain = name.trim_start_matches([':', '@', '$']);
                    let found = values.iter().find(|(given, _)| given == plain);
                    let Some((_, value)) = found else {
                        return Err(DatabaseError::Misused(format!(
                            "no value is given for {name}"
                        )));
                    };
                    statement
                        .raw_bind_parameter(index, value)
                        .map_err(refused)?;
                }
                if let Some((unknown, _)) = values.iter().find(|(given, _)| {
                    let is_mark = |index: usize| {
                        let name = statement.parameter_name(index).unwrap_or_default();
                        name.trim_start_matches([':', '@', '$']) == given
                    };
                    !(1..=marks).any(is_mark)
                }) {
                    return Err(DatabaseError::Misused(format!(
                        "a value is given for :{unknown}, which is not in the statement"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn rows(statement: &mut CachedStatement<'_>) -> Result<Outcome, DatabaseError> {
    let columns: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    let mut octets = 0;
    while let Some(row) = found.next().map_err(refused)? {
        if rows.len() == MOST_ROWS {
            return Err(DatabaseError::TooMuch("10,000 rows"));
        }
        let mut values = Vec::with_capacity(columns.len());
        for index in 0..columns.len() {
            let value = match row.get_ref(index).map_err(refused)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) => match String::from_utf8(text.to_vec()) {
                    Ok(text) => Value::Text(text),
                    Err(octets) => Value::Blob(octets.into_bytes()),
                },
                ValueRef::Blob(octets) => Value::Blob(octets.to_vec()),
            };
            octets += EACH
                + match &value {
                    Value::Text(text) => text.len(),
                    Value::Blob(octets) => octets.len(),
                    _ => 0,
                };
            values.push(value);
        }
        if octets > LARGEST_RESULT {
            return Err(DatabaseError::TooMuch("8 MB"));
        }
        rows.push(values);
    }
    Ok(Outcome::Rows { columns, rows })
}

/// What SQLite says, as whoever wrote the statement needs it.
pub(super) fn refused(error: rusqlite::Error) -> DatabaseError {
    use rusqlite::Error;

    match &error {
        Error::SqliteFailure(failure, text) => match failure.code {
            ErrorCode::OperationInterrupted => DatabaseError::TooSlow(LONGEST),
            ErrorCode::AuthorizationForStatementDenied => DatabaseError::Misused(
                "this statement is not for plugins: ATTACH, PRAGMA, VACUUM and transactions by hand are not"
                    .to_owned(),
            ),
            ErrorCode::DiskFull => DatabaseError::Refused(
                "the disk is full, or the database has reached 1 GB".to_owned(),
            ),
            _ => DatabaseError::Refused(text.clone().unwrap_or_else(|| error.to_string())),
        },
        Error::SqlInputError { msg, .. } if msg.contains("not authorized") => DatabaseError::Misused(
            "this statement is not for plugins: ATTACH, PRAGMA, VACUUM and transactions by hand are not"
                .to_owned(),
        ),
        Error::MultipleStatement => {
            DatabaseError::Misused("these are several statements: one at a time".to_owned())
        }
        Error::SqlInputError { msg, .. } => DatabaseError::Refused(msg.clone()),
        other => DatabaseError::Refused(other.to_string()),
    }
}

/// How long a statement may take.
const LONGEST: Duration = Duration::from_secs(2);
/// Of SQLite's own machine: some ten microseconds' worth.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;
const MOST_ROWS: usize = 10_000;
/// Octets.
const LARGEST_RESULT: usize = 8 << 20;
/// What a value takes besides its text.
const EACH: usize = 16;
