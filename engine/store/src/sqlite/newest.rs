//! Logs, newest lines first. Only what is asked for stands in a statement, so that the index of the narrowest
//! question is used: a log of years is not read for one agent's day.

use rusqlite::{Row, ToSql};

use super::records::{Rows, page};
use crate::Error;

/// Which lines of a log to read. Its table has the columns `tenant`, `id` and `at`.
pub(super) struct Newest<'a> {
    table: &'static str,
    sql: String,
    parameters: Vec<&'a dyn ToSql>,
}

impl<'a> Newest<'a> {
    /// All of a tenant's.
    pub(super) fn of(table: &'static str) -> Self {
        Self {
            table,
            sql: format!("SELECT * FROM {table} WHERE tenant = ?1"),
            parameters: Vec::new(),
        }
    }

    /// Only those whose column compares with this value as it says, such as `at >=`; of nothing, all.
    pub(super) fn only<T: ToSql>(mut self, column: &str, value: Option<&'a T>) -> Self {
        if let Some(value) = value {
            let place = self.bind(value);
            self.sql += &format!(" AND {column} {place}");
        }
        self
    }

    /// Only those that are older than this line: the page after it.
    pub(super) fn older_than(mut self, id: Option<&'a [u8; 16]>) -> Self {
        if let Some(id) = id {
            let (table, place) = (self.table, self.bind(id));
            self.sql += &format!(
                " AND (at, id) < (SELECT at, id FROM {table} WHERE tenant = ?1 AND id = {place})"
            );
        }
        self
    }

    /// Reads a page of so many.
    pub(super) fn read<T>(
        self,
        rows: &Rows<'_>,
        limit: usize,
        line: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let limit = page(limit);
        let mut all: Newest<'_> = self;
        let place = all.bind(&limit);
        all.sql += &format!(" ORDER BY at DESC, id DESC LIMIT {place}");
        rows.all(&all.sql, &all.parameters, line)
    }

    /// The parameter's name in the statement: the tenant is `?1`.
    fn bind(&mut self, value: &'a dyn ToSql) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len() + 1)
    }
}
