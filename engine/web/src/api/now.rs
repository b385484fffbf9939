//! What the running exchange knows: phones, trunks, users, scripts.

use axum::Json;
use serde::Deserialize;

use super::body::Given;
use super::own::Own;
use super::page::{self, Asked, Page, Plain};
use super::problem::Problem;
use crate::exchange::{Registration, Reloaded, Scripts, Trunk, User};

/// Which phones to list, by user.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfUser {
    user: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn registrations(
    own: Own,
    Asked(asked): Asked<OfUser>,
) -> Result<Json<Page<Registration>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let mut all = own.registrations().await?;
    all.retain(|one| asked.user.as_ref().is_none_or(|user| one.user == *user));
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| {
        format!("{}\n{}", one.user, one.contact)
    })?;
    Ok(Json(page))
}

pub(super) async fn trunks(
    own: Own,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<Trunk>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.trunks().await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| one.name.clone())?;
    Ok(Json(page))
}

pub(super) async fn users(
    own: Own,
    Asked(asked): Asked<Plain>,
) -> Result<Json<Page<User>>, Problem> {
    let limit = page::limit(asked.limit)?;
    let all = own.users().await?;
    let page = Page::cut(all, asked.after.as_deref(), limit, |one| {
        one.extension.clone()
    })?;
    Ok(Json(page))
}

pub(super) async fn scripts(own: Own) -> Result<Json<Scripts>, Problem> {
    Ok(Json(own.scripts().await?))
}

pub(super) async fn reload(own: Own) -> Result<Json<Reloaded>, Problem> {
    let done = own.reload().await?;
    own.note("reloaded", &done.outcome);
    Ok(Json(done))
}

/// Where to go back to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Back {
    generation: Option<u64>,
}

pub(super) async fn roll_back(
    own: Own,
    Given(back): Given<Back>,
) -> Result<Json<Reloaded>, Problem> {
    let done = own.roll_back(back.generation).await?;
    let to = done.generation.or(back.generation).unwrap_or_default();
    own.note("rolled_back", &format_args!("{to} {}", done.outcome));
    Ok(Json(done))
}
