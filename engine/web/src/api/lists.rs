//! The lists of callers: blacklist, VIPs, whitelist.

use axum::Json;
use axum::http::StatusCode;
use call::screen::{Change, List, Listed, Question};
use serde::{Deserialize, Serialize};

use super::body::{Given, Named};
use super::own::Own;
use super::page::{self, Asked, Page, Plain};
use super::problem::Problem;
use crate::time;

/// A number, or how numbers begin, on a list.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    list: &'static str,
    number: String,
    prefix: bool,
    reason: Option<String>,
    expires_at: Option<String>,
    added_at: String,
    added_by: String,
}

/// What is to be put on a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    number: String,
    #[serde(default)]
    prefix: bool,
    reason: Option<String>,
    expires_at: Option<String>,
}

/// What is to be taken off a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unwanted {
    number: String,
    #[serde(default)]
    prefix: bool,
}

pub(super) async fn one(
    own: Own,
    Named(list): Named,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<Entry>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.listed(Question::All(named(&list)?)).await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| {
        format!("{}\n{}", one.number, one.is_prefix)
    })?;
    Ok(Json(page.map(entry)))
}

pub(super) async fn add(
    own: Own,
    Named(list): Named,
    Given(wanted): Given<Wanted>,
) -> Result<(StatusCode, Json<Entry>), Problem> {
    let listed = Listed {
        list: named(&list)?,
        number: wanted.number,
        is_prefix: wanted.prefix,
        reason: wanted.reason,
        expires_at: page::moment(wanted.expires_at.as_deref(), "expires_at")?,
        added_at: 0,
        added_by: own.by(),
    };
    let listed = own.change_list(Change::Add(listed)).await?;
    Ok((StatusCode::CREATED, Json(entry(listed))))
}

pub(super) async fn remove(
    own: Own,
    Named(list): Named,
    Given(unwanted): Given<Unwanted>,
) -> Result<Json<Entry>, Problem> {
    let change = Change::Remove {
        list: named(&list)?,
        number: unwanted.number,
        is_prefix: unwanted.prefix,
    };
    let gone = own.change_list(change).await?;
    Ok(Json(entry(gone)))
}

fn named(word: &str) -> Result<List, Problem> {
    List::from_word(word).ok_or_else(|| Problem::not_found("list"))
}

fn entry(listed: Listed) -> Entry {
    Entry {
        list: listed.list.word(),
        number: listed.number,
        prefix: listed.is_prefix,
        reason: listed.reason,
        expires_at: listed.expires_at.map(time::text),
        added_at: time::text(listed.added_at),
        added_by: listed.added_by,
    }
}
