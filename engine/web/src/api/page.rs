//! Lists, a page at a time, and the questions that choose what is in them.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::Problem;
use super::sealed;
use crate::time;

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// Give it as `after` for the next page; `null` on the last.
    next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what was found when one more was asked for than fits.
    pub(super) fn of(mut found: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let is_last = found.len() <= limit;
        found.truncate(limit);
        let next = found.last().filter(|_| !is_last).map(cursor);
        Self { items: found, next }
    }

    /// A page of a list that is known whole.
    pub(super) fn cut(
        mut all: Vec<T>,
        after: Option<&str>,
        limit: usize,
        key: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        all.sort_by_cached_key(&key);
        if let Some(after) = after {
            let after = sealed::open(after).ok_or_else(wrong_cursor)?;
            all.retain(|item| key(item) > after);
        }
        Ok(Self::of(all, limit, |item| sealed::close(&key(item))))
    }

    /// The same page with something else made of each item.
    pub(super) fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
        }
    }

    /// The same page without what somebody does not reach: it may be shorter than asked for, with more after it.
    pub(super) fn only(mut self, keep: impl FnMut(&T) -> bool) -> Self {
        self.items.retain(keep);
        self
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }
}

/// Which page of a list that has no filters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plain {
    pub(super) after: Option<String>,
    pub(super) limit: Option<usize>,
}

/// The question after the path. A name that is not known is refused: a filter with a slip in it
/// must not give everything.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::bad_request("wrong_query", error.body_text())),
        }
    }
}

/// How many items a page has.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(_) => Err(Problem::bad_request(
            "wrong_limit",
            format!("limit is 1 to {MOST}"),
        )),
    }
}

/// An id in a question.
pub(super) fn id(text: Option<&str>, what: &str) -> Result<Option<Uuid>, Problem> {
    text.map(|text| {
        Uuid::parse_str(text).map_err(|_| {
            Problem::bad_request("wrong_query", format!("{what} is an id of 36 characters"))
        })
    })
    .transpose()
}

/// The cursor of a list whose items have ids.
pub(super) fn cursor(text: Option<&str>) -> Result<Option<Uuid>, Problem> {
    text.map(|text| Uuid::parse_str(text).map_err(|_| wrong_cursor()))
        .transpose()
}

/// The cursor of a list in the order of times, and of ids where these are the same.
pub(super) fn place(text: Option<&str>) -> Result<Option<(i64, Uuid)>, Problem> {
    text.map(|text| {
        let (at, id) = text.split_once('.').ok_or_else(wrong_cursor)?;
        let at = i64::from_str_radix(at, 16).map_err(|_| wrong_cursor())?;
        Ok((at, Uuid::parse_str(id).map_err(|_| wrong_cursor())?))
    })
    .transpose()
}

/// A time in a question.
pub(super) fn moment(text: Option<&str>, what: &str) -> Result<Option<i64>, Problem> {
    text.map(|text| {
        // An unescaped plus of an offset arrives as a blank.
        time::parse(&text.replace(' ', "+")).ok_or_else(|| {
            Problem::bad_request(
                "wrong_time",
                format!("{what} is a time like 2026-11-24T12:00:00+08:00"),
            )
        })
    })
    .transpose()
}

fn wrong_cursor() -> Problem {
    Problem::bad_request(
        "wrong_cursor",
        "after is what the page before gave as next, unchanged",
    )
}

/// Items of a page where nobody says how many.
const USUAL: usize = 50;
/// Items of a page at most.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_page_by_page_without_gaps_or_repeats() {
        let all = ["b", "e", "a", "中", "c"].map(str::to_owned).to_vec();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = Page::cut(all.clone(), after.as_deref(), 2, Clone::clone).unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }

        assert_eq!(seen, ["a", "b", "c", "e", "中"]);
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        let page = Page::of(vec![1, 2], 2, i32::to_string);
        assert_eq!((page.items.len(), page.next), (2, None));
        let page = Page::of(vec![1, 2, 3], 2, i32::to_string);
        assert_eq!((page.items.len(), page.next), (2, Some("2".to_owned())));
    }

    #[test]
    fn a_cursor_of_somebodys_own_making_is_refused() {
        for wrong in ["", "0", "zz", "ff", "é", "61", &"61".repeat(40)] {
            let page = Page::cut(vec!["a".to_owned()], Some(wrong), 2, Clone::clone);
            assert!(page.is_err(), "{wrong}");
        }
    }
}
