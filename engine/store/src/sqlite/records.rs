//! The one place through which every query goes, and where it is bound to its tenant.

use rusqlite::{Connection, Row, ToSql};
use uuid::Uuid;

use crate::Error;
use crate::secret::Seal;

/// A connection with what is needed to read and write records.
pub(super) struct Records<'c> {
    connection: &'c Connection,
    /// Seals what must not be read from the disk.
    pub(super) seal: &'c Seal,
}

impl<'c> Records<'c> {
    pub(super) fn new(connection: &'c Connection, seal: &'c Seal) -> Self {
        Self { connection, seal }
    }

    /// One tenant's rows.
    pub(super) fn of<'r>(&'r self, tenant: &'r str) -> Rows<'r> {
        Rows {
            connection: self.connection,
            tenant: Some(tenant),
        }
    }

    /// All tenants' rows: for the exchange's own start and cleaning only.
    pub(super) fn everyone(&self) -> Rows<'_> {
        Rows {
            connection: self.connection,
            tenant: None,
        }
    }
}

/// Rows of one tenant. Its name is bound as `?1` of every statement, which must use it; the
/// parameters that are given follow from `?2`. (For everyone they begin with `?1`.)
pub(super) struct Rows<'r> {
    connection: &'r Connection,
    tenant: Option<&'r str>,
}

impl Rows<'_> {
    /// Reads all rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.bound(sql, parameters)?;
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// Reads the first row, if there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = self.bound(sql, parameters)?;
        let mut rows = statement.raw_query();
        rows.next()?.map(read).transpose()
    }

    /// Changes rows, and says how many.
    pub(super) fn change(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<usize, Error> {
        Ok(self.bound(sql, parameters)?.raw_execute()?)
    }

    fn bound(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<rusqlite::CachedStatement<'_>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let first = match self.tenant {
            Some(tenant) => {
                if !sql.contains("?1") {
                    return Err(Error::Refused(format!(
                        "a statement forgets its tenant: {sql}"
                    )));
                }
                statement.raw_bind_parameter(1, tenant)?;
                2
            }
            None => 1,
        };
        if statement.parameter_count() != parameters.len() + first - 1 {
            return Err(Error::Refused(format!(
                "a statement lacks parameters: {sql}"
            )));
        }
        for (index, parameter) in parameters.iter().enumerate() {
            statement.raw_bind_parameter(first + index, parameter)?;
        }
        Ok(statement)
    }
}

/// An id as it is stored.
pub(super) fn id(row: &Row<'_>, column: &str) -> Result<Uuid, Error> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

/// An id that may be missing.
pub(super) fn optional_id(row: &Row<'_>, column: &str) -> Result<Option<Uuid>, Error> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(Uuid::from_bytes))
}

/// A whole number of another size; what does not fit is damage.
pub(super) fn number<N: TryFrom<i64>>(row: &Row<'_>, column: &str) -> Result<N, Error> {
    let stored: i64 = row.get(column)?;
    N::try_from(stored).map_err(|_| Error::Damaged(format!("{column} is {stored}")))
}

/// How many rows a page has: 100 unless told, and never more than 1,000.
pub(super) fn page(limit: usize) -> i64 {
    match limit {
        0 => 100,
        limit => i64::try_from(limit.min(1_000)).unwrap_or(1_000),
    }
}

/// Words as one parameter: a JSON list, for `json_each`.
pub(super) fn json_list(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

/// A counter as it is stored; more than 2^63 has never been counted.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// JSON as it is stored.
pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Damaged(error.to_string()))
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;

        let rusqlite::Error::SqliteFailure(failure, ref text) = error else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..) => Self::Damaged(error.to_string()),
                _ => Self::Refused(error.to_string()),
            };
        };
        let text = text.clone().unwrap_or_else(|| failure.to_string());
        match failure.code {
            Code::DiskFull => Self::DiskFull,
            Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen => Self::ReadOnly,
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Locked,
            Code::SystemIoFailure => Self::Disk(text),
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Damaged(text),
            _ => Self::Refused(text),
        }
    }
}
