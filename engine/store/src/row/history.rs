//! A user's own calls, as their list shows them: whom they called, and who called them.

use uuid::Uuid;

use crate::{CallFilter, CallRow};

/// One call in a user's list.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// The call.
    pub call: Uuid,
    /// Whether the user has called; else they were called.
    pub outgoing: bool,
    /// The other's number, canonical where it is known; `None` when it was withheld.
    pub number: Option<String>,
    /// The other's name, where it came with the call.
    pub name: Option<String>,
    /// When it began.
    pub at: i64,
    /// Whether the user talked with the other.
    pub answered: bool,
    /// The result's word; `None` while it goes on.
    pub result: Option<String>,
    /// The cause's word; `None` while it goes on.
    pub cause: Option<String>,
    /// From the answer to the end, microseconds.
    pub talked: i64,
}

impl HistoryRow {
    /// A call as this user's list has it; `None` for what is no call of theirs to somebody: star codes.
    pub fn of(user: &str, row: &CallRow) -> Option<Self> {
        let begin = &row.begin;
        let outgoing = begin.user.as_deref() == Some(user);
        if outgoing && begin.to.starts_with(['*', '#']) {
            return None;
        }
        let number = match outgoing {
            true => Some(begin.to.clone()),
            false => begin.from_number.clone(),
        };
        let end = row.end.as_ref();
        let answered = end.is_some_and(|end| end.result == "answered");
        let talked = end
            .filter(|_| answered)
            .and_then(|end| Some(end.ended_at - end.answered_at?));
        Some(Self {
            call: begin.id,
            outgoing,
            number: number.filter(|number| !number.is_empty()),
            name: begin.from_name.clone().filter(|_| !outgoing),
            at: begin.started_at,
            answered,
            result: end.map(|end| end.result.clone()),
            cause: end.map(|end| end.cause.clone()),
            talked: talked.unwrap_or_default(),
        })
    }

    /// The two questions whose answers [`merged`](Self::merged) makes one list: calls of the user's or that they
    /// took part in, and calls to their extension that nobody took.
    pub fn filters(user: &str, before: Option<Uuid>, limit: usize) -> [CallFilter; 2] {
        // Star codes fall out: more are asked for than are wanted.
        let limit = (limit.saturating_mul(3) + 20).min(1_000);
        let one = CallFilter {
            before,
            limit,
            ..CallFilter::default()
        };
        [
            CallFilter {
                user: Some(user.to_owned()),
                ..one.clone()
            },
            CallFilter {
                to: Some(user.to_owned()),
                ..one
            },
        ]
    }

    /// Both answers as one list, newest first, of so many rows at most.
    pub fn merged(user: &str, found: [Vec<CallRow>; 2], limit: usize) -> Vec<Self> {
        let mut rows: Vec<CallRow> = found.into_iter().flatten().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.begin.started_at, row.begin.id)));
        rows.dedup_by_key(|row| row.begin.id);
        let own = rows.iter().filter_map(|row| Self::of(user, row));
        own.take(limit).collect()
    }
}
